"""What a person at a terminal sees: progress, tables. Elsewhere: plain lines, or one document."""

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from itertools import chain
from typing import Any

import typer
from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

say = Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)
out = Console(highlight=False, emoji=False)
_MARKS = {
    "not run": Text(" "),
    "passed": Text("✓", style="green"),
    "failed": Text("✗", style="bold red"),
    "interrupted": Text("✗", style="bold red"),
}


class _Mark(ProgressColumn):
    """A sign before each section: nothing yet, at work, passed or failed."""

    def __init__(self) -> None:
        super().__init__()
        self._spinner = SpinnerColumn()

    def render(self, task: Task) -> Any:
        return _MARKS.get(task.fields["outcome"]) or self._spinner.render(task)


@contextmanager
def progress(cells: Mapping[str, list[str]]) -> Iterator[Callable[[Any, str], None]]:
    """Follow a run: by section and cell on a terminal, a line for each ended section elsewhere.

    `cells` holds the ids of each section's code cells; what is yielded hears of a section and the
    cell that begins, and of a section with no cell when it begins and ends.
    """
    if not say.is_terminal:
        yield _line
        return
    columns = _Mark(), TextColumn("{task.description}"), BarColumn(16), TimeElapsedColumn()
    bars = Progress(*columns, TextColumn("{task.fields[cell]}", style="dim"), console=say)
    tasks: dict[str, Any] = {}

    def follow(section: Any, cell: str) -> None:
        if not tasks:  # not before there is something to show: a question may come first
            for name, ids in cells.items():
                tasks[name] = bars.add_task(
                    name, start=False, total=len(ids), cell="", outcome="not run"
                )
            bars.start()
        task, ids = tasks[section.name], cells[section.name]
        bars.start_task(task)
        if cell in ids:
            bars.update(task, completed=ids.index(cell), cell=cell.replace("-", " "))
        if section.seconds:
            bars.stop_task(task)
        if section.outcome == "passed":
            bars.update(task, completed=len(ids), cell="")
        bars.update(task, outcome=section.outcome if section.seconds else "at work", refresh=True)

    try:
        yield follow
    finally:
        bars.stop()


@contextmanager
def counting(total: int) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Follow a fleet: a bar on a terminal, and a line for each account that ended.

    On a terminal only what did not end well has a line.
    """
    shown = TextColumn("accounts"), BarColumn(32), TextColumn("{task.completed}/{task.total}")
    bars = Progress(*shown, TimeElapsedColumn(), console=say, disable=not say.is_terminal)
    task, ended = bars.add_task("", total=total), 0

    def follow(one: dict[str, Any]) -> None:
        nonlocal ended
        ended += 1
        bars.update(task, advance=1)
        if one.get("cause") or not say.is_terminal:
            why = f": {one['cause']}" if one.get("cause") else f" ({one.get('seconds', 0)} s)"
            say.print(f"{ended}/{total} {one['account_id']} {one['state']}{why}", markup=False)

    with bars:
        yield follow


def _line(section: Any, cell: str) -> None:
    if section.seconds:
        say.print(f"{section.name} {section.outcome} ({section.seconds} s)")


def table(name: str, rows: Any, where: Console = out) -> None:
    """Print rows as the table of this name in `tables`; on a terminal, to its width."""
    from runbook_lib import tables  # pandas takes half a second

    shown = getattr(tables, name)(rows)
    where.print(_fitted(shown, where.width)) if where.is_terminal else print(shown, file=where.file)


def _fitted(shown: Any, width: int) -> Table:
    """Return it in columns, or as lists where columns would cut words or take more lines."""
    labelled = shown.index.inferred_type == "string"  # one object: what each row is
    heads = [*([""] if labelled else []), *shown.columns]
    rows = [[*row] for row in shown.itertuples(index=labelled)]
    used = [n for n in range(len(heads)) if not rows or any(row[n] for row in rows)]
    heads, rows = [heads[n] for n in used], [[row[n] for n in used] for row in rows]
    longest = [max(map(_width, column)) for column in zip(heads, *rows, strict=True)]
    widths = _shared(longest, width - 3 * len(heads) - 1)
    beside = width - max(map(cell_len, heads), default=0) - 4
    columns = [[*map(_wrapped, row, widths)] for row in rows]
    lists = [[_wrapped(one, beside) for one in row] for row in rows]
    cut = any(
        _width(one) > given for row in columns for one, given in zip(row, widths, strict=True)
    )
    in_columns = sum(1 + max(one.count("\n") for one in row) for row in columns)
    in_lists = sum(1 + sum(1 + one.count("\n") for one in row if one) for row in lists)
    if labelled or (not cut and in_columns <= in_lists):
        return _made(Table(*heads, box=SIMPLE_HEAD), columns)
    lines = (line for row in lists for line in [*zip(heads, row, strict=True), ("", " ")])
    return _made(Table("", "", box=None, show_header=False), (line for line in lines if line[1]))


def _made(table: Table, rows: Iterable[Iterable[str]]) -> Table:
    for column in table.columns:
        column.overflow = "fold"  # an ARN is never cut
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _width(text: str) -> int:
    return max(map(cell_len, text.split("\n")))


def _shared(longest: list[int], room: int) -> list[int]:
    """Share the room out: what needs less than an equal share gets what it needs."""
    shares = dict.fromkeys(range(len(longest)), 0)
    for done, n in enumerate(sorted(shares, key=longest.__getitem__)):
        shares[n] = min(longest[n], room // (len(longest) - done))
        room -= shares[n]
    return [*shares.values()]


def _wrapped(text: str, width: int) -> str:
    """Break between words, and within one that is too long where a reader would."""
    lines: list[str] = []
    for line in text.split("\n"):
        pieces, lines = [line], [*lines, ""]
        for between in _BREAKS:
            halves = ([one] if cell_len(one) <= width else re.split(between, one) for one in pieces)
            pieces = [*chain.from_iterable(halves)]
        for piece in pieces:
            if lines[-1] and cell_len(lines[-1] + piece.rstrip()) > width:
                lines.append("")
            lines[-1] += piece
    return "\n".join(map(str.rstrip, lines))


def document(made: object) -> None:
    """Print the one JSON document of a command."""
    _DOCUMENTS.append(made)
    print(json.dumps(made, ensure_ascii=False))


def failure(message: str, status: int) -> None:
    """Where `--json` was asked for and nothing has been printed yet, say there what failed."""
    if "--json" in sys.argv and not _DOCUMENTS:
        document({"outcome": "failed", "exit_status": status, "error": message})


def version(asked: bool) -> None:
    """Print the version and end, where it was asked for."""
    if asked:
        print(metadata.version("assume-role-runbook"))
        raise typer.Exit


_BREAKS = r"(?<= )(?=\S)", r"(?<=[\w:][/:-])(?=\w)", r"(?<=[a-z])(?=[A-Z])"
_DOCUMENTS: list[object] = []
