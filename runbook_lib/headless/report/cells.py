"""Notebooks as HTML for the report, cell by cell; text in them may be anybody's and is cleaned."""

import ast
import html
from collections.abc import Iterator, Set
from functools import lru_cache
from typing import Any

from markupsafe import Markup
from nbconvert.filters import markdown2html
from nbconvert.filters.highlight import Highlight2HTML

from runbook_lib.headless.report.clean import clean
from runbook_lib.machine.language import translated

_HIDDEN = {"parameters", "injected-parameters", "papermill-error-cell-tag"}


def render(notebook: Any, name: str, anchors: Set[str]) -> Markup:
    """Return a notebook as HTML, as far as it came; ids in it begin with its name.

    `anchors` are the parts of the page that links may lead to.
    """
    shown = []
    for cell in notebook.cells:
        if not _HIDDEN & set(cell.metadata.get("tags", [])):
            shown.append(_rendered(cell.source, cell.cell_type, name, frozenset(anchors)))
            shown += [clean(one, name, anchors) for one in _outputs(cell)]
        failure = [one for one in cell.get("outputs", []) if one.output_type == "error"]
        if failure:  # the cells after it did not run
            return Markup("\n".join([*shown, _failure(failure[0], name)]))
    return Markup("\n".join(shown))


@lru_cache(maxsize=1024)  # the cells of a section are the same for every account
def _rendered(source: str, kind: str, name: str, anchors: frozenset[str]) -> Markup:
    raw = markdown2html(source) if kind == "markdown" else _source(source)
    return clean(raw, name, anchors)


def prose(text: str, name: str, anchors: Set[str]) -> Markup:
    """Return Markdown as HTML."""
    return clean(markdown2html(text), name, anchors)


def executed(notebook: Any) -> int:
    """Return how many of the notebook's own code cells ran to their end."""
    return sum(
        cell.cell_type == "code"
        and cell.execution_count is not None
        and "injected-parameters" not in cell.metadata.get("tags", [])
        and not any(one.output_type == "error" for one in cell.outputs)
        for cell in notebook.cells
    )


def parameters(notebook: Any) -> dict[str, tuple[str, str]]:
    """Return what each parameter was and what it means: "name": ("value", "help")."""
    found: dict[str, tuple[str, str]] = {}
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if "parameters" in tags or "injected-parameters" in tags:
            for name, value, help_text in _assignments(cell.source):
                found[name] = value, help_text or found.get(name, ("", ""))[1]
    return found


def _assignments(source: str) -> Iterator[tuple[str, str, str]]:
    lines = source.splitlines()
    for node in ast.parse(source).body:
        if isinstance(node, ast.AnnAssign | ast.Assign) and isinstance(node.value, ast.Constant):
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            after = lines[(node.end_lineno or 1) - 1].encode()[node.end_col_offset :].decode()
            yield ast.unparse(target), str(node.value.value), after.strip().lstrip("# ")


def _source(source: str) -> str:
    return str(Highlight2HTML()(source, language="python"))  # type: ignore[no-untyped-call]


def _outputs(cell: Any) -> list[str]:
    return [_output(one) for one in cell.get("outputs", []) if one.output_type != "error"]


def _output(output: Any) -> str:
    if output.output_type == "stream":
        return f"<pre>{html.escape(output.text)}</pre>"
    made = output.data.get("text/html", "")
    text = f"<pre>{html.escape(output.data.get('text/plain', ''))}</pre>"
    if made.startswith("<img"):
        as_text = f"<details><summary>{translated('The same as text')}</summary>{text}</details>"
        return f'<div class="scroll">{made}</div>{as_text}'
    return made or text


def _failure(output: Any, name: str) -> str:
    said = html.escape(f"{output.ename}: {translated(output.evalue)}")
    failed, beside = translated("✕ It failed here."), translated(", beside this page.")
    where = translated("The cells after this one did not run. The whole traceback is in")
    return (
        f'<p class="error" id="{name}.failed"><strong>{failed}</strong> {said}</p>'
        f'<p class="note">{where} <code>{name}.ipynb</code>{beside}</p>'
    )
