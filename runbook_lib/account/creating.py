"""Creating what may be there already, or what stands on something made a moment ago."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from runbook_lib.account.caller import Caller
from runbook_lib.account.waiting import code_of, until_settled
from runbook_lib.errors import MissingStepError

Response = dict[str, Any]


def create(call: Callable[..., Response], **request: Any) -> Response | None:
    """Create, or return None where somebody did so a moment ago: perhaps we, unanswered."""
    try:
        return {**call(**request), "Outcome": "created"}
    except ClientError as error:
        if code_of(error) == "EntityAlreadyExists":
            return None
        raise


def with_principal(caller: Caller, call: Callable[..., Response], **request: Any) -> Response:
    """Send a trust policy; on AWS, a user made a moment ago may not be known as principal yet."""
    try:
        made: Response = until_settled(
            caller.place.backend,
            "the user that the trust policy names",
            lambda: call(**request),
            not_yet={"MalformedPolicyDocument"},
            in_a_row=1,
        )
    except ClientError as error:
        message = error.response["Error"]["Message"]
        if "Invalid principal" not in message:
            raise
        raise MissingStepError(
            f"the trust policy names somebody who is not there ({message}): run "
            "notebooks/03_user.ipynb first, with the same user_name"
        ) from None
    return made


def missing(caller: Caller, kind: str, name: str, notebook: str) -> MissingStepError:
    """Return what to say of something that an earlier section makes."""
    return MissingStepError(
        f"{kind} {name!r} is not in account {caller.account_id}; this section needs it: run "
        f"notebooks/{notebook}.ipynb first"
    )
