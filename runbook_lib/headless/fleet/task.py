"""What is done in one account of a fleet: the row goes in, a small dict comes out.

It holds no secret and no response of AWS's. Whatever goes wrong in an account is an answer, so
that it ends nothing else.
"""

import atexit
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from botocore.exceptions import BotoCoreError, ClientError

from runbook_lib.account import journal, opening
from runbook_lib.account.secret import redact
from runbook_lib.errors import (
    ForeignObjectError,
    Interrupted,
    RunbookError,
    UnreachableError,
    WrongAccountError,
    with_next_step,
)
from runbook_lib.headless.fleet import credentials, record
from runbook_lib.headless.fleet.rows import Row
from runbook_lib.headless.kernels.prepared import PreparedProcess, prepared
from runbook_lib.machine import files, signals

Kind = Literal["run", "plan", "removals", "destroy"]
_PROBLEMS = (RunbookError, ClientError, BotoCoreError, OSError)


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be done in each account, and where its run folder goes."""

    kind: Kind
    output: str = ""
    url: str = ""  # its place in S3
    entry: Mapping[str, str] = field(default_factory=dict)  # `for_accounts`, where no row says it


def on_a_worker(row: Row, job: Job) -> dict[str, Any]:
    """Do the job where nothing is prepared: each process prepares one for all that it is given."""
    return in_account(row, job, _of_this_process())


def in_account(row: Row, job: Job, process: PreparedProcess | None) -> dict[str, Any]:
    """Do the job; return fields of `record.Account`, and for plan and destroy also `rows`."""
    began = time.monotonic()
    with journal.of_run(opening.new_run_id()):
        try:
            with credentials.for_accounts([row], **job.entry) as profiles:
                entered = _with(row, profiles[row.account_id])
                made = _JOBS[job.kind](entered, job, process)
        except signals.Stopped:
            made = {"state": "failed", **record.explain(Interrupted.message, job.kind, [])}
        except _PROBLEMS as error:
            made = _failed(error, job)
        calls = record.counted(map(asdict, journal.calls()))
    seconds = round(time.monotonic() - began, 2)
    return {**calls, "account_id": row.account_id, "seconds": seconds, **made}


def _with(row: Row, profile: str) -> Row:
    return replace(row, chosen={**row.chosen, "profile": profile})


def _failed(error: Exception, job: Job) -> dict[str, Any]:
    """Say in which state an account is that did not come to the end."""
    if isinstance(error, OSError) and not isinstance(error, RunbookError):
        error = files.refusal(error)
    message = str(error) if isinstance(error, RunbookError) else with_next_step(error)
    calls = [asdict(call) for call in journal.calls()]
    untouched = not record.counted(calls)["mutating"]
    section = "opening" if isinstance(error, UnreachableError | WrongAccountError) else "plan"
    why = record.explain(redact(message), section, calls)
    state = "failed"
    if isinstance(error, UnreachableError) and why["code"] not in journal.THROTTLED:
        state = "unreachable"
    elif isinstance(error, WrongAccountError | ForeignObjectError) and untouched:
        state = "refused"
    return {"state": state, **why}


def _run(row: Row, job: Job, process: PreparedProcess | None) -> dict[str, Any]:
    from runbook_lib.headless import run
    from runbook_lib.headless.outputs import Output

    made, folder = run.run(row.chosen, Path(job.output), lambda *_: None, process=process)
    Output(Path(job.output), job.url).send(folder)
    report = (folder / "report.html").relative_to(Path(job.output).absolute()).as_posix()
    return record.of_run(asdict(made), report)


def _plan(row: Row, job: Job, process: PreparedProcess | None) -> dict[str, Any]:
    from runbook_lib import plan
    from runbook_lib.runbook import open_runbook

    with _embedded(row):
        rows = plan.plan(open_runbook(row.chosen))
    return {"state": "planned", "rows": rows, "summary": plan.summary(rows)}


def _destroy(row: Row, job: Job, process: PreparedProcess | None) -> dict[str, Any]:
    """Take away what was shown, or only show it; all that is there where nothing was shown."""
    from runbook_lib import plan
    from runbook_lib.runbook import open_runbook

    with _embedded(row):
        book = open_runbook(row.chosen)
        with book.exclusive():
            shown = plan.removals(book) if row.shown is None else list(row.shown)
            rows = plan.destroy(book, shown, confirm=job.kind == "destroy")
    if job.kind == "removals":
        return {"state": "planned", "rows": rows}
    if plan.is_complete(rows):
        return {"state": "destroyed", "rows": rows}
    left = [row for row in rows if row["Id"] and row["Outcome"] != "deleted"]
    message = "; ".join(f"{row['Kind']} {row['Name']!r}: {row['Outcome']}" for row in left)
    return {"state": "failed", "rows": rows, **record.explain(message, "destroy", [])}


def _embedded(row: Row) -> Any:
    from runbook_lib.headless import embedded

    return embedded.for_a_run() if row.chosen["backend"] == "local" else nullcontext()


@cache
def _of_this_process() -> PreparedProcess | None:
    context = prepared()
    process = context.__enter__()
    atexit.register(context.__exit__, None, None, None)
    return process


_JOBS: Mapping[str, Callable[[Row, Job, PreparedProcess | None], dict[str, Any]]] = {
    "run": _run,
    "plan": _plan,
    "removals": _destroy,
    "destroy": _destroy,
}
