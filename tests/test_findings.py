"""What a reviewer says of trust policies: each rule finds its kind, good policies nothing."""

import subprocess
import sys
from typing import Any, get_args

import pytest

from runbook_lib import policies, tables
from runbook_lib.access import PolicyError
from runbook_lib.findings import LONG_LIVED_KEY, findings, findings_of_all
from runbook_lib.findings.subjects import is_wide

HERE, THERE = "123456789012", "999988887777"
USER, OTHER = f"arn:aws:iam::{HERE}:user/alice", f"arn:aws:iam::{THERE}:role/deployer"
GITHUB = "token.actions.githubusercontent.com"
EKS = "oidc.eks.ap-northeast-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
COGNITO = "cognito-identity.amazonaws.com"
AUD = {f"{GITHUB}:aud": "sts.amazonaws.com"}
MFA, AGE, ORG = "aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge", "aws:PrincipalOrgID"


def allow(principal: Any, action: Any = "sts:AssumeRole", **condition: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": principal, "Action": action}
    named = {name.replace("__", ":"): keys for name, keys in condition.items()}
    return statement | ({"Condition": named} if named else {})


def deny(action: str = "sts:AssumeRole", **condition: Any) -> dict[str, Any]:
    return allow("*", action, **condition) | {"Effect": "Deny"}


def oidc(provider: str, **condition: Any) -> dict[str, Any]:
    arn = f"arn:aws:iam::{HERE}:oidc-provider/{provider}"
    return allow({"Federated": arn}, "sts:AssumeRoleWithWebIdentity", **condition)


def github(**condition: Any) -> dict[str, Any]:
    return oidc(GITHUB, StringEquals=AUD, **condition)


def sub(value: Any, provider: str = GITHUB) -> dict[str, Any]:
    return {f"{provider}:sub": value}


def aws(*named: str, **condition: Any) -> dict[str, Any]:
    return allow({"AWS": list(named)}, **condition)


def service(name: str, **condition: Any) -> dict[str, Any]:
    return allow({"Service": f"{name}.amazonaws.com"}, **condition)


def web(provider: str, **condition: Any) -> dict[str, Any]:
    return allow({"Federated": provider}, "sts:AssumeRoleWithWebIdentity", **condition)


def saml(**condition: Any) -> dict[str, Any]:
    arn = f"arn:aws:iam::{HERE}:saml-provider/corp"
    return allow({"Federated": arn}, "sts:AssumeRoleWithSAML", **condition)


def cognito(**condition: Any) -> dict[str, Any]:
    return web(COGNITO, **condition)


WHOLE, EVERYBODY = "Account-wide trust", "Everybody is trusted"
ANOTHER, SOURCE = "Another account without an external id", "Service without a source"
AUDIENCE, BARE = "OIDC with only an audience", "OIDC without conditions"
SPANS, FOR_ALL = "Wildcard spans owners or repositories", "ForAllValues on a single-valued key"
IF_EXISTS, NEGATED = "IfExists admits who has no such key", "Negated condition"
MFA_IF_EXISTS = "MFA only if the key exists"
POOL = {f"{COGNITO}:aud": "us-east-1:12345678-dc90-4b8f-a6fa-4f0a4EXAMPLE"}

Statements = dict[str, Any] | list[dict[str, Any]]
FOUND: list[tuple[str, Statements, list[str]]] = [
    ("OIDC, audience alone", github(), [AUDIENCE]),
    ("OIDC, no condition", oidc(GITHUB), [BARE]),
    ("OIDC, an audience of any kind", oidc(GITHUB, StringLike={f"{GITHUB}:aud": "*"}), [BARE]),
    (
        "OIDC, a condition on something else",
        oidc(GITHUB, Bool={"aws:SecureTransport": "true"}),
        [BARE],
    ),
    (
        "EKS, audience alone",
        oidc(EKS, StringEquals={f"{EKS}:aud": "sts.amazonaws.com"}),
        [AUDIENCE],
    ),
    (
        "GitHub, the owner's claim alone",
        github(StringLike={f"{GITHUB}:repository_owner": "octo-org"}),
        ["OIDC without a subject"],
    ),
    ("GitHub, repo:*", github(StringLike=sub("repo:*")), [SPANS]),
    ("GitHub, *", github(StringLike=sub("*")), [SPANS]),
    ("GitHub, an owner's repositories", github(StringLike=sub("repo:octo-org/*")), [SPANS]),
    ("GitHub, a prefix", github(StringLike=sub("repo:octo-org/octo-repo*")), [SPANS]),
    ("GitHub, ? in an owner", github(StringLike=sub("repo:octo-or?/octo-repo:*")), [SPANS]),
    ("GitHub, one of several", github(StringLike=sub(["repo:a/b:*", "repo:a/*:*"])), [SPANS]),
    ("GitHub, ForAnyValue", github(ForAnyValue__StringLike=sub("repo:a/*")), [SPANS]),
    ("GitHub, all but one", github(StringNotLike=sub("repo:a/b:*")), [AUDIENCE, NEGATED]),
    ("GitHub, ForAllValues", github(ForAllValues__StringLike=sub("repo:a/b:*")), [FOR_ALL]),
    ("GitHub, IfExists", github(StringLikeIfExists=sub("repo:a/b:*")), [IF_EXISTS]),
    (
        "GitLab, a whole group",
        oidc("gitlab.com", StringLike=sub("project_path:mygroup/*", "gitlab.com")),
        [SPANS],
    ),
    ("everybody", allow("*"), [EVERYBODY]),
    ("everybody over TLS", allow("*", Bool={"aws:SecureTransport": "true"}), [EVERYBODY]),
    ("everybody with MFA of their own", allow("*", Bool={MFA: "true"}), [EVERYBODY]),
    ("everybody with a tag", allow("*", StringEquals={"aws:PrincipalTag/a": "b"}), [EVERYBODY]),
    (
        "everybody with an external id",
        allow("*", StringEquals={"sts:ExternalId": "x"}),
        [EVERYBODY],
    ),
    ("any organization", allow("*", StringLike={ORG: "o-*"}), [EVERYBODY]),
    ("any account", allow("*", StringNotEquals={"aws:PrincipalAccount": THERE}), [EVERYBODY]),
    (
        "any account's role",
        allow("*", ArnLike={"aws:PrincipalArn": "arn:aws:iam::*:role/a"}),
        [EVERYBODY],
    ),
    ("any address", allow("*", IpAddress={"aws:SourceIp": "0.0.0.0/0"}), [EVERYBODY]),
    (
        "organization, if there is one",
        allow("*", StringEqualsIfExists={ORG: "o-a"}),
        [EVERYBODY, IF_EXISTS],
    ),
    (
        "organization, ForAllValues",
        allow("*", ForAllValues__StringEquals={ORG: "o-a"}),
        [EVERYBODY, FOR_ALL],
    ),
    ("not an organization", allow("*", StringNotEquals={ORG: "o-a"}), [EVERYBODY, NEGATED]),
    (
        "organization paths, ForAllValues",
        allow("*", ForAllValues__StringLike={"aws:PrincipalOrgPaths": "o-a/r-b/*"}),
        [EVERYBODY, "ForAllValues"],
    ),
    ("an account", aws(HERE), [WHOLE]),
    ("an account over TLS", aws(HERE, Bool={"aws:SecureTransport": "true"}), [WHOLE]),
    ("an account, any name", aws(HERE, StringLike={"sts:RoleSessionName": "ci-*"}), [WHOLE]),
    ("MFA if it is known", aws(USER, BoolIfExists={MFA: "true"}), [MFA_IF_EXISTS]),
    ("MFA's age if it is known", aws(USER, NumericLessThanIfExists={AGE: "3600"}), [MFA_IF_EXISTS]),
    (
        "a Deny without MFA",
        [aws(USER), deny(Bool={MFA: "false"})],
        ["Deny that long-term keys escape"],
    ),
    (
        "external id, IfExists",
        aws(OTHER, StringEqualsIfExists={"sts:ExternalId": "x"}),
        [IF_EXISTS, ANOTHER],
    ),
    ("external id, anything", aws(OTHER, StringLike={"sts:ExternalId": "*"}), [ANOTHER]),
    ("another account", aws(f"arn:aws:iam::{THERE}:root"), [WHOLE, ANOTHER]),
    ("another account's role", aws(USER, OTHER), [ANOTHER]),
    ("all addresses but", aws(USER, NotIpAddress={"aws:SourceIp": "10.0.0.0/8"}), [NEGATED]),
    ("a service", service("sns"), [SOURCE]),
    (
        "a service for anybody's resource",
        service("sns", ArnLike={"aws:SourceArn": "arn:aws:sns:*:*:*"}),
        [SOURCE],
    ),
    (
        "a service, IfExists",
        service("sns", StringEqualsIfExists={"aws:SourceAccount": HERE}),
        [SOURCE, IF_EXISTS],
    ),
    ("any bucket", service("s3", ArnLike={"aws:SourceArn": "arn:aws:s3:::*"}), [SOURCE]),
    (
        "any account's twelve digits",
        service("sns", StringLike={"aws:SourceArn": f"arn:aws:sns:*:{'?' * 12}:a"}),
        [SOURCE],
    ),
    ("any role of a name", allow("*", StringLike={"aws:PrincipalArn": "*:role/a"}), [EVERYBODY]),
    (
        "a Deny of another way in",
        [github(), deny(StringNotLike=sub("repo:a/b:*"))],
        [AUDIENCE],
    ),
    ("SAML without an audience", saml(), ["SAML without an audience"]),
    ("Cognito without conditions", cognito(), [BARE]),
    ("Cognito with guests", cognito(StringEquals=POOL), ["Cognito without amr"]),
    (
        "Cognito of everybody's",
        cognito(ForAnyValue__StringLike={f"{COGNITO}:amr": "authenticated"}),
        ["Cognito without aud"],
    ),
    ("every action", allow({"AWS": USER}, "sts:*"), ["Wildcard action"]),
    ("a deleted user", aws("AIDAJQABLZS4A3QDU576Q"), ["Deleted principal"]),
    (
        "all but one denied",
        [aws(USER), {"Effect": "Deny", "NotPrincipal": {"AWS": USER}, "Action": "sts:AssumeRole"}],
        ["NotPrincipal"],
    ),
]
GOOD: list[tuple[str, Statements]] = [
    ("a user", aws(USER)),
    (
        "GitHub, one branch",
        oidc(GITHUB, StringEquals=AUD | sub("repo:octo-org/octo-repo:ref:refs/heads/main")),
    ),
    ("GitHub, one repository", github(StringLike=sub("repo:octo-org/octo-repo:*"))),
    (
        "GitHub, a repository's id",
        github(StringLike=sub("repo:octo-org/*") | {f"{GITHUB}:repository_id": "1"}),
    ),
    ("GitHub, others denied", [github(), deny("sts:AssumeRole*", StringNotLike=sub("repo:a/b:*"))]),
    (
        "EKS, one service account",
        oidc(
            EKS,
            StringEquals=sub("system:serviceaccount:default:my-app", EKS)
            | {f"{EKS}:aud": "sts.amazonaws.com"},
        ),
    ),
    ("EKS, one namespace", oidc(EKS, StringLike=sub("system:serviceaccount:default:*", EKS))),
    (
        "Terraform Cloud, one workspace",
        oidc(
            "app.terraform.io",
            StringLike=sub("organization:o:project:p:workspace:w:run_phase:*", "app.terraform.io"),
        ),
    ),
    (
        "GitLab, one project",
        oidc(
            "gitlab.com", StringLike=sub("project_path:g/s/p:ref_type:branch:ref:*", "gitlab.com")
        ),
    ),
    (
        "Cognito, signed in",
        cognito(StringEquals=POOL, ForAnyValue__StringLike={f"{COGNITO}:amr": "authenticated"}),
    ),
    (
        "an application at Google",
        allow(
            {"Federated": "accounts.google.com"},
            "sts:AssumeRoleWithWebIdentity",
            StringEquals={"accounts.google.com:aud": "66677788899900pro0"},
        ),
    ),
    ("SAML", saml(StringEquals={"SAML:aud": "https://signin.aws.amazon.com/saml"})),
    (
        "a service for one resource",
        service("sns", ArnLike={"aws:SourceArn": f"arn:aws:sns:us-east-1:{HERE}:*"}),
    ),
    ("a service for one account", service("ecs-tasks", StringEquals={"aws:SourceAccount": HERE})),
    ("a service for an organization", service("config", StringEquals={"aws:SourceOrgID": "o-a"})),
    ("a third party", aws(THERE, StringEquals={"sts:ExternalId": "12345"})),
    ("an organization", allow({"AWS": "*"}, StringEquals={ORG: "o-a"})),
    (
        "a part of an organization",
        allow("*", ForAnyValue__StringLike={"aws:PrincipalOrgPaths": "o-a/r-b/*"}),
    ),
    ("another account of the organization", aws(OTHER, StringEquals={ORG: "o-a"})),
    ("everybody, strangers denied", [allow("*"), deny(StringNotEquals={ORG: "o-a"})]),
    (
        "everybody, strangers denied, services spared",
        [
            allow("*"),
            deny(
                StringNotEqualsIfExists={ORG: "o-a"},
                BoolIfExists={"aws:PrincipalIsAWSService": "false"},
            ),
        ],
    ),
    ("addresses", allow("*", IpAddress={"aws:SourceIp": ["203.0.113.0/24", "2001:db8::/32"]})),
    (
        "another account, of a part of the organization",
        aws(OTHER, ForAnyValue__StringLike={"aws:PrincipalOrgPaths": "o-a/r-b/*"}),
    ),
    (
        "a service for a part of the organization",
        service("sns", ForAnyValue__StringLike={"aws:SourceOrgPaths": "o-a/r-b/*"}),
    ),
    ("MFA", aws(HERE, Bool={MFA: "true"})),
    (
        "a Deny of old MFA, and one of none",
        [aws(HERE), deny(NumericGreaterThan={AGE: "60"}), deny(Null={AGE: "true"})],
    ),
    ("tags by a statement of their own", [aws(USER), allow("*", "sts:TagSession")]),
    ("Amazon's application", web("www.amazon.com", StringEquals={"www.amazon.com:app_id": "a"})),
    (
        "Cognito's developers",
        cognito(StringEquals=POOL, ForAnyValue__StringEquals={f"{COGNITO}:amr": "authenticated"}),
    ),
    ("a bucket", service("s3", ArnLike={"aws:SourceArn": "arn:aws:s3:::bucket"})),
    ("MFA of late", aws(OTHER, NumericLessThan={AGE: "3600"})),
    ("MFA, by Null", aws(HERE, Null={AGE: "false"})),
    ("a Deny without MFA", [aws(HERE), deny(BoolIfExists={MFA: "false"})]),
    ("session tags", aws(USER, ForAllValues__StringEquals={"aws:TagKeys": ["team"]})),
    ("organization, the key required", allow("*", StringEquals={ORG: "o-a"}, Null={ORG: "false"})),
    (
        "all of an account but one",
        aws(HERE, Bool={MFA: "true"}, ArnNotEquals={"aws:PrincipalArn": USER}),
    ),
    ("roles of an account", aws(HERE, ArnLike={"aws:PrincipalArn": "arn:aws:iam::*:role/ci-*"})),
    (
        "session and source identity",
        allow({"AWS": USER}, ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]),
    ),
]


def document(statements: Statements) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": statements}


def names(statements: Statements) -> list[str]:
    return [one.finding for one in findings(document(statements), "trust", HERE)]


@pytest.mark.parametrize(
    ("statements", "expected"), [one[1:] for one in FOUND], ids=[one[0] for one in FOUND]
)
def test_what_is_wrong_is_found_and_nothing_else(
    statements: Statements, expected: list[str]
) -> None:
    found = findings(document(statements), "trust", HERE)
    assert sorted(one.finding for one in found) == sorted(expected)
    for one in found:
        assert one.page.startswith("https://docs.aws.amazon.com/")
        assert one.why


@pytest.mark.parametrize("statements", [one[1] for one in GOOD], ids=[one[0] for one in GOOD])
def test_nothing_is_said_of_good_policies(statements: Statements) -> None:
    assert findings(document(statements), "trust", HERE) == []


@pytest.mark.parametrize(
    "key",
    [
        "aws:PrincipalAccount",
        "aws:PrincipalArn",
        "aws:PrincipalOrgID",
        "aws:SourceAccount",
        "aws:SourceArn",
        "aws:SourceOrgID",
        "aws:SourceVpc",
        "aws:SourceVpce",
        "aws:userid",
    ],
)
def test_what_nobody_else_can_have_says_who_is_meant(key: str) -> None:
    assert names(allow("*", StringEquals={key: "one"})) == []
    assert EVERYBODY in names(allow("*", StringNotEquals={key: "one"}))
    assert EVERYBODY in names(allow("*", StringEqualsIfExists={key: "one"}))


@pytest.mark.parametrize(
    "key",
    [
        "aws:CurrentTime",
        "aws:EpochTime",
        "aws:referer",
        "aws:RequestedRegion",
        "aws:RequestTag/team",
        "aws:SecureTransport",
        "aws:TagKeys",
        "aws:TokenIssueTime",
        "aws:UserAgent",
        "sts:DurationSeconds",
        "sts:RoleSessionName",
        "sts:SourceIdentity",
        "sts:TransitiveTagKeys",
    ],
)
def test_what_the_caller_chooses_does_not(key: str) -> None:
    assert names(aws(HERE, StringEquals={key: "one"})) == [WHOLE]
    assert names(allow("*", StringEquals={key: "one"})) == [EVERYBODY]


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("aws:CalledVia", ["ForAllValues"]),
        ("aws:PrincipalOrgPaths", ["ForAllValues"]),
        ("aws:PrincipalServiceNamesList", ["ForAllValues"]),
        ("aws:SourceOrgPaths", ["ForAllValues"]),
        (f"{COGNITO}:amr", ["ForAllValues"]),
        ("SAML:eduPersonAffiliation", ["ForAllValues"]),
        ("SAML:eduPersonEntitlement", ["ForAllValues"]),
        ("idp.example.com:groups", ["ForAllValues"]),
        ("aws:TagKeys", []),
        ("sts:TransitiveTagKeys", []),
        ("aws:PrincipalTag/team", [FOR_ALL]),
        ("aws:PrincipalArn", [FOR_ALL]),
    ],
)
def test_for_all_values(key: str, found: list[str]) -> None:
    assert names(aws(USER, ForAllValues__StringEquals={key: "one"})) == found
    assert names(aws(USER, ForAllValues__StringEquals={key: "one"}, Null={key: "false"})) == []
    assert names(aws(USER, ForAnyValue__StringEquals={key: "one"})) == []


@pytest.mark.parametrize(
    "key",
    [
        "aws:CurrentTime",
        "aws:EpochTime",
        "aws:PrincipalAccount",
        "aws:PrincipalArn",
        "aws:PrincipalType",
        "aws:RequestedRegion",
        "aws:SecureTransport",
        "aws:userid",
        "sts:RoleSessionName",
    ],
)
def test_a_key_that_is_always_there_cannot_be_absent(key: str) -> None:
    assert names(aws(USER, StringNotEquals={key: "one"})) == []
    assert names(aws(USER, StringEqualsIfExists={key: "one"})) == []


@pytest.mark.parametrize(
    "claim",
    [
        "azp",
        "oaud",
        "amr",
        "enterprise",
        "enterprise_id",
        "environment",
        "event_name",
        "ref",
        "ref_type",
        "repository_owner_id",
        "repository_visibility",
        "runner_environment",
    ],
)
def test_a_claim_that_many_have_in_common_is_no_subject(claim: str) -> None:
    (found,) = names(github(StringLike={f"{GITHUB}:{claim}": "one"}))
    assert found == (AUDIENCE if claim in ("azp", "oaud") else "OIDC without a subject")
    assert SPANS in names(github(StringLike=sub("repo:a/*") | {f"{GITHUB}:{claim}": "one"}))


@pytest.mark.parametrize("key", ["aws:PrincipalOrgID", "sts:ExternalId", MFA, AGE])
def test_what_guards_against_acting_for_somebody_else(key: str) -> None:
    value, operator = ("true", "Bool") if key == MFA else ("one", "StringEquals")
    assert names(aws(OTHER, **{operator: {key: value}})) == []
    assert ANOTHER in names(aws(OTHER))
    assert ANOTHER in names(aws(OTHER, StringEquals={"aws:PrincipalTag/a": "b"}))


@pytest.mark.parametrize("variant", get_args(policies.Variant))
@pytest.mark.parametrize("home", [HERE, THERE])
def test_the_variants(variant: policies.Variant, home: str) -> None:
    wanted = policies.Setup(
        account_id=HERE,
        partition="aws",
        variant=variant,
        trusted_account_id=home,
        policy_name="assume-role-policy",
        user_name="assume-role-user",
        role_name="assume-role-role",
    )
    expected = [WHOLE] if variant == "tutorial" else []
    if home == THERE and variant in ("tutorial", "least-privilege"):
        expected.append(ANOTHER)
    assert [one.finding for one in findings(wanted.trust, "trust", HERE)] == expected


@pytest.mark.parametrize("principal", [f"arn:aws:iam::{HERE}:role/*", "arn:aws:iam::*:root"])
def test_a_principal_with_a_wildcard_is_none(principal: str) -> None:
    """AWS stores no such policy: it is malformed, not merely broad."""
    with pytest.raises(PolicyError, match="Principal"):
        findings(document(aws(principal)), "trust")


def test_whose_account_it_is_makes_a_rule_more() -> None:
    without, with_account = (findings(document(aws(OTHER)), "trust", one) for one in (None, HERE))
    assert without == []
    assert with_account.rules == without.rules + 1


@pytest.mark.parametrize(
    ("subject", "wide"),
    [
        ("repo:octo-org/octo-repo:ref:refs/heads/main", False),
        ("repo:octo-org@1/octo-repo@2:*", False),
        ("repo:octo-org/octo-repo:environment:*", False),
        ("job_workflow_ref:octo-org/octo-repo/.github/workflows/a.yml@*", False),
        ("repository_owner:octo-org:*", True),
        ("repository_owner:octo-org:repo:octo-org/octo-repo:*", False),
        ("repo*", True),
        ("project_path:group/sub/project:*", False),
        ("project_path:group/*:ref_type:branch:ref:main", True),
        ("project_path:*/project:ref", True),
        ("{c7bb7ba4-0000-0000-0000-000000000000}:*", False),
        ("*:{c7bb7ba4-0000-0000-0000-000000000000}", True),
        ("organization:o:project:*:workspace:w:run_phase:apply", False),
        ("organization:o:project:p:workspace:*:run_phase:*", False),
        ("organization:o:project:*:workspace:*:run_phase:apply", True),
        ("organization:*:project:p:workspace:w:run_phase:apply", True),
        ("organization:o:pipeline:p:*", False),
        ("organization:o:pipeline:*", True),
        ("system:serviceaccount:default:*", False),
        ("system:serviceaccount:*:my-app", True),
        ("org/1/project/2/user/*", False),
        ("org/1/project/*", True),
        ("p://org/project/*", True),
        ("space:a:stack:*", False),
        ("user-*", True),
    ],
)
def test_which_wildcards_span_owners(subject: str, wide: bool) -> None:
    assert is_wide(subject) == wide


def test_the_table_says_by_how_many_rules() -> None:
    good = findings(document(aws(USER)), "trust", HERE)
    assert f"none     {good.rules} rules were applied" in repr(tables.findings(good))
    bad = findings(document(aws(HERE)), "trust", HERE)
    assert f"{bad.rules} rules were applied" in repr(tables.findings(bad)).splitlines()[-1]
    assert "rules" not in repr(tables.findings([LONG_LIVED_KEY]))
    assert f"{findings_of_all([]).rules} rules" in repr(tables.findings(findings_of_all([])))


def test_a_notebook_that_judges_no_permissions_does_not_wait_for_cloudsplaining() -> None:
    judging = "import runbook_lib.findings, sys; print('cloudsplaining' in sys.modules)"
    asked = subprocess.run(
        [sys.executable, "-c", judging], capture_output=True, text=True, check=True
    )
    assert asked.stdout == "False\n"
