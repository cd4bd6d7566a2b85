"""What a terminal says when a run has ended: the proof, how it went, and what exists now."""

from typing import Any

from runbook_lib.account import parameters
from runbook_lib.cli import terminal
from runbook_lib.cli.terminal import say
from runbook_lib.headless.record import Run

_MADE = {  # what is there once a section has passed, or its call was answered
    "02_assume_role_policy": ("iam:CreatePolicy", "a policy"),
    "03_user": ("iam:CreateUser", "a user"),
    "04_role": ("iam:CreateRole", "a role"),
}
_KEY = "iam:CreateAccessKey"


def tell(made: Run, written: str, chosen: dict[str, Any]) -> None:
    """Say how a run ended, where its report is, and on a real account what it leaves there."""
    changed = sum(call["mutating"] and call["outcome"] == "ok" for call in made.calls)
    calls = f"{len(made.calls)} AWS calls, of which {changed} changed something"
    if say.is_terminal and made.proof:
        from runbook_lib.attempts import Attempt

        terminal.table("proof", [Attempt(**row) for row in made.proof], say)
    if made.outcome != "interrupted":
        say.print(f"{made.outcome}: {len(made.proof)} rows of evidence, {calls}")
    if made.exit_status:
        say.print(made.error, markup=False, style="bold")
    say.print(f"report: {written}/report.html", markup=False)
    there = left_behind(made) if chosen["backend"] == "aws" else []
    if there:
        say.print(
            f"In account {made.account_id} there {'is' if len(there) == 1 else 'are'} now "
            f"{', '.join(there)}. Take away what the runbook made: "
            f"{parameters.command('destroy', chosen)}",
            markup=False,
        )


def left_behind(made: Run) -> list[str]:
    """Return what this run has made or found, as its sections and calls prove it."""
    passed = {section.name for section in made.sections if section.outcome == "passed"}
    answered = {call["action"] for call in made.calls if call["outcome"] == "ok"}
    there = {
        section: what
        for section, (action, what) in _MADE.items()
        if section in passed or action in answered
    }
    if "03_user" in there and ("03_user" in passed or _KEY in answered):
        there["03_user"] = "a user whose access key is live"
    return list(there.values())
