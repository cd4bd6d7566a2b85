"""Virtual MFA devices, their codes, and what a second factor is worth, as AWS has it."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import urllib3
from botocore.exceptions import ClientError
from local_aws_people import Account, Actor, allow, trusting

from runbook_lib.local_aws import server_state
from runbook_lib.machine import totp

PRESENT, AGE = "aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge"
WRONG = "MultiFactorAuthentication failed with invalid MFA one time pass code. "


class Phone:
    """Somebody's virtual device, which shows codes by the embedded AWS's clock."""

    def __init__(self, account: Account, name: str = "alice", *, for_user: str = "alice") -> None:
        made = account.iam.create_virtual_mfa_device(VirtualMFADeviceName=name)
        self.account, self.serial = account, made["VirtualMFADevice"]["SerialNumber"]
        self.seed = made["VirtualMFADevice"]["Base32StringSeed"].decode()
        self.user = for_user

    def code(self, steps: int = 0) -> str:
        return totp.code(self.seed, totp.step_at(self.account.aws.clock.now()) + steps)

    def enable(self, first: int = -1, second: int = 0) -> "Phone":
        self.account.iam.enable_mfa_device(
            UserName=self.user,
            SerialNumber=self.serial,
            AuthenticationCode1=self.code(first),
            AuthenticationCode2=self.code(second),
        )
        return self

    def next(self) -> dict[str, str]:
        """A code that was not used, as parameters."""
        self.account.wait(60)
        return {"SerialNumber": self.serial, "TokenCode": self.code()}

    def now(self, steps: int) -> dict[str, str]:
        return {"SerialNumber": self.serial, "TokenCode": self.code(steps)}


def session(actor: Actor, **given: Any) -> Actor:
    found = actor.sts.get_session_token(**given)["Credentials"]
    keys = (found[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
    return Actor(actor.aws, *keys)


def refusal(call: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as caught:
        call()
    error, answer = caught.value.response["Error"], caught.value.response["ResponseMetadata"]
    return f"{error['Code']} {answer['HTTPStatusCode']}: {error['Message']}"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_that_codes_are_those_of_the_rfc(seconds: int, shown: str) -> None:
    """RFC 6238, appendix B; of its eight digits the last six."""
    assert totp.code("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", seconds // 30) == shown


@pytest.mark.parametrize(("first", "second"), [(-1, 0), (0, 1), (-2, -1)])
def test_that_two_consecutive_codes_enable_a_device(
    account: Account, first: int, second: int
) -> None:
    account.user()
    phone = Phone(account).enable(first, second)
    (shown,) = account.iam.list_mfa_devices(UserName="alice")["MFADevices"]
    assert (shown["SerialNumber"], shown["UserName"]) == (phone.serial, "alice")


@pytest.mark.parametrize(
    ("first", "second"), [(0, 0), (0, -1), (-2, 0), (-3, -2), (1, 2), (100, 101)]
)
def test_that_other_codes_do_not(account: Account, first: int, second: int) -> None:
    account.user()
    phone = Phone(account)
    said = refusal(lambda: phone.enable(first, second))
    assert said == ("InvalidAuthenticationCode 403: Authentication code for device is not valid.")
    assert account.iam.list_mfa_devices(UserName="alice")["MFADevices"] == []
    phone.enable()


def test_that_a_code_is_good_once_and_wrong_ones_change_nothing(account: Account) -> None:
    user = account.user()
    phone = Phone(account).enable()
    for used in (-1, 0):
        assert refusal(lambda at=used: session(user, **phone.now(at))) == (  # type: ignore[misc]
            f"AccessDenied 403: {WRONG}"
        )
    account.wait(90)
    for _ in range(3):
        wrong = {"SerialNumber": phone.serial, "TokenCode": f"{int(phone.code()) ^ 1:06}"}
        assert WRONG in refusal(lambda given=wrong: session(user, **given))  # type: ignore[misc]
    for far in (-2, 2):
        assert WRONG in refusal(lambda at=far: session(user, **phone.now(at)))  # type: ignore[misc]
    good = phone.now(-1)
    session(user, **good)
    assert WRONG in refusal(lambda: session(user, **good))
    session(user, **phone.now(1))
    assert WRONG in refusal(lambda: session(user, **phone.now(0))), "older than the last one used"


def test_that_a_device_is_its_users_alone(account: Account) -> None:
    alice, bob = account.user(), account.user(name="bob")
    phone = Phone(account).enable()
    not_theirs = (
        "AccessDenied 403: MultiFactorAuthentication failed, unable to validate MFA code.  Please "
        "verify your MFA serial number is valid and associated with this user."
    )
    role = account.assume(account.role(allow("*"), trust=trusting(account.id)))
    other = account.role(name="other")
    assert refusal(lambda: session(bob, **phone.next())) == not_theirs
    assert refusal(lambda: role.assume(other, **phone.next())) == not_theirs
    made_up = {"SerialNumber": f"{phone.serial}x", "TokenCode": "123456"}
    assert refusal(lambda: session(alice, **made_up)) == not_theirs
    for half in ("SerialNumber", "TokenCode"):
        given = {half: phone.next()[half]}
        assert "must provide both MFA serial number and one time pass code." in refusal(
            lambda given=given: session(alice, **given)  # type: ignore[misc]
        )
    account.iam.deactivate_mfa_device(UserName="alice", SerialNumber=phone.serial)
    assert refusal(lambda: session(alice, **phone.next())) == not_theirs


def when(operator: str, key: str, value: str) -> dict[str, Any]:
    return {"Condition": {operator: {key: value}}}


# Who asks, by the administrator, a user and the user's phone; and whether MFA is present there:
# AWS's "true", "false", or no such key.
PRINCIPALS: dict[str, tuple[Callable[[Account, Actor, Phone], Actor], str]] = {
    "a long-term key": (lambda a, u, p: u, "absent"),
    "a session without a code": (lambda a, u, p: session(u), "false"),
    "a session with one": (lambda a, u, p: session(u, **p.next()), "true"),
    "a role's session": (lambda a, u, p: u.assume(a.arn("role/app")), "false"),
    "a role's session, assumed with a code": (
        lambda a, u, p: u.assume(a.arn("role/app"), **p.next()),
        "false",
    ),
    "a role's session, assumed from a session with MFA": (
        lambda a, u, p: session(u, **p.next()).assume(a.arn("role/app")),
        "false",
    ),
}
KEYS = {
    "true": when("Bool", PRESENT, "true"),
    "false": when("Bool", PRESENT, "false"),
    "absent": when("Null", PRESENT, "true"),
}


@pytest.mark.parametrize("who", PRINCIPALS)
def test_that_mfa_is_present_where_aws_has_it(account: Account, who: str) -> None:
    make, expected = PRINCIPALS[who]
    actions = dict(zip(KEYS, ("Instances", "Vpcs", "Subnets"), strict=True))
    may = [allow(f"ec2:Describe{actions[name]}", **KEYS[name]) for name in KEYS]
    user = account.user(*may, allow("sts:AssumeRole"))
    account.role(*may)
    actor = make(account, user, Phone(account).enable())
    seen = []
    for name, what in actions.items():
        try:
            getattr(actor.ec2, f"describe_{what.lower()}")()
            seen.append(name)
        except ClientError:
            pass
    assert seen == [expected]


def test_that_the_age_of_mfa_is_counted_from_its_code(account: Account) -> None:
    role = account.role(trust=trusting(account.id, **when("NumericLessThan", AGE, "60")))
    user = account.user(allow("sts:AssumeRole"))
    phone = Phone(account).enable()
    signed_in = session(user, **phone.next())
    signed_in.assume(role)
    account.wait(59)
    signed_in.assume(role)
    account.wait(1)
    assert "AccessDenied" in refusal(lambda: signed_in.assume(role))
    assert "AccessDenied" in refusal(lambda: user.assume(role)), "without MFA there is no age"
    assert "AccessDenied" in refusal(lambda: session(user).assume(role))
    user.assume(role, **phone.next())


def test_that_a_session_without_mfa_may_call_ec2_but_not_iam(account: Account) -> None:
    user = account.user(allow("*"))
    plain = session(user)
    plain.ec2.describe_instances()
    assert refusal(plain.iam.list_users).startswith("InvalidClientTokenId 403: The security token")
    plain.assume(account.role())
    who = plain.sts.get_caller_identity()
    assert who["Arn"] == account.arn("user/alice")
    assert plain.key_id.startswith("ASIA")
    own = session(user, **Phone(account).enable().next())
    own.iam.list_users()
    assert own.iam.get_user()["User"]["UserName"] == "alice", "still the user, who may mean itself"
    for one in (plain, own):
        said = refusal(one.sts.get_session_token)
        assert said == "AccessDenied 403: Cannot call GetSessionToken with session credentials"


def test_that_get_session_token_needs_no_permission_and_ends(account: Account) -> None:
    deny = {"Effect": "Deny", "Action": "sts:*", "Resource": "*"}
    user = account.user(deny)
    for seconds in (899, 129_601):
        said = refusal(lambda s=seconds: session(user, DurationSeconds=s))  # type: ignore[misc]
        assert said.startswith("ValidationError 400")
    for seconds in (900, 43_200, 129_600):
        given = {} if seconds == 43_200 else {"DurationSeconds": seconds}
        one = session(user, **given)
        account.wait(seconds - 1)
        one.sts.get_caller_identity()
        account.wait(1)
        assert "ExpiredToken" in refusal(one.sts.get_caller_identity)


def test_that_a_session_ends_with_its_user(account: Account) -> None:
    user = account.user(name="carol")
    one = session(user)
    account.iam.delete_access_key(UserName="carol", AccessKeyId=user.key_id)
    one.sts.get_caller_identity()
    account.iam.delete_user(UserName="carol")
    assert "InvalidClientTokenId" in refusal(one.sts.get_caller_identity)
    account.iam.create_user(UserName="carol")
    assert "InvalidClientTokenId" in refusal(one.sts.get_caller_identity), "another of the name"


def test_that_objects_conflict_as_at_aws(account: Account) -> None:
    iam, serial = account.iam, account.arn("mfa/alice")
    account.user()
    account.user(name="bob")
    phone = Phone(account)
    for name in ("alice", "ALICE"):
        assert refusal(lambda n=name: Phone(account, n)) == (  # type: ignore[misc]
            "EntityAlreadyExists 409: MFADevice entity at the same path and name already exists."
        )
    assert refusal(lambda: iam.deactivate_mfa_device(UserName="alice", SerialNumber=serial)) == (
        "NoSuchEntity 404: MFA Device invalid for user."
    )
    phone.enable()
    account.wait(90)
    phone.user = "bob"
    assert refusal(phone.enable) == "EntityAlreadyExists 409: MFA Device is already in use."
    assert "NoSuchEntity" in refusal(
        lambda: iam.deactivate_mfa_device(UserName="bob", SerialNumber=serial)
    )
    assert refusal(lambda: iam.delete_virtual_mfa_device(SerialNumber=serial)) == (
        "DeleteConflict 409: MFA VirtualDevice in use. Must deactivate first."
    )
    (key,) = iam.list_access_keys(UserName="alice")["AccessKeyMetadata"]
    iam.delete_access_key(UserName="alice", AccessKeyId=key["AccessKeyId"])
    assert refusal(lambda: iam.delete_user(UserName="alice")) == (
        "DeleteConflict 409: Cannot delete entity, must delete MFA device first."
    )
    iam.deactivate_mfa_device(UserName="alice", SerialNumber=serial)
    iam.delete_user(UserName="alice")
    iam.delete_virtual_mfa_device(SerialNumber=serial)
    assert refusal(lambda: iam.delete_virtual_mfa_device(SerialNumber=serial)) == (
        f"NoSuchEntity 404: VirtualMFADevice with serial number {serial} doesn't exist."
    )


def test_that_a_user_has_eight_devices_at_most(account: Account) -> None:
    account.user()
    for number in range(8):
        Phone(account, f"phone-{number}").enable()
    ninth = Phone(account, "phone-8")
    assert (
        refusal(ninth.enable) == "LimitExceeded 409: Cannot exceed quota for MFADevicesPerUser: 8"
    )


def test_that_a_seed_is_told_once(account: Account) -> None:
    account.user()
    phone = Phone(account).enable()
    Phone(account, "unassigned")
    assert re.fullmatch("[A-Z2-7]{64}", phone.seed)
    status = {
        kind: account.iam.list_virtual_mfa_devices(AssignmentStatus=kind)["VirtualMFADevices"]
        for kind in ("Any", "Assigned", "Unassigned")
    }
    assert [len(status[kind]) for kind in status] == [2, 1, 1]
    page = account.iam.list_virtual_mfa_devices(MaxItems=1)
    rest = account.iam.list_virtual_mfa_devices(Marker=page["Marker"])
    assert [page["IsTruncated"], rest["IsTruncated"]] == [True, False]
    assert page["VirtualMFADevices"] + rest["VirtualMFADevices"] == status["Any"]
    (mine,) = status["Assigned"]
    assert mine.keys() == {"SerialNumber", "User", "EnableDate"}
    assert mine["User"].keys() == {"Path", "UserName", "UserId", "Arn", "CreateDate"}
    assert status["Unassigned"][0].keys() == {"SerialNumber"}


def test_that_devices_have_tags(account: Account) -> None:
    tags = [{"Key": "team", "Value": "a"}]
    serial = account.iam.create_virtual_mfa_device(VirtualMFADeviceName="x", Tags=tags)[
        "VirtualMFADevice"
    ]["SerialNumber"]
    more = [{"Key": "team", "Value": "b"}, {"Key": "use", "Value": "c"}]
    account.iam.tag_mfa_device(SerialNumber=serial, Tags=more)
    assert account.iam.list_mfa_device_tags(SerialNumber=serial)["Tags"] == more
    account.iam.untag_mfa_device(SerialNumber=serial, TagKeys=["team"])
    assert account.iam.list_mfa_device_tags(SerialNumber=serial)["Tags"] == more[1:]


OWN = [  # as AWS's documentation lets people manage their own devices
    allow("iam:ListVirtualMFADevices"),
    allow("iam:*VirtualMFADevice", "arn:aws:iam::*:mfa/${aws:username}"),
    allow(["iam:EnableMFADevice", "iam:ListMFADevices"], "arn:aws:iam::*:user/${aws:username}"),
    allow(
        "iam:DeactivateMFADevice",
        "arn:aws:iam::*:user/${aws:username}",
        **when("Bool", PRESENT, "true"),
    ),
]


def test_that_people_can_be_allowed_their_own_device_alone(account: Account) -> None:
    alice = account.user(*OWN)
    account.user(name="bob")
    me: Any = Account(account.aws, account.id)
    me.__dict__["iam"] = alice.iam
    phone = Phone(me).enable()
    assert len(alice.iam.list_virtual_mfa_devices()["VirtualMFADevices"]) == 1
    assert len(alice.iam.list_mfa_devices()["MFADevices"]) == 1
    denied = "AccessDenied 403: User: {} is not authorized to perform: iam:{} on resource: {} "
    for action, resource, call in [
        ("CreateVirtualMFADevice", account.arn("mfa/bob"), lambda: Phone(me, "bob")),
        ("ListMFADevices", "user bob", lambda: alice.iam.list_mfa_devices(UserName="bob")),
        (
            "DeactivateMFADevice",
            "user alice",
            lambda: alice.iam.deactivate_mfa_device(UserName="alice", SerialNumber=phone.serial),
        ),
        (
            "DeleteVirtualMFADevice",
            account.arn("mfa/bob"),
            lambda: alice.iam.delete_virtual_mfa_device(SerialNumber=account.arn("mfa/bob")),
        ),
    ]:
        said = refusal(call)  # type: ignore[arg-type]
        assert said.startswith(denied.format(account.arn("user/alice"), action, resource))
    signed_in = session(alice, **phone.next())
    signed_in.iam.deactivate_mfa_device(UserName="alice", SerialNumber=phone.serial)
    alice.iam.delete_virtual_mfa_device(SerialNumber=phone.serial)
    nobody = account.user(name="nobody")
    said = refusal(nobody.iam.list_virtual_mfa_devices)
    assert f"iam:ListVirtualMFADevices on resource: {account.arn('mfa/')} " in said


def test_that_an_accounts_clock_moves_for_whoever_knows_the_servers_secret(
    account: Account,
) -> None:
    aws, other = account.aws, account.other()
    found = aws.described(os.getpid(), 0.0, "")

    def time_of(who: Account) -> datetime:
        answer = who.sts.get_caller_identity()["ResponseMetadata"]["HTTPHeaders"]
        return parsedate_to_datetime(answer["date"])

    def made(who: Account, name: str) -> datetime:
        return who.iam.create_user(UserName=name)["User"]["CreateDate"]

    before = time_of(account)
    server_state.move_clock(found, account.id, 30)
    server_state.move_clock(found, account.id, -30)
    pool = urllib3.PoolManager()
    told = {server_state.CLOCK_HEADER: f"{account.id} 3600"}
    asked = {server_state.CHALLENGE_HEADER: told[server_state.CLOCK_HEADER]}
    answer = pool.request("GET", aws.endpoint, headers=told | asked)
    for proof in ("guess", answer.headers[server_state.PROOF_HEADER]):
        pool.request("GET", aws.endpoint, headers=told | {server_state.PROOF_HEADER: proof})
    assert (time_of(account) - before).total_seconds() == 30
    assert time_of(other) == before
    assert [made(who, "alice") for who in (account, other)] == [
        time_of(account),
        before,
    ]
    one = session(account)
    server_state.move_clock(found, account.id, 43_200)
    assert "ExpiredToken" in refusal(one.sts.get_caller_identity)
    assert time_of(other) == before


def test_that_the_aws_cli_goes_the_whole_way(account: Account, tmp_path: Path) -> None:
    account.user(allow("sts:AssumeRole"))
    role = account.role(trust=trusting(account.id, **when("Bool", PRESENT, "true")))
    variables = {
        "AWS_ACCESS_KEY_ID": account.key_id,
        "AWS_SECRET_ACCESS_KEY": account.secret,
        "AWS_ENDPOINT_URL": account.aws.endpoint,
        "AWS_DEFAULT_REGION": account.region,
        "AWS_PAGER": "",
        "HOME": str(tmp_path),
        "PATH": os.environ["PATH"],
    }

    def aws(*words: str) -> Any:
        asked = subprocess.run(
            [sys.executable, str(Path(sys.executable).parent / "aws"), *words, "--output=json"],
            env=variables,
            capture_output=True,
            text=True,
            cwd=tmp_path,
        )
        assert asked.returncode == 0, asked.stderr
        return json.loads(asked.stdout or "{}")

    make = ["iam", "create-virtual-mfa-device", "--virtual-mfa-device-name"]
    made = aws(*make, "alice", "--outfile", "seed", "--bootstrap-method", "Base32StringSeed")
    assert made["VirtualMFADevice"].keys() == {"SerialNumber"}
    seed, serial = (tmp_path / "seed").read_text(), made["VirtualMFADevice"]["SerialNumber"]
    aws(*make, "other", "--outfile", "code.png", "--bootstrap-method", "QRCodePNG")
    assert (tmp_path / "code.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")

    step = totp.step_at(account.aws.clock.now())
    whose = ["--user-name", "alice"]
    codes = ["--authentication-code1", totp.code(seed, step - 1)]
    codes += ["--authentication-code2", totp.code(seed, step)]
    aws("iam", "enable-mfa-device", *whose, "--serial-number", serial, *codes)
    (device,) = aws("iam", "list-mfa-devices", *whose)["MFADevices"]
    assert device["SerialNumber"] == serial

    key = aws("iam", "create-access-key", *whose)["AccessKey"]
    variables |= {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
    }
    factor = ["--serial-number", serial, "--token-code"]
    assume = ["sts", "assume-role", "--role-arn", role, "--role-session-name", "me"]
    aws(*assume, *factor, totp.code(seed, step + 1))
    account.wait(60)
    found = aws("sts", "get-session-token", *factor, totp.code(seed, step + 2))["Credentials"]
    variables |= {
        "AWS_ACCESS_KEY_ID": found["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": found["SecretAccessKey"],
        "AWS_SESSION_TOKEN": found["SessionToken"],
    }
    aws(*assume)
    del variables["AWS_SESSION_TOKEN"]
    variables |= {"AWS_ACCESS_KEY_ID": account.key_id, "AWS_SECRET_ACCESS_KEY": account.secret}
    aws("iam", "deactivate-mfa-device", *whose, "--serial-number", serial)
    aws("iam", "delete-virtual-mfa-device", "--serial-number", serial)


def test_that_a_deny_without_mfa_lets_a_session_with_it_work(account: Account) -> None:
    """AWS's own example: everything but one's device is denied until MFA is present."""
    deny = {
        "Effect": "Deny",
        "NotAction": ["iam:EnableMFADevice", "sts:GetSessionToken"],
        "Resource": "*",
        "Condition": {"BoolIfExists": {PRESENT: "false"}},
    }
    user = account.user(allow("*"), deny)
    assert "UnauthorizedOperation" in refusal(user.ec2.describe_instances)
    assert "UnauthorizedOperation" in refusal(session(user).ec2.describe_instances)
    session(user, **Phone(account).enable().next()).ec2.describe_instances()
