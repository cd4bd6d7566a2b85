"""What a table, a document and a banner look like, in HTML and as text.

Every cell is escaped and shown whole; a `$x$` in a tag stays text.
"""

import html
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

import pandas

from runbook_lib.machine.language import translated
from runbook_lib.tables import cells

FIRST = 50  # rows shown before somebody asks for all of them
_IGNORED = "tex2jax_ignore mathjax_ignore"  # a `$x$` is no mathematics
_TABLE_STYLE = (  # more specific than JupyterLab's own, which aligns to the right
    "<style>table.runbook.tex2jax_ignore :is(th,td){text-align:left;vertical-align:top;"
    "overflow-wrap:break-word;max-width:26em}"
    ".jp-OutputArea table.runbook th+td{max-width:45em}"
    ".jp-OutputArea table.runbook code{background:none;padding:0;overflow-wrap:anywhere}</style>"
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
    def heads(self) -> list[str]:
        """What stands above each column."""
        return [cells.head_in_language(name) for name in self.columns]

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col"{_LEFT}>{cells.head(one)}</th>' for one in self.heads)
        corner = "<td></td>" if self._labelled else ""
        rows = self.itertuples(name=None)
        none = f'<tr><td colspan="{len(self.columns)}"{_LEFT}>{translated("none")}</td></tr>'
        first = "".join(self._row_html(row, _LEFT) for row in islice(rows, FIRST)) or none
        rest = f"<tbody>{''.join(map(self._row_html, rows))}</tbody>" if len(self) > FIRST else ""
        line = translated(f"The first {FIRST} of {len(self):,} rows; show all")
        fold = f'{_FOLD_STYLE}<details class="runbook-rest"><summary>{line}</summary></details>'
        return (
            f'{_TABLE_STYLE}{fold if rest else ""}<table class="runbook {_IGNORED}">'
            f"<thead><tr>{corner}{head}</tr></thead><tbody>{first}</tbody>{rest}</table>"
        )

    def _row_html(self, row: tuple[Any, ...], style: str = "") -> str:
        if self._labelled:
            label, value = row
            return (
                f'<tr><th scope="row"{style}>{cells.head(translated(label))}</th>'
                f"<td{style}>{cells.markup(label, value)}</td></tr>"
            )
        shown = (
            f'<td{style} data-name="{html.escape(head)}">{cells.markup(name, one)}</td>'
            for name, head, one in zip(self.columns, self.heads, row[1:], strict=True)
        )
        return f"<tr>{''.join(shown)}</tr>"

    def _in_language(self, label: Any, *row: str) -> tuple[str, ...]:
        if self._labelled:
            return translated(label), *(cells.in_language(label, one) for one in row)
        return tuple(map(cells.in_language, self.columns, row))

    def __repr__(self) -> str:
        more = len(self) - FIRST
        line = translated(f"… and {more:,} more rows")
        return str(self.head(FIRST)) + (f"\n{line}" if more > 0 else "")

    def __str__(self) -> str:
        rows = [self._in_language(*row) for row in self.itertuples(name=None)]
        lines = _lines([("",) * self._labelled + tuple(self.heads), *rows])
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
    return Table({"Value": [cells.show(value) for value in fields.values()]}, index=list(fields))


def listing(objects: Sequence[Mapping[str, object]], *columns: str) -> Table:
    """Many objects: a row for each, also when there are none."""
    shown = [{name: cells.show(value) for name, value in one.items()} for one in objects]
    return Table(shown, columns=list(shown[0]) if shown else list(columns))


def pick(described: Mapping[str, Any], *names: str) -> dict[str, object]:
    """Return those fields that are there, in this order."""
    return {name: described[name] for name in names if name in described}


def _lines(rows: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """A row of cells that have several lines becomes several rows."""
    split = ([cell.split("\n") for cell in row] for row in rows)
    return [line for row in split for line in zip_longest(*row, fillvalue="")]


def _width(cell: str) -> int:
    """Return how many columns a terminal gives the text: Hangul takes two for each syllable."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in cell)


def _pad(cell: str, width: int) -> str:
    return cell + " " * (width - _width(cell))
