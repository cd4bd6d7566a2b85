"""A refusal is data: call, and keep what was expected, predicted and observed side by side."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from botocore.exceptions import ClientError

from runbook_lib import access
from runbook_lib.account import journal
from runbook_lib.account.caller import Caller
from runbook_lib.account.mfa.codes import SecondFactor
from runbook_lib.account.waiting import code_of, until_settled
from runbook_lib.attempts.predict import predict
from runbook_lib.errors import ProofError

Outcome = Literal["allowed", "refused", "inconclusive"]
REFUSALS = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
UNKNOWN_KEY = {"InvalidClientTokenId", "AuthFailure"}


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
    given: str = ""
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
    owner: Caller | None = None,
    context: Mapping[str, str] | None = None,
    **options: Any,
) -> Attempt:
    """Call as this principal and keep the outcome; a refusal does not raise.

    A refusal counts when these credentials answered GetCallerIdentity (every `Caller`'s have),
    AWS's code is one of authorization, and a second call is refused too; otherwise the outcome is
    "inconclusive". `owner` administers the account of the role that is to be assumed; `context`
    holds condition keys that the caller's session has, and the options do not tell.
    Raises: ClientError for any other error.
    """
    action = _action(call, caller)
    resource = arguments[0] if owner else "*"
    asked: dict[str, Any] = {"owner": owner, "context": {**(context or {}), **_context(options)}}
    decision = _bad_code(options) or predict(caller, action, resource, **asked)
    hopeful = decision.allowed and expected == "allowed"
    response, refusal = _observe(
        action, lambda: call(caller, *arguments, **options), caller, hopeful
    )
    if decision.allowed == bool(refusal):  # perhaps somebody has changed a policy meanwhile
        decision = _bad_code(options) or predict(caller, action, resource, **asked, anew=True)
    made = Attempt(
        who=caller.arn,
        action=action,
        expected=expected,
        predicted="allowed" if decision.allowed else "refused",
        observed=_outcome(response, refusal),
        code=code_of(refusal) if refusal else "ok",
        why=decision.why,
        given=_given({**(context or {}), **options}),
        message=refusal.response["Error"]["Message"] if refusal else "",
        response=response,
    )
    _record(made)
    return made


def require(rows: Iterable[Attempt]) -> None:
    """Fail where an observation is not what was expected and predicted.

    Raises: ProofError naming the rows, and for each what differs and why.
    """
    wrong = [row for row in rows if not row.proven]
    if wrong:
        raise ProofError("\n".join(["not proven:", *map(_difference, wrong)]))


def _difference(row: Attempt) -> str:
    return (
        f"{row.action} as {row.who} was expected to be {row.expected}, the policies predict "
        f"{row.predicted}, AWS's answer is {row.observed} ({row.code}): {row.why}"
    )


def _observe(
    action: str, call: Callable[[], dict[str, Any]], caller: Caller, hopeful: bool
) -> tuple[dict[str, Any] | None, ClientError | None]:
    """Call until the answer settles: on AWS, keys and permissions take some seconds to arrive.

    A refusal is waited out only where the policies allow the call; a true one is known at once,
    and called a second time.
    """
    backend, what = caller.place.backend, f"that {caller.arn.split(':')[-1]} may call {action}"
    not_yet = REFUSALS | UNKNOWN_KEY if hopeful else UNKNOWN_KEY
    try:
        return until_settled(backend, what, call, not_yet=not_yet), None
    except ClientError as error:
        if code_of(error) not in REFUSALS:
            raise
        first = error
    try:
        return until_settled(backend, what, call, not_yet=UNKNOWN_KEY, in_a_row=1), first
    except ClientError as error:
        return None, error


def _outcome(response: object, refusal: ClientError | None) -> Outcome:
    if refusal is None:
        return "allowed"
    repeated = response is None and code_of(refusal) in REFUSALS
    return "refused" if repeated else "inconclusive"


def _action(call: Callable[..., object], caller: Caller) -> str:
    """Return the AWS action that a function of `iam`, `sts` or `ec2` is named after."""
    service = call.__module__.rpartition(".")[2]
    return f"{service}:{getattr(caller, service).meta.method_to_api_mapping[call.__name__]}"


def _given(options: dict[str, Any]) -> str:
    """Tell what was sent along: an external id is no secret, a token code is."""
    present = "aws:MultiFactorAuthPresent"  # its age says so too
    shown = (f"{name}={_shown(value)}" for name, value in options.items() if value)
    return ", ".join(one for one in shown if not one.startswith(present))


def _shown(value: object) -> str:
    return value.kind if isinstance(value, SecondFactor) else str(value)


def _context(options: dict[str, Any]) -> dict[str, str]:
    sent, factor = {"sts:ExternalId": options.get("external_id")}, options.get("mfa")
    if factor:
        sent |= {"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "0"}
    return {key: value for key, value in sent.items() if value}


def _bad_code(options: dict[str, Any]) -> access.Decision | None:
    factor = options.get("mfa")
    if factor is None or factor.kind == "code":
        return None
    why = f"AWS takes no {factor.kind}, and asks no policy"
    return access.Decision("implicitDeny", why, (), "identity")


def _record(made: Attempt) -> None:
    names = ("who", "action", "given", "expected", "predicted", "observed", "code", "why")
    journal.record("proof", {name: getattr(made, name) for name in names})
