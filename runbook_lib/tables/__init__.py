"""Responses as tables: plain DataFrames of text that show themselves well in HTML and as text.

Makes no calls. Every cell is escaped and shown whole; a `$x$` in a tag stays text.
"""

from runbook_lib.tables.answers import who, why
from runbook_lib.tables.evidence import (
    banner,
    calls,
    changes,
    checks,
    differences,
    every_call,
    findings,
    hand_over,
    outcome,
    plan,
    proof,
    removals,
)
from runbook_lib.tables.fleets import (
    fleet,
    fleet_causes,
    fleet_plans,
    fleet_removals,
    fleet_rows,
)
from runbook_lib.tables.responses import (
    access_key,
    attachments,
    credentials,
    document,
    environment,
    identity,
    instances,
    mfa_device,
    policy,
    role,
    user,
)

__all__ = [
    "access_key",
    "attachments",
    "banner",
    "calls",
    "changes",
    "checks",
    "credentials",
    "differences",
    "document",
    "environment",
    "every_call",
    "findings",
    "fleet",
    "fleet_causes",
    "fleet_plans",
    "fleet_removals",
    "fleet_rows",
    "hand_over",
    "identity",
    "instances",
    "mfa_device",
    "outcome",
    "plan",
    "policy",
    "proof",
    "removals",
    "role",
    "user",
    "who",
    "why",
]
