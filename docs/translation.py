"""The notebooks and the pages in Korean: prose from a PO file, outputs from runs of their own.

`make refresh` runs this file after the notebooks.

The PO file has one entry for each Markdown cell (its context is `notebook:cell-id`), for each
section of a page (`page:heading`) and for each comment on a parameter. The code is the English
one's, but for these comments and for the language in which `open_runbook` and `fleet.run` let the
package speak (its words are in `runbook_lib/machine/language/ko.toml`).

What the English says now and what it said when it was translated can differ: such an entry is
marked fuzzy, and `problems` names it until somebody has looked at it and taken the mark away.
"""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

from docs import troubleshooting
from runbook_lib.headless import notebooks, refresh
from runbook_lib.machine.language import translated, using

DOCS = Path(__file__).parent
CATALOG = DOCS / "locale" / "ko" / "runbook.po"
PAGES = (
    *("index", "get-started", "real-account", "fleets", "questions", "variants", "not-emulated"),
    *("glossary", "how-it-is-built", "troubleshooting"),
)
README = DOCS.parent / "README.md"
_TOCTREE = re.compile(r"^```\{toctree\}\n.*?^```\n*", re.MULTILINE | re.DOTALL)
_CAPTION = re.compile(r"(?<=^:caption: ).+$", re.MULTILINE)
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"(?<=\S)( +# | {3,}).*$", re.MULTILINE)
_HEADING = re.compile(r"^(?=## )", re.MULTILINE)
_PARAMETER = re.compile(r"(?<=  # ).+$", re.MULTILINE)
_IN_KOREAN = re.compile(r"(open_runbook\(globals\(\)|fleet\.run\(rows, [^)]*variant=variant)\)")
_UPWARDS = re.compile(r'(\]\(|href="|src=")\.\./(docs/)?')
_SAME = {
    "fenced code": _FENCED,
    "inline code": re.compile(r"`[^`\n]+`"),
    "links": re.compile(r"\]\(([^)\s]+)"),
    "headings": re.compile(r"^#+(?= )", re.MULTILINE),
}


def translate() -> None:
    """Write the Korean notebooks and pages, and bring the PO file's English up to date.

    What has no translation stays English. The notebooks keep the outputs that they have.
    """
    catalog = _updated()
    CATALOG.write_bytes(_text(catalog))
    for path, text in _written(catalog).items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(_with_outputs(text, path) if path.suffix == ".ipynb" else text, "utf-8")


def problems() -> list[str]:
    """Say what is untranslated, out of date, or has other code, links or headings than in English.

    Also names what `translate` would write differently.
    """
    catalog = _updated()
    found = [f"{one.context}: {what}" for one in catalog if one.id for what in _wrong(one)]
    if CATALOG.read_bytes() != _text(catalog):
        found.append(f"{CATALOG.name}: not as `make refresh` writes it")
    for path, text in _written(catalog).items():
        if not path.exists() or _without_outputs(path) != text:
            found.append(f"ko/{path.name}: not as `make refresh` writes it")
    return found


def sources() -> list[Path]:
    """Return what is translated: the notebooks, then the pages, then the README."""
    pages = [DOCS / f"{name}.md" for name in PAGES if name != "troubleshooting"]
    return [*notebooks.all_of_them(), *pages, README]


def korean(path: Path) -> Path:
    """Return where the Korean edition of a notebook or page is."""
    return path.with_suffix(".ko.md") if path == README else path.parent / "ko" / path.name


def _written(catalog: Catalog) -> dict[Path, str]:
    """Return what is made: the Korean edition, and the page made from the code in both."""
    page = DOCS / "troubleshooting.md"
    made = {page: troubleshooting.page("en"), korean(page): troubleshooting.page("ko")}
    for path in sources():
        write = _notebook if path.suffix == ".ipynb" else _readme if path == README else _page
        made[korean(path)] = write(path, catalog)
    return made


def _updated() -> Catalog:
    """Return the PO file's translations under the English as it is now, in reading order."""
    with CATALOG.open("rb") as file:
        old = read_po(file, locale="ko")
    known = {message.context: message for message in old if message.id}
    catalog = Catalog(locale="ko", fuzzy=False)
    for context, text in (piece for path in sources() for piece in _pieces(path)):
        before = known.get(context)
        flags = set(before.flags) if before else set()
        if before and before.id != text:
            flags.add("fuzzy")
        catalog.add(text, str(before.string) if before else "", context=context, flags=flags)
    return catalog


def _text(catalog: Catalog) -> bytes:
    """Return the PO file: no dates and no names, so that the same prose gives the same bytes."""
    file = io.BytesIO()
    write_po(file, catalog, width=0, omit_header=True)
    return b'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n' + file.getvalue()


def _pieces(path: Path) -> Iterator[tuple[str, str]]:
    """Yield what is translated as a whole, each with its context in the PO file."""
    if path.suffix == ".ipynb":
        for cell in notebooks.read(path).cells:
            if cell.cell_type == "markdown":
                yield f"{path.stem}:{cell.id}", cell.source
            elif "parameters" in cell.metadata.get("tags", []):
                yield from ((f"parameters:{one}", one) for one in _PARAMETER.findall(cell.source))
        return
    text = path.read_text(encoding="utf-8")
    for section in _HEADING.split(_TOCTREE.sub("", text)):
        heading = re.sub(r"\W+", "-", section.partition("\n")[0].lower()).strip("-")
        yield f"{path.stem}:{heading}", section.strip()
    for caption in _CAPTION.findall(text):
        yield f"{path.stem}:caption {caption}", caption


def _notebook(path: Path, catalog: Catalog) -> str:
    """Return a notebook in Korean without outputs, from whose folder every link works."""
    notebook = notebooks.read(path)
    texts = iter(_translated(path, catalog))
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = _deeper(next(texts))
            continue
        cell.outputs, cell.execution_count = [], None
        cell.source = _IN_KOREAN.sub(r'\1, language="ko")', cell.source)
        if "parameters" in cell.metadata.get("tags", []):
            cell.source = _PARAMETER.sub(lambda _: next(texts), cell.source)
    return _json(notebook)


def _with_outputs(text: str, path: Path) -> str:
    """Return a notebook with the outputs that its cells have in the file."""
    there = {cell.id: cell for cell in notebooks.read(path).cells} if path.exists() else {}
    notebook = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.id in there:
            cell.outputs = there[cell.id].outputs
            cell.execution_count = there[cell.id].execution_count
    return _json(notebook)


def _without_outputs(path: Path) -> str:
    """Return a page as it is, a notebook without what a run has put into it."""
    if path.suffix != ".ipynb":
        return path.read_text(encoding="utf-8")
    notebook = notebooks.read(path)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return _json(notebook)


def _json(notebook: Any) -> str:
    return nbformat.writes(notebook) + "\n"  # type: ignore[no-untyped-call,no-any-return]


def _page(path: Path, catalog: Catalog) -> str:
    """Return a page in Korean, which leads to Korean pages and notebooks."""
    source = path.read_text(encoding="utf-8")
    captions = _CAPTION.findall(source)
    texts = _translated(path, catalog)
    trees = map(_toctree, _TOCTREE.findall(source), texts[len(texts) - len(captions) :])
    text = "\n\n".join([*texts[: len(texts) - len(captions)], *filter(None, trees)])
    text = text.replace("](reference/", "](../reference/")  # which is read from docstrings
    return text.replace("../notebooks/", "../../notebooks/ko/") + "\n"


def _readme(path: Path, catalog: Catalog) -> str:
    """Return the README in Korean, beside the English one, which leads to Korean pages."""
    text = "\n\n".join(_translated(path, catalog))
    return re.sub(r"(\]\(|\[`)(notebooks|docs)/(?=[\w-]+\.(md|ipynb))", r"\1\2/ko/", text) + "\n"


def _toctree(block: str, caption: str) -> str:
    """Return a part of the contents with what there is in Korean, or nothing."""
    lines = _CAPTION.sub(caption, block.strip()).splitlines()
    names = {*PAGES, *(f"../notebooks/{path.stem}" for path in notebooks.all_of_them())}
    kept = [one for one in lines if one.startswith((":", "`")) or one in names]
    entries = [one for one in kept if one[0] not in ":`"]
    return "\n".join([*kept[:3], "", *entries, kept[-1]]) if entries else ""


def _translated(path: Path, catalog: Catalog) -> list[str]:
    found = [(text, catalog.get(text, context=context)) for context, text in _pieces(path)]
    return [str(message.string if message else "") or text for text, message in found]


def _deeper(text: str) -> str:
    """Adjust links for a folder one level down: its neighbours are there too, the rest is not."""
    return _UPWARDS.sub(lambda found: f"{found[1]}../../{'docs/ko/' if found[2] else ''}", text)


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
    """Return the parts that a translation keeps; their order is the language's own.

    A table's head is named as it is shown, comments in commands are prose, and the README leads to
    the other one.
    """
    text = text.replace("(README.ko.md)", "(README.md)")
    if what == "fenced code":
        return sorted(_COMMENT.sub("", block) for block in pattern.findall(text))
    found = pattern.findall(_FENCED.sub("", text))
    with using("ko"):
        return sorted(f"`{translated(one[1:-1])}`" if one[0] == "`" else one for one in found)


if __name__ == "__main__":
    translate()
    refresh.refresh(lambda name: print(f"  ko/{name}"), "ko")
