"""Rules on what a policy allows: broader than it needs to be.

Importing this takes a while, since cloudsplaining reads all of IAM's actions.
"""

from collections.abc import Iterator
from typing import Any

from cloudsplaining.scan import policy_document

from runbook_lib.access import PolicyDocument
from runbook_lib.findings.finding import GUIDE, Finding
from runbook_lib.policies import Document


def any_resource(parsed: PolicyDocument, _: Document) -> Iterator[Finding]:
    """Find actions on every resource that could name the ones they are for."""
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
            f"{GUIDE}best-practices.html#grant-least-privilege",
        )


def credentials(_: PolicyDocument, document: Document) -> Iterator[Finding]:
    """Find actions whose answers are credentials, by cloudsplaining's list."""
    exposed = _cloudsplaining(document).credentials_exposure
    if exposed:
        yield Finding(
            "Credentials exposure",
            f"{', '.join(exposed)} returns credentials",
            f"{GUIDE}best-practices.html#bp-workloads-use-roles",
        )


def escalation(_: PolicyDocument, document: Document) -> Iterator[Finding]:
    """Find actions that together lead to other permissions, by cloudsplaining's list."""
    for path in _cloudsplaining(document).allows_privilege_escalation:
        yield Finding(
            "Privilege escalation",
            f"{path['type']}: {', '.join(path['actions'])} together lead to other permissions",
            f"{GUIDE}best-practices.html#grant-least-privilege",
        )


def _cloudsplaining(document: Document) -> Any:
    return policy_document.PolicyDocument(document)


RULES = (any_resource, credentials, escalation)
