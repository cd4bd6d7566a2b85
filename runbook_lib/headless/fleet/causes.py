"""Why an account did not come to its proof, from the message alone: a code, an action, a next step.

A message of AWS's holds both; of the runbook's own, a few are known by their words.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from runbook_lib.errors import next_step
from runbook_lib.machine import software

THEN = "then resume"
_AWS = re.compile(r"An error occurred \((?P<code>[\w.]+)\) when calling the (?P<operation>\w+)")
_KNOWN = [  # what a message says, its code, what to do
    ("not proven:", "NotProven",
     "Open its report: the row that is not proven says what AWS answered and what the policies "
     f"predict. Look for what neither shows, such as a service control policy; {THEN}"),
    ("interrupted:", "Interrupted", "Nothing is wrong with it: resume"),
    ("another runbook is at work", "AtWork",
     f"Wait until the other run has ended, {THEN}"),
    ("could not be assumed", "RoleNotAssumed",
     f"Let the role be there, trust the hub, and let the hub be allowed to assume it; {THEN}"),
    ("is the root user", "RootUser", f"Give its row the profile of a role or user, {THEN}"),
    ("was asked for, but|are credentials of another|'s now. Sign in", "WrongAccount",
     f"Correct the profile in its row, {THEN}"),
    ("is not in partition", "WrongPartition", f"Give its row a region of its partition, {THEN}"),
    ("already has two access keys", "LimitExceeded",
     f"Delete one of the user's keys, or choose another user_name in its row; {THEN}"),
    ("runbook did not make|somebody else|nothing was changed:|in the way", "ForeignObject",
     "Choose other names in its row (policy_name, user_name, role_name), or look with "
     f"{software.program('runbook', 'plan')} and take the objects over with "
     f"{software.program('runbook', 'run')} --adopt; {THEN}"),
    ("kernels? (was killed|crashed|ended|did not answer)|kernels (was killed|died)", "KernelDied",
     f"Give the machine more memory, or let fewer run at once (--max-concurrency); {THEN}"),
    ("a cell took longer", "CellTimeout", f"See in its report which call did not return; {THEN}"),
    ("worker|scheduler|cluster", "WorkerDied",
     f"See the worker's log; give workers more memory or fewer threads; {THEN}"),
    ("config profile", "NoProfile",
     f"Name in its row a profile that aws configure list-profiles shows, {THEN}"),
]  # fmt: skip
_ACTIONS = {"already has two access keys": "iam:CreateAccessKey"}
_SECTION = re.compile(r"^section (\w+): ")


class Cause(NamedTuple):
    """What went wrong in an account, in which section, and what to do: as `Account` has it."""

    section: str
    code: str
    action: str
    cause: str
    next_step: str


def cause(message: str, section: str = "", actions: Iterable[str] = ()) -> Cause:
    """Read a message; `actions` are those that were called, such as `iam:CreateRole`."""
    if found := _SECTION.match(message):
        section, message = found[1], message[found.end() :]
    message = _shown(" ".join(message.split()))
    if aws := _AWS.search(message):
        called = (one for one in actions if one.endswith(f":{aws['operation']}"))
        step = next_step(message) or f"Look that error up in AWS's documentation, {THEN}"
        told = message.removesuffix(f". {step}.")
        action = next(called, aws["operation"])
        return Cause(section, aws["code"], action, told, _resumed(step))
    for pattern, code, step in _KNOWN:
        if re.search(pattern, message):
            action = next((a for words, a in _ACTIONS.items() if words in message), "")
            return Cause(section, code, action, _without_advice(message), step)
    step = next_step(message)
    return Cause(
        section, "Other", "", message.removesuffix(f". {step}."),
        _resumed(step) if step else f"Mend what the message says, {THEN}",
    )  # fmt: skip


def _shown(message: str) -> str:
    """Show escapes and marks that turn the writing direction, so that nobody obeys them."""
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in message)


def _without_advice(message: str) -> str:
    """Leave out what is for somebody with one account; what is there alone is kept."""
    return re.split(
        r"(?<=[^.])\. (?=[A-Z])|; running again is safe|: what was made so far", message
    )[0]


def _resumed(step: str) -> str:
    """Say of a step for one account how the fleet goes on."""
    return re.sub(r",? then run again: it makes only what is missing$", f", {THEN}", step)
