"""A cell of a table as HTML: its first line, below it the smaller ones, long words breakable.

All of it is said by elements, not by styles: GitHub shows a notebook without any.
"""

import html
import re
from datetime import datetime

from runbook_lib.machine.language import translated

OURS = {  # heads of columns, or of rows, that hold words of ours
    *("Answer", "Cause", "Changes something", "Decided by", "Detail"),
    *("Difference from the tutorial", "Expected", "Finding", "Found", "Kind", "Next step"),
    *("Not seen", "Observed", "Only with", "Outcome", "Plan", "Predicted", "Result"),
    *("Time left", "To allow it", "To do", "What it is", "Why", "aws CLI"),
}
_SEVERAL = {"Decided by", "Not seen", "Only with", "To allow it"}  # with semicolons between them
_CODE = {"Action", "Command"}
_MARKS = {"allowed": "✓ allowed", "refused": "✕ refused", "inconclusive": "? inconclusive"}
_OUTCOMES = {text: outcome for outcome, text in _MARKS.items()}
_PIECES = re.compile(r"(?=.)[A-Z]{0,10}[^\WA-Z]{0,12}\W{0,2}", re.DOTALL)
NOT_PROVEN = "not proven"


def show(value: object) -> str:
    """Return a value as text; of a tuple, each that says something on a line of its own."""
    if isinstance(value, tuple):
        first, *others = map(show, value)
        return "\n".join([first, *filter(None, others)])
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    text = "" if value is None else str(value)
    # Line breaks, escapes and marks that turn the writing direction are shown, not obeyed.
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def marked(outcome: str) -> str:
    """Return the outcome of an attempt with its mark."""
    return _MARKS[outcome]


def head_in_language(name: str) -> str:
    """Return what stands above a column; two lines in one are AWS's own words."""
    return name if "\n" in name else translated(name)


def in_language(name: str, cell: str) -> str:
    """Return a cell of the column with this name in the reader's language.

    What stands below the first line is ours, but for a call's command and below AWS's own heads.
    """
    first, *others = cell.split("\n")
    kept = len(others) if "\n" in name else name == "Call"
    if name in _SEVERAL:
        first = "; ".join(map(translated, first.split("; ")))
    shown = translated(first) if name in OURS or name == "Principal" else first
    return "\n".join([shown, *others[:kept], *map(translated, others[kept:])])


def markup(name: str, cell: str) -> str:
    """Return a cell of the column with this name."""
    first, *others = in_language(name, cell).split("\n")
    if name == "Call":
        return _unfolds(first, *others)
    mark = _OUTCOMES.get(cell.split("\n")[0], "")
    notes = (f"<br><small>{_note(one)}</small>" for one in others)
    return "".join([_first(name, first, mark), *notes])


def head(text: str) -> str:
    """Return what stands above a column."""
    first, *others = (breakable(line, longest=11) for line in text.split("\n"))
    return "".join([first, *(f"<br><small>{one}</small>" for one in others)])


def breakable(text: str, *, longest: int = 20) -> str:
    """Return text in which a word may be broken where it is longer than this."""
    words = re.split(rf"(\S{{{longest + 1},}})", text)
    words[::2] = map(html.escape, words[::2])
    words[1::2] = ("<wbr>".join(map(html.escape, _PIECES.findall(one))) for one in words[1::2])
    return "".join(words)


def _first(name: str, text: str, outcome: str) -> str:
    if name == "Read" and text.startswith("https://"):
        page = text.rstrip("/").rpartition("/")[2]
        return f'<a href="{html.escape(text)}">{breakable(page)}</a>'
    if outcome:
        return f'<span class="{outcome}">{text}</span>'
    return f"<code>{breakable(text, longest=28)}</code>" if name in _CODE else breakable(text)


def _note(text: str) -> str:
    return f"<strong>{text}</strong>" if text == translated(NOT_PROVEN) else breakable(text)


def _unfolds(action: str, command: str, *others: str) -> str:
    """One line that unfolds: the action, then its command and the rest."""
    notes = "<br>".join(map(breakable, others))
    return (
        f"<details><summary><code>{html.escape(action)}</code></summary>"
        f'<pre class="command"><code>{html.escape(command)}</code></pre>'
        f"<small>{notes}</small></details>"
    )
