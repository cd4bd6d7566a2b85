"""The ways in which people sign in, each as far as a machine without AWS can go.

Where a service of AWS would be asked (IAM Identity Center, sign-in), one of this file answers.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from runbook_lib.account.caller import Caller
from runbook_lib.account.opening import open_account
from runbook_lib.errors import RunbookError, WrongAccountError
from runbook_lib.machine import totp
from tests.test_command_line import BIN, runbook

LOGIN_SESSION = "arn:aws:iam::123456789012:user/me"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
Home = Path


@pytest.fixture
def home(account: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A person's ~/.aws, with the embedded AWS at the end of every call."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", str(account.place.endpoint))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    (tmp_path / "home" / ".aws").mkdir()
    return tmp_path / "home" / ".aws"


def role(account: Caller, name: str = "admin", **condition: Any) -> str:
    """A role that may do everything and trusts the account; its ARN."""
    statement = {"Effect": "Allow", "Principal": {"AWS": account.account_id}}
    statement |= {"Action": "sts:AssumeRole"} | condition
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    made = account.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    account.iam.attach_role_policy(RoleName=name, PolicyArn=ADMINISTRATOR)
    return str(made["Role"]["Arn"])


def session(account: Caller) -> dict[str, Any]:
    found = account.sts.assume_role(RoleArn=role(account), RoleSessionName="me")["Credentials"]
    return dict(found)


def later(hours: int = 1) -> str:
    return f"{datetime.now(UTC) + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"


def config(home: Home, text: str) -> None:
    (home / "config").write_text(text)


def key_of(account: Caller) -> str:
    key = account.session.get_credentials()
    return f"aws_access_key_id = {key.access_key}\naws_secret_access_key = {key.secret_key}\n"


class Answering(ThreadingHTTPServer):
    """Answers everything with this status, body and type of error."""

    def __init__(self, status: int, body: dict[str, Any], kind: str = "") -> None:
        self.status, self.body, self.kind = status, json.dumps(body).encode(), kind
        super().__init__(("127.0.0.1", 0), Answer)


class Answer(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Answering)
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(self.server.status)
        self.send_header("x-amzn-errortype", self.server.kind)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    do_GET = do_POST

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Let something answer for a service of AWS."""
    started = []

    def serve(service: str, *answer: Any) -> None:
        started.append(Answering(*answer))
        Thread(target=started[-1].serve_forever, args=(0.01,), daemon=True).start()
        address = f"http://127.0.0.1:{started[-1].server_port}"
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", address)

    yield serve
    for one in started:
        one.shutdown()
        one.server_close()


# --- aws login


def log_in(home: Home, found: dict[str, Any], expires: str) -> None:
    """What `aws login` leaves."""
    private = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    )
    token = {
        "accessToken": {
            "accessKeyId": found["AccessKeyId"],
            "secretAccessKey": found["SecretAccessKey"],
            "sessionToken": found["SessionToken"],
            "accountId": "123456789012",
            "expiresAt": expires,
        },
        "refreshToken": "refresh",
        "clientId": "arn:aws:signin:::devtools/same-device",
        "dpopKey": private.decode(),
    }
    cache = home / "login" / "cache"
    cache.mkdir(parents=True)
    name = hashlib.sha256(LOGIN_SESSION.encode()).hexdigest()
    (cache / f"{name}.json").write_text(json.dumps(token))


def with_login(home: Home, account: Caller) -> None:
    config(home, f"[profile dev]\nlogin_session = {LOGIN_SESSION}\nregion = ap-northeast-2\n")
    log_in(home, session(account), later())


def test_a_login_session_that_ended_says_how_to_begin_another(
    home: Home, account: Caller, serve: Callable[..., None]
) -> None:
    with_login(home, account)
    (file,) = (home / "login" / "cache").iterdir()
    token = json.loads(file.read_text())
    token["accessToken"]["expiresAt"] = later(-1)
    file.write_text(json.dumps(token))
    refused = {"error": "TOKEN_EXPIRED", "message": "ended"}
    serve("SIGNIN", 400, refused, "AccessDeniedException")
    _, err = runbook("plan", account.account_id, "--backend=aws", "--profile=dev", status=1)
    assert "Your session has expired" in err
    assert "Sign in again: aws login --profile dev, then run again." in " ".join(err.split())
    (file).unlink()
    _, err = runbook("plan", account.account_id, "--backend=aws", "--profile=dev", status=1)
    assert "aws login --profile dev" in " ".join(err.split())


def test_without_the_package_that_a_login_needs_the_error_names_it(
    home: Home, account: Caller
) -> None:
    with_login(home, account)
    code = "import sys; sys.modules['awscrt'] = None\n"
    code += "from runbook_lib.account import sdk; sdk.chain('ap-northeast-2', 'dev')"
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    (line,) = asked.stderr.splitlines()[-1:]
    assert "profile 'dev' signs in in a way that needs the package awscrt" in line
    assert "pip install 'boto3[crt]'" in line


# --- IAM Identity Center


def with_sso(home: Home, account: Caller) -> None:
    config(
        home,
        "[profile dev]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = x\n"
        "[sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://x.awsapps.com/start\n"
        f"[profile app]\nrole_arn = {role(account, 'app')}\nsource_profile = dev\n",
    )


def sso_token(home: Home, expires: str) -> None:
    """What `aws sso login` leaves."""
    token = {"startUrl": "https://x.awsapps.com/start", "region": "us-east-1"}
    token |= {"accessToken": "token", "expiresAt": expires}
    cache = home / "sso" / "cache"
    cache.mkdir(parents=True)
    (cache / f"{hashlib.sha1(b'corp').hexdigest()}.json").write_text(json.dumps(token))


@pytest.fixture
def signed_in_with_sso(home: Home, account: Caller, serve: Callable[..., None]) -> None:
    with_sso(home, account)
    sso_token(home, later())
    found = session(account)
    keys = {name[0].lower() + name[1:]: found[name] for name in found if name != "Expiration"}
    serve("SSO", 200, {"roleCredentials": keys | {"expiration": 4_000_000_000_000}})


@pytest.mark.parametrize("profile", ["dev", "app"])
def test_an_sso_session_opens_the_account(
    account: Caller, signed_in_with_sso: None, profile: str
) -> None:
    out, _ = runbook("doctor", "--profile", profile, "--json")
    rows = {row["Check"]: row["Found"] for row in json.loads(out)}
    name = "me" if profile == "dev" else "botocore-session"
    assert f"arn:aws:sts::{account.account_id}:assumed-role/" in rows["Credentials"]
    assert name in rows["Credentials"]
    assert rows["Credentials from"] == (
        "the SSO session of profile 'dev'"
        if profile == "dev"
        else "the role of profile 'app' (role_arn)"
    )
    runbook("plan", account.account_id, "--backend", "aws", "--profile", profile)


@pytest.mark.parametrize("profile", ["dev", "app"])
@pytest.mark.parametrize("token", ["ended", "none"])
def test_an_sso_session_that_ended_says_how_to_begin_another(
    home: Home, account: Caller, profile: str, token: str
) -> None:
    """Also where it is the source of a role: the profile to sign in with is the source."""
    with_sso(home, account)
    if token == "ended":
        sso_token(home, later(-1))
    _, err = runbook("plan", account.account_id, "--backend", "aws", "--profile", profile, status=1)
    assert "Sign in again: aws sso login --profile dev, then run again." in " ".join(err.split())
    out, _ = runbook("doctor", "--profile", profile, "--json")
    rows = {row["Check"]: row for row in json.loads(out)}
    assert "aws sso login --profile dev" in rows["Credentials"]["To do"]


# --- Each kind opens the account, and is named where it is another's


def with_process(home: Home, account: Caller) -> None:
    found = {"Version": 1, **session(account)}
    found["Expiration"] = later()
    (home / "print").write_text(json.dumps(found))
    config(home, f"[profile dev]\ncredential_process = cat {home / 'print'}\n")


def with_chain(home: Home, account: Caller) -> None:
    first, second = role(account, "first"), role(account, "second")
    config(
        home,
        f"[profile base]\n{key_of(account)}"
        f"[profile between]\nrole_arn = {first}\nsource_profile = base\n"
        f"[profile dev]\nrole_arn = {second}\nsource_profile = between\n",
    )


def with_credentials_file(home: Home, account: Caller) -> None:
    (home / "credentials").write_text(f"[dev]\n{key_of(account)}")


def with_config_file(home: Home, account: Caller) -> None:
    config(home, f"[profile dev]\n{key_of(account)}")


KINDS: dict[str, tuple[Callable[[Home, Caller], None], str]] = {
    "aws login": (with_login, "the aws login session of profile 'dev'"),
    "credential_process": (with_process, "the credential_process of profile 'dev'"),
    "source_profile": (with_chain, "the role of profile 'dev' (role_arn)"),
    "credentials file": (with_credentials_file, "the key of profile 'dev' in the credentials file"),
    "config file": (with_config_file, "the key of profile 'dev' in the config file"),
}


@pytest.mark.parametrize("how", ["--profile", "AWS_PROFILE"])
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_opens_its_account_and_is_named(
    home: Home, account: Caller, monkeypatch: pytest.MonkeyPatch, kind: str, how: str
) -> None:
    prepare, source = KINDS[kind]
    prepare(home, account)
    profile = "dev" if how == "--profile" else ""
    if how == "AWS_PROFILE":
        monkeypatch.setenv("AWS_PROFILE", "dev")
    where = {"backend": "aws", "profile": profile}
    opened = open_account(account.account_id, **where)
    opened.iam.list_users()
    with pytest.raises(WrongAccountError) as told:
        open_account("999999999999", **where)
    assert f"but {source} belongs to account {account.account_id};" in str(told.value)


def test_a_key_in_the_environment_is_named_before_a_profile_in_it(
    home: Home, account: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS_PROFILE does not outrank the key, as it does where --profile names it."""
    with_config_file(home, account)
    key = account.session.get_credentials()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key.secret_key)
    monkeypatch.setenv("AWS_PROFILE", "dev")
    with pytest.raises(WrongAccountError, match=r"but the key in the environment \(AWS_ACCESS"):
        open_account("999999999999", backend="aws")
    with pytest.raises(WrongAccountError, match="but the key of profile 'dev' in the config file"):
        open_account("999999999999", backend="aws", profile="dev")


# --- A profile that asks for MFA


def with_mfa(home: Home, account: Caller, source: str = "base") -> str:
    serial = f"arn:aws:iam::{account.account_id}:mfa/me"
    needs = {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}
    config(
        home,
        f"[profile base]\n{key_of(account)}"
        f"[profile dev]\nrole_arn = {role(account, 'strict', **needs)}\nsource_profile = {source}\n"
        + (f"mfa_serial = {serial}\n" if source == "base" else ""),
    )
    return serial


def test_a_profile_that_asks_for_mfa_says_how_to_get_a_session(
    home: Home, account: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    serial = with_mfa(home, account)

    def ask(*_: object) -> str:
        raise AssertionError("somebody was asked")

    monkeypatch.setattr("getpass.getpass", ask)
    with pytest.raises(RunbookError) as told:
        open_account(account.account_id, backend="aws", profile="dev")
    command = f"aws sts get-session-token --profile base --serial-number {serial} --token-code CODE"
    assert command in str(told.value)
    assert "profile 'dev' asks for an MFA code" in str(told.value)
    _, err = runbook("plan", account.account_id, "--backend=aws", "--profile=dev", status=1)
    assert command in " ".join(err.split())
    assert "Traceback" not in err


def test_what_it_says_works(home: Home, account: Caller) -> None:
    """A session with MFA as source_profile, without mfa_serial."""
    account.iam.create_user(UserName="me")
    account.iam.attach_user_policy(UserName="me", PolicyArn=ADMINISTRATOR)
    key = account.iam.create_access_key(UserName="me")["AccessKey"]
    device = account.iam.create_virtual_mfa_device(VirtualMFADeviceName="me")
    seed = device["VirtualMFADevice"]["Base32StringSeed"].decode()
    step = totp.step_at(parsedate_to_datetime(device["ResponseMetadata"]["HTTPHeaders"]["date"]))
    serial = device["VirtualMFADevice"]["SerialNumber"]
    codes = [totp.code(seed, step + number) for number in (-1, 0, 1)]
    account.iam.enable_mfa_device(
        UserName="me",
        SerialNumber=serial,
        AuthenticationCode1=codes[0],
        AuthenticationCode2=codes[1],
    )
    with_mfa(home, account, source="session")
    factor = ["--serial-number", serial, "--token-code", codes[2]]
    asked = subprocess.run(
        [str(BIN / "aws"), "sts", "get-session-token", "--region", "ap-northeast-2", *factor],
        env={
            **os.environ,
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        },
        capture_output=True,
        text=True,
    )
    found = json.loads(asked.stdout)["Credentials"]
    (home / "credentials").write_text(
        f"[session]\naws_access_key_id = {found['AccessKeyId']}\n"
        f"aws_secret_access_key = {found['SecretAccessKey']}\n"
        f"aws_session_token = {found['SessionToken']}\n"
    )
    opened = open_account(account.account_id, backend="aws", profile="dev")
    assert "assumed-role/strict/" in opened.arn
