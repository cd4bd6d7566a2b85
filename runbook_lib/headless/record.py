"""What happened in a run, as `run.json` holds it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from runbook_lib.account import journal
from runbook_lib.errors import Interrupted, RunbookError
from runbook_lib.machine.files import refusal
from runbook_lib.machine.software import packages

RECORD = ".record.jsonl"  # the kernels write it down here, a line at a time


@dataclass(slots=True)
class Section:
    """How one notebook ended: "passed", "failed", "interrupted" or "not run"."""

    name: str
    outcome: str = "not run"
    seconds: float = 0.0


@dataclass(slots=True, kw_only=True)
class Run:
    """What `run.json` holds; `outcome` is as in `Section`."""

    run_id: str
    account_id: str
    region: str
    backend: str
    variant: str
    language: str = "en"
    outcome: str = "interrupted"
    sections: list[Section] = field(default_factory=list)
    proof: list[dict[str, Any]] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    waits: list[dict[str, Any]] = field(default_factory=list)
    software: dict[str, str] = field(default_factory=packages)
    error: str = ""
    exit_status: int = Interrupted.exit_status


@contextmanager
def recorded(made: Run, folder: Path) -> Iterator[None]:
    """Collect what the kernels write down about calls and proof."""
    made.calls = [asdict(call) for call in journal.calls()]
    record = folder / RECORD
    record.touch(mode=0o600)
    try:
        yield
    finally:
        for line in record.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            lists = {"call": made.calls, "proof": made.proof, "wait": made.waits}
            lists[entry.pop("kind")].append(entry)
        record.unlink()


def write(made: Run, folder: Path) -> None:
    """Write `run.json`, the report and `junit.xml`; where that fails, the run says so as well."""
    from runbook_lib.headless.report import report

    try:
        text = json.dumps(asdict(made), indent=2, ensure_ascii=False)
        (folder / "run.json").write_text(text, encoding="utf-8")
        report.write(folder)
    except OSError as error:
        made.error = "\n".join(filter(None, [made.error, str(refusal(error, "write", folder))]))
        made.outcome = "failed" if made.outcome == "passed" else made.outcome
        made.exit_status = made.exit_status or RunbookError.exit_status
