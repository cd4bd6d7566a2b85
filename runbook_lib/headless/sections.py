"""One section through papermill, by an engine of our own: papermill's, with kernels of a run."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import papermill
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from papermill.exceptions import PapermillExecutionError

from runbook_lib import errors
from runbook_lib.errors import RunbookError, with_next_step
from runbook_lib.headless import notebooks
from runbook_lib.headless.kernels.lending import STARTING_SECONDS, Kernels, how_it_ended
from runbook_lib.headless.kernels.prepared import AGAIN

CELL_SECONDS = 600  # IAM may take minutes to settle


def run(
    path: Path,
    chosen: Mapping[str, Any],
    folder: Path,
    kernels: Kernels,
    follow: Callable[[str], None],
) -> None:
    """Run a notebook with those parameters that it knows, into a folder.

    `follow` hears the id of each code cell that begins.
    Raises: RunbookError where a cell fails, of the kind that the cell raised, or its kernel dies.
    """
    known = notebooks.parameters(path)
    try:
        papermill.execute_notebook(
            path,
            folder / path.name,
            {name: value for name, value in chosen.items() if name in known},
            engine_name="runbook",
            kernel_name="python3",  # whatever an editor has made of the notebook's own
            language="python",
            progress_bar=False,
            log_output=False,
            request_save_on_cell_execute=False,  # it is written once, at the end
            kernels=kernels,
            written_to=folder / path.name,
            on_cell_execute=lambda cell, cell_index: follow(cell.id),
        )
    except PapermillExecutionError as error:
        kind = getattr(errors, error.ename, RunbookError)
        raise kind(with_next_step(error.evalue)) from None


class _Engine(NBClientEngine):  # type: ignore[misc]
    """Runs a notebook in a kernel of a run's, where papermill would start one."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, *, kernels: Kernels, written_to: Path, **options: Any
    ) -> None:
        with _written_where_it_fails(nb_man, written_to), kernels.kernel() as manager:
            client = PapermillNotebookClient(
                nb_man,
                km=manager,
                timeout=CELL_SECONDS,
                startup_timeout=STARTING_SECONDS,
                shutdown_kernel="immediate",
                on_cell_execute=options["on_cell_execute"],
            )
            try:
                client.execute(**kernels.start_options)
            except DeadKernelError:
                raise how_it_ended(manager) from None
            except CellTimeoutError:
                raise RunbookError(
                    f"a cell took longer than {CELL_SECONDS} seconds and was stopped; {AGAIN}"
                ) from None
            finally:
                if client.kc:
                    client.kc.stop_channels()


@contextmanager
def _written_where_it_fails(nb_man: Any, path: Path) -> Iterator[None]:
    """Let papermill write what came before a failure; a whole notebook it writes anyway."""
    try:
        yield
    except BaseException:
        nb_man.output_path = str(path)
        raise


papermill_engines.register("runbook", _Engine)
