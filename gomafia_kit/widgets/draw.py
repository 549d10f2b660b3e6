"""Draw an SVG as a PNG: `python -m gomafia_kit.widgets.draw < chart.svg > chart.png`.

A process of its own: the drawing library costs 110 MB that it never gives back.
"""

from __future__ import annotations

import sys
from typing import Final

SCALE: Final = 2.0


def main() -> None:
    """Read an SVG from standard input, write its PNG to standard output; fonts are the package's."""
    import vl_convert

    from gomafia_kit.analyse.draw import font_folder

    vl_convert.register_font_directory(str(font_folder()))
    svg = sys.stdin.buffer.read().decode("utf-8")
    sys.stdout.buffer.write(bytes(vl_convert.svg_to_png(svg, scale=SCALE)))


if __name__ == "__main__":
    main()
