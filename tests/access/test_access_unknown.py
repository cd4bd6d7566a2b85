"""Where a request is not wholly known: what is answered holds for everything that it may be."""

from typing import Any

import pytest
from access_cases import ACCOUNT, INSTANCE, ROLE, USER, admit, allow, deny, policy, trust, user
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from test_access_properties import KEYS, access, named, situations

from runbook_lib.access import Answer, Policy, Principal, Request, Way, evaluate, judge
from runbook_lib.access.conditions import Context, is_met
from runbook_lib.access.matching import context_of
from runbook_lib.access.principals import facts

MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
NO_MFA = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
SECRET_WORD = {"StringEquals": {"sts:ExternalId": "word"}}
OFFICE = {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
more = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(["true", "ann", "xyz", ""]))


def asked(
    who: Principal,
    action: str = "ec2:DescribeInstances",
    resource: str = "*",
    trusting: Policy | None = None,
) -> Answer:
    return judge(Request(who, action, resource, {}, lambda key: key != "resource"), trusting)


def assuming(trusting: Policy, *statements: Any) -> Answer:
    return asked(user(*statements), "sts:AssumeRole", ROLE, trusting)


@pytest.mark.parametrize(
    ("statements", "answer", "ways"),
    [
        ([allow()], "yes", []),
        ([], "no", []),
        ([allow(Condition=MFA)], "only with", ["MFA (aws:MultiFactorAuthPresent Bool true)"]),
        (
            [allow(), deny(Condition=NO_MFA)],
            "only with",
            ["MFA (not aws:MultiFactorAuthPresent BoolIfExists false)"],
        ),
        # Either will do, and each is named; both at once are no third way.
        (
            [allow(Condition=MFA), allow(Condition=OFFICE)],
            "only with",
            [
                "MFA (aws:MultiFactorAuthPresent Bool true)",
                "source address (aws:SourceIp IpAddress 192.0.2.0/24)",
            ],
        ),
        # What is allowed only with MFA, and denied with it, is not allowed at all.
        ([allow(Condition=MFA), deny(Condition=MFA)], "no", []),
        # A deny that the grant's own condition rules out is no second condition.
        (
            [allow(Condition=MFA), deny(Condition=NO_MFA)],
            "only with",
            ["MFA (aws:MultiFactorAuthPresent Bool true)"],
        ),
        # In the office or out of it: whatever the address is.
        (
            [allow(Condition=OFFICE), allow(Condition={"NotIpAddress": OFFICE["IpAddress"]})],
            "yes",
            [],
        ),
        # No number is below one and above two.
        (
            [
                allow(
                    Condition={
                        "NumericLessThan": {"aws:MultiFactorAuthAge": "1"},
                        "NumericGreaterThan": {"aws:MultiFactorAuthAge": "2"},
                    }
                )
            ],
            "no",
            [],
        ),
        # What follows from who asks is known.
        ([allow(Condition={"StringEquals": {"aws:username": "ann"}})], "yes", []),
        ([allow(Condition={"StringEquals": {"aws:username": "bob"}})], "no", []),
        # A variable that nobody knows is a condition on the resource, where it could be that one.
        ([allow(resource="arn:aws:s3:::${aws:PrincipalTag/team}/*")], "no", []),
    ],
    ids=lambda it: it if isinstance(it, str) else None,
)
def test_what_depends_on_the_unknown_is_named(
    statements: list[Any], answer: str, ways: list[str]
) -> None:
    found = asked(user(*statements))
    assert (found.answer, [str(way) for way in found.ways]) == (answer, ways)


def test_a_resource_with_a_variable_that_is_not_known_is_named() -> None:
    named = f"arn:aws:iam::{ACCOUNT}:role/${{aws:PrincipalTag/any}}/target"
    who = user(allow("iam:GetRole", named))
    found = asked(who, "iam:GetRole", ROLE)
    assert [str(way) for way in found.ways] == [f"resource StringLike {named}"]
    assert asked(who, "iam:GetRole", USER).answer == "no"


def test_a_resource_that_is_not_known_is_named() -> None:
    who = user(allow("ec2:StartInstances", INSTANCE), deny(resource=INSTANCE[:-1] + "9"))
    found = judge(Request(who, "ec2:StartInstances", "*", {}, lambda key: True))
    (way,) = found.ways
    assert found.answer == "only with"
    assert str(way).startswith(f"resource StringLike {INSTANCE}")
    assert judge(Request(who, "ec2:StartInstances", INSTANCE, {})).answer == "yes"


def test_both_sides_of_assume_role_have_their_say() -> None:
    everybody, ann = trust(admit(ACCOUNT)), trust(admit(USER, Condition=SECRET_WORD))
    assert assuming(everybody).answer == "no"
    assert assuming(everybody, allow("sts:*")).answer == "yes"
    assert [str(way) for way in assuming(ann).ways] == [
        "external id (sts:ExternalId StringEquals word)"
    ]
    assert assuming(ann, deny(Condition=SECRET_WORD)).answer == "no"


def test_services_and_identity_providers_are_named_exactly() -> None:
    trusting = policy(
        admit({"Service": "ec2.amazonaws.com", "Federated": "accounts.google.com"}), kind="trust"
    )

    def ask(name: str, kind: Any) -> str:
        who = Principal(name, ACCOUNT, "", kind=kind)
        return asked(who, "sts:AssumeRole", ROLE, trusting).answer

    assert ask("ec2.amazonaws.com", "Service") == "yes"
    assert ask("ecs.amazonaws.com", "Service") == "no"
    assert ask("accounts.google.com", "Federated") == "yes"
    assert ask("accounts.google.com", "Service") == "no"


def test_many_keys_end_in_an_answer() -> None:
    tests = {f"aws:PrincipalTag/k{n}": f"v{n}" for n in range(40)}
    every = [allow(Condition={"StringEquals": {key: value}}) for key, value in tests.items()]
    assert asked(user(*every)).answer == "only with"
    assert asked(user(allow(), *every)).answer == "yes"
    assert asked(user(deny(), *every)).answer == "no"


def holds(way: Way, context: Context) -> bool:
    def lookup(name: str) -> str | None:
        value = context.get(name.lower())
        return value if isinstance(value, str) else None

    met = all(is_met(test, context, lookup) for test in way.met)
    return met and not any(
        all(is_met(test, context, lookup) for test in tests) for tests in way.avoided
    )


@settings(access, max_examples=300)
@given(situations, more)
def test_an_answer_holds_whatever_the_unknown_is(
    situation: dict[str, Any], rest: dict[str, str]
) -> None:
    arn, user_id, role_arn = situation["caller"]
    boundary = named(situation["boundary"], "boundary") if situation["boundary"] else None
    policies = (named(situation["identity"]),)
    who = Principal(arn, ACCOUNT, user_id, policies, boundary, None, role_arn)
    trusting = named(situation["trust"], "trust") if situation["trust"] else None
    known, call = situation["context"], situation["call"]
    found = judge(
        Request(who, *call, known, lambda key: key != "resource"), trusting, situation["account"]
    )
    given_keys = {key.lower() for key in {**known, **facts(who)}}
    whole = known | {key: value for key, value in rest.items() if key.lower() not in given_keys}
    assume(whole.get("aws:MultiFactorAuthPresent", "true") in ("true", "false"))  # as AWS sends it
    request = Request(who, *call, whole)
    allowed = evaluate(request, trusting, situation["account"]).allowed
    expected = {"yes": True, "no": False}.get(
        found.answer, any(holds(way, context_of(request)) for way in found.ways)
    )
    assert allowed == expected
    assert bool(found.ways) == (found.answer == "only with")
