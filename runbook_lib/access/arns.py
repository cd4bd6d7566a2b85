"""ARNs taken apart, and as people read them where the account is known already.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Arn:
    """The parts of `arn:PARTITION:SERVICE:REGION:ACCOUNT_ID:RESOURCE`; some may be empty."""

    partition: str
    service: str
    region: str
    account_id: str
    resource: str

    @classmethod
    def parse(cls, text: str) -> "Arn":
        """Take an ARN apart.

        Raises: ValueError where the text is none.
        """
        prefix, *parts = text.split(":", 5)
        if prefix != "arn" or len(parts) != 5:
            raise ValueError(
                f'"{text}" is no ARN: expected arn:PARTITION:SERVICE:REGION:ACCOUNT_ID:RESOURCE'
            )
        return cls(*parts)

    def __str__(self) -> str:
        return ":".join(
            ("arn", self.partition, self.service, self.region, self.account_id, self.resource)
        )

    @property
    def kind(self) -> str:
        """What it is: `user`, `role`, `assumed-role`, `policy`, `root`, …"""
        return self.resource.partition("/")[0]

    @property
    def name(self) -> str:
        """The name without its path; a session's is that of its role."""
        parts = self.resource.split("/")
        return parts[1] if self.kind == "assumed-role" else parts[-1]

    @property
    def session(self) -> str:
        """The name of a role session; empty for everything else."""
        return self.resource.rpartition("/")[2] if self.kind == "assumed-role" else ""


def short(text: str) -> str:
    """Return a text with each principal's ARN in it cut to what tells it apart in one account."""
    return re.sub(r"arn:[\w-]+:(iam|sts)::\d{12}:", "", text)
