"""The embedded AWS: STS, IAM and EC2 on a loopback port, refusing and allowing as AWS does.

It runs in a process of its own, so importing this package is cheap: only that process loads moto.
What it does not emulate is listed in `docs/not-emulated.md`.
"""

from runbook_lib.local_aws.keys import Key
from runbook_lib.local_aws.organization import HUB_ROLE, MANAGEMENT_ACCOUNT_ID
from runbook_lib.local_aws.process import ensure_running, running, start, stop
from runbook_lib.local_aws.server_state import Running
from runbook_lib.local_aws.usage import RUN_VARIABLE, in_a_run, only_used_by_runs

__all__ = [
    "HUB_ROLE",
    "MANAGEMENT_ACCOUNT_ID",
    "RUN_VARIABLE",
    "Key",
    "Running",
    "ensure_running",
    "in_a_run",
    "only_used_by_runs",
    "running",
    "start",
    "stop",
]
