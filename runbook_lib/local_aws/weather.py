"""What makes a real AWS harder than an emulated one, on demand: lag, flapping, throttling, faults.

None of it happens by itself. Lag runs on the server's clock, so tests need not wait for it.
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

from runbook_lib.account.journal import is_mutating

from .answers import AwsError, unauthenticated

if TYPE_CHECKING:
    from .calls import Call


class ConnectionLost(Exception):
    """The request was carried out, and the answer never arrives."""


@dataclass
class Weather:
    """How many of the next calls are throttled, fail or lose their answer; how IAM lags.

    For `lag` seconds after a change of IAM, its users and roles are not known with their new keys
    and permissions: first their keys are unknown, then their calls are refused. With `flapping`
    every second answer in that time is already the right one.
    """

    lag: float = 0
    flapping: bool = False
    throttled: int = 0
    failing: int = 0
    losing: int = 0
    _changed: dict[str, datetime] = field(default_factory=dict)
    _turns: "count[int]" = field(default_factory=count)

    def before(self, call: "Call", now: datetime) -> None:
        """Raise what befalls a call before it is carried out."""
        if self.throttled:
            self.throttled -= 1
            code = "RequestLimitExceeded" if call.service == "ec2" else "Throttling"
            raise AwsError(code, "Rate exceeded", 503 if call.service == "ec2" else 400)
        if self.failing:
            self.failing -= 1
            raise AwsError("InternalFailure", "We encountered an internal error.", 500)
        age = now - self._changed.get(
            call.caller.account_id, datetime.min.replace(tzinfo=now.tzinfo)
        )
        newcomer = call.caller.session or call.caller.entity.name != "administrator"
        right = self.flapping and next(self._turns) % 2
        if newcomer and age < timedelta(seconds=self.lag) and not right:
            self._not_yet(call, age)

    def after(self, call: "Call", now: datetime) -> None:
        """Note a change; lose the answer where that was asked for."""
        if call.service == "iam" and is_mutating(call.action):
            self._changed[call.caller.account_id] = now
        if self.losing:
            self.losing -= 1
            raise ConnectionLost

    def _not_yet(self, call: "Call", age: timedelta) -> None:
        if age < timedelta(seconds=self.lag / 2):
            message = "The security token included in the request is invalid."
            raise unauthenticated(call.service, "InvalidClientTokenId", message)
        if call.operation.name != "GetCallerIdentity":
            code = "UnauthorizedOperation" if call.service == "ec2" else "AccessDenied"
            raise AwsError(code, "You are not authorized to perform this operation.", 403)
