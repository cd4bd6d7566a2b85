"""Random simulations for the oracle, from a seed, and how this package judges one.

A case is what the oracle reads: a request with its whole context, and the policies.
"""

import random
from typing import Any

from access_cases import (
    ACCOUNT,
    CALLER_ROLE,
    INSTANCE,
    OTHER,
    ROLE,
    ROOT,
    SESSION,
    SESSION_ID,
    USER,
    USER_ID,
)

from runbook_lib.access import Kind, Policy, Principal, Request, evaluate, parse

Case = dict[str, Any]

OUTCOMES = {
    "allowed": "Allowed",
    "explicitDeny": "ExplicitlyDenied",
    "implicitDeny": "ImplicitlyDenied",
}
TARGETS = {ACCOUNT: ROLE, OTHER: ROLE.replace(ACCOUNT, OTHER)}
CALLS = {
    "sts:AssumeRole": ROLE,
    "iam:GetRole": ROLE,
    "iam:GetUser": USER,
    "ec2:StartInstances": INSTANCE,
    "ec2:DescribeInstances": "*",
}
ACTIONS = ["*", "sts:*", "STS:Assume*", "iam:Get????", "iam:*User", "ec2:*Instances", "ec2:*"]
RESOURCES = [
    "*",
    "arn:aws:iam::*:role/*",
    f"arn:aws:iam::{ACCOUNT}:*",
    f"arn:aws:iam::{ACCOUNT}:role/path/t?rget",
    f"arn:aws:iam::{ACCOUNT}:role/Path/*",
    f"arn:aws:iam::{ACCOUNT}:user/*/${{aws:username}}",
    f"arn:aws:iam::{ACCOUNT}:user/team/${{aws:PrincipalTag/team, 'ann'}}",
    "arn:aws:ec2:*:*:instance/*",
    f"arn:aws:ec2:eu-*:{ACCOUNT}:instance/i-?",
]
PRINCIPALS = ["*", ACCOUNT, ROOT, OTHER, USER, USER + "a", CALLER_ROLE, SESSION, SESSION + "s"]

# key → values that a request may send
SENT: dict[str, list[Any]] = {
    "sts:ExternalId": ["key", "Key", "other"],
    "sts:RoleSessionName": ["visit", "ann"],
    "sts:SourceIdentity": ["ann"],
    "aws:MultiFactorAuthPresent": ["true", "false"],
    "aws:MultiFactorAuthAge": ["10", "300", "5000"],
    "aws:SourceIp": ["203.0.113.9", "10.1.2.3", "2001:db8::1"],
    "aws:SecureTransport": ["true", "false"],
    "aws:RequestedRegion": ["eu-west-1", "us-east-1"],
    "aws:CurrentTime": ["2030-01-01T00:00:00Z", "2031-06-01T12:00:00Z"],
    "aws:EpochTime": ["1893456000", "1900000000"],
    "aws:TokenIssueTime": ["2029-12-31T23:00:00Z"],
    "aws:PrincipalTag/team": ["red", "ann", "*"],
    "aws:TagKeys": [["a", "b"], ["a", "a"], ["b", "c"]],
}
STRINGS = ["StringEquals", "StringEqualsIgnoreCase", "StringLike"]
STRINGS += ["StringNotEquals", "StringNotEqualsIgnoreCase", "StringNotLike"]
ORDERS = ["Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"]
NUMERIC = [f"Numeric{order}" for order in ORDERS]
DATES = [f"Date{order}" for order in ORDERS]
ARNS = ["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"]
SETS = [f"{every}:{each}" for every in ("ForAllValues", "ForAnyValue") for each in STRINGS]

# key → operators and values that a policy may test it with
TESTS: dict[str, tuple[list[str], list[Any]]] = {
    "sts:ExternalId": (STRINGS, ["key", "KEY", "k*", "*", "other"]),
    "sts:RoleSessionName": (STRINGS, ["visit", "v?sit", "${aws:PrincipalAccount}", "ann"]),
    "sts:SourceIdentity": (STRINGS[:3], ["${aws:username}", "ann", "a${*}", "A*"]),
    "aws:username": (STRINGS, ["ann", "Ann", "a*", "bob"]),
    "aws:userid": (STRINGS, [USER_ID, "*:visit", "AROA*"]),
    "aws:PrincipalType": (STRINGS, ["User", "AssumedRole"]),
    "aws:PrincipalAccount": (STRINGS, [ACCOUNT, OTHER]),
    "aws:PrincipalArn": (
        ARNS,
        [
            USER,
            CALLER_ROLE,
            "arn:*:iam::*:user/*",
            "arn:aws:iam::*:role/?*",
            "arn:aws:iam:*/caller",
        ],
    ),
    "aws:MultiFactorAuthPresent": (["Bool"], ["true", "false", True]),
    "aws:MultiFactorAuthAge": (NUMERIC, ["300", 300, "300.0", "1000"]),
    "aws:SourceIp": (
        ["IpAddress", "NotIpAddress"],
        ["203.0.113.0/24", "10.0.0.0/8", "2001:db8::/32", "203.0.113.9/32"],
    ),
    "aws:SecureTransport": (["Bool"], ["true", "False"]),
    "aws:RequestedRegion": (STRINGS, ["eu-west-1", "eu-*", "us-????-1"]),
    "aws:CurrentTime": (DATES, ["2030-01-01T00:00:00Z", "2031-01-01", "2030-01-01T01:00:00+01:00"]),
    "aws:EpochTime": (DATES + NUMERIC, ["1893456000", "1899999999"]),
    "aws:TokenIssueTime": (DATES, ["2030-01-01T00:00:00Z"]),
    "aws:PrincipalTag/team": (STRINGS, ["red", "${*}", "*", "r?d"]),
    "aws:TagKeys": (SETS + STRINGS[:4], ["a", "b", "a*", "?"]),
}


def some(chance: random.Random, values: list[Any]) -> Any:
    if chance.random() < 0.6:
        return chance.choice(values)
    return chance.sample(values, chance.randint(1, min(3, len(values))))


def condition(chance: random.Random) -> dict[str, Any]:
    found: dict[str, dict[str, Any]] = {}
    for key in chance.sample(list(TESTS), chance.choice([0, 0, 0, 1, 1, 2])):
        operators, values = TESTS[key]
        operator, tested = chance.choice(operators), some(chance, values)
        if chance.random() < 0.15:
            operator, tested = "Null", chance.choice(["true", "false"])
        elif "${*}" in str(tested):
            operator = "StringLike"
        elif "*/caller" in str(tested):
            operator = "ArnLike"
        elif chance.random() < 0.2 and not operator.startswith("ForAny"):
            operator += "IfExists"
        if chance.random() < 0.2:
            key = key.upper().replace("PRINCIPALTAG", "principaltag")
        found.setdefault(operator, {})[key] = tested
    return {"Condition": found} if found else {}


def either(chance: random.Random, name: str, values: list[Any]) -> dict[str, Any]:
    return {("Not" if chance.random() < 0.15 else "") + name: some(chance, values)}


def statements(chance: random.Random, *certain: dict[str, Any]) -> dict[str, Any]:
    """An identity policy; the certain elements make it likely to allow the call."""
    found: list[dict[str, Any]] = []
    for _ in range(chance.randint(1, 3)):
        actions = either(chance, "Action", ACTIONS + list(CALLS))
        resources = either(chance, "Resource", RESOURCES)
        if "${aws:username}" in str(resources.get("NotResource")):
            resources = {"NotResource": ROLE}
        drawn = actions | resources
        drawn = drawn if chance.random() < 0.5 else dict(chance.choice(certain))
        effect = "Deny" if chance.random() < 0.2 else "Allow"
        found.append({"Effect": effect, **drawn, **condition(chance)})
    return {"Version": "2012-10-17", "Statement": found}


def trust_statements(chance: random.Random) -> dict[str, Any]:
    found: list[dict[str, Any]] = []
    for _ in range(chance.randint(1, 3)):
        effect = "Deny" if chance.random() < 0.2 else "Allow"
        actions = some(chance, ["sts:AssumeRole", "sts:*", "sts:TagSession", "sts:Assume????"])
        whom = {"AWS": some(chance, PRINCIPALS)}
        if chance.random() < 0.1:
            whom = {"Service": "ec2.amazonaws.com", "Federated": "accounts.google.com"}
        principal = "*" if chance.random() < 0.05 else whom
        named = {"Effect": effect, "Action": actions, "Principal": principal}
        found.append(named | condition(chance))
    return {"Version": "2012-10-17", "Statement": found}


def context(chance: random.Random, is_user: bool, action: str) -> dict[str, Any]:
    sent = {key: chance.choice(values) for key, values in SENT.items() if chance.random() < 0.5}
    if action != "sts:AssumeRole":
        sent = {key: value for key, value in sent.items() if not key.startswith("sts:")}
        sent.pop("aws:TagKeys", None)
    known = {
        "aws:PrincipalArn": USER if is_user else CALLER_ROLE,
        "aws:PrincipalAccount": ACCOUNT,
        "aws:userid": USER_ID if is_user else SESSION_ID,
        "aws:PrincipalType": "User" if is_user else "AssumedRole",
    }
    return sent | known | ({"aws:username": "ann"} if is_user else {})


def simulation(chance: random.Random) -> Case:
    is_user, with_trust = chance.random() < 0.5, chance.random() < 0.65
    account = chance.choice([ACCOUNT, ACCOUNT, OTHER]) if with_trust else ACCOUNT
    action = "sts:AssumeRole" if with_trust else chance.choice(list(CALLS))
    resource = TARGETS[account] if with_trust else CALLS[action]
    certain = {"Action": action, "Resource": resource}, {"Action": "*", "Resource": "*"}
    case = built(
        USER if is_user else SESSION, action, resource, account, context(chance, is_user, action)
    )
    for number in range(chance.choice([0, 1, 1, 1, 2])):
        policy = statements(chance, *certain)
        case["identityPolicies"].append({"name": f"policy {number}", "policy": policy})
    if chance.random() < 0.3:
        boundary = {"name": "boundary", "policy": statements(chance, *certain)}
        case["permissionBoundaryPolicies"] = [boundary]
    if with_trust:
        case["resourcePolicy"] = trust_statements(chance)
    trusted = str(case.get("resourcePolicy"))
    direct = f"'{SESSION}'" in trusted or "'*'" in trusted
    if not is_user and not direct and chance.random() < 0.5:
        case["sessionPolicy"] = statements(chance, *certain)
    return case


def built(
    principal: str, action: str, resource: str, account: str, sent: dict[str, Any], **policies: Any
) -> Case:
    request = {"principal": principal, "action": action, "contextVariables": sent}
    request["resource"] = {"resource": resource, "accountId": account}
    none: Case = {"identityPolicies": [], "serviceControlPolicies": []}
    return none | {"resourceControlPolicies": [], "request": request} | policies


def ours(case: Case) -> str:
    """Judge a case here, in the oracle's words."""

    def policy(document: Any, kind: Kind) -> Policy:
        return Policy(kind, parse(document, kind))

    request, session = case["request"], case.get("sessionPolicy")
    is_session = request["principal"] == SESSION
    boundaries = [each["policy"] for each in case.get("permissionBoundaryPolicies", [])]
    who = Principal(
        request["principal"],
        ACCOUNT,
        SESSION_ID if is_session else USER_ID,
        tuple(policy(each["policy"], "identity") for each in case["identityPolicies"]),
        policy(boundaries[0], "boundary") if boundaries else None,
        (policy(session, "session"),) if session else None,
        CALLER_ROLE if is_session else None,
    )
    trust = policy(case["resourcePolicy"], "trust") if "resourcePolicy" in case else None
    where = request["resource"]
    asked = Request(who, request["action"], where["resource"], request["contextVariables"])
    return OUTCOMES[evaluate(asked, trust, where["accountId"]).outcome]
