"""Trust policies: which AWS stores, and whom they may name.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

import re
from collections.abc import Iterator
from typing import Any

from runbook_lib.access.grammar import PolicyError, loaded
from runbook_lib.local_aws.refusals import AwsError
from runbook_lib.local_aws.rules.malformed import several, statements_of, values
from runbook_lib.local_aws.store.backends import Role, User
from runbook_lib.local_aws.store.call import ApiCall
from runbook_lib.local_aws.store.trust_policies import map_principals

NAMED = re.compile(
    r"arn:(?P<partition>[a-z-]+):(?:iam|sts)::(?P<account_id>\d{12}):"
    r"(?P<kind>root|(?:user|role)(?:/\S+)|federated-user/\S+|assumed-role/(?P<role>[^/\s]+)/\S+)"
)
SERVICE = re.compile(r"[a-z0-9.-]+\.amazonaws\.com(\.cn)?")
FEDERATED = re.compile(r"[\w-]+(\.[\w-]+)+\S*|arn:[a-z-]+:iam::\d{12}:(saml|oidc)-provider/\S+")
NOT_FEDERATED = "Federated principals must be valid domain names or SAML metadata ARNs"
ASSUMING = re.compile(r"sts:(Assume[a-z*?]*|TagSession|SetSourceIdentity|SetContext|\*)", re.I)
FIELDS = {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Condition"}
TOP = {"Version", "Id", "Statement"}
PROHIBITED = {"Resource", "NotResource"}


def malformed_trust(document: str) -> str:
    """Return what AWS says of this trust policy, "" where none of its sentences fits."""
    try:
        body = loaded(document)
    except PolicyError:
        body = None
    if not isinstance(body, dict):
        return "This policy contains invalid Json"
    unknown = (f"Unknown field {name}" for name in body if name not in TOP)
    return next(unknown, "") or next(_broken(body), "")


def _broken(body: dict[str, Any]) -> Iterator[str]:
    if "Statement" not in body:
        yield "Missing required field Statement"
    for each in statements_of(body):
        if isinstance(each, dict):
            for name in [name for name in each if name not in FIELDS]:
                yield f"{'Has prohibited' if name in PROHIBITED else 'Unknown'} field {name}"
            for name in ("Effect", "Principal", "Action"):
                if not {name, f"Not{name}"} & {*each}:
                    yield f"Missing required field {name}"
            if not all(ASSUMING.fullmatch(str(action)) for action in values(each, "Action")):
                yield "AssumeRole policy may only specify STS AssumeRole actions."
            yield from _of_principal(each.get("Principal", each.get("NotPrincipal")))


def _of_principal(principal: Any) -> Iterator[str]:
    if principal == "*":
        yield 'AssumeRolepolicy contained an invalid principal: "STAR":"*".'
    named = several(principal.get("AWS", [])) if isinstance(principal, dict) else []
    for value in named:
        if not re.fullmatch(r"\*|\d{12}", str(value)) and not NAMED.fullmatch(str(value)):
            yield _invalid("AWS", str(value))


def stored(document: str, call: ApiCall) -> str:
    """Return a trust policy as `get-role` shows it: an account id becomes the ARN of its root.

    Raises: AwsError MalformedPolicyDocument if it names somebody who does not exist.
    """

    def whole(kind: str, value: str) -> str:
        if kind == "AWS" and re.fullmatch(r"\d{12}", value):
            return f"arn:{call.partition}:iam::{value}:root"
        if kind == "AWS" and value != "*" and not _exists(value, call):
            raise AwsError("MalformedPolicyDocument", _invalid("AWS", value))
        if kind == "Federated" and not FEDERATED.fullmatch(value):
            raise AwsError("MalformedPolicyDocument", NOT_FEDERATED)
        if kind == "Service" and not SERVICE.fullmatch(value):
            raise AwsError("MalformedPolicyDocument", _invalid("SERVICE", value))
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


def _invalid(kind: str, value: str) -> str:
    return f'Invalid principal in policy: "{kind}":"{value}"'
