"""`runbook lab`: JupyterLab on a person's own copies of the notebooks."""

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from runbook_lib.cli.options import Language
from runbook_lib.cli.terminal import say
from runbook_lib.headless import notebooks

OWN = "my-notebooks"  # git ignores it
CONFIGURATION = Path(__file__).parent / "jupyter"  # no question about news, no offer to build


def lab(
    given: Annotated[
        list[str] | None, typer.Argument(help="For JupyterLab.", metavar="[-- OPTION…]")
    ] = None,
    language: Language = "en",
) -> None:
    """Open JupyterLab on your own copies of the notebooks, with a token.

    The copies are in my-notebooks; what you do there stays when you come back.
    It listens on loopback, unless --ip says otherwise.
    """
    root = notebooks.workplace()
    first = _copies(root / OWN, language)[0].relative_to(root)
    say.print(
        f"{root / OWN} holds your copies of the notebooks, and keeps what you do. "
        f"To start afresh, delete it: rm -r {shlex.quote(str(root / OWN))}",
        markup=False,
    )
    os.chdir(root)  # so that links from a notebook to docs/ lead somewhere
    command = [sys.executable, "-m", "jupyterlab", *_options(first, given or [])]
    os.execve(sys.executable, command, _environment())  # so that it answers Ctrl-C itself


def _copies(folder: Path, language: str) -> list[Path]:
    """Copy the notebooks that are not there yet; return those of this language."""
    found: dict[str, list[Path]] = {}
    for spoken, below in notebooks.BELOW.items():
        (folder / below).mkdir(parents=True, exist_ok=True)
        sources = notebooks.all_of_them(spoken)
        found[spoken] = [folder / below / source.name for source in sources]
        for source, copy in zip(sources, found[spoken], strict=True):
            if not copy.exists():
                half = copy.with_suffix(".part")
                shutil.copyfile(source, half)
                half.replace(copy)
    return found[language]


def _options(first: Path, given: list[str]) -> list[str]:
    options = ["--ServerApp.root_dir=.", f"--LabApp.default_url=/lab/tree/{first.as_posix()}"]
    options += ["--LabApp.news_url=None"]
    options += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    if not any(one.startswith(("--ip", "--ServerApp.ip")) for one in given):
        options += ["--ServerApp.ip=127.0.0.1"]
    if getattr(os, "geteuid", lambda: 1)() == 0:
        options += ["--allow-root"]  # in a container there is nobody else
    return [*options, *given]


def _environment() -> dict[str, str]:
    """Add our defaults to the configuration; the person's own settings win."""
    theirs = os.environ.get("JUPYTER_CONFIG_PATH", "")
    path = os.pathsep.join(filter(None, [theirs, str(CONFIGURATION)]))
    return os.environ | {"JUPYTER_CONFIG_PATH": path}
