"""Every call that leaves this process, written down: what, by whom, whether it changed anything.

Parameters and responses are not kept: they may hold secrets.
"""

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

RECORD_VARIABLE = "RUNBOOK_RECORD"
_READING = ("Get", "List", "Describe", "Simulate", "AssumeRole")


@dataclass(frozen=True, slots=True)
class Call:
    """One AWS call that was answered, or failed to be."""

    action: str
    principal: str
    mutating: bool
    outcome: str
    request_id: str
    seconds: float


CALLS: list[Call] = []


def watch(client: Any, principal: Callable[[], str]) -> None:
    """Write down every call of this botocore client under the ARN that `principal` gives."""

    def before(context: dict[str, Any], **_: object) -> None:
        context["runbook_started"] = time.monotonic()

    def after(event_name: str, context: dict[str, Any], **answer: Any) -> None:
        action = ":".join(event_name.split(".")[1:])
        seconds = round(time.monotonic() - context["runbook_started"], 4)
        who = principal() or answer.get("parsed", {}).get("Arn", "")  # GetCallerIdentity's answer
        call = Call(action, who, is_mutating(action), *_outcome(answer), seconds)
        CALLS.append(call)
        record("call", asdict(call))

    client.meta.events.register("before-call", before)
    client.meta.events.register("after-call", after)
    client.meta.events.register("after-call-error", after)


def is_mutating(action: str) -> bool:
    """Tell whether an action such as `iam:CreateUser` changes the account."""
    return not action.partition(":")[2].startswith(_READING)


def record(kind: str, entry: dict[str, Any]) -> None:
    """Append a line to the file that a headless run collects; without one, do nothing."""
    path = os.environ.get(RECORD_VARIABLE)
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"kind": kind, **entry}, ensure_ascii=False) + "\n")


def _outcome(answer: dict[str, Any]) -> tuple[str, str]:
    if "exception" in answer:
        return type(answer["exception"]).__name__, ""
    parsed = answer["parsed"]
    request_id = parsed.get("ResponseMetadata", {}).get("RequestId", "")
    return parsed.get("Error", {}).get("Code", "ok"), request_id
