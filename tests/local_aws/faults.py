"""What makes a real AWS harder than an emulated one: lag, flapping, throttling, failures.

Steps and a wrapper that are put into the gateway of one embedded AWS. Lag runs on the server's
clock, so tests need not wait for it.
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

from runbook_lib.account.journal import is_mutating
from runbook_lib.local_aws.http.answers import Answer
from runbook_lib.local_aws.http.server import LocalAws
from runbook_lib.local_aws.refusals import AwsError, bad_credentials
from runbook_lib.local_aws.rules.validation import validate
from runbook_lib.local_aws.store.call import ApiCall, HttpRequest


@dataclass
class Faults:
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

    @classmethod
    def of(cls, aws: LocalAws) -> "Faults":
        """Put faults, of which none happens yet, into this started server."""
        faults, gateway = cls(), aws.gateway
        answer = gateway.answer

        def answer_or_hang_up(http: HttpRequest) -> Answer:
            answered = answer(http)
            if faults.losing:
                faults.losing -= 1
                raise ConnectionAbortedError("carried out, and the answer never arrives")
            return answered

        gateway.steps.insert(gateway.steps.index(validate), faults.before)
        gateway.steps.append(faults.after)
        gateway.answer = answer_or_hang_up  # type: ignore[method-assign]
        return faults

    def before(self, call: ApiCall) -> None:
        """Raise what befalls a call before it is carried out."""
        if self.throttled:
            self.throttled -= 1
            code = "RequestLimitExceeded" if call.service == "ec2" else "Throttling"
            raise AwsError(code, "Rate exceeded", 503 if call.service == "ec2" else 400)
        if self.failing:
            self.failing -= 1
            raise AwsError("InternalFailure", "We encountered an internal error.", 500)
        never = datetime.min.replace(tzinfo=UTC)
        changed = self._changed.get(call.identity.account_id, never)
        age = call.accounts.clock.now() - changed
        newcomer = call.identity.session or call.identity.entity.name != "administrator"
        right = self.flapping and next(self._turns) % 2
        if newcomer and age < timedelta(seconds=self.lag) and not right:
            self._refuse(call, age)

    def after(self, call: ApiCall) -> None:
        """Note a change of IAM."""
        if call.service == "iam" and is_mutating(call.action):
            self._changed[call.identity.account_id] = call.accounts.clock.now()

    def _refuse(self, call: ApiCall, age: timedelta) -> None:
        if age < timedelta(seconds=self.lag / 2):
            message = "The security token included in the request is invalid."
            raise bad_credentials(call.service, "InvalidClientTokenId", message)
        if call.operation.name != "GetCallerIdentity":
            code = "UnauthorizedOperation" if call.service == "ec2" else "AccessDenied"
            raise AwsError(code, "You are not authorized to perform this operation.", 403)
