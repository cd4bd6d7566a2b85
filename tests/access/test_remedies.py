"""What is said to allow a refused call does allow it, and each part of it is needed."""

from typing import Any

from access_cases import ACCOUNT, ROLE, USER, admit, allow, deny, trust, user
from hypothesis import assume, given, settings
from test_access_properties import access, named, situations

from runbook_lib.access import Policy, Principal, Request, judge
from runbook_lib.questions.remedies import Remedy, remedies


def asked(situation: dict[str, Any]) -> tuple[Request, Policy | None]:
    """The question in a situation, each policy under a name of its own."""
    arn, user_id, role_arn = situation["caller"]
    policies = (Policy("identity", named(situation["identity"]).document),)
    limit = situation["boundary"]
    boundary = Policy("boundary", named(limit, "boundary").document) if limit else None
    who = Principal(arn, ACCOUNT, user_id, policies, boundary, None, role_arn)
    given_trust = situation["trust"]
    trusting = Policy("trust", named(given_trust, "trust").document) if given_trust else None
    request = Request(who, *situation["call"], situation["context"], lambda key: key != "resource")
    return request, trusting


def applied(situation: dict[str, Any], found: list[Remedy]) -> dict[str, Any]:
    """The situation when all that is said has been done."""
    changed = {side: list(situation[side] or []) for side in ("identity", "boundary", "trust")}
    for one in found:
        if one.take_away:
            number = int(one.take_away.removeprefix("statement "))
            changed[one.where][number - 1] = None
    for one in found:
        if one.add:
            side = next((it for it in ("boundary", "trust") if it in one.where), "identity")
            changed[side].append(one.add)
    nothing = {"Effect": "Deny", "Action": "none:None", "Resource": "*"}
    kept = {side: [it for it in some if it] for side, some in changed.items()}
    empty: dict[str, list[Any]] = {
        "identity": [nothing],
        "boundary": [nothing] if situation["boundary"] else [],
        "trust": [],
    }
    return situation | {side: kept[side] or empty[side] for side in kept}


@settings(access, max_examples=300)
@given(situations)
def test_a_refused_call_is_allowed_when_all_of_it_is_done(situation: dict[str, Any]) -> None:
    if situation["call"][0] != "sts:AssumeRole":
        situation["trust"] = None
    request, trusting = asked(situation)
    account = situation["account"]
    assume(judge(request, trusting, account).answer == "no")
    found = remedies(request, trusting, account)
    assert found
    done = applied(situation, found)
    assume(bool(done["trust"]) == bool(situation["trust"]))
    assert judge(*asked(done), account).answer != "no", found
    for one in found:  # none of it is for nothing
        others = [it for it in found if it is not one]
        less = applied(situation, others)
        if bool(less["trust"]) == bool(situation["trust"]):
            assert judge(*asked(less), account).answer == "no", (one, found)


def about(*statements: Any, trusting: Policy | None = None) -> list[str]:
    request = Request(user(*statements), "sts:AssumeRole", ROLE, {}, lambda key: key != "resource")
    return [str(one) for one in remedies(request, trusting, ACCOUNT)]


def test_where_a_statement_would_have_to_stand() -> None:
    name = 'trust policy of role "target"'
    everybody, nobody = trust(admit(ACCOUNT)), trust(admit("210987654321"))
    assert about(trusting=everybody) == ["add to an identity policy of user/team/ann"]
    assert about(trusting=nobody) == [f"add to {name}"]  # names the user, which is enough
    assert about(deny(), trusting=nobody) == [
        'take from policy "p": statement 1',
        f"add to {name}",
    ]
    assert about(allow(), trusting=trust(admit(ACCOUNT), {**admit(USER), "Effect": "Deny"})) == [
        f"take from {name}: statement 2"
    ]
