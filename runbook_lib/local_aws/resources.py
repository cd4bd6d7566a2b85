"""Which resource an action is about: the ARN that policies are matched with.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
"""

from collections.abc import Mapping

from .calls import Call
from .moto_seams import Iam

# The parameter that names the resource; the first one present counts.
KINDS = {
    "InstanceProfileName": "instance-profile",
    "GroupName": "group",
    "UserName": "user",
    "RoleName": "role",
}
# Lists name the collection; everything else that names nothing is about "*".
COLLECTIONS = {
    "ListUsers": "user/",
    "ListRoles": "role/",
    "ListGroups": "group/",
    "ListInstanceProfiles": "instance-profile/",
    "ListPolicies": "policy/",
}


def resources(call: Call, iam: Iam) -> list[str]:
    """Return the ARNs that the call is about; each must be allowed."""
    given = call.parameters
    if call.service == "sts":
        return [given.get("RoleArn", "*")]
    if call.service == "ec2":
        instances = (
            [] if call.operation.name.startswith("Describe") else given.get("InstanceIds", [])
        )
        return [call.arn(f"instance/{each}", "ec2") for each in instances] or ["*"]
    for parameter, kind in KINDS.items():
        if parameter in given:
            return [_arn(call, iam, kind, str(given[parameter]))]
    if call.operation.name == "CreatePolicy":
        return [call.arn(f"policy{given.get('Path', '/')}{given['PolicyName']}")]
    if call.operation.name in COLLECTIONS:
        return [call.arn(COLLECTIONS[call.operation.name])]
    return [given.get("PolicyArn", given.get("PolicySourceArn", "*"))]


def find(iam: Iam, kind: str, name: str) -> object:
    """Return the user, role, group, instance profile or policy (by its ARN), or None."""
    if kind == "role":
        return next((role for role in iam.roles.values() if role.name == name), None)
    held: dict[str, Mapping[str, object]] = {
        "user": iam.users,
        "group": iam.groups,
        "instance-profile": iam.instance_profiles,
        "policy": iam.managed_policies,
    }
    return held[kind].get(name)


def _arn(call: Call, iam: Iam, kind: str, name: str) -> str:
    found = find(iam, kind, name)
    if found is not None:
        return str(found.arn)  # type: ignore[attr-defined]
    path = call.parameters.get("Path", "/") if call.operation.name.startswith("Create") else "/"
    return call.arn(f"{kind}{path}{name}")
