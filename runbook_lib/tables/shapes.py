"""What a table, a document and a banner look like, in HTML and as text.

Every cell is escaped and shown whole; a `$x$` in a tag stays text.
"""

import html
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pandas

from runbook_lib.language import translated

FIRST = 50  # rows shown before somebody asks for all of them
OURS = {  # heads of columns, or of rows, that hold words of ours
    *("Changes something", "Detail", "Difference from the tutorial", "Expected", "Finding", "For"),
    *("Found", "Kind", "Observed", "Outcome", "Plan", "Predicted", "Proven", "Time left", "To do"),
    *("What it is", "Why", "aws CLI"),
}
_IGNORED = "tex2jax_ignore mathjax_ignore"  # a `$x$` is no mathematics
_TABLE_STYLE = (  # more specific than JupyterLab's own, which aligns to the right
    "<style>table.runbook.tex2jax_ignore :is(th,td){text-align:left;vertical-align:top;"
    "overflow-wrap:break-word}</style>"
)
_LEFT = ' style="text-align:left"'  # JupyterLab drops style elements until a notebook is trusted
_FOLD_STYLE = "<style>.runbook-rest:not([open])+table.runbook tbody+tbody{display:none}</style>"
_DOCUMENT_STYLE = (  # elsewhere the page has colours for these classes
    "<style>.jp-OutputArea .runbook .nt{color:var(--jp-mirror-editor-property-color)}"
    ".jp-OutputArea .runbook .s2{color:var(--jp-mirror-editor-string-color)}</style>"
)


class Table(pandas.DataFrame):  # type: ignore[misc]  # pandas has no types
    """A DataFrame of text with header scopes, no ids and nothing that a cell's text can break.

    Shown by a notebook, a long one is folded after its first rows; `str()` of it has them all.
    It holds English, and shows the words of ours in the reader's language.
    """

    @property
    def _constructor(self) -> type["Table"]:
        return Table

    @property
    def _labelled(self) -> bool:
        return not pandas.api.types.is_integer_dtype(self.index)

    @property
    def _heads(self) -> list[str]:
        return [self._head(name) for name in self.columns]

    def _head(self, name: str) -> str:
        return name if self.attrs.get("heads") == "AWS" else translated(name)

    def _shown_rows(self) -> Iterator[tuple[str, ...]]:
        """Yield each row's label, where rows have one, and its cells."""
        for label, *cells in self.itertuples(name=None):
            shown = (
                translated(cell) if name in OURS or label in OURS else cell
                for name, cell in zip(self.columns, cells, strict=True)
            )
            yield (translated(label), *shown) if self._labelled else tuple(shown)

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col"{_LEFT}>{html.escape(name)}</th>' for name in self._heads)
        corner = "<td></td>" if self._labelled else ""
        rows = self._shown_rows()
        none = f'<tr><td colspan="{len(self.columns)}"{_LEFT}>{translated("none")}</td></tr>'
        first = "".join(self._row_html(row, _LEFT) for row in islice(rows, FIRST)) or none
        rest = f"<tbody>{''.join(map(self._row_html, rows))}</tbody>" if len(self) > FIRST else ""
        line = translated(f"The first {FIRST} of {len(self):,} rows; show all")
        fold = f'{_FOLD_STYLE}<details class="runbook-rest"><summary>{line}</summary></details>'
        return (
            f'{_TABLE_STYLE}{fold if rest else ""}<table class="runbook {_IGNORED}">'
            f"<thead><tr>{corner}{head}</tr></thead><tbody>{first}</tbody>{rest}</table>"
        )

    def _row_html(self, row: tuple[str, ...], style: str = "") -> str:
        label, cells = row[: self._labelled], row[self._labelled :]
        head = "".join(f'<th scope="row"{style}>{html.escape(one)}</th>' for one in label)
        return f"<tr>{head}{''.join(f'<td{style}>{html.escape(one)}</td>' for one in cells)}</tr>"

    def __repr__(self) -> str:
        more = len(self) - FIRST
        return str(self.head(FIRST)) + (
            "\n" + translated(f"… and {more:,} more rows") if more > 0 else ""
        )

    def __str__(self) -> str:
        lines = [("",) * self._labelled + tuple(self._heads), *self._shown_rows()]
        widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
        none = [] if len(self) else [translated("none")]
        return "\n".join(["  ".join(map(_pad, line, widths)).rstrip() for line in lines] + none)


class Folded:
    """A table, and below it another one folded under a line."""

    def __init__(self, first: Table, line: str, rest: Table) -> None:
        self.first, self.line, self.rest = first, translated(line), rest

    def __repr__(self) -> str:
        return f"{self.first!r}\n\n{self.line}:\n{self.rest!r}"

    def _repr_html_(self) -> str:
        return (
            f"{self.first._repr_html_()}<details><summary>{html.escape(self.line)}</summary>"
            f"{self.rest._repr_html_()}</details>"
        )


class PolicyText(dict[str, Any]):
    """A policy document that shows itself as formatted JSON, its keys told from its values."""

    def __repr__(self) -> str:
        return json.dumps(self, indent=2, ensure_ascii=False)

    def _repr_html_(self) -> str:
        marked = re.sub(r"(&quot;(?:\\.|(?!&quot;).)*&quot;)(:?)", _marked, html.escape(repr(self)))
        return f'{_DOCUMENT_STYLE}<pre class="runbook highlight {_IGNORED}">{marked}</pre>'


def _marked(text: re.Match[str]) -> str:
    """A string of JSON with the class that Pygments gives it: a key, or a value."""
    return f'<span class="{"nt" if text[2] else "s2"}">{text[1]}</span>{text[2]}'


class Banner:
    """One line above everything: EMULATED or REAL, which account, who."""

    def __init__(self, kind: str, text: str) -> None:
        self.kind, self.text = kind, translated(text)

    def __repr__(self) -> str:
        return f"{self.kind} · {self.text}"

    def _repr_html_(self) -> str:
        style = "border-left:6px solid;padding:.4em .8em"
        link = _not_emulated() if self.kind == "EMULATED" else ""
        return (
            f'<div class="runbook-banner {self.kind.lower()}" style="{style}" role="note">'
            f"<strong>{self.kind}</strong> · {html.escape(self.text)}{link}</div>"
        )


def _not_emulated() -> str:
    """Link to the page from the folder of the notebook that runs; notebooks/ko is deeper."""
    page, korean = "../docs/not-emulated.md", "../../docs/ko/not-emulated.md"
    if Path(korean).exists() and not Path(page).exists():
        page = korean
    return f' · <a href="{page}">{translated("what is not emulated")}</a>'


def record(fields: Mapping[str, object]) -> Table:
    """One object: a row for each field."""
    return Table({"Value": [_show(value) for value in fields.values()]}, index=list(fields))


def listing(objects: Sequence[Mapping[str, object]], *columns: str) -> Table:
    """Many objects: a row for each, also when there are none."""
    cells = [{name: _show(value) for name, value in one.items()} for one in objects]
    return Table(cells, columns=list(cells[0]) if cells else list(columns))


def pick(described: Mapping[str, Any], *names: str) -> dict[str, object]:
    """Return those fields that are there, in this order."""
    return {name: described[name] for name in names if name in described}


def _width(cell: str) -> int:
    """Return how many columns a terminal gives the text: Hangul takes two for each syllable."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in cell)


def _pad(cell: str, width: int) -> str:
    return cell + " " * (width - _width(cell))


def _show(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    text = "" if value is None else str(value)
    # Line breaks, escapes and marks that turn the writing direction are shown, not obeyed.
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)
