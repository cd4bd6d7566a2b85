"""Who may do what: AWS's order of policies, and the sentence that says why."""

from typing import Any

import pytest
from access_cases import (
    ACCOUNT,
    CALLER_ROLE,
    INSTANCE,
    OTHER,
    ROLE,
    ROOT,
    SESSION,
    USER,
    USER_ID,
    admit,
    allow,
    ask,
    assume,
    deny,
    document,
    policy,
    session,
    trust,
    user,
)

from runbook_lib.access import Policy, Principal, Request, evaluate, parse

# words → action of the policy, action asked for, allowed?
ACTIONS: dict[str, tuple[Any, str, bool]] = {
    "the action": ("ec2:DescribeInstances", "ec2:DescribeInstances", True),
    "another case": ("EC2:describeinstances", "ec2:DescribeInstances", True),
    "one of several": (["iam:*", "ec2:DescribeInstances"], "ec2:DescribeInstances", True),
    "a star for everything": ("*", "ec2:DescribeInstances", True),
    "a star at the end": ("ec2:Describe*", "ec2:DescribeInstances", True),
    "a star in the middle": ("ec2:*Instances", "ec2:DescribeInstances", True),
    "a question mark": ("ec2:DescribeInstance?", "ec2:DescribeInstances", True),
    "a question mark too many": ("ec2:DescribeInstances?", "ec2:DescribeInstances", False),
    "a prefix is not enough": ("ec2:Describe", "ec2:DescribeInstances", False),
    "another service": ("iam:*", "ec2:DescribeInstances", False),
}


@pytest.mark.parametrize(("listed", "asked", "allowed"), ACTIONS.values(), ids=ACTIONS)
def test_actions(listed: Any, asked: str, allowed: bool) -> None:
    assert ask(user(allow(listed)), asked).allowed is allowed
    without = {"Effect": "Allow", "NotAction": listed, "Resource": "*"}
    assert ask(user(without), asked).allowed is not allowed


# words → resource of the policy, resource asked for, allowed?
RESOURCES: dict[str, tuple[Any, str, bool]] = {
    "the resource": (ROLE, ROLE, True),
    "one of several": ([USER, ROLE], ROLE, True),
    "another case": (ROLE.replace("target", "Target"), ROLE, False),
    "a star": ("*", ROLE, True),
    "a star across slashes": (f"arn:aws:iam::{ACCOUNT}:role/*", ROLE, True),
    "a star across colons": ("arn:aws:iam::*", ROLE, True),
    "a star for the account": ("arn:aws:iam::*:role/path/target", ROLE, True),
    "a question mark": (ROLE[:-1] + "?", ROLE, True),
    "a prefix is not enough": (ROLE, ROLE + "2", False),
    "another account": (ROLE.replace(ACCOUNT, OTHER), ROLE, False),
    "no resource-level permission: a star": ("*", "*", True),
    "no resource-level permission: two stars": ("**", "*", True),
    "no resource-level permission: an ARN": (INSTANCE, "*", False),
    "no resource-level permission: a wide ARN": ("arn:aws:ec2:*:*:instance/*", "*", False),
    "no resource-level permission: a wider ARN": ("arn:aws:ec2:*", "*", False),
    "a variable": (f"arn:aws:iam::{ACCOUNT}:role/${{aws:PrincipalAccount}}", ROLE, False),
    "a variable in the account": ("arn:aws:iam::${aws:PrincipalAccount}:role/*", ROLE, True),
}


@pytest.mark.parametrize(("listed", "asked", "allowed"), RESOURCES.values(), ids=RESOURCES)
def test_resources(listed: Any, asked: str, allowed: bool) -> None:
    action = "ec2:DescribeInstances" if asked == "*" else "iam:GetRole"
    assert ask(user(allow("*", listed)), action, asked).allowed is allowed
    without = {"Effect": "Allow", "Action": "*", "NotResource": listed}
    assert ask(user(without), action, asked).allowed is not allowed


NAMED = f"arn:aws:iam::{ACCOUNT}:user/team/${{aws:username}}"


def test_a_variable_in_a_resource() -> None:
    who = user(allow("iam:GetUser", NAMED))
    assert ask(who, "iam:GetUser", USER).allowed
    assert not ask(who, "iam:GetUser", USER + "2").allowed


def test_a_missing_variable_is_like_no_resource() -> None:
    assert not ask(session(allow("iam:GetUser", NAMED)), "iam:GetUser", USER).allowed
    assert ask(session(allow(), deny("iam:GetUser", NAMED)), "iam:GetUser", USER).allowed
    excepting = {"Effect": "Deny", "Action": "iam:GetUser", "NotResource": NAMED}
    assert not ask(session(allow(), excepting), "iam:GetUser", USER).allowed


def test_the_old_version_has_no_variables() -> None:
    old = parse(document(allow("iam:GetUser", NAMED), version="2008-10-17"), "identity")
    who = Principal(USER, ACCOUNT, USER_ID, (Policy('policy "old"', old),))
    assert not ask(who, "iam:GetUser", USER).allowed
    assert ask(who, "iam:GetUser", NAMED).allowed


ANY = (allow(),)
NOTHING = policy(allow("s3:*"), name='policy "b"')
ALL = policy(allow(), name='policy "b"')
DENIES = policy(allow(), deny("ec2:*"), name='policy "b"')

# words → principal, outcome, which kind of policy refused
POLICIES: dict[str, tuple[Principal, str, str]] = {
    "no policy": (user(), "implicitDeny", "identity"),
    "an allow": (user(*ANY), "allowed", "allowed"),
    "a deny alone": (user(deny()), "explicitDeny", "identity"),
    "a deny beside an allow": (user(*ANY, deny("ec2:*")), "explicitDeny", "identity"),
    "a deny of something else": (user(*ANY, deny("iam:*")), "allowed", "allowed"),
    "a deny whose condition is not met": (
        user(*ANY, deny(Condition={"Bool": {"aws:x": "true"}})),
        "allowed",
        "allowed",
    ),
    "an allow in the second policy": (
        Principal(USER, ACCOUNT, USER_ID, (NOTHING, ALL)),
        "allowed",
        "allowed",
    ),
    "a boundary that allows": (user(*ANY, boundary=ALL), "allowed", "allowed"),
    "a boundary that does not": (user(*ANY, boundary=NOTHING), "implicitDeny", "boundary"),
    "a boundary grants nothing": (user(boundary=ALL), "implicitDeny", "identity"),
    "a boundary that denies": (user(*ANY, boundary=DENIES), "explicitDeny", "boundary"),
    "a role's boundary": (session(*ANY, boundary=NOTHING), "implicitDeny", "boundary"),
    "no session policy": (session(*ANY), "allowed", "allowed"),
    "a session policy that allows": (session(*ANY, session_policies=(ALL,)), "allowed", "allowed"),
    "a session policy that does not": (
        session(*ANY, session_policies=(NOTHING,)),
        "implicitDeny",
        "session",
    ),
    "one of two session policies": (
        session(*ANY, session_policies=(NOTHING, ALL)),
        "allowed",
        "allowed",
    ),
    "neither of two session policies": (
        session(*ANY, session_policies=(NOTHING, NOTHING)),
        "implicitDeny",
        "session",
    ),
    "a session policy grants nothing": (
        session(session_policies=(ALL,)),
        "implicitDeny",
        "identity",
    ),
    "a session policy that denies": (
        session(*ANY, session_policies=(ALL, DENIES)),
        "explicitDeny",
        "session",
    ),
    "the root user": (Principal(ROOT, ACCOUNT, ACCOUNT), "allowed", "allowed"),
}


@pytest.mark.parametrize(("who", "outcome", "reason"), POLICIES.values(), ids=POLICIES)
def test_kinds_of_policies(who: Principal, outcome: str, reason: str) -> None:
    decision = ask(who)
    assert (decision.outcome, decision.reason_kind) == (outcome, reason)
    assert decision.allowed is (outcome == "allowed")


def test_get_caller_identity_needs_no_permission() -> None:
    assert ask(user(deny()), "sts:GetCallerIdentity").allowed


MAY = allow("sts:AssumeRole")
TIGHT: dict[str, Any] = {"boundary": NOTHING}

# words → caller, trust, account of the role, outcome, which kind of policy refused
TRUST: dict[str, tuple[Principal, Policy, str, str, str]] = {
    "the account, by ID": (user(MAY), trust(admit(ACCOUNT)), ACCOUNT, "allowed", "allowed"),
    "the account, by root ARN": (user(MAY), trust(admit(ROOT)), ACCOUNT, "allowed", "allowed"),
    "the account, in a list": (
        user(MAY),
        trust(admit([OTHER, ROOT])),
        ACCOUNT,
        "allowed",
        "allowed",
    ),
    "the account leaves it to identity policies": (
        user(),
        trust(admit(ACCOUNT)),
        ACCOUNT,
        "implicitDeny",
        "identity",
    ),
    "the account does not lift a boundary": (
        user(MAY, **TIGHT),
        trust(admit(ACCOUNT)),
        ACCOUNT,
        "implicitDeny",
        "boundary",
    ),
    "another account": (user(MAY), trust(admit(OTHER)), ACCOUNT, "implicitDeny", "resource"),
    "another partition's account": (
        user(MAY),
        trust(admit(ROOT.replace("aws", "aws-cn"))),
        ACCOUNT,
        "implicitDeny",
        "resource",
    ),
    "the user needs no identity policy": (
        user(),
        trust(admit(USER)),
        ACCOUNT,
        "allowed",
        "allowed",
    ),
    "the user's ID": (user(), trust(admit(USER_ID)), ACCOUNT, "allowed", "allowed"),
    "the ID of a deleted user of that name": (
        user(MAY),
        trust(admit("AIDAOLDOLDOLDOLD")),
        ACCOUNT,
        "implicitDeny",
        "resource",
    ),
    "the user, whom a boundary does not stop": (
        user(**TIGHT),
        trust(admit(USER)),
        ACCOUNT,
        "allowed",
        "allowed",
    ),
    "the user, whom a boundary denies": (
        user(boundary=policy(deny())),
        trust(admit(USER)),
        ACCOUNT,
        "explicitDeny",
        "boundary",
    ),
    "the user, whom an identity policy denies": (
        user(deny("sts:*")),
        trust(admit(USER)),
        ACCOUNT,
        "explicitDeny",
        "identity",
    ),
    "everyone": (user(), trust(admit("*")), ACCOUNT, "allowed", "allowed"),
    "everyone, without type": (
        user(),
        trust({**admit(ACCOUNT), "Principal": "*"}),
        ACCOUNT,
        "allowed",
        "allowed",
    ),
    "a user whose name begins alike": (
        user(MAY),
        trust(admit(USER + "a")),
        ACCOUNT,
        "implicitDeny",
        "resource",
    ),
    "a user whose name is a beginning": (
        user(MAY),
        trust(admit(USER[:-1])),
        ACCOUNT,
        "implicitDeny",
        "resource",
    ),
    "the user without the path": (
        user(MAY),
        trust(admit(USER.replace("team/", ""))),
        ACCOUNT,
        "implicitDeny",
        "resource",
    ),
    "the user in another case": (
        user(MAY),
        trust(admit(USER.replace("ann", "Ann"))),
        ACCOUNT,
        "implicitDeny",
        "resource",
    ),
    "a service": (
        user(MAY),
        trust(admit({"Service": "ec2.amazonaws.com"})),
        ACCOUNT,
        "implicitDeny",
        "resource",
    ),
    "an identity provider of that name": (
        user(MAY),
        trust(admit({"Federated": ACCOUNT})),
        ACCOUNT,
        "implicitDeny",
        "resource",
    ),
    "a session's role": (session(), trust(admit(CALLER_ROLE)), ACCOUNT, "allowed", "allowed"),
    "a session's role ID": (
        session(),
        trust(admit("AROACALLERCALLER")),
        ACCOUNT,
        "allowed",
        "allowed",
    ),
    "a session's role, within its boundary": (
        session(boundary=ALL),
        trust(admit(CALLER_ROLE)),
        ACCOUNT,
        "allowed",
        "allowed",
    ),
    "a session's role, outside its boundary": (
        session(**TIGHT),
        trust(admit(CALLER_ROLE)),
        ACCOUNT,
        "implicitDeny",
        "boundary",
    ),
    "a session's role, outside its session policy": (
        session(session_policies=(NOTHING,)),
        trust(admit(CALLER_ROLE)),
        ACCOUNT,
        "implicitDeny",
        "session",
    ),
    "a session itself": (session(), trust(admit(SESSION)), ACCOUNT, "allowed", "allowed"),
    "a session itself, which nothing implicit stops": (
        session(boundary=NOTHING, session_policies=(NOTHING,)),
        trust(admit(SESSION)),
        ACCOUNT,
        "allowed",
        "allowed",
    ),
    "a session through everyone": (
        session(boundary=NOTHING, session_policies=(NOTHING,)),
        trust(admit("*")),
        ACCOUNT,
        "allowed",
        "allowed",
    ),
    "another session": (
        session(MAY),
        trust(admit(SESSION + "2")),
        ACCOUNT,
        "implicitDeny",
        "resource",
    ),
    "the most direct of several statements counts": (
        user(),
        trust(admit(ACCOUNT), admit(USER)),
        ACCOUNT,
        "allowed",
        "allowed",
    ),
    "the most direct of several principals counts": (
        user(),
        trust(admit([ACCOUNT, USER])),
        ACCOUNT,
        "allowed",
        "allowed",
    ),
    "a trust of denies only": (
        user(MAY),
        trust({**admit(OTHER), "Effect": "Deny"}),
        ACCOUNT,
        "implicitDeny",
        "resource",
    ),
    "an allow for the account, a deny for the user": (
        user(MAY),
        trust(admit(ACCOUNT), {**admit(USER), "Effect": "Deny"}),
        ACCOUNT,
        "explicitDeny",
        "resource",
    ),
    "a deny for the account": (
        user(MAY),
        trust(admit(USER), {**admit(ACCOUNT), "Effect": "Deny"}),
        ACCOUNT,
        "explicitDeny",
        "resource",
    ),
    "a deny for a session's role": (
        session(MAY),
        trust(admit(SESSION), {**admit(CALLER_ROLE), "Effect": "Deny"}),
        ACCOUNT,
        "explicitDeny",
        "resource",
    ),
    "another action only": (
        user(MAY),
        trust(admit(ACCOUNT, Action="sts:TagSession")),
        ACCOUNT,
        "implicitDeny",
        "resource",
    ),
    "across accounts, both sides": (user(MAY), trust(admit(ACCOUNT)), OTHER, "allowed", "allowed"),
    "across accounts, trust alone": (
        user(),
        trust(admit(USER)),
        OTHER,
        "implicitDeny",
        "identity",
    ),
    "across accounts, trust in everyone": (
        user(),
        trust(admit("*")),
        OTHER,
        "implicitDeny",
        "identity",
    ),
    "across accounts, identity alone": (
        user(MAY),
        trust(admit(OTHER)),
        OTHER,
        "implicitDeny",
        "resource",
    ),
    "across accounts, a boundary": (
        user(MAY, **TIGHT),
        trust(admit(USER)),
        OTHER,
        "implicitDeny",
        "boundary",
    ),
    "the root user may not assume roles": (
        Principal(ROOT, ACCOUNT, ACCOUNT),
        trust(admit(ACCOUNT)),
        ACCOUNT,
        "implicitDeny",
        "resource",
    ),
}


@pytest.mark.parametrize(
    ("who", "trusting", "account", "outcome", "reason"), TRUST.values(), ids=TRUST
)
def test_trust(who: Principal, trusting: Policy, account: str, outcome: str, reason: str) -> None:
    decision = assume(who, trusting, account)
    assert (decision.outcome, decision.reason_kind) == (outcome, reason)


def spare(*listed: str) -> Policy:
    denial = {"Effect": "Deny", "Action": "sts:AssumeRole", "NotPrincipal": {"AWS": list(listed)}}
    return trust(admit("*"), denial)


# words → caller, who is spared by the deny, allowed?
SPARED: dict[str, tuple[Principal, Policy, bool]] = {
    "the user and the account": (user(), spare(USER, ROOT), True),
    "the user alone": (user(), spare(USER), False),
    "the account alone": (user(), spare(ACCOUNT), False),
    "somebody else": (user(), spare(USER + "2", ROOT), False),
    "everyone": (user(), spare("*"), True),
    "the session, its role and the account": (session(), spare(SESSION, CALLER_ROLE, ROOT), True),
    "the role and the account": (session(), spare(CALLER_ROLE, ROOT), False),
    "nobody with a boundary": (user(boundary=ALL), spare(USER, ROOT), False),
}


@pytest.mark.parametrize(("who", "trusting", "allowed"), SPARED.values(), ids=SPARED)
def test_not_principal(who: Principal, trusting: Policy, allowed: bool) -> None:
    assert assume(who, trusting).outcome == ("allowed" if allowed else "explicitDeny")


def test_the_role_s_account_is_read_from_its_arn() -> None:
    request = Request(user(), "sts:AssumeRole", ROLE, {})
    assert evaluate(request, trust(admit(USER))).allowed
    elsewhere = Request(user(), "sts:AssumeRole", ROLE.replace(ACCOUNT, OTHER), {})
    assert not evaluate(elsewhere, trust(admit(USER))).allowed


def test_a_policy_in_the_wrong_place_decides_nothing() -> None:
    assert not assume(user(), policy(allow())).allowed
    assert not ask(
        Principal(USER, ACCOUNT, USER_ID, (trust(admit("*")),)), "sts:AssumeRole"
    ).allowed


EXTERNAL_ID = {"StringEquals": {"sts:ExternalId": "x"}}
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}

# words → decision, the sentence, who decided
WHY: dict[str, tuple[Any, str, list[tuple[str, str, str]]]] = {
    "an identity policy allows": (
        lambda: ask(user(allow("ec2:*", Sid="Look"))),
        'policy "p", statement "Look" allows ec2:DescribeInstances',
        [('policy "p"', "Look", "Allow")],
    ),
    "no statement allows": (
        lambda: ask(user()),
        f"no statement allows ec2:DescribeInstances for {USER}",
        [],
    ),
    "an ARN where only a star helps": (
        lambda: ask(user(deny("iam:*"), allow("ec2:*", INSTANCE))),
        f"no statement allows ec2:DescribeInstances for {USER}: "
        f'policy "p", statement 2 would, but covers only {INSTANCE}',
        [],
    ),
    "a NotResource": (
        lambda: ask(
            user({"Effect": "Allow", "Action": "*", "NotResource": ROLE}), "iam:GetRole", ROLE
        ),
        f"no statement allows iam:GetRole on {ROLE} for {USER}: "
        f'policy "p", statement 1 would, but excepts {ROLE}',
        [],
    ),
    "a condition": (
        lambda: ask(user(allow("ec2:*", INSTANCE), allow(Condition=MFA))),
        f"no statement allows ec2:DescribeInstances for {USER}: policy "
        '"p", statement 2 would, but condition Bool aws:MultiFactorAuthPresent is not met '
        "(sent: nothing)",
        [],
    ),
    "an identity policy denies": (
        lambda: ask(user(allow(), deny(Sid="DenyAll"))),
        f'policy "p", statement "DenyAll" denies ec2:DescribeInstances for {USER}',
        [('policy "p"', "DenyAll", "Deny")],
    ),
    "a boundary does not allow": (
        lambda: ask(user(allow(), boundary=NOTHING)),
        'boundary policy "b" does not allow ec2:DescribeInstances',
        [],
    ),
    "a boundary would, but": (
        lambda: ask(user(allow(), boundary=policy(allow(Condition=MFA)))),
        'boundary policy "p" does not allow ec2:DescribeInstances: condition Bool '
        "aws:MultiFactorAuthPresent is not met (sent: nothing)",
        [],
    ),
    "a boundary denies": (
        lambda: ask(user(allow(), boundary=DENIES)),
        f'boundary policy "b", statement 2 denies ec2:DescribeInstances for {USER}',
        [('policy "b"', "2", "Deny")],
    ),
    "a session policy does not allow": (
        lambda: ask(session(allow(), session_policies=(NOTHING,))),
        'session policy "b" does not allow ec2:DescribeInstances',
        [],
    ),
    "no session policy allows": (
        lambda: ask(session(allow(), session_policies=(NOTHING, NOTHING))),
        f"no session policy statement allows ec2:DescribeInstances for {SESSION}",
        [],
    ),
    "trust in the account": (
        lambda: assume(user(MAY), trust(admit(ACCOUNT))),
        f'policy "p", statement 1 allows sts:AssumeRole on {ROLE} and '
        f'trust policy of role "target", statement 1 admits {USER}',
        [('trust policy of role "target"', "1", "Allow"), ('policy "p"', "1", "Allow")],
    ),
    "trust in the user": (
        lambda: assume(user(), trust(admit(USER))),
        f'trust policy of role "target", statement 1 admits {USER}, '
        "which needs no other permission",
        [('trust policy of role "target"', "1", "Allow")],
    ),
    "no trust": (
        lambda: assume(user(MAY), trust(admit(OTHER))),
        f'trust policy of role "target" does not admit {USER}',
        [],
    ),
    "no external ID": (
        lambda: assume(user(MAY), trust(admit(ACCOUNT, Condition=EXTERNAL_ID))),
        f'trust policy of role "target" does not admit {USER}: '
        "condition StringEquals sts:ExternalId is not met (sent: nothing)",
        [],
    ),
    "a wrong external ID": (
        lambda: assume(
            user(MAY), trust(admit(ACCOUNT, Condition=EXTERNAL_ID)), sts__externalid="y"
        ),
        f'trust policy of role "target" does not admit {USER}: '
        'condition StringEquals sts:ExternalId is not met (sent: "y")',
        [],
    ),
    "a trust policy denies": (
        lambda: assume(user(), trust(admit(USER), {**admit(USER), "Effect": "Deny"})),
        f'trust policy of role "target", statement 2 denies sts:AssumeRole on {ROLE} for {USER}',
        [('trust policy of role "target"', "2", "Deny")],
    ),
    "the root user": (
        lambda: ask(Principal(ROOT, ACCOUNT, ACCOUNT)),
        f"{ROOT} may do everything in its account",
        [],
    ),
    "the root user cannot assume roles": (
        lambda: assume(Principal(ROOT, ACCOUNT, ACCOUNT), trust(admit(ACCOUNT))),
        "roles may not be assumed by an account's root user",
        [],
    ),
}


@pytest.mark.parametrize(("decide", "why", "matched"), WHY.values(), ids=WHY)
def test_why(decide: Any, why: str, matched: list[tuple[str, str, str]]) -> None:
    decision = decide()
    assert decision.why == why
    found = [(each.policy, each.sid_or_index, each.effect) for each in decision.statements]
    assert found == matched


def test_everything_that_allowed_is_named() -> None:
    who = session(allow(), boundary=ALL, session_policies=(ALL,))
    assert [each.policy for each in ask(who).statements] == [
        'policy "p"',
        'policy "b"',
        'policy "b"',
    ]
