"""The one sentence of why. Nothing is decided here."""

import re
from collections.abc import Iterable, Sequence
from typing import Literal

from runbook_lib.access.conditions import Condition
from runbook_lib.access.documents import Policy
from runbook_lib.access.matching import Reading, Request

Side = Literal["identity", "resource", "boundary", "session"]
_PLAIN = {  # what people call a condition key
    "sts:externalid": "external id",
    "sts:rolesessionname": "session name",
    "session": "name of the caller's session",
    "sts:sourceidentity": "source identity",
    "aws:multifactorauth(present|age)": "MFA",
    "aws:sourceip": "source address",
    "aws:(sourcevpce?|vpcsourceip)": "network",
    "aws:principaltag/.*": "tag of the principal",
    "aws:requesttag/.*": "session tag",
    "(aws|iam):resourcetag/.*": "tag of the resource",
    "aws:(currenttime|epochtime|tokenissuetime)": "time",
    "aws:requestedregion": "region",
    "aws:principalorg(id|paths)": "organization",
    "aws:source(account|arn|orgid|orgpaths)": "on whose behalf",
    "saml:.*": "SAML claim",
    "not-understood:.*": "a policy that is not understood",
    r"[^:]+\.[^:]+:.*": "web identity claim",
}


def condition(test: Condition, is_not: str = "") -> str:
    """Say what a condition asks for, as in `MFA (aws:MultiFactorAuthPresent Bool true)`."""
    found = (words for key, words in _PLAIN.items() if re.fullmatch(key, test.key.lower()))
    said = f"{is_not}{test.key} {test.operator} {' or '.join(test.values)}"
    words = next(found, "")
    return f"{words} ({said})" if words else said


def way(met: Iterable[Condition], avoided: Iterable[Sequence[Condition]]) -> list[str]:
    """Say what is asked for together, and what must not be so."""
    said = [condition(test) for test in met]
    for tests in avoided:
        several = " and ".join(map(condition, tests))
        said.append(condition(tests[0], "not ") if len(tests) == 1 else f"not at once {several}")
    return said


def allowed(request: Request, identity: Reading | None, trust: Reading | None) -> str:
    """Name the statements that let the request pass."""
    grants = f"{_statement('identity', identity)} allows {_call(request)}" if identity else ""
    if trust is None:
        return grants or f"{request.principal.arn} may do everything in its account"
    admits = f"{_statement('resource', trust)} admits {request.principal.arn}"
    return f"{grants} and {admits}" if grants else f"{admits}, which needs no other permission"


def denied(request: Request, side: Side, reading: Reading) -> str:
    """Name the statement that forbids the request."""
    return f"{_statement(side, reading)} denies {_call(request)} for {request.principal.arn}"


def refused(
    request: Request, side: Side, policies: Sequence[Policy], readings: Sequence[Reading]
) -> str:
    """Name the kind of policy that does not allow the request, and what came nearest."""
    near = [reading for reading in readings if reading.statement.effect == "Allow"]
    near.sort(key=lambda reading: reading.elsewhere)
    because = _shortcoming(near[0]) if near else ""
    if side == "resource":
        admits = f"{policies[0].name} does not admit {request.principal.arn}"
        return f"{admits}: {because}" if near else admits
    if side == "identity" or len(policies) != 1:
        kind = "" if side == "identity" else f"{side} policy "
        lacking = f"no {kind}statement allows {_call(request)} for {request.principal.arn}"
        return f"{lacking}: {_statement(side, near[0])} would, but {because}" if near else lacking
    allows = f"{_policy(side, policies[0])} does not allow {_call(request)}"
    return f"{allows}: {because}" if near else allows


def label(reading: Reading) -> str:
    """Return a statement's Sid, else its number from 1."""
    return reading.statement.sid or str(reading.statement.index + 1)


def _shortcoming(reading: Reading) -> str:
    statement, condition = reading.statement, reading.failed
    if reading.elsewhere:
        covered = f"covers only {', '.join(statement.resources)}"
        return covered if statement.resources else f"excepts {', '.join(statement.not_resources)}"
    assert condition, "a statement that applies is no near miss"
    sent = ", ".join(f'"{value}"' for value in reading.sent) or "nothing"
    return f"condition {condition.operator} {condition.key} is not met (sent: {sent})"


def _statement(side: Side, reading: Reading) -> str:
    number = f'"{reading.statement.sid}"' if reading.statement.sid else label(reading)
    return f"{_policy(side, reading.policy)}, statement {number}"


def _policy(side: Side, policy: Policy) -> str:
    prefixed = side in ("identity", "resource") or policy.name.startswith(side)
    return policy.name if prefixed else f"{side} {policy.name}"


def _call(request: Request) -> str:
    return request.action if request.resource == "*" else f"{request.action} on {request.resource}"
