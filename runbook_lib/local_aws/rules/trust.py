"""Whom a trust policy may name.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

import re

from runbook_lib.local_aws.refusals import AwsError
from runbook_lib.local_aws.store.backends import Role, User
from runbook_lib.local_aws.store.call import ApiCall
from runbook_lib.local_aws.store.trust_policies import map_principals

NAMED = re.compile(
    r"arn:(?P<partition>[a-z-]+):(?:iam|sts)::(?P<account_id>\d{12}):"
    r"(?P<kind>root|(?:user|role)(?:/\S+)|federated-user/\S+|assumed-role/(?P<role>[^/\s]+)/\S+)"
)
SERVICE = re.compile(r"[a-z0-9.-]+\.amazonaws\.com(\.cn)?")


def stored(document: str, call: ApiCall) -> str:
    """Return a trust policy as `get-role` shows it: an account id becomes the ARN of its root.

    Raises: AwsError MalformedPolicyDocument if it names somebody who does not exist.
    """

    def whole(kind: str, value: str) -> str:
        if kind == "AWS" and re.fullmatch(r"\d{12}", value):
            return f"arn:{call.partition}:iam::{value}:root"
        if kind == "AWS" and value != "*" and not _exists(value, call):
            raise _invalid("AWS", value)
        if kind == "Service" and not SERVICE.fullmatch(value):
            raise _invalid("SERVICE", value)
        return value

    return map_principals(document, whole)


def _exists(name: str, call: ApiCall) -> bool:
    match = NAMED.fullmatch(name)
    if match is None or match["partition"] != call.partition:
        return False
    if match["kind"].startswith(("root", "federated-user")):
        return True
    iam = call.accounts.iam(match["account_id"], call.partition)
    living: list[User | Role] = [*iam.users.values(), *iam.roles.values()] if iam else []
    if match["role"]:
        return any(isinstance(each, Role) and each.name == match["role"] for each in living)
    return any(each.arn == name for each in living)


def _invalid(kind: str, value: str) -> AwsError:
    message = f'Invalid principal in policy: "{kind}":"{value}"'
    return AwsError("MalformedPolicyDocument", message)
