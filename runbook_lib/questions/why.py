"""Why may this principal do this, or why not: one question, answered from the account as it is.

Reads only, and never guesses: what cannot be seen is said.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from runbook_lib import access
from runbook_lib.access.arns import Arn
from runbook_lib.account.caller import Caller
from runbook_lib.errors import ParameterError
from runbook_lib.machine.software import program
from runbook_lib.questions import actions, naming, resources
from runbook_lib.questions.judging import (
    ORGANIZATION,
    conditions,
    further,
    judged,
    of_others,
    statements,
    told,
)
from runbook_lib.questions.naming import Found
from runbook_lib.questions.people import People, request
from runbook_lib.questions.remedies import Remedy, remedies

JOINING = {"sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"}
_OF_TRUST = JOINING | {"sts:TagSession", "sts:SetSourceIdentity", "sts:SetContext"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """One answer. The conditions are needed all together; one with "or" in it names several."""

    principal: str
    action: str
    resource: str
    answer: str
    why: str
    decided_by: list[dict[str, str]]
    conditions: list[str]
    to_allow: list[Remedy]
    not_seen: list[str]

    def document(self) -> dict[str, Any]:
        """Return the answer for a program."""
        return {
            "principal": self.principal,
            "action": self.action,
            "resource": self.resource,
            "allowed": self.answer == "yes",
            "answer": self.answer,
            "decided_by": self.decided_by,
            "why": self.why,
            "unless": self.conditions,
            "to_allow": [_remedy(one) for one in self.to_allow],
            "not_seen": self.not_seen,
        }


def why(account: Caller, principal: str, action: str, resource: str = "") -> Why:
    """Tell whether a principal may do this, and what decides (iam:GetAccountAuthorizationDetails).

    `principal` is a name, an ARN, `root`, a service or an identity provider; `resource` an ARN, or
    the name of a role, user or policy; nothing where it is not known.
    Raises: ParameterError for what is no principal, action or resource; RunbookError for one that
    is not there, with what comes near.
    """
    action = actions.named(action)
    if action in _OF_TRUST and resource in ("", "*"):
        raise ParameterError(
            f"{action} is about one role, nothing was sent: name it, for example\n"
            f"  {program('runbook', 'why')} {account.account_id} {principal} {action} ROLE"
        )
    people = People(account)
    who = naming.principal(people, principal)
    if action in JOINING and action != (its := naming.joining(who)):
        raise ParameterError(
            f"{who.shown} does not call {action}, but {its}: ask about that, for example\n"
            f"  {program('runbook', 'why')} {account.account_id} {principal} {its} {resource}"
        )
    if action in _OF_TRUST:
        return _about_a_role(people, who, action, resource)
    if who.principal.kind != "AWS":
        raise ParameterError(
            f"{who.shown} acts through a role: ask whether it may assume that role, and what the "
            "role may do"
        )
    return _about_anything(people, who, action, resource)


def _about_a_role(people: People, who: Found, action: str, resource: str) -> Why:
    if (arn := _elsewhere(people, resource)) is not None:
        asked = request(who.principal, action, str(arn), who.entity)
        unseen = f'the trust policy of role "{arn.name}" in account {arn.account_id}'
        return _answered(who, asked, None, arn.account_id, [f"{unseen} that admits it"], [unseen])
    role = naming.role(people, resource)
    asked, trust = request(who.principal, action, role["Arn"], who.entity, role), people.trust(role)
    found = _answered(who, asked, trust, people.account.account_id, [], [])
    gone = naming.gone(people, trust)
    if gone and any(one.add and one.where == trust.name for one in found.to_allow):
        why = (
            f"{found.why}; it names {', '.join(gone)}, who is deleted, and is another than who is "
            "made anew"
        )
        return replace(found, why=why)
    return found


def _elsewhere(people: People, text: str) -> Arn | None:
    """Return the ARN of a role in another account."""
    found = re.fullmatch(r"arn:[a-z-]+:iam::([0-9]{12}):role/[\w+=,.@/-]+", text, re.ASCII)
    if text.startswith("arn:") and not found:
        raise ParameterError(f"{text!r} is no role: expected arn:aws:iam::ACCOUNT_ID:role/NAME")
    is_elsewhere = found is not None and found[1] != people.account.account_id
    return Arn.parse(text) if is_elsewhere else None


def _about_anything(people: People, who: Found, action: str, resource: str) -> Why:
    own, service = people.account.account_id, action.partition(":")[0]
    arn = _resource(people, action, resource)
    accounts = {own, who.principal.account_id, (arn.split(":")[4:5] or [own])[0]}
    if service == "iam" and len(accounts - {"aws"}) > 1:
        raise ParameterError(
            f"{action} is about its caller's own account, whatever policies say: ask whether "
            f"{who.shown} may assume a role of the other account, and what that role may do"
        )
    target = next((one for _, one in people.described() if one["Arn"] == arn), None)
    asked = request(who.principal, action, arn, who.entity, target)
    if service in actions.WITHOUT_RESOURCE_POLICIES:
        return _answered(who, asked, None, own, [], [])
    unseen = f"resource policies of {service}, which may allow and refuse"
    is_outsider = who.principal.account_id != own
    others = [f"a resource policy in account {own} that names it"] if is_outsider else []
    return _answered(who, asked, None, own, others, [unseen])


def _resource(people: People, action: str, resource: str) -> str:
    """Return what an action is about, nothing where that is not known."""
    own = f"arn:{people.account.partition}:iam::{people.account.account_id}:"
    if lists := actions.collection(action):
        return own + lists
    if not actions.takes_a_resource(action):
        return "*"
    return "" if resource in ("", "*") else resources.resource(people, action, resource)


def _answered(
    who: Found,
    asked: access.Request,
    trust: access.Policy | None,
    account_id: str,
    others: list[str],
    not_seen: list[str],
) -> Why:
    answer, deciding = judged(asked, trust, account_id)
    needed = [*of_others(who), *others, *conditions(answer.ways)]
    refused = answer.answer == "no"
    return Why(
        principal=who.shown,
        action=asked.action,
        resource=asked.resource,
        answer="only with" if needed and not refused else answer.answer,
        why=told(who, answer, further(asked, deciding)),
        decided_by=statements(answer.decided_by),
        conditions=[] if refused else needed,
        to_allow=remedies(deciding, trust, account_id) if refused else [],
        not_seen=[*not_seen, *_of_others(who, refused), *_of_sessions(who), ORGANIZATION],
    )


def _of_others(who: Found, refused: bool) -> Iterable[str]:
    """Say of a refusal what else it would take; of what is allowed, it is a condition."""
    yield from (f"{one}, which it takes as well" for one in of_others(who) if refused)


def _of_sessions(who: Found) -> Iterable[str]:
    if who.principal.role_arn:
        yield "session policies, which whoever assumes the role may pass and which may refuse"


def _remedy(one: Remedy) -> dict[str, Any]:
    return {"where": one.where} | ({"add": one.add} if one.add else {"take_away": one.take_away})
