"""ARNs as people read them, where the account is known already."""

import re


def short(arn: str) -> str:
    """Return the part of a principal's ARN that tells it apart in one account."""
    return arn.split(":", 5)[-1]


def shortened(text: str) -> str:
    """Return a text with each principal's ARN in it cut to that part."""
    return re.sub(r"arn:[\w-]+:(iam|sts)::\d{12}:", "", text)
