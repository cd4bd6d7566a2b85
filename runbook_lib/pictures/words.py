"""What the pictures say, in words: who, what was called, what came of it."""

from typing import Any, NamedTuple

from runbook_lib.access.arns import Arn
from runbook_lib.machine.language import translated

MARKS = {"allowed": "✓", "refused": "✕", "inconclusive": "?"}


class Who(NamedTuple):
    """A principal, a role or a service; a service has no account."""

    account: str
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".strip()


def who(arn: str) -> Who:
    """Tell who this is: a user, a role, or a session of a role."""
    one = Arn.parse(arn)
    kind = translated("session of role" if one.session else one.kind)
    return Who(one.account_id, kind, one.name)


def is_session(arn: str) -> bool:
    """Tell temporary credentials from a user's."""
    return bool(Arn.parse(arn).session)


def joins(row: Any) -> bool:
    """Tell what asks for the role from what asks for something else."""
    return bool(row.action == "sts:AssumeRole")


def service(row: Any) -> Who:
    """Tell who is called: STS, EC2 or IAM."""
    return Who("", "", row.action.partition(":")[0].upper())


def call(row: Any) -> str:
    """Say what was called, and what was sent along."""
    return translated(f"{row.action} with {row.given}") if row.given else str(row.action)


def outcome(row: Any) -> str:
    """Say what came of it."""
    return translated(f"{MARKS[row.observed]} {row.observed}")


def answer(row: Any) -> str:
    """Say what came of it, with AWS's code for a refusal."""
    return outcome(row) if row.code == "ok" else f"{outcome(row)} · {row.code}"


def remarks(row: Any) -> str:
    """Say what was sent along; and what should have come of it, where that is not proven."""
    differs = "expected" if row.expected != row.observed else "predicted"
    doubt = "" if row.proven else translated(f"{differs} {getattr(row, differs)}")
    return " · ".join(filter(None, [doubt, row.given]))


def terms(wanted: Any) -> list[str]:
    """Say whom the role trusts, what it asks for and what it has."""
    principal = wanted.trust["Statement"][0]["Principal"]["AWS"]
    trusted = principal if principal.isdigit() else who(principal).name
    asks = {"external-id": ["asks for an external id"], "mfa": ["asks for MFA"]}
    managed = [Arn.parse(arn).name for arn in (wanted.role_policy_arn,) if arn]
    held = ", ".join([*managed, *wanted.role_inline_policies])
    said = [f"trusts {trusted}", *asks.get(wanted.variant, []), f"has {held}"]
    return list(map(translated, said))
