"""Draw a Vega-Lite chart as a PNG: `python -m gomafia_kit.analyse.draw < spec.json > picture.png`.

A process of its own, because drawing costs 110 MB that its library never gives back; it ends with
the picture. No network and no font of the machine is needed: texts are drawn with the fonts of the
package `manimgx-fonts` (Noto Sans, Noto Emoji and Noto Sans for other scripts).

The renderer looks for a substitute where a font lacks a character, and crashes on some texts when it
does (seen with keycaps, flags and Thai in vl-convert 1.9). So it never gets to: whatever Noto Sans lacks
goes through the layout as a stand-in letter of Noto Sans, and is then set in the font that has it. What
no font has is first tried in its plain form (NFKC) and else drawn as a replacement character.
"""

from __future__ import annotations

import json
import re
import struct
import sys
import unicodedata
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BASE_FONT: Final = "Noto Sans"
EMOJI_FONT: Final = "Noto Emoji"
SCALE: Final = 2.0
REPLACEMENT: Final = "\ufffd"
# Common in nicknames, and only as emoji in a font of the package.
_ALIKE: Final = {"★": "⭐", "☆": "⭐", "✦": "✨", "✧": "✨", "♡": "♥", "☻": "☺"}
# Nothing to look up for these: Latin and Cyrillic, by far the most texts.
_PLAIN: Final = re.compile(r"[\x20-\x7e\u00a0-\u017f\u0400-\u045f]*")
# Letters of Noto Sans that hardly any text holds, about as wide as an emoji.
_STAND_INS: Final = tuple(chr(code) for code in range(0xA722, 0xA788))
_EMOJI: Final = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}"  # a flag
    "|[0-9#*]\ufe0f?\u20e3"  # a keycap
    "|[^\\w\\s](?:[\ufe0f\U0001f3fb-\U0001f3ff])*(?:\u200d[^\\w\\s][\ufe0f\U0001f3fb-\U0001f3ff]*)*"
)


def draw(spec: dict[str, Any], scale: float = SCALE) -> bytes:
    """The picture of a Vega-Lite chart, `scale` pixels a point."""
    import vl_convert

    vl_convert.register_font_directory(str(font_folder()))
    try:
        return _drawn(spec, scale, by_font=True)
    except RuntimeError:
        # The renderer's own panic: a picture with less in its texts is better than none.
        return _drawn(spec, scale, by_font=False)


def to_svg(spec: dict[str, Any], *, by_font: bool = True) -> str:
    """The chart as SVG in which each piece of text names the font that has it."""
    import vl_convert

    pieces: list[tuple[str, str]] = []
    # Descriptions for screen readers would only repeat every text, as attributes.
    silent = {**spec, "config": {**spec.get("config", {}), "aria": False}}
    safe = _mapped(silent, lambda text: _with_stand_ins(text, pieces, by_font=by_font))
    svg = str(vl_convert.vegalite_to_svg(safe))
    parts = re.split("(<[^>]*>)", svg)
    for stand_in, (piece, font) in zip(_STAND_INS, pieces, strict=False):
        tag = f'<tspan font-family="{font}">{escape(piece)}</tspan>'
        parts = [
            part.replace(stand_in, escape(piece, {'"': "&quot;"}) if part.startswith("<") else tag) for part in parts
        ]
    return "".join(parts)


def font_folder() -> Path:
    """Where the packaged fonts lie."""
    found = find_spec("manimgx_fonts")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("manimgx_fonts")
    return Path(found.origin).parent


def _drawn(spec: dict[str, Any], scale: float, *, by_font: bool) -> bytes:
    import vl_convert

    return bytes(vl_convert.svg_to_png(to_svg(spec, by_font=by_font), scale=scale))


def _mapped(value: Any, change: Callable[[str], str]) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: _mapped(item, change) for name, item in value.items()}
    if isinstance(value, list):
        return [_mapped(item, change) for item in value]
    return value


def _with_stand_ins(text: str, pieces: list[tuple[str, str]], *, by_font: bool) -> str:
    if _PLAIN.fullmatch(text):
        return text
    return "".join(_stand_in(piece, font, pieces, by_font=by_font) for piece, font in split_by_font(text))


def _stand_in(piece: str, font: str, pieces: list[tuple[str, str]], *, by_font: bool) -> str:
    if font == BASE_FONT:
        return piece
    if not by_font:
        return REPLACEMENT
    if (piece, font) not in pieces:
        if len(pieces) == len(_STAND_INS):
            return REPLACEMENT
        pieces.append((piece, font))
    return _STAND_INS[pieces.index((piece, font))]


def split_by_font(text: str) -> Iterator[tuple[str, str]]:
    """The text in pieces, each with the font that has all of it.

    >>> list(split_by_font("Волк 🐺"))
    [('Волк ', 'Noto Sans'), ('🐺', 'Noto Emoji')]
    """
    piece, font = "", BASE_FONT
    for part, part_font in _parts(text):
        # Emoji stand each alone; letters of one script join, so that they are shaped as words.
        if part_font == font and font != EMOJI_FONT:
            piece += part
            continue
        if piece:
            yield piece, font
        piece, font = part, part_font
    if piece:
        yield piece, font


def _parts(text: str) -> Iterator[tuple[str, str]]:
    fonts = _fonts()
    place = 0
    while place < len(text):
        emoji = _EMOJI.match(text, place)
        if emoji and len(emoji[0]) > 1 and all(ord(sign) in fonts[EMOJI_FONT] for sign in emoji[0]):
            yield emoji[0], EMOJI_FONT
            place = emoji.end()
            continue
        sign = _ALIKE.get(text[place], text[place])
        place += 1
        if unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Co"}:
            continue  # nothing to see, and XML forbids some of them
        if sign in _STAND_INS:
            yield REPLACEMENT, BASE_FONT
            continue
        for plain in unicodedata.normalize("NFKC", sign) if _font_of(sign) is None else sign:
            found = _font_of(plain)
            yield (plain, found) if found else (REPLACEMENT, BASE_FONT)


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
    sys.stdout.buffer.write(draw(json.load(sys.stdin.buffer)))


if __name__ == "__main__":
    main()
