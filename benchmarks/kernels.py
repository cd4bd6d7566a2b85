"""Time for a kernel that imports what notebooks need: fresh, and forked from the nursery."""

from collections.abc import Callable
from contextlib import nullcontext
from statistics import median
from time import perf_counter

import nbformat
from nbclient import NotebookClient

from runbook_lib.headless.kernels import PrivateKernelManager, preloaded

ROUNDS = 5
SOURCE = "from runbook_lib import findings, iam, sessions, tables; sessions.warm_up()"


def seconds() -> float:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SOURCE)])
    started = perf_counter()
    NotebookClient(notebook, kernel_manager_class=PrivateKernelManager).execute()
    return perf_counter() - started


def once(around: Callable[[], object]) -> float:
    with around():  # type: ignore[attr-defined]
        seconds()  # the first one waits until the nursery is ready
        return seconds()


def main() -> None:
    """Take turns, so that whatever else the machine does meets both."""
    rounds = [(once(nullcontext), once(preloaded)) for _ in range(ROUNDS)]
    fresh, forked = (median(column) for column in zip(*rounds, strict=True))
    print(f"fresh {fresh:.2f} s, forked {forked:.2f} s: {fresh / forked:.1f} times as fast")


if __name__ == "__main__":
    main()
