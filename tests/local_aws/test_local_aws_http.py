"""The door: what the server answers to requests that no SDK sends."""

import hashlib
import http.client
import random
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from local_aws_people import Account

from runbook_lib.local_aws.http.server import LocalAws

WHO = "Action=GetCallerIdentity&Version=2011-06-15"
Reply = tuple[int, str]


def send(aws: LocalAws, method: str, target: str, body: str = "", **headers: str) -> Reply:
    """Status and AWS's error code, or "" if there is none."""
    connection = http.client.HTTPConnection("127.0.0.1", aws.port, timeout=10)
    try:
        connection.request(method, target, body, headers)
        response = connection.getresponse()
        text = response.read().decode()
    finally:
        connection.close()
    assert not [
        name for name, _ in response.getheaders() if name.lower().startswith("access-control")
    ]
    return response.status, code_of(text)


def code_of(text: str) -> str:
    found = [node.text for node in ElementTree.fromstring(text).iter() if node.tag.endswith("Code")]
    return str(found[0]) if found else ""


def signed(
    account: Account,
    body: str = WHO,
    method: str = "POST",
    target: str = "/",
    service: str = "sts",
    **headers: str,
) -> dict[str, str]:
    url = f"http://127.0.0.1:{account.aws.port}{target}"
    host = {"Host": urlsplit(url).netloc}
    request = AWSRequest(method, url, data=body, headers=host | headers)
    credentials = Credentials(account.key_id, account.secret)
    SigV4Auth(credentials, service, account.region).add_auth(request)
    return dict(request.headers.items())


def test_that_unsigned_calls_are_refused(aws: LocalAws) -> None:
    assert send(aws, "POST", "/", WHO) == (403, "MissingAuthenticationToken")
    assert send(aws, "GET", "/") == (403, "MissingAuthenticationToken")


@pytest.mark.parametrize("target", ["/moto-api/data.json", "/moto-api/reset", "/favicon.ico", "//"])
def test_that_there_is_nothing_but_the_root(aws: LocalAws, target: str) -> None:
    assert send(aws, "GET", target) == (404, "InvalidAction") or target == "//"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"])
def test_that_there_are_no_other_methods(aws: LocalAws, method: str) -> None:
    status, _ = send(aws, method, "/")
    assert 400 <= status < 500


def test_that_other_services_are_closed(account: Account) -> None:
    headers = signed(account, "", service="s3")
    assert send(account.aws, "POST", "/", "", **headers) == (400, "NotEmulated")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "evil.example:80", ""])
def test_that_names_that_are_not_loopback_are_refused(aws: LocalAws, host: str) -> None:
    assert send(aws, "POST", "/", WHO, Host=host) == (403, "AccessDenied")


def test_that_a_signed_get_is_answered(account: Account) -> None:
    headers = signed(account, "", "GET", f"/?{WHO}")
    assert send(account.aws, "GET", f"/?{WHO}", **headers) == (200, "")


def test_that_presigned_urls_are_not_emulated(account: Account) -> None:
    request = AWSRequest("GET", f"{account.aws.endpoint}/?{WHO}")
    SigV4QueryAuth(Credentials(account.key_id, account.secret), "sts", "us-east-1").add_auth(
        request
    )
    target = request.url.removeprefix(account.aws.endpoint)
    assert send(account.aws, "GET", target) == (400, "NotEmulated")


def test_that_a_changed_body_is_refused(account: Account) -> None:
    headers = signed(account)
    other = WHO.replace("2011", "2012")
    assert send(account.aws, "POST", "/", other, **headers) == (403, "SignatureDoesNotMatch")


def test_that_a_claimed_digest_must_be_the_body_s(account: Account) -> None:
    digest = hashlib.sha256(WHO.encode()).hexdigest()
    headers = signed(account, **{"X-Amz-Content-SHA256": digest})
    assert send(account.aws, "POST", "/", WHO, **headers) == (200, "")
    assert send(account.aws, "POST", "/", WHO + "x", **headers) == (403, "SignatureDoesNotMatch")


def test_that_an_account_header_of_moto_s_does_nothing(account: Account) -> None:
    headers = signed(account) | {"x-moto-account-id": "999999999999"}
    assert send(account.aws, "POST", "/", WHO, **headers) == (200, "")


def test_that_an_amazon_header_must_be_signed(account: Account) -> None:
    headers = signed(account) | {"X-Amz-Security-Token": "made up"}
    assert send(account.aws, "POST", "/", WHO, **headers) == (403, "SignatureDoesNotMatch")


@pytest.mark.parametrize("minutes", [-16, 16])
@pytest.mark.parametrize(
    ("service", "refusal"),
    [("sts", (403, "SignatureDoesNotMatch")), ("ec2", (400, "RequestExpired"))],
)
def test_that_signatures_older_than_a_quarter_of_an_hour_are_refused(
    account: Account, service: str, refusal: Reply, minutes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    then = datetime.now(UTC) + timedelta(minutes=minutes)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: then)
    headers = signed(account, service=service)
    assert send(account.aws, "POST", "/", WHO, **headers) == refusal


def test_that_the_clock_of_the_server_does_not_age_signatures(account: Account) -> None:
    assert abs(account.aws.clock.now() - datetime.now(UTC)) > timedelta(minutes=15)
    assert send(account.aws, "POST", "/", WHO, **signed(account)) == (200, "")


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ("", (400, "MissingAction")),
        ("Action=MakeCoffee", (400, "InvalidAction")),
        ("Action=GetFederationToken", (400, "NotEmulated")),
        ("Action=AssumeRole", (400, "ValidationError")),
        ("Action=AssumeRole&DurationSeconds=long", (400, "MalformedInput")),
        ("&".join(f"p{number}=" for number in range(6000)), (400, "MalformedInput")),
        ("%00%ff=%ff&Action=%00", (400, "InvalidAction")),
    ],
)
def test_that_bodies_that_make_no_sense_are_refused(
    account: Account, body: str, refusal: Reply
) -> None:
    assert send(account.aws, "POST", "/", body, **signed(account, body)) == refusal


@pytest.mark.parametrize(
    "authorization",
    [
        "Basic YTpi",
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=AKIA/20260101/x/sts/aws4_request",
        "AWS AKIAIOSFODNN7EXAMPLE:frJIUN8DYpKDtOLCwo",
        "é",
    ],
)
def test_that_an_incomplete_signature_is_refused(aws: LocalAws, authorization: str) -> None:
    refusal = (403, "IncompleteSignature")
    assert send(aws, "POST", "/", WHO, Authorization=authorization) == refusal


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/9.9\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: \xb2\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
    ],
)
def test_that_what_is_not_http_is_a_client_error(aws: LocalAws, raw: bytes) -> None:
    with socket.create_connection(("127.0.0.1", aws.port), timeout=10) as connection:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        reply = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    assert reply.startswith("HTTP/1.1 4")
    assert "Traceback" not in reply


def test_that_connections_are_kept(account: Account) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", account.aws.port, timeout=10)
    connection.connect()
    before = connection.sock
    for _ in range(3):
        connection.request("POST", "/", WHO, signed(account))
        assert connection.getresponse().read()
        assert connection.sock is before
    connection.close()


def test_that_the_date_is_the_clock_s(account: Account) -> None:
    headers = account.sts.get_caller_identity()["ResponseMetadata"]["HTTPHeaders"]
    assert headers["date"] == account.aws.clock.now().strftime("%a, %d %b %Y %H:%M:%S GMT")


JUNK = ["", "x", "\x00", "é역", "0", "-1", "9" * 30, "true", "{}", "[", "%s", "*", "<x>&amp;", "/"]
LIKELY = ["administrator", "alice", "app", "arn:aws:iam::aws:policy/AmazonEC2FullAccess", "v1"]


def nonsense(chance: random.Random, shape: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Random parameters that the model of an action knows."""
    for name, inner in shape.members.items():
        if chance.random() < (0.1 if name in shape.required_members else 0.6):
            continue
        name = prefix + inner.serialization.get("queryName", inner.serialization.get("name", name))
        name = name[0].upper() + name[1:]
        if inner.type_name == "structure" and prefix.count(".") < 4:
            yield from nonsense(chance, inner, f"{name}.")
        elif inner.type_name == "list":
            for member in (f"{name}.1", f"{name}.member.1"):
                if inner.member.type_name == "structure" and prefix.count(".") < 4:
                    yield from nonsense(chance, inner.member, f"{member}.")
                else:
                    yield member, chance.choice(JUNK + LIKELY)
        else:
            likely = [*inner.enum] if inner.type_name == "string" else ["1", "900"]
            yield name, chance.choice(JUNK + LIKELY + likely * 5)


@pytest.mark.parametrize("service", ["sts", "iam", "ec2"])
def test_that_no_parameters_make_the_server_fail(account: Account, service: str) -> None:
    chance = random.Random(service)
    model = account.client(service).meta.service_model
    for _ in range(400):
        action = chance.choice(model.operation_names)
        shape = model.operation_model(action).input_shape
        form = {"Action": action, "Version": model.api_version}
        form |= dict(nonsense(chance, shape)) if shape else {}
        body = urlencode(form)
        status, _ = send(account.aws, "POST", "/", body, **signed(account, body, service=service))
        assert status < 500, form
