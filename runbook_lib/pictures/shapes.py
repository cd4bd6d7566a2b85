"""SVG, drawn with few shapes; each text fits its place, in any font and on any paper."""

import base64
import html
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from runbook_lib.pictures.words import Who

_COLOURS = {  # on light paper, on dark paper; a contrast of 4.5 for text, 3 for lines
    "ink": ("#1b1f24", "#e6e9ec"),
    "muted": ("#56606b", "#a3adb8"),
    "faint": ("#8a939c", "#6b7580"),
    "allowed": ("#0b6670", "#63c7cf"),
    "refused": ("#9c3b1f", "#f0a288"),
    "inconclusive": ("#56606b", "#a3adb8"),
}
_PAPER = ("#ffffff", "#16191d")
_DASHES = {"allowed": "none", "refused": "5 4", "inconclusive": "1 4"}
_FONT = "system-ui,-apple-system,'Segoe UI','Noto Sans','Noto Sans CJK KR',sans-serif"


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
    """Frame the shapes; their colours are attributes, which a rule changes on a dark screen."""
    dark = "".join(f".{look}{{color:{colours[1]}}}" for look, colours in _COLOURS.items())
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="{_FONT}" font-size="13">'
        f"<style>@media(prefers-color-scheme:dark){{{dark}.paper{{fill:{_PAPER[1]}}}"
        f"text{{stroke:{_PAPER[1]}}}}}</style>"
        f'<rect class="paper" width="100%" height="100%" rx="6" fill="{_PAPER[0]}"/>'
        f"{''.join(shapes)}</svg>"
    )
    return Picture(svg, width, height, alt, edges)


def text(x: int, y: int, words: str, room: int, look: str = "ink", *, more: str = "") -> str:
    """Write on a halo of paper, so that no line runs through the letters."""
    return (
        f'<text x="{x}" y="{y}" {_look(look)} fill="currentColor" stroke="{_PAPER[0]}" '
        f'stroke-width="4" paint-order="stroke"{more}>{html.escape(fit(words, room))}</text>'
    )


def fit(words: str, room: int) -> str:
    """Shorten in the middle what is wider than so many pixels; show no invisible letters."""
    words = "".join(letter if letter.isprintable() else "\ufffd" for letter in words)
    kept, shown = len(words), words
    while sum(map(_width, shown)) > room and kept > 2:
        kept -= 1
        shown = f"{words[: kept - kept // 2]}…{words[len(words) - kept // 2 :]}"
    return shown


def _width(letter: str) -> float:
    """Return about how many pixels a letter takes, in a wide font."""
    if unicodedata.east_asian_width(letter) in "WF":
        return 13.0
    return 12.5 if letter in "mwMW@%…" else 9.0 if letter.isupper() else 7.4


def node(x: int, top: int, bottom: int, width: int, who: Who, *notes: str) -> str:
    """Draw a principal, a role or a service, with what there is to know of it."""
    y, room = (top + bottom) // 2 + 5 - 9 * len(notes), width - 18
    y += 9 if who.kind else 0
    lines = [text(x + 10, y - 19, who.kind, room, "muted")] if who.kind else []
    lines.append(text(x + 10, y, who.name, room, more=_BOLD))
    lines += [text(x + 10, y + 19 * n, note, room, "muted") for n, note in enumerate(notes, 1)]
    box = (
        f'<rect x="{x}" y="{top + 4}" width="{width}" height="{bottom - top - 8}" rx="5" '
        f'{_look("muted")} stroke="currentColor" fill="none"/>'
    )
    return box + "".join(lines)


def boundary(*points: tuple[int, int]) -> str:
    """Draw a boundary through these corners."""
    corners = " ".join(f"{x} {y}" for x, y in points)
    return f'<path d="M{corners}z" {_look("faint")} stroke="currentColor" fill="none"/>'


def arrow(start: int, end: int, y: int, look: str, above: str, *below: str) -> str:
    """Draw a call: an allowed one reaches its end, a refused one stops before it at a cross."""
    way, room = 1 if end > start else -1, abs(end - start) - 12
    tip = end - 2 * way
    heads = {
        "allowed": f'<path d="M{tip} {y}l{-9 * way} -4.5v9z" fill="currentColor"/>',
        "refused": f'<path d="M{tip - 12 * way} {y - 5}l10 10m0 -10l-10 10" stroke-width="2"/>',
    }
    stop = tip - {"allowed": 9, "refused": 16}.get(look, 0) * way
    x = min(start, end) + (8 if way > 0 else 12)
    labels = text(x, y - 8, above, room) if above else ""
    for n, words in enumerate(filter(None, below)):
        labels += text(x, y + 18 + 16 * n, words, room, "muted" if n else look)
    return (
        f'<g {_look(look)} stroke="currentColor" stroke-width="1.5"><path d="M{start} {y}H{stop}" '
        f'stroke-dasharray="{_DASHES[look]}"/>{heads.get(look, "")}</g>{labels}'
    )


def lifeline(x: int, top: int, bottom: int, room: int, who: Who) -> str:
    """Draw a column: who it is, and time below."""
    line = f'<path d="M{x} {top + 44}V{bottom}" {_look("faint")} stroke="currentColor"/>'
    kind = text(x, top + 16, who.kind, room, "muted", more=_CENTRED) if who.kind else ""
    return line + kind + text(x, top + 34, who.name, room, more=_CENTRED + _BOLD)


def _look(look: str) -> str:
    return f'class="{look}" color="{_COLOURS[look][0]}"'


_BOLD, _CENTRED = ' font-weight="600"', ' text-anchor="middle"'
