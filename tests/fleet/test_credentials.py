"""Credentials for each account of a fleet: told once, kept nowhere, and the right account's."""

import json
import os
import shlex
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from runbook_lib.account import journal, opening
from runbook_lib.account.caller import Caller
from runbook_lib.account.hub.roles import Roles
from runbook_lib.errors import ParameterError, RunbookError, WrongAccountError, with_next_step
from runbook_lib.headless import run
from runbook_lib.headless.fleet.credentials import for_accounts
from tests import scenario

REGION, ROLE = "ap-northeast-2", "hub-role"


@dataclass(frozen=True)
class Row:
    account_id: str
    profile: str = ""


@dataclass(frozen=True)
class Fleet:
    """A hub that is signed in, and accounts whose role trusts it."""

    hub: Caller
    members: list[Caller]

    @property
    def rows(self) -> list[Row]:
        return [Row(one.account_id) for one in self.members]


def add_role(account: Caller, hub: str, name: str = ROLE, **condition: Any) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": hub},
        "Action": "sts:AssumeRole",
        **({"Condition": condition} if condition else {}),
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    account.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)
    account.iam.attach_role_policy(
        RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )


def neighbour(account: Caller, number: int) -> Caller:
    return opening.open_account(f"{(int(account.account_id) + number * 101) % 10**12:012}")


@pytest.fixture
def fleet(account: Caller, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    members = [neighbour(account, number) for number in (1, 2)]
    for one in members:
        add_role(one, account.account_id)
    scenario.sign_in(monkeypatch, account)
    journal.CALLS.clear()
    return Fleet(account, members)


def opened(row: Row, profile: str) -> Caller:
    return opening.open_account(row.account_id, REGION, "aws", profile)


def soon_over(caller: Caller) -> None:
    """Let the SDK think that these credentials end in five minutes: it asks for others."""
    caller.session.get_credentials()._expiry_time = datetime.now(UTC) + timedelta(minutes=5)


def assumed() -> int:
    return sum(call.action == "sts:AssumeRole" for call in journal.CALLS)


def aws(*words: str) -> dict[str, Any]:
    """Run the real aws CLI."""
    command = [sys.executable, str(Path(sys.executable).parent / "aws"), *words]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert asked.returncode == 0, asked.stderr
    return dict(json.loads(asked.stdout))


def test_that_each_account_is_entered_by_its_role_assumed_once(fleet: Fleet) -> None:
    with for_accounts(fleet.rows, role=ROLE, run_id="RUN 역 " + "x" * 99) as given:
        with ThreadPoolExecutor(6) as threads:
            again = [threads.submit(opened, row, given[row.account_id]) for row in fleet.rows * 3]
        callers = [one.result() for one in again]
    arns = [
        f"arn:aws:sts::{row.account_id}:assumed-role/{ROLE}/assume-role-runbook-RUN---{'x' * 38}"
        for row in fleet.rows * 3
    ]
    assert [one.arn for one in callers] == arns
    assert assumed() == len(fleet.rows)


def test_that_threads_may_each_have_an_account_of_their_own(fleet: Fleet) -> None:
    """As on a cluster's worker: one begins while another has begun, and ends before it."""
    first, second = fleet.rows
    before = dict(os.environ)
    one = for_accounts([first], role=ROLE)
    given = one.__enter__()
    with for_accounts([second], role=ROLE) as others:
        assert opened(second, others[second.account_id]).account_id == second.account_id
        one.__exit__(None, None, None)
        assert opened(second, others[second.account_id]).account_id == second.account_id
        with pytest.raises(RunbookError, match="config profile"):
            opened(first, given[first.account_id])
        with for_accounts([first], role=ROLE) as again:
            assert opened(first, again[first.account_id]).account_id == first.account_id
    assert dict(os.environ) == before


def test_that_the_real_aws_cli_uses_the_profiles(fleet: Fleet) -> None:
    with for_accounts(fleet.rows, role=ROLE) as given:
        found = [
            aws("sts", "get-caller-identity", "--profile", name, "--region", REGION)["Account"]
            for name in given.values()
        ]
    assert found == [row.account_id for row in fleet.rows]


def test_that_a_whole_run_goes_through_the_role(fleet: Fleet, tmp_path: Path) -> None:
    (row, _) = fleet.rows
    with for_accounts([row], role=ROLE) as given:
        chosen = {
            "account_id": row.account_id,
            "region": REGION,
            "backend": "aws",
            "profile": given[row.account_id],
            "variant": "tutorial",
        }
        made, folder = run.run(chosen, tmp_path / "runs", lambda section, cell: None)
        assert (made.outcome, made.error) == ("passed", "")
        assert assumed() == 1
        texts = [path.read_text("utf-8") for path in folder.iterdir()]
        key = opened(row, given[row.account_id]).session.get_credentials()
    assert not [text for text in texts if key.secret_key in text or key.token in text]


def test_that_no_secret_is_in_a_file_and_nothing_is_left(fleet: Fleet) -> None:
    before = dict(os.environ)
    (row, _) = fleet.rows
    with for_accounts(fleet.rows, role=ROLE) as given:
        config = Path(os.environ["AWS_CONFIG_FILE"])
        key = opened(row, given[row.account_id]).session.get_credentials()
        assert not any(
            secret in text
            for secret in (key.secret_key, key.token, key.access_key)
            for text in (config.read_text(), *os.environ.values())
        )
        assert stat.S_IMODE(config.stat().st_mode) == 0o600
        assert stat.S_IMODE(config.parent.stat().st_mode) == 0o700
        assert {path.name for path in config.parent.iterdir()} == {"config"}
    assert not config.parent.exists()
    assert dict(os.environ) == before


def test_that_the_persons_own_profiles_stay(
    fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row may have its own, in the same fleet; the hub may be a profile as well."""
    hub, own = fleet.hub.session.get_credentials(), fleet.members[1].session.get_credentials()
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    sections = [
        f"[profile '{name}']\nendpoint_url = {fleet.hub.place.endpoint}\n"
        f"aws_access_key_id = {key.access_key}\naws_secret_access_key = {key.secret_key}\n"
        for name, key in (("the hub", hub), ("own", own))
    ]
    (tmp_path / "own").write_text(
        "\n".join(sections).replace("profile the hub", 'profile "the hub"')
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "own"))
    rows = [fleet.rows[0], Row(fleet.rows[1].account_id, "own")]
    with for_accounts(rows, role=ROLE, profile="the hub") as given:
        found = [opened(row, given[row.account_id]).arn for row in rows]
    assert "assumed-role" in found[0]
    assert found[1] == fleet.members[1].arn
    assert os.environ["AWS_CONFIG_FILE"] == str(tmp_path / "own")


def test_that_a_session_is_new_before_the_sdk_wants_it(fleet: Fleet) -> None:
    now = [datetime.now(UTC)]
    roles = Roles(fleet.hub, ROLE, run_id="RUN", now=lambda: now[0])
    account_id = fleet.rows[0].account_id
    first = roles.credentials(account_id)
    now[0] += timedelta(minutes=43)
    assert roles.credentials(account_id) == first
    now[0] += timedelta(minutes=2)
    second = roles.credentials(account_id)
    assert second["AccessKeyId"] != first["AccessKeyId"]
    assert assumed() == 2


def test_who_was_refused_what_and_what_to_add(fleet: Fleet) -> None:
    there, hub = fleet.members[0], fleet.hub
    add_role(there, hub.account_id, "other", StringEquals={"sts:ExternalId": "right"})
    (row, _) = fleet.rows
    with for_accounts(fleet.rows, role="other", external_id="right") as given:
        opened(row, given[row.account_id])
        with pytest.raises(RunbookError) as refused:  # it has no such role
            opened(fleet.rows[1], given[fleet.rows[1].account_id])
    arn = f"arn:aws:iam::{fleet.rows[1].account_id}:role/other"
    assert str(refused.value) == (
        f"account {fleet.rows[1].account_id}: role {arn} could not be assumed by {hub.arn} "
        "(AccessDenied). Either the role is not there, or its trust policy does not admit the "
        f'hub: it needs Allow sts:AssumeRole for {{"AWS": "{hub.arn}"}}, with sts:ExternalId '
        f'"right"; or the hub lacks Allow sts:AssumeRole on {arn}'
    )
    with (
        for_accounts(fleet.rows, role="other", external_id="wrong") as given,
        pytest.raises(RunbookError, match='with sts:ExternalId "wrong"'),
    ):
        opened(row, given[row.account_id])


def test_that_a_session_as_hub_is_told_by_its_role(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_role(fleet.hub, fleet.hub.account_id, "operator")
    arn = f"arn:aws:iam::{fleet.hub.account_id}:role/operator"
    key = fleet.hub.sts.assume_role(RoleArn=arn, RoleSessionName="me")["Credentials"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    monkeypatch.setenv("AWS_SESSION_TOKEN", key["SessionToken"])
    (row, _) = fleet.rows
    with for_accounts([row], role="missing") as given, pytest.raises(RunbookError) as refused:
        opened(row, given[row.account_id])
    assert f'{{"AWS": "{arn}"}}' in str(refused.value)


def test_that_a_notebook_shows_what_a_kernel_is_told() -> None:
    """The SDK puts words of its own in front, and AccessDenied has another next step elsewhere."""
    said = "account 111111111111: role arn could not be assumed by arn (AccessDenied)."
    sdks = f"Error when retrieving credentials from custom-process: {said}"
    assert with_next_step(sdks) == with_next_step(said) == said
    assert "credential_process must be there" in with_next_step(sdks.replace(said, "no such file"))


def test_that_a_fleet_that_has_ended_is_told(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    (row, _) = fleet.rows
    with for_accounts([row], role=ROLE) as given:
        config = Path(os.environ["AWS_CONFIG_FILE"]).read_text()
    kept = Path(os.environ["HOME"]) / "kept"
    kept.write_text(config)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(kept))
    with pytest.raises(RunbookError, match="the fleet that gave its credentials has ended$"):
        opened(row, given[row.account_id])


def test_that_only_accounts_of_the_fleet_are_given(fleet: Fleet) -> None:
    (row, other) = fleet.rows
    with for_accounts([row], role=ROLE):
        config = Path(os.environ["AWS_CONFIG_FILE"])
        line = next(one for one in config.read_text().splitlines() if "credential_process" in one)
        command = shlex.split(line.partition("=")[2])
        asked = subprocess.run(
            [*command[:-1], other.account_id], capture_output=True, text=True, check=False
        )
    assert asked.returncode == 1
    assert (asked.stdout, asked.stderr) == (
        "",
        f"account {other.account_id}: not one of this fleet's\n",
    )


def things(account: Caller) -> dict[str, Any]:
    """What is in an account, without when it was used."""
    found = scenario.inventory(account)
    for role in found["RoleDetailList"]:
        del role["RoleLastUsed"]
    return found


def profile_with(text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "own").write_text(text)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "own"))


def test_that_a_pattern_that_leads_to_another_account_changes_nothing(
    fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The profile is named after one account, and its role is another's."""
    here, there = fleet.members
    profile_with(
        f"[profile {here.account_id}-admin]\ncredential_source = Environment\n"
        f"role_arn = arn:aws:iam::{there.account_id}:role/{ROLE}\n",
        monkeypatch,
        tmp_path,
    )
    before = things(there)
    pattern = "{account_id}-admin"
    with (
        for_accounts([Row(here.account_id)], profile_pattern=pattern) as given,
        pytest.raises(WrongAccountError, match=f"belongs to account {there.account_id}"),
    ):
        opened(Row(here.account_id), given[here.account_id])
    assert given == {here.account_id: f"{here.account_id}-admin"}
    assert things(there) == before


def test_that_a_profile_that_turns_into_another_account_changes_nothing(
    fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The credentials that its process prints next are another account's."""
    here, there = fleet.members
    for number, one in enumerate((here, there)):
        key = one.session.get_credentials()
        ends = datetime.now(UTC) + timedelta(hours=1)
        shown = {"Version": 1, "AccessKeyId": key.access_key, "SecretAccessKey": key.secret_key}
        text = json.dumps(shown | {"Expiration": ends.isoformat()})
        (tmp_path / f"{number}.json").write_text(text)
    both = f"cat {tmp_path}/0.json; mv {tmp_path}/1.json {tmp_path}/0.json 2>/dev/null; true"
    text = f"[profile turning]\ncredential_process = sh -c {shlex.quote(both)}\n"
    profile_with(text, monkeypatch, tmp_path)
    before = things(there)
    row = Row(here.account_id, "turning")
    with for_accounts([row]) as given:
        caller = opened(row, given[row.account_id])
        soon_over(caller)
        with pytest.raises(WrongAccountError, match=r"iam:CreateUser was not sent: .* are .* now"):
            caller.iam.create_user(UserName="somebody")
    assert things(there) == before


def test_that_a_refresh_of_the_role_stays_in_the_account(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sessions that the SDK thinks about to end are asked for again, and are known again."""
    (row, _) = fleet.rows
    with for_accounts([row], role=ROLE) as given:
        caller = opened(row, given[row.account_id])
        soon_over(caller)
        caller.iam.create_user(UserName="somebody")
    assert fleet.members[0].iam.get_user(UserName="somebody")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"role": "a", "profile_pattern": "{account_id}"}, "two ways into an account: choose one"),
        ({"profile_pattern": "admin"}, r"write \{account_id\} where the account's id stands"),
        ({"profile_pattern": "{account_id}\n"}, "profile .* is not accepted"),
        ({"profile_pattern": "{account_id}]"}, "profile .* is not accepted"),
        ({"role": "a b"}, "--role 'a b' is not accepted"),
        ({"role": "역할"}, "--role '역할' is not accepted"),
        ({"role": "a\nb"}, "is not accepted"),
        ({"role": "a", "external_id": "x"}, "--external-id 'x' is not accepted"),
        ({"external_id": "long"}, "--external-id goes with --role"),
        ({}, r"no credentials are named for 111111111111, 222222222222; nothing was sent"),
    ],
)
def test_what_is_refused_before_anything_is_sent(options: dict[str, str], said: str) -> None:
    rows = [Row("111111111111"), Row("222222222222")]
    with pytest.raises(ParameterError, match=said), for_accounts(rows, **options):
        pass
    assert journal.CALLS == []


def test_that_a_hub_without_credentials_is_told_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    rows = [Row("111111111111")]
    with pytest.raises(RunbookError, match="Sign in"), for_accounts(rows, role="a"):
        pass
