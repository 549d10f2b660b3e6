"""The few shapes that the charts are drawn with, as SVG; their words are escaped."""

from __future__ import annotations

from html import escape


def rect(x: float, y: float, width: float, height: float, colour: str, title: str = "", opacity: float = 1.0) -> str:
    """A rectangle, with a tooltip if it has a title."""
    inside = f"<title>{escape(title)}</title>" if title else ""
    place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.2f}" height="{height:.1f}"'
    pale = "" if opacity == 1.0 else f"; opacity: {opacity:g}"
    return f'<rect {place} style="fill: {colour}{pale}">{inside}</rect>'


def line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1) -> str:
    """A straight line."""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
        f' style="stroke: {colour}; stroke-width: {width:g}"/>'
    )


def circle(x: float, y: float, colour: str) -> str:
    """A dot."""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" style="fill: {colour}"/>'


def text(x: float, y: float, words: str, colour: str, anchor: str = "start", size: int = 12) -> str:
    """Words at a place; `anchor` says which end of them stands there: start, middle or end."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" style="fill: {colour}; font-size: {size}px">'
        f"{escape(words)}</text>"
    )
