"""Moving the embedded AWS's clock on, for whoever may read its state file and nobody else."""

import hmac
from email.message import Message

from runbook_lib.local_aws.server_state import CLOCK_HEADER, PROOF_HEADER
from runbook_lib.local_aws.store.accounts import Accounts


def move_clock(headers: Message, accounts: Accounts, instance: str) -> None:
    """Move the clock by the seconds that a request tells, if it knows the server's secret."""
    seconds, said = headers.get(CLOCK_HEADER, ""), headers.get(PROOF_HEADER, "")
    expected = accounts.administrators.proof(instance, CLOCK_HEADER, seconds)
    if seconds and hmac.compare_digest(said.encode(), expected.encode()):
        accounts.clock.advance(max(0.0, float(seconds)))
