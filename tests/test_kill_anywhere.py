"""Killed at any call, before it leaves or after it was answered unseen: running again is enough.

Each case forks a process that dies at one point; the next process finds what a whole run leaves.
"""

import os
from collections.abc import Callable
from typing import Any

import pytest

from runbook_lib import removal
from runbook_lib.account import profiles
from runbook_lib.account.caller import Caller, Place, open_account, open_user
from runbook_lib.attempts.evidence import require
from runbook_lib.policies import describe
from tests.scenario import build, evidence, inventory

KILLED = 9


def whole_run(account_id: str) -> None:
    account = open_account(account_id)
    require(evidence(account, build(account)))


def whole_destroy(account_id: str) -> None:
    account = open_account(account_id)
    removal.destroy(account, account, describe(account), confirm=True)


def in_a_process(work: Callable[[str], None], account_id: str, kill: tuple[str, int]) -> int:
    """Fork, do the work, and die at the nth call: "before" it leaves or "after" its answer."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            _arm(*kill)
            work(account_id)
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _arm(moment: str, number: int) -> None:
    made = Place.client
    count = 0

    def die_at_the_nth(**_: object) -> None:
        nonlocal count
        count += 1
        if count == number:
            os._exit(KILLED)

    def client(self: Place, *arguments: Any, **options: Any) -> Any:
        one = made(self, *arguments, **options)
        event = {"before": "request-created", "after": "before-parse"}[moment]
        one.meta.events.register_first(event, die_at_the_nth)
        return one

    Place.client = client  # type: ignore[method-assign]  # in the child alone


def calls_of(work: Callable[[str], None], account_id: str) -> int:
    number = 0

    def count(**_: object) -> None:
        nonlocal number
        number += 1

    made = Place.client

    def client(self: Place, *arguments: Any, **options: Any) -> Any:
        one = made(self, *arguments, **options)
        one.meta.events.register("request-created", count)
        return one

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Place, "client", client)
        work(account_id)
    return number


def final_state(account: Caller) -> dict[str, Any]:
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
    text = str((sorted(users, key=str), sorted(roles, key=str), sorted(policies, key=str)))
    return {"objects": text.replace(account.account_id, "ACCOUNT")}


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_run_killed_at_any_call_is_mended_by_running_again(
    embedded_aws: object, account_id: str, moment: str
) -> None:
    first = open_account(account_id)
    calls = calls_of(whole_run, account_id)
    expected = final_state(first)
    assert calls > 30
    for number in range(1, calls + 1):
        other = f"{int(account_id) + number:012}"[-12:]
        account = open_account(other)
        before = inventory(account)
        assert in_a_process(whole_run, other, (moment, number)) == KILLED, number
        build(open_account(other))
        assert final_state(account) == expected, number
        (key,) = account.iam.list_access_keys(UserName="assume-role-user")["AccessKeyMetadata"]
        held = profiles.read_key("local", other)
        assert held is not None
        assert (key["AccessKeyId"], key["Status"]) == (held.access_key_id, "Active"), number
        assert open_user(account).arn.endswith("assume-role-user"), number
        whole_destroy(other)
        assert inventory(account) == before, number


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_destroy_killed_at_any_call_is_finished_by_running_again(
    embedded_aws: object, account_id: str, moment: str
) -> None:
    first = open_account(account_id)
    build(first)
    calls = calls_of(whole_destroy, account_id)
    assert calls > 10
    for number in range(1, calls + 1):
        other = f"{int(account_id) + number:012}"[-12:]
        account = open_account(other)
        before = inventory(account)
        build(account)
        assert in_a_process(whole_destroy, other, (moment, number)) == KILLED, number
        whole_destroy(other)
        assert inventory(account) == before, number
        assert profiles.read_key("local", other) is None, number
