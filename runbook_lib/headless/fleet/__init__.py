"""The runbook over many accounts, here or on a cluster, and what came of it.

`run` is for a notebook, on the embedded AWS; for real accounts, a file of rows and a cluster there
is the command `runbook fleet`.
"""

import shutil
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from runbook_lib.account import parameters
from runbook_lib.machine.language import current, use


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a fleet: each account's end, and what went wrong by its cause."""

    accounts: Sequence[Any]
    groups: Sequence[Mapping[str, Any]]
    counts: Mapping[str, int]
    folder: Path


def run(
    rows: Sequence[Mapping[str, Any]],
    *,
    resume: Result | None = None,
    language: Literal["en", "ko"] | None = None,
    **shared: Any,
) -> Result:
    """Run sections 1 to 7 in the account of each row; `shared` is what all rows have in common.

    A row holds an `account_id`, and what is its own: `region`, `variant`, names. One account that
    fails ends no other. With `resume`, only those that were not proven then are run again.
    From here on the runbook's own words are shown in `language`.
    Raises: ParameterError that names every row which cannot be used, before anything is sent.
    """
    from runbook_lib.headless.fleet import fleet, working
    from runbook_lib.headless.fleet.rows import check
    from runbook_lib.machine import state

    shown = language or current()
    listed = check(
        [(f"row {n}", row) for n, row in enumerate(rows, 1)], parameters.OF_A_RUN | shared, "rows"
    )
    output = state.private_folder("local", "reports")
    if resume is None:
        shutil.rmtree(output / "fleet", ignore_errors=True)
    how = working.How(max_errors="100%")
    with ThreadPoolExecutor(1, "fleet") as thread:
        done = thread.submit(
            fleet.run,
            listed,
            how,
            output,
            lambda one: None,
            resumed=resume.folder if resume else None,
        )
        while not wait([done], 1).done:
            _show_that_it_runs()
    made, folder = done.result()
    use(shown)  # opening the accounts has chosen English
    return Result(made.accounts, made.groups, made.counts, folder)


def _show_that_it_runs() -> None:
    """Let whoever executes the notebook hear of us; there is nothing to see."""
    if display := sys.modules.get("IPython.display"):
        display.clear_output()
