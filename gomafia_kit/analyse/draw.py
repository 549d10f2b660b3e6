"""Draw a Vega-Lite chart as a PNG; `main` does it from standard input to standard output.

A process of its own, because drawing costs 110 MB that its library never gives back; it ends with
the picture. No network and no font of the machine is needed: texts are drawn with the fonts of the
package `manimgx-fonts` (Noto Sans, Noto Emoji and Noto Sans for other scripts).

The renderer (vl-convert 1.9, usvg 0.45) panics on many texts in which one run of text needs two fonts,
whether it looks for the second itself or is told it: `ё́2️⃣`, `Волк☠️`, Thai after Latin. Runs of one
font are safe. So whatever Noto Sans lacks goes through Vega's layout as stand-in letters of Noto Sans of
the same width, and is then set in the font that has it, each run at a place of its own. What no font has
is first tried in its plain form (NFKC) and else drawn as a replacement character.
"""

from __future__ import annotations

import html
import json
import re
import struct
import sys
import unicodedata
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Run = tuple[str, str]
"""A piece of text and the font that has all of it."""

BASE_FONT: Final = "Noto Sans"
EMOJI_FONT: Final = "Noto Emoji"
SCALE: Final = 2.0
REPLACEMENT: Final = "\ufffd"
# Common in nicknames, and only as emoji in a font of the package.
_ALIKE: Final = {"★": "⭐", "☆": "⭐", "✦": "✨", "✧": "✨", "♡": "♥", "☻": "☺"}
# Nothing to look up for these: Latin and Cyrillic, by far the most texts.
_PLAIN: Final = re.compile(r"[\x20-\x7e\u00a0-\u017f\u0400-\u045f]*")
# Letters of Noto Sans that hardly any text holds, about as wide as an emoji.
_LETTERS: Final = tuple(chr(code) for code in range(0xA722, 0xA788))
_TEXT: Final = re.compile("<text([^>]*)>([^<]*)</text>")
_ANCHOR: Final = re.compile(' text-anchor="([a-z]+)"')
_FONT_SIZE: Final = re.compile(r'font-size="([\d.]+)(?:px)?"')
_HARD_SPACE: Final = "\u00a0"
_MEASURED_SIZE: Final = 100
_EMOJI: Final = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}"  # a flag
    "|[0-9#*]\ufe0f?\u20e3"  # a keycap
    "|[^\\w\\s](?:[\ufe0f\U0001f3fb-\U0001f3ff])*(?:\u200d[^\\w\\s][\ufe0f\U0001f3fb-\U0001f3ff]*)*"
)


def draw(spec: dict[str, Any], scale: float = SCALE, *, plain: bool = False) -> bytes:
    """The picture of a Vega-Lite chart, `scale` pixels a point; `plain` draws with Noto Sans alone."""
    import vl_convert

    return bytes(vl_convert.svg_to_png(to_svg(spec, plain=plain), scale=scale))


def to_svg(spec: dict[str, Any], *, plain: bool = False) -> str:
    """The chart as SVG in which each run of text names the one font that has all of it."""
    import vl_convert

    vl_convert.register_font_directory(str(font_folder()))
    runs = [] if plain else sorted({run for text in _texts(spec) for run in split_by_font(text)})
    widths = dict(zip(runs, _widths(runs), strict=True))
    stand_ins = _stand_ins([run for run in runs if run[1] != BASE_FONT], widths)
    # Descriptions for screen readers would only repeat every text, as attributes.
    silent = {**spec, "config": {**spec.get("config", {}), "aria": False}}
    laid_out = str(vl_convert.vegalite_to_svg(_mapped(silent, lambda text: _laid_out(text, stand_ins))))
    by_letter = {letters[0]: run for run, letters in stand_ins.items()}
    return _TEXT.sub(lambda found: _set_in_fonts(found, by_letter, widths), laid_out)


def font_folder() -> Path:
    """Where the packaged fonts lie."""
    found = find_spec("manimgx_fonts")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("manimgx_fonts")
    return Path(found.origin).parent


def _mapped(value: Any, change: Callable[[str], str]) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: _mapped(item, change) for name, item in value.items()}
    if isinstance(value, list):
        return [_mapped(item, change) for item in value]
    return value


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Every text in it that Noto Sans may not have whole."""
    if isinstance(value, str) and not _PLAIN.fullmatch(value):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _widths(runs: list[Run]) -> list[float]:
    """The width of each run, for a font size of 1; Vega measures them, as it does for its layout."""
    import vl_convert

    rows = [{"text": text, "font": font} for text, font in runs]
    size = {"fontSize": {"value": _MEASURED_SIZE}}
    width = "'width ' + (datum.bounds.x2 - datum.bounds.x1)"
    measured = {"text": {"field": "text"}, "font": {"field": "font"}, **size}
    spec = {
        "data": [{"name": "run", "values": rows}],
        "marks": [
            {"type": "text", "name": "measured", "from": {"data": "run"}, "encode": {"enter": measured}},
            {"type": "text", "from": {"data": "measured"}, "encode": {"update": {"text": {"signal": width}}}},
        ],
    }
    found = re.findall(r">width ([\d.e+-]+)<", str(vl_convert.vega_to_svg(spec))) if runs else []
    return [float(number) / _MEASURED_SIZE for number in found]


def _stand_ins(runs: list[Run], widths: dict[Run, float]) -> dict[Run, str]:
    """For each run one letter, as often as makes it as wide as the run; none for more runs than letters."""
    letters = dict(zip(runs, _LETTERS, strict=False))
    own = _widths([(letter, BASE_FONT) for letter in letters.values()])
    return {
        run: letter * max(1, round(widths[run] / width))
        for (run, letter), width in zip(letters.items(), own, strict=True)
    }


def _laid_out(text: str, stand_ins: dict[Run, str]) -> str:
    if _PLAIN.fullmatch(text):
        return text
    return "".join(run[0] if run[1] == BASE_FONT else stand_ins.get(run, REPLACEMENT) for run in split_by_font(text))


def _set_in_fonts(found: re.Match[str], by_letter: dict[str, Run], widths: dict[Run, float]) -> str:
    """The SVG text with its stand-ins set in their fonts, run after run from the left."""
    attributes, text = found[1], html.unescape(found[2])
    # A letter again and again is one run.
    parts = [part[0] for part in re.finditer(r"([\ua722-\ua787])\1*|[^\ua722-\ua787]+", text)]
    if not any(part[0] in by_letter for part in parts):
        return found[0]
    runs = [by_letter.get(part[0], (part, BASE_FONT)) for part in parts]
    size = float(_FONT_SIZE.search(attributes)[1])  # type: ignore[index]  # Vega writes it on every text
    missing = [run for run in runs if run not in widths]  # what Vega made of a text that it cut short
    widths |= dict(zip(missing, _widths(missing), strict=True))
    anchor = _ANCHOR.search(attributes)
    place = (
        {"end": -1.0, "middle": -0.5}.get(anchor[1] if anchor else "", 0.0) * sum(widths[run] for run in runs) * size
    )
    pieces = []
    for run in runs:
        pieces.append(f'<tspan x="{place:.2f}" font-family="{run[1]}">{html.escape(run[0], quote=False)}</tspan>')
        place += widths[run] * size
    return f"<text{_ANCHOR.sub('', attributes)}>{''.join(pieces)}</text>"


def split_by_font(text: str) -> Iterator[Run]:
    """The text in runs, each with the font that has all of it.

    >>> list(split_by_font("Волк🐺"))
    [('Волк', 'Noto Sans'), ('🐺', 'Noto Emoji')]
    """
    run, font = "", BASE_FONT
    for part, part_font in _parts(text):
        # Spaces and marks stay with the word before them, so that it is shaped and turned as a whole.
        stays = font != EMOJI_FONT and unicodedata.category(part[0])[0] in "ZPM" and _has(font, part)
        if part_font == font or stays:
            run += part
            continue
        if run:
            yield _kept_spaces(run, font), font
        run, font = part, part_font
    if run:
        yield _kept_spaces(run, font), font


def is_drawable(text: str) -> bool:
    """True if some font of the package has each of its characters."""
    return REPLACEMENT not in "".join(run for run, _ in split_by_font(text))


def _kept_spaces(run: str, font: str) -> str:
    # SVG drops spaces at the ends of a run.
    return run.replace(" ", _HARD_SPACE) if _has(font, _HARD_SPACE) else run


def _parts(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(text):
        emoji = _EMOJI.match(text, place)
        if emoji and len(emoji[0]) > 1 and _has(EMOJI_FONT, emoji[0]):
            yield emoji[0], EMOJI_FONT
            place = emoji.end()
            continue
        sign = _ALIKE.get(text[place], text[place])
        place += 1
        if unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Co"}:
            continue  # nothing to see, and XML forbids some of them
        if sign in _LETTERS:
            yield REPLACEMENT, BASE_FONT
            continue
        for plain in unicodedata.normalize("NFKC", sign) if _font_of(sign) is None else sign:
            found = _font_of(plain)
            yield (plain, found) if found else (REPLACEMENT, BASE_FONT)


def _has(font: str, text: str) -> bool:
    return all(ord(sign) in _fonts()[font] for sign in text)


def _font_of(sign: str) -> str | None:
    return next((name for name, codes in _fonts().items() if ord(sign) in codes), None)


@cache
def _fonts() -> dict[str, frozenset[int]]:
    """Font name -> the characters it has; the base font first, then emoji, then the rest by name."""
    files = {
        re.sub(r"(?<=[a-z])(?=[A-Z])", " ", path.name.partition("[")[0]): path
        for path in sorted(font_folder().glob("*.ttf"))
        if "Italic" not in path.name
    }
    names = [BASE_FONT, EMOJI_FONT, *(name for name in files if name not in {BASE_FONT, EMOJI_FONT})]
    return {name: _characters(files[name].read_bytes()) for name in names}


def _characters(font: bytes) -> frozenset[int]:
    """The characters of a TrueType file, from its `cmap` (formats 4 and 12)."""
    tables = {
        font[entry : entry + 4]: struct.unpack_from(">L", font, entry + 8)[0]
        for entry in range(12, 12 + 16 * struct.unpack_from(">H", font, 4)[0], 16)
    }
    start = tables[b"cmap"]
    found: set[int] = set()
    for number in range(struct.unpack_from(">H", font, start + 2)[0]):
        part = start + struct.unpack_from(">L", font, start + 8 + 8 * number)[0]
        form = struct.unpack_from(">H", font, part)[0]
        if form == 4:  # noqa: PLR2004 - the format's number
            count = struct.unpack_from(">H", font, part + 6)[0] // 2
            ends = struct.unpack_from(f">{count}H", font, part + 14)
            starts = struct.unpack_from(f">{count}H", font, part + 16 + 2 * count)
            for first, last in zip(starts, ends, strict=True):
                found.update(range(first, last + 1))
        elif form == 12:  # noqa: PLR2004 - the format's number
            for group in range(struct.unpack_from(">L", font, part + 12)[0]):
                first, last = struct.unpack_from(">LL", font, part + 16 + 12 * group)
                found.update(range(first, last + 1))
    return frozenset(found - {0xFFFF})


def main() -> None:
    """Read a Vega-Lite chart (JSON) from standard input, write its PNG to standard output."""
    sys.stdout.buffer.write(draw(json.load(sys.stdin.buffer), plain="--plain" in sys.argv[1:]))
