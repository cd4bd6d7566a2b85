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


def check_ec2_objects(call: ApiCall) -> None:
    """Raise AwsError for an id or a name that nothing has."""
    if call.service == "ec2":
        ec2 = backends.ec2(call.identity.account_id, call.region)
        for parameter in PARAMETERS.keys() & call.parameters.keys():
            given = call.parameters[parameter]
            _check(PARAMETERS[parameter], given if isinstance(given, list) else [given], ec2)
        if "KeyPairIds" in call.parameters:
            raise not_emulated("KeyPairIds")
        if call.operation.name == "RunInstances":
            _check_run(call)


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


def _check_run(call: ApiCall) -> None:
    given = call.parameters
    if not 0 < given["MinCount"] <= given["MaxCount"]:
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
