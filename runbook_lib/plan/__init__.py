"""What a run would do, taking over what is there already, and taking it all away again."""

from runbook_lib.plan.planning import (
    Row,
    adopt,
    is_something,
    plan,
    require_clear,
    steps,
    summary,
)
from runbook_lib.plan.removal import destroy, is_complete, removals, require_complete

__all__ = [
    "Row",
    "adopt",
    "destroy",
    "is_complete",
    "is_something",
    "plan",
    "removals",
    "require_clear",
    "require_complete",
    "steps",
    "summary",
]
