"""The user's MFA device in the variant mfa: made once, made whole, ours or somebody's own."""

import os
import re
import stat
import subprocess
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from runbook_lib import iam, local_aws, plan, tables
from runbook_lib.account import journal, ownership, profiles, waiting
from runbook_lib.account.caller import Caller
from runbook_lib.account.secret import Secret, redact
from runbook_lib.attempts import require
from runbook_lib.errors import ForeignObjectError, RunbookError
from runbook_lib.machine import totp
from runbook_lib.runbook import Runbook, open_runbook
from tests.scenario import build, destroy, evidence, inventory, sign_in, varied
from tests.test_command_line import BIN, runbook

NAME = "assume-role-user"


@pytest.fixture
def mfa(book: Runbook) -> Runbook:
    """The variant mfa, with its user and nothing else."""
    iam.create_user(book.user_account, NAME)
    return varied(book, variant="mfa")


def make(book: Runbook) -> str:
    return str(iam.create_virtual_mfa_device(book.user_account, NAME)["Outcome"])


def planned(book: Runbook) -> tuple[str, str]:
    (row,) = (row for row in plan.plan(book) if row["Kind"] == "MFA device")
    return row["Plan"], row["Detail"]


def devices(account: Caller) -> list[Any]:
    return list(account.iam.list_mfa_devices(UserName=NAME)["MFADevices"])


def serial(account: Caller) -> str:
    return f"arn:aws:iam::{account.account_id}:mfa/{NAME}"


def test_a_device_is_made_once(mfa: Runbook, account: Caller) -> None:
    assert planned(mfa) == ("create", "")
    assert make(mfa) == "created"
    assert planned(mfa) == ("keep", "")
    before = journal.changes()
    assert make(mfa) == "already there"
    assert journal.changes() == before
    (one,) = devices(account)
    assert one["SerialNumber"] == serial(account)
    tags = account.iam.list_mfa_device_tags(SerialNumber=serial(account))["Tags"]
    assert ownership.value({"Tags": tags}, ownership.VARIANT_TAG) == "mfa"


def test_other_variants_want_none_and_call_nothing(book: Runbook, account: Caller) -> None:
    before = len(journal.CALLS)
    made = iam.create_virtual_mfa_device(account, NAME, variant="tutorial")
    assert made == {"Outcome": "not wanted in this variant"}
    assert len(journal.CALLS) == before
    assert "not wanted" in tables.mfa_device(made).to_string()
    assert "MFA device" not in {row["Kind"] for row in plan.plan(book)}


def test_a_device_whose_seed_is_lost_is_replaced(mfa: Runbook, account: Caller) -> None:
    make(mfa)
    first = profiles.read_device("local", account.account_id)
    profiles.remove("local", account.account_id)
    assert planned(mfa) == ("change", "replaced: this machine does not hold its seed")
    assert make(mfa) == "replaced"
    second = profiles.read_device("local", account.account_id)
    assert first is not None
    assert second is not None
    assert first.seed.reveal() != second.seed.reveal()
    assert len(devices(account)) == 1


def test_a_seed_of_an_earlier_device_of_the_name_is_not_believed(
    mfa: Runbook, account: Caller
) -> None:
    make(mfa)
    held = profiles.read_device("local", account.account_id)
    assert held is not None
    old = held._replace(made_by="20200101T000000Z-abcdef", seed=Secret("A" * 64))
    profiles.write_device("local", account.account_id, old)
    assert make(mfa) == "replaced"


def test_a_device_that_is_not_enabled_is_enabled(mfa: Runbook, account: Caller) -> None:
    make(mfa)
    account.iam.deactivate_mfa_device(UserName=NAME, SerialNumber=serial(account))
    assert planned(mfa) == ("change", "enabled")
    assert make(mfa) == "enabled"
    build(mfa)
    require(evidence(mfa))


def test_somebody_elses_device_of_that_name_is_left_alone(book: Runbook, account: Caller) -> None:
    mfa = varied(book, variant="mfa")
    account.iam.create_virtual_mfa_device(VirtualMFADeviceName=NAME)
    build(varied(mfa, variant="least-privilege"))
    account.iam.tag_user(UserName=NAME, Tags=ownership.device_made("x"))
    before = inventory(account)
    verdict, detail = planned(mfa)
    assert verdict == "blocked"
    assert "choose another user_name" in detail
    for adopt in (False, True):
        with pytest.raises(ForeignObjectError, match=r"nothing was changed:\nMFA device"):
            plan.require_clear(plan.plan(mfa), adopt=adopt)
    plan.adopt(mfa, plan.plan(mfa))
    with pytest.raises(ForeignObjectError, match="did not make it"):
        make(mfa)
    assert inventory(account) == before
    destroy(mfa)
    left = account.iam.list_virtual_mfa_devices(AssignmentStatus="Any")["VirtualMFADevices"]
    assert [one["SerialNumber"] for one in left] == [serial(account)]


def test_a_persons_own_device_on_the_user_stays_and_is_told(mfa: Runbook, account: Caller) -> None:
    made = account.iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")
    seed = made["VirtualMFADevice"]["Base32StringSeed"].decode()
    step = totp.step_at(parsedate_to_datetime(made["ResponseMetadata"]["HTTPHeaders"]["date"]))
    account.iam.enable_mfa_device(
        UserName=NAME,
        SerialNumber=made["VirtualMFADevice"]["SerialNumber"],
        AuthenticationCode1=totp.code(seed, step - 1),
        AuthenticationCode2=totp.code(seed, step),
    )
    build(mfa)
    require(evidence(mfa))
    outcomes = {row["Kind"]: row["Outcome"] for row in destroy(mfa)}
    assert outcomes["MFA device"] == "deleted"
    assert outcomes["user"] == (
        "left: DeleteConflict: Cannot delete entity, must delete MFA device first. Somebody else "
        "added that to what the runbook made: take it away, then run destroy again."
    )
    assert [one["SerialNumber"].rpartition("/")[2] for one in devices(account)] == ["phone"]


def test_destroy_takes_the_device_whatever_the_variant_is_now(
    mfa: Runbook, account: Caller
) -> None:
    destroy(mfa)
    before = inventory(account)
    build(mfa)
    tutorial = varied(mfa, variant="tutorial")
    assert planned(tutorial)[0] == "orphan"
    outcomes = {row["Kind"]: row["Outcome"] for row in destroy(tutorial)}
    assert outcomes["MFA device"] == "deleted"
    assert inventory(account) == before
    assert profiles.read_device("local", account.account_id) is None
    folder = profiles.folder("local", account.account_id)
    assert [path.name for path in folder.iterdir() if path.name != "lock"] == []


def test_a_device_whose_user_somebody_deleted_is_taken_away_as_well(
    mfa: Runbook, account: Caller
) -> None:
    make(mfa)
    account.iam.deactivate_mfa_device(UserName=NAME, SerialNumber=serial(account))
    account.iam.delete_user(UserName=NAME)
    (row,) = (row for row in plan.removals(mfa) if row["Kind"] == "MFA device")
    assert row["Outcome"] == "would be deleted"
    (row,) = (row for row in destroy(mfa) if row["Kind"] == "MFA device")
    assert row["Outcome"] == "deleted"
    assert inventory(account)["VirtualMFADevices"] == []


def test_the_seed_is_a_secret_like_the_key(mfa: Runbook, account: Caller) -> None:
    made = iam.create_virtual_mfa_device(mfa.user_account, NAME)
    held = profiles.read_device("local", account.account_id)
    assert held is not None
    seed = held.seed.reveal()
    assert re.fullmatch("[A-Z2-7]{64}", seed)
    path = profiles.folder("local", account.account_id) / "mfa-device"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    shown = [made, held, journal.CALLS, tables.mfa_device(made).to_string(), vars(account)]
    assert seed not in str(shown)
    held_as = [seed, seed.encode(), f"<Base32StringSeed>{'QUJD' * 20}</Base32StringSeed>"]
    assert not any(part in str(redact(held_as)) for part in (seed[:12], seed[20:40], "QUJD"))
    commands = "\n".join(call.command for call in journal.CALLS)
    assert "--authentication-code1 '******' --authentication-code2 '******'" in commands
    assert "--outfile seed --bootstrap-method Base32StringSeed" in commands


def test_a_run_shows_the_seed_nowhere(account: Caller, tmp_path: Path) -> None:
    where = [account.account_id, "--variant", "mfa", "--output", str(tmp_path / "runs")]
    out, err = runbook("run", *where, "--json")
    held = profiles.read_device("local", account.account_id)
    key = profiles.read_key("local", account.account_id)
    assert held is not None
    assert key is not None
    written = [path.read_text() for path in (tmp_path / "runs").rglob("*") if path.is_file()]
    assert len(written) > 8
    for secret in (held.seed.reveal(), key.secret_access_key.reveal()):
        assert not any(secret[at : at + 12] in out + err + "".join(written) for at in (0, 20))


def test_the_profile_names_the_device(mfa: Runbook, account: Caller) -> None:
    build(mfa)
    mfa.hand_over(mfa.open_user())
    config = profiles.folder("local", account.account_id) / "config"
    assert f"mfa_serial = {serial(account)}\n" in config.read_text()
    plain = varied(mfa, variant="least-privilege")
    plain.hand_over(plain.open_user())
    assert "mfa_serial" not in config.read_text()


def test_the_aws_cli_asks_for_a_code_with_that_profile(mfa: Runbook, account: Caller) -> None:
    build(mfa)
    mfa.hand_over(mfa.open_user())
    folder = profiles.folder("local", account.account_id)
    asked = subprocess.run(
        [str(BIN / "aws"), "--profile", "assume-role-role", "sts", "get-caller-identity"],
        env={
            "PATH": os.environ["PATH"],
            "HOME": os.environ["HOME"],
            "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
            "AWS_CONFIG_FILE": str(folder / "config"),
        },
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # without a terminal to ask at
        capture_output=True,
        text=True,
    )
    assert asked.returncode
    assert f"Enter MFA code for {serial(account)}" in asked.stderr


def test_each_code_is_waited_for_on_a_real_account(
    mfa: Runbook, account: Caller, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """The embedded AWS as a real one: where a run would sleep, its clock is moved instead."""
    sign_in(monkeypatch, account)
    slept = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        running = local_aws.running()
        assert running is not None
        local_aws.move_clock(running, account.account_id, seconds)

    monkeypatch.setattr(waiting, "sleep", sleep)
    real = open_runbook({"account_id": account.account_id, "backend": "aws", "variant": "mfa"})
    build(real)
    require(evidence(real))
    assert slept[-1] == 60
    assert len(slept) >= 3
    assert max(slept) <= 60
    said = capsys.readouterr().err
    assert "seconds for the next code of the MFA device …" in said
    assert "for the session to be older than the trust policy admits …" in said
    destroy(real)


def test_a_name_of_all_the_letters_that_aws_takes(account: Caller) -> None:
    where = {"account_id": account.account_id, "variant": "mfa", "user_name": "a+b=c,d.@-_e"}
    book = open_runbook(where)
    build(book)
    require(evidence(book))
    assert {row["Outcome"] for row in destroy(book)} == {"deleted"}


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1"])
def test_each_partition_has_devices(account: Caller, region: str) -> None:
    book = open_runbook({"account_id": account.account_id, "variant": "mfa", "region": region})
    build(book)
    require(evidence(book))
    assert {row["Outcome"] for row in destroy(book)} == {"deleted"}


def test_user_and_role_in_two_accounts(account: Caller) -> None:
    other = f"{(int(account.account_id) + 1) % 10**12:012}"
    where = {"account_id": account.account_id, "trusted_account_id": other, "variant": "mfa"}
    book = open_runbook(where)
    build(book)
    require(evidence(book))
    assert {row["Outcome"] for row in destroy(book)} == {"deleted"}


@pytest.mark.parametrize("text", ["[assume-role-user]\nseed = CANARY\n", "CANARY", "[a\nCANARY"])
def test_a_damaged_file_is_a_message_without_a_line_of_it(
    mfa: Runbook, account: Caller, text: str
) -> None:
    make(mfa)
    path = profiles.folder("local", account.account_id) / "mfa-device"
    path.write_text(text)
    expected = "is not a profile file" if text == "CANARY" or "[a\n" in text else f"{path}"
    with pytest.raises(RunbookError, match=expected) as told:
        plan.plan(mfa)
    assert "CANARY" not in str(told.value)
