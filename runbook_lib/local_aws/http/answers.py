"""Answers as XML: refusals in the query protocol's form (STS, IAM) and in EC2's own."""

import re
from xml.sax.saxutils import escape

from runbook_lib.local_aws.refusals import AwsError

NAMESPACES = {
    "iam": "https://iam.amazonaws.com/doc/2010-05-08/",
    "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
}
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_xml(service: str, error: AwsError, request_id: str) -> str:
    """Return the body of an error response in this service's protocol."""
    message = escape(NOT_IN_XML.sub("", error.message))
    detail = f"<Code>{escape(error.code)}</Code><Message>{message}</Message>"
    if service == "ec2":
        errors = f"<Errors><Error>{detail}</Error></Errors>"
        return f"<Response>{errors}<RequestID>{request_id}</RequestID></Response>"
    body = f"<Error><Type>Sender</Type>{detail}</Error><RequestId>{request_id}</RequestId>"
    return f'<ErrorResponse xmlns="{NAMESPACES[service]}">{body}</ErrorResponse>'


def with_request_id(body: str, request_id: str) -> str:
    """Give a response of moto's our request id, and take out what XML 1.0 cannot carry."""
    body = re.sub(r"(<request_?id>)[^<]*", rf"\g<1>{request_id}", body, flags=re.IGNORECASE)
    return NOT_IN_XML.sub("", body)
