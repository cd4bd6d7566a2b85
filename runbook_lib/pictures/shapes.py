"""SVG, drawn with few shapes; what is written in them is in `writing`."""

import base64
import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from runbook_lib.pictures.colours import STYLE, colour, ground
from runbook_lib.pictures.writing import SIZE, Part, height, written

_DASHES = {"allowed": "none", "refused": "5 4", "inconclusive": "1 4"}
_FONT = "system-ui,-apple-system,'Segoe UI','Noto Sans','Noto Sans CJK KR',sans-serif"
INSET = 10  # from the side of a box to what is written in it


@dataclass(frozen=True, slots=True, repr=False)
class Picture:
    """An SVG, its size, a sentence that says what it shows, and its edges as text."""

    svg: str
    width: int
    height: int
    alt: str
    edges: str

    def __repr__(self) -> str:
        return self.edges

    def _repr_html_(self) -> str:
        source = base64.b64encode(self.svg.encode()).decode()
        return (
            f'<img class="runbook" alt="{html.escape(self.alt)}" width="{self.width}" '
            f'height="{self.height}" style="max-width:100%;height:auto" '
            f'src="data:image/svg+xml;base64,{source}">'
        )


def picture(width: int, height: int, shapes: Iterable[str], alt: str, edges: str) -> Picture:
    """Frame the shapes."""
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="{_FONT}" font-size="{SIZE}">'
        f'<style>{STYLE}</style><rect width="{width}" height="{height}" rx="6" {ground("paper")}/>'
        f"{''.join(shapes)}</svg>"
    )
    return Picture(svg, width, height, alt, edges)


def box_height(parts: Sequence[Part], width: int) -> int:
    """Return how high a box around these parts is at least."""
    return height(parts, width - 2 * INSET) + 2 * INSET


def box(
    x: int, top: int, width: int, tall: int, parts: Sequence[Part], *, centred: bool = False
) -> str:
    """Draw a principal, a role or a service, with what there is to know of it."""
    room = width - 2 * INSET
    start = top + (tall - height(parts, room)) // 2
    side = x + (width // 2 if centred else INSET)
    middle = ' text-anchor="middle"' if centred else ""
    frame = f'x="{x}" y="{top}" width="{width}" height="{tall}" rx="6"'
    return (
        f"<rect {frame} {ground('paper')}/>"
        f'<rect {frame} {colour("muted")} stroke="currentColor" fill="none"/>'
        f"{written(side, start, room, parts, middle)}"
    )


def account(*points: tuple[int, int]) -> str:
    """Draw an account, bounded by these corners."""
    corners = " ".join(f"{x},{y}" for x, y in points)
    return (
        f'<polygon points="{corners}" {ground("shade")}/><polygon points="{corners}" '
        f'{colour("faint")} stroke="currentColor" stroke-linejoin="round" fill="none"/>'
    )


def band(top: int, width: int, tall: int) -> str:
    """Shade a row."""
    return f'<rect y="{top}" width="{width}" height="{tall}" {ground("shade")}/>'


def upright(x: int, top: int, bottom: int) -> str:
    """Draw the line of a caller or a service, time running down."""
    return f'<path d="M{x} {top}V{bottom}" {colour("faint")} stroke="currentColor"/>'


def arrow(start: int, end: int, y: int, look: str) -> str:
    """Draw a call: an allowed one reaches its end, a refused one stops before it at a cross."""
    way = 1 if end > start else -1
    tip = end - 2 * way
    heads = {
        "allowed": f'<path d="M{tip} {y}l{-9 * way} -4.5v9z" fill="currentColor"/>',
        "refused": f'<path d="M{tip - 12 * way} {y - 5}l10 10m0 -10l-10 10" stroke-width="2"/>',
    }
    stop = tip - {"allowed": 9, "refused": 16}.get(look, 0) * way
    return (
        f'<g {colour(look)} stroke="currentColor" stroke-width="1.5"><path d="M{start} {y}H{stop}" '
        f'stroke-dasharray="{_DASHES[look]}"/>{heads.get(look, "")}</g>'
    )
