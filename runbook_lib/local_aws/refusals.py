"""A refusal of the embedded AWS: AWS's error code, message and HTTP status."""


class AwsError(Exception):
    """A refusal. How it is written in XML is for `http.answers`."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        """Keep the three apart."""
        super().__init__(code, message)
        self.code, self.message, self.status = code, message, status


def bad_credentials(service: str, code: str, message: str) -> AwsError:
    """Return the refusal of credentials: EC2 has one for every reason."""
    if service == "ec2":
        message = "AWS was not able to validate the provided access credentials"
        return AwsError("AuthFailure", message, 401)
    return AwsError(code, message, 403)


def not_emulated(what: str) -> AwsError:
    """Return the refusal of something that real AWS does and the embedded one does not."""
    message = f"the embedded AWS does not emulate {what}; see docs/not-emulated.md"
    return AwsError("NotEmulated", message)
