"""Who sent this request? Signature Version 4 in the header, checked over the bytes as they came.

What the caller may do is for `rules.authorization`.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
"""

import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta

from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

from runbook_lib.local_aws.http.clock_control import tell_time_of
from runbook_lib.local_aws.keys import account_of
from runbook_lib.local_aws.refusals import AwsError, bad_credentials
from runbook_lib.local_aws.store.accounts import Identity, Session
from runbook_lib.local_aws.store.backends import Role, User, note_use
from runbook_lib.local_aws.store.call import ApiCall, HttpRequest, Signature

PATIENCE = timedelta(minutes=15)
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 +Credential=(?P<key_id>\w{16,128})/(?P<date>\d{8})/(?P<region>[a-z0-9-]+)/"
    r"(?P<service>[a-z0-9-]+)/aws4_request, *SignedHeaders=(?P<headers>[a-z0-9;_.-]+), *"
    r"Signature=(?P<signature>[0-9a-f]{64})",
    re.ASCII,
)


class _AsSigned(SigV4Auth):  # type: ignore[misc]  # botocore has no types
    """Sign exactly the headers that the client signed; botocore would leave some out."""

    def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:
        return request.headers


def read_signature(call: ApiCall) -> None:
    """Read who the caller claims to be.

    Raises: AwsError MissingAuthenticationToken, IncompleteSignature.
    """
    header = call.http.header("Authorization").strip()
    if not header:
        raise AwsError("MissingAuthenticationToken", "Request is missing Authentication Token", 403)
    match = AUTHORIZATION.fullmatch(header)
    if not match:
        message = "Authorization header is not a complete AWS Signature Version 4."
        raise AwsError("IncompleteSignature", message, 403)
    call.signature = Signature(**match.groupdict())


def authenticate(call: ApiCall) -> None:
    """Find who signed the request, making an administrator's account on first sight.

    Raises: AwsError as AWS does for an unknown key, a wrong signature, an expired session.
    """
    key_id = call.signature.key_id
    session = call.accounts.sessions.get(key_id)
    call.identity = _in_session(call, session) if session else _user(call, key_id)


def _user(call: ApiCall, key_id: str) -> Identity:
    accounts, account_id = call.accounts, account_of(key_id)
    tell_time_of(call, account_id)
    administrator = accounts.administrators.recognise(key_id, call.partition)
    if administrator and not accounts.iam(account_id, call.partition):
        _check_signature(call, administrator.secret_access_key)
        accounts.make(account_id, call.partition)
    iam = accounts.iam(account_id, call.partition)
    key = iam.access_keys.get(key_id) if iam else None
    if iam is None or key is None or key.status != "Active" or _token(call):
        raise _unknown(call)
    _check_signature(call, key.secret_access_key)
    return Identity(account_id, call.partition, iam.users[str(key.user_name)])


def _in_session(call: ApiCall, session: Session) -> Identity:
    _check_signature(call, session.secret)
    entity, accounts = session.entity, call.accounts
    tell_time_of(call, entity.account_id)
    iam = accounts.iam(entity.account_id, call.partition)
    same = hmac.compare_digest(_token(call).encode(), session.token.encode())
    partition = str(entity.arn).split(":")[1]
    if iam is None or not iam.has(entity) or not same or partition != call.partition:
        raise _unknown(call)
    if isinstance(entity, User) and call.service == "iam" and not session.mfa:
        raise _unknown(call)  # what GetSessionToken gave without a second factor, IAM does not take
    if session.expires <= accounts.clock.now():
        if call.service == "ec2":
            raise AwsError("RequestExpired", "Request has expired.")
        raise AwsError("ExpiredToken", "The security token included in the request is expired", 403)
    if isinstance(entity, Role):
        note_use(entity, accounts.clock.now(), call.region)
    return Identity(entity.account_id, partition, entity, session)


def _token(call: ApiCall) -> str:
    return call.http.header("X-Amz-Security-Token")


def _unknown(call: ApiCall) -> AwsError:
    message = "The security token included in the request is invalid."
    return bad_credentials(call.service, "InvalidClientTokenId", message)


def _check_signature(call: ApiCall, secret: str) -> None:
    """Accept a fresh signature made with this secret over this request, or raise AwsError."""
    http, signature = call.http, call.signature
    digest = hashlib.sha256(http.body).hexdigest()
    signed, sent = set(signature.headers.split(";")), {name.lower() for name in http.headers}
    needed = {"host", "x-amz-date"} | {name for name in sent if name.startswith("x-amz-")}
    whole = needed <= signed <= sent and http.header("X-Amz-Content-SHA256") in ("", digest)
    stamp = http.header("X-Amz-Date")
    whole = whole and stamp.startswith(signature.date)
    expected = _expected(http, signature, secret)
    if not whole or not hmac.compare_digest(expected, signature.signature):
        message = (
            "The request signature we calculated does not match the signature you provided. Check "
            "your AWS Secret Access Key and signing method. Consult the service documentation for "
            "details."
        )
        raise bad_credentials(call.service, "SignatureDoesNotMatch", message)
    _check_age(stamp, call.service)


def _expected(http: HttpRequest, signature: Signature, secret: str) -> str:
    credentials = Credentials(signature.key_id, secret)
    signer = _AsSigned(credentials, signature.service, signature.region)
    request = AWSRequest(http.method, f"http://{http.header('Host')}{http.target}", data=http.body)
    for name in signature.headers.split(";"):
        for value in http.headers.get_all(name, []):
            request.headers.add_header(name, str(value))
    request.context["timestamp"] = http.header("X-Amz-Date")
    text = signer.string_to_sign(request, signer.canonical_request(request))
    return str(signer.signature(text, request))


def _check_age(stamp: str, service: str) -> None:
    # Real time, never the injected clock: clients sign with the machine's own.
    now = datetime.now(UTC)
    try:
        signed = datetime.strptime(stamp, SIGV4_TIMESTAMP).replace(tzinfo=UTC)
    except ValueError:
        signed = datetime.min.replace(tzinfo=UTC)
    if abs(now - signed) > PATIENCE:
        if service == "ec2":
            raise AwsError("RequestExpired", "Request has expired.")
        how = "Signature expired" if signed < now else "Signature not yet current"
        message = f"{how}: {stamp} is not within 15 minutes of {now.strftime(SIGV4_TIMESTAMP)}"
        raise AwsError("SignatureDoesNotMatch", message, 403)
