"""Amazon EC2: one function per call; the response's own dict comes back.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Welcome.html
"""

from typing import Any

from runbook_lib.account.caller import Caller


def describe_instances(caller: Caller) -> dict[str, Any]:
    """List every instance of the region, all pages in one response (ec2:DescribeInstances).

    Raises: ClientError UnauthorizedOperation when the caller may not.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html
    """
    pages = caller.ec2.get_paginator("describe_instances").paginate()
    return dict(pages.build_full_result())


def describe_key_pairs(caller: Caller) -> dict[str, Any]:
    """List the region's key pairs, by name (ec2:DescribeKeyPairs).

    Raises: ClientError UnauthorizedOperation when the caller may not.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeKeyPairs.html
    """
    return dict(caller.ec2.describe_key_pairs())
