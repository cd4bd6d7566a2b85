"""One section through papermill."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import papermill
from papermill.exceptions import PapermillExecutionError

from runbook_lib import errors
from runbook_lib.errors import RunbookError, with_next_step
from runbook_lib.headless import notebooks
from runbook_lib.headless.kernels import PrivateKernelManager


def run(path: Path, chosen: Mapping[str, Any], folder: Path, follow: Callable[[str], None]) -> None:
    """Run a notebook with those parameters that it knows, into a folder.

    `follow` hears the id of each code cell that begins.
    Raises: RunbookError where a cell fails, of the kind that the cell raised; KeyboardInterrupt.
    """
    known = notebooks.parameters(notebooks.read(path))
    try:
        papermill.execute_notebook(
            path,
            folder / path.name,
            {name: value for name, value in chosen.items() if name in known},
            cwd=path.parent,
            progress_bar=False,
            log_output=False,
            kernel_manager_class=PrivateKernelManager,
            on_cell_execute=lambda cell, cell_index: follow(cell.id),
        )
    except PapermillExecutionError as error:
        kind = getattr(errors, error.ename, RunbookError)
        raise kind(with_next_step(error.evalue)) from None
    except RuntimeError:  # nbclient's DeadKernelError is one; so is a kernel never ready
        if PrivateKernelManager.was_told_to_stop:
            raise KeyboardInterrupt from None
        raise RunbookError(
            "the kernel died, perhaps for lack of memory; running again is safe: it makes only "
            "what is missing"
        ) from None
