"""The HTTP request read as an AWS call: which service, action and parameters; from where.

Whether the values are acceptable is for `rules.validation`.
"""

import re
from urllib.parse import parse_qs, parse_qsl

from runbook_lib.local_aws.refusals import AwsError, bad_credentials, not_emulated
from runbook_lib.local_aws.store.call import ApiCall, HttpRequest
from runbook_lib.local_aws.store.service_models import (
    SERVICES,
    json_parameters,
    operation_model,
    partition_of,
    typed_parameters,
)

EC2_VERSION = "2016-11-15"
ORGANIZATIONS = "AWSOrganizationsV20161128."  # before the action, in a header
# What a signature is for, in its header or in a URL; SigV4A names no region.
SCOPE = re.compile(r"(?:^|Credential=)[^/\s]+/\d{8}/(?:[\w-]+/)?(?P<service>[\w-]+)/aws4_request")
SSO_TOKEN = "x-amz-sso_bearer_token"
XML = ("route53", "cloudfront")  # the other services of which a path is not JSON
# The actions of STS that nobody signs.
UNSIGNED = ("AssumeRoleWithSAML", "AssumeRoleWithWebIdentity")


def check_host(call: ApiCall) -> None:
    """Raise AwsError for what is not addressed to this machine's own name."""
    if call.http.header("Host").partition(":")[0] not in ("127.0.0.1", "localhost"):
        # A page in a browser may have its own name resolve to this machine (DNS rebinding).
        raise AwsError("AccessDenied", "the embedded AWS answers to loopback names only", 403)


def check_service(call: ApiCall) -> None:
    """Raise AwsError NotEmulated, in a form that its client reads, for what is not ours."""
    http, query = call.http, parse_qs(call.http.target.partition("?")[2])
    header = http.header("Authorization")
    credential = SCOPE.search(header) or SCOPE.search(query.get("X-Amz-Credential", [""])[0])
    service = credential["service"] if credential else ""
    target = http.header("X-Amz-Target")
    if target.startswith(ORGANIZATIONS) and service in ("organizations", ""):
        call.service, call.protocol = "organizations", "json"
        return
    foreign = bool(service) and service not in SERVICES
    # Of SSO, for one, nobody signs the requests; an SDK is told by this header.
    unsigned = not (service or header) and bool(http.header("amz-sdk-invocation-id"))
    unsigned = unsigned and http.target.partition("?")[0] != "/"
    if http.header("smithy-protocol"):
        call.protocol = "cbor"
    elif unsigned and ("json" in http.header("Content-Type") or http.header(SSO_TOKEN)):
        call.protocol = "json"
    elif unsigned or service.startswith("s3") or "AWSAccessKeyId" in query:
        call.protocol = "s3"
    elif target or (foreign and service not in XML and _is_rest(http)):
        call.protocol = "json"
    if service in SERVICES and (target or call.protocol == "cbor"):
        raise not_emulated(f'the protocol "{call.protocol}" of the service "{service}"')
    if foreign or unsigned or target or call.protocol == "cbor":
        raise not_emulated(f'the service "{service}"' if service else "this service")
    if {"X-Amz-Signature", "Signature"} & {*query}:
        raise not_emulated("presigned URLs")
    if header.startswith("AWS4-ECDSA"):
        raise not_emulated("Signature Version 4A")


def _is_rest(http: HttpRequest) -> bool:
    return http.target.partition("?")[0] != "/" or "json" in http.header("Content-Type")


def check_address(call: ApiCall) -> None:
    """Raise AwsError for what is not sent to `/`, or too long."""
    http = call.http
    if http.target.partition("?")[0] != "/" or http.method not in ("GET", "POST"):
        raise AwsError("InvalidAction", "the embedded AWS answers to GET and POST on / only", 404)
    if not http.is_whole:
        words = "The request is too long, or of unknown length."
        raise AwsError("RequestEntityTooLarge", words, 413)


def read_form(call: ApiCall) -> None:
    """Read the flat parameters, from the body or, with GET, from the URL; of JSON, the action."""
    http = call.http
    if call.service == "organizations":
        call.form = {"Action": http.header("X-Amz-Target").removeprefix(ORGANIZATIONS)}
        return
    body = http.body.decode("utf-8", "replace")
    raw = http.target.partition("?")[2] if http.method == "GET" else body
    try:
        call.form = dict(parse_qsl(raw, keep_blank_values=True, max_num_fields=5_000))
    except ValueError:
        raise AwsError("MalformedInput", "The request has too many parameters.") from None
    if call.form.get("Version") == EC2_VERSION:  # how a refusal is written, until it is signed
        call.service = "ec2"
    if call.form.get("Action") in UNSIGNED:
        raise not_emulated(f"sts:{call.form['Action']}")


def read_scope(call: ApiCall) -> None:
    """Take service and partition from the signature's scope, or refuse them."""
    service = call.signature.service
    if service not in (*SERVICES, call.service):
        raise not_emulated(f'the service "{service}"')
    call.service = service
    partition = partition_of(call.region)
    if partition is None:
        message = "Credential should be scoped to a valid region."
        raise bad_credentials(service, "SignatureDoesNotMatch", message)
    call.partition = partition


def read_action(call: ApiCall) -> None:
    """Find the model of the action that the form names, and give the call its id.

    Raises: AwsError MissingAction, InvalidAction.
    """
    name = call.form.get("Action", "")
    if not name:
        raise AwsError("MissingAction", "The request names no Action.")
    operation = operation_model(call.service, name)
    if operation is None:
        version = call.form.get("Version", "NO_VERSION")
        message = f"Could not find operation {name} for version {version}"
        raise AwsError("InvalidAction", message)
    call.operation = operation
    account_id = call.identity.account_id
    call.request_id = call.accounts.request_id(account_id, call.partition, call.service, name)


def read_parameters(call: ApiCall) -> None:
    """Read the parameters as the model types them. Raises: AwsError MalformedInput."""
    try:
        if call.service == "organizations":
            call.parameters = json_parameters(call.operation, call.http.body)
        else:
            call.parameters = typed_parameters(call.operation, call.form)
    except ValueError:
        raise AwsError("MalformedInput", "A parameter is not of the type that it has.") from None


def fill_in_user_name(call: ApiCall) -> None:
    """Fill in the user name that IAM lets users leave out, to mean themselves."""
    if call.means_caller and not call.identity.role_session:
        call.parameters["UserName"] = call.identity.entity.name


def need_user_name(call: ApiCall) -> None:
    """Raise AwsError where a session, which is no user, left the user name out."""
    if call.means_caller:
        message = "Must specify userName when calling with non-User credentials"
        raise AwsError("ValidationError", message)
