"""Every call that leaves this process, written down: what, by whom, whether it changed anything.

Responses are not kept: they may hold secrets. A call's parameters are, as the aws CLI's command.
"""

import json
import os
import re
import shlex
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import botocore

from runbook_lib.account.secret import remember_secrets
from runbook_lib.errors import RunbookError
from runbook_lib.machine.files import explained

RECORD_VARIABLE = "RUNBOOK_RECORD"
_KEY_ID = re.compile(r"A[KS]IA[A-Z0-9]{12}(?=[A-Z0-9]{4}\b)")  # its last four characters stay
_CODES = ("TokenCode", "AuthenticationCode1", "AuthenticationCode2")
THROTTLED = {"Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequests"}
_READING = ("Get", "List", "Describe", "Simulate", "AssumeRole")


@dataclass(frozen=True, slots=True)
class Call:
    """One AWS call that was answered, or failed to be."""

    time: str
    action: str
    command: str
    principal: str
    mutating: bool
    outcome: str
    request_id: str
    seconds: float
    purpose: str = ""  # what a call that is no part of the lesson was for
    retries: int = 0  # how often the SDK sent it again
    throttled: int = 0  # how many of the answers said that it was too often


@dataclass(slots=True)
class _Run:
    """What the calls of one run have in common; several may run at once, a thread each."""

    run_id: str = ""
    calls: list[Call] = field(default_factory=list)


_OUTSIDE = _Run()
CALLS = _OUTSIDE.calls  # of this process, as far as they are no run's
_RUN: ContextVar[_Run] = ContextVar("run", default=_OUTSIDE)  # shared on purpose
_PURPOSE: ContextVar[str] = ContextVar("purpose", default="")


@contextmanager
def of_run(run_id: str) -> Iterator[None]:
    """Let the calls inside the block, in this thread, be those of a run and of no other.

    A block inside another one goes on with its calls.
    """
    around = _RUN.get()
    token = _RUN.set(_Run(run_id, [] if around is _OUTSIDE else around.calls))
    try:
        yield
    finally:
        _RUN.reset(token)


def calls() -> list[Call]:
    """Return the calls so far: of the run that this thread is in, or else of the process."""
    return _RUN.get().calls


def run_id() -> str:
    """Return the id of the run that this thread is in, or nothing outside of one."""
    return _RUN.get().run_id


def watch(client: Any, principal: Callable[[], str]) -> None:
    """Write down every call of this botocore client under the ARN that `principal` gives."""

    def after(event_name: str, context: dict[str, Any], **answer: Any) -> None:
        if isinstance(answer.get("exception"), RunbookError):  # it was not sent
            return
        action = action_of(event_name)
        remember_secrets(answer.get("parsed", {}))
        outcome, request_id = _outcome(answer)
        call = Call(
            time=datetime.now(UTC).isoformat(timespec="milliseconds"),
            action=action,
            command=context["runbook_command"],
            principal=principal() or answer.get("parsed", {}).get("Arn", ""),  # GetCallerIdentity
            mutating=is_mutating(action),
            outcome=outcome,
            request_id=request_id,
            seconds=round(time.monotonic() - context["runbook_started"], 4),
            purpose=_PURPOSE.get(),
            retries=max(context["runbook_tries"] - 1, 0),
            throttled=context["runbook_throttled"],
        )
        _keep(call)

    client.meta.events.register("before-parameter-build", _given)
    client.meta.events.register("before-call", _before)
    client.meta.events.register("response-received", _answered)
    client.meta.events.register("after-call", after)
    client.meta.events.register("after-call-error", after)


def _given(event_name: str, params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
    service, operation = event_name.split(".")[1:]
    context["runbook_command"] = command(service, operation, params)


def _before(context: dict[str, Any], **_: object) -> None:
    context |= {"runbook_started": time.monotonic(), "runbook_tries": 0, "runbook_throttled": 0}


def _answered(context: dict[str, Any], parsed_response: dict[str, Any] | None, **_: object) -> None:
    """Count each answer, also those that the SDK does not give to whoever called."""
    code = (parsed_response or {}).get("Error", {}).get("Code")
    context["runbook_tries"] += 1
    context["runbook_throttled"] += code in THROTTLED


def command(service: str, operation: str, parameters: dict[str, Any]) -> str:
    """Return the aws CLI's command; key ids as in the tutorial, XXXX…, and a token code masked."""
    words = ["aws", service, botocore.xform_name(operation, "-")]
    for name, value in parameters.items():
        words.append(f"--{botocore.xform_name(name, '-')}")
        if name in _CODES:
            words.append("******")
        elif value is not True:
            words.append(value if isinstance(value, str) else json.dumps(value))
    if operation == "CreateVirtualMFADevice":  # the aws CLI wants to know where to put the seed
        words += ["--outfile", "seed", "--bootstrap-method", "Base32StringSeed"]
    return _KEY_ID.sub("X" * 16, shlex.join(words))


@contextmanager
def reads_for(purpose: str) -> Iterator[None]:
    """Say what the calls inside the block are for; they are no part of the lesson."""
    token = _PURPOSE.set(purpose)
    try:
        yield
    finally:
        _PURPOSE.reset(token)


def changes() -> int:
    """Return how often something was changed so far."""
    return sum(call.mutating for call in calls())


def action_of(event_name: str) -> str:
    """Return the action, such as `iam:CreateUser`, of a client's event."""
    return ":".join(event_name.split(".")[1:])


def is_mutating(action: str) -> bool:
    """Tell whether an action such as `iam:CreateUser` changes the account."""
    return not action.partition(":")[2].startswith(_READING)


def record(kind: str, entry: dict[str, Any]) -> None:
    """Append a line to the file that a headless run collects; without one, do nothing."""
    path = os.environ.get(RECORD_VARIABLE)
    if path:
        line = json.dumps({"kind": kind, **entry}, ensure_ascii=False) + "\n"
        with explained("write", Path(path)), Path(path).open("a", encoding="utf-8") as file:
            file.write(line)


def _keep(call: Call) -> None:
    calls().append(call)
    with nullcontext() if call.outcome == "ok" else suppress(RunbookError):  # it has its own error
        record("call", asdict(call))


def _outcome(answer: dict[str, Any]) -> tuple[str, str]:
    if "exception" in answer:
        return type(answer["exception"]).__name__, ""
    parsed = answer["parsed"]
    request_id = parsed.get("ResponseMetadata", {}).get("RequestId", "")
    return parsed.get("Error", {}).get("Code", "ok"), request_id
