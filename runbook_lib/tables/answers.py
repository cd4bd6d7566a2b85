"""Answers about an account as tables: why may a principal do this, and who can assume a role."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from runbook_lib.access.arns import short
from runbook_lib.tables.shapes import Table, listing, record


def why(found: Any) -> Table:
    """Show one answer: what decided it, what it depends on, what would allow it."""
    rows = {
        "Principal": short(found.principal),
        "Action": found.action,
        "Resource": "" if found.resource == "*" else short(found.resource),
        "Answer": found.answer,
        "Why": short(found.why),
        "Decided by": _statements(found.decided_by),
        "Only with": "; ".join(found.conditions),
        "To allow it": "; ".join(map(str, found.to_allow)),
        "Not seen": "; ".join(found.not_seen),
    }
    return record({name: text for name, text in rows.items() if text})


def who(rows: Iterable[Any]) -> Table:
    """Show each principal with its answer, what that depends on and what decided it."""
    columns = ("Principal", "Answer", "Only with", "Why")
    return listing(
        [
            {
                "Principal": short(row.principal),
                "Answer": row.answer,
                "Only with": "; ".join(row.conditions),
                "Why": _reason(row),
            }
            for row in rows
        ],
        *columns,
    )


def _reason(row: Any) -> str:
    """Return what decided; the whole sentence for who cannot, and for an account."""
    if row.answer == "no" or " " in row.principal:
        return short(row.why)
    return re.sub(r'(trust policy) of role "[^"]*"', r"\1", _statements(row.decided_by))


def _statements(found: Iterable[Mapping[str, str]]) -> str:
    return "; ".join(f"{it['policy']}, statement {it['statement']}" for it in found)
