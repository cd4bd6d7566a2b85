"""What the profiles of a fleet take over from the hub's: the person's AWS config file, and where
AWS is.
"""

import os
from pathlib import Path

from runbook_lib.account.sdk import Session
from runbook_lib.machine.files import explained

# Where AWS is, of a profile's settings; who somebody is, is not among them.
_WHERE = (
    *("endpoint_url", "services", "ignore_configured_endpoint_urls", "ca_bundle"),
    *("sts_regional_endpoints", "use_fips_endpoint", "use_dualstack_endpoint", "region"),
)


def of_profile(session: Session) -> dict[str, str]:
    """Return where the session's profile says that AWS is, for other profiles beside it."""
    found = session._session.get_scoped_config()
    return {name: found[name] for name in _WHERE if isinstance(found.get(name), str)}


def config_file(session: Session) -> bytes:
    """Return what the session's AWS config file holds; nothing where there is none."""
    named = session._session.get_config_variable("config_file")
    path = Path(os.path.expanduser(os.path.expandvars(named)))
    with explained("read", path):
        return path.read_bytes() if path.is_file() else b""
