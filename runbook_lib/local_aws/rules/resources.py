"""Which resource an action is about: the ARN that policies are matched with, and its name.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
"""

from typing import NamedTuple

from runbook_lib.local_aws.store.backends import Iam
from runbook_lib.local_aws.store.call import ApiCall

# The parameter that names the resource; the first one present counts.
KINDS = {"GroupName": "group", "UserName": "user", "RoleName": "role"}
# Lists name the collection, under the path that they ask for; what names nothing is about "*".
COLLECTIONS = {
    "ListUsers": "user",
    "ListRoles": "role",
    "ListGroups": "group",
    "ListInstanceProfiles": "instance-profile",
    "ListPolicies": "policy",
}


class Resource(NamedTuple):
    """What is judged, and what AWS calls it when it refuses: `user NAME`, an ARN, or nothing."""

    arn: str
    shown: str


def resources(call: ApiCall) -> list[Resource]:
    """Return what the call is about; each must be allowed."""
    if call.service == "ec2":
        return _of_ec2(call)
    if call.service == "organizations":
        given = call.parameters
        about = given.get("ParentId") or given.get("ResourceId")
        arn = call.accounts.organization.arn(about) if about else "*"
        return [Resource(arn, arn)]
    if call.means_caller:
        return [Resource(call.identity.arn, call.identity.arn)]
    given, name = call.parameters, call.operation.name
    for parameter, kind in KINDS.items():
        if parameter in given:
            return [_named(call, kind, given[parameter])]
    if name == "CreatePolicy":
        arn = call.arn(f"policy{given.get('Path', '/')}{given['PolicyName']}")
        return [Resource(arn, f"policy {given['PolicyName']}")]
    if name in COLLECTIONS:
        path = given.get("PathPrefix", "/")
        arn = call.arn(COLLECTIONS[name] + path)
        return [Resource(arn, f"policy path {path}" if name == "ListPolicies" else arn)]
    if "PolicyArn" in given:
        return [Resource(given["PolicyArn"], f"policy {given['PolicyArn']}")]
    return [Resource("*", "*")]


def _of_ec2(call: ApiCall) -> list[Resource]:
    name = call.operation.name
    instances = [] if name.startswith("Describe") else call.parameters.get("InstanceIds", [])
    if instances:
        arns = [call.arn(f"instance/{each}", "ec2") for each in instances]
        return [Resource(arn, arn) for arn in arns]
    return [Resource("*", call.arn("instance/*", "ec2") if name == "RunInstances" else "")]


def _named(call: ApiCall, kind: str, name: str) -> Resource:
    found = target(call)
    if found is not None and "Path" not in call.parameters:
        arn = str(found.arn)  # type: ignore[attr-defined]
    else:
        arn = call.arn(f"{kind}{call.parameters.get('Path', '/')}{name}")
    return Resource(
        arn, arn if call.operation.name.startswith("Create" + kind.title()) else f"{kind} {name}"
    )


def target(call: ApiCall) -> object:
    """Return the object that an IAM call is about, or None where there is none yet."""
    named = [name for name in KINDS if name in call.parameters and call.service == "iam"]
    return find(call.iam, KINDS[named[0]], call.parameters[named[0]]) if named else None


def find(iam: Iam, kind: str, name: str) -> object:
    """Return the user, role, group or policy (by its ARN), or None."""
    if kind == "role":
        return next((role for role in iam.roles.values() if role.name == name), None)
    held = {"user": iam.users, "group": iam.groups, "policy": iam.managed_policies}
    return held[kind].get(name)  # type: ignore[attr-defined]
