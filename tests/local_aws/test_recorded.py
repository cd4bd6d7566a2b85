"""What real AWS answered, a recorded answer a row, and the same question asked here.

The rows are in the modules `recorded_*`, in AWS's words, each with the recording it is from.
"""

from typing import Any

import pytest
import recorded_documents
import recorded_objects
import recorded_refusals
import recorded_shapes
from botocore.exceptions import ClientError
from local_aws_people import Account
from recorded import Row

ROWS = [
    *recorded_refusals.ROWS,
    *recorded_documents.ROWS,
    *recorded_objects.ROWS,
    *recorded_shapes.ROWS,
]


def observed(row: Row, a: Account) -> str | dict[str, Any]:
    try:
        found = row.does(a)
    except ClientError as error:
        response = error.response
        status = response["ResponseMetadata"]["HTTPStatusCode"]
        return f"{response['Error']['Code']} {status}: {response['Error']['Message']}"
    return found if isinstance(found, dict) else {}


def expected(row: Row, a: Account) -> str:
    session = f"arn:aws:sts::{a.id}:assumed-role/app/session"
    names = {"USER": a.arn("user/alice"), "SESSION": session, "OTHER": a.other().id}
    text = row.answer
    if "INSTANCE" in text:  # the one that the row has made
        gone = [{"Name": "instance-state-name", "Values": ["terminated"]}]
        (made,) = a.ec2.describe_instances(Filters=gone)["Reservations"]
        names["INSTANCE"] = made["Instances"][0]["InstanceId"]
    for name, value in (names | {"ACCOUNT": a.id}).items():
        text = text.replace(name, value)
    return text


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row.kind}: {row.answer}") for row in ROWS])
def test_that_it_is_answered_as_recorded(row: Row, account: Account) -> None:
    found, text = observed(row, account), expected(row, account)
    if isinstance(found, str):
        assert found == text
        return
    for word in text.split():
        key, _, value = word.partition("=")
        if word.startswith("-"):
            assert word[1:] not in found
        else:
            assert key in found
            assert not value or str(found[key]) == value


def test_that_the_rows_are_of_every_kind() -> None:
    assert len(ROWS) >= 120
    assert all(row.recording for row in ROWS)
    assert len({row.kind for row in ROWS}) >= 8
