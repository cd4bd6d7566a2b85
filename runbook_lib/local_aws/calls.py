"""An AWS call: the HTTP request read by the service's own model, as botocore ships it.

Whether its values are acceptable is for `validation`.
"""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from botocore.model import OperationNotFoundError
from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.utils import get_service_model
from moto.ec2.models import ec2_backends
from moto.utilities.utils import get_partition

from .answers import AwsError, unauthenticated
from .authentication import Http, Scope
from .keys import PARTITIONS
from .world import Caller

SERVICES = ("sts", "iam", "ec2")


@dataclass
class Call:
    """Who calls which action, with which parameters."""

    http: Http
    caller: Caller
    service: str
    region: str
    operation: OperationModel
    form: dict[str, str]
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def action(self) -> str:
        return f"{self.service}:{self.operation.name}"

    def arn(self, resource: str, service: str = "iam") -> str:
        """Return the ARN of something in the caller's account."""
        region = self.region if service == "ec2" else ""
        caller = self.caller
        return f"arn:{caller.partition}:{service}:{region}:{caller.account_id}:{resource}"


def read_form(http: Http) -> dict[str, str]:
    """Return the flat parameters, from the body or, with GET, from the URL."""
    body = http.body.decode("utf-8", "replace")
    raw = urlsplit(http.target).query if http.method == "GET" else body
    try:
        return dict(parse_qsl(raw, keep_blank_values=True, max_num_fields=5_000))
    except ValueError:
        raise AwsError("MalformedInput", "The request has too many parameters.") from None


def operation_of(service: str, form: dict[str, str]) -> OperationModel:
    """Return the model of the action that the form names.

    Raises: AwsError MissingAction, InvalidAction.
    """
    name = form.get("Action", "")
    if not name:
        raise AwsError("MissingAction", "The request names no Action.")
    try:
        operation: OperationModel = get_service_model(service).operation_model(name)
    except OperationNotFoundError:
        message = f"Could not find operation {name} for version {form.get('Version', 'NO_VERSION')}"
        raise AwsError("InvalidAction", message) from None
    return operation


def read_parameters(operation: OperationModel, form: dict[str, str]) -> dict[str, Any]:
    """Return the parameters as the model types them: numbers, lists, structures."""
    parser = PROTOCOL_PARSERS[str(operation.service_model.protocol)](operation)
    try:
        return dict(parser.parse({"values": form}))  # type: ignore[typeddict-item]  # all it reads
    except ValueError:
        raise AwsError("MalformedInput", "A parameter is not of the type that it has.") from None


def partition_of(scope: Scope) -> str:
    """Return the partition of the region that the caller signed for, or refuse the region."""
    partition = get_partition(scope.region)
    if partition not in PARTITIONS or scope.region not in ec2_backends["000000000000"]:
        message = "Credential should be scoped to a valid region."
        raise unauthenticated(scope.service, "SignatureDoesNotMatch", message)
    return partition
