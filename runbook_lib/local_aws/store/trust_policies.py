"""Trust policies as they are stored: whom they name, and what is left of a name.

AWS stores a user or role in a trust policy by its unique id and shows its ARN while it lives.
Here the ARN is stored, and replaced by the id when the user or role is deleted.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

import json
from collections.abc import Callable

from runbook_lib.local_aws.store import backends
from runbook_lib.local_aws.store.backends import Role, User


def forget_principal(entity: User | Role, partition: str) -> None:
    """Let every trust policy that names this deleted user or role by ARN name its id."""
    old, new = entity.arn, entity.id
    for iam in backends.iams(partition):
        for role in iam.roles.values():
            if old in role.assume_role_policy_document:
                role.assume_role_policy_document = map_principals(
                    role.assume_role_policy_document,
                    lambda _, value: new if value == old else value,
                )


def map_principals(document: str, change: Callable[[str, str], str]) -> str:
    """Return the document with each principal as `change` makes it of its kind and value."""
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
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))  # as AWS keeps them
