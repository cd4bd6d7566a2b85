"""Killed at any change, before it leaves or after it was answered unseen: running again is enough.

Each case forks a process that dies at one point; the next process finds what a whole run leaves.
Whoever dies at a read leaves the account as the change before it left it, so of the reads a sample
is taken; and of what is written on this machine, the key file.
"""

import os
import random
from collections.abc import Callable
from typing import Any

import pytest

from runbook_lib.account import journal, profiles
from runbook_lib.account.caller import Caller, Place
from runbook_lib.attempts import require
from runbook_lib.machine import state
from runbook_lib.policies import Variant
from runbook_lib.runbook import Runbook, open_runbook
from tests.scenario import build, destroy, evidence, inventory, varied

KILLED = 9
Work = Callable[[Runbook], object]
Kill = tuple[str, int]  # the moment, and the number of the call; or the file, and 0


def whole_run(book: Runbook) -> None:
    build(book)
    require(evidence(book))


def in_a_process(work: Work, account_id: str, kill: Kill, variant: str = "tutorial") -> int:
    """Fork, do the work, and die where it says."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            arm(*kill)
            work(open_runbook({"account_id": account_id, "variant": variant}))
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def arm(moment: str, number: int) -> None:
    """Make this process die; in the child alone."""
    if moment.startswith("writing "):

        def die(path: Any, text: str) -> None:
            if path.name == moment.removeprefix("writing "):
                os._exit(KILLED)
            write(path, text)

        write, state.write_private = state.write_private, die
        return
    count = 0

    def die_at_the_nth(**_: object) -> None:
        nonlocal count
        count += 1
        if count == number:
            os._exit(KILLED)

    event = {"before": "request-created", "after": "before-parse"}[moment]
    watch(event, die_at_the_nth)


def watch(event: str, handler: Callable[..., None]) -> None:
    made = Place.client

    def client(self: Place, *arguments: Any, **options: Any) -> Any:
        one = made(self, *arguments, **options)
        one.meta.events.register_first(event, handler)
        return one

    Place.client = client  # type: ignore[method-assign]


def points(work: Work, account_id: str, reads: int, variant: str = "tutorial") -> list[Kill]:
    """Do the work once, and return where it is worth dying: at each change, and at some reads."""
    before = len(journal.CALLS)
    work(open_runbook({"account_id": account_id, "variant": variant}))
    calls = list(enumerate(journal.CALLS[before:], 1))
    changes = [number for number, call in calls if call.mutating]
    others = [number for number, call in calls if not call.mutating]
    numbers = changes + random.Random(account_id).sample(others, reads)
    return [(moment, number) for number in numbers for moment in ("before", "after")]


def final_state(account: Caller) -> str:
    """What matters of the inventory: no ids, no dates, no run ids."""
    found = inventory(account)
    users = [
        (one["UserName"], one["AttachedManagedPolicies"], one.get("UserPolicyList", []))
        for one in found["UserDetailList"]
    ]
    roles = [
        (one["RoleName"], one["AttachedManagedPolicies"], one["AssumeRolePolicyDocument"])
        for one in found["RoleDetailList"]
    ]
    policies = [
        (one["Arn"], [version["Document"] for version in one["PolicyVersionList"]])
        for one in found["Policies"]
    ]
    listed = account.iam.list_virtual_mfa_devices(AssignmentStatus="Any")["VirtualMFADevices"]
    devices = [(one["SerialNumber"], "EnableDate" in one) for one in listed]
    text = str((sorted(users, key=str), sorted(roles, key=str), sorted(policies, key=str), devices))
    return text.replace(account.account_id, "ACCOUNT")


def others(account_id: str) -> Any:
    number = int(account_id)
    while True:
        number += 1
        yield f"{number % 10**12:012}"


CHANGES = {"tutorial": (7, ["credentials"]), "mfa": (10, ["credentials", "mfa-device"])}


@pytest.mark.parametrize("variant", CHANGES)
def test_a_run_killed_at_any_change_is_mended_by_running_again(book: Runbook, variant: str) -> None:
    account_id, (changes, files) = book.role_account.account_id, CHANGES[variant]
    kills = points(whole_run, account_id, 3, variant)
    kills += [(f"writing {name}", 0) for name in files]
    expected = final_state(book.role_account)
    assert len(kills) == 2 * (changes + 3) + len(files)
    for kill, other in zip(kills, others(account_id), strict=False):
        fresh = open_runbook({"account_id": other, "variant": variant})
        before = inventory(fresh.role_account)
        assert in_a_process(whole_run, other, kill, variant) == KILLED, kill
        build(fresh)
        assert final_state(fresh.role_account) == expected, kill
        (key,) = fresh.user_account.iam.list_access_keys(UserName="assume-role-user")[
            "AccessKeyMetadata"
        ]
        held = profiles.read_key("local", other)
        assert held is not None
        assert (key["AccessKeyId"], key["Status"]) == (held.access_key_id, "Active"), kill
        if variant == "mfa":
            require(evidence(fresh))
        assert fresh.open_user().arn.endswith("assume-role-user"), kill
        destroy(fresh)
        assert inventory(fresh.role_account) == before, kill


@pytest.mark.parametrize(("variant", "changes"), [("tutorial", 6), ("mfa", 8)])
def test_a_destroy_killed_at_any_change_is_finished_by_running_again(
    book: Runbook, variant: Variant, changes: int
) -> None:
    account_id = book.role_account.account_id
    build(varied(book, variant=variant))
    kills = points(destroy, account_id, 2, variant)
    assert len(kills) == 2 * (changes + 2)
    for kill, other in zip(kills, others(account_id), strict=False):
        fresh = open_runbook({"account_id": other, "variant": variant})
        before = inventory(fresh.role_account)
        build(fresh)
        assert in_a_process(destroy, other, kill, variant) == KILLED, kill
        destroy(fresh)
        assert inventory(fresh.role_account) == before, kill
        assert profiles.read_key("local", other) is None, kill
        assert profiles.read_device("local", other) is None, kill


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_key_that_somebody_makes_while_ours_is_pending_is_not_ours(
    book: Runbook, account_id: str, moment: str
) -> None:
    """Cut short at CreateAccessKey: with their key beside ours, nobody can tell the two apart."""
    calls = points(build, f"{(int(account_id) + 1) % 10**12:012}", reads=0)
    third = [kill for kill in calls if kill[0] == moment][2]
    assert in_a_process(build, account_id, third) == KILLED
    iam = book.user_account.iam
    theirs = iam.create_access_key(UserName="assume-role-user")["AccessKey"]["AccessKeyId"]
    if moment == "before":
        build(book)
    rows = destroy(book)
    left = iam.list_access_keys(UserName="assume-role-user")["AccessKeyMetadata"]
    assert theirs in [key["AccessKeyId"] for key in left]
    (user,) = (row for row in rows if row["Kind"] == "user")
    assert user["Outcome"].startswith("left: DeleteConflict")
