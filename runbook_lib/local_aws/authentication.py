"""Who sent this request? Signature Version 4 in the header, checked over the bytes as they came.

Whose key it is, is for `world`; what the caller may do, for `authorization`.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import Message

from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

from .answers import AwsError, unauthenticated

PATIENCE = timedelta(minutes=15)
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 +Credential=(?P<key_id>\w{16,128})/(?P<date>\d{8})/(?P<region>[a-z0-9-]+)/"
    r"(?P<service>[a-z0-9-]+)/aws4_request, *SignedHeaders=(?P<headers>[a-z0-9;_.-]+), *"
    r"Signature=(?P<signature>[0-9a-f]{64})",
    re.ASCII,
)


@dataclass(frozen=True)
class Http:
    """One HTTP request, as it came."""

    method: str
    target: str
    headers: Message
    body: bytes
    source_ip: str

    def header(self, name: str) -> str:
        return str(self.headers.get(name, ""))


@dataclass(frozen=True)
class Scope:
    """What the Authorization header claims."""

    key_id: str
    date: str
    region: str
    service: str
    headers: str
    signature: str


class _AsSigned(SigV4Auth):  # type: ignore[misc]  # botocore has no types
    """Sign exactly the headers that the client signed; botocore would leave some out."""

    def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:
        return request.headers


def read_scope(http: Http) -> Scope:
    """Return who the caller claims to be.

    Raises: AwsError MissingAuthenticationToken, IncompleteSignature.
    """
    header = http.header("Authorization").strip()
    if not header:
        raise AwsError("MissingAuthenticationToken", "Request is missing Authentication Token", 403)
    match = AUTHORIZATION.fullmatch(header)
    if not match:
        message = "Authorization header is not a complete AWS Signature Version 4."
        raise AwsError("IncompleteSignature", message, 403)
    return Scope(**match.groupdict())


def check_signature(http: Http, scope: Scope, secret: str) -> None:
    """Accept a fresh signature made with this secret over this request, or raise AwsError."""
    digest = hashlib.sha256(http.body).hexdigest()
    signed, sent = set(scope.headers.split(";")), {name.lower() for name in http.headers}
    needed = {"host", "x-amz-date"} | {name for name in sent if name.startswith("x-amz-")}
    whole = needed <= signed <= sent and http.header("X-Amz-Content-SHA256") in ("", digest)
    stamp = http.header("X-Amz-Date")
    whole = whole and stamp.startswith(scope.date)
    if not whole or not hmac.compare_digest(_signature(http, scope, secret), scope.signature):
        message = (
            "The request signature we calculated does not match the signature you provided. Check "
            "your AWS Secret Access Key and signing method. Consult the service documentation for "
            "details."
        )
        raise unauthenticated(scope.service, "SignatureDoesNotMatch", message)
    _check_age(stamp, scope)


def _signature(http: Http, scope: Scope, secret: str) -> str:
    signer = _AsSigned(Credentials(scope.key_id, secret), scope.service, scope.region)
    request = AWSRequest(http.method, f"http://{http.header('Host')}{http.target}", data=http.body)
    for name in scope.headers.split(";"):
        for value in http.headers.get_all(name, []):
            request.headers.add_header(name, str(value))
    request.context["timestamp"] = http.header("X-Amz-Date")
    text = signer.string_to_sign(request, signer.canonical_request(request))
    return str(signer.signature(text, request))


def _check_age(stamp: str, scope: Scope) -> None:
    # Real time, never the injected clock: clients sign with the machine's own.
    now = datetime.now(UTC)
    try:
        signed = datetime.strptime(stamp, SIGV4_TIMESTAMP).replace(tzinfo=UTC)
    except ValueError:
        signed = datetime.min.replace(tzinfo=UTC)
    if abs(now - signed) > PATIENCE:
        if scope.service == "ec2":
            raise AwsError("RequestExpired", "Request has expired.")
        how = "Signature expired" if signed < now else "Signature not yet current"
        message = f"{how}: {stamp} is not within 15 minutes of {now.strftime(SIGV4_TIMESTAMP)}"
        raise AwsError("SignatureDoesNotMatch", message, 403)
