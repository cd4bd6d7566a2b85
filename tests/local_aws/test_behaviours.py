"""What AWS does, a sentence a row, asked over HTTP with AWS's own SDK.

Each row: the sentence; what is done, by the administrator `a` of an account of the row's own;
what comes of it: AWS's error code and HTTP status, or a value, or DONE for any success.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from local_aws_people import Account, Actor, allow, deny, policy, trusting

DONE = "done"
ASSUME = "sts:AssumeRole"
LIST = "ec2:DescribeInstances"
EC2_FULL = "arn:aws:iam::aws:policy/AmazonEC2FullAccess"

Row = tuple[str, Callable[[Account], Any], Any]


def when(operator: str, key: str, value: Any) -> dict[str, Any]:
    return {"Condition": {operator: {key: value}}}


def listed(response: dict[str, Any]) -> int:
    """How many instances a response lists."""
    return sum(len(each["Instances"]) for each in response["Reservations"])


def user_assumes(a: Account, role_arn: str, *statements: Any, **given: Any) -> Actor:
    """A new user, who may assume roles unless told otherwise, assumes the role."""
    return a.user(*(statements or (allow(ASSUME),))).assume(role_arn, **given)


def assumes(a: Account, trust: str, *statements: Any, **given: Any) -> Actor:
    """A new user assumes a new role with this trust policy."""
    return user_assumes(a, a.role(trust=trust), *statements, **given)


# --- Authentication


def wrong_secret(a: Account, service: str) -> Any:
    a.sts.get_caller_identity()
    return a.client(service, aws_secret_access_key="wrong" * 8)


def deleted_key(a: Account) -> Actor:
    user = a.user()
    a.iam.delete_access_key(UserName="alice", AccessKeyId=user.key_id)
    return user


def inactive_key(a: Account) -> Actor:
    user = a.user()
    a.iam.update_access_key(UserName="alice", AccessKeyId=user.key_id, Status="Inactive")
    return user


def reactivated_key(a: Account) -> Actor:
    user = inactive_key(a)
    a.iam.update_access_key(UserName="alice", AccessKeyId=user.key_id, Status="Active")
    return user


def session(a: Account, *statements: Any, **given: Any) -> Actor:
    return a.assume(a.role(*(statements or (allow(LIST),))), **given)


def expired_session(a: Account) -> Actor:
    found = session(a, DurationSeconds=900)
    a.wait(900)
    return found


def nearly_expired_session(a: Account) -> Actor:
    found = session(a, DurationSeconds=900)
    a.wait(899)
    return found


def session_without_token(a: Account, service: str) -> Any:
    return session(a).client(service, aws_session_token=None)


def session_with_token_of_another(a: Account) -> Any:
    arn = a.role()
    return a.assume(arn).client("sts", aws_session_token=a.assume(arn).token)


def session_of_deleted_role(a: Account) -> Actor:
    found = a.assume(a.role())
    a.iam.delete_role(RoleName="app")
    return found


def session_of_recreated_role(a: Account) -> Actor:
    found = session_of_deleted_role(a)
    a.role()
    return found


AUTHENTICATION: list[Row] = [
    (
        "STS refuses a wrong secret with SignatureDoesNotMatch",
        lambda a: wrong_secret(a, "sts").get_caller_identity(),
        "SignatureDoesNotMatch 403",
    ),
    (
        "IAM refuses a wrong secret with SignatureDoesNotMatch",
        lambda a: wrong_secret(a, "iam").list_users(),
        "SignatureDoesNotMatch 403",
    ),
    (
        "EC2 refuses a wrong secret with AuthFailure",
        lambda a: wrong_secret(a, "ec2").describe_instances(),
        "AuthFailure 401",
    ),
    (
        "STS refuses an unknown key with InvalidClientTokenId",
        lambda a: a.client("sts", aws_access_key_id="AKIAIOSFODNN7EXAMPLE").get_caller_identity(),
        "InvalidClientTokenId 403",
    ),
    (
        "EC2 refuses an unknown key with AuthFailure",
        lambda a: a.client("ec2", aws_access_key_id="AKIAIOSFODNN7EXAMPLE").describe_instances(),
        "AuthFailure 401",
    ),
    (
        "a deleted key is unknown to STS",
        lambda a: deleted_key(a).sts.get_caller_identity(),
        "InvalidClientTokenId 403",
    ),
    (
        "an inactive key is unknown to STS",
        lambda a: inactive_key(a).sts.get_caller_identity(),
        "InvalidClientTokenId 403",
    ),
    (
        "an inactive key is unknown to EC2",
        lambda a: inactive_key(a).ec2.describe_instances(),
        "AuthFailure 401",
    ),
    (
        "a key that is activated again works",
        lambda a: reactivated_key(a).sts.get_caller_identity(),
        DONE,
    ),
    (
        "temporary credentials without their token are refused by STS",
        lambda a: session_without_token(a, "sts").get_caller_identity(),
        "InvalidClientTokenId 403",
    ),
    (
        "temporary credentials without their token are refused by EC2",
        lambda a: session_without_token(a, "ec2").describe_instances(),
        "AuthFailure 401",
    ),
    (
        "temporary credentials with another session's token are refused",
        lambda a: session_with_token_of_another(a).get_caller_identity(),
        "InvalidClientTokenId 403",
    ),
    (
        "a long-term key with a token is refused",
        lambda a: a.client("sts", aws_session_token="made up").get_caller_identity(),
        "InvalidClientTokenId 403",
    ),
    (
        "an expired session is ExpiredToken to STS, even to ask who one is",
        lambda a: expired_session(a).sts.get_caller_identity(),
        "ExpiredToken 403",
    ),
    (
        "an expired session is ExpiredToken to IAM",
        lambda a: expired_session(a).iam.list_users(),
        "ExpiredToken 403",
    ),
    (
        "an expired session is RequestExpired to EC2",
        lambda a: expired_session(a).ec2.describe_instances(),
        "RequestExpired 400",
    ),
    (
        "a session works until its last second",
        lambda a: listed(nearly_expired_session(a).ec2.describe_instances()),
        1,
    ),
    (
        "deleting a role makes its sessions useless",
        lambda a: session_of_deleted_role(a).sts.get_caller_identity(),
        "InvalidClientTokenId 403",
    ),
    (
        "a session does not come back with a new role of the same name",
        lambda a: session_of_recreated_role(a).sts.get_caller_identity(),
        "InvalidClientTokenId 403",
    ),
    (
        "a key of one partition is unknown in another",
        lambda a: a.client("sts", region_name="cn-north-1").get_caller_identity(),
        "InvalidClientTokenId 403",
    ),
    (
        "a made-up region is no valid scope",
        lambda a: a.client("sts", region_name="mars-north-1").get_caller_identity(),
        "SignatureDoesNotMatch 403",
    ),
]


# --- Identity


def ids(a: Account) -> list[str]:
    user, role = a.iam.create_user(UserName="u")["User"], a.role()
    group = a.iam.create_group(GroupName="g")["Group"]
    made = [user["UserId"], a.iam.get_role(RoleName="app")["Role"]["RoleId"], group["GroupId"]]
    made.append(a.iam.get_policy(PolicyArn=a.managed())["Policy"]["PolicyId"])
    made.append(a.iam.create_access_key(UserName="u")["AccessKey"]["AccessKeyId"])
    return [*(f"{each[:4]}{len(each)}" for each in made), a.assume(role).key_id[:4]]


def partition_arns(a: Account, partition: str, region: str) -> list[str]:
    there = a.other(partition, region)
    role = there.role(trust=trusting(there.id))
    found = [role, there.managed(), there.sts.get_caller_identity()["Arn"]]
    found.append(there.assume(role).sts.get_caller_identity()["Arn"])
    document = there.iam.get_role(RoleName="app")["Role"]["AssumeRolePolicyDocument"]
    found.append(document["Statement"][0]["Principal"]["AWS"])
    there.iam.attach_role_policy(
        RoleName="app", PolicyArn=f"arn:{partition}:iam::aws:policy/AmazonEC2FullAccess"
    )
    listed(there.ec2.describe_instances())
    return sorted({arn.split(":")[1] for arn in found})


IDENTITY: list[Row] = [
    (
        "ids say what they belong to: AIDA user, AROA role, AGPA group, ANPA policy, AKIA, ASIA",
        ids,
        ["AIDA21", "AROA21", "AGPA21", "ANPA21", "AKIA20", "ASIA"],
    ),
    (
        "a user is arn:aws:iam::ACCOUNT:user/NAME",
        lambda a: a.user().sts.get_caller_identity()["Arn"] == a.arn("user/alice"),
        True,
    ),
    (
        "a path is part of a user's ARN",
        lambda a: (
            a.user(Path="/team/").sts.get_caller_identity()["Arn"] == a.arn("user/team/alice")
        ),
        True,
    ),
    (
        "a session is arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION, without the role's path",
        lambda a: (
            a.assume(a.role(Path="/team/")).sts.get_caller_identity()["Arn"].rpartition(":")[2]
        ),
        "assumed-role/app/session",
    ),
    (
        "a session's id is the role's id and the session's name",
        lambda a: a.assume(a.role()).sts.get_caller_identity()["UserId"][-8:],
        ":session",
    ),
    (
        "GetCallerIdentity needs no permission",
        lambda a: a.user().sts.get_caller_identity(),
        DONE,
    ),
    (
        "GetCallerIdentity answers under an explicit Deny of everything",
        lambda a: a.user(deny("*")).sts.get_caller_identity(),
        DONE,
    ),
    (
        "in China every ARN says aws-cn",
        lambda a: partition_arns(a, "aws-cn", "cn-north-1"),
        ["aws-cn"],
    ),
    (
        "in GovCloud every ARN says aws-us-gov",
        lambda a: partition_arns(a, "aws-us-gov", "us-gov-west-1"),
        ["aws-us-gov"],
    ),
    (
        "GetUser without a name is about the caller",
        lambda a: a.user(allow("iam:GetUser")).iam.get_user()["User"]["UserName"],
        "alice",
    ),
    (
        "GetUser without a name needs a user, not a session",
        lambda a: session(a, allow("*")).iam.get_user(),
        "ValidationError 400",
    ),
    (
        "a user may give itself a second key where its own ARN is allowed",
        lambda a: a.user(
            allow("iam:CreateAccessKey", "arn:aws:iam::*:user/${aws:username}")
        ).iam.create_access_key(),
        DONE,
    ),
]


# --- Deciding


def in_group(a: Account, *statements: Any) -> Actor:
    user = a.user()
    a.iam.create_group(GroupName="team")
    a.iam.add_user_to_group(GroupName="team", UserName="alice")
    a.iam.put_group_policy(
        GroupName="team", PolicyName="inline", PolicyDocument=policy(*statements)
    )
    return user


def with_managed(a: Account, arn: str) -> Actor:
    user = a.user()
    a.iam.attach_user_policy(UserName="alice", PolicyArn=arn)
    return user


def second_version(a: Account, default: bool) -> Actor:
    arn = a.managed(deny("*"))
    a.iam.create_policy_version(
        PolicyArn=arn, PolicyDocument=policy(allow(LIST)), SetAsDefault=default
    )
    return with_managed(a, arn)


def bounded(a: Account, *statements: Any) -> Actor:
    """A user whose policies allow everything, within a boundary."""
    return a.user(allow("*"), PermissionsBoundary=a.managed(*statements))


def bounded_role(a: Account, *statements: Any) -> Actor:
    return a.assume(a.role(allow("*"), PermissionsBoundary=a.managed(*statements)))


def unbounded(a: Account) -> Actor:
    user = bounded(a, allow("iam:*"))
    a.iam.delete_user_permissions_boundary(UserName="alice")
    return user


def message(call: Callable[..., Any], **given: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**given)
    return str(refused.value.response["Error"]["Message"])


def plain(text: str, a: Account) -> str:
    return text.replace(a.id, "ACCOUNT")


DECIDING: list[Row] = [
    (
        "nothing is allowed by default",
        lambda a: a.user().ec2.describe_instances(),
        "UnauthorizedOperation 403",
    ),
    ("an Allow allows", lambda a: a.user(allow(LIST)).ec2.describe_instances(), DONE),
    (
        "an explicit Deny wins over an Allow",
        lambda a: a.user(allow("*"), deny(LIST)).ec2.describe_instances(),
        "UnauthorizedOperation 403",
    ),
    (
        "actions match without regard to case",
        lambda a: a.user(allow("EC2:describeINSTANCES")).ec2.describe_instances(),
        DONE,
    ),
    (
        "actions match by wildcard",
        lambda a: a.user(allow("ec2:Describe*")).ec2.describe_instances(),
        DONE,
    ),
    (
        "NotAction allows everything else",
        lambda a: a.user(
            {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}
        ).ec2.describe_instances(),
        DONE,
    ),
    (
        "NotAction does not allow what it names",
        lambda a: a.user(
            {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}
        ).iam.list_users(),
        "AccessDenied 403",
    ),
    (
        "DescribeInstances has no resource-level permission: an ARN does not grant it",
        lambda a: a.user(
            allow(LIST, f"arn:aws:ec2:ap-northeast-2:{a.id}:instance/*")
        ).ec2.describe_instances(),
        "UnauthorizedOperation 403",
    ),
    (
        "a policy of the user's group counts",
        lambda a: in_group(a, allow(LIST)).ec2.describe_instances(),
        DONE,
    ),
    (
        "AmazonEC2FullAccess is there to attach, and allows",
        lambda a: with_managed(a, EC2_FULL).ec2.describe_instances(),
        DONE,
    ),
    (
        "only the default version of a managed policy counts",
        lambda a: second_version(a, default=False).ec2.describe_instances(),
        "UnauthorizedOperation 403",
    ),
    (
        "a new default version counts at once",
        lambda a: second_version(a, default=True).ec2.describe_instances(),
        DONE,
    ),
    (
        "IAM actions are decided on the object's own ARN, with its path",
        lambda a: a.user(
            allow("iam:GetUser", a.arn("user/team/alice")), Path="/team/"
        ).iam.get_user(UserName="alice"),
        DONE,
    ),
    (
        "an Allow on another user's ARN does not help",
        lambda a: a.user(allow("iam:GetUser", a.arn("user/bob"))).iam.get_user(UserName="alice"),
        "AccessDenied 403",
    ),
    (
        "creating is decided on the ARN that would be made",
        lambda a: a.user(allow("iam:CreateUser", a.arn("user/new/*"))).iam.create_user(
            UserName="bob", Path="/new/"
        ),
        DONE,
    ),
    (
        "creating elsewhere is refused",
        lambda a: a.user(allow("iam:CreateUser", a.arn("user/new/*"))).iam.create_user(
            UserName="bob"
        ),
        "AccessDenied 403",
    ),
    (
        "a policy variable stands for the caller's name",
        lambda a: a.user(allow("iam:GetUser", a.arn("user/${aws:username}"))).iam.get_user(),
        DONE,
    ),
    (
        "a boundary that does not allow refuses, whatever the policies say",
        lambda a: bounded(a, allow("iam:*")).ec2.describe_instances(),
        "UnauthorizedOperation 403",
    ),
    (
        "a boundary that allows lets the policies decide",
        lambda a: bounded(a, allow("ec2:*")).ec2.describe_instances(),
        DONE,
    ),
    (
        "a boundary alone allows nothing",
        lambda a: a.user(PermissionsBoundary=a.managed()).ec2.describe_instances(),
        "UnauthorizedOperation 403",
    ),
    (
        "a boundary that is taken away no longer limits",
        lambda a: unbounded(a).ec2.describe_instances(),
        DONE,
    ),
    (
        "a role's boundary limits its sessions",
        lambda a: bounded_role(a, allow("iam:*")).ec2.describe_instances(),
        "UnauthorizedOperation 403",
    ),
    (
        "a condition on the region of the request is honoured",
        lambda a: a.user(
            allow(LIST, **when("StringEquals", "aws:RequestedRegion", "us-east-1"))
        ).ec2.describe_instances(),
        "UnauthorizedOperation 403",
    ),
    (
        "the loopback address is the source address",
        lambda a: a.user(
            allow(LIST, **when("IpAddress", "aws:SourceIp", "127.0.0.0/8"))
        ).ec2.describe_instances(),
        DONE,
    ),
    (
        "the embedded AWS is plain HTTP, and says so to aws:SecureTransport",
        lambda a: a.user(
            allow(LIST), deny("*", **when("Bool", "aws:SecureTransport", "false"))
        ).ec2.describe_instances(),
        "UnauthorizedOperation 403",
    ),
    (
        "the present time is the server's clock",
        lambda a: a.user(
            allow(LIST, **when("DateLessThan", "aws:CurrentTime", "2025-12-31T00:00:00Z"))
        ).ec2.describe_instances(),
        "UnauthorizedOperation 403",
    ),
    (
        "aws:PrincipalArn of a session is its role's ARN",
        lambda a: session(
            a, allow(LIST, **when("ArnEquals", "aws:PrincipalArn", a.arn("role/app")))
        ).ec2.describe_instances(),
        DONE,
    ),
    (
        "aws:username is absent from a session, so a condition on it fails",
        lambda a: session(
            a, allow(LIST, **when("StringLike", "aws:username", "*"))
        ).ec2.describe_instances(),
        "UnauthorizedOperation 403",
    ),
    (
        "aws:TokenIssueTime is there in a session",
        lambda a: session(
            a, allow(LIST, **when("Null", "aws:TokenIssueTime", "false"))
        ).ec2.describe_instances(),
        DONE,
    ),
    (
        "aws:MultiFactorAuthPresent is absent from a long-term key",
        lambda a: a.user(
            allow(LIST, **when("Null", "aws:MultiFactorAuthPresent", "true"))
        ).ec2.describe_instances(),
        DONE,
    ),
    (
        "aws:MultiFactorAuthPresent is false in a session",
        lambda a: session(
            a, allow(LIST, **when("Bool", "aws:MultiFactorAuthPresent", "false"))
        ).ec2.describe_instances(),
        DONE,
    ),
    (
        "a user's tags are principal tags",
        lambda a: a.user(
            allow(LIST, **when("StringEquals", "aws:PrincipalTag/team", "red")),
            Tags=[{"Key": "team", "Value": "red"}],
        ).ec2.describe_instances(),
        DONE,
    ),
    (
        "which policy may be attached can be limited by iam:PolicyARN",
        lambda a: a.user(
            allow("iam:AttachUserPolicy", **when("ArnEquals", "iam:PolicyARN", EC2_FULL))
        ).iam.attach_user_policy(
            UserName="alice", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
        ),
        "AccessDenied 403",
    ),
    (
        "users may be made only with a boundary, by iam:PermissionsBoundary",
        lambda a: a.user(
            allow("iam:CreateUser", **when("Null", "iam:PermissionsBoundary", "false"))
        ).iam.create_user(UserName="bob"),
        "AccessDenied 403",
    ),
    (
        "users may be looked at only with a tag, by aws:ResourceTag",
        lambda a: a.user(
            allow("iam:GetUser", **when("StringEquals", "aws:ResourceTag/team", "red")),
            Tags=[{"Key": "team", "Value": "blue"}],
        ).iam.get_user(),
        "AccessDenied 403",
    ),
    (
        "users may be made only with a tag, by aws:RequestTag",
        lambda a: a.user(
            allow(
                ["iam:CreateUser", "iam:TagUser"],
                **when("StringEquals", "aws:RequestTag/team", "red"),
            )
        ).iam.create_user(UserName="bob", Tags=[{"Key": "team", "Value": "red"}]),
        DONE,
    ),
    (
        "who makes a user with a tag must be allowed to tag it as well",
        lambda a: a.user(allow("iam:CreateUser")).iam.create_user(
            UserName="bob", Tags=[{"Key": "team", "Value": "red"}]
        ),
        "AccessDenied 403",
    ),
    (
        "a refusal by IAM says who, what, on which resource, and why",
        lambda a: plain(message(a.user().iam.get_role, RoleName="app"), a),
        "User: arn:aws:iam::ACCOUNT:user/alice is not authorized to perform: iam:GetRole on "
        "resource: role app because no identity-based policy allows the iam:GetRole action",
    ),
    (
        "a refusal by an explicit Deny says so",
        lambda a: plain(message(a.user(deny("iam:*")).iam.list_users), a),
        "User: arn:aws:iam::ACCOUNT:user/alice is not authorized to perform: iam:ListUsers on "
        "resource: arn:aws:iam::ACCOUNT:user/ with an explicit deny in an identity-based policy",
    ),
    (
        "a refusal by a boundary says so",
        lambda a: message(bounded(a, allow("ec2:*")).iam.list_users).partition(" because ")[2],
        "no permissions boundary allows the iam:ListUsers action",
    ),
    (
        "a refusal by EC2 begins as it always did, and then says who, what and why",
        lambda a: plain(message(a.user().ec2.describe_instances), a),
        "You are not authorized to perform this operation. User: arn:aws:iam::ACCOUNT:user/alice "
        "is not authorized to perform: ec2:DescribeInstances because no identity-based policy "
        "allows the ec2:DescribeInstances action",
    ),
    (
        "DryRun with permission is DryRunOperation",
        lambda a: a.ec2.describe_instances(DryRun=True),
        "DryRunOperation 412",
    ),
    (
        "DryRun without permission is UnauthorizedOperation",
        lambda a: a.user().ec2.describe_instances(DryRun=True),
        "UnauthorizedOperation 403",
    ),
    (
        "stopping an instance is decided on its ARN",
        lambda a: a.user(
            allow("ec2:StopInstances", f"arn:aws:ec2:ap-northeast-2:{a.id}:instance/i-other")
        ).ec2.stop_instances(InstanceIds=["i-0123456789abcdef0"]),
        "UnauthorizedOperation 403",
    ),
]


# --- Assuming a role


def cross_account(a: Account, *statements: Any, trust: Any = None, **given: Any) -> Actor:
    """Alice of another account assumes a role in this one."""
    other = a.other()
    alice = other.user(*statements)
    return alice.assume(a.role(trust=trust or trusting(other.id)), **given)


def named_user(a: Account, *statements: Any, name: str = "alice") -> Actor:
    """Alice assumes a role whose trust policy names a user's ARN."""
    alice = a.user(*statements)
    if name != "alice":
        a.iam.create_user(UserName=name)
    return alice.assume(a.role(trust=trusting(a.arn(f"user/{name}"))))


def recreated_user(a: Account) -> Actor:
    """Alice, deleted and made again, assumes the role that named the first Alice."""
    first = a.user()
    arn = a.role(trust=trusting(a.arn("user/alice")))
    a.iam.delete_access_key(UserName="alice", AccessKeyId=first.key_id)
    a.iam.delete_user(UserName="alice")
    return a.user(allow(ASSUME)).assume(arn)


def trust_of_deleted_user(a: Account) -> list[str]:
    id = a.iam.create_user(UserName="bob")["User"]["UserId"]
    a.role(trust=trusting([a.arn("user/bob"), a.id]))
    a.iam.delete_user(UserName="bob")
    document = a.iam.get_role(RoleName="app")["Role"]["AssumeRolePolicyDocument"]
    shown = document["Statement"][0]["Principal"]["AWS"]
    return [plain(each, a).replace(id, "the deleted user's id") for each in shown]


def chain(a: Account, first: Any = (), Condition: Any = (), **given: Any) -> Actor:
    """A role's session assumes a second role."""
    one = a.role(allow(["sts:AssumeRole", "sts:SetSourceIdentity"]), MaxSessionDuration=7200)
    trust = trusting(one, **({"Condition": Condition} if Condition else {}))
    two = a.role(name="two", trust=trust, MaxSessionDuration=7200)
    return a.assume(one, **dict(first)).assume(two, **given)


def sessions_of_role(a: Account) -> Actor:
    """A session assumes a role whose trust policy names the session's role."""
    first = a.role()
    return a.assume(first).assume(a.role(name="second", trust=trusting(first)))


def session_policy(a: Account, *statements: Any, **given: Any) -> Actor:
    role = a.role(allow("ec2:*"))
    if statements:
        given["Policy"] = policy(*statements)
    return a.assume(role, **given)


def mfa(a: Account) -> str:
    return trusting(a.id, **when("Bool", "aws:MultiFactorAuthPresent", "true"))


def external_id(other: str) -> str:
    return trusting(other, **when("StringEquals", "sts:ExternalId", "secret-handshake"))


def source_identity(a: Account, action: list[str]) -> Actor:
    trust = policy({"Effect": "Allow", "Principal": {"AWS": a.id}, "Action": action})
    return a.assume(a.role(trust=trust), SourceIdentity="jane")


ASSUMING: list[Row] = [
    (
        "the account as principal and an identity policy admit",
        lambda a: assumes(a, trusting(a.id)),
        DONE,
    ),
    (
        "arn:…:root as principal is the account",
        lambda a: assumes(a, trusting(f"arn:aws:iam::{a.id}:root")),
        DONE,
    ),
    (
        "a list of principals with the account in it admits",
        lambda a: assumes(a, trusting(["999999999999", a.id])),
        DONE,
    ),
    (
        "the account as principal without an identity policy does not admit",
        lambda a: a.user().assume(a.role()),
        "AccessDenied 403",
    ),
    (
        "an identity policy for another role's ARN does not admit",
        lambda a: assumes(a, trusting(a.id), allow(ASSUME, a.arn("role/other"))),
        "AccessDenied 403",
    ),
    (
        "an identity policy for this role's ARN admits",
        lambda a: assumes(a, trusting(a.id), allow(ASSUME, a.arn("role/app"))),
        DONE,
    ),
    (
        "another account as principal does not admit",
        lambda a: assumes(a, trusting("999999999999")),
        "AccessDenied 403",
    ),
    (
        "the user's own ARN as principal admits without an identity policy",
        lambda a: named_user(a),
        DONE,
    ),
    (
        "another user's ARN as principal does not admit",
        lambda a: named_user(a, allow(ASSUME), name="alice2"),
        "AccessDenied 403",
    ),
    (
        "a principal that is the start of the user's name does not admit",
        lambda a: named_user(a, allow(ASSUME), name="alic"),
        "AccessDenied 403",
    ),
    (
        "anybody, *, as principal admits within the account",
        lambda a: a.user().assume(a.role(trust=trusting("*"))),
        DONE,
    ),
    (
        "anybody as principal still needs an identity policy in another account",
        lambda a: cross_account(a, trust=trusting("*")),
        "AccessDenied 403",
    ),
    (
        "a service as principal is not a user",
        lambda a: assumes(
            a,
            policy(
                {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": ASSUME}
            ),
        ),
        "AccessDenied 403",
    ),
    (
        "a trust policy with only a Deny admits nobody",
        lambda a: assumes(a, trusting("999999999999", effect="Deny")),
        "AccessDenied 403",
    ),
    (
        "an explicit Deny in the identity policy refuses",
        lambda a: assumes(a, trusting(a.id), allow("*"), deny(ASSUME)),
        "AccessDenied 403",
    ),
    (
        "across accounts both sides admit together",
        lambda a: cross_account(a, allow(ASSUME)).sts.get_caller_identity()["Account"] == a.id,
        True,
    ),
    (
        "across accounts the trust policy alone does not admit",
        lambda a: cross_account(a, trust=trusting("*")),
        "AccessDenied 403",
    ),
    (
        "across accounts the identity policy alone does not admit",
        lambda a: cross_account(a, allow(ASSUME), trust=trusting(a.id)),
        "AccessDenied 403",
    ),
    (
        "an external id that is asked for and given admits",
        lambda a: cross_account(
            a, allow(ASSUME), trust=external_id(a.other().id), ExternalId="secret-handshake"
        ),
        DONE,
    ),
    (
        "a wrong external id does not admit",
        lambda a: cross_account(
            a, allow(ASSUME), trust=external_id(a.other().id), ExternalId="guess"
        ),
        "AccessDenied 403",
    ),
    (
        "a missing external id does not admit",
        lambda a: cross_account(a, allow(ASSUME), trust=external_id(a.other().id)),
        "AccessDenied 403",
    ),
    (
        "an external id that nobody asked for does no harm",
        lambda a: cross_account(a, allow(ASSUME), ExternalId="whatever"),
        DONE,
    ),
    (
        "a session's name can be asked for by sts:RoleSessionName",
        lambda a: assumes(
            a, trusting(a.id, **when("StringEquals", "sts:RoleSessionName", "${aws:username}"))
        ),
        "AccessDenied 403",
    ),
    (
        "a session named as asked admits",
        lambda a: assumes(
            a,
            trusting(a.id, **when("StringEquals", "sts:RoleSessionName", "${aws:username}")),
            RoleSessionName="alice",
        ),
        DONE,
    ),
    (
        "a trust policy that asks for MFA does not admit without",
        lambda a: assumes(a, mfa(a)),
        "AccessDenied 403",
    ),
    (
        "naming a made-up MFA device does not make MFA present",
        lambda a: assumes(a, mfa(a), SerialNumber=a.arn("mfa/alice"), TokenCode="123456"),
        "AccessDenied 403",
    ),
    (
        "BoolIfExists lets a long-term key pass for want of the key",
        lambda a: assumes(
            a, trusting(a.id, **when("BoolIfExists", "aws:MultiFactorAuthPresent", "true"))
        ),
        DONE,
    ),
    (
        "a role that does not exist is AccessDenied, as if it did not trust",
        lambda a: a.assume(a.arn("role/nobody")),
        "AccessDenied 403",
    ),
    (
        "a role in an account that does not exist is AccessDenied",
        lambda a: a.assume("arn:aws:iam::999999999999:role/nobody"),
        "AccessDenied 403",
    ),
    (
        "a role in another partition is AccessDenied",
        lambda a: a.assume(a.other("aws-cn", "cn-north-1").role()),
        "AccessDenied 403",
    ),
    (
        "a source identity stays along a chain of roles",
        lambda a: chain(
            a,
            first={"SourceIdentity": "jane"},
            **when("StringEquals", "sts:SourceIdentity", "jane"),
        ),
        DONE,
    ),
    (
        "the refusal names the role",
        lambda a: plain(
            message(a.sts.assume_role, RoleArn=a.arn("role/nobody"), RoleSessionName="me"), a
        ),
        "User: arn:aws:iam::ACCOUNT:user/administrator is not authorized to perform: "
        "sts:AssumeRole on resource: arn:aws:iam::ACCOUNT:role/nobody",
    ),
    (
        "a user's ARN is no role to assume",
        lambda a: a.assume(a.arn("user/alice")),
        "ValidationError 400",
    ),
    (
        "a session lasts no longer than the role's MaxSessionDuration",
        lambda a: a.assume(a.role(), DurationSeconds=3601),
        "ValidationError 400",
    ),
    (
        "a role with a longer MaxSessionDuration gives longer sessions",
        lambda a: a.assume(a.role(MaxSessionDuration=7200), DurationSeconds=7200),
        DONE,
    ),
    (
        "a session lasts at least 900 seconds",
        lambda a: a.assume(a.role(), DurationSeconds=899),
        "ValidationError 400",
    ),
    (
        "a session lasts at most 43200 seconds",
        lambda a: a.assume(a.role(MaxSessionDuration=43200), DurationSeconds=43201),
        "ValidationError 400",
    ),
    (
        "a session of a session lasts at most an hour",
        lambda a: chain(a, DurationSeconds=3601),
        "ValidationError 400",
    ),
    ("a session may assume a further role", lambda a: chain(a, DurationSeconds=3600), DONE),
    (
        "a role's ARN as principal means its sessions, and needs no identity policy",
        lambda a: sessions_of_role(a),
        DONE,
    ),
    (
        "a session's name has two characters at least",
        lambda a: a.assume(a.role(), RoleSessionName="x"),
        "ValidationError 400",
    ),
    (
        "a session's name has 64 characters at most",
        lambda a: a.assume(a.role(), RoleSessionName="x" * 65),
        "ValidationError 400",
    ),
    (
        "a session's name has no spaces",
        lambda a: a.assume(a.role(), RoleSessionName="a b"),
        "ValidationError 400",
    ),
    (
        "a session's name may hold =,.@-",
        lambda a: a.assume(a.role(), RoleSessionName="a=,.@-b"),
        DONE,
    ),
    (
        "a session policy limits the session",
        lambda a: session_policy(a, allow("ec2:DescribeVpcs")).ec2.describe_instances(),
        "UnauthorizedOperation 403",
    ),
    (
        "a session policy allows nothing that the role does not",
        lambda a: session_policy(a, allow("*")).iam.list_users(),
        "AccessDenied 403",
    ),
    (
        "what both allow is allowed",
        lambda a: session_policy(a, allow(LIST)).ec2.describe_instances(),
        DONE,
    ),
    (
        "managed session policies limit too",
        lambda a: session_policy(
            a, PolicyArns=[{"arn": "arn:aws:iam::aws:policy/IAMReadOnlyAccess"}]
        ).ec2.describe_instances(),
        "UnauthorizedOperation 403",
    ),
    (
        "several session policies allow what any of them allows",
        lambda a: session_policy(
            a, allow(LIST), PolicyArns=[{"arn": "arn:aws:iam::aws:policy/IAMReadOnlyAccess"}]
        ).ec2.describe_instances(),
        DONE,
    ),
    (
        "a session policy that is no policy is malformed",
        lambda a: a.assume(a.role(), Policy="{}"),
        "MalformedPolicyDocument 400",
    ),
    (
        "a session policy has 2048 characters at most",
        lambda a: a.assume(a.role(), Policy=policy(allow("ec2:*", ["*"] * 600))),
        "PackedPolicyTooLarge 400",
    ),
    (
        "a refusal by a session policy says so",
        lambda a: message(
            a.assume(a.role(allow("*")), Policy=policy(allow(LIST))).iam.list_users
        ).partition(" because ")[2],
        "no session policy allows the iam:ListUsers action",
    ),
    (
        "session tags need sts:TagSession in the trust policy",
        lambda a: a.assume(
            a.role(trust=policy({"Effect": "Allow", "Principal": {"AWS": a.id}, "Action": ASSUME})),
            Tags=[{"Key": "team", "Value": "red"}],
        ),
        "AccessDenied 403",
    ),
    (
        "session tags are principal tags of the session",
        lambda a: session(
            a,
            allow(LIST, **when("StringEquals", "aws:PrincipalTag/team", "red")),
            Tags=[{"Key": "team", "Value": "red"}],
        ).ec2.describe_instances(),
        DONE,
    ),
    (
        "a source identity needs sts:SetSourceIdentity",
        lambda a: source_identity(a, [ASSUME]),
        "AccessDenied 403",
    ),
    (
        "a source identity is set where trust and identity policy allow",
        lambda a: source_identity(a, [ASSUME, "sts:SetSourceIdentity"]),
        DONE,
    ),
    (
        "a trust policy shows the id of a deleted user",
        trust_of_deleted_user,
        ["the deleted user's id", "arn:aws:iam::ACCOUNT:root"],
    ),
    ("a user made again under the name is not admitted", recreated_user, "AccessDenied 403"),
]


# --- Objects


def keys(a: Account, count: int) -> str:
    a.iam.create_user(UserName="alice")
    for _ in range(count):
        a.iam.create_access_key(UserName="alice")
    return DONE


def versions(a: Account, count: int) -> str:
    arn = a.managed()
    for _ in range(count - 1):
        a.iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy(allow("*")))
    return arn


def attach(a: Account, count: int) -> Any:
    a.iam.create_user(UserName="alice")
    for number in range(count):
        a.iam.attach_user_policy(UserName="alice", PolicyArn=a.managed(name=f"p{number}"))
    return len(a.iam.list_attached_user_policies(UserName="alice")["AttachedPolicies"])


def attach_twice(a: Account) -> int:
    arn = a.managed()
    a.iam.create_user(UserName="alice")
    for _ in range(2):
        a.iam.attach_user_policy(UserName="alice", PolicyArn=arn)
    return int(a.iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"])


def delete_user_in_group(a: Account) -> Any:
    a.iam.create_user(UserName="alice")
    a.iam.create_group(GroupName="team")
    a.iam.add_user_to_group(GroupName="team", UserName="alice")
    return a.iam.delete_user(UserName="alice")


def delete_user_with_login(a: Account) -> Any:
    a.iam.create_user(UserName="alice")
    a.iam.create_login_profile(UserName="alice", Password="Long-and-secret-1")
    return a.iam.delete_user(UserName="alice")


def delete_user_with_key(a: Account) -> Any:
    a.user()
    return a.iam.delete_user(UserName="alice")


def delete_user_with_policy(a: Account) -> Any:
    with_managed(a, EC2_FULL)
    for key in a.iam.list_access_keys(UserName="alice")["AccessKeyMetadata"]:
        a.iam.delete_access_key(UserName="alice", AccessKeyId=key["AccessKeyId"])
    return a.iam.delete_user(UserName="alice")


def delete_role_with_policy(a: Account) -> Any:
    a.role()
    a.iam.attach_role_policy(RoleName="app", PolicyArn=EC2_FULL)
    return a.iam.delete_role(RoleName="app")


def delete_role_with_inline_policy(a: Account) -> Any:
    a.role(allow("*"))
    return a.iam.delete_role(RoleName="app")


def delete_attached_policy(a: Account) -> Any:
    arn = a.managed()
    with_managed(a, arn)
    return a.iam.delete_policy(PolicyArn=arn)


def delete_boundary(a: Account) -> Any:
    arn = a.managed()
    a.user(PermissionsBoundary=arn)
    return a.iam.delete_policy(PolicyArn=arn)


def delete_default_version(a: Account) -> Any:
    return a.iam.delete_policy_version(PolicyArn=versions(a, 2), VersionId="v1")


def taken_user(a: Account) -> Any:
    a.iam.create_user(UserName="Alice")
    return a.iam.create_user(UserName="aLICE")


def taken_role(a: Account) -> Any:
    a.role(name="App")
    return a.role(name="aPP")


def taken_policy(a: Account) -> Any:
    a.managed(name="Mine")
    return a.managed(name="mINE")


def malformed(document: Any) -> Callable[[Account], Any]:
    text = document if isinstance(document, str) else policy(document)
    return lambda a: a.iam.create_policy(PolicyName="p", PolicyDocument=text)


def trust(**statement: Any) -> Callable[[Account], Any]:
    def create(a: Account) -> str:
        whole = {"Effect": "Allow", "Principal": {"AWS": a.id}, "Action": ASSUME} | statement
        return a.role(trust=policy(whole))

    return create


def shown_trust(a: Account) -> str:
    a.role(trust=trusting(a.id))
    document = a.iam.get_role(RoleName="app")["Role"]["AssumeRolePolicyDocument"]
    return plain(document["Statement"][0]["Principal"]["AWS"], a)


def invalid_principal(a: Account) -> str:
    return plain(
        message(
            a.iam.create_role,
            RoleName="app",
            AssumeRolePolicyDocument=trusting(a.arn("user/nobody")),
        ),
        a,
    )


def pages(list_page: Callable[..., Any], key: str, size: int, **given: Any) -> list[int]:
    """The sizes of all pages of a list."""
    sizes, marker = [], {}
    while True:
        page = list_page(MaxItems=size, **marker, **given)
        sizes.append(len(page[key]))
        if not page["IsTruncated"]:
            return sizes
        marker = {"Marker": page["Marker"]}


def paged_users(a: Account) -> list[int]:
    for number in range(4):
        a.iam.create_user(UserName=f"user{number}")
    return pages(a.iam.list_users, "Users", 2)


def paged_while_deleting(a: Account) -> list[str]:
    for name in ("a", "b", "c"):
        a.iam.create_user(UserName=name)
    page = a.iam.list_users(MaxItems=2)
    a.iam.delete_user(UserName="a")
    rest = a.iam.list_users(Marker=page["Marker"])
    return [user["UserName"] for user in page["Users"] + rest["Users"]]


def paged_tags(a: Account) -> list[int]:
    tags = [{"Key": f"k{number}", "Value": "v"} for number in range(5)]
    a.iam.create_user(UserName="alice", Tags=tags)
    return pages(a.iam.list_user_tags, "Tags", 2, UserName="alice")


def paged_instances(a: Account) -> list[int]:
    a.ec2.run_instances(ImageId="ami-033a6a056910d1137", MinCount=11, MaxCount=11)
    first = a.ec2.describe_instances(MaxResults=5)
    second = a.ec2.describe_instances(MaxResults=5, NextToken=first["NextToken"])
    third = a.ec2.describe_instances(MaxResults=5, NextToken=second["NextToken"])
    seen = [
        r["Instances"][0]["InstanceId"] for p in (first, second, third) for r in p["Reservations"]
    ]
    return [
        listed(first),
        listed(second),
        listed(third),
        len(set(seen)),
        len(third.get("NextToken", "")),
    ]


def tags(a: Account) -> list[str]:
    a.iam.create_user(UserName="alice", Tags=[{"Key": "a", "Value": "1"}])
    a.iam.tag_user(UserName="alice", Tags=[{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "3"}])
    a.iam.untag_user(UserName="alice", TagKeys=["b"])
    found = a.iam.list_user_tags(UserName="alice")["Tags"]
    return [f"{tag['Key']}={tag['Value']}" for tag in found]


def tags_of_others(a: Account) -> list[str]:
    a.role()
    a.iam.tag_role(RoleName="app", Tags=[{"Key": "role", "Value": "1"}])
    arn = a.managed()
    a.iam.tag_policy(PolicyArn=arn, Tags=[{"Key": "policy", "Value": "2"}])
    found = a.iam.list_role_tags(RoleName="app")["Tags"]
    found += a.iam.list_policy_tags(PolicyArn=arn)["Tags"]
    return [f"{tag['Key']}={tag['Value']}" for tag in found]


def update_role(a: Account) -> list[Any]:
    a.role(Description="first", MaxSessionDuration=7200)
    a.iam.update_role(RoleName="app", Description="second")
    role = a.iam.get_role(RoleName="app")["Role"]
    return [role["Description"], role["MaxSessionDuration"]]


OBJECTS: list[Row] = [
    ("a user has two access keys", lambda a: keys(a, 2), DONE),
    ("a user has no third access key", lambda a: keys(a, 3), "LimitExceeded 409"),
    ("a managed policy has five versions", lambda a: versions(a, 5), DONE),
    ("a managed policy has no sixth version", lambda a: versions(a, 6), "LimitExceeded 409"),
    ("a user has ten managed policies", lambda a: attach(a, 10), 10),
    ("a user has no eleventh managed policy", lambda a: attach(a, 11), "LimitExceeded 409"),
    ("attaching twice changes nothing", attach_twice, 1),
    (
        "a managed policy has 6144 characters at most",
        malformed(allow([f"ec2:Describe{number:04}" for number in range(400)])),
        "LimitExceeded 409",
    ),
    (
        "white space in a policy does not count",
        malformed(json.dumps(json.loads(policy(allow("*"))), indent=1000)),
        DONE,
    ),
    (
        "a user's inline policies have 2048 characters at most",
        lambda a: a.user(allow([f"ec2:Describe{number:04}" for number in range(150)])),
        "LimitExceeded 409",
    ),
    (
        "a trust policy has 2048 characters at most",
        lambda a: a.role(trust=trusting([f"{number:012}" for number in range(200)])),
        "LimitExceeded 409",
    ),
    ("user names are unique without regard to case", taken_user, "EntityAlreadyExists 409"),
    ("role names are unique without regard to case", taken_role, "EntityAlreadyExists 409"),
    ("policy names are unique without regard to case", taken_policy, "EntityAlreadyExists 409"),
    ("a user with a key cannot be deleted", delete_user_with_key, "DeleteConflict 409"),
    ("a user with a login cannot be deleted", delete_user_with_login, "DeleteConflict 409"),
    ("a user with a policy cannot be deleted", delete_user_with_policy, "DeleteConflict 409"),
    ("a user in a group cannot be deleted", delete_user_in_group, "DeleteConflict 409"),
    ("a role with a policy cannot be deleted", delete_role_with_policy, "DeleteConflict 409"),
    (
        "a role with an inline policy cannot be deleted",
        delete_role_with_inline_policy,
        "DeleteConflict 409",
    ),
    ("an attached policy cannot be deleted", delete_attached_policy, "DeleteConflict 409"),
    (
        "a policy that is somebody's boundary cannot be deleted",
        delete_boundary,
        "DeleteConflict 409",
    ),
    (
        "a policy with other versions cannot be deleted",
        lambda a: a.iam.delete_policy(PolicyArn=versions(a, 2)),
        "DeleteConflict 409",
    ),
    ("the default version cannot be deleted", delete_default_version, "DeleteConflict 409"),
    (
        "AWS's own policies cannot be deleted",
        lambda a: a.iam.delete_policy(PolicyArn=EC2_FULL),
        "AccessDenied 403",
    ),
    (
        "a user that is not there is NoSuchEntity",
        lambda a: a.iam.get_user(UserName="bob"),
        "NoSuchEntity 404",
    ),
    (
        "a role that is not there is NoSuchEntity",
        lambda a: a.iam.get_role(RoleName="bob"),
        "NoSuchEntity 404",
    ),
    (
        "a policy that is not there cannot be attached",
        lambda a: a.iam.attach_user_policy(
            UserName="administrator", PolicyArn=a.arn("policy/none")
        ),
        "NoSuchEntity 404",
    ),
    (
        "a policy that is not there is no boundary",
        lambda a: a.iam.create_user(UserName="u", PermissionsBoundary=a.arn("policy/none")),
        "NoSuchEntity 404",
    ),
    ("a policy that is not JSON is malformed", malformed("{"), "MalformedPolicyDocument 400"),
    (
        "an identity policy with a Principal is malformed",
        malformed(allow("*", Principal="*")),
        "MalformedPolicyDocument 400",
    ),
    (
        "a policy with an unknown element is malformed",
        malformed(allow("*", Resources="*")),
        "MalformedPolicyDocument 400",
    ),
    (
        "a trust policy with a Resource is malformed",
        trust(Resource="*"),
        "MalformedPolicyDocument 400",
    ),
    (
        "a trust policy with another action is malformed",
        trust(Action="iam:*"),
        "MalformedPolicyDocument 400",
    ),
    (
        "a trust policy naming a user who does not exist is malformed, and says whom",
        invalid_principal,
        'Invalid principal in policy: "AWS":"arn:aws:iam::ACCOUNT:user/nobody"',
    ),
    (
        "a trust policy naming a role that does not exist is malformed",
        lambda a: a.role(trust=trusting(a.arn("role/nobody"))),
        "MalformedPolicyDocument 400",
    ),
    (
        "a trust policy naming a user in part is malformed",
        lambda a: a.role(trust=trusting(a.arn("user/*"))),
        "MalformedPolicyDocument 400",
    ),
    (
        "a changed trust policy is checked alike",
        lambda a: (
            a.role(),
            a.iam.update_assume_role_policy(
                RoleName="app", PolicyDocument=trusting(a.arn("user/nobody"))
            ),
        ),
        "MalformedPolicyDocument 400",
    ),
    (
        "get-role shows an account id as the ARN of its root",
        shown_trust,
        "arn:aws:iam::ACCOUNT:root",
    ),
    ("names have no spaces", lambda a: a.iam.create_user(UserName="a b"), "ValidationError 400"),
    ("names are ASCII", lambda a: a.iam.create_user(UserName="역할"), "ValidationError 400"),
    (
        "a role's name has 64 characters at most",
        lambda a: a.role(name="r" * 65),
        "ValidationError 400",
    ),
    ("a path begins and ends with a slash", lambda a: a.role(Path="team"), "ValidationError 400"),
    (
        "MaxSessionDuration is an hour at least",
        lambda a: a.role(MaxSessionDuration=3599),
        "ValidationError 400",
    ),
    (
        "MaxSessionDuration is 12 hours at most",
        lambda a: a.role(MaxSessionDuration=43201),
        "ValidationError 400",
    ),
    (
        "a description has 1000 characters at most",
        lambda a: a.role(Description="d" * 1001),
        "ValidationError 400",
    ),
    (
        "what must be there must be there",
        lambda a: a.iam.create_role(RoleName="r"),
        "ValidationError 400",
    ),
    ("lists come in pages of MaxItems", paged_users, [2, 2, 1]),
    (
        "a list is not torn by a deletion between pages",
        paged_while_deleting,
        ["a", "administrator", "b", "c"],
    ),
    ("tags come in pages", paged_tags, [2, 2, 1]),
    (
        "AWS's 1,500 managed policies come in pages of 1000",
        lambda a: pages(a.iam.list_policies, "Policies", 1000, Scope="AWS")[0],
        1000,
    ),
    (
        "a made-up Marker is refused",
        lambda a: a.iam.list_users(Marker="made up"),
        "ValidationError 400",
    ),
    ("MaxItems is at least 1", lambda a: a.iam.list_users(MaxItems=0), "ValidationError 400"),
    ("DescribeInstances pages count instances", paged_instances, [5, 5, 2, 12, 0]),
    (
        "MaxResults is at least 5",
        lambda a: a.ec2.describe_instances(MaxResults=4),
        "InvalidParameterValue 400",
    ),
    (
        "MaxResults and instance ids do not go together",
        lambda a: a.ec2.describe_instances(MaxResults=5, InstanceIds=["i-0123456789abcdef0"]),
        "InvalidParameterCombination 400",
    ),
    ("tags are set, changed and removed", tags, ["a=3"]),
    (
        "tag keys differ by more than case",
        lambda a: a.iam.create_user(
            UserName="u", Tags=[{"Key": "a", "Value": ""}, {"Key": "A", "Value": ""}]
        ),
        "InvalidInput 400",
    ),
    (
        "a tag's key does not begin with aws:",
        lambda a: a.iam.create_user(UserName="u", Tags=[{"Key": "AWS:a", "Value": ""}]),
        "InvalidInput 400",
    ),
    (
        "nor does that of a session's tag",
        lambda a: a.assume(a.role(), Tags=[{"Key": "aws:a", "Value": ""}]),
        "InvalidParameterValue 400",
    ),
    ("roles and policies have tags as users have", tags_of_others, ["role=1", "policy=2"]),
    (
        "dates are those of the server's clock",
        lambda a: a.iam.create_user(UserName="u")["User"]["CreateDate"] == a.aws.clock.now(),
        True,
    ),
    ("UpdateRole leaves alone what it is not given", update_role, ["second", 7200]),
    (
        "each account holds the tutorial's instance in each region that is looked at",
        lambda a: [
            listed(a.client("ec2", region_name=region).describe_instances())
            for region in ("ap-northeast-2", "us-east-1")
        ],
        [1, 1],
    ),
    (
        "accounts do not see each other's users",
        lambda a: (a.user(), [user["UserName"] for user in a.other().iam.list_users()["Users"]])[1],
        ["administrator"],
    ),
]

ROWS = [*AUTHENTICATION, *IDENTITY, *DECIDING, *ASSUMING, *OBJECTS]


@pytest.mark.parametrize(("does", "expected"), [pytest.param(*row[1:], id=row[0]) for row in ROWS])
def test_aws(does: Callable[[Account], Any], expected: Any, account: Account) -> None:
    try:
        value = does(account)
        observed = value if isinstance(value, str | int | list) and expected != DONE else DONE
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        observed = f"{error.response['Error']['Code']} {status}"
    assert observed == expected


def test_that_each_sentence_stands_once() -> None:
    assert len({row[0] for row in ROWS}) == len(ROWS) > 100
