"""A whole fleet: begun, worked through, written down, and taken up again."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from runbook_lib.account import opening
from runbook_lib.account.secret import redact
from runbook_lib.errors import ParameterError
from runbook_lib.headless import embedded
from runbook_lib.headless.fleet import credentials, engines, record, rollup, rows
from runbook_lib.headless.fleet.record import BAD, Account, Fleet
from runbook_lib.headless.fleet.rows import Row
from runbook_lib.headless.fleet.task import Job
from runbook_lib.headless.fleet.window import Done, Window, work_through
from runbook_lib.machine import signals
from runbook_lib.machine.files import explained

TOO_MANY = 4
Hear = Callable[[dict[str, Any], Fleet], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How a fleet is worked through; a limit is a number, or percent of the accounts."""

    max_concurrency: str = ""
    max_errors: str = "0"
    ramp: bool = True
    scheduler: str = ""
    insecure_scheduler: bool = False
    role: str = ""
    external_id: str = ""
    profile_pattern: str = ""


def run(
    listed: Sequence[Row], how: How, output: Path, hear: Hear, resumed: Path | None = None
) -> tuple[Fleet, Path]:
    """Run the runbook in each account; return what came of it and the folder that tells it.

    `hear` hears of each account that ended, also of those that did before, in a resumed fleet.
    Raises: ParameterError before anything is sent.
    """
    fleet = record.read(resumed) if resumed else Fleet(run_id=opening.new_run_id())
    folder = (resumed or output / "fleet" / fleet.run_id).absolute()
    fleet.begun, fleet.backend = opening.new_run_id()[:16], listed[0].chosen["backend"]
    todo = _begin(fleet, listed)
    by_id = {one.account_id: one for one in fleet.accounts}
    with explained("make the folder", folder):
        folder.mkdir(parents=True, exist_ok=True)
    record.write(fleet, folder)

    def ended(made: dict[str, Any]) -> None:
        for name, value in made.items():
            setattr(by_id[made["account_id"]], name, value)
        hear(made, fleet)

    window = _window(how, len(todo))
    try:
        with signals.held():
            left = _work(todo, Job("run", str(folder)), how, window, ended)
            fleet.outcome, fleet.exit_status = _outcome(fleet, window, bool(left))
    finally:
        with signals.held():
            fleet.count()
            record.write(fleet, folder)
            rollup.write(fleet, folder)
    return fleet, folder


def each(
    listed: Sequence[Row], how: How, job: Job, hear: Callable[[dict[str, Any]], None]
) -> list[dict[str, Any]]:
    """Do another job in each account; return what came of each, in the rows' order.

    One that does not come to its end keeps no other from it, unless more fail than may.
    """
    found = {row.account_id: {"account_id": row.account_id, **_not_begun(row)} for row in listed}

    def ended(made: dict[str, Any]) -> None:
        found[made["account_id"]] = made
        hear(made)

    todo = [row for row in listed if not row.left_out]
    with signals.held():
        _work(todo, job, how, _window(how, len(todo)), ended)
    signals.check()
    return list(found.values())


def agreed(listed: Sequence[Row], shown: Sequence[dict[str, Any]]) -> list[Row]:
    """Return the rows with what somebody saw and agreed to; an account not seen is left out."""
    rows = {one["account_id"]: one.get("rows") for one in shown}
    return [
        replace(
            row,
            shown=rows[row.account_id],
            left_out=row.left_out
            or ("" if rows[row.account_id] is not None else "what went wrong"),
        )
        for row in listed
    ]


def status(found: Sequence[dict[str, Any]]) -> int:
    """Return the exit status for what came of a job in each account."""
    if any(one["state"] == "not started" for one in found):
        return TOO_MANY
    return int(any(one["state"] in BAD for one in found))


def _not_begun(row: Row) -> dict[str, Any]:
    return {"state": "skipped" if row.left_out else "not started",
            "cause": f"left out by {row.left_out}" if row.left_out else ""}  # fmt: skip


def _begin(fleet: Fleet, listed: Sequence[Row]) -> list[Row]:
    """Have an entry for each row; return the rows that are still to be run."""
    before = {one.account_id: one for one in fleet.accounts}
    todo = []
    for row in listed:
        one = before.get(row.account_id)
        if one and one.state == "proven":
            continue
        made = Account(account_id=row.account_id, row=dict(row.given), **_not_begun(row))
        before[row.account_id] = made
        if not row.left_out:
            todo.append(row)
    fleet.accounts = list(before.values())
    return todo


def _window(how: How, total: int) -> Window:
    usual = "10" if how.scheduler else str(engines.cores())
    most = rows.share("--max-concurrency", how.max_concurrency or usual, total, 1)
    return Window.of(most, rows.share("--max-errors", how.max_errors, total, 0), ramp=how.ramp)


def _work(
    todo: list[Row], job: Job, how: How, window: Window, ended: Callable[[dict[str, Any]], None]
) -> list[Row]:
    if not todo:
        return []

    def hear(row: Row, future: Done) -> bool:
        made = _result(row, future)
        ended(made)
        return made["state"] not in BAD

    settings = {
        "role": how.role,
        "external_id": how.external_id,
        "profile_pattern": how.profile_pattern,
    }
    with (
        _around(todo),
        credentials.for_accounts(todo, **settings) as profiles,
        _engine(job, how, window.most) as (executor, work),
    ):
        ready = [
            replace(row, chosen={**row.chosen, "profile": profiles[row.account_id]}) for row in todo
        ]
        return work_through(
            executor, work, ready, window, is_stopped=lambda: bool(signals.told()), ended=hear
        )


def _around(todo: Sequence[Row]) -> Any:
    local = any(row.chosen["backend"] == "local" for row in todo)
    return embedded.for_a_run() if local else nullcontext()


@contextmanager
def _engine(job: Job, how: How, most: int) -> Iterator[Any]:
    """Lend an executor and what it does for a row."""
    if how.scheduler:
        with engines.on_a_cluster(job, how.scheduler, how.insecure_scheduler) as lent:
            yield lent
    else:
        with engines.here(job, most) as lent:
            yield lent


def _result(row: Row, future: Done) -> dict[str, Any]:
    """Return what a task returned; where it did not return, that is the account's failure."""
    try:
        error = future.exception()
    except CancelledError:
        error = RuntimeError("the cluster gave it up")
    if error is None:
        return future.result()
    message = redact(f"{type(error).__name__}: {error}")
    if type(error).__module__.startswith("distributed"):
        message = f"the worker was lost: {message}"
    return {"account_id": row.account_id, "state": "failed", **record.explain(message, "", [])}


def _outcome(fleet: Fleet, window: Window, some_left: bool) -> tuple[str, int]:
    if signals.told():
        return "interrupted", 128 + signals.told()
    if some_left and window.is_closed:
        return "stopped", TOO_MANY
    bad = any(one.state in BAD for one in fleet.accounts)
    return ("failed", 1) if bad else ("passed", 0)


def of_folder(folder: Path) -> list[tuple[str, dict[str, Any]]]:
    """Return the cells that a fleet was begun with, to take it up again.

    Raises: ParameterError where it was not begun from rows.
    """
    found = [(one.account_id, one.row) for one in record.read(folder).accounts if one.row]
    if not found:
        raise ParameterError(
            f"{folder} does not say with which rows it was begun: name the file as well"
        )
    return found
