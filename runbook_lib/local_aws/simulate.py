"""The policy simulator, answered by the evaluator that decides everything else.

Like AWS's it evaluates identity policies and boundaries, and no trust policies.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from moto.iam.models import Group, Role, User

from runbook_lib.access import Policy, Principal, Request, evaluate

from .answers import AwsError, not_emulated
from .authorization import boundary, identity_policies, parse
from .calls import Call
from .documents import check
from .moto_seams import Iam


def simulate(call: Call, iam: Iam) -> list[dict[str, Any]]:
    """Return one evaluation result for each action on each resource."""
    given = call.parameters
    if "ResourcePolicy" in given:
        raise not_emulated("resource policies in the simulator")
    principal = _principal(call, iam)
    context = dict(_context(entry) for entry in given.get("ContextEntries", []))
    return [
        _result(Request(principal, action, resource, context))
        for action in given["ActionNames"]
        for resource in given.get("ResourceArns", ["*"])
    ]


def _context(entry: dict[str, Any]) -> tuple[str, str | list[str]]:
    values = entry.get("ContextKeyValues", [])
    single = len(values) == 1 and not entry.get("ContextKeyType", "").endswith("List")
    return entry.get("ContextKeyName", ""), values[0] if single else values


def _principal(call: Call, iam: Iam) -> Principal:
    given = call.parameters
    arn = given.get("PolicySourceArn", "")
    holders: list[User | Role | Group] = [*iam.users.values(), *iam.roles.values()]
    holders += iam.groups.values()
    source = next((each for each in holders if each.arn == arn), None)
    if arn and source is None:
        raise AwsError("NoSuchEntity", f"The entity {arn} cannot be found.", 404)
    limits = list(_policies(given, "PermissionsBoundaryPolicyInputList"))
    own = list(identity_policies(source, iam)) if source else []
    return Principal(
        arn=given.get("CallerArn") or arn or call.caller.arn,
        account_id=call.caller.account_id,
        user_id=source.id if source else call.caller.user_id,
        identity_policies=(*own, *_policies(given, "PolicyInputList")),
        boundary=limits[0] if limits else boundary(source, iam) if source else None,
    )


def _policies(given: dict[str, Any], name: str) -> Iterator[Policy]:
    for number, document in enumerate(given.get(name, []), 1):
        check(document, "identity")
        yield Policy(f"{name}.{number}", parse(document, "identity"))


def _result(request: Request) -> dict[str, Any]:
    decision = evaluate(request)
    limit = request.principal.boundary
    result: dict[str, Any] = {
        "EvalActionName": request.action,
        "EvalResourceName": request.resource,
        "EvalDecision": decision.outcome,
        "MatchedStatements": [
            {"SourcePolicyId": each.policy, "SourcePolicyType": "IAM Policy"}
            for each in decision.statements
        ],
        "MissingContextValues": _missing(request),
    }
    if limit:
        alone = replace(request.principal, identity_policies=(limit,), boundary=None)
        allowed = evaluate(replace(request, principal=alone)).allowed
        result["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": allowed}
    return result


def _missing(request: Request) -> list[str]:
    policies = (*request.principal.identity_policies, request.principal.boundary)
    needed = {
        condition.key
        for policy in policies
        if policy
        for statement in policy.document.statements
        for condition in statement.conditions
    }
    known = {key.lower() for key in request.context}
    return sorted(key for key in needed if key.lower() not in known)
