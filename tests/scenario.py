"""What the notebooks do, without notebooks: several tests start from it."""

from dataclasses import replace
from typing import Any

import pytest

from runbook_lib import attempts, ec2, plan
from runbook_lib.account.caller import Caller
from runbook_lib.attempts import Attempt
from runbook_lib.policies import Setup
from runbook_lib.runbook import Runbook

HOSTILE = [  # what somebody may write into a tag
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "a $x^2$ b \\(y\\)",
    "\u202egnirts desrever",
    "한글 태그",
    "x" * 2000,
    "line\nbreak\ttab",
]


def varied(book: Runbook, **fields: Any) -> Runbook:
    """The same accounts, with another variant or other names."""
    return replace(book, wanted=replace(book.wanted, **fields))


def build(book: Runbook) -> Setup:
    """Make everything that sections 2 to 4 make."""
    for step in plan.steps(book):
        step.make()
    return book.wanted


def evidence(book: Runbook) -> list[Attempt]:
    """Try everything that section 5 tries."""
    as_user = book.open_user()
    before = attempts.attempt(ec2.describe_instances, as_user, expected="refused")
    assumed = attempts.assume_role(book, as_user)
    as_role = book.open_session(as_user, assumed.response)
    after = attempts.attempt(ec2.describe_instances, as_role, expected=assumed.expected)
    return [before, assumed, after, *attempts.counterexamples(book, as_user, as_role)]


def destroy(book: Runbook) -> list[plan.Row]:
    """Take away everything that the runbook made."""
    return plan.destroy(book, plan.removals(book), confirm=True)


def sign_in(monkeypatch: pytest.MonkeyPatch, account: Caller) -> Any:
    """Let the SDK's own chain find this administrator, as on a real account; return its key."""
    key = account.session.get_credentials()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key.secret_key)
    monkeypatch.setenv("AWS_ENDPOINT_URL", str(account.place.endpoint))
    return key


def inventory(account: Caller) -> dict[str, Any]:
    """Return everything that IAM holds in the account."""
    kinds = ["User", "Role", "Group", "LocalManagedPolicy"]
    found = account.iam.get_account_authorization_details(Filter=kinds)
    del found["ResponseMetadata"]
    devices = account.iam.list_virtual_mfa_devices(AssignmentStatus="Any")["VirtualMFADevices"]
    return found | {"VirtualMFADevices": devices}
