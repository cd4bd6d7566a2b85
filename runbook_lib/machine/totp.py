"""One-time codes that follow from a seed and the time: RFC 6238, as virtual MFA devices show them.

Who may use which code, and when, is for whoever asks.
"""

import base64
import hmac
import secrets
from datetime import datetime

STEP_SECONDS = 30


def new_seed() -> str:
    """Return a seed as AWS makes them: 64 letters of base 32."""
    return base64.b32encode(secrets.token_bytes(40)).decode()


def step_at(moment: datetime) -> int:
    """Return the number of the step that this moment is in; each has a code of its own."""
    return int(moment.timestamp()) // STEP_SECONDS


def code(seed: str, step: int) -> str:
    """Return the six digits of a step."""
    digest = hmac.digest(base64.b32decode(seed), step.to_bytes(8), "sha1")
    at = digest[-1] & 0xF
    number = int.from_bytes(digest[at : at + 4]) & 0x7FFF_FFFF
    return f"{number % 10**6:06}"
