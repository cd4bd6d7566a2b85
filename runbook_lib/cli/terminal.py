"""What a person at a terminal sees: progress, tables. Elsewhere: plain lines, or one document."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from typing import Any

import typer
from rich.box import SIMPLE_HEAD
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
    where.print(_fitted(shown)) if where.is_terminal else print(shown, file=where.file)


def _fitted(shown: Any) -> Table:
    made = Table(box=SIMPLE_HEAD)
    labelled = shown.index.inferred_type == "string"  # one object: what each row is
    for name in [*([""] if labelled else []), *shown.columns]:
        made.add_column(name, overflow="fold")  # an ARN is never cut
    for row in shown.itertuples(index=labelled):
        made.add_row(*map(Text, row))
    return made


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


_DOCUMENTS: list[object] = []
