"""Which notebooks there are, where they are, and what parameters each has."""

import ast
import json
import re
from pathlib import Path
from typing import Any

_INSTALLED = Path(__file__).parents[1] / "installed"  # in a wheel; see pyproject.toml
ROOT = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).parents[2]
FOLDER = ROOT / "notebooks"  # beside docs, to which they link
BELOW = {"en": "", "ko": "ko"}  # the folder of each language


def sections(language: str = "en") -> list[Path]:
    """Return the notebooks of a run, in the order in which they are run."""
    return [path for path in all_of_them(language) if path.name < "08"]


def all_of_them(language: str = "en") -> list[Path]:
    """Return all notebooks of a language: the sections of a run, and those beside them."""
    return sorted((FOLDER / BELOW[language]).glob("[0-9][0-9]_*.ipynb"))


def workplace() -> Path:
    """Return where a person's own notebooks belong: beside ours, or in the present folder.

    Where the runbook is installed, and no repository is around it, nothing belongs beside ours.
    """
    return ROOT if ROOT != _INSTALLED else Path.cwd()


def read(path: Path) -> Any:
    """Read a notebook."""
    import nbformat  # takes its time

    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


def read_whole(path: Path) -> Any:
    """Read a notebook that a run left; None where it was cut short in the writing."""
    from nbformat.reader import NotJSONError

    try:
        return read(path)
    except (OSError, NotJSONError):
        return None


def steps() -> dict[str, list[str]]:
    """Return the ids of each section's code cells, in order."""
    return {
        path.stem: [cell["id"] for cell in _cells(path) if cell["cell_type"] == "code"]
        for path in sections()
    }


def _cells(path: Path) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return cells


def title(notebook: Any) -> str:
    """Return the notebook's first heading without its mark."""
    return str(re.sub(r"^#\s*", "", notebook.cells[0].source.splitlines()[0]))


def parameters(path: Path) -> set[str]:
    """Return the names in the cell tagged `parameters`."""
    (cell,) = (cell for cell in _cells(path) if "parameters" in cell["metadata"].get("tags", []))
    body = ast.parse("".join(cell["source"])).body
    return {ast.unparse(node.target) for node in body if isinstance(node, ast.AnnAssign)}
