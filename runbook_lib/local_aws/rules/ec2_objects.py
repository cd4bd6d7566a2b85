"""What EC2 refuses because nothing has this id or name: images, key pairs, types, instances, …

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
"""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from runbook_lib.local_aws.refusals import AwsError, not_emulated
from runbook_lib.local_aws.store import backends
from runbook_lib.local_aws.store.call import ApiCall

Ec2 = backends.EC2Backend
HEX = "([0-9a-f]{8}|[0-9a-f]{17})"


class Kind(NamedTuple):
    """A kind of object: AWS's code and sentence, what there is, and the form of an id."""

    code: str
    sentence: str
    held: Callable[[Ec2], Iterable[str]]
    form: str = ""  # another form than this is Malformed, where AWS says so


INSTANCE = Kind(
    "InvalidInstanceID",
    "The instance ID '{}' does not exist",
    lambda ec2: [each.id for each in ec2.all_instances()],
    f"i-{HEX}",
)
IMAGE = Kind(
    "InvalidAMIID", "The image id '[{}]' does not exist", lambda ec2: ec2.amis, f"ami-{HEX}"
)
KEY_PAIR = Kind("InvalidKeyPair", "The key pair '{}' does not exist", lambda ec2: ec2.key_pairs)
VOLUME = Kind("InvalidVolume", "The volume '{}' does not exist.", lambda ec2: ec2.volumes)
GROUP = Kind(
    "InvalidGroup",
    "The security group '{}' does not exist",
    lambda ec2: [
        key
        for held in ec2.groups.values()
        for each in held.values()
        for key in (each.id, each.name)
    ],
)
SNAPSHOT = Kind("InvalidSnapshot", "The snapshot '{}' does not exist.", lambda ec2: ec2.snapshots)
SUBNET = Kind(
    "InvalidSubnetID",
    "The subnet ID '{}' does not exist",
    lambda ec2: [key for held in ec2.subnets.values() for key in held],
)
VPC = Kind("InvalidVpcID", "The vpc ID '{}' does not exist", lambda ec2: ec2.vpcs)
INTERFACE = Kind(
    "InvalidNetworkInterfaceID",
    "The networkInterface ID '{}' does not exist",
    lambda ec2: ec2.enis,
)
PARAMETERS = {
    "InstanceIds": INSTANCE,
    "ImageIds": IMAGE,
    "ImageId": IMAGE,
    "KeyNames": KEY_PAIR,
    "KeyName": KEY_PAIR,
    "VolumeIds": VOLUME,
    "GroupIds": GROUP,
    "GroupNames": GROUP,
    "SecurityGroupIds": GROUP,
    "SecurityGroups": GROUP,
    "SubnetIds": SUBNET,
    "SubnetId": SUBNET,
    "VpcIds": VPC,
    "NetworkInterfaceIds": INTERFACE,
}
# What AWS says of a terminated instance.
STATES = {
    "StartInstances": "The instance '{}' is not in a state from which it can be started.",
    "StopInstances": "This instance '{}' is not in a state from which it can be stopped.",
}


def check_ec2_objects(call: ApiCall) -> None:
    """Raise AwsError for an id or a name that nothing has."""
    if call.service == "ec2":
        ec2 = backends.ec2(call.identity.account_id, call.region)
        for parameter in PARAMETERS.keys() & call.parameters.keys():
            given = call.parameters[parameter]
            _check(PARAMETERS[parameter], given if isinstance(given, list) else [given], ec2)
        if "KeyPairIds" in call.parameters:
            raise not_emulated("KeyPairIds")
        if "ZoneNames" in call.parameters:
            _check_zones(call.parameters["ZoneNames"], ec2)
        if call.operation.name in STATES:
            _check_state(call, ec2)
        if call.operation.name == "RunInstances":
            _check_run(call, ec2)


def _check(kind: Kind, names: list[str], ec2: Ec2) -> None:
    for name in names:
        if kind.form and not re.fullmatch(kind.form, name):
            raise AwsError(f"{kind.code}.Malformed", f'Invalid id: "{name}"')
    missing = [name for name in names if name not in {*kind.held(ec2)}]
    if missing:
        sentence = kind.sentence
        if len(missing) > 1 and kind in (INSTANCE, IMAGE):
            sentence = sentence.replace(" '", "s '").replace("does", "do")
        raise AwsError(f"{kind.code}.NotFound", sentence.format(", ".join(missing)))


def _check_zones(names: list[str], ec2: Ec2) -> None:
    missing = {*names} - {each.name for each in ec2.describe_availability_zones()}
    if missing:
        message = f"Invalid availability zone: [{', '.join(sorted(missing))}]"
        raise AwsError("InvalidParameterValue", message)


def _check_state(call: ApiCall, ec2: Ec2) -> None:
    for each in ec2.get_multi_instances_by_id(call.parameters["InstanceIds"]):
        if each.state == "terminated":
            sentence = STATES[call.operation.name].format(each.id)
            raise AwsError("IncorrectInstanceState", sentence)


def _check_run(call: ApiCall, ec2: Ec2) -> None:
    given = call.parameters
    for name, what in (("MaxCount", "Maximum"), ("MinCount", "Minimum")):
        if given[name] < 1:
            message = f"{what} instance count must be greater than zero"
            raise AwsError("InvalidParameterValue", message)
    if given["MinCount"] > given["MaxCount"]:
        message = "MinCount and MaxCount do not fit together."
        raise AwsError("InvalidParameterValue", message)
    if given["MaxCount"] > 1000:
        message = "You have requested more instances ({}) than your current instance limit of 1000 "
        message += "allows for the specified instance type."
        raise AwsError("InstanceLimitExceeded", message.format(given["MaxCount"]))
    if "ImageId" not in given:
        raise AwsError("MissingParameter", "The request must contain the parameter ImageId")
    kind = given.get("InstanceType", "m1.small")
    if kind not in backends.INSTANCE_TYPES:
        raise AwsError("InvalidParameterValue", f"Invalid value '{kind}' for InstanceType.")
    if "IamInstanceProfile" in given:  # there are none here
        (key, value), *_ = given["IamInstanceProfile"].items() or [("name", "")]
        place = f"iamInstanceProfile.{key.lower()}"
        reason = f"Invalid IAM Instance Profile {key.lower()}"
        message = f"Value ({value}) for parameter {place} is invalid. {reason}"
        raise AwsError("InvalidParameterValue", message)
    disks = [each.get("Ebs", {}) for each in given.get("BlockDeviceMappings", [])]
    _check(SNAPSHOT, [disk["SnapshotId"] for disk in disks if "SnapshotId" in disk], ec2)
    for each in given.get("TagSpecifications", []):
        _check_tags(each.get("ResourceType", "null"), [tag.get("Key", "") for tag in each["Tags"]])


def _check_tags(kind: str, keys: list[str]) -> None:
    sentence = ""
    if kind in ("network-interface", "spot-instances-request"):
        raise not_emulated(f"tags of a {kind}")
    if kind not in ("instance", "volume"):
        sentence = f"'{kind}' is not a valid taggable resource type for this operation."
    for number, key in enumerate(keys):
        if key.lower().startswith("aws:"):
            sentence = "Tag keys starting with 'aws:' are reserved for internal use"
        if key in keys[:number]:
            sentence = f"Duplicate tag key '{key}' specified."
    if sentence:
        raise AwsError("InvalidParameterValue", sentence)
