"""Objects of IAM and EC2 that are missing, taken, in use, too many or too large."""

import json
from collections.abc import Callable
from typing import Any

from local_aws_people import Account, Actor, allow, policy
from recorded import (
    CUSTODIAN,
    GUIDE,
    LOCALSTACK_IAM,
    LOCALSTACK_STS,
    MOTO_INSTANCES,
    THREADS,
    Row,
)

NONE = "arn:aws:iam::ACCOUNT:policy/non-existent-policy"
KEY = "AKIAIOSFODNN7EXAMPLE"
IMAGE = "ami-033a6a056910d1137"
GONE = "NoSuchEntity 404: "
FULL = policy(allow("*"))
AWS_FULL = "arn:aws:iam::aws:policy/AmazonEC2FullAccess"
Call = Callable[[Account], Any]


def gone(recording: str, sentence: str, call: Call) -> Row:
    return Row("not there", recording, call, GONE + sentence)


def with_alice(call: Callable[[Any], Any]) -> Call:
    def made(a: Account) -> Any:
        a.iam.create_user(UserName="alice")
        return call(a.iam)

    return made


def with_role(call: Callable[[Account], Any]) -> Call:
    def made(a: Account) -> Any:
        a.role()
        return call(a)

    return made


def runs(**given: Any) -> Call:
    return lambda a: a.ec2.run_instances(**{"ImageId": IMAGE, "MinCount": 1, "MaxCount": 1} | given)


def groups(iam: Any) -> None:
    for number in range(11):
        iam.create_group(GroupName=f"team-{number}")
        iam.add_user_to_group(GroupName=f"team-{number}", UserName="alice")


def terminated(action: str) -> Call:
    def call(a: Account) -> Any:
        ids = [runs(ClientToken="token")(a)["Instances"][0]["InstanceId"]]
        a.ec2.terminate_instances(InstanceIds=ids)
        return getattr(a.ec2, action)(InstanceIds=ids)

    return call


def labelled(*keys: str, kind: str = "instance") -> Call:
    tags = [{"Key": key, "Value": "v"} for key in keys]
    return runs(TagSpecifications=[{"ResourceType": kind, "Tags": tags}])


def group_with(what: str) -> Call:
    def call(a: Account) -> Any:
        a.iam.create_group(GroupName="team")
        if what == "user":
            a.iam.create_user(UserName="alice")
            a.iam.add_user_to_group(GroupName="team", UserName="alice")
        if what == "attached":
            a.iam.attach_group_policy(GroupName="team", PolicyArn=AWS_FULL)
        if what == "inline":
            a.iam.put_group_policy(GroupName="team", PolicyName="p", PolicyDocument=FULL)
        return a.iam.delete_group(GroupName="team")

    return call


def tagged(*keys: str, transitive: Any = ()) -> Call:
    tags = [{"Key": key, "Value": "v"} for key in keys]
    given = {"TransitiveTagKeys": [*transitive]} if transitive else {}
    return lambda a: a.assume(a.role(), Tags=tags, **given)


def chained(key: str) -> Call:
    def call(a: Account) -> Any:
        one = a.assume(
            a.role(allow(["sts:AssumeRole", "sts:TagSession"])),
            Tags=[{"Key": "Key1", "Value": "v"}],
            TransitiveTagKeys=["Key1"],
        )
        return one.assume(a.role(name="two"), Tags=[{"Key": key, "Value": "w"}])

    return call


def chained_again(a: Account) -> Actor:
    one = a.role(allow(["sts:AssumeRole", "sts:TagSession"]))
    tags = {"Tags": [{"Key": "a", "Value": "v"}], "TransitiveTagKeys": ["a"]}
    return a.assume(one, **tags).assume(a.role(name="two"), **tags)


def versions(a: Account) -> Any:
    arn = a.managed()
    for _ in range(5):
        a.iam.create_policy_version(PolicyArn=arn, PolicyDocument=FULL)


def delete(what: str) -> Call:
    def call(a: Account) -> Any:
        arn = a.managed()
        if what == "attached":
            a.role()
            a.iam.attach_role_policy(RoleName="app", PolicyArn=arn)
            return a.iam.delete_policy(PolicyArn=arn)
        if what == "default":
            return a.iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
        a.iam.create_policy_version(PolicyArn=arn, PolicyDocument=FULL)
        return a.iam.delete_policy(PolicyArn=arn)

    return call


def delete_entity(kind: str, what: str) -> Call:
    def call(a: Account) -> Any:
        if kind == "Role":
            a.role(*([allow("*")] if what == "inline" else []))
            if what == "attached":
                a.iam.attach_role_policy(RoleName="app", PolicyArn=AWS_FULL)
            return a.iam.delete_role(RoleName="app")
        a.iam.create_user(UserName="alice")
        if what == "key":
            a.iam.create_access_key(UserName="alice")
        if what == "login":
            a.iam.create_login_profile(UserName="alice", Password="Long-and-secret-1")
        return a.iam.delete_user(UserName="alice")

    return call


LONG = json.dumps(json.loads(policy(allow([f"ec2:D{number:05}" for number in range(1000)]))))
INVALID_ARN = "ValidationError 400: Invalid ARN:  Could not be parsed!"
CONFLICT = "DeleteConflict 409: Cannot delete entity, must "
SESSION = "InvalidParameterValue 400: "
TAKEN = "EntityAlreadyExists 409: "
LIMIT = "LimitExceeded 409: "
OVERRIDE = (
    "One of the specified transitive tag keys can't be set because it conflicts with a transitive "
    "tag key from the calling session."
)

MISSING = [
    gone(
        LOCALSTACK_IAM,
        f"Policy {NONE} was not found.",
        lambda a: a.iam.delete_policy(PolicyArn=a.arn("policy/non-existent-policy")),
    ),
    gone(
        CUSTODIAN + "test_iam_instance_profile_set_policy_nosuchentity/iam.GetPolicy_1.json",
        "Policy arn:aws:iam::aws:policy/AdministratorAccessDoesNotExist was not found.",
        lambda a: a.iam.get_policy(
            PolicyArn="arn:aws:iam::aws:policy/AdministratorAccessDoesNotExist"
        ),
    ),
    gone(
        CUSTODIAN + "test_iam_instance_profile_set_policy_nosuchentity/iam.DetachRolePolicy_1.json",
        "Policy arn:aws:iam::aws:policy/AdministratorAccessDoesNotExist was not found.",
        with_role(
            lambda a: a.iam.detach_role_policy(
                RoleName="app",
                PolicyArn="arn:aws:iam::aws:policy/AdministratorAccessDoesNotExist",
            )
        ),
    ),
    gone(
        LOCALSTACK_IAM,
        f"Policy {NONE} does not exist or is not attachable.",
        with_role(
            lambda a: a.iam.attach_role_policy(
                RoleName="app", PolicyArn=a.arn("policy/non-existent-policy")
            )
        ),
    ),
    gone(
        LOCALSTACK_IAM,
        f"Policy {NONE} does not exist or is not attachable.",
        lambda a: a.iam.attach_user_policy(
            UserName="administrator", PolicyArn=a.arn("policy/non-existent-policy")
        ),
    ),
    gone(
        LOCALSTACK_IAM,
        "The user with name wrong-user-name cannot be found.",
        lambda a: a.iam.get_user(UserName="wrong-user-name"),
    ),
    gone(
        CUSTODIAN + "test_delete_role/iam.GetRole_3.json",
        "The role with name c7n-test-delete cannot be found.",
        lambda a: a.iam.get_role(RoleName="c7n-test-delete"),
    ),
    gone(
        CUSTODIAN + "test_force_delete_role/iam.ListInstanceProfilesForRole_3.json",
        "The role with name test cannot be found.",
        lambda a: a.iam.list_instance_profiles_for_role(RoleName="test"),
    ),
    gone(
        CUSTODIAN + "test_iam_group_delete/iam.GetGroup_4.json",
        "The group with name sandbox_developers cannot be found.",
        lambda a: a.iam.get_group(GroupName="sandbox_developers"),
    ),
    gone(
        CUSTODIAN + "test_iam_user_login_profile/iam.GetLoginProfile_2.json",
        "Login Profile for User alice cannot be found.",
        with_alice(lambda iam: iam.get_login_profile(UserName="alice")),
    ),
    gone(
        THREADS,
        "Login Profile for User alice cannot be found.",
        with_alice(lambda iam: iam.delete_login_profile(UserName="alice")),
    ),
    gone(
        THREADS,
        "The user policy with name inline cannot be found.",
        with_alice(lambda iam: iam.get_user_policy(UserName="alice", PolicyName="inline")),
    ),
    gone(
        THREADS,
        "The user policy with name inline cannot be found.",
        with_alice(lambda iam: iam.delete_user_policy(UserName="alice", PolicyName="inline")),
    ),
    gone(
        THREADS,
        "The role policy with name inline cannot be found.",
        with_role(lambda a: a.iam.get_role_policy(RoleName="app", PolicyName="inline")),
    ),
    gone(
        THREADS,
        f"The Access Key with id {KEY} cannot be found.",
        with_alice(lambda iam: iam.delete_access_key(UserName="alice", AccessKeyId=KEY)),
    ),
    gone(
        THREADS,
        "Policy arn:aws:iam::ACCOUNT:policy/managed version v9 does not exist or is not "
        "attachable.",
        lambda a: a.iam.get_policy_version(PolicyArn=a.managed(), VersionId="v9"),
    ),
    *(
        gone(
            THREADS,
            f"The {kind} with name nobody cannot be found.",
            lambda a, kind=kind: getattr(a.iam, f"attach_{kind}_policy")(
                **{f"{kind.title()}Name": "nobody"}, PolicyArn=AWS_FULL
            ),
        )
        for kind in ("user", "role", "group")
    ),
    Row(
        "not there",
        "cloud-custodian/cloud-custodian#4730 (tried: no exception)",
        lambda a: (
            a.iam.create_group(GroupName="team"),
            a.iam.remove_user_from_group(GroupName="team", UserName="administrator"),
        )[1],
        "ResponseMetadata",
    ),
    Row(
        "not there",
        THREADS,
        lambda a: a.iam.list_users(Marker="x"),
        "ValidationError 400: Invalid Marker",
    ),
    Row(
        "not there",
        LOCALSTACK_IAM,
        with_role(
            lambda a: a.iam.attach_role_policy(RoleName="app", PolicyArn="longpolicynamebutnoarn")
        ),
        INVALID_ARN,
    ),
    Row(
        "not there",
        LOCALSTACK_IAM,
        with_alice(
            lambda iam: iam.attach_user_policy(UserName="alice", PolicyArn="longpolicynamebutnoarn")
        ),
        INVALID_ARN,
    ),
]
CONFLICTS = [
    Row("conflict", THREADS, delete_entity("User", "key"), CONFLICT + "delete access keys first."),
    Row(
        "conflict",
        THREADS,
        delete_entity("User", "login"),
        CONFLICT + "delete login profile first.",
    ),
    Row(
        "conflict",
        THREADS,
        delete_entity("Role", "attached"),
        CONFLICT + "detach all policies first.",
    ),
    Row("conflict", THREADS, delete_entity("Role", "inline"), CONFLICT + "delete policies first."),
    Row(
        "conflict",
        CUSTODIAN + "test_iam_group_delete/iam.DeleteGroup_1.json",
        group_with("user"),
        CONFLICT + "remove users from group first.",
    ),
    Row("conflict", THREADS, group_with("attached"), CONFLICT + "detach all policies first."),
    Row("conflict", THREADS, group_with("inline"), CONFLICT + "delete policies first."),
    Row(
        "conflict",
        THREADS,
        delete("attached"),
        "DeleteConflict 409: Cannot delete a policy attached to entities.",
    ),
    Row(
        "conflict",
        THREADS,
        delete("default"),
        "DeleteConflict 409: Cannot delete the default version of a policy.",
    ),
    Row(
        "conflict",
        THREADS,
        delete("versions"),
        "DeleteConflict 409: This policy has more than one version. Before you delete a policy, "
        "you must delete the policy's versions. The default version is deleted with the policy.",
    ),
    Row(
        "conflict",
        THREADS,
        with_alice(lambda iam: iam.create_user(UserName="alice")),
        TAKEN + "User with name alice already exists.",
    ),
    Row(
        "conflict",
        THREADS,
        with_role(lambda a: a.role()),
        TAKEN + "Role with name app already exists.",
    ),
    Row(
        "conflict",
        THREADS,
        lambda a: (a.managed(), a.managed()),
        TAKEN + "A policy called managed already exists. Duplicate names are not allowed.",
    ),
    Row(
        "conflict",
        THREADS,
        lambda a: [
            a.iam.create_login_profile(UserName="administrator", Password="Long-and-secret-1")
            for _ in range(2)
        ],
        TAKEN + "Login Profile for user administrator already exists.",
    ),
]
LIMITS = [
    Row(
        "limit",
        THREADS,
        with_alice(
            lambda iam: iam.put_user_policy(UserName="alice", PolicyName="p", PolicyDocument=LONG)
        ),
        LIMIT + "Maximum policy size of 2048 bytes exceeded for user alice",
    ),
    Row(
        "limit",
        THREADS,
        with_role(
            lambda a: a.iam.put_role_policy(RoleName="app", PolicyName="p", PolicyDocument=LONG)
        ),
        LIMIT + "Maximum policy size of 10240 bytes exceeded for role app",
    ),
    Row(
        "limit",
        GUIDE + "reference_iam-quotas.html",
        lambda a: a.managed(*json.loads(LONG)["Statement"]),
        LIMIT + "Cannot exceed quota for PolicySize: 6144",
    ),
    Row(
        "limit",
        THREADS,
        lambda a: a.role(
            trust=policy(
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": [f"{number:012}" for number in range(200)]},
                    "Action": "sts:AssumeRole",
                }
            )
        ),
        LIMIT + "Cannot exceed quota for ACLSizePerRole: 2048",
    ),
    Row(
        "limit",
        THREADS,
        with_alice(lambda iam: [iam.create_access_key(UserName="alice") for _ in range(3)]),
        LIMIT + "Cannot exceed quota for AccessKeysPerUser: 2",
    ),
    Row(
        "limit",
        GUIDE + "reference_iam-quotas.html",
        with_alice(groups),
        LIMIT + "Cannot exceed quota for GroupsPerUser: 10",
    ),
    Row(
        "limit",
        THREADS,
        versions,
        LIMIT + "A managed policy can have up to 5 versions. Before you create a new version, "
        "you must delete an existing version.",
    ),
]
EC2 = [
    Row(
        "EC2",
        MOTO_INSTANCES,
        runs(ImageId="ami-0123456789abcdef0"),
        "InvalidAMIID.NotFound 400: The image id '[ami-0123456789abcdef0]' does not exist",
    ),
    Row(
        "EC2",
        THREADS,
        runs(KeyName="nobody"),
        "InvalidKeyPair.NotFound 400: The key pair 'nobody' does not exist",
    ),
    Row(
        "EC2",
        THREADS,
        lambda a: a.ec2.describe_key_pairs(KeyNames=["nobody"]),
        "InvalidKeyPair.NotFound 400: The key pair 'nobody' does not exist",
    ),
    Row(
        "EC2",
        THREADS,
        lambda a: a.ec2.describe_images(ImageIds=["ami-0123456789abcdef0"]),
        "InvalidAMIID.NotFound 400: The image id '[ami-0123456789abcdef0]' does not exist",
    ),
    Row(
        "EC2",
        THREADS,
        runs(InstanceType="t9.tiny"),
        "InvalidParameterValue 400: Invalid value 't9.tiny' for InstanceType.",
    ),
    Row(
        "EC2",
        "jenkinsci/ec2-plugin#252",
        runs(MaxCount=0),
        "InvalidParameterValue 400: Maximum instance count must be greater than zero",
    ),
    Row(
        "EC2",
        "canonical/ubuntu-pro-client#1697",
        terminated("start_instances"),
        "IncorrectInstanceState 400: The instance 'INSTANCE' is not in a state from which it can "
        "be started.",
    ),
    Row(
        "EC2",
        "a record of CloudTrail in a public repository",
        terminated("stop_instances"),
        "IncorrectInstanceState 400: This instance 'INSTANCE' is not in a state from which it can "
        "be stopped.",
    ),
    Row(
        "EC2",
        THREADS,
        runs(
            BlockDeviceMappings=[
                {"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": "snap-0123456789abcdef0"}}
            ]
        ),
        "InvalidSnapshot.NotFound 400: The snapshot 'snap-0123456789abcdef0' does not exist.",
    ),
    Row(
        "EC2",
        "jcjorel/ec2-spot-converter#13",
        labelled("aws:cloudformation:stack-name"),
        "InvalidParameterValue 400: Tag keys starting with 'aws:' are reserved for internal use",
    ),
    Row(
        "EC2",
        THREADS,
        labelled("project", "project"),
        "InvalidParameterValue 400: Duplicate tag key 'project' specified.",
    ),
    Row(
        "EC2",
        "moto moto/ec2/exceptions.py (InvalidTaggableResourceType)",
        labelled("project", kind="house"),
        "InvalidParameterValue 400: 'house' is not a valid taggable resource type for this "
        "operation.",
    ),
    Row(
        "EC2",
        "mitchellh/vagrant-aws#188",
        lambda a: a.ec2.describe_availability_zones(ZoneNames=["eu-west-1"]),
        "InvalidParameterValue 400: Invalid availability zone: [eu-west-1]",
    ),
    Row(
        "EC2",
        "boto/boto3#2673",
        lambda a: a.ec2.describe_vpcs(NextToken="x"),
        "InvalidParameterValue 400: Value ( x ) for parameter NextToken is invalid. The token is "
        "invalid.",
    ),
    Row(
        "EC2",
        THREADS,
        lambda a: a.ec2.stop_instances(InstanceIds=["made-up"]),
        'InvalidInstanceID.Malformed 400: Invalid id: "made-up"',
    ),
    Row(
        "EC2",
        THREADS,
        lambda a: a.ec2.describe_instances(InstanceIds=["i-nothex"]),
        'InvalidInstanceID.Malformed 400: Invalid id: "i-nothex"',
    ),
    Row(
        "EC2",
        THREADS,
        lambda a: a.ec2.describe_instances(InstanceIds=["i-0123456789abcdef0"]),
        "InvalidInstanceID.NotFound 400: The instance ID 'i-0123456789abcdef0' does not exist",
    ),
    Row(
        "EC2",
        CUSTODIAN + "test_ecs_service_subnet/ec2.DescribeSubnets_1.json",
        lambda a: a.ec2.describe_subnets(SubnetIds=["subnet-06261c743949f093d"]),
        "InvalidSubnetID.NotFound 400: The subnet ID 'subnet-06261c743949f093d' does not exist",
    ),
    Row(
        "EC2",
        CUSTODIAN + "test_ebs_volume_related_filter/ec2.DescribeVolumes_1.json",
        lambda a: a.ec2.describe_volumes(VolumeIds=["vol-0ec2ee2808bf1bb7d"]),
        "InvalidVolume.NotFound 400: The volume 'vol-0ec2ee2808bf1bb7d' does not exist.",
    ),
    Row(
        "EC2",
        CUSTODIAN + "test_security_group_delete/ec2.DescribeSecurityGroups_2.json",
        lambda a: a.ec2.describe_security_groups(GroupIds=["sg-f9cc4d9f"]),
        "InvalidGroup.NotFound 400: The security group 'sg-f9cc4d9f' does not exist",
    ),
    Row(
        "EC2",
        CUSTODIAN + "test_network_interface_delete/ec2.DescribeNetworkInterfaces_2.json",
        lambda a: a.ec2.describe_network_interfaces(NetworkInterfaceIds=["eni-d834cdcf"]),
        "InvalidNetworkInterfaceID.NotFound 400: The networkInterface ID 'eni-d834cdcf' does not "
        "exist",
    ),
]
STS = [
    *(
        Row(
            "STS",
            LOCALSTACK_STS,
            lambda a, arn=arn: a.assume(arn),
            f"ValidationError 400: {arn} is invalid",
        )
        for arn in (
            "nothing-valid-in-here",
            "arn::b:::something/test-role",
            "arn:a::::something/test-role",
            "arn:a:::something/test-role",
            "arn:a:a::aaaaaaaaaa:",
        )
    ),
    Row(
        "STS",
        LOCALSTACK_STS,
        lambda a: a.assume(a.role(), RoleSessionName="Session1:2"),
        "ValidationError 400: 1 validation error detected: Value 'Session1:2' at "
        "'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression "
        r"pattern: [\w+=,.@-]*",
    ),
    Row(
        "validation",
        LOCALSTACK_IAM + " (the status of a service specific credential)",
        lambda a: a.iam.update_access_key(
            UserName="administrator", AccessKeyId=KEY, Status="Invalid"
        ),
        "ValidationError 400: 1 validation error detected: Value at 'status' failed to satisfy "
        "constraint: Member must satisfy enum value set",
    ),
    Row(
        "validation",
        LOCALSTACK_IAM + " (the id of a service specific credential)",
        lambda a: a.iam.update_access_key(
            UserName="administrator", AccessKeyId="wrong-id-with-hyphens", Status="Active"
        ),
        "ValidationError 400: 1 validation error detected: Value at 'accessKeyId' failed to "
        r"satisfy constraint: Member must satisfy regular expression pattern: [\w]+",
    ),
    Row(
        "session tags",
        LOCALSTACK_STS,
        tagged("SessionTag1", transitive=["InvalidKey"]),
        SESSION + "The specified transitive tag key must be included in the requested tags.",
    ),
    Row(
        "session tags",
        LOCALSTACK_STS,
        tagged("SessionTag1", "sessiontag1"),
        SESSION + "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
    ),
    Row("session tags", LOCALSTACK_STS, chained("Key1"), SESSION + OVERRIDE),
    Row("session tags", LOCALSTACK_STS, chained("kEY1"), SESSION + OVERRIDE),
    Row("session tags", LOCALSTACK_STS, chained_again, SESSION + OVERRIDE),
    Row(
        "STS",
        THREADS,
        lambda a: a.assume(a.role(), DurationSeconds=3601),
        "ValidationError 400: The requested DurationSeconds exceeds the MaxSessionDuration set "
        "for this role.",
    ),
]
ROWS = [*MISSING, *CONFLICTS, *LIMITS, *EC2, *STS]
