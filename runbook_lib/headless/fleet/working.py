"""How a fleet is worked through, whatever is done in each account, here or on a cluster."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from runbook_lib.account.secret import redact
from runbook_lib.errors import ParameterError
from runbook_lib.headless import embedded
from runbook_lib.headless.fleet import credentials, engines, record, rows
from runbook_lib.headless.fleet.record import BAD
from runbook_lib.headless.fleet.rows import Row
from runbook_lib.headless.fleet.task import Job
from runbook_lib.headless.fleet.window import Done, Window, work_through
from runbook_lib.machine import signals

Made = dict[str, Any]
Hear = Callable[[Made], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How a fleet is worked through; a limit is a number, or percent of the accounts."""

    max_concurrency: str = ""
    max_errors: str = ""  # none, or any number for what only reads
    ramp: bool = True
    scheduler: str = ""
    insecure_scheduler: bool = False
    role: str = ""
    external_id: str = ""
    profile_pattern: str = ""
    profile: str = ""  # of the hub, who assumes the role

    def window(self, total: int, *, reads: bool = False) -> Window:
        """Return how many accounts may be at work and fail, of so many.

        Raises: ParameterError.
        """
        engines.require_private(self.scheduler, self.insecure_scheduler)
        usual = "10" if self.scheduler else str(engines.cores())
        most = rows.share("--max-concurrency", self.max_concurrency or usual, total, 1)
        bearable = self.max_errors or ("100%" if reads else "0")
        tolerated = rows.share("--max-errors", bearable, total, 0)
        return Window.of(most, tolerated, ramp=self.ramp)


def work(todo: Sequence[Row], job: Job, how: How, window: Window, ended: Hear) -> list[Row]:
    """Do the job in each account; return the rows that did not begin. `ended` hears of each.

    No signal interrupts it: it ends soon after one, when what was begun has ended.
    """

    def hear(row: Row, future: Done) -> bool:
        made = _result(row, future)
        ended(made)
        return made["state"] not in BAD

    if not todo:
        return []
    local = any(row.chosen["backend"] == "local" for row in todo)
    if how.scheduler and how.role:  # each worker assumes it for itself
        entry = {"role": how.role, "external_id": how.external_id}
        job = replace(job, entry={**entry, **_where(todo, job)})
    with (
        signals.held(),
        embedded.for_a_run() if local else nullcontext(),
        _profiles(todo, how, job) as profiles,
        engines.engine(job, how.scheduler, window.most) as (executor, do),
    ):
        return work_through(
            executor,
            do,
            [_with(row, profiles[row.account_id]) for row in todo],
            window,
            is_stopped=lambda: bool(signals.told()),
            ended=hear,
        )


def require_entry(todo: Sequence[Row], how: How) -> Mapping[str, str]:
    """Return the profile of each account, where there is one; "" is the role, or nobody's.

    Raises: ParameterError where there is no way into an account, or more than one.
    """
    given = {
        "role": how.role,
        "external_id": how.external_id,
        "profile_pattern": how.profile_pattern,
    }
    if todo and todo[0].chosen["backend"] == "aws":
        return credentials.named(todo, **given)
    if how.profile or any(given.values()):
        raise ParameterError(
            "--role, --external-id, --profile-pattern and --profile go with --backend aws; the "
            "embedded AWS has credentials of its own; nothing was sent"
        )
    return {row.account_id: "" for row in todo}


def _profiles(todo: Sequence[Row], how: How, job: Job) -> AbstractContextManager[Mapping[str, str]]:
    """Lend the profiles; those of the role only for what runs here: no secret travels."""
    found = require_entry(todo, how)
    if how.scheduler or not how.role:
        return nullcontext(found)
    return credentials.for_accounts(
        todo,
        role=how.role,
        external_id=how.external_id,
        profile=how.profile,
        **_where(todo, job),
    )


def _where(todo: Sequence[Row], job: Job) -> dict[str, str]:
    """Return the region in which the hub asks, and the run that its sessions are named after."""
    return {"region": todo[0].chosen["region"], "run_id": Path(job.output).name}


def _with(row: Row, profile: str) -> Row:
    return replace(row, chosen={**row.chosen, "profile": profile})


def _result(row: Row, future: Done) -> Made:
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
