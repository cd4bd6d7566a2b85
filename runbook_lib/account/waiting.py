"""Waiting for IAM, which is eventually consistent: again while the answer means "not yet".

Which answers mean that is said by the caller of `until_settled`; throttling and failures of AWS
are waited out as well, and everything else is final at once.
"""

import sys
import time
from collections.abc import Callable, Collection
from typing import Any

import tenacity
from botocore.exceptions import ClientError, HTTPClientError

from runbook_lib import local_aws
from runbook_lib.account import journal

BUDGET_SECONDS = 120.0
sleep = time.sleep


def code_of(error: BaseException | None) -> str:
    """Return AWS's error code, or nothing for another kind of error."""
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else ""


def is_passing(error: BaseException | None) -> bool:
    """Tell whether AWS was only too busy or broken for the moment, or the network was."""
    if isinstance(error, ClientError):
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        return code_of(error) in journal.THROTTLED or status >= 500
    return isinstance(error, HTTPClientError)


def until_settled(
    backend: str,
    what: str,
    call: Callable[[], Any],
    *,
    not_yet: Collection[str] = (),
    in_a_row: int = 3,
) -> Any:
    """Call until it succeeds, or is answered otherwise than with one of these error codes.

    After a first "not yet" the answers may still flap, so some successes in a row are wanted; what
    changes something is content with one.
    The embedded AWS is consistent, and its answer is taken at once. Waiting is noted in the run's
    record, with one line on stderr.
    Raises: the last error, when it is final or the time is up.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
    """
    if backend == "local":
        return call()
    waited = _Waited(what, not_yet, in_a_row)
    try:
        return tenacity.Retrying(
            retry=waited.again,
            wait=tenacity.wait_random_exponential(multiplier=1, max=10),
            stop=lambda state: state.idle_for >= BUDGET_SECONDS,
            before_sleep=waited.say,
            sleep=lambda seconds: sleep(seconds),
            retry_error_callback=lambda state: state.outcome and state.outcome.result(),
        )(call)
    finally:
        waited.note()


def pass_time(backend: str, account_id: str, what: str, seconds: float) -> None:
    """Let time pass on AWS: wait, or move this account's clock on in the embedded AWS.

    Waiting is noted in the run's record, with one line on stderr.
    """
    if backend == "local":
        if running := local_aws.running():
            local_aws.move_clock(running, account_id, seconds)
        return
    print(f"waiting {seconds:.0f} seconds for {what} …", file=sys.stderr)
    sleep(seconds)
    journal.record("wait", {"what": what, "tries": 1, "seconds": round(seconds, 1)})


class _Waited:
    """What one wait has seen so far."""

    def __init__(self, what: str, not_yet: Collection[str], wanted: int) -> None:
        self.what, self.not_yet, self.wanted = what, not_yet, wanted
        self.tries = self.in_a_row = 0
        self.seconds, self.unsettled = 0.0, False

    def again(self, state: tenacity.RetryCallState) -> bool:
        """Judge the last answer: is it worth asking again?"""
        self.tries, self.seconds = self.tries + 1, state.idle_for
        error = state.outcome.exception() if state.outcome else None
        if error is None:
            self.in_a_row += 1
            return self.unsettled and self.in_a_row < self.wanted
        self.in_a_row = 0
        self.unsettled = self.unsettled or code_of(error) in self.not_yet
        return code_of(error) in self.not_yet or is_passing(error)

    def say(self, _: tenacity.RetryCallState) -> None:
        """Tell a person once why nothing seems to happen."""
        if self.tries == 1:
            print(f"waiting until AWS knows {self.what} …", file=sys.stderr)

    def note(self) -> None:
        """Keep how long it took, where it took anything."""
        if self.tries > 1:
            seconds = round(self.seconds, 1)
            journal.record("wait", {"what": self.what, "tries": self.tries, "seconds": seconds})
