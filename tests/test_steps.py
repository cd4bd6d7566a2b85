"""Each step makes what is missing, once, and touches nothing that somebody else made."""

import configparser
import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from runbook_lib import ec2, iam, local_aws, sts
from runbook_lib.account import inventory as holdings
from runbook_lib.account import journal, profiles
from runbook_lib.account.caller import Caller
from runbook_lib.account.opening import open_account
from runbook_lib.attempts import attempt, require
from runbook_lib.errors import (
    ForeignObjectError,
    LocalAwsError,
    MissingStepError,
    ParameterError,
    ProofError,
    RunbookError,
    WrongAccountError,
)
from runbook_lib.runbook import Runbook, open_runbook
from tests.scenario import build, destroy, evidence, inventory, sign_in, varied


def mutating() -> list[str]:
    return [call.action for call in journal.CALLS if call.mutating and call.outcome == "ok"]


def test_the_tutorial_happens(book: Runbook) -> None:
    wanted = build(book)
    as_user = book.open_user()
    before = attempt(ec2.describe_instances, as_user, expected="refused")
    session = sts.assume_role(as_user, wanted.role_arn, "assume-role-session")
    after = attempt(ec2.describe_instances, book.open_session(as_user, session), expected="allowed")
    require([before, after])
    assert before.code == "UnauthorizedOperation"
    assert before.message.startswith("You are not authorized to perform this operation. User: ")
    (instance,) = after.response["Reservations"][0]["Instances"]
    assert instance["ImageId"] == "ami-033a6a056910d1137"
    assert instance["InstanceType"] == "t2.micro"
    assert instance["KeyName"] == "ssup2"


def test_a_second_run_changes_nothing(book: Runbook) -> None:
    build(book)
    first = mutating()
    build(book)
    assert len(first) == 7
    assert mutating() == first


def test_a_policy_of_another_meaning_is_brought_back(book: Runbook, account: Caller) -> None:
    wanted = build(book)
    other = {"Version": "2012-10-17", "Statement": []}
    other["Statement"] = [{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}]
    account.iam.create_policy_version(
        PolicyArn=wanted.policy_arn, PolicyDocument=json.dumps(other), SetAsDefault=True
    )
    assert iam.create_policy(account, wanted.policy_name, wanted.policy)["Outcome"] == "changed"
    again = iam.create_policy(account, wanted.policy_name, wanted.policy)
    assert again["Outcome"] == "already there"
    assert holdings.default_document(account, again["Policy"]) == wanted.policy


def test_a_trust_policy_of_another_meaning_is_brought_back(book: Runbook, account: Caller) -> None:
    wanted = build(book)
    account.iam.update_assume_role_policy(
        RoleName=wanted.role_name,
        PolicyDocument=json.dumps(varied(book, variant="least-privilege").wanted.trust),
    )
    assert iam.create_role(account, wanted.role_name, wanted.trust)["Outcome"] == "changed"
    assert iam.create_role(account, wanted.role_name, wanted.trust)["Outcome"] == "already there"


def test_changing_the_variant_changes_the_role(book: Runbook, account: Caller) -> None:
    wanted = build(book)
    better = varied(book, variant="least-privilege").wanted
    changed = iam.attach_role_policy(
        account, wanted.role_name, better.role_policy_arn, inline=better.role_inline_policies
    )
    assert changed == {"AttachedPolicies": ["describe-instances"], "Outcome": "changed"}
    assert holdings.role_policies(account, wanted.role_name) == better.role_inline_policies


def make_foreign(book: Runbook, kind: str) -> None:
    """Somebody makes an object of the wanted name, with something of their own on it."""
    account, wanted = book.role_account, book.wanted
    if kind == "policy":
        account.iam.create_policy(
            PolicyName=wanted.policy_name, PolicyDocument=json.dumps(wanted.policy)
        )
    elif kind == "user":
        account.iam.create_user(UserName=wanted.user_name)
        account.iam.create_access_key(UserName=wanted.user_name)
    else:
        account.iam.create_role(
            RoleName=wanted.role_name, AssumeRolePolicyDocument=json.dumps(wanted.trust)
        )


def part(found: dict[str, Any], kind: str) -> Any:
    """What an inventory holds of one kind."""
    names = {"policy": "Policies", "user": "UserDetailList", "role": "RoleDetailList"}
    return found[names[kind]]


@pytest.mark.parametrize("kind", ["policy", "user", "role"])
def test_somebody_elses_object_of_that_name_is_left_alone(book: Runbook, kind: str) -> None:
    """By every step that could change it, and by destroy."""
    make_foreign(book, kind)
    before = part(inventory(book.role_account), kind)
    keys = book.user_account.iam.list_access_keys
    theirs = keys(UserName=book.wanted.user_name)["AccessKeyMetadata"] if kind == "user" else []
    mine, roles, wanted = book.user_account, book.role_account, book.wanted
    steps = {
        "policy": [lambda: iam.create_policy(mine, wanted.policy_name, wanted.policy)],
        "user": [
            lambda: iam.create_user(mine, wanted.user_name),
            lambda: iam.create_access_key(mine, wanted.user_name),
            lambda: iam.attach_user_policy(mine, wanted.user_name, wanted.policy_arn),
        ],
        "role": [
            lambda: iam.create_role(roles, wanted.role_name, wanted.trust),
            lambda: iam.attach_role_policy(roles, wanted.role_name, wanted.role_policy_arn),
        ],
    }
    for step in steps[kind]:
        with pytest.raises(ForeignObjectError, match=f"-r {kind}_name NAME"):
            step()
    rows = {row["Kind"]: row["Outcome"] for row in destroy(book)}
    assert rows[kind] == "left: the runbook did not make it"
    assert part(inventory(book.role_account), kind) == before
    if kind == "user":
        assert keys(UserName=wanted.user_name)["AccessKeyMetadata"] == theirs


def test_a_key_whose_secret_is_lost_is_replaced(book: Runbook, account: Caller) -> None:
    wanted = build(book)
    (old,) = account.iam.list_access_keys(UserName=wanted.user_name)["AccessKeyMetadata"]
    profiles.remove("local", account.account_id)
    assert iam.create_access_key(account, wanted.user_name)["Outcome"] == "replaced"
    (new,) = account.iam.list_access_keys(UserName=wanted.user_name)["AccessKeyMetadata"]
    assert new["AccessKeyId"] != old["AccessKeyId"]
    assert book.open_user().arn == wanted.user_arn


def test_a_key_that_the_runbook_did_not_make_stays(book: Runbook, account: Caller) -> None:
    wanted = build(book)
    foreign = account.iam.create_access_key(UserName=wanted.user_name)["AccessKey"]["AccessKeyId"]
    profiles.remove("local", account.account_id)
    iam.create_access_key(account, wanted.user_name)
    keys = account.iam.list_access_keys(UserName=wanted.user_name)["AccessKeyMetadata"]
    assert foreign in [key["AccessKeyId"] for key in keys]
    outcomes = {row["Kind"]: row["Outcome"].partition(":")[0] for row in destroy(book)}
    assert outcomes == dict.fromkeys(outcomes, "deleted") | {"user": "left"}
    keys = account.iam.list_access_keys(UserName=wanted.user_name)["AccessKeyMetadata"]
    assert [key["AccessKeyId"] for key in keys] == [foreign]


def test_a_policy_that_somebody_else_attached_stays(book: Runbook, account: Caller) -> None:
    wanted = build(book)
    account.iam.create_user(UserName="somebody")
    account.iam.attach_user_policy(UserName="somebody", PolicyArn=wanted.policy_arn)
    outcomes = {row["Kind"]: row["Outcome"].partition(":")[0] for row in destroy(book)}
    assert outcomes == dict.fromkeys(outcomes, "deleted") | {"policy": "left"}
    listed = account.iam.list_attached_user_policies(UserName="somebody")["AttachedPolicies"]
    assert [one["PolicyArn"] for one in listed] == [wanted.policy_arn]


def test_two_foreign_keys_leave_no_room(book: Runbook, account: Caller) -> None:
    user_name = book.wanted.user_name
    iam.create_user(account, user_name)
    for _ in range(2):
        account.iam.create_access_key(UserName=user_name)
    before = account.iam.list_access_keys(UserName=user_name)["AccessKeyMetadata"]
    with pytest.raises(RunbookError, match="delete one of them"):
        iam.create_access_key(account, user_name)
    assert account.iam.list_access_keys(UserName=user_name)["AccessKeyMetadata"] == before


def test_destroy_takes_away_what_was_made_and_forgets_the_key(
    book: Runbook, account: Caller
) -> None:
    before = inventory(account)
    build(book)
    assert {row["Outcome"] for row in destroy(book)} == {"deleted"}
    assert inventory(account) == before
    assert profiles.read_key("local", account.account_id) is None
    assert {row["Outcome"] for row in destroy(book)} == {"not there"}


def test_a_step_before_the_ones_it_needs_names_the_notebook_to_run(
    book: Runbook, account: Caller
) -> None:
    wanted = book.wanted
    with pytest.raises(MissingStepError, match="03_user.ipynb"):
        book.open_user()
    with pytest.raises(MissingStepError, match="03_user.ipynb"):
        iam.create_access_key(account, wanted.user_name)
    with pytest.raises(MissingStepError, match="04_role.ipynb"):
        iam.attach_role_policy(account, wanted.role_name, wanted.role_policy_arn)
    with pytest.raises(MissingStepError, match="03_user.ipynb"):
        iam.create_role(
            account, wanted.role_name, varied(book, variant="least-privilege").wanted.trust
        )
    iam.create_user(account, wanted.user_name)
    with pytest.raises(MissingStepError, match="02_assume_role_policy.ipynb"):
        iam.attach_user_policy(account, wanted.user_name, wanted.policy_arn)


def test_a_name_that_aws_would_refuse_is_refused_before_anything_is_sent(account: Caller) -> None:
    sent = len(journal.CALLS)
    with pytest.raises(ParameterError, match="user_name"):
        iam.create_user(account, "assume role user")
    assert len(journal.CALLS) == sent


def test_the_wrong_account_is_refused_after_get_caller_identity_alone(
    account: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(monkeypatch, account)
    sent = len(journal.CALLS)
    with pytest.raises(WrongAccountError, match=f"999999999999.*{account.account_id}"):
        open_account("999999999999", backend="aws")
    assert [call.action for call in journal.CALLS[sent:]] == ["sts:GetCallerIdentity"]
    assert open_account(account.account_id, backend="aws").arn == account.arn


def test_the_proof_fails_when_the_user_is_not_refused(book: Runbook, account: Caller) -> None:
    wanted = build(book)
    account.iam.attach_user_policy(
        UserName=wanted.user_name, PolicyArn="arn:aws:iam::aws:policy/AmazonEC2FullAccess"
    )
    before = attempt(ec2.describe_instances, book.open_user(), expected="refused")
    assert before.observed == before.predicted == "allowed"
    with pytest.raises(ProofError, match="AmazonEC2FullAccess"):
        require([before])


def test_an_error_that_is_no_refusal_is_not_taken_for_one(book: Runbook, account: Caller) -> None:
    wanted = build(book)
    as_user = book.open_user()
    (key,) = account.iam.list_access_keys(UserName=wanted.user_name)["AccessKeyMetadata"]
    account.iam.update_access_key(
        UserName=wanted.user_name, AccessKeyId=key["AccessKeyId"], Status="Inactive"
    )
    with pytest.raises(ClientError, match="AuthFailure"):
        attempt(ec2.describe_instances, as_user, expected="refused")


def test_the_profiles_name_the_endpoint_in_every_way_that_clients_read(book: Runbook) -> None:
    """The layout is the one that tests/local_aws/test_clients.py tries with each client."""
    wanted = build(book)
    book.hand_over(book.open_user())
    file = configparser.RawConfigParser()
    file.read(profiles.folder("local", book.role_account.account_id) / "config")
    endpoint = book.role_account.place.endpoint
    where = {"region": "ap-northeast-2", "endpoint_url": endpoint, "services": "local"}
    role = {"role_arn": wanted.role_arn, "source_profile": "assume-role-user"}
    role |= {"role_session_name": "assume-role-session", "duration_seconds": "3600"}
    assert {name: dict(file[name]) for name in file.sections()} == {
        "default": where,
        "services local": {"sts": f"\nendpoint_url = {endpoint}"},
        "profile assume-role-user": where,
        "profile assume-role-role": role | where,
    }


def test_a_profiles_settings_reach_the_user_and_the_role(
    book: Runbook, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its endpoint and services, here: only the credentials are replaced."""
    administrator = book.role_account
    key = administrator.session.get_credentials()
    endpoint = administrator.place.endpoint
    config, credentials = tmp_path / "config", tmp_path / "credentials"
    config.write_text(
        "[profile there]\nregion = ap-northeast-2\nservices = those\n[services those]\n"
        f"sts =\n  endpoint_url = {endpoint}\niam =\n  endpoint_url = {endpoint}\n"
        f"ec2 =\n  endpoint_url = {endpoint}\n"
    )
    credentials.write_text(
        f"[there]\naws_access_key_id = {key.access_key}\naws_secret_access_key = {key.secret_key}\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
    there = open_runbook(
        {"account_id": administrator.account_id, "backend": "aws", "profile": "there"}
    )
    build(there)
    require(evidence(there))


def test_an_embedded_aws_that_went_away_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RUNBOOK_HOME", str(tmp_path / "another"))
    book = open_runbook({"account_id": "123456789012"})
    build(book)
    as_user = book.open_user()
    assert local_aws.stop()
    for ask in (
        lambda: iam.create_user(book.user_account, "assume-role-user"),
        lambda: attempt(ec2.describe_instances, as_user, expected="refused"),
        lambda: sts.get_caller_identity(as_user),
    ):
        with pytest.raises(LocalAwsError, match=r"has gone.*What was made in it is gone") as gone:
            ask()
        (line,) = gone.value._render_traceback_()
        assert line == f"LocalAwsError: {gone.value}", "a notebook shows the message alone"
