"""What was not shown, or is not the runbook's, stays; what is the runbook's is found and told."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from runbook_lib import plan
from runbook_lib.account import ownership, profiles
from runbook_lib.account.caller import Caller
from runbook_lib.account.opening import open_account
from runbook_lib.account.secret import Secret
from runbook_lib.errors import ForeignObjectError, MissingStepError
from runbook_lib.headless.kernels import prepared
from runbook_lib.runbook import Runbook
from tests.scenario import build, destroy, inventory, varied
from tests.test_plan import verdicts

USER, ROLE, POLICY = "assume-role-user", "assume-role-role", "assume-role-policy"


def document(*actions: str) -> str:
    statement = {"Effect": "Allow", "Action": [*actions], "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def keys_of(account: Caller, user_name: str = USER) -> list[str]:
    listed = account.iam.list_access_keys(UserName=user_name)["AccessKeyMetadata"]
    return [key["AccessKeyId"] for key in listed]


def delete_the_user(account: Caller) -> None:
    """Somebody takes the user away, as AWS lets them."""
    for key in keys_of(account):
        account.iam.delete_access_key(UserName=USER, AccessKeyId=key)
    arn = f"arn:aws:iam::{account.account_id}:policy/{POLICY}"
    account.iam.detach_user_policy(UserName=USER, PolicyArn=arn)
    account.iam.delete_user(UserName=USER)


@pytest.mark.parametrize("named", [True, False])
def test_a_policy_that_somebody_edited_is_the_runbooks_all_the_same(
    book: Runbook, account: Caller, named: bool
) -> None:
    """By its name, or by a version that is still as the runbook made it."""
    before = inventory(account)
    wanted = build(book)
    edited = document("sts:AssumeRole", "sts:TagSession")
    account.iam.create_policy_version(
        PolicyArn=wanted.policy_arn, PolicyDocument=edited, SetAsDefault=True
    )
    if named:
        account.iam.delete_policy_version(PolicyArn=wanted.policy_arn, VersionId="v1")
    else:
        book = varied(book, policy_name="other", user_name="other", role_name="other")
        orphans = [row["Name"] for row in plan.plan(book) if row["Plan"] == "orphan"]
        assert POLICY in orphans
    assert plan.is_complete(destroy(book))
    assert inventory(account) == before


def test_what_came_on_something_that_was_shown_is_not_deleted(
    book: Runbook, account: Caller
) -> None:
    build(book)
    arn = "arn:aws:iam::aws:policy/AmazonEC2FullAccess"
    account.iam.detach_role_policy(RoleName=ROLE, PolicyArn=arn)
    shown = plan.removals(book)
    account.iam.attach_role_policy(RoleName=ROLE, PolicyArn=arn)
    rows = {row["Kind"]: row["Outcome"] for row in plan.destroy(book, shown, confirm=True)}
    assert rows["role's policy"].startswith("left: it has come since")
    assert rows["role"].startswith("left: DeleteConflict")
    assert rows["user"] == rows["policy"] == "deleted"
    assert plan.is_complete(destroy(book))


def test_a_device_that_somebody_made_in_the_place_of_ours_is_not_deleted(
    book: Runbook, account: Caller
) -> None:
    book = varied(book, variant="mfa")
    build(book)
    device = {"SerialNumber": f"arn:aws:iam::{account.account_id}:mfa/{USER}"}
    account.iam.deactivate_mfa_device(UserName=USER, **device)
    delete_the_user(account)
    shown = plan.removals(book)
    assert "MFA device" in {row["Kind"] for row in shown if row["Id"]}
    account.iam.delete_virtual_mfa_device(**device)
    account.iam.create_virtual_mfa_device(VirtualMFADeviceName=USER)
    plan.destroy(book, shown, confirm=True)
    (left,) = account.iam.list_virtual_mfa_devices()["VirtualMFADevices"]
    assert left["SerialNumber"] == device["SerialNumber"]


def test_what_is_said_to_be_deleted_is_gone_though_somebody_was_faster(
    book: Runbook, account: Caller
) -> None:
    arn = build(book).policy_arn
    account.iam.create_policy_version(PolicyArn=arn, PolicyDocument=document("sts:AssumeRole"))
    somebody = open_account(account.account_id)

    def is_faster(**_: object) -> None:
        somebody.iam.delete_policy_version(PolicyArn=arn, VersionId="v2")

    account.iam.meta.events.register("before-send.iam.DeletePolicyVersion", is_faster)
    assert plan.is_complete(destroy(book))
    assert inventory(account)["Policies"] == []


def test_a_user_that_goes_while_it_is_looked_at_stops_nothing(
    book: Runbook, account: Caller
) -> None:
    """AWS's details of an account may also be some seconds old."""
    build(book)
    somebody = open_account(account.account_id)

    def goes(**_: object) -> None:
        account.iam.meta.events.unregister("before-send.iam.ListAccessKeys", goes)
        delete_the_user(somebody)

    for look in (plan.plan, destroy):
        account.iam.meta.events.register("before-send.iam.ListAccessKeys", goes)
        look(book)
        build(book)


def test_a_key_is_not_forgotten_while_it_lives(book: Runbook, account: Caller) -> None:
    """Somebody tidied the tags away, so that the user is nobody's."""
    build(book)
    account.iam.untag_user(UserName=USER, TagKeys=[ownership.RUN_TAG])
    destroy(book)
    held = profiles.read_key("local", account.account_id)
    assert held
    assert keys_of(account) == [held.access_key_id]


def test_files_beside_the_key_that_are_named_like_it_stay(book: Runbook, account: Caller) -> None:
    build(book)
    folder = profiles.folder("local", account.account_id)
    mine = {"credentials.bak", "config.d", "configuration", ".config-of-mine", "mfa-device.txt"}
    for name in mine:
        (folder / name).touch()
    half = folder / ".credentials.x1y2z3"  # as a crash leaves it
    half.touch()
    destroy(book)
    assert {path.name for path in folder.iterdir()} == mine


@pytest.mark.parametrize(
    ("name", "mode", "stays"),
    [
        ("runbook-99999999-abcd_123", 0o700, False),
        ("runbook-99999999-abcd_123", 0o1700, False),  # as the sockets of kernels make it
        ("runbook-99999999-config-abcd_123", 0o700, False),
        ("runbook-99999999-abcd_123", 0o755, True),
        ("runbook-99999999-notes", 0o700, True),
        ("runbook-99999999-of-last-year", 0o700, True),
        ("runbook-OURS-abcd_123", 0o700, True),
    ],
)
def test_of_the_temporary_folders_only_those_of_killed_runbooks_are_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, mode: int, stays: bool
) -> None:
    place, name = tmp_path / "t", name.replace("OURS", str(os.getpid()))
    place.mkdir()
    monkeypatch.setattr(prepared.tempfile, "gettempdir", lambda: str(place))
    monkeypatch.setattr(prepared, "_LONGEST_FOLDER", 1000)
    (place / name).mkdir()
    (place / name).chmod(mode)
    prepared.private_folder()
    assert (place / name).exists() == stays


def give_two_keys(account: Caller) -> None:
    for key in keys_of(account):
        account.iam.delete_access_key(UserName=USER, AccessKeyId=key)
    for _ in range(2):
        account.iam.create_access_key(UserName=USER)


def give_the_user_a_group(account: Caller) -> None:
    account.iam.create_group(GroupName="people")
    account.iam.add_user_to_group(GroupName="people", UserName=USER)


def give_the_role_more(account: Caller) -> None:
    arn = "arn:aws:iam::aws:policy/AdministratorAccess"
    account.iam.attach_role_policy(RoleName=ROLE, PolicyArn=arn)


@pytest.mark.parametrize("theirs", [True, False], ids=["theirs", "ours"])
@pytest.mark.parametrize(
    ("give", "told"),
    [
        (give_two_keys, "already has two access keys that the runbook did not make"),
        (give_the_user_a_group, "somebody else gave it the group people"),
        (give_the_role_more, "somebody else gave it arn"),
    ],
)
def test_what_would_stop_a_run_on_its_way_is_told_before_anything_is_changed(
    book: Runbook, account: Caller, give: Callable[[Caller], None], told: str, theirs: bool
) -> None:
    if theirs:
        account.iam.create_user(UserName=USER)
        trust = json.dumps(book.wanted.trust)
        account.iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=trust)
    else:
        build(book)
    give(account)
    with pytest.raises(ForeignObjectError, match=f"nothing was changed:\n.*{told}"):
        plan.require_clear(plan.plan(book), adopt=True)
    with pytest.raises(ForeignObjectError, match="--adopt" if theirs else told):
        plan.require_clear(plan.plan(book))


@pytest.mark.parametrize("kind", ["policy", "user", "role"])
def test_a_notebook_alone_tells_of_a_name_that_differs_by_case(
    book: Runbook, account: Caller, kind: str
) -> None:
    trust = json.dumps(book.wanted.trust)
    theirs: dict[str, Callable[[], object]] = {
        "policy": lambda: account.iam.create_policy(
            PolicyName=POLICY.title(), PolicyDocument=document("sts:AssumeRole")
        ),
        "user": lambda: account.iam.create_user(UserName=USER.title()),
        "role": lambda: account.iam.create_role(
            RoleName=ROLE.title(), AssumeRolePolicyDocument=trust
        ),
    }
    theirs[kind]()
    assert verdicts(book)[f"{kind} assume-role-{kind}"] == "blocked"
    with pytest.raises(ForeignObjectError, match=f"choose another name .-r {kind}_name NAME"):
        build(book)


@pytest.mark.parametrize("whose", ["of another user", "of another account"])
def test_the_user_is_not_opened_with_somebody_elses_key(
    book: Runbook, account: Caller, whose: str
) -> None:
    build(book)
    other = f"{(int(account.account_id) + 1) % 10**12:012}"
    owner = open_account(other) if whose == "of another account" else account
    owner.iam.create_user(UserName="somebody")
    key = owner.iam.create_access_key(UserName="somebody")["AccessKey"]
    held = profiles.AccessKey(key["AccessKeyId"], Secret(key["SecretAccessKey"]))
    profiles.write_key("local", account.account_id, held)
    with pytest.raises(MissingStepError, match=r"holds is arn.*:user/somebody's.*03_user"):
        book.open_user()
    build(book)
    assert book.open_user().arn == book.wanted.user_arn
    assert keys_of(owner, "somebody") == [key["AccessKeyId"]]
