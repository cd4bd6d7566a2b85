"""Trust policies as AWS keeps them: whom they may name, and what becomes of the name.

AWS stores a user or role in a trust policy by its unique id and shows its ARN while it lives.
Here the ARN is stored, and replaced by the id when the user or role is deleted.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

import json
import re
from collections.abc import Callable

from moto.iam.models import Role, User

from . import moto_seams
from .answers import AwsError
from .world import World

NAMED = re.compile(
    r"arn:(?P<partition>[a-z-]+):(?:iam|sts)::(?P<account_id>\d{12}):"
    r"(?P<kind>root|(?:user|role)(?:/\S+)|federated-user/\S+|assumed-role/(?P<role>[^/\s]+)/\S+)"
)
SERVICE = re.compile(r"[a-z0-9.-]+\.amazonaws\.com(\.cn)?")


def stored(document: str, world: World, partition: str) -> str:
    """Return a trust policy as `get-role` shows it: an account id becomes the ARN of its root.

    Raises: AwsError MalformedPolicyDocument if it names somebody who does not exist.
    """

    def whole(kind: str, value: str) -> str:
        if kind == "AWS" and re.fullmatch(r"\d{12}", value):
            return f"arn:{partition}:iam::{value}:root"
        if kind == "AWS" and value != "*" and not _exists(value, world, partition):
            raise _invalid("AWS", value)
        if kind == "Service" and not SERVICE.fullmatch(value):
            raise _invalid("SERVICE", value)
        return value

    return _mapped(document, whole)


def rename(partition: str, old: str, new: str) -> None:
    """Let every trust policy that names `old` name `new`: the id of one deleted, or its new ARN."""
    for iam in moto_seams.iams(partition):
        for role in iam.roles.values():
            if old in role.assume_role_policy_document:
                role.assume_role_policy_document = _mapped(
                    role.assume_role_policy_document,
                    lambda _, value: new if value == old else value,
                )


def _exists(name: str, world: World, partition: str) -> bool:
    match = NAMED.fullmatch(name)
    if match is None or match["partition"] != partition:
        return False
    if match["kind"].startswith(("root", "federated-user")):
        return True
    iam = world.iam(match["account_id"], partition)
    living: list[User | Role] = [*iam.users.values(), *iam.roles.values()] if iam else []
    if match["role"]:
        return any(isinstance(each, Role) and each.name == match["role"] for each in living)
    return any(each.arn == name for each in living)


def _mapped(document: str, change: Callable[[str, str], str]) -> str:
    body = json.loads(document)
    statements = body["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        for element in ("Principal", "NotPrincipal"):
            principals = statement.get(element)
            if isinstance(principals, dict):
                for kind, values in principals.items():
                    several = isinstance(values, list)
                    changed = [change(kind, each) for each in (values if several else [values])]
                    principals[kind] = changed if several else changed[0]
    return json.dumps(body, ensure_ascii=False)


def _invalid(kind: str, value: str) -> AwsError:
    message = f'Invalid principal in policy: "{kind}":"{value}"'
    return AwsError("MalformedPolicyDocument", message)
