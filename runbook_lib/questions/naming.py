"""Whom and what somebody means: by a name, an ARN, an id, or what a Principal element says.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Literal, NamedTuple

from runbook_lib import access
from runbook_lib.access.arns import Arn, short
from runbook_lib.account import ownership
from runbook_lib.account.inventory import Described
from runbook_lib.errors import MissingStepError, ParameterError, RunbookError
from runbook_lib.questions.people import ANY, People, outsider

_PROVIDERS = (
    r"arn:[a-z-]+:iam::\d{12}:(saml|oidc)-provider/.+|cognito-identity\.amazonaws\.com"
    r"|accounts\.google\.com|graph\.facebook\.com|www\.amazon\.com"
)
_EXPECTED = (
    "a name like alice, user/alice or role/deploy; root; an ARN of a user, role or session; "
    "a service like ec2.amazonaws.com; or an identity provider"
)


class Found(NamedTuple):
    """A principal, what IAM says of it where it can be seen, and how it is shown."""

    principal: access.Principal
    entity: Described | None
    shown: str


def principal(people: People, text: str) -> Found:
    """Return the principal that a person means.

    Raises: ParameterError for what names none; RunbookError for one that is not there.
    """
    root = people.root()
    if re.fullmatch(_PROVIDERS, text):
        return other(people, "Federated", text)
    if re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?", text):
        return other(people, "Service", text)
    if text in ("root", root.account_id, root.arn):
        return Found(root, None, root.arn)
    if text.startswith("arn:"):
        return _by_arn(people, text)
    if there := people.shown_as(text):
        return Found(people.principal(*there), there[1], there[1]["Arn"])
    kind, _, name = text.rpartition("/")
    if not re.fullmatch(r"[\w+=,.@-]{1,128}", name, re.ASCII) or kind not in ("", "user", "role"):
        raise ParameterError(f"principal {text!r} is not accepted: expected {_EXPECTED}")
    return _by_name(people, kind, name)


def other(people: People, kind: Literal["Service", "Federated"], text: str) -> Found:
    """Return a service, or an identity provider."""
    return Found(access.Principal(text, people.account.account_id, "", kind=kind), None, text)


def joining(found: Found) -> str:
    """Return the action with which a principal comes into a role."""
    if found.principal.kind != "Federated":
        return "sts:AssumeRole"
    saml = ":saml-provider/" in found.principal.arn
    return f"sts:AssumeRoleWith{'SAML' if saml else 'WebIdentity'}"


def gone(people: People, trust: access.Policy) -> list[str]:
    """Return the ids in a trust policy of whom there is no more: what AWS makes of their names."""
    there = {one[f"{kind.title()}Id"] for kind, one in people.described()}
    named = (value for it in trust.document.statements for _, value in it.principals)
    return sorted({one for one in named if re.match("AIDA|AROA", one)} - there)


def role(people: People, text: str) -> Described:
    """Return the account's role of this name or ARN.

    Raises: RunbookError where there is none, with the names that come near.
    """
    for found in people.inventory.roles:
        if text in (found["Arn"], found["RoleId"], short(found["Arn"])):
            return found
    name = text.removeprefix("role/")
    if "/" not in name and (found_by_name := people.inventory.role(name)):
        return found_by_name
    known = [one["RoleName"] for one in people.inventory.roles]
    missing = _missing("role", text, known, people)
    if any(ownership.is_ours(one) for one in people.inventory.roles):
        raise missing
    raise MissingStepError(f"{missing}. The runbook's own is made by 04_role.ipynb")


def _by_name(people: People, kind: str, name: str) -> Found:
    inventory = people.inventory
    found: dict[str, Described | None] = {
        "user": inventory.user(name) if kind != "role" else None,
        "role": inventory.role(name) if kind != "user" else None,
    }
    for one_kind, one in people.described():  # an id, as a trust policy may have it
        if name == one[f"{one_kind.title()}Id"]:
            found[one_kind] = one
    there = [(one_kind, one) for one_kind, one in found.items() if one]
    if len(there) > 1:
        raise ParameterError(
            f"there are a user and a role {name!r}: say user/{name} or role/{name}"
        )
    if not there:
        known = [one[f"{it.title()}Name"] for it, one in people.described() if kind in ("", it)]
        raise _missing(kind or "user or role", name, known, people)
    ((of, entity),) = there
    return Found(people.principal(of, entity), entity, entity["Arn"])


def _by_arn(people: People, text: str) -> Found:
    try:
        arn = Arn.parse(text)
    except ValueError as error:
        raise ParameterError(f"principal {error}") from None
    whole = {"user": "iam", "role": "iam", "root": "iam", "assumed-role": "sts"}
    parts = arn.resource.split("/")
    if arn.kind == "assumed-role" and (len(parts) != 3 or not all(parts)):
        raise ParameterError(
            f"principal {text!r} is no session: expected arn:{arn.partition}:sts::ACCOUNT_ID:"
            "assumed-role/ROLE_NAME/SESSION_NAME, without the role's path"
        )
    is_whole = arn.kind == "root" or arn.name
    is_id = re.fullmatch("[0-9]{12}", arn.account_id)
    if whole.get(arn.kind) != arn.service or not is_whole or not is_id:
        raise ParameterError(f"principal {text!r} is not accepted: expected {_EXPECTED}")
    if arn.account_id != people.account.account_id or arn.partition != people.account.partition:
        return _of_another_account(arn)
    kind = "role" if arn.kind == "assumed-role" else arn.kind
    for one_kind, one in people.described():
        by_session = arn.session and one_kind == "role" and one["RoleName"] == arn.name
        if one["Arn"] == text or by_session:
            return Found(people.principal(one_kind, one, arn.session or ANY), one, text)
    known = [str(one["Arn"]) for it, one in people.described() if it == kind]
    raise _missing(kind, text, known, people)


def _of_another_account(arn: Arn) -> Found:
    role_arn, text = None, str(arn)
    if arn.kind == "role":
        role_arn = text
        session = Arn(arn.partition, "sts", "", arn.account_id, f"assumed-role/{arn.name}/{ANY}")
        text = str(session)
    elif arn.session:
        role_arn = str(Arn(arn.partition, "iam", "", arn.account_id, f"role/{arn.name}"))
    if arn.kind == "root":
        return Found(access.Principal(text, arn.account_id, arn.account_id), None, text)
    return Found(outsider(arn.account_id, arn.partition, text, role_arn), None, str(arn))


def _missing(kind: str, name: str, known: Iterable[str], people: People) -> RunbookError:
    lower = {one.lower(): one for one in known}
    near = [lower[one] for one in get_close_matches(name.lower(), lower, n=3, cutoff=0.5)]
    few = ", ".join(lower.values()) if len(lower) <= 10 else f"{len(lower)} others"
    hint = f"near it are {', '.join(near)}" if near else f"it has {few or 'none'}"
    return RunbookError(
        f"there is no {kind} {name!r} in account {people.account.account_id}; {hint}"
    )
