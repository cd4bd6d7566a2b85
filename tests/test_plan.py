"""Plan, run and destroy read one description; what the runbook did not make is never touched."""

import dataclasses
import json
import shlex
import subprocess
from pathlib import Path

import botocore.client
import pytest

from runbook_lib import plan, removal
from runbook_lib.account import journal, profiles
from runbook_lib.account.caller import Caller, WouldChange, open_account
from runbook_lib.errors import WrongAccountError
from runbook_lib.policies import describe
from tests.scenario import build, evidence, inventory
from tests.test_command_line import BIN, runbook
from tests.test_kill_anywhere import final_state


def verdicts(account: Caller, variant: str = "tutorial") -> dict[str, str]:
    rows = plan.plan(account, account, describe(account, variant))  # type: ignore[arg-type]
    return {f"{row['Kind']} {row['Name']}": row["Plan"] for row in rows}


def mutating() -> int:
    return sum(call.mutating for call in journal.CALLS)


def test_a_fresh_account_is_all_to_create(account: Caller) -> None:
    assert set(verdicts(account).values()) == {"create"}
    assert mutating() == 0


def test_a_whole_one_is_all_to_keep(account: Caller) -> None:
    build(account)
    before = mutating()
    assert set(verdicts(account).values()) == {"keep"}
    assert mutating() == before


def test_a_half_done_one_is_told_apart(account: Caller) -> None:
    for _, _, step in plan.steps(account, account, describe(account))[:3]:
        step()
    assert list(verdicts(account).values()) == ["keep"] * 3 + ["create"] * 3


def test_a_drifted_one_shows_the_difference_by_meaning(account: Caller) -> None:
    wanted = build(account)
    account.iam.update_assume_role_policy(
        RoleName=wanted.role_name,
        PolicyDocument=json.dumps(describe(account, "least-privilege").trust),
    )
    rows = {row["Kind"]: row for row in plan.plan(account, account, wanted)}
    assert rows["role"]["Plan"] == "change"
    assert f"+ Principal: AWS {account.account_id}" in rows["role"]["Detail"]
    assert [row["Plan"] for kind, row in rows.items() if kind != "role"] == ["keep"] * 5


def test_another_spelling_of_the_same_meaning_is_no_difference(account: Caller) -> None:
    wanted = build(account)
    root = {"Effect": "Allow", "Action": ["STS:assumerole"]}
    root["Principal"] = {"AWS": [f"arn:aws:iam::{account.account_id}:root"]}  # type: ignore[assignment]
    account.iam.update_assume_role_policy(
        RoleName=wanted.role_name,
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [root]}),
    )
    assert set(verdicts(account).values()) == {"keep"}


def test_changing_the_variant_is_a_plan_like_any_other(account: Caller) -> None:
    build(account)
    assert list(verdicts(account, "least-privilege").values()) == [
        "change",
        "keep",
        "keep",
        "keep",
        "change",
        "change",
    ]
    build(account, "least-privilege")
    assert set(verdicts(account, "least-privilege").values()) == {"keep"}


def test_what_another_name_left_is_an_orphan_and_destroy_finds_it(account: Caller) -> None:
    before = inventory(account)
    build(account)
    other = describe(account, policy_name="other-policy", user_name="other", role_name="other-role")
    rows = plan.plan(account, account, other)
    orphans = [(row["Kind"], row["Name"]) for row in rows if row["Plan"] == "orphan"]
    assert orphans == [
        ("user", "assume-role-user"),
        ("role", "assume-role-role"),
        ("policy", "assume-role-policy"),
    ]
    profiles.remove("local", account.account_id)  # destroy needs no local state
    removal.destroy(account, account, other, confirm=True)
    assert inventory(account) == before


def test_a_foreign_object_stops_the_run_before_any_change(account: Caller, tmp_path: Path) -> None:
    account.iam.create_user(UserName="assume-role-user")
    before = inventory(account)
    where = [account.account_id, "--output", str(tmp_path)]
    _, err = runbook("run", *where, status=1)
    assert "--user-name" in err
    assert "--adopt" in err
    assert inventory(account) == before
    assert verdicts(account)["user assume-role-user"] == "foreign"
    assert verdicts(account)["access key assume-role-user"] == "foreign"


def test_adopting_takes_it_over_but_for_its_keys(account: Caller) -> None:
    account.iam.create_user(UserName="assume-role-user")
    theirs = account.iam.create_access_key(UserName="assume-role-user")["AccessKey"]["AccessKeyId"]
    wanted = describe(account)
    plan.adopt(account, account, wanted)
    assert "foreign" not in verdicts(account).values()
    build(account)
    removal.destroy(account, account, wanted, confirm=True)
    (key,) = account.iam.list_access_keys(UserName="assume-role-user")["AccessKeyMetadata"]
    assert key["AccessKeyId"] == theirs


def test_two_runs_at_once_for_one_account_do_not_meet(account: Caller, tmp_path: Path) -> None:
    with account.place.exclusive(account.account_id):
        _, err = runbook("run", account.account_id, "--output", str(tmp_path), status=1)
        _, other = runbook("destroy", account.account_id, "--yes", status=1)
    assert "another runbook is at work" in err
    assert "another runbook is at work" in other
    assert inventory(account)["RoleDetailList"] == []


def test_a_read_only_caller_sends_no_change(account: Caller) -> None:
    looking = dataclasses.replace(account, read_only=True)
    with pytest.raises(WouldChange, match="iam:CreateUser"):
        looking.iam.create_user(UserName="x")
    assert mutating() == 0


def test_credentials_that_change_hands_are_stopped_before_the_first_change(
    account: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = open_account(f"{(int(account.account_id) + 1) % 10**12:012}")
    monkeypatch.setattr(account.session._session, "_credentials", other.session.get_credentials())
    with pytest.raises(WrongAccountError, match="was not sent"):
        account.iam.create_user(UserName="x")
    assert mutating() == 0


def test_the_root_user_is_refused(account: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedded AWS has no root users, so the answer of a real account is put in its place."""
    send = botocore.client.BaseClient._make_api_call

    def as_root(self: object, name: str, parameters: dict[str, object]) -> object:
        answer = send(self, name, parameters)
        return answer | {"Arn": f"arn:aws:iam::{account.account_id}:root"}

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", as_root)
    with pytest.raises(WrongAccountError, match="root user"):
        open_account(account.account_id)


def test_run_id_joins_tags_and_user_agent(account: Caller) -> None:
    build(account)
    user = account.iam.get_user(UserName="assume-role-user")["User"]
    tags = {tag["Key"]: tag["Value"] for tag in user["Tags"]}
    assert tags["assume-role-runbook:run-id"] == account.place.run_id
    assert tags["assume-role-runbook:variant"] == "tutorial"
    assert f"run/{account.place.run_id}" in account.iam.meta.config.user_agent_extra


def test_the_commands_shown_reach_the_same_state_with_the_real_aws_cli(
    account: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence(account, build(account))
    shown = [call for call in journal.CALLS if call.mutating]
    other = open_account(f"{(int(account.account_id) + 1) % 10**12:012}")
    key = other.session.get_credentials()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key.secret_key)
    monkeypatch.setenv("AWS_ENDPOINT_URL", str(other.place.endpoint))
    monkeypatch.setenv("AWS_DEFAULT_REGION", other.place.region)
    monkeypatch.setenv("AWS_PAGER", "")
    assert len(shown) == 7
    for call in shown:
        words = shlex.split(call.command.replace(account.account_id, other.account_id))
        subprocess.run([BIN / words[0], *words[1:]], check=True, capture_output=True)
    assert final_state(other) == final_state(account)
