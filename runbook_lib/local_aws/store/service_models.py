"""AWS's own models of its services, as botocore ships and moto reads them; and its regions."""

import json
from typing import Any

from botocore.model import OperationModel, OperationNotFoundError
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.utils import get_service_model
from moto.ec2.models import ec2_backends
from moto.utilities.utils import get_partition

from runbook_lib.local_aws.keys import PARTITIONS

SERVICES = ("sts", "iam", "ec2")  # whose requests are forms; organizations' are JSON
_JSON_TYPES = {"string": str, "integer": int}


def operation_model(service: str, name: str) -> OperationModel | None:
    """Return the model of this action, None where the service has none of this name."""
    try:
        return get_service_model(service).operation_model(name)
    except OperationNotFoundError:
        return None


def typed_parameters(operation: OperationModel, form: dict[str, str]) -> dict[str, Any]:
    """Return the parameters as the model types them: numbers, lists, structures.

    Raises: ValueError where one is not of its type.
    """
    parser = PROTOCOL_PARSERS[str(operation.service_model.protocol)](operation)
    return dict(parser.parse({"values": form}))  # type: ignore[typeddict-item]  # all it reads


def json_parameters(operation: OperationModel, body: bytes) -> dict[str, Any]:
    """Return the parameters of a JSON body that the model has: texts and numbers.

    Raises: ValueError where it is no JSON, or one is not of its type.
    """
    given = json.loads(body or b"{}")
    shape = operation.input_shape
    found = {}
    for name, member in (shape.members if shape else {}).items():
        value = given.get(name) if isinstance(given, dict) else given
        if value is not None:
            if not isinstance(value, _JSON_TYPES[member.type_name]):
                raise ValueError(name)
            found[name] = value
    return found


def partition_of(region: str) -> str | None:
    """Return the partition of this region, None where AWS has no such region."""
    partition = str(get_partition(region))
    known = partition in PARTITIONS and region in ec2_backends["000000000000"]
    return partition if known else None
