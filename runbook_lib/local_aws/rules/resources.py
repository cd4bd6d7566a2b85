"""Which resource an action is about: the ARN that policies are matched with.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
"""

from runbook_lib.local_aws.store.backends import Iam
from runbook_lib.local_aws.store.call import ApiCall

# The parameter that names the resource; the first one present counts.
KINDS = {"GroupName": "group", "UserName": "user", "RoleName": "role"}
# Lists name the collection; whatever names nothing is about "*".
COLLECTIONS = {
    "ListUsers": "user/",
    "ListRoles": "role/",
    "ListGroups": "group/",
    "ListInstanceProfiles": "instance-profile/",
    "ListPolicies": "policy/",
}


def resources(call: ApiCall) -> list[str]:
    """Return the ARNs that the call is about; each must be allowed."""
    given, name = call.parameters, call.operation.name
    if call.service == "ec2":
        instances = [] if name.startswith("Describe") else given.get("InstanceIds", [])
        return [call.arn(f"instance/{each}", "ec2") for each in instances] or ["*"]
    found = target(call)
    if found is not None and "Path" not in given:
        return [str(found.arn)]  # type: ignore[attr-defined]
    path = given.get("Path", "/") if name.startswith("Create") else "/"
    for parameter, kind in KINDS.items():
        if parameter in given:
            return [call.arn(f"{kind}{path}{given[parameter]}")]
    if name == "CreatePolicy":
        return [call.arn(f"policy{path}{given['PolicyName']}")]
    if name in COLLECTIONS:
        return [call.arn(COLLECTIONS[name])]
    return [given.get("PolicyArn") or "*"]


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
