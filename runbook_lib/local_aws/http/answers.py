"""Answers as their client reads them: XML for STS, IAM and EC2, and each other service's own form.

The other services are not emulated, and a client must be able to show its person so.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from runbook_lib.local_aws.refusals import AwsError

IAM = "https://iam.amazonaws.com/doc/2010-05-08/"
STS = "https://sts.amazonaws.com/doc/2011-06-15/"
XML = "text/xml;charset=UTF-8"
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Answer:
    """What goes back over HTTP."""

    status: int
    body: bytes
    request_id: str
    content_type: str = XML
    headers: dict[str, str] = field(default_factory=dict)
    date: datetime = field(default_factory=lambda: datetime.now(UTC))


def refused(
    protocol: str, error: AwsError, request_id: str, date: datetime | None = None
) -> Answer:
    """Return an error response in this protocol."""
    if protocol == "json":
        error = AwsError(JSON_CODES.get(error.code, error.code), error.message)
    body, content_type = PROTOCOLS[protocol](error, request_id), CONTENT_TYPES.get(protocol, XML)
    kind = {"x-amzn-errortype": error.code} if protocol in CONTENT_TYPES else {}
    date = date or datetime.now(UTC)
    return Answer(error.status, body, request_id, content_type, kind, date)


def answered(protocol: str, status: int, body: str, request_id: str, date: datetime) -> Answer:
    """Give a response of moto's our request id, and take out what XML 1.0 cannot carry."""
    if protocol == "json":
        return Answer(status, body.encode(), request_id, CONTENT_TYPES["json"], date=date)
    body = re.sub(r"(<request_?id>)[^<]*", rf"\g<1>{request_id}", body, flags=re.IGNORECASE)
    return Answer(status, NOT_IN_XML.sub("", body).encode(), request_id, date=date)


def _detail(error: AwsError) -> str:
    message = escape(NOT_IN_XML.sub("", error.message))
    return f"<Code>{escape(error.code)}</Code><Message>{message}</Message>"


def _query(namespace: str) -> Callable[[AwsError, str], bytes]:
    def write(error: AwsError, request_id: str) -> bytes:
        body = f"<Error><Type>Sender</Type>{_detail(error)}</Error>"
        body += f"<RequestId>{request_id}</RequestId>"
        return f'<ErrorResponse xmlns="{namespace}">{body}</ErrorResponse>'.encode()

    return write


def _ec2(error: AwsError, request_id: str) -> bytes:
    errors = f"<Errors><Error>{_detail(error)}</Error></Errors>"
    return f"<Response>{errors}<RequestID>{request_id}</RequestID></Response>".encode()


def _s3(error: AwsError, request_id: str) -> bytes:
    return f"<Error>{_detail(error)}<RequestId>{request_id}</RequestId></Error>".encode()


def _json(error: AwsError, _: str) -> bytes:
    return json.dumps({"__type": error.code, "message": error.message}).encode()


def _cbor(error: AwsError, _: str) -> bytes:
    # A map of two pairs of texts, each text with a length of two bytes: RFC 8949, section 3.
    texts = [each.encode() for each in ("__type", error.code, "message", error.message)]
    return b"\xa2" + b"".join(b"\x79" + len(each).to_bytes(2) + each for each in texts)


PROTOCOLS: dict[str, Callable[[AwsError, str], bytes]] = {
    "sts": _query(STS),
    "iam": _query(IAM),
    "ec2": _ec2,
    "s3": _s3,
    "json": _json,
    "cbor": _cbor,
}
# What JSON's services call the refusals of all services; each is HTTP 400.
JSON_CODES = {
    "AccessDenied": "AccessDeniedException",
    "InvalidClientTokenId": "UnrecognizedClientException",
    "SignatureDoesNotMatch": "InvalidSignatureException",
    "IncompleteSignature": "IncompleteSignatureException",
    "MissingAuthenticationToken": "MissingAuthenticationTokenException",
    "ExpiredToken": "ExpiredTokenException",
    "InvalidAction": "UnknownOperationException",
    "MissingAction": "UnknownOperationException",
    "MalformedInput": "SerializationException",
    "ValidationError": "InvalidInputException",
}
CONTENT_TYPES = {"json": "application/x-amz-json-1.1", "cbor": "application/cbor"}
