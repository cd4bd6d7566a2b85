"""The notebooks and the site's pages in Korean: prose from a PO file, code and outputs unchanged.

`make refresh` runs this file after the notebooks.

The PO file has one entry for each Markdown cell (its context is `notebook:cell-id`) and for each
section of a page (`page:heading`). What the English says now and what it said when it was
translated can differ: such an entry is marked fuzzy, and `problems` names it until somebody has
looked at it and taken the mark away.
"""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

from runbook_lib.headless import notebooks

DOCS = Path(__file__).parent
CATALOG = DOCS / "locale" / "ko" / "runbook.po"
PAGES = ("index", "get-started", "real-account", "variants", "not-emulated", "how-it-is-built")
_TOCTREE = re.compile(r"^```\{toctree\}\n.*?^```\n*", re.MULTILINE | re.DOTALL)
_CAPTION = re.compile(r"(?<=^:caption: ).+$", re.MULTILINE)
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(?=## )", re.MULTILINE)
_UPWARDS = re.compile(r'(\]\(|href="|src=")\.\./(docs/)?')
_SAME = {
    "fenced code": _FENCED,
    "inline code": re.compile(r"`[^`\n]+`"),
    "links": re.compile(r"\]\(([^)\s]+)"),
    "headings": re.compile(r"^#+(?= )", re.MULTILINE),
}


def translate() -> None:
    """Write the Korean notebooks and pages, and bring the PO file's English up to date.

    What has no translation stays English.
    """
    catalog = _updated()
    CATALOG.write_bytes(_text(catalog))
    for path, text in _written(catalog).items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


def problems() -> list[str]:
    """Say what is untranslated, out of date, or has other code, links or headings than in English.

    Also names what `translate` would write differently.
    """
    catalog = _updated()
    found = [f"{one.context}: {what}" for one in catalog if one.id for what in _wrong(one)]
    if CATALOG.read_bytes() != _text(catalog):
        found.append(f"{CATALOG.name}: not as `make refresh` writes it")
    for path, text in _written(catalog).items():
        if not path.exists() or path.read_text("utf-8") != text:
            found.append(f"ko/{path.name}: not as `make refresh` writes it")
    return found


def sources() -> list[Path]:
    """Return what is translated: the notebooks, then the pages."""
    return [*notebooks.sections(), *(DOCS / f"{name}.md" for name in PAGES)]


def korean(path: Path) -> Path:
    """Return where the Korean edition of a notebook or page is."""
    return path.parent / "ko" / path.name


def _written(catalog: Catalog) -> dict[Path, str]:
    translated = {".ipynb": _notebook, ".md": _page}
    return {korean(path): translated[path.suffix](path, catalog) for path in sources()}


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
        return
    text = path.read_text(encoding="utf-8")
    for section in _HEADING.split(_TOCTREE.sub("", text)):
        heading = re.sub(r"\W+", "-", section.partition("\n")[0].lower()).strip("-")
        yield f"{path.stem}:{heading}", section.strip()
    for caption in _CAPTION.findall(text):
        yield f"{path.stem}:caption {caption}", caption


def _notebook(path: Path, catalog: Catalog) -> str:
    """Return a notebook with Korean prose, from whose folder every link works."""
    notebook = notebooks.read(path)
    prose = (cell for cell in notebook.cells if cell.cell_type == "markdown")
    for cell, text in zip(prose, _translated(path, catalog), strict=True):
        cell.source = _deeper(text)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            page = output.get("data", {}).get("text/html")
            if page:
                output.data["text/html"] = _deeper(page)
    return nbformat.writes(notebook) + "\n"  # type: ignore[no-untyped-call,no-any-return]


def _page(path: Path, catalog: Catalog) -> str:
    """Return a page in Korean, which leads to Korean pages and notebooks."""
    source = path.read_text(encoding="utf-8")
    captions = _CAPTION.findall(source)
    texts = _translated(path, catalog)
    trees = map(_toctree, _TOCTREE.findall(source), texts[len(texts) - len(captions) :])
    text = "\n\n".join([*texts[: len(texts) - len(captions)], *filter(None, trees)])
    return text.replace("../notebooks/", "../../notebooks/ko/") + "\n"


def _toctree(block: str, caption: str) -> str:
    """Return a part of the contents with what there is in Korean, or nothing."""
    lines = _CAPTION.sub(caption, block.strip()).splitlines()
    names = {*PAGES, *(f"../notebooks/{path.stem}" for path in notebooks.sections())}
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
    """Return the parts that a translation keeps; their order is the language's own."""
    return sorted(pattern.findall(text if what == "fenced code" else _FENCED.sub("", text)))


if __name__ == "__main__":
    translate()
