"""What a finding is."""

from typing import NamedTuple

GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"


class Finding(NamedTuple):
    """One remark, with AWS's page on it."""

    finding: str
    why: str
    page: str


class Findings(list[Finding]):
    """What so many rules found in a document, or in several."""

    def __init__(self, found: list[Finding], rules: int) -> None:
        """Keep the number of rules that were applied, for whoever says "none"."""
        super().__init__(found)
        self.rules = rules
