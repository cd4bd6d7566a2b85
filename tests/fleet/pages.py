"""A fleet in which much went wrong, as its page shows it."""

from pathlib import Path
from typing import Any

from runbook_lib.headless import notebooks
from runbook_lib.headless.fleet import record, rollup
from runbook_lib.headless.fleet.record import Account, Fleet

_DENIED = (
    "section 04_role: An error occurred (AccessDenied) when calling the CreateRole operation: "
    "User: arn:aws:iam::{}:user/operator is not authorized to perform: iam:CreateRole on "
    "resource: role assume-role-role with an explicit deny in an identity-based policy"
)
_CALLS = [{"action": "iam:CreateRole"}]


_SECONDS = dict.fromkeys((path.stem for path in notebooks.sections()), 12.34)


def failed(account_id: str, message: str, state: str = "failed") -> Account:
    why: dict[str, Any] = record.explain(message, "", _CALLS)
    return Account(account_id=account_id, state=state, seconds=2.5, calls=30, mutating=4, **why)


def spoilt(folder: Path) -> Fleet:
    """Write the page of twelve accounts, six of which are not proven."""
    fleet = Fleet(
        run_id="20261126T020502Z-53315b",
        outcome="failed",
        resume="runbook fleet accounts.csv --resume runs/fleet/20261126T020502Z-53315b",
        accounts=[
            *(
                Account(
                    account_id=f"10000000000{n}", state="proven", seconds=9.0, sections=_SECONDS
                )
                for n in range(6)
            ),
            *(failed(one, _DENIED.format(one)) for one in ("200000000000", "200000000001")),
            failed("200000000002", _DENIED.format("200000000002")),
            failed("300000000000", "=1+1 <script>alert(1)</script> \u202egnirts " + "x" * 300),
            failed("300000000001", "account 3 was asked for, but it is 4's", "refused"),
            Account(account_id="400000000000", state="skipped", cause="left out by --except"),
        ],
    )
    fleet.count()
    rollup.write(fleet, folder)
    return fleet
