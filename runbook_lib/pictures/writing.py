"""Text in a picture: how wide it is, where it breaks, how a long name is shortened."""

import html
from collections.abc import Iterator, Sequence
from itertools import accumulate, takewhile
from typing import NamedTuple

from runbook_lib.pictures.colours import colour

SIZE, LINE = 13, 20  # of the letters, and from line to line: no two touch in any common font
_BOLD = 1.14  # so much wider are bold letters
_WIDTHS = {  # in parts of the size; those of DejaVu Sans, the widest of what systems call their own
    letter: width
    for width, letters in {
        0.36: " ijlIJ'|.,:;-/",
        0.42: "frt()[]!",
        0.55: "cszv?_*",
        0.7: "ABCKRVXZ",
        0.79: "DGHNOQU&",
        0.87: "Mw+=<>~#✓✕→",
        1.0: "Wm@%…",
    }.items()
    for letter in letters
}


class Part(NamedTuple):
    """Words, how they look, and how many lines they may take."""

    words: str
    look: str = "ink"
    bold: bool = False
    most: int = 2


def width(words: str, *, bold: bool = False) -> float:
    """Return how many pixels the words take at most."""
    return SIZE * sum(map(_width, words)) * (_BOLD if bold else 1)


def wrapped(part: Part, room: float) -> list[str]:
    """Break the words into lines of so many pixels; leave out the middle of what takes too many."""
    words = _printable(part.words)
    lines, kept = list(_lines(words, room, part.bold)), len(words)
    while len(lines) > part.most and kept > 2:
        kept = min(kept - 1, sum(map(len, lines[: part.most])))
        shorter = f"{words[: kept - kept // 2]}…{words[len(words) - kept // 2 :]}"
        lines = list(_lines(shorter, room, part.bold))
    return lines


def height(parts: Sequence[Part], room: float) -> int:
    """Return how many pixels the parts take, each below the one before."""
    return LINE * sum(len(wrapped(part, room)) for part in parts)


def written(x: float, top: float, room: float, parts: Sequence[Part], more: str = "") -> str:
    """Write the parts below each other; what is broken or shortened has its words as a title."""
    shapes = []
    for part in parts:
        lines = wrapped(part, room)
        bold = ' font-weight="600"' if part.bold else ""
        texts = [
            f'<text x="{x}" y="{top + LINE * n - 5}" {colour(part.look)} fill="currentColor"'
            f"{bold}{more}>{html.escape(line)}</text>"
            for n, line in enumerate(lines, 1)
        ]
        top += LINE * len(lines)
        title = f"<title>{html.escape(_printable(part.words))}</title>"
        shapes.append(
            "".join(texts) if lines == [part.words] else f"<g>{title}{''.join(texts)}</g>"
        )
    return "".join(shapes)


def _printable(words: str) -> str:
    """Show a mark for an invisible letter."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in words)


def _lines(words: str, room: float, bold: bool) -> Iterator[str]:
    """Break where a word or a part of a name ends, or where there is no more room."""
    while words:
        wide = accumulate(width(letter, bold=bold) for letter in words)
        end = max(1, sum(1 for _ in takewhile(lambda taken: taken <= room, wide)))
        for marks in (" =", "-_./,@+") if end < len(words) else ():
            part = max(words.rfind(mark, 0, end + (mark == " ")) for mark in marks) + 1
            if part > end // 3:
                end = part
                break
        yield words[:end].strip()
        words = words[end:].lstrip()


def _width(letter: str) -> float:
    return _WIDTHS.get(letter, 0.64 if letter.isascii() else 1.0)
