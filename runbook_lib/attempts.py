"""A refusal is data: call, and keep what was expected, predicted and observed side by side."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from botocore.exceptions import ClientError

from runbook_lib import journal
from runbook_lib.account import Caller
from runbook_lib.errors import ProofError
from runbook_lib.prediction import predict
from runbook_lib.waiting import code_of, until_known

Outcome = Literal["allowed", "refused", "inconclusive"]
REFUSALS = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One row of evidence."""

    who: str
    action: str
    expected: Outcome
    predicted: Outcome
    observed: Outcome
    code: str
    why: str
    message: str = ""
    response: Any = field(default=None, repr=False)

    @property
    def proven(self) -> bool:
        """Whether what was expected, what the policies say and what AWS did are the same."""
        return self.expected == self.predicted == self.observed


def attempt(
    call: Callable[..., dict[str, Any]],
    caller: Caller,
    *arguments: Any,
    expected: Outcome,
    resource: str = "*",
    owner: Caller | None = None,
    **options: Any,
) -> Attempt:
    """Call as this principal and keep the outcome; a refusal does not raise.

    A refusal counts when these credentials answered GetCallerIdentity (every `Caller`'s have),
    AWS's code is one of authorization, and a second call is refused too.
    Raises: ClientError for any other error.
    """
    action = _action(call)
    decision = predict(caller, action, resource, owner=owner, context=_context(options))
    response, refusal = _observe(call, caller, arguments, options, expected)
    made = Attempt(
        who=caller.arn,
        action=action,
        expected=expected,
        predicted="allowed" if decision.allowed else "refused",
        observed=_outcome(response, refusal),
        code=code_of(refusal) if refusal else "ok",
        why=decision.why,
        message=refusal.response["Error"]["Message"] if refusal else "",
        response=response,
    )
    _record(made)
    return made


def require(*rows: Attempt) -> None:
    """Fail where an observation is not what was expected and predicted.

    Raises: ProofError naming the rows, and for each what differs and why.
    """
    wrong = [row for row in rows if not row.proven]
    if wrong:
        raise ProofError("not proven: " + "; ".join(map(_difference, wrong)))


def _difference(row: Attempt) -> str:
    return (
        f"{row.action} as {row.who} was expected to be {row.expected}, the policies predict "
        f"{row.predicted}, AWS's answer is {row.observed} ({row.code}): {row.why}"
    )


def _observe(
    call: Callable[..., dict[str, Any]],
    caller: Caller,
    arguments: tuple[Any, ...],
    options: dict[str, Any],
    expected: Outcome,
) -> tuple[dict[str, Any] | None, ClientError | None]:
    """Call until the answer settles: on AWS, permissions take some seconds to arrive."""
    not_yet = REFUSALS if expected == "allowed" else set()
    try:
        return until_known(
            caller.place.backend, lambda: call(caller, *arguments, **options), not_yet=not_yet
        ), None
    except ClientError as error:
        if code_of(error) not in REFUSALS:
            raise
        first = error
    try:
        return call(caller, *arguments, **options), first
    except ClientError as error:
        return None, error


def _outcome(response: object, refusal: ClientError | None) -> Outcome:
    if refusal is None:
        return "allowed"
    repeated = response is None and code_of(refusal) in REFUSALS
    return "refused" if repeated else "inconclusive"


def _action(call: Callable[..., object]) -> str:
    service = call.__module__.rpartition(".")[2]
    return f"{service}:{call.__name__.title().replace('_', '')}"


def _context(options: dict[str, Any]) -> dict[str, str]:
    external_id = options.get("external_id")
    return {"sts:ExternalId": external_id} if external_id else {}


def _record(made: Attempt) -> None:
    names = ("who", "action", "expected", "predicted", "observed", "code", "why")
    journal.record("proof", {name: getattr(made, name) for name in names})
