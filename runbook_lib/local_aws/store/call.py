"""One AWS call on its way: the HTTP request, and what the gateway's steps have read from it."""

from dataclasses import dataclass, field
from datetime import datetime
from email.message import Message
from typing import Any

from botocore.model import OperationModel

from runbook_lib.local_aws.store.accounts import Accounts, Identity, Session
from runbook_lib.local_aws.store.backends import Iam


@dataclass(frozen=True)
class HttpRequest:
    """One HTTP request, as it came."""

    method: str
    target: str
    headers: Message
    body: bytes
    source_ip: str
    is_whole: bool = True  # else the body is not read: too long, or of unknown length

    def header(self, name: str) -> str:
        return str(self.headers.get(name, ""))


@dataclass(frozen=True)
class Signature:
    """What the Authorization header claims."""

    key_id: str
    date: str
    region: str
    service: str
    headers: str
    signature: str


@dataclass
class ApiCall:
    """Who calls which action, with which parameters; and, in the end, what is answered.

    A step sets what later steps read, in the order of the fields.
    """

    http: HttpRequest
    accounts: Accounts
    request_id: str
    service: str = "sts"
    protocol: str = ""  # of another service, which is told in its own form that it is not here
    form: dict[str, str] = field(init=False)
    signature: Signature = field(init=False)
    partition: str = field(init=False)
    identity: Identity = field(init=False)
    operation: OperationModel = field(init=False)
    parameters: dict[str, Any] = field(init=False)
    mfa: datetime | None = field(init=False)  # when the caller's second factor was given, if it was
    session: Session = field(init=False)  # that AssumeRole or GetSessionToken opens
    status: int = field(init=False)
    body: str = field(init=False)

    @property
    def action(self) -> str:
        return f"{self.service}:{self.operation.name}"

    @property
    def region(self) -> str:
        return self.signature.region

    @property
    def iam(self) -> Iam:
        """The IAM of the caller's account."""
        found = self.accounts.iam(self.identity.account_id, self.partition)
        assert found is not None  # where somebody calls from, there is an account
        return found

    @property
    def means_caller(self) -> bool:
        """Whether the user name, which IAM lets users leave out to mean themselves, is left out."""
        shape = self.operation.input_shape
        optional = shape is not None and "UserName" in {*shape.members} - {*shape.required_members}
        return self.service == "iam" and optional and "UserName" not in self.parameters

    def arn(self, resource: str, service: str = "iam") -> str:
        """Return the ARN of something in the caller's account."""
        region = self.region if service == "ec2" else ""
        return f"arn:{self.partition}:{service}:{region}:{self.identity.account_id}:{resource}"
