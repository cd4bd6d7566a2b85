"""The embedded AWS: STS, IAM and EC2 on a loopback port, refusing and allowing as AWS does.

Importing this package is cheap: moto is loaded by the server only, and lives nowhere else.
What it does not emulate is listed in `docs/not-emulated.md`.
"""

from .clock import Clock
from .keys import Key
from .process import Running, ensure_running, running, start, stop
from .server import LocalAws

__all__ = ["Clock", "Key", "LocalAws", "Running", "ensure_running", "running", "start", "stop"]
