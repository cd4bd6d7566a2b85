"""What runs this notebook: the system and the versions that shape its outputs."""

import platform
import re
import shutil
import subprocess
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

NOT_INSTALLED, NO_ANSWER = "not installed", "does not answer"
_PATIENCE = 5.0  # seconds
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def versions() -> dict[str, str]:
    """Return the operating system and the versions of Python, boto3, botocore and the aws CLI."""
    return {
        "Operating system": _operating_system(),
        "Python": platform.python_version(),
        "boto3": version("boto3"),
        "botocore": version("botocore"),
        "aws CLI": _aws_cli(),
    }


def packages() -> dict[str, str]:
    """Return the versions of the runbook, of Python, and of what calls and what answers."""
    return {
        "assume-role-runbook": version("assume-role-runbook"),
        "Python": platform.python_version(),
        "boto3": version("boto3"),
        "moto": version("moto"),
    }


def _operating_system() -> str:
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:  # not a Linux of today
        name = f"{platform.system()} {platform.release()}"
    return f"{name} {platform.machine()}"


def _aws_cli() -> str:
    """Return the version of the aws CLI in this environment, or of the first one on PATH.

    It is optional, and somebody else's program: whatever it does, this ends soon.
    """
    with suppress(PackageNotFoundError):
        return version("awscli")
    command = shutil.which("aws")
    if command is None:
        return NOT_INSTALLED
    try:
        asked = subprocess.run(
            [command, "--version"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,  # where the older ones say it
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return NO_ANSWER
    found = re.search(rb"aws-cli/(\d+\.\d+\.\d+)", asked.stdout)
    return found[1].decode() if found else NO_ANSWER


def browser() -> str | None:
    """Return the path of Chromium or Chrome, which prints a report to PDF, or None."""
    return next(filter(None, map(shutil.which, _BROWSERS)), None)
