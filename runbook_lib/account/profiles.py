"""The hand-over: AWS profile files that the real AWS CLI, SDKs and Terraform read.

The only place where a secret is kept. Calls to AWS do not belong here.
"""

import configparser
import io
import shlex
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from runbook_lib.account.secret import Secret
from runbook_lib.errors import RunbookError
from runbook_lib.machine import state
from runbook_lib.machine.files import explained

USER_PROFILE = "assume-role-user"
ROLE_PROFILE = "assume-role-role"
_SERVICES = "local"
_DEVICE = "mfa-device"


class AccessKey(NamedTuple):
    """A long-term key as the credentials file holds it."""

    access_key_id: str
    secret_access_key: Secret


class MfaDevice(NamedTuple):
    """The user's MFA device as this machine keeps it."""

    serial_number: str
    seed: Secret
    made_by: str  # the run in the device's own tags: a later one of its name has another seed
    last_step: int  # the code of this step, and those before it, are used


def folder(backend: str, account_id: str) -> Path:
    """Return the folder of this account's `credentials` and `config` files."""
    return state.private_folder(backend, account_id)


def read_key(backend: str, account_id: str) -> AccessKey | None:
    """Return the user's key, or None where the runbook has not made one on this machine.

    Raises: RunbookError where the file is damaged or cannot be read.
    """
    path = folder(backend, account_id) / "credentials"
    file = _read(path)
    if not file.has_section(USER_PROFILE):
        return None
    section = file[USER_PROFILE]
    try:
        return AccessKey(section["aws_access_key_id"], Secret(section["aws_secret_access_key"]))
    except KeyError:
        raise _damaged(path) from None


def read_device(backend: str, account_id: str) -> MfaDevice | None:
    """Return the user's MFA device, or None where the runbook has not made one on this machine.

    Raises: RunbookError where the file is damaged or cannot be read.
    """
    path = folder(backend, account_id) / _DEVICE
    file = _read(path)
    if not file.has_section(USER_PROFILE):
        return None
    section = file[USER_PROFILE]
    try:
        made_by, last_step = section["made_by"], int(section["last_step"])
        return MfaDevice(section["serial_number"], Secret(section["seed"]), made_by, last_step)
    except (KeyError, ValueError):
        raise _damaged(path) from None


def write_device(backend: str, account_id: str, device: MfaDevice) -> None:
    """Keep the user's MFA device; AWS's own tools do not read it.

    Raises: RunbookError when the file cannot be written; the old one is then as it was.
    """
    settings = device._asdict() | {"seed": device.seed.reveal(), "last_step": str(device.last_step)}
    _update(folder(backend, account_id) / _DEVICE, USER_PROFILE, settings)


def has(where: Path, profile: str) -> bool:
    """Tell whether a folder describes this profile in its `config` file."""
    return _read(where / "config").has_section(f"profile {profile}")


def write_key(backend: str, account_id: str, key: AccessKey) -> None:
    """Keep the user's key under the profile `assume-role-user`.

    Raises: RunbookError when the file cannot be written; the old one is then as it was.
    """
    _update(
        folder(backend, account_id) / "credentials",
        USER_PROFILE,
        {
            "aws_access_key_id": key.access_key_id,
            "aws_secret_access_key": key.secret_access_key.reveal(),
        },
    )


def write_user(backend: str, account_id: str, *, region: str, endpoint: str | None) -> None:
    """Describe the profile `assume-role-user`: its region, and its endpoint where it needs one.

    Some clients read an endpoint from a profile only, some from a section `services` only, and
    some ask STS as the default profile. None of them may ask the real AWS instead.
    """
    path = folder(backend, account_id) / "config"
    if endpoint:
        _update(path, "default", _where(region, endpoint))
        _update(path, f"services {_SERVICES}", {"sts": f"\nendpoint_url = {endpoint}"})
    _update(path, f"profile {USER_PROFILE}", _where(region, endpoint))


def write_role(
    backend: str,
    account_id: str,
    *,
    region: str,
    endpoint: str | None,
    role_arn: str,
    session_name: str,
    duration_seconds: int,
    external_id: str | None,
    mfa_serial: str | None,
) -> None:
    """Describe the profile `assume-role-role`: whoever uses it assumes the role as the user."""
    settings = {"role_arn": role_arn, "source_profile": USER_PROFILE}
    settings["role_session_name"] = session_name
    settings["duration_seconds"] = str(duration_seconds)
    if external_id:
        settings["external_id"] = external_id
    if mfa_serial:  # whoever uses the profile is asked for a code
        settings["mfa_serial"] = mfa_serial
    path = folder(backend, account_id) / "config"
    _update(path, f"profile {ROLE_PROFILE}", settings | _where(region, endpoint))


def remove(backend: str, account_id: str) -> None:
    """Forget both profiles, and what a crash in the middle of writing them may have left."""
    place = folder(backend, account_id)
    halves = tuple(f".{name}." for name in state.KEPT)
    with explained("remove the keys in", place):
        for path in place.iterdir():
            if path.name in state.KEPT or path.name.startswith(halves):
                path.unlink(missing_ok=True)


def _where(region: str, endpoint: str | None) -> dict[str, str]:
    place = {"endpoint_url": endpoint, "services": _SERVICES} if endpoint else {}
    return {"region": region} | place


def _read(path: Path) -> configparser.RawConfigParser:
    file = configparser.RawConfigParser()
    try:
        with explained("read", path), suppress(FileNotFoundError):
            file.read_string(path.read_text(encoding="utf-8"))
    except (configparser.Error, UnicodeDecodeError):  # whose words quote the line, key and all
        raise _damaged(path) from None
    return file


def _damaged(path: Path) -> RunbookError:
    return RunbookError(
        f"{str(path)!r} is not a profile file as AWS reads it: it was edited, or damaged. Mend "
        f"it, or remove it and run again: rm {shlex.quote(str(path))}"
    )


def _update(path: Path, section: str, settings: dict[str, str]) -> None:
    file = _read(path)
    if file.has_section(section) and dict(file[section]) == settings:
        return
    file[section] = settings
    text = io.StringIO()
    file.write(text)
    state.write_private(path, text.getvalue())
