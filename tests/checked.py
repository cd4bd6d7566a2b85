"""Run nbval over the committed notebooks and count what it does: `python -m tests.checked`.

It is its own pytest plugin as well, loaded into the pytest that runs nbval.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from runbook_lib.headless import checked, notebooks
from runbook_lib.headless.refresh import repeatable_aws
from runbook_lib.machine import software
from tests.conftest import REPOSITORY

COUNTED = "RUNBOOK_COUNTED"  # the file that the plugin writes
_counts: dict[str, Counter[str]] = {}


def pytest_runtest_setup(item: Any) -> None:
    """Note on a cell which notebook it is of, and whether nbval will compare its outputs."""
    compares = item.options["check"] and item.cell.execution_count is not None
    item.user_properties += [("notebook", item.path.stem), ("compares", compares)]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Count a cell that was skipped, and one that ran and was compared to its end."""
    if report.when == "call":
        cell = dict(report.user_properties)
        found = _counts.setdefault(cell["notebook"], Counter())
        found.update(skipped=report.skipped, executed=not report.skipped)
        found.update(compared=report.passed and cell["compares"])


def pytest_sessionfinish() -> None:
    """Write down the counts."""
    Path(os.environ[COUNTED]).write_text(json.dumps(_counts), encoding="utf-8")


def nbval(
    *others: Path, language: str = "en"
) -> tuple[subprocess.CompletedProcess[str], checked.Checked]:
    """Compare in full on a fresh embedded AWS; versions of the machine are told by their form."""
    command = [sys.executable, "-m", "pytest", "--nbval", "--quiet", "-p", "no:cacheprovider"]
    command += ["-o", "filterwarnings=default", "-p", "no:xdist"]  # nbval leaves files to the gc
    command += ["-p", "tests.checked", "--nbval-sanitize-with", "tests/machine.cfg"]
    with repeatable_aws(), tempfile.TemporaryDirectory() as folder:
        counted = Path(folder) / "counted.json"
        asked = subprocess.run(
            [*command, *map(str, notebooks.all_of_them(language)), *others],
            cwd=REPOSITORY,
            env=os.environ | {COUNTED: str(counted)},
            capture_output=True,
            text=True,
            check=False,
        )
        found = json.loads(counted.read_text(encoding="utf-8"))
    names = asdict(checked.Counts())
    counts = {
        name: checked.Counts(**{which: one.get(which, 0) for which in names})
        for name, one in found.items()
    }
    return asked, checked.Checked(software.packages() | {"nbval": version("nbval")}, counts)


def main() -> None:
    """Write down what the site and the reports say."""
    asked, found = nbval()
    if asked.returncode:
        sys.exit(asked.stdout + asked.stderr)
    checked.write(found)


if __name__ == "__main__":
    main()
