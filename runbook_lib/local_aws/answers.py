"""Errors as AWS writes them: the XML of the query protocol (STS, IAM) and of EC2's own.

When to refuse is decided elsewhere.
"""

import re
from xml.sax.saxutils import escape

NAMESPACES = {
    "iam": "https://iam.amazonaws.com/doc/2010-05-08/",
    "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
}
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

INVALID_TOKEN = "The security token included in the request is invalid."
EC2_UNKNOWN = "AWS was not able to validate the provided access credentials"
WRONG_SIGNATURE = (
    "The request signature we calculated does not match the signature you provided. Check your "
    "AWS Secret Access Key and signing method. Consult the service documentation for details."
)
EXPIRED = "The security token included in the request is expired"


class AwsError(Exception):
    """A refusal: AWS's code, message and HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(code, message)
        self.code, self.message, self.status = code, message, status


def not_emulated(what: str) -> AwsError:
    """Return the refusal of something that real AWS does and the embedded one does not."""
    return AwsError(
        "NotEmulated", f"the embedded AWS does not emulate {what}; see docs/not-emulated.md"
    )


def to_xml(service: str, error: AwsError, request_id: str) -> str:
    """Return the body of an error response in this service's protocol."""
    said = f"<Code>{escape(error.code)}</Code><Message>{_clean(error.message)}</Message>"
    if service == "ec2":
        head = '<?xml version="1.0" encoding="UTF-8"?>\n'
        errors = f"<Errors><Error>{said}</Error></Errors>"
        return f"{head}<Response>{errors}<RequestID>{request_id}</RequestID></Response>"
    kind = f'<ErrorResponse xmlns="{NAMESPACES.get(service, NAMESPACES["sts"])}">'
    told = f"<Error><Type>Sender</Type>{said}</Error><RequestId>{request_id}</RequestId>"
    return f"{kind}{told}</ErrorResponse>"


def with_request_id(body: str, request_id: str) -> str:
    """Give a response of moto's our request id, and take out what XML 1.0 cannot carry."""
    body = re.sub(r"(<request_?id>)[^<]*", rf"\g<1>{request_id}", body, flags=re.IGNORECASE)
    return NOT_IN_XML.sub("", body)


def _clean(text: str) -> str:
    return escape(NOT_IN_XML.sub("", text))
