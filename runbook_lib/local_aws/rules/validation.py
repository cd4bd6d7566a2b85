"""The rules that AWS's own service models state: required, length, range, pattern, set of values.

What depends on the objects that exist is for `rules.conflicts`.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from botocore.model import Shape

from runbook_lib.local_aws.refusals import AwsError
from runbook_lib.local_aws.store.call import ApiCall

NOT_AS_REQUIRED = "You provided a value that does not match the required pattern."
RESERVED = "aws: prefixed tag key names are not allowed for external use."
NAME = r"[\w+=,.@-]+"


def validate(call: ApiCall) -> None:
    """Raise AwsError with every rule that the parameters break, in AWS's words."""
    shape = call.operation.input_shape
    if shape is not None:
        (_validate_ec2 if call.service == "ec2" else _validate)(call, shape)


def _validate_ec2(call: ApiCall, shape: Shape) -> None:
    for name in shape.required_members:  # its model states nothing else
        if name not in call.parameters:
            message = f"The request must contain the parameter {name}"
            raise AwsError("MissingParameter", message)
    if {"MaxResults", "InstanceIds"} <= call.parameters.keys():
        message = "The parameter instancesSet cannot be used with the parameter maxResults"
        raise AwsError("InvalidParameterCombination", message)
    limit = call.parameters.get("MaxResults", 5)
    if not 5 <= limit <= 1000:
        rule = "greater than 5" if limit < 5 else "less than 1000"
        message = f"Value ( {limit} ) for parameter maxResults is invalid."
        raise AwsError("InvalidParameterValue", f"{message} Expecting a value {rule}.")


def _validate(call: ApiCall, shape: Shape) -> None:
    if call.service == "organizations" and any(_broken(shape, call.parameters, "")):
        raise AwsError("InvalidInputException", NOT_AS_REQUIRED)
    broken = [_sentence(call.service, *each) for each in _broken(shape, call.parameters, "")]
    if broken and call.service == "iam" and broken[0].endswith(NAME):
        message = f"The specified value for {broken[0].split(chr(39))[-2]} is invalid. It must "
        message += "contain only alphanumeric characters and/or the following: +=,.@_-"
        raise AwsError("ValidationError", message)
    if broken:
        count = f"{len(broken)} validation error{'s' * (len(broken) > 1)} detected: "
        raise AwsError("ValidationError", count + "; ".join(broken))
    keys = [tag["Key"].lower() for tag in call.parameters.get("Tags", [])]
    if call.service == "iam" and len(set(keys)) < len(keys):
        message = "Duplicate tag keys found. Please note that Tag keys are case insensitive."
        raise AwsError("InvalidInput", message)
    if any(key.startswith("aws:") for key in keys):
        code = "InvalidInput" if call.service == "iam" else "InvalidParameterValue"
        raise AwsError(code, RESERVED)


def _sentence(service: str, name: str, value: str, rule: str) -> str:
    if service == "iam":  # which says neither the value nor which values there are
        value, rule = "", re.sub("(enum value set): .*", r"\1", rule)
    shown = f"Value {value} at" if value else "Value at"
    return f"{shown} '{name}' failed to satisfy constraint: Member must {rule}"


Broken = Iterator[tuple[str, str, str]]


def _broken(shape: Shape, value: Any, name: str) -> Broken:
    """Give name, value and rule of each rule that is broken."""
    shown = "" if shape.metadata.get("sensitive") else f"'{value}'"
    if shape.type_name == "structure":
        yield from _broken_members(shape, value, name)
    elif shape.type_name == "list":
        yield from _out_of_range(shape, len(value), name, "[...]", "length")
        for number, each in enumerate(value, 1):
            yield from _broken(shape.member, each, f"{name}.{number}.member")
    elif shape.type_name == "string":
        yield from _out_of_range(shape, len(value), name, shown, "length")
        pattern = shape.metadata.get("pattern")
        if pattern and not _compiled(pattern).fullmatch(value):
            yield name, shown, f"satisfy regular expression pattern: {pattern}"
        if shape.enum and value not in shape.enum:
            yield name, shown, f"satisfy enum value set: [{', '.join(shape.enum)}]"
    elif shape.type_name in ("integer", "long"):
        yield from _out_of_range(shape, value, name, shown, "value")


def _broken_members(shape: Shape, value: dict[str, Any], name: str) -> Broken:
    for member, inner in shape.members.items():
        place = ".".join(filter(None, (name, member[0].lower() + member[1:])))
        if member in value:
            yield from _broken(inner, value[member], place)
        elif member in shape.required_members:
            yield place, "null", "not be null"


def _out_of_range(shape: Shape, size: int, name: str, shown: str, what: str) -> Broken:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        yield name, shown, f"have {what} greater than or equal to {least}"
    if most is not None and size > most:
        yield name, shown, f"have {what} less than or equal to {most}"


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # The models hold Java's patterns: there \\w is ASCII, and \\p{L} is a letter of any script.
    if r"\p{" not in pattern:
        return re.compile(pattern, re.ASCII)
    for theirs, ours in ((r"\p{L}", r"\w"), (r"\p{Z}", r"\s"), (r"\p{N}", r"\d")):
        pattern = pattern.replace(theirs, ours)
    return re.compile(pattern)
