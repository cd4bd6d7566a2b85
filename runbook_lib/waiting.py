"""Waiting for IAM, which is eventually consistent: again while the answer means "not yet".

Which answers mean that is said by the caller of `until_known`; everything else is final at once.
"""

from collections.abc import Callable, Collection
from typing import Any

import tenacity
from botocore.exceptions import ClientError

BUDGET_SECONDS = {"local": 0.0, "aws": 60.0}


def code_of(error: BaseException) -> str:
    """Return AWS's error code, or nothing for another kind of error."""
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else ""


def until_known(backend: str, call: Callable[[], Any], *, not_yet: Collection[str]) -> Any:
    """Call until the answer is not one of these error codes, or the time is up.

    The embedded AWS is consistent, so its answer is taken at once.
    Raises: the last ClientError.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
    """
    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(lambda error: code_of(error) in not_yet),
        wait=tenacity.wait_random_exponential(multiplier=1, max=10),
        stop=tenacity.stop_after_delay(BUDGET_SECONDS[backend]),
        reraise=True,
    )(call)
