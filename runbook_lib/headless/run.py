"""The whole runbook for one account, into a folder that tells what happened."""

import time
from collections.abc import Callable, Mapping
from contextlib import closing, nullcontext
from functools import partial
from importlib import import_module
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

from runbook_lib import local_aws
from runbook_lib.account import journal, parameters
from runbook_lib.errors import Interrupted, RunbookError
from runbook_lib.headless import embedded, notebooks
from runbook_lib.headless.kernels.prepared import PreparedProcess, prepared
from runbook_lib.headless.record import RECORD, Run, Section, recorded, write
from runbook_lib.machine import signals

if TYPE_CHECKING:  # what takes its time to import is imported beside what takes its time to start
    from runbook_lib.headless.kernels.lending import Kernels
    from runbook_lib.runbook import Runbook


_one_at_a_time = Lock()
Progress = Callable[[Section, str], None]
Agree = Callable[[list[dict[str, str]]], bool]


def run(
    chosen: Mapping[str, Any],
    output: Path,
    progress: Progress,
    agree: Agree | None = None,
    *,
    adopt: bool = False,
    language: str = "en",
    process: PreparedProcess | None = None,
) -> tuple[Run, Path]:
    """Run every section with these parameters; return what happened and the folder that tells it.

    `progress` hears of each section and the id of each cell that begins; when a section begins or
    has ended, the id is empty. Later sections do not run after one that failed.
    The embedded AWS is started where none runs, and stopped afterwards.
    Nothing is changed unless `agree`, where it is given, agrees to the plan. Foreign objects of the
    wanted names stop the run, unless they are to be adopted.
    The folder is written also when a section fails or somebody presses Ctrl-C.
    Raises, before the first change: ParameterError, WrongAccountError, ForeignObjectError, or
    RunbookError where another run is at work on the account.
    """
    parameters.check(chosen)
    aws = embedded.for_a_run() if chosen["backend"] == "local" else nullcontext()
    importing = Thread(target=_import, daemon=True)
    with signals.tidied() as around:
        with signals.held():  # what is begun is either whole or not begun
            if process is None:
                process = around.enter_context(prepared())
            importing.start()
            around.enter_context(aws)
            importing.join()  # threads that import the same at once get halves of it
        from runbook_lib.account import opening
        from runbook_lib.runbook import open_runbook

        signals.check()
        run_id = opening.new_run_id()
        made = Run(run_id=run_id, language=language, **{name: chosen[name] for name in _SHOWN})
        folder = output.absolute() / made.account_id / made.run_id
        around.enter_context(journal.of_run(made.run_id))
        with signals.held():
            kernels = around.enter_context(closing(_kernels(process, folder, language)))
        book = open_runbook(chosen)
        with book.exclusive():
            _settle_ownership(book, agree, adopt)
            signals.check()
            folder.mkdir(parents=True)
            _run_and_write(
                made, folder, lambda: _run_sections(made, chosen, folder, kernels, progress)
            )
    return made, folder


def _run_and_write(made: Run, folder: Path, sections: Callable[[], None]) -> None:
    """Run the sections, and write what happened, also where a signal or a failure cut it short."""
    try:
        with recorded(made, folder):
            sections()
    except signals.Stopped as stopped:
        made.outcome, made.error = "interrupted", Interrupted.message
        made.exit_status = stopped.exit_status
    finally:
        with signals.held():
            write(made, folder)
            signals.ignore()  # what is left is to tidy up


def _import() -> None:
    with _one_at_a_time:
        for name in ("runbook", "plan", "headless.sections", "headless.report.report"):
            import_module(f"runbook_lib.{name}")


def _kernels(process: PreparedProcess | None, folder: Path, language: str) -> "Kernels":
    """Have kernels that write down what they do for this run."""
    from runbook_lib.account import opening
    from runbook_lib.headless.kernels.lending import Kernels

    sections = notebooks.sections(language)
    variables = {
        opening.RUN_ID_VARIABLE: folder.name,
        journal.RECORD_VARIABLE: str(folder / RECORD),
        local_aws.RUN_VARIABLE: "1",
    }
    return Kernels(process, sections[0].parent, variables, len(sections))


def _settle_ownership(book: "Runbook", agree: Agree | None, adopt: bool) -> None:
    """Stop before the first change where something foreign is in the way, or nobody agrees."""
    from runbook_lib import plan

    rows = plan.plan(book)
    plan.require_clear(rows, adopt=adopt)
    if agree and not agree(rows):
        raise RunbookError("nothing was changed")
    if adopt:
        plan.adopt(book, rows)


def _run_sections(
    made: Run, chosen: Mapping[str, Any], folder: Path, kernels: "Kernels", progress: Progress
) -> None:
    from runbook_lib.headless import sections

    paths = notebooks.sections(made.language)
    made.sections = [Section(path.stem) for path in paths]
    for path, section in zip(paths, made.sections, strict=True):
        section.outcome, started = "interrupted", time.monotonic()
        follow = partial(_follow, progress, section)
        follow("")
        try:
            sections.run(path, chosen, folder, kernels, follow)
            section.outcome = "passed"
        except RunbookError as error:
            section.outcome = made.outcome = "failed"
            made.error = f"section {path.stem}: {error}"
            made.exit_status = error.exit_status
        finally:
            section.seconds = round(time.monotonic() - started, 2)
            progress(section, "")
        if section.outcome == "failed":
            return
    made.outcome, made.exit_status = "passed", 0


def _follow(progress: Progress, section: Section, cell: str) -> None:
    signals.check()  # a signal in the middle of an import is only noted
    progress(section, cell)


_SHOWN = ("account_id", "region", "backend", "variant")
