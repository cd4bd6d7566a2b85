"""Refusals as AWS writes them: the XML of the query protocol (STS, IAM) and of EC2's own.

When to refuse is decided elsewhere.
"""

import re
from xml.sax.saxutils import escape

NAMESPACES = {
    "iam": "https://iam.amazonaws.com/doc/2010-05-08/",
    "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
}
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class AwsError(Exception):
    """A refusal: AWS's code, message and HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        """Keep the three apart."""
        super().__init__(code, message)
        self.code, self.message, self.status = code, message, status


def unauthenticated(service: str, code: str, message: str) -> AwsError:
    """Return the refusal of credentials: EC2 has one for every reason."""
    if service == "ec2":
        message = "AWS was not able to validate the provided access credentials"
        return AwsError("AuthFailure", message, 401)
    return AwsError(code, message, 403)


def not_emulated(what: str) -> AwsError:
    """Return the refusal of something that real AWS does and the embedded one does not."""
    message = f"the embedded AWS does not emulate {what}; see docs/not-emulated.md"
    return AwsError("NotEmulated", message)


def to_xml(service: str, error: AwsError, request_id: str) -> str:
    """Return the body of an error response in this service's protocol."""
    message = escape(NOT_IN_XML.sub("", error.message))
    said = f"<Code>{escape(error.code)}</Code><Message>{message}</Message>"
    if service == "ec2":
        errors = f"<Errors><Error>{said}</Error></Errors>"
        return f"<Response>{errors}<RequestID>{request_id}</RequestID></Response>"
    told = f"<Error><Type>Sender</Type>{said}</Error><RequestId>{request_id}</RequestId>"
    return f'<ErrorResponse xmlns="{NAMESPACES[service]}">{told}</ErrorResponse>'


def with_request_id(body: str, request_id: str) -> str:
    """Give a response of moto's our request id, and take out what XML 1.0 cannot carry."""
    body = re.sub(r"(<request_?id>)[^<]*", rf"\g<1>{request_id}", body, flags=re.IGNORECASE)
    return NOT_IN_XML.sub("", body)
