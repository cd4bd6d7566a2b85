"""Two pictures of the evidence: who may assume what, and who called whom. Makes no calls.

Each is an SVG in an `<img>`, and as text a list of its edges. What is drawn depends on the
arguments only. Allowed and refused differ by line, by mark and by word, not by colour alone.
"""

from collections.abc import Iterable
from typing import Any

from runbook_lib.pictures.calls import Calls
from runbook_lib.pictures.lanes import Lanes
from runbook_lib.pictures.shapes import Picture

__all__ = ["Picture", "access", "sequence"]


def access(wanted: Any, rows: Iterable[Any]) -> Picture:
    """Draw who may assume the role, and what user and role may call, each inside its account.

    `wanted` is a `policies.Setup`, `rows` are attempts. A call tried twice is one edge.
    """
    once = {(row.who, row.action, row.given, row.observed): row for row in rows}
    return Lanes(wanted, list(once.values())).draw()


def sequence(rows: Iterable[Any]) -> Picture:
    """Draw each attempt as an arrow from its caller to the service, the answer beside it."""
    return Calls(list(rows)).draw()
