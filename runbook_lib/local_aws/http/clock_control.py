"""The clock of the account that a call is about, and moving it on.

Only whoever may read the server's state file can move a clock.
"""

import hmac

from runbook_lib.local_aws.server_state import CLOCK_HEADER, PROOF_HEADER
from runbook_lib.local_aws.store.call import ApiCall


def move_clock(call: ApiCall) -> None:
    """Move an account's clock by the seconds that a request tells, if it knows the secret."""
    accounts, told = call.accounts, call.http.header(CLOCK_HEADER)
    accounts.clock.account_id = ""
    expected = accounts.administrators.proof(CLOCK_HEADER, told)
    if told and hmac.compare_digest(call.http.header(PROOF_HEADER).encode(), expected.encode()):
        account_id, seconds = told.split()
        accounts.clock.advance(max(0.0, float(seconds)), account_id)


def tell_time_of(call: ApiCall, account_id: str) -> None:
    """Let the clock tell the time of this account, until the next call."""
    call.accounts.clock.account_id = account_id
