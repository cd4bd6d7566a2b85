"""One page from the executed notebooks of a run folder, for people; `junit.xml`, for machines."""

import html
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from nbconvert import HTMLExporter
from nbformat.v4 import new_markdown_cell, new_notebook

from runbook_lib.errors import ParameterError
from runbook_lib.headless import notebooks

_CSS = """
:root{color-scheme:light dark}
body{font:16px/1.6 system-ui,sans-serif;max-width:70rem;margin:0 auto;padding:1rem 1.5rem 4rem}
h1{border-top:1px solid;padding-top:2rem;margin-top:3rem}header h1{border:0;margin:0}
table{border-collapse:collapse;display:block;overflow-x:auto;font-size:.9rem}
th,td{border:1px solid #8888;padding:.3rem .6rem;text-align:left;vertical-align:top}
pre{overflow-x:auto;background:#8881;padding:.7rem;border-radius:4px;font-size:.85rem}
.jp-InputPrompt,.jp-OutputPrompt,.jp-Collapser,.anchor-link{display:none}
.failed{border-left:6px solid #c33;padding:.5rem 1rem;white-space:pre-wrap}
"""


def write(folder: Path) -> Path:
    """Write `report.html` and `junit.xml` of a run folder, again or for the first time.

    Raises: ParameterError where the folder holds no `run.json`.
    """
    try:
        run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except OSError:
        raise ParameterError(
            f"{folder} is no run folder, it holds no run.json: name one that runbook run made"
        ) from None
    page = folder / "report.html"
    page.write_text(_page(run, folder), encoding="utf-8")
    _write_junit(run, folder / "junit.xml")
    return page


def _page(run: dict[str, Any], folder: Path) -> str:
    exporter = HTMLExporter(template_name="basic")  # type: ignore[no-untyped-call]
    exporter.exclude_input_prompt = exporter.exclude_output_prompt = True
    body = ""
    for section in run["sections"]:
        path = folder / f"{section['name']}.ipynb"
        if path.exists():
            body += f'<section id="{section["name"]}">{_fragment(exporter, path)}</section>'
    body += f'<section id="not-emulated">{_not_emulated(exporter)}</section>'
    title = f"Assume role in account {run['account_id']}"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{_CSS}</style></head><body><header><h1>{title}</h1>{_summary(run)}</header>"
        f"<main>{body}</main></body></html>"
    )


def _fragment(exporter: HTMLExporter, path: Path) -> str:
    """Render a notebook; links to its neighbours become links inside the page."""
    notebook = notebooks.read(path)
    hidden = {"parameters", "injected-parameters"}
    notebook.cells = [
        one for one in notebook.cells if not hidden & set(one.metadata.get("tags", []))
    ]
    page = exporter.from_notebook_node(notebook)[0]
    page = page.replace('href="../docs/not-emulated.md"', 'href="#not-emulated"')
    return re.sub(r'href="(\d\d_\w+)\.ipynb"', r'href="#\1"', page)


def _not_emulated(exporter: HTMLExporter) -> str:
    text = (notebooks.FOLDER.parent / "docs" / "not-emulated.md").read_text(encoding="utf-8")
    notebook = new_notebook(cells=[new_markdown_cell(text)])  # type: ignore[no-untyped-call]
    return str(exporter.from_notebook_node(notebook)[0])


def _summary(run: dict[str, Any]) -> str:
    kind = "EMULATED" if run["backend"] == "local" else "REAL"
    facts = f"{kind} · {run['region']} · variant {run['variant']} · run {run['run_id']}"
    rows = "".join(
        f'<tr><td><a href="#{section["name"]}">{section["name"]}</a></td>'
        f"<td>{section['outcome']}</td><td>{section['seconds']} s</td></tr>"
        for section in run["sections"]
    )
    error = f'<p class="failed">{html.escape(run["error"])}</p>' if run["error"] else ""
    return (
        f"<p>{html.escape(facts)} · <strong>{run['outcome']}</strong></p>{error}<table><thead><tr>"
        '<th scope="col">Section</th><th scope="col">Outcome</th><th scope="col">Time</th></tr>'
        f"</thead><tbody>{rows}</tbody></table>"
    )


def _write_junit(run: dict[str, Any], path: Path) -> None:
    sections = run["sections"]
    failures = [section for section in sections if section["outcome"] != "passed"]
    suite = ElementTree.Element(
        "testsuite", name="runbook", tests=str(len(sections)), failures=str(len(failures))
    )
    for section in sections:
        attributes = {"classname": "runbook", "time": str(section["seconds"])}
        case = ElementTree.SubElement(suite, "testcase", attributes, name=section["name"])
        if section["outcome"] == "not run":
            ElementTree.SubElement(case, "skipped")
        elif section["outcome"] != "passed":
            ElementTree.SubElement(case, "failure").text = run["error"]
    ElementTree.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)
