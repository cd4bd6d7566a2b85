"""The AWS config file of this process, with profiles added to the person's own for a while.

Who the profiles are of is for whoever adds them.
"""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from threading import Lock

from runbook_lib.account.sdk import Session
from runbook_lib.machine.files import explained

VARIABLE = "AWS_CONFIG_FILE"
# Where AWS is, of a profile's settings; who somebody is, is not among them.
_WHERE = (
    *("endpoint_url", "services", "ignore_configured_endpoint_urls", "ca_bundle"),
    *("sts_regional_endpoints", "use_fips_endpoint", "use_dualstack_endpoint", "region"),
)


class _ConfigFile:
    """The file while any profile is added. Threads may share it."""

    def __init__(self) -> None:
        self._lock, self._added = Lock(), dict[str, str]()
        self._own, self._folder = b"", Path()
        self._before: str | None = None

    def add(self, session: Session, sections: Mapping[str, str]) -> None:
        with self._lock:
            if not self._added:
                self._own, self._before = _own(session), os.environ.get(VARIABLE)
                # So named, it goes with those of runbooks that were killed: `kernels.prepared`.
                self._folder = Path(tempfile.mkdtemp(prefix=f"runbook-{os.getpid()}-config-"))
            self._added |= sections
            self._write()
            os.environ[VARIABLE] = str(self._folder / "config")

    def remove(self, sections: Mapping[str, str]) -> None:
        with self._lock:
            self._added = {k: v for k, v in self._added.items() if k not in sections}
            if self._added:
                self._write()
                return
            os.environ.pop(VARIABLE, None)
            os.environ.update({VARIABLE: self._before} if self._before is not None else {})
            rmtree(self._folder, ignore_errors=True)

    def _write(self) -> None:
        path = self._folder / "config"
        with explained("write", path):
            new = path.with_name("new")
            new.touch(mode=0o600)
            sections = [f"[profile {name}]\n{text}" for name, text in self._added.items()]
            new.write_bytes(b"\n\n".join([self._own, *map(str.encode, sections), b""]))
            new.replace(path)


_FILE = _ConfigFile()


@contextmanager
def with_profiles(session: Session, profiles: Mapping[str, str]) -> Iterator[None]:
    """Add profiles, each with its credential_process, to those of this process and its children.

    They find AWS where the session's own profile does.
    """
    where = [f"{name} = {value}" for name, value in _settings(session).items()]
    sections = {
        name: "\n".join([f"credential_process = {command}", *where])
        for name, command in profiles.items()
    }
    try:
        _FILE.add(session, sections)
        yield
    finally:
        _FILE.remove(sections)


def _settings(session: Session) -> dict[str, str]:
    found = session._session.get_scoped_config()
    return {name: found[name] for name in _WHERE if isinstance(found.get(name), str)}


def _own(session: Session) -> bytes:
    """Return what the person's own file holds; nothing where there is none."""
    named = session._session.get_config_variable("config_file")
    path = Path(os.path.expanduser(os.path.expandvars(named)))
    with explained("read", path):
        return path.read_bytes() if path.is_file() else b""
