"""What holds for every policy and every request."""

import contextlib
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
    document,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook_lib.access import (
    Decision,
    Kind,
    Policy,
    PolicyError,
    Principal,
    Request,
    canonical,
    differences,
    evaluate,
    parse,
    same_meaning,
)

settings.register_profile("access", derandomize=True, max_examples=150, deadline=None)
access = settings.get_profile("access")

ACTIONS = ["*", "sts:*", "sts:AssumeRole", "ec2:Describe*", "ec2:DescribeInstances", "iam:Get????"]
RESOURCES = ["*", ROLE, INSTANCE, "arn:aws:iam::*:role/*", f"arn:aws:iam::{ACCOUNT}:user/${{a:b}}"]
PRINCIPALS = ["*", ACCOUNT, OTHER, ROOT, USER, USER_ID, CALLER_ROLE, SESSION]
OPERATORS = ["StringEquals", "StringNotLike", "ForAnyValue:StringLike", "BoolIfExists", "Null"]
KEYS = ["aws:username", "sts:ExternalId", "aws:MultiFactorAuthPresent", "aws:Unknown"]
VALUES = ["true", "ann", "x*", "${aws:username}", ""]


def some(values: list[str]) -> st.SearchStrategy[Any]:
    return st.sampled_from(values) | st.lists(st.sampled_from(values), min_size=1, max_size=3)


conditions = st.dictionaries(
    st.sampled_from(OPERATORS),
    st.dictionaries(st.sampled_from(KEYS), some(VALUES), max_size=2),
    max_size=2,
)
effects = st.sampled_from(["Allow", "Deny"])


def either(name: str, values: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda not_, it: {f"{not_}{name}": it}, st.sampled_from(["", "", "Not"]), some(values)
    )


def joined(*parts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for part in parts for name, value in part.items()}


identity_statements = st.builds(
    joined,
    st.fixed_dictionaries({"Effect": effects}, optional={"Condition": conditions}),
    either("Action", ACTIONS),
    either("Resource", RESOURCES),
)
trust_statements = st.builds(
    joined,
    st.fixed_dictionaries(
        {
            "Effect": effects,
            "Action": some(ACTIONS[1:3]),
            "Principal": st.fixed_dictionaries({"AWS": some(PRINCIPALS)}),
        },
        optional={"Condition": conditions},
    ),
)
identity_documents = st.lists(identity_statements, min_size=1, max_size=4)
trust_documents = st.lists(trust_statements, min_size=1, max_size=4)
contexts = st.dictionaries(st.sampled_from(KEYS), some(["true", "ann", "xyz", ""]), max_size=3)
callers = st.sampled_from([(USER, USER_ID, None), (SESSION, SESSION_ID, CALLER_ROLE)])
calls = st.sampled_from(
    [("sts:AssumeRole", ROLE), ("ec2:DescribeInstances", "*"), ("iam:GetRole", ROLE)]
)
accounts = st.sampled_from([ACCOUNT, OTHER])
situations = st.fixed_dictionaries(
    {
        "identity": identity_documents,
        "boundary": st.none() | identity_documents,
        "session": st.none() | st.lists(identity_documents, max_size=2),
        "trust": st.none() | trust_documents,
        "caller": callers,
        "call": calls,
        "context": contexts,
        "account": accounts,
    }
)


def named(statements: list[Any], kind: Kind = "identity") -> Policy:
    return Policy(f'policy "{kind}"', parse(document(*statements), kind))


def judge(situation: dict[str, Any], **changes: Any) -> Decision:
    it = situation | changes
    arn, user_id, role_arn = it["caller"]
    sessions = None if it["session"] is None else tuple(named(each) for each in it["session"])
    boundary = named(it["boundary"], "boundary") if it["boundary"] else None
    who = Principal(arn, ACCOUNT, user_id, (named(it["identity"]),), boundary, sessions, role_arn)
    trusting = named(it["trust"], "trust") if it["trust"] else None
    return evaluate(Request(who, *it["call"], it["context"]), trusting, it["account"])


def added(situation: dict[str, Any], side: str, statement: dict[str, Any]) -> dict[str, Any]:
    found = situation[side] or []
    return {side: [*found, [statement]] if side == "session" else [*found, statement]}


@settings(access)
@given(situations, identity_statements, st.sampled_from(["identity", "boundary", "session"]))
def test_a_deny_never_allows_and_an_allow_never_denies(
    situation: dict[str, Any], statement: dict[str, Any], side: str
) -> None:
    before = judge(situation)
    denied = judge(situation, **added(situation, side, statement | {"Effect": "Deny"}))
    assert before.allowed or not denied.allowed
    if situation[side]:  # the first statement of a boundary or session policy limits
        more = judge(situation, **added(situation, side, statement | {"Effect": "Allow"}))
        assert more.allowed or not before.allowed


@settings(access)
@given(situations, trust_statements)
def test_a_deny_never_admits_and_an_allow_never_turns_away(
    situation: dict[str, Any], statement: dict[str, Any]
) -> None:
    situation["trust"] = situation["trust"] or [statement]
    before = judge(situation)
    denied = judge(situation, **added(situation, "trust", statement | {"Effect": "Deny"}))
    more = judge(situation, **added(situation, "trust", statement | {"Effect": "Allow"}))
    assert before.allowed or not denied.allowed
    assert more.allowed or not before.allowed


@settings(access)
@given(situations, st.randoms(use_true_random=False))
def test_order_does_not_matter(situation: dict[str, Any], chance: random.Random) -> None:
    before = judge(situation)
    shuffled = {
        side: chance.sample(situation[side], len(situation[side]))
        for side in ("identity", "boundary", "session", "trust")
        if situation[side]
    }
    after = judge(situation, **shuffled)
    assert (before.outcome, before.reason_kind) == (after.outcome, after.reason_kind)


@settings(access)
@given(situations)
def test_every_decision_is_explained(situation: dict[str, Any]) -> None:
    decision = judge(situation)
    assert decision.why
    assert decision.allowed == (decision.reason_kind == "allowed")
    assert bool(decision.statements) == (decision.outcome != "implicitDeny")
    expected = "Deny" if decision.outcome == "explicitDeny" else "Allow"
    assert {each.effect for each in decision.statements} <= {expected}


BASES = "StringEquals StringNotEquals StringEqualsIgnoreCase StringNotEqualsIgnoreCase StringLike "
BASES += "StringNotLike NumericEquals NumericNotEquals NumericLessThan NumericLessThanEquals "
BASES += "NumericGreaterThan NumericGreaterThanEquals DateEquals DateNotEquals DateLessThan "
BASES += "DateLessThanEquals DateGreaterThan DateGreaterThanEquals Bool IpAddress NotIpAddress "
BASES += "ArnEquals ArnLike ArnNotEquals ArnNotLike"
QUALIFIERS = ("", "ForAllValues:", "ForAnyValue:")
KNOWN = {
    f"{qualifier}{base}{suffix}"
    for qualifier in QUALIFIERS
    for base in BASES.split()
    for suffix in ("", "IfExists")
} | {f"{qualifier}Null" for qualifier in QUALIFIERS}
spoilt = st.builds(
    "{1}{0}{2}".format, st.sampled_from(sorted(KNOWN)), st.text(max_size=2), st.text()
)


@settings(access)
@given(st.text(max_size=12) | spoilt | st.sampled_from(sorted(KNOWN)))
def test_an_unknown_operator_never_allows(operator: str) -> None:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    try:
        named([statement | {"Condition": {operator: {"aws:username": "ann"}}}])
    except PolicyError:
        assert operator not in KNOWN
    else:
        assert operator in KNOWN


@settings(access)
@given(situations, st.text(max_size=8), st.sampled_from(["StringEquals", "Bool", "ArnLike"]))
def test_an_unknown_key_never_allows(situation: dict[str, Any], key: str, operator: str) -> None:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    statement |= {"Condition": {operator: {f"unknown:{key}": ["", "true", "*"]}}}
    assert not judge(situation, identity=[statement], trust=None).allowed


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=8,
)
kinds = st.sampled_from(["identity", "trust", "boundary", "session"])
junk = st.sampled_from(
    [None, True, 0, 1.5, float("nan"), 10**5000, "", "*", "\ud800", b"x", [], {}, [[]], {1: 2}, ()]
)
ELEMENTS = ["Version", "Id", "Statement", "Sid", "Effect", "Action", "NotAction", "Resource"]
ELEMENTS += ["NotResource", "Principal", "NotPrincipal", "Condition", "AWS", "StringLike", "a:b"]


@settings(access, max_examples=300)
@given(st.text() | json_like | st.dictionaries(st.sampled_from(ELEMENTS), json_like | junk), kinds)
def test_junk_is_refused_and_never_breaks(source: Any, kind: Kind) -> None:
    with contextlib.suppress(PolicyError):
        parse(source, kind)


@settings(access, max_examples=300)
@given(identity_documents | trust_documents, kinds, junk | json_like, st.data())
def test_one_wrong_value_is_refused_and_never_breaks(
    statements: list[dict[str, Any]], kind: Kind, wrong: Any, data: st.DataObject
) -> None:
    whole: Any = document(*statements)
    place = data.draw(st.sampled_from([whole, *statements]))
    place[data.draw(st.sampled_from(sorted({*place, *ELEMENTS})))] = wrong
    try:
        parsed = parse(whole, kind)
    except PolicyError:
        return
    policy = Policy("odd", parsed)
    who = Principal(USER, ACCOUNT, USER_ID, (policy,))
    evaluate(Request(who, "sts:AssumeRole", ROLE, {"aws:username": "ann"}), policy, ACCOUNT)


@settings(access)
@given(st.dictionaries(st.text(), st.text() | st.lists(st.text())), st.text(), st.text())
def test_odd_requests_are_judged(context: dict[str, Any], action: str, resource: str) -> None:
    statement = {"Effect": "Allow", "Action": "ec2:*", "Resource": f"arn:aws:ec2:*:*:{ROLE}"}
    who = Principal(USER, ACCOUNT, USER_ID, (named([statement]),))
    assert evaluate(Request(who, action, resource, context)).why


@settings(access)
@given(identity_documents | trust_documents)
def test_the_canonical_form_is_its_own(statements: list[dict[str, Any]]) -> None:
    kind: Kind = "trust" if "Principal" in statements[0] else "identity"
    form = canonical(document(*statements), kind, ACCOUNT)
    assert canonical(form, kind, ACCOUNT) == form
    assert same_meaning(form, document(*statements), ACCOUNT)
    assert differences(form, document(*statements), kind, ACCOUNT) == []


@settings(access)
@given(situations)
def test_the_canonical_form_decides_alike(situation: dict[str, Any]) -> None:
    def form(statements: Any, kind: Kind) -> Any:
        return statements and canonical(document(*statements), kind, ACCOUNT)["Statement"]

    changed = {side: form(situation[side], "identity") for side in ("identity", "boundary")}
    changed |= {"trust": form(situation["trust"], "trust")}
    assert judge(situation, **changed).outcome == judge(situation).outcome
