"""May this principal do this? The order in which AWS consults the kinds of policies.

How one statement reads on a request does not belong here, nor the words of an explanation.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from runbook_lib.access import explanation
from runbook_lib.access.documents import Effect, Policy
from runbook_lib.access.explanation import Side
from runbook_lib.access.matching import Reading, Request, context_of, read
from runbook_lib.access.principals import Naming

Policies = Mapping[Side, Sequence[Policy]]
Readings = Mapping[Side, Sequence[Reading]]


@dataclass(frozen=True, slots=True)
class Matched:
    """A statement that decided."""

    policy: str
    sid_or_index: str
    effect: Effect
    arn: str = ""  # of the policy, where it has one


@dataclass(frozen=True, slots=True)
class Decision:
    """What AWS answers, one sentence of why, what decided, and which kind of policy refused."""

    outcome: Literal["allowed", "explicitDeny", "implicitDeny"]
    why: str
    statements: tuple[Matched, ...]
    reason_kind: Literal["identity", "resource", "boundary", "session", "allowed"]

    @property
    def allowed(self) -> bool:
        """Tell whether the call may be made."""
        return self.outcome == "allowed"


def evaluate(
    request: Request, resource_policy: Policy | None = None, resource_account: str | None = None
) -> Decision:
    """Decide one request.

    `resource_policy` is the trust policy of the role that is to be assumed, tagged or given a
    source identity; `resource_account` is that role's account, by default the one in its ARN.
    """
    if (certain := settled(request, resource_policy)) is not None:
        return certain
    policies, readings = consulted(request, resource_policy)
    return decided(request, policies, readings, account_of(request, resource_account))


def decided(request: Request, policies: Policies, readings: Readings, account: str) -> Decision:
    """Decide on readings: an explicit deny first, then what is not allowed."""
    return _denied(request, readings) or _weighed(request, policies, readings, account)


def settled(request: Request, resource_policy: Policy | None) -> Decision | None:
    """Return the decision on what no policy has a say in."""
    action, is_user = request.action.lower(), request.principal.role_arn is None
    if action in ("sts:getsessiontoken", "sts:getfederationtoken") and not is_user:
        # https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
        why = f"{request.action} is for the key of a user, and a session may not call it"
        return Decision("implicitDeny", why, (), "identity")
    if action in ("sts:getcalleridentity", "sts:getsessiontoken"):
        # https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
        # https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
        return Decision("allowed", f"{request.action} needs no permission", (), "allowed")
    if request.principal.is_root and (resource_policy or action == "sts:assumerole"):
        # https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
        why = "roles may not be assumed by an account's root user"
        return Decision("implicitDeny", why, (), "resource")
    return None


def consulted(request: Request, resource_policy: Policy | None) -> tuple[Policies, Readings]:
    """Return the policies that have a say, and how their statements read on the request."""
    policies = _policies(request, resource_policy)
    context = context_of(request)
    return policies, {
        side: [it for each in group for it in read(each, request, context, side == "resource")]
        for side, group in policies.items()
    }


def account_of(request: Request, resource_account: str | None) -> str:
    """Return the account of the resource, by default the one in its ARN."""
    return resource_account or "".join(request.resource.split(":")[4:5])


def _denied(request: Request, readings: Readings) -> Decision | None:
    for side, group in readings.items():
        if (deny := _first(group, "Deny")) is not None:
            why = explanation.denied(request, side, deny)
            return Decision("explicitDeny", why, matched([deny]), side)
    return None


def _weighed(request: Request, policies: Policies, readings: Readings, account: str) -> Decision:
    granted = granting(request, readings, account)
    for side, grant in granted.items():
        if grant is None:
            why = explanation.refused(request, side, policies[side], readings[side])
            return Decision("implicitDeny", why, (), side)
    why = explanation.allowed(request, granted.get("identity"), granted.get("resource"))
    deciding = [grant for grant in granted.values() if grant]
    return Decision("allowed", why, matched(deciding), "allowed")


def granting(request: Request, readings: Readings, account: str) -> dict[Side, Reading | None]:
    """Return the statement that grants for each kind of policies that must allow, or None."""
    grants = {side: _first(group, "Allow") for side, group in readings.items()}
    needed = _needed(readings, request, grants.get("resource"), account)
    return {side: grants[side] for side in needed}


def _policies(request: Request, trust: Policy | None) -> Policies:
    principal = request.principal
    policies: dict[Side, Sequence[Policy] | None] = {
        "resource": (trust,) if trust else None,
        "identity": principal.identity_policies,
        "boundary": (principal.boundary,) if principal.boundary else None,
        "session": principal.session_policies,
    }
    return {side: found for side, found in policies.items() if found is not None}


def _needed(
    sides: Iterable[Side], request: Request, trust: Reading | None, account: str
) -> list[Side]:
    """Say which kinds of policies must allow, the one to report first in front.

    Within an account a trust policy that names a user or a session grants to it directly; one
    that names a role is still limited by boundary and session policies; one that names the
    account leaves the decision to identity policies. Across accounts both sides must allow.

    A doubtful point: a trust policy with the principal `*`, and a caller that a session policy or
    a boundary limits. AWS says that what a resource-based policy grants to a session's ARN is not
    limited by an implicit deny in either, and of `*` only that it is everyone. Here `*` counts as
    naming the caller directly, the widest that its grant can be; a Deny still refuses.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    if request.principal.is_root:
        return []
    naming = trust.naming if trust and account == request.principal.account_id else None
    unneeded: dict[Naming | None, tuple[Side, ...]] = {
        Naming.DIRECT: ("identity", "boundary", "session"),
        Naming.ROLE: ("identity",),
    }
    return [side for side in sides if side not in unneeded.get(naming, ())]


def _first(readings: Iterable[Reading], effect: Effect) -> Reading | None:
    """Return the statement of this effect that applies, the one naming most directly if several."""
    found = [each for each in readings if each.applies and each.statement.effect == effect]
    return max(found, key=lambda each: each.naming or 0, default=None)


def matched(readings: Iterable[Reading]) -> tuple[Matched, ...]:
    """Name the statements that decided."""
    return tuple(
        Matched(each.policy.name, explanation.label(each), each.statement.effect, each.policy.arn)
        for each in readings
    )
