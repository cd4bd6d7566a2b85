"""The embedded AWS: STS, IAM and EC2 on a loopback port, refusing and allowing as AWS does.

Importing this package is cheap: moto is loaded when a server starts.
What it does not emulate is listed in `docs/not-emulated.md`.
"""

from runbook_lib.local_aws.clock import Clock
from runbook_lib.local_aws.http.server import LocalAws
from runbook_lib.local_aws.keys import Key
from runbook_lib.local_aws.process import Running, ensure_running, running, start, stop

__all__ = ["Clock", "Key", "LocalAws", "Running", "ensure_running", "running", "start", "stop"]
