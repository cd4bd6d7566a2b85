"""The notebooks in Korean: prose from a PO file, code and outputs as they are in English.

The PO file has one entry for each Markdown cell; its context is `notebook:cell-id`. What an English
cell says now and what it said when it was translated can differ: such an entry is marked fuzzy, and
`problems` names it until somebody has looked at it and taken the mark away.
"""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

from runbook_lib.headless import notebooks

FOLDER = notebooks.FOLDER / "ko"
CATALOG = notebooks.FOLDER.parent / "docs" / "locale" / "ko" / "notebooks.po"
_UPWARDS = re.compile(r'(\]\(|href="|src=")\.\./')
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_SAME = {
    "fenced code": _FENCED,
    "inline code": re.compile(r"`[^`\n]+`"),
    "links": re.compile(r"\]\(([^)\s]+)"),
    "headings": re.compile(r"^#+(?= )", re.MULTILINE),
}


def translate() -> list[Path]:
    """Write the Korean notebooks, and bring the PO file's English up to date.

    A cell without a translation stays English.
    """
    catalog = _updated()
    CATALOG.write_bytes(_text(catalog))
    FOLDER.mkdir(exist_ok=True)
    written = {FOLDER / path.name: _translated(path, catalog) for path in notebooks.sections()}
    for path, text in written.items():
        path.write_text(text, encoding="utf-8")
    return list(written)


def problems() -> list[str]:
    """Say what is untranslated, out of date, or has other code, links or headings than in English.

    Also names what `translate` would write differently.
    """
    catalog = _updated()
    found = [f"{one.context}: {what}" for one in catalog if one.id for what in _wrong(one)]
    if CATALOG.read_bytes() != _text(catalog):
        found.append(f"{CATALOG.name}: not as `runbook refresh` writes it")
    for path in notebooks.sections():
        korean = FOLDER / path.name
        if not korean.exists() or korean.read_text("utf-8") != _translated(path, catalog):
            found.append(f"ko/{path.name}: not as `runbook refresh` writes it")
    return found


def _updated() -> Catalog:
    """Return the PO file's translations under the English as it is now, in reading order."""
    with CATALOG.open("rb") as file:
        old = read_po(file, locale="ko")
    known = {message.context: message for message in old if message.id}
    catalog = Catalog(locale="ko", fuzzy=False)
    for path in notebooks.sections():
        for context, cell in _prose(path, notebooks.read(path)):
            before = known.get(context)
            flags = set(before.flags) if before else set()
            if before and before.id != cell.source:
                flags.add("fuzzy")
            text = str(before.string) if before else ""
            catalog.add(cell.source, text, context=context, flags=flags)
    return catalog


def _text(catalog: Catalog) -> bytes:
    """Return the PO file: no dates and no names, so that the same prose gives the same bytes."""
    file = io.BytesIO()
    write_po(file, catalog, width=0, omit_header=True)
    return b'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n' + file.getvalue()


def _translated(path: Path, catalog: Catalog) -> str:
    """Return a notebook with Korean prose, from whose folder every link works."""
    notebook = notebooks.read(path)
    for context, cell in _prose(path, notebook):
        message = catalog.get(cell.source, context=context)
        cell.source = _deeper(str(message.string if message else "") or cell.source)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            page = output.get("data", {}).get("text/html")
            if page:
                output.data["text/html"] = _deeper(page)
    return nbformat.writes(notebook) + "\n"  # type: ignore[no-untyped-call,no-any-return]


def _prose(path: Path, notebook: Any) -> Iterator[tuple[str, Any]]:
    """Yield the Markdown cells, each with its context in the PO file."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            yield f"{path.stem}:{cell.id}", cell


def _deeper(text: str) -> str:
    """Adjust links for a folder one level down: its neighbours are there too, the rest is not."""
    return _UPWARDS.sub(r"\1../../", text)


def _wrong(message: Message) -> Iterator[str]:
    source, text = str(message.id), str(message.string)
    if not text:
        yield "not translated"
        return
    if message.fuzzy:
        yield "the English has changed since; correct the Korean and take the fuzzy mark away"
    for what, pattern in _SAME.items():
        if _parts(what, pattern, source) != _parts(what, pattern, text):
            yield f"{what} not the same as in English"


def _parts(what: str, pattern: re.Pattern[str], text: str) -> list[str]:
    """Return the parts that a translation keeps; their order is the language's own."""
    return sorted(pattern.findall(text if what == "fenced code" else _FENCED.sub("", text)))
