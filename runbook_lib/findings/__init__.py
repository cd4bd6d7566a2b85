"""What a reviewer would say of a policy document: broader than it needs to be, and why it matters.

Judges documents, makes no calls. Whether a request is allowed is decided in `access`.
"""

from collections.abc import Iterable
from typing import Literal

from runbook_lib import access
from runbook_lib.findings import absent, federated, trusted
from runbook_lib.findings.finding import GUIDE, Finding, Findings
from runbook_lib.policies import Document

__all__ = ["LONG_LIVED_KEY", "Finding", "Findings", "findings", "findings_of_all"]

LONG_LIVED_KEY = Finding(
    "Long-lived access key",
    "it works until somebody deletes it, wherever it has been copied to",
    f"{GUIDE}id_credentials_access-keys.html",
)


def findings(
    document: Document, kind: Literal["identity", "trust"], account_id: str | None = None
) -> Findings:
    """Return what is broader than it should be, nothing for a tight document.

    Only with the account of a trust policy's role can principals of other accounts be told.
    Raises: access.PolicyError for a malformed document.
    """
    parsed = access.parse(document, kind)
    if kind == "identity":
        return _permissions([(parsed, document)])
    rules = (*trusted.RULES, *federated.RULES, *absent.RULES)
    found = [one for rule in rules for one in rule(parsed)]
    if account_id is None:
        return Findings(found, len(rules))
    return Findings([*found, *trusted.another_account(parsed, account_id)], len(rules) + 1)


def findings_of_all(documents: Iterable[Document]) -> Findings:
    """Return what is broader than it should be in any of these permissions."""
    return _permissions([(access.parse(one, "identity"), one) for one in documents])


def _permissions(documents: Iterable[tuple[access.PolicyDocument, Document]]) -> Findings:
    from runbook_lib.findings import permissions  # slow, and not needed for a trust policy

    found = [one for both in documents for rule in permissions.RULES for one in rule(*both)]
    return Findings(found, len(permissions.RULES))
