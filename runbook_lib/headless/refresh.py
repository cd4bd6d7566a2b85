"""The committed outputs: each notebook as it runs on a fresh embedded AWS at a fixed time."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any

import nbformat
from nbclient import NotebookClient

from runbook_lib import local_aws
from runbook_lib.account.opening import RUN_ID_VARIABLE
from runbook_lib.headless import notebooks
from runbook_lib.headless.kernels.lending import Kernels
from runbook_lib.headless.kernels.prepared import prepared

SEED = 1
TIME = datetime(2022, 3, 26, 14, 45, tzinfo=UTC)  # the day of the tutorial


def refresh(progress: Callable[[str], None], language: str = "en") -> None:
    """Run every notebook of an edition as it stands and write it back, the same bytes each time.

    Raises: nbclient's CellExecutionError; that notebook and the later ones are then as they were.
    """
    paths = notebooks.all_of_them(language)
    with (
        prepared() as process,
        repeatable_aws(),
        closing(Kernels(process, paths[0].parent, {}, len(paths))) as kernels,
    ):
        for path in paths:
            progress(path.stem)
            notebook = notebooks.read(path)
            with kernels.kernel() as manager:
                NotebookClient(notebook, km=manager).execute(**kernels.start_options)
            nbformat.write(_tidy(notebook), path)  # type: ignore[no-untyped-call]


@contextmanager
def repeatable_aws() -> Iterator[None]:
    """Run an embedded AWS of its own, with repeatable ids and a fixed clock, inside the block."""
    before = dict(os.environ)
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"RUNBOOK_HOME": home, RUN_ID_VARIABLE: "refresh"}
        local_aws.start(seed=SEED, fixed_time=TIME)
        try:
            yield
        finally:
            local_aws.stop()
            os.environ.clear()
            os.environ.update(before)


def _tidy(notebook: Any) -> Any:
    """Keep what a reader needs: sources, outputs, counts and tags."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"file_extension": ".py", "name": "python"},  # what nbconvert writes
    }
    for cell in notebook.cells:
        cell.metadata = {"tags": cell.metadata["tags"]} if cell.metadata.get("tags") else {}
    return notebook
