"""Plan, run and destroy read one description; what the runbook did not make is never touched."""

import json
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import botocore.client
import pytest

from runbook_lib import plan
from runbook_lib.account import journal, ownership, profiles
from runbook_lib.account.caller import Caller
from runbook_lib.account.opening import open_account
from runbook_lib.account.secret import Secret
from runbook_lib.errors import ForeignObjectError, WrongAccountError
from runbook_lib.runbook import Runbook
from tests.scenario import build, destroy, evidence, inventory, varied
from tests.test_command_line import BIN, runbook
from tests.test_kill_anywhere import final_state


def verdicts(book: Runbook) -> dict[str, str]:
    return {f"{row['Kind']} {row['Name']}": row["Plan"] for row in plan.plan(book)}


def mutating() -> int:
    return sum(call.mutating for call in journal.CALLS)


def test_a_fresh_account_is_all_to_create(book: Runbook) -> None:
    assert set(verdicts(book).values()) == {"create"}
    assert mutating() == 0


def test_a_whole_one_is_all_to_keep(book: Runbook) -> None:
    build(book)
    before = mutating()
    assert set(verdicts(book).values()) == {"keep"}
    assert mutating() == before


def test_a_half_done_one_is_told_apart(book: Runbook) -> None:
    for step in plan.steps(book)[:3]:
        step.make()
    assert list(verdicts(book).values()) == ["keep"] * 3 + ["create"] * 3


def test_a_drifted_one_shows_the_difference_by_meaning(book: Runbook, account: Caller) -> None:
    wanted = build(book)
    account.iam.update_assume_role_policy(
        RoleName=wanted.role_name,
        PolicyDocument=json.dumps(varied(book, variant="least-privilege").wanted.trust),
    )
    rows = {row["Kind"]: row for row in plan.plan(book)}
    assert rows["role"]["Plan"] == "change"
    assert f"+ Principal: AWS {account.account_id}" in rows["role"]["Detail"]
    assert [row["Plan"] for kind, row in rows.items() if kind != "role"] == ["keep"] * 5


def test_another_spelling_of_the_same_meaning_is_no_difference(
    book: Runbook, account: Caller
) -> None:
    wanted = build(book)
    root = {"Effect": "Allow", "Action": ["STS:assumerole"]}
    root["Principal"] = {"AWS": [f"arn:aws:iam::{account.account_id}:root"]}  # type: ignore[assignment]
    account.iam.update_assume_role_policy(
        RoleName=wanted.role_name,
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [root]}),
    )
    assert set(verdicts(book).values()) == {"keep"}


def test_changing_the_variant_is_a_plan_like_any_other(book: Runbook) -> None:
    build(book)
    assert list(verdicts(varied(book, variant="least-privilege")).values()) == [
        "change",
        "keep",
        "keep",
        "keep",
        "change",
        "change",
    ]
    build(varied(book, variant="least-privilege"))
    assert set(verdicts(varied(book, variant="least-privilege")).values()) == {"keep"}


def test_what_another_name_left_is_an_orphan_and_destroy_finds_it(
    book: Runbook, account: Caller
) -> None:
    before = inventory(account)
    build(book)
    other = varied(book, policy_name="other-policy", user_name="other", role_name="other-role")
    rows = plan.plan(other)
    orphans = [(row["Kind"], row["Name"]) for row in rows if row["Plan"] == "orphan"]
    assert orphans == [
        ("user", "assume-role-user"),
        ("role", "assume-role-role"),
        ("policy", "assume-role-policy"),
    ]
    profiles.remove("local", account.account_id)  # destroy needs no local state
    destroy(other)
    assert inventory(account) == before


def test_a_foreign_object_stops_the_run_before_any_change(
    book: Runbook, account: Caller, tmp_path: Path
) -> None:
    account.iam.create_user(UserName="assume-role-user")
    before = inventory(account)
    where = [account.account_id, "--output", str(tmp_path)]
    _, err = runbook("run", *where, status=1)
    assert "--user-name" in err
    assert "--adopt" in err
    assert inventory(account) == before
    assert verdicts(book)["user assume-role-user"] == "foreign"
    assert verdicts(book)["access key assume-role-user"] == "foreign"


def test_adopting_takes_it_over_but_for_its_keys(book: Runbook, account: Caller) -> None:
    account.iam.create_user(UserName="assume-role-user")
    theirs = account.iam.create_access_key(UserName="assume-role-user")["AccessKey"]["AccessKeyId"]
    plan.adopt(book, plan.plan(book))
    assert "foreign" not in verdicts(book).values()
    build(book)
    destroy(book)
    (key,) = account.iam.list_access_keys(UserName="assume-role-user")["AccessKeyMetadata"]
    assert key["AccessKeyId"] == theirs


def test_two_runs_at_once_for_one_account_do_not_meet(account: Caller, tmp_path: Path) -> None:
    with account.place.exclusive(account.account_id):
        _, err = runbook("run", account.account_id, "--output", str(tmp_path), status=1)
        _, other = runbook("destroy", account.account_id, "--yes", status=1)
    assert "another runbook is at work" in err
    assert "another runbook is at work" in other
    assert inventory(account)["RoleDetailList"] == []


def test_credentials_that_change_hands_are_stopped_before_any_change(account: Caller) -> None:
    """At the first change, and at a later one; whichever client refreshes first."""
    other = open_account(f"{(int(account.account_id) + 1) % 10**12:012}")
    account.iam.create_user(UserName="x")
    before = inventory(account), inventory(other)
    credentials = account.session.get_credentials()
    theirs = other.session.get_credentials()
    for clients in ([account.iam], [account.iam, account.sts]):
        for client in clients:
            client._request_signer._credentials = theirs
        with pytest.raises(WrongAccountError, match=r"iam:CreateUser was not sent.*Sign in"):
            account.iam.create_user(UserName="y")
    account.iam._request_signer._credentials = credentials
    account.iam.create_user(UserName="z")
    account.iam.delete_user(UserName="z")
    assert (inventory(account), inventory(other)) == before


def test_a_new_key_of_the_same_principal_goes_on(account: Caller) -> None:
    key = account.iam.create_access_key(UserName="administrator")["AccessKey"]
    fresh = account.place.session(key["AccessKeyId"], Secret(key["SecretAccessKey"]))
    for client in (account.iam, account.sts):
        client._request_signer._credentials = fresh.get_credentials()
    account.iam.create_user(UserName="x")
    asked = [call.action for call in journal.CALLS[-2:]]
    assert asked == ["sts:GetCallerIdentity", "iam:CreateUser"]


def test_what_came_after_the_question_is_not_adopted(book: Runbook, account: Caller) -> None:
    account.iam.create_user(UserName="assume-role-user")
    shown = plan.plan(book)
    account.iam.delete_user(UserName="assume-role-user")
    account.iam.create_user(UserName="assume-role-user")
    account.iam.create_role(
        RoleName="assume-role-role", AssumeRolePolicyDocument=json.dumps(book.wanted.trust)
    )
    before = inventory(account)
    plan.adopt(book, shown)
    assert inventory(account) == before


def test_what_came_after_it_was_shown_is_not_deleted(book: Runbook, account: Caller) -> None:
    shown = plan.removals(book)
    build(book)
    before = inventory(account)
    plan.destroy(book, shown, confirm=True)
    assert inventory(account) == before


@pytest.mark.parametrize("value", ["", " ", "\t", "x y z", "a" * 256])
def test_whatever_stands_in_a_tag_is_data(book: Runbook, account: Caller, value: str) -> None:
    build(book)
    names = (ownership.KEY_TAG, ownership.VARIANT_TAG)
    tags = [{"Key": name, "Value": value} for name in names]
    account.iam.tag_user(UserName="assume-role-user", Tags=tags)
    assert verdicts(book)["user assume-role-user"] == "keep"
    build(book)
    assert {row["Outcome"] for row in destroy(book)} == {"deleted"}


def test_the_root_user_is_refused(account: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedded AWS has no root users, so the answer of a real account is put in its place."""
    send = botocore.client.BaseClient._make_api_call

    def as_root(self: object, name: str, parameters: dict[str, object]) -> object:
        answer = send(self, name, parameters)
        return answer | {"Arn": f"arn:aws:iam::{account.account_id}:root"}

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", as_root)
    with pytest.raises(WrongAccountError, match="root user"):
        open_account(account.account_id)


def test_run_id_joins_tags_and_user_agent(book: Runbook, account: Caller) -> None:
    build(book)
    user = account.iam.get_user(UserName="assume-role-user")["User"]
    tags = {tag["Key"]: tag["Value"] for tag in user["Tags"]}
    assert tags["assume-role-runbook:run-id"] == account.place.run_id
    assert tags["assume-role-runbook:variant"] == "tutorial"
    assert f"run/{account.place.run_id}" in account.iam.meta.config.user_agent_extra


def test_the_commands_shown_reach_the_same_state_with_the_real_aws_cli(
    book: Runbook, account: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(book)
    evidence(book)
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


def somebody_attaches_a_policy(account: Caller) -> None:
    account.iam.attach_user_policy(
        UserName="assume-role-user", PolicyArn="arn:aws:iam::aws:policy/AmazonEC2FullAccess"
    )


def somebody_adds_an_inline_policy(account: Caller) -> None:
    statement = {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    account.iam.put_user_policy(
        UserName="assume-role-user", PolicyName="theirs", PolicyDocument=document
    )


def somebody_adds_it_to_a_group(account: Caller) -> None:
    account.iam.create_group(GroupName="people")
    account.iam.add_user_to_group(GroupName="people", UserName="assume-role-user")


def somebody_gives_the_role_more(account: Caller) -> None:
    account.iam.attach_role_policy(
        RoleName="assume-role-role", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )


def somebody_gives_the_role_what_is_named_like_ours(account: Caller) -> None:
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    for name in ("AmazonEC2FullAccess", "their-describe-instances"):
        made = account.iam.create_policy(PolicyName=name, PolicyDocument=document)
        account.iam.attach_role_policy(RoleName="assume-role-role", PolicyArn=made["Policy"]["Arn"])


MORE = [
    (somebody_attaches_a_policy, "user's policy", "AmazonEC2FullAccess", "user"),
    (somebody_adds_an_inline_policy, "user's policy", "the inline policy theirs", "user"),
    (somebody_adds_it_to_a_group, "user's policy", "the group people", "user"),
    (somebody_gives_the_role_more, "role's policy", "AdministratorAccess", "role"),
    (
        somebody_gives_the_role_what_is_named_like_ours,
        "role's policy",
        "/AmazonEC2FullAccess, arn",
        "role",
    ),
]


@pytest.mark.parametrize(("more", "kind", "named", "left"), MORE, ids=lambda one: str(one)[:40])
def test_what_somebody_added_stops_a_run_and_outlives_destroy(
    book: Runbook, account: Caller, more: Callable[[Caller], None], kind: str, named: str, left: str
) -> None:
    build(book)
    more(account)
    before = inventory(account)
    rows = plan.plan(book)
    (row,) = (row for row in rows if row["Plan"] == "blocked")
    assert row["Kind"] == kind
    assert named in row["Detail"]
    with pytest.raises(ForeignObjectError, match=r"nothing was changed:\n.*take that away"):
        plan.require_clear(rows)
    assert inventory(account) == before
    outcomes = {row["Kind"]: row["Outcome"] for row in destroy(book)}
    assert outcomes.pop(left).startswith("left: DeleteConflict: Cannot delete entity, must")
    assert set(outcomes.values()) == {"deleted"}
    (name,) = {"user": ["assume-role-user"], "role": ["assume-role-role"]}[left]
    assert name in str(inventory(account)), "what it was added to is there with it"


@pytest.mark.parametrize("path", ["/", "/team/"])
@pytest.mark.parametrize("kind", ["policy", "user", "role"])
def test_a_name_that_differs_by_case_or_path_is_told_before_anything_is_changed(
    book: Runbook, account: Caller, kind: str, path: str
) -> None:
    name = f"assume-role-{kind}"
    name = name.title() if path == "/" else name
    if kind == "policy":
        document = json.dumps(book.wanted.policy)
        account.iam.create_policy(PolicyName=name, Path=path, PolicyDocument=document)
    elif kind == "user":
        account.iam.create_user(UserName=name, Path=path)
    else:
        trust = json.dumps(book.wanted.trust)
        account.iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=trust)
    before = inventory(account)
    for adopt in (False, True):
        with pytest.raises(ForeignObjectError, match=f"choose another {kind}_name"):
            plan.require_clear(plan.plan(book), adopt=adopt)
    assert inventory(account) == before


def test_a_deletion_that_is_denied_leaves_that_and_takes_the_rest(
    book: Runbook, account: Caller
) -> None:
    build(book)
    deny = {"Effect": "Deny", "Action": "iam:DeleteRole", "Resource": "*"}
    account.iam.put_user_policy(
        UserName="administrator",
        PolicyName="deny",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [deny]}),
    )
    out, _ = runbook("destroy", account.account_id, "--yes", "--json", status=1)
    outcomes = {row["Kind"]: row["Outcome"] for row in json.loads(out)}
    assert outcomes.pop("role").startswith("left: AccessDenied")
    assert set(outcomes.values()) == {"deleted"}


def test_five_hundred_policies_are_read_in_few_calls(book: Runbook, account: Caller) -> None:
    document = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
    )
    for number in range(500):
        account.iam.create_policy(PolicyName=f"p{number}", PolicyDocument=document)
    before = len(journal.CALLS)
    plan.plan(book)
    assert len(journal.CALLS) - before <= 1 + 500 // 100 + 1
