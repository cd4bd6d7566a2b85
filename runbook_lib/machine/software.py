"""What runs this notebook: the system and the versions that shape its outputs."""

import platform
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

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


def _operating_system() -> str:
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:  # not a Linux of today
        name = f"{platform.system()} {platform.release()}"
    return f"{name} {platform.machine()}"


def _aws_cli() -> str:
    """Ask the aws CLI that stands beside this Python, or else the first one on PATH."""
    beside = shutil.which("aws", path=str(Path(sys.executable).parent))
    command = beside or shutil.which("aws")
    if command is None:
        return "not installed"
    asked = subprocess.run([command, "--version"], capture_output=True, text=True, check=False)
    return asked.stdout.partition(" ")[0].removeprefix("aws-cli/") or "does not answer"


def browser() -> str | None:
    """Return the path of Chromium or Chrome, which prints a report to PDF, or None."""
    return next(filter(None, map(shutil.which, _BROWSERS)), None)
