"""A whole fleet: begun, worked through, written down, and taken up again."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from runbook_lib.account import opening
from runbook_lib.errors import ParameterError
from runbook_lib.headless.fleet import record, rollup
from runbook_lib.headless.fleet.record import BAD, Account, Fleet
from runbook_lib.headless.fleet.rows import Row
from runbook_lib.headless.fleet.task import Job
from runbook_lib.headless.fleet.window import Window
from runbook_lib.headless.fleet.working import Hear, How, Made, require_entry, work
from runbook_lib.machine import signals
from runbook_lib.machine.files import explained

TOO_MANY = 4


def run(
    listed: Sequence[Row],
    how: How,
    output: Path,
    hear: Hear,
    *,
    resumed: Path | None = None,
    resume_with: Callable[[Path], str] = lambda folder: "",
    url: str = "",
) -> tuple[Fleet, Path]:
    """Run the runbook in each account; return what came of it and the folder that tells it.

    `hear` hears of each account that ended; `resume_with` says how a person goes on with a folder.
    Where `output` has a place in S3, `url`, the accounts' run folders are written there as well.
    Raises: ParameterError before anything is sent.
    """
    fleet = record.read(resumed) if resumed else Fleet(run_id=opening.new_run_id())
    folder = (resumed or output / "fleet" / fleet.run_id).absolute()
    fleet.begun, fleet.backend = opening.new_run_id()[:16], listed[0].chosen["backend"]
    fleet.resume = resume_with(folder)
    todo = _begin(fleet, listed)
    window = how.window(len(todo))
    require_entry(todo, how)
    with explained("make the folder", folder):
        folder.mkdir(parents=True, exist_ok=True)
    record.write(fleet, folder)
    by_id = {one.account_id: one for one in fleet.accounts}

    def ended(made: Made) -> None:
        for name, value in made.items():
            setattr(by_id[made["account_id"]], name, value)
        hear(made)

    try:
        job = Job("run", str(folder), f"{url}/fleet/{folder.name}" if url else "")
        left = work(todo, job, how, window, ended)
        fleet.outcome, fleet.exit_status = _outcome(fleet, window, bool(left))
    finally:
        with signals.held():
            fleet.count()
            record.write(fleet, folder)
            rollup.write(fleet, folder)
    return fleet, folder


def each(listed: Sequence[Row], how: How, job: Job, hear: Hear) -> list[Made]:
    """Do another job in each account; return what came of each, in the rows' order.

    Raises: ParameterError before anything is sent; Stopped where somebody said so.
    """
    found = {row.account_id: {"account_id": row.account_id, **_not_begun(row)} for row in listed}

    def ended(made: Made) -> None:
        found[made["account_id"]] = made
        hear(made)

    todo = [row for row in listed if not row.left_out]
    window = how.window(len(todo), reads=job.kind in ("plan", "removals"))
    work(todo, job, how, window, ended)
    signals.check()
    return list(found.values())


def status(found: Sequence[Made]) -> int:
    """Return the exit status for what came of a job in each account."""
    if any(one["state"] == "not started" for one in found):
        return TOO_MANY
    return int(any(one["state"] in BAD for one in found))


def of_folder(folder: Path) -> list[tuple[str, dict[str, Any]]]:
    """Return the cells that a fleet was begun with, to take it up again.

    Raises: ParameterError where it was not begun from rows.
    """
    accounts = record.read(folder).accounts
    found = [(one.account_id, one.row) for one in accounts if one.row and one.state != "skipped"]
    if not found:
        raise ParameterError(
            f"{folder} does not say with which rows it was begun: name the file as well"
        )
    return found


def require_the_same(folder: Path, listed: Sequence[Row]) -> None:
    """Refuse to resume what is another fleet's. Raises: ParameterError."""
    fleet, backend = record.read(folder), listed[0].chosen["backend"]
    if fleet.backend != backend:
        raise ParameterError(
            f"{folder} was run with --backend {fleet.backend}, which proves nothing for --backend "
            f"{backend}; nothing was sent: resume it as it was begun, or begin anew"
        )
    proven = {one.account_id for one in fleet.accounts if one.state == "proven"}
    ran = {path.parts[-3]: json.loads(path.read_text("utf-8")) for path in record.last_runs(folder)}
    for row in listed:
        variant, before = row.chosen["variant"], ran.get(row.account_id, {}).get("variant")
        if row.account_id in proven and before not in (None, variant):
            raise ParameterError(
                f"{folder} proved variant {before} in {row.account_id}, and asked for is {variant}"
                "; nothing was sent: resume it as it was begun, or begin anew"
            )
    if not {one.account_id for one in fleet.accounts} & {row.account_id for row in listed}:
        raise ParameterError(
            f"{folder} holds none of these accounts, nothing was sent: name the folder of this "
            "fleet, or begin anew"
        )


def _not_begun(row: Row) -> dict[str, Any]:
    if row.left_out:
        return {"state": "skipped", "cause": f"left out by {row.left_out}"}
    return {"state": "not started"}


def _begin(fleet: Fleet, listed: Sequence[Row]) -> list[Row]:
    """Have an entry for each row; return the rows that are still to be run."""
    entries = {one.account_id: one for one in fleet.accounts}
    todo = []
    for row in listed:
        if row.account_id in entries and entries[row.account_id].state == "proven":
            continue
        made = Account(account_id=row.account_id, row=dict(row.given), **_not_begun(row))
        entries[row.account_id] = made
        if not row.left_out:
            todo.append(row)
    fleet.accounts = list(entries.values())
    return todo


def _outcome(fleet: Fleet, window: Window, some_left: bool) -> tuple[str, int]:
    if signals.told():
        return "interrupted", 128 + signals.told()
    if some_left and window.is_closed:
        return "stopped", TOO_MANY
    bad = any(one.state in BAD for one in fleet.accounts)
    return ("failed", 1) if bad else ("passed", 0)
