"""Every failure of the SDK is one message with its next step: a table, each row as a person has it.

A row: variables, what ~/.aws/config holds, what is said, the exit status.
"""

import json
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import MappingProxyType
from typing import NamedTuple

import pytest

from runbook_lib import plan
from runbook_lib.errors import RunbookError, next_step
from runbook_lib.runbook import open_runbook
from tests.test_command_line import runbook

NOBODY = "http://127.0.0.1:9"
KEY_ID, SECRET, TOKEN = (
    "AKIAIOSFODNN7EXAMPLE",
    "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY",
    "FwoTokenTok",
)
KEY = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}
KEPT = f"aws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n"
PROCESS = "[default]\ncredential_process = "
ROLE = "[default]\nrole_arn = arn:aws:iam::123456789012:role/x\n"
ANSWER = json.dumps({"Version": 1, "AccessKeyId": KEY_ID, "SecretAccessKey": SECRET})


class Answer(NamedTuple):
    """What answers at the address that stands for SERVER in a variable."""

    status: int
    text: str


def identity(account_id: str) -> Answer:
    return Answer(
        200,
        f"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::{account_id}:user/x"
        f"</Arn><UserId>AIDA</UserId><Account>{account_id}</Account></GetCallerIdentityResult>"
        "</GetCallerIdentityResponse>",
    )


def refusal(code: str, message: str = "x", status: int = 403) -> Answer:
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return Answer(status, f"<ErrorResponse>{error}</ErrorResponse>")


class Row(NamedTuple):
    """What a person has, and what is said of it."""

    variables: Mapping[str, str] = MappingProxyType({})
    config: str = ""
    answer: Answer = identity("999999999999")
    said: str = ""
    status: int = 1
    options: tuple[str, ...] = ()


AT_SERVER = KEY | {"AWS_ENDPOINT_URL": "http://SERVER"}
CREDENTIAL_PROCESS = "a credential_process must be there and print JSON"
CORRECT = "Correct that where it is set"
ELSEWHERE = "A proxy, a network's sign-in page or AWS_ENDPOINT_URL leads elsewhere"
PROXY = "Check HTTPS_PROXY and HTTP_PROXY"
TLS = "AWS_CA_BUNDLE"
HOLDS = "of the key in the environment (AWS_ACCESS_KEY_ID) holds a blank, a line break"
ROWS = {
    "a process that is not there": Row(config=f"{PROCESS}/gone/x", said=CREDENTIAL_PROCESS),
    "a process that prints words": Row(config=f"{PROCESS}echo {SECRET}", said=CREDENTIAL_PROCESS),
    "a process that prints a list": Row(config=f"{PROCESS}echo []", said=CREDENTIAL_PROCESS),
    "a process that prints no key": Row(config=f"{PROCESS}echo {{}}", said=CREDENTIAL_PROCESS),
    "a process that fails": Row(config=f"{PROCESS}false", said=CREDENTIAL_PROCESS),
    "a process with half a quote": Row(config=f"{PROCESS}echo 'x", said=CREDENTIAL_PROCESS),
    "no web identity token file": Row(
        {"AWS_WEB_IDENTITY_TOKEN_FILE": "/gone/token", "AWS_ROLE_ARN": "arn:aws:iam::1:role/x"},
        said="a token file (AWS_WEB_IDENTITY_TOKEN_FILE) must be there",
    ),
    "an endpoint without scheme": Row(
        KEY | {"AWS_ENDPOINT_URL": "localhost:4566"}, said="Write the whole address"
    ),
    "a service's endpoint without scheme": Row(
        AT_SERVER | {"AWS_ENDPOINT_URL_IAM": "localhost:4566"},
        answer=identity("123456789012"),
        said="Write the whole address",
    ),
    "an endpoint where nobody is": Row(
        KEY | {"AWS_ENDPOINT_URL": NOBODY}, said="Check the network"
    ),
    "a container's agent that is not one": Row(
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.com/x"},
        said="Unset AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ),
    "a container's agent that is not there": Row(
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{NOBODY}/x"},
        said="Unset AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ),
    "somebody else's certificate": Row(KEY | {"AWS_ENDPOINT_URL": "https://SERVER"}, said=TLS),
    "a CA bundle that is not there": Row(
        KEY | {"AWS_ENDPOINT_URL": "https://SERVER", "AWS_CA_BUNDLE": "/gone.pem"}, said=TLS
    ),
    "a proxy that is not there": Row(
        KEY | {"HTTPS_PROXY": f"http://me:{SECRET}@127.0.0.1:9"}, said=PROXY
    ),
    "a proxy that is no address": Row(KEY | {"HTTPS_PROXY": f"me:{SECRET}@x y"}, said=PROXY),
    "a proxy that wants a password": Row(
        KEY | {"HTTPS_PROXY": "http://SERVER"}, answer=Answer(407, ""), said=PROXY
    ),
    "the same for an endpoint without TLS": Row(
        KEY | {"HTTP_PROXY": "http://SERVER", "AWS_ENDPOINT_URL": "http://aws.invalid"},
        answer=Answer(407, "<html></html>"),
        said=ELSEWHERE,
    ),
    "a config file that cannot be read": Row(
        KEY, f"[default]\naws_secret_access_key {SECRET}\n", said="Mend that file"
    ),
    "a section twice": Row(KEY, "[default]\na=1\n[default]\n", said="Mend that file"),
    "another encoding": Row(KEY, "[default]\na = \udcff\n", said="Mend that file"),
    "no services section": Row(KEY, "[default]\nservices = gone\n", said=CORRECT),
    "an odd value": Row(KEY | {"AWS_STS_REGIONAL_ENDPOINTS": "odd"}, said=CORRECT),
    "another": Row(KEY | {"AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES": "odd"}, said=CORRECT),
    "service unavailable": Row(AT_SERVER, answer=Answer(503, ""), said="AWS itself failed"),
    "a hotel's page": Row(AT_SERVER, answer=Answer(200, f"<p>{SECRET}<br>"), said=ELSEWHERE),
    "another server": Row(AT_SERVER, answer=Answer(404, "not here"), said=ELSEWHERE),
    "an incomplete signature": Row(
        AT_SERVER, answer=refusal("IncompleteSignature"), said="copy the key again"
    ),
    "an unknown key": Row(
        AT_SERVER, answer=refusal("InvalidClientTokenId"), said="GetSessionToken without MFA"
    ),
    "a line break in the key id": Row(
        AT_SERVER | {"AWS_ACCESS_KEY_ID": f"{KEY_ID}\n"}, said=f"the access key id {HOLDS}"
    ),
    "a line break in the secret": Row(
        AT_SERVER | {"AWS_SECRET_ACCESS_KEY": f"{SECRET}\n"}, said=f"the secret access key {HOLDS}"
    ),
    "a line break in the token": Row(
        AT_SERVER | {"AWS_SESSION_TOKEN": f"{TOKEN}\n"}, said=f"the session token {HOLDS}"
    ),
    "letters of another script": Row(
        AT_SERVER | {"AWS_ACCESS_KEY_ID": "AKIA세션"}, said=f"the access key id {HOLDS}"
    ),
    "half a key": Row({"AWS_ACCESS_KEY_ID": KEY_ID}, said="Sign in (aws login"),
    "no key": Row(said="Sign in (aws login"),
    "an SSO session that has not begun": Row(
        config="[default]\nsso_session = s\nsso_account_id = 1\nsso_role_name = x\n"
        "[sso-session s]\nsso_region = us-east-1\nsso_start_url = https://x.awsapps.com/start\n",
        said="Sign in again: aws sso login --profile default, then run again",
    ),
    "roles in a circle": Row(
        config=f"{ROLE}source_profile = a\n"
        + ROLE.replace("default", "profile a")
        + "source_profile = default\n",
        said=CORRECT,
    ),
    "a role from an odd source": Row(config=f"{ROLE}credential_source = Odd\n", said=CORRECT),
    "an unknown region": Row(
        AT_SERVER, said="expected a region that", status=2, options=("--region", "ap-nowhere-1")
    ),
    "a region of another partition": Row(
        AT_SERVER,
        said="region 'eusc-de-east-1' is not in partition 'aws'",
        status=3,
        options=("--region", "eusc-de-east-1"),
    ),
    "another account's key in the environment": Row(
        AT_SERVER | {"AWS_PROFILE": "p"},
        f"[profile p]\n{KEPT}",
        said="but the key in the environment (AWS_ACCESS_KEY_ID) belongs to account 999999999999",
        status=3,
    ),
    "the same where AWS_PROFILE is blank": Row(
        AT_SERVER | {"AWS_PROFILE": ""}, said="but the key in the environment", status=3
    ),
    "another account's profile": Row(
        {"AWS_ENDPOINT_URL": "http://SERVER"},
        f"[profile p]\n{KEPT}",
        said="but the key of profile 'p' in the config file belongs to account 999999999999",
        status=3,
        options=("--profile", "p"),
    ),
    "another account's process": Row(
        {"AWS_ENDPOINT_URL": "http://SERVER"},
        f"{PROCESS}echo '{ANSWER}'",
        said="but the credential_process of profile 'default' belongs to account 999999999999",
        status=3,
    ),
}


class Server(ThreadingHTTPServer):
    """Answers everything alike."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__(("127.0.0.1", 0), _Answering)

    def handle_error(self, *_: object) -> None:
        pass  # it does not speak TLS


class _Answering(BaseHTTPRequestHandler):
    def _answer(self) -> None:
        assert isinstance(self.server, Server)
        body = self.server.answer.text.encode()
        self.send_response(self.server.answer.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_CONNECT = _answer

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    with Server(ROWS[request.getfixturevalue("name")].answer) as started:
        Thread(target=started.serve_forever, daemon=True, kwargs={"poll_interval": 0.01}).start()
        yield f"127.0.0.1:{started.server_port}"
        started.shutdown()


@pytest.fixture
def row(name: str, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Row:
    row = ROWS[name]
    (tmp_path / "home" / ".aws").mkdir()
    config = row.config.encode("utf-8", "surrogateescape")
    (tmp_path / "home" / ".aws" / "config").write_bytes(config)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for key, value in row.variables.items():
        monkeypatch.setenv(key, value.replace("SERVER", server))
    return row


def check(row: Row, said: str, status: int) -> None:
    assert row.said in said
    assert status == row.status
    assert len(said) < 600
    for secret in (KEY_ID, SECRET, TOKEN):
        assert secret not in said


@pytest.mark.parametrize("name", ROWS)
def test_a_failure_of_the_sdk_has_its_next_step(name: str, row: Row) -> None:
    region = row.options[1] if row.options[:1] == ("--region",) else "ap-northeast-2"
    profile = row.options[1] if row.options[:1] == ("--profile",) else ""
    with pytest.raises(RunbookError) as caught:
        plan.plan(open_runbook({"backend": "aws", "region": region, "profile": profile}))
    check(row, str(caught.value), caught.value.exit_status)


@pytest.mark.parametrize(
    "name",
    [
        "a process that prints words",
        "an endpoint without scheme",
        "a line break in the token",
        "a hotel's page",
        "an unknown region",
        "another account's key in the environment",
    ],
)
def test_so_it_is_where_a_person_types_it(name: str, row: Row) -> None:
    words = ["plan", "123456789012", "--backend", "aws", *row.options]
    _, err = runbook(*words, status=row.status)
    check(row, err, row.status)
    assert "Traceback" not in err


def test_a_permission_that_sounds_like_a_setting_is_a_permission() -> None:
    for action in ("DeleteSigningCertificate", "ListServerCertificates", "CreateContainer"):
        message = f"(AccessDenied) User: x is not authorized to perform: iam:{action}"
        assert "lacks this permission" in next_step(message)
