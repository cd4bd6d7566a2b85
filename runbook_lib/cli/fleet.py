"""`runbook fleet`: the runbook over many accounts."""

import shlex
import sys
from collections import Counter
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runbook_lib.cli import options, terminal
from runbook_lib.cli.fleet_options import for_a_fleet
from runbook_lib.cli.options import App, Json, Output, RunIfUnnamed, Yes
from runbook_lib.cli.terminal import say
from runbook_lib.errors import RunbookError
from runbook_lib.machine import signals, software

if TYPE_CHECKING:
    from runbook_lib.headless.fleet.record import Fleet
    from runbook_lib.headless.fleet.rows import Row
    from runbook_lib.headless.fleet.working import How
    from runbook_lib.headless.outputs import Output as Written

_FLEET = software.program("runbook", "fleet")
app = App(
    cls=RunIfUnnamed,
    no_args_is_help=True,
    help="The runbook over many accounts. Each ends as one of proven, unreachable, refused, "
    "failed, not started, skipped; none hides another. "
    f"[b]{_FLEET} FILE[/b] is [b]{_FLEET} run FILE[/b].",
)
_STATUS = (
    "\n\nExit status: 0 all are proven, 1 some are not, 2 bad usage or a bad row and nothing was "
    "sent, 4 stopped by --max-errors, 129, 130, 143 interrupted."
)


@app.command(
    epilog=f"[b]{_FLEET} accounts.csv[/b]   on the embedded AWS"
    f"\n\n[b]{_FLEET} accounts.csv --backend aws --max-errors 10%[/b]   in real accounts"
    f"\n\n[b]{_FLEET} accounts.csv --resume runs/fleet/RUN_ID[/b]   only what is not proven"
    + _STATUS
)
@for_a_fleet
def run(
    listed: "list[Row]",
    how: "How",
    resume: Annotated[
        Path | None,
        typer.Option(help="Go on in this one: what is not proven.", metavar="RUN_FOLDER"),
    ] = None,
    yes: Yes = False,
    output: Output = "runs",
    as_json: Json = False,
) -> None:
    """Run every section in each account of FILE, and roll up what came of it.

    In OUTPUT/fleet/RUN_ID there are fleet.html, fleet.json, fleet.csv, junit.xml and each
    account's own run folder. On real accounts it shows its plan and asks.
    """
    from runbook_lib.headless import outputs
    from runbook_lib.headless.fleet import fleet

    if listed[0].chosen["backend"] == "aws" and not yes:
        options.require_a_terminal("runbook fleet")
        found = _each(listed, how, "plan")
        terminal.table("fleet_plans", found, say)
        _show_problems(found)
        if not typer.confirm("Go on?", err=True):
            raise RunbookError("nothing was changed")
    with outputs.opened(output) as place:
        with terminal.counting(sum(not row.left_out for row in listed)) as follow:
            made, folder = fleet.run(
                *(listed, how, place.folder, follow),
                resumed=resume,
                resume_with=partial(_command, place),
                url="" if resume else place.url,
            )
        signals.ignore()  # it has been answered
        written = str(folder) if resume else place.send(folder, "*")
    if as_json:
        terminal.document(asdict(made))
    _tell(made, written)
    if made.exit_status:
        raise typer.Exit(made.exit_status)


def _tell(made: "Fleet", written: str) -> None:
    """Say what came of it; the last lines are the failed accounts and the command that resumes."""
    counts = ", ".join(f"{number} {state}" for state, number in made.counts.items() if number)
    say.print(f"{made.outcome}: {counts}", markup=False)
    for group in made.groups:
        where = " ".join(filter(None, [group["code"], group["action"], group["section"]]))
        say.print(f"\n{len(group['account_ids'])} {group['state']}: {where}", markup=False)
        say.print(f"  {group['cause']}\n  {group['next_step']}", markup=False)
        say.print(f"  {','.join(group['account_ids'])}", markup=False)
    if made.outcome == "stopped":
        left = made.counts["not started"] + made.counts["skipped"]
        begun = f"{len(made.accounts) - left} of {len(made.accounts)} accounts had begun"
        say.print(f"\nstopped by --max-errors: {begun}, and none began after that", markup=False)
    say.print(f"report: {written}/fleet.html", markup=False)
    if made.not_proven:
        failed = [one for group in made.groups for one in group["account_ids"]]
        say.print(f"\nfailed: {','.join(failed)}" if failed else "", markup=False)
        say.print(f"resume: {made.resume}" if made.resume else "", markup=False)


def _command(place: "Written", folder: Path) -> str:
    """Return the command line that was typed, with the folder to resume."""
    words = sys.argv[1:]
    if "--resume" in words:
        at = words.index("--resume")
        words = words[:at] + words[at + 2 :]
    words = [word for word in words if not word.startswith("--resume=")]
    shown = folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
    if not (place.url and folder.is_relative_to(place.folder)):
        return software.program("runbook", *words, "--resume", str(shown))
    here = f"runs/fleet/{folder.name}"
    copy = ["aws", "s3", "cp", "--recursive", place.shown(folder), here]
    again = software.program("runbook", *words, "--resume", here)
    return f"{shlex.join(copy)} && {again}"


@app.command()
@for_a_fleet
def plan(listed: "list[Row]", how: "How", as_json: Json = False) -> None:
    """Show what run would create, change or leave alone in each account; change nothing."""
    _end(_each(listed, how, "plan"), "fleet_plans", as_json)


@app.command()
@for_a_fleet
def destroy(listed: "list[Row]", how: "How", yes: Yes = False, as_json: Json = False) -> None:
    """Take away what the runbook made in each account, and nothing else.

    It knows its own by their tags. It shows them, then asks.
    """
    unseen = list[dict[str, Any]]()
    if not yes:
        options.require_a_terminal("runbook fleet destroy")
        found = _each(listed, how, "removals")
        terminal.table("fleet_removals", found, say)
        _show_problems(found)
        if not typer.confirm("Delete these?", err=True):
            raise RunbookError("nothing was deleted")
        both = zip(listed, found, strict=True)
        listed = [replace(row, shown=one["rows"]) for row, one in both if "rows" in one]
        unseen = [one for one in found if "rows" not in one]
    _end([*unseen, *_each(listed, how, "destroy")], "fleet_removals", as_json)


@app.command()
def report(
    folder: Annotated[
        str, typer.Argument(help="A fleet's, or --output of run.", metavar="FOLDER|s3://…")
    ],
    as_json: Json = False,
) -> None:
    """Roll up the run folders in a folder again, also those that `runbook run` made one by one."""
    from runbook_lib.headless import outputs
    from runbook_lib.headless.fleet import record, rollup

    with outputs.opened(folder) as place:
        read = outputs.fetch(folder, place.folder)
        made = record.read(read)
        record.write(made, read)
        rollup.write(made, read)
        written = place.send(read, "*")
    if as_json:
        terminal.document(asdict(made))
    _tell(made, written)


def _each(listed: "list[Row]", how: "How", kind: Any) -> list[dict[str, Any]]:
    from runbook_lib.headless.fleet import fleet
    from runbook_lib.headless.fleet.task import Job

    with terminal.counting(sum(not row.left_out for row in listed)) as follow:
        return fleet.each(listed, how, Job(kind), follow)


def _end(found: list[dict[str, Any]], table: str, as_json: bool) -> None:
    """Show what came of each account, and exit with the status of it all."""
    from runbook_lib.headless.fleet import fleet

    terminal.document(found) if as_json else terminal.table(table, found)
    _show_problems(found)
    if status := fleet.status(found):
        raise typer.Exit(status)


def _show_problems(found: list[dict[str, Any]]) -> None:
    counts = Counter(one["state"] for one in found)
    say.print(", ".join(f"{number} {state}" for state, number in counts.items()), markup=False)
    for one in found:
        if one.get("cause") and one["state"] != "skipped":
            say.print(f"{one['account_id']} {one['state']}: {one['cause']}", markup=False)
            say.print(f"  {one['next_step']}", markup=False)
