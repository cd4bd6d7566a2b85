"""Which keys AWS's answers hold, and which they do not."""

from collections.abc import Callable
from typing import Any

from local_aws_people import Account, allow, policy, trusting
from recorded import CUSTODIAN, LOCALSTACK_IAM, LOCALSTACK_STS, MOTO_SHAPES, THREADS, Row

Call = Callable[[Account], Any]
POWER = "arn:aws:iam::aws:policy/PowerUserAccess"
TAGS = [{"Key": "somekey", "Value": "somevalue"}]
LONG_ROLE = "Path RoleName RoleId Arn CreateDate AssumeRolePolicyDocument"
POLICY = (
    "PolicyName PolicyId Arn Path DefaultVersionId AttachmentCount PermissionsBoundaryUsageCount "
    "IsAttachable CreateDate UpdateDate"
)
USER = "Path UserName UserId Arn CreateDate"


def shape(recording: str, keys: str, call: Call) -> Row:
    return Row("shape", recording, call, keys)


def made_role(a: Account, **given: Any) -> Any:
    return a.iam.create_role(RoleName="app", AssumeRolePolicyDocument=trusting(a.id), **given)[
        "Role"
    ]


def rich(a: Account) -> str:
    """A user, a role and a group with tags, boundary and policies."""
    a.user(allow("*"), Tags=TAGS, PermissionsBoundary=POWER)
    a.role(allow("*"), Tags=TAGS, PermissionsBoundary=POWER)
    a.iam.create_group(GroupName="team")
    a.iam.add_user_to_group(GroupName="team", UserName="alice")
    return a.managed()


def after(call: Callable[[Any], Any]) -> Call:
    """Ask IAM when all that is there."""
    return lambda a: (rich(a), call(a.iam))[1]


def version(a: Account, call: Callable[[Any, str], Any]) -> Any:
    return call(a.iam, a.managed())


def session(a: Account, **given: Any) -> Any:
    return a.sts.assume_role(RoleArn=a.role(), RoleSessionName="session", **given)


def instance(a: Account) -> Any:
    return a.ec2.describe_instances()["Reservations"][0]["Instances"][0]


def stopped(a: Account) -> Any:
    a.ec2.stop_instances(InstanceIds=[instance(a)["InstanceId"]])
    return instance(a)


def one(found: list[dict[str, Any]], **named: str) -> dict[str, Any]:
    (name, value), *_ = named.items()
    return next(each for each in found if each[name] == value)


SESSION = "Credentials AssumedRoleUser"
BOUNDARY = "PermissionsBoundaryArn=" + POWER + " PermissionsBoundaryType=Policy"
ROWS = [
    shape(
        LOCALSTACK_IAM,
        f"{LONG_ROLE} -MaxSessionDuration -RoleLastUsed -Tags -PermissionsBoundary",
        made_role,
    ),
    shape(
        LOCALSTACK_IAM,
        f"{LONG_ROLE} -MaxSessionDuration",
        lambda a: made_role(a, MaxSessionDuration=7200),
    ),
    shape(
        MOTO_SHAPES,
        f"{LONG_ROLE} Tags PermissionsBoundary",
        lambda a: made_role(a, Tags=TAGS, PermissionsBoundary=POWER),
    ),
    shape(
        LOCALSTACK_IAM,
        f"{LONG_ROLE} MaxSessionDuration=3600 RoleLastUsed -Tags -PermissionsBoundary",
        lambda a: (a.role(), a.iam.get_role(RoleName="app"))[1]["Role"],
    ),
    shape(
        MOTO_SHAPES,
        f"{LONG_ROLE} Tags PermissionsBoundary",
        after(lambda iam: iam.get_role(RoleName="app")["Role"]),
    ),
    shape(
        MOTO_SHAPES,
        f"{LONG_ROLE} MaxSessionDuration -RoleLastUsed -Tags -PermissionsBoundary",
        after(lambda iam: one(iam.list_roles()["Roles"], RoleName="app")),
    ),
    shape(
        THREADS,
        BOUNDARY,
        after(lambda iam: iam.get_role(RoleName="app")["Role"]["PermissionsBoundary"]),
    ),
    shape(
        THREADS,
        BOUNDARY,
        after(lambda iam: iam.get_user(UserName="alice")["User"]["PermissionsBoundary"]),
    ),
    shape(
        THREADS,
        BOUNDARY,
        after(
            lambda iam: one(
                iam.get_account_authorization_details()["UserDetailList"], UserName="alice"
            )["PermissionsBoundary"]
        ),
    ),
    shape(
        LOCALSTACK_IAM,
        f"{USER} -Tags -PermissionsBoundary",
        lambda a: a.iam.create_user(UserName="alice")["User"],
    ),
    shape(MOTO_SHAPES, f"{USER} Tags", after(lambda iam: iam.get_user(UserName="alice")["User"])),
    shape(
        MOTO_SHAPES,
        f"{USER} -Tags -PermissionsBoundary",
        after(lambda iam: one(iam.list_users()["Users"], UserName="alice")),
    ),
    shape(
        CUSTODIAN + "test_iam_group_delete/iam.GetGroup_1.json",
        f"{USER} -Tags -PermissionsBoundary",
        after(lambda iam: iam.get_group(GroupName="team")["Users"][0]),
    ),
    shape(
        LOCALSTACK_IAM,
        f"{POLICY} AttachmentCount=0 PermissionsBoundaryUsageCount=0 -Description -Tags",
        lambda a: a.iam.create_policy(
            PolicyName="p", PolicyDocument=policy(allow("*")), Description="d"
        )["Policy"],
    ),
    shape(
        CUSTODIAN + "test_iam_policy_check_permission/iam.GetPolicy_1.json",
        f"{POLICY} Description",
        lambda a: a.iam.get_policy(
            PolicyArn=a.iam.create_policy(
                PolicyName="p", PolicyDocument=policy(allow("*")), Description="d"
            )["Policy"]["Arn"]
        )["Policy"],
    ),
    shape(
        THREADS,
        "PermissionsBoundaryUsageCount=2 AttachmentCount=0",
        after(lambda iam: iam.get_policy(PolicyArn=POWER)["Policy"]),
    ),
    shape(
        CUSTODIAN + "test_iam_policy_allow_all/iam.ListPolicies_1.json",
        f"{POLICY} -Description -Tags",
        lambda a: (a.managed(), a.iam.list_policies(Scope="Local")["Policies"][0])[1],
    ),
    shape(
        CUSTODIAN + "test_iam_policy_delete/iam.ListPolicyVersions_1.json",
        "VersionId=v1 IsDefaultVersion=True CreateDate -Document",
        lambda a: version(
            a, lambda iam, arn: iam.list_policy_versions(PolicyArn=arn)["Versions"][0]
        ),
    ),
    shape(
        THREADS,
        "VersionId=v2 IsDefaultVersion=False CreateDate -Document",
        lambda a: version(
            a,
            lambda iam, arn: iam.create_policy_version(
                PolicyArn=arn, PolicyDocument=policy(allow("*"))
            )["PolicyVersion"],
        ),
    ),
    shape(
        CUSTODIAN + "test_iam_policy_allow_all/iam.GetPolicyVersion_1.json",
        "Document VersionId=v1 IsDefaultVersion=True CreateDate",
        lambda a: version(
            a,
            lambda iam, arn: iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"],
        ),
    ),
    shape(
        CUSTODIAN + "test_iam_access_key_filter_age/iam.ListAccessKeys_1.json",
        "UserName AccessKeyId Status CreateDate -SecretAccessKey",
        after(lambda iam: iam.list_access_keys(UserName="alice")["AccessKeyMetadata"][0]),
    ),
    shape(
        CUSTODIAN + "test_iam_mfa_filter/iam.ListMFADevices_1.json",
        "MFADevices IsTruncated=False",
        after(lambda iam: iam.list_mfa_devices(UserName="alice")),
    ),
    shape(
        CUSTODIAN + "test_iam_user_login_profile/iam.GetLoginProfile_1.json",
        "UserName CreateDate PasswordResetRequired=True",
        after(
            lambda iam: (
                iam.create_login_profile(
                    UserName="alice", Password="Long-and-secret-1", PasswordResetRequired=True
                ),
                iam.get_login_profile(UserName="alice"),
            )[1]["LoginProfile"]
        ),
    ),
    shape(LOCALSTACK_STS, f"{SESSION} -PackedPolicySize -SourceIdentity", session),
    shape(THREADS, f"{SESSION} PackedPolicySize", lambda a: session(a, Policy=policy(allow("*")))),
    shape(THREADS, f"{SESSION} PackedPolicySize", lambda a: session(a, Tags=TAGS)),
    shape(
        THREADS, f"{SESSION} PackedPolicySize", lambda a: session(a, PolicyArns=[{"arn": POWER}])
    ),
    shape(
        CUSTODIAN + "test_ec2_*/ec2.DescribeInstances_1.json",
        "State StateTransitionReason KeyName=ssup2 -StateReason",
        instance,
    ),
    shape(
        CUSTODIAN + "test_ec2_*/ec2.DescribeInstances_1.json",
        "State StateTransitionReason StateReason",
        stopped,
    ),
]
# Whose answer is whose principal: as it was sent, and as it is kept.
Principal = Callable[[Account], Any]
PRINCIPALS: list[tuple[str, Principal, str]] = [
    (LOCALSTACK_STS, lambda a: made_role(a), "ACCOUNT"),
    (
        THREADS,
        lambda a: (made_role(a), a.iam.get_role(RoleName="app")["Role"])[1],
        "arn:aws:iam::ACCOUNT:root",
    ),
    (
        THREADS,
        lambda a: (made_role(a), a.iam.list_roles()["Roles"][0])[1],
        "arn:aws:iam::ACCOUNT:root",
    ),
]


def principal(call: Principal) -> Call:
    def shown(a: Account) -> dict[str, Any]:
        return {"AWS": call(a)["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["AWS"]}

    return shown


ROWS += [shape(recording, f"AWS={kept}", principal(call)) for recording, call, kept in PRINCIPALS]
