"""What the notebooks do, without notebooks: several tests start from it."""

from typing import Any

from runbook_lib import ec2, plan
from runbook_lib.account.caller import Caller, open_session, open_user
from runbook_lib.attempts.evidence import Attempt, attempt, attempt_assume_role, counterexamples
from runbook_lib.policies import Setup, Variant, describe

SESSION = "assume-role-session"
HOSTILE = [  # what somebody may write into a tag
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "a $x^2$ b \\(y\\)",
    "\u202egnirts desrever",
    "한글 태그",
    "x" * 2000,
    "line\nbreak\ttab",
]


def build(account: Caller, variant: Variant = "tutorial", home: Caller | None = None) -> Setup:
    """Make everything that sections 2 to 4 make."""
    home = home or account
    wanted = describe(account, variant, trusted_account_id=home.account_id)
    for _, _, step in plan.steps(account, home, wanted):
        step()
    return wanted


def evidence(account: Caller, wanted: Setup, home: Caller | None = None) -> list[Attempt]:
    """Try everything that section 5 tries."""
    as_user = open_user(home or account)
    before = attempt(ec2.describe_instances, as_user, expected="refused")
    assumed = attempt_assume_role(account, as_user, wanted, SESSION)
    as_role = open_session(account, as_user, assumed.response)
    after = attempt(ec2.describe_instances, as_role, expected=assumed.expected)
    further = counterexamples(account, as_user, as_role, wanted, SESSION)
    return [before, assumed, after, *further]


def inventory(account: Caller) -> dict[str, Any]:
    """Return everything that IAM holds in the account."""
    kinds = ["User", "Role", "Group", "LocalManagedPolicy"]
    found = account.iam.get_account_authorization_details(Filter=kinds)
    del found["ResponseMetadata"]
    return dict(found)
