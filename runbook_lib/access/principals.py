"""Who asks: what follows from a principal, and how the Principal element names it.

Principals match exactly; `*` is everyone and never part of a name.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Literal

from runbook_lib.access.arns import Arn
from runbook_lib.access.conditions import Condition
from runbook_lib.access.documents import Policy, Statement

SESSION = "session"  # stands for a condition key where the name of a session is not known


class Naming(IntEnum):
    """How directly a trust policy names somebody: an account leaves it to identity policies."""

    ACCOUNT = 1
    ROLE = 2
    DIRECT = 3


@dataclass(frozen=True, slots=True)
class Principal:
    """A user, a role session or an account's root user, with the policies that apply to it.

    `session_policies` is None where none were passed; otherwise one of them must allow.
    Of a service or an identity provider, `arn` is what the Principal element calls it. A name
    that is not known is `*` in the ARN, and so is an account.
    """

    arn: str
    account_id: str
    user_id: str
    identity_policies: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    session_policies: tuple[Policy, ...] | None = None
    role_arn: str | None = None
    kind: Literal["AWS", "Service", "Federated"] = "AWS"

    @property
    def is_root(self) -> bool:
        """Tell whether this is the account's root user, whom no identity policy limits."""
        return self.kind == "AWS" and Arn.parse(self.arn).kind == "root"


def facts(principal: Principal) -> dict[str, str]:
    """Return the context keys that follow from the principal.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
    """
    if principal.kind == "Service":
        return {"aws:PrincipalIsAWSService": "true", "aws:PrincipalServiceName": principal.arn}
    if principal.kind == "Federated":
        return {"aws:FederatedProvider": principal.arn}
    arn = Arn.parse(principal.arn)
    kind = "User" if arn.kind == "user" else "AssumedRole"
    found = {
        "aws:PrincipalArn": principal.role_arn or principal.arn,
        "aws:PrincipalAccount": principal.account_id,
        "aws:userid": principal.user_id,
        "aws:PrincipalType": "*" if arn.name == "*" else "Account" if principal.is_root else kind,
    }
    if kind == "User":
        found["aws:username"] = arn.name
    return {key: value for key, value in found.items() if not value.endswith("*")}


def named(principal: Principal, statement: Statement) -> Naming | None:
    """Say how the Principal or NotPrincipal element of a statement covers somebody."""
    names = _names(principal)
    if statement.not_principals:
        # A Deny spares only whom it lists at every level, as AWS may check account, role and
        # session one by one, and never somebody with a permissions boundary:
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
        listed = {value for form, value in statement.not_principals if form == principal.kind}
        at_all_levels = {names[it] for it in listed & names.keys()} == set(names.values())
        spared = not principal.boundary and ("*" in listed or at_all_levels)
        return None if spared else Naming.DIRECT
    names["*"] = Naming.DIRECT  # a doubtful point, for which see `evaluation`
    found = [
        names[value]
        for form, value in statement.principals
        if value in names and (form == principal.kind or value == "*")
    ]
    return max(found, default=None)


def namings(principal: Principal, statement: Statement) -> list[tuple[Naming, Condition | None]]:
    """Say how a statement may cover somebody, and on which name that depends.

    Some statements name single sessions of a role, of which nobody knows what this one is called.
    """
    usual = named(principal, statement)
    listed = dict.fromkeys(value for _, value in (*statement.principals, *statement.not_principals))
    others = [
        Arn.parse(value).session
        for value in (listed if principal.role_arn and principal.arn.endswith("/*") else ())
        if value.startswith(principal.arn[:-1])
        and named(replace(principal, arn=value), statement) != usual
    ]
    if others and usual and statement.not_principals:
        return [(usual, Condition("StringNotEquals", SESSION, tuple(others)))]
    found: list[tuple[Naming, Condition | None]] = [(usual, None)] if usual else []
    if others:
        found.append((Naming.DIRECT, Condition("StringEquals", SESSION, tuple(others))))
    return found


def _names(principal: Principal) -> dict[str, Naming]:
    if principal.kind != "AWS":
        return {principal.arn: Naming.DIRECT}
    names = {principal.arn: Naming.DIRECT, principal.user_id: Naming.DIRECT}
    if principal.role_arn:
        role_id = principal.user_id.partition(":")[0]
        names |= {principal.role_arn: Naming.ROLE, role_id: Naming.ROLE}
    root = Arn(Arn.parse(principal.arn).partition, "iam", "", principal.account_id, "root")
    return names | {principal.account_id: Naming.ACCOUNT, str(root): Naming.ACCOUNT}
