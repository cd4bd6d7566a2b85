"""What a reviewer would say of a policy document: broader than it needs to be, and why it matters.

Judges documents, makes no calls. Whether a request is allowed is decided in `access`.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Literal, NamedTuple

from cloudsplaining.scan.policy_document import PolicyDocument

from runbook_lib import access
from runbook_lib.policies import Document

_GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"


class Finding(NamedTuple):
    """One remark, with AWS's page on it."""

    finding: str
    why: str
    page: str


LONG_LIVED_KEY = Finding(
    "Long-lived access key",
    "it works until somebody deletes it, wherever it has been copied to",
    f"{_GUIDE}id_credentials_access-keys.html",
)


def findings(document: Document, kind: Literal["identity", "trust"]) -> list[Finding]:
    """Return what is broader than it should be, nothing for a tight document.

    Raises: access.PolicyError for a malformed document.
    """
    parsed = access.parse(document, kind)
    if kind == "trust":
        return [*_trust(parsed)]
    return [*_resources(parsed), *_cloudsplaining(document)]


def findings_of_all(documents: Iterable[Document]) -> list[Finding]:
    """Return what is broader than it should be in any of these permissions."""
    return [one for document in documents for one in findings(document, "identity")]


def _trust(parsed: access.PolicyDocument) -> Iterator[Finding]:
    for statement in parsed.statements:
        named = [one for kind, one in statement.principals if kind == "AWS"]
        wide = [one for one in named if one == "*" or one.endswith(":root") or one.isdigit()]
        if statement.effect == "Allow" and wide and not statement.conditions:
            yield Finding(
                "Account-wide trust",
                f"Principal {', '.join(wide)} without a condition admits everybody whose own "
                "policies allow sts:AssumeRole, users made later included",
                f"{_GUIDE}reference_policies_elements_principal.html",
            )


def _resources(parsed: access.PolicyDocument) -> Iterator[Finding]:
    actions = [
        action
        for statement in parsed.statements
        if statement.effect == "Allow" and "*" in statement.resources
        for action in statement.actions
        if not action.lower().startswith("ec2:describe")  # these take no other resource
    ]
    if actions:
        yield Finding(
            'Resource "*"',
            f"{', '.join(actions)} could name the ARNs that it is for",
            f"{_GUIDE}best-practices.html#grant-least-privilege",
        )


def _cloudsplaining(document: Document) -> Iterator[Finding]:
    judged: Any = PolicyDocument(document)
    if judged.credentials_exposure:
        yield Finding(
            "Credentials exposure",
            f"{', '.join(judged.credentials_exposure)} returns credentials",
            f"{_GUIDE}best-practices.html#bp-workloads-use-roles",
        )
    for path in judged.allows_privilege_escalation:
        yield Finding(
            "Privilege escalation",
            f"{path['type']}: {', '.join(path['actions'])} together lead to other permissions",
            f"{_GUIDE}best-practices.html#grant-least-privilege",
        )
