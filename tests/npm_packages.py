"""Packages of npm's that tests call, installed once, outside the repository."""

import contextlib
import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

import platformdirs
import pytest

UNREACHABLE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH")


def installed(source: Path, name: str) -> Path:
    """Install what this folder's package-lock.json says; whoever comes second uses the first's."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip(f"node and npm are not on PATH, so there is no {name}")
    version = hashlib.sha256((source / "package-lock.json").read_bytes()).hexdigest()[:16]
    folder = platformdirs.user_cache_path("assume-role-runbook") / f"{name}-{version}"
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
            _install(npm, source, Path(temporary) / "new")
            with contextlib.suppress(OSError):
                (Path(temporary) / "new").rename(folder)
    return folder


def _install(npm: str, source: Path, folder: Path) -> None:
    folder.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(source / name, folder)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode and any(code in done.stderr for code in UNREACHABLE):
        pytest.skip("npm cannot reach its registry")
    assert done.returncode == 0, done.stderr
