"""Notebooks as HTML for the report: only what a reader needs gets through, and nothing that runs.

Text in a notebook may be anybody's. Tags and attributes are let through by a list; all the rest
is dropped, and all text escaped again. The page's Content-Security-Policy stands behind that.
"""

import ast
import html
import re
from collections.abc import Iterator, Set
from html.parser import HTMLParser
from typing import Any

from markupsafe import Markup
from nbconvert.filters import markdown2html
from nbconvert.filters.highlight import Highlight2HTML

_KEPT = re.compile(
    "a|abbr|b|blockquote|br|caption|code|dd|del|details|div|dl|dt|em|h[1-6]|hr|i|img|kbd|li|ol|p|pre|q|s|"
    "samp|small|span|strong|sub|summary|sup|table|tbody|td|tfoot|th|thead|tr|u|ul"
)
_EMPTY = {"br", "hr", "img"}
_DROPPED = re.compile(
    "head|iframe|math|noscript|object|script|select|style|svg|template|textarea|title"
)
_CLASS = re.compile(
    r"runbook(-banner)?|scroll|emulated|real|highlight|[a-z][a-z0-9]{0,2}"
)  # Pygments' own
_REPLACED = {"anchor-link", "runbook-rest"}  # by the page's contents and its script
_PICTURE = re.compile(r"data:image/(svg\+xml|png|jpeg);base64,[A-Za-z0-9+/=\s]+")
_NOTEBOOK = re.compile(r"(?:\.\./notebooks/)?(\d\d_\w+)\.ipynb(?:#(.*))?")
_HANGUL = re.compile(r"[가-힣ㄱ-ㅣ](?:[\s,.·]*[가-힣ㄱ-ㅣ])*")
_HIDDEN = {"parameters", "injected-parameters", "papermill-error-cell-tag"}


def render(notebook: Any, name: str, anchors: Set[str]) -> Markup:
    """Return a notebook as HTML, as far as it came; ids in it begin with its name.

    `anchors` are the parts of the page that links may lead to.
    """
    shown = []
    for cell in notebook.cells:
        if not _HIDDEN & set(cell.metadata.get("tags", [])):
            raw = markdown2html(cell.source) if cell.cell_type == "markdown" else _code(cell)
            shown.append(_clean(raw, name, anchors))
        failure = [one for one in cell.get("outputs", []) if one.output_type == "error"]
        if failure:  # the cells after it did not run
            return Markup("\n".join([*shown, _failure(failure[0], name)]))
    return Markup("\n".join(shown))


def prose(text: str, name: str, anchors: Set[str]) -> Markup:
    """Return Markdown as HTML."""
    return Markup(_clean(markdown2html(text), name, anchors))


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


def _code(cell: Any) -> str:
    source = Highlight2HTML()(cell.source, language="python")  # type: ignore[no-untyped-call]
    return "".join([source, *(_output(one) for one in cell.outputs if one.output_type != "error")])


def _output(output: Any) -> str:
    if output.output_type == "stream":
        return f"<pre>{html.escape(output.text)}</pre>"
    made = output.data.get("text/html", "")
    text = f"<pre>{html.escape(output.data.get('text/plain', ''))}</pre>"
    if made.startswith("<img"):
        as_text = f"<details><summary>The same as text</summary>{text}</details>"
        return f'<div class="scroll">{made}</div>{as_text}'
    return made or text


def _failure(output: Any, name: str) -> str:
    said = html.escape(f"{output.ename}: {output.evalue}")
    return (
        f'<p class="error" id="{name}.failed"><strong>✕ It failed here.</strong> {said}</p>'
        f'<p class="note">The cells after this one did not run. '
        f"The whole traceback is in <code>{name}.ipynb</code>, beside this page.</p>"
    )


def _clean(raw: str, name: str, anchors: Set[str]) -> str:
    cleaner = _Cleaner(name, anchors)
    cleaner.feed(raw)
    cleaner.close()
    return cleaner.result()


class _Cleaner(HTMLParser):
    """Write down again what is on the list."""

    def __init__(self, name: str, anchors: Set[str]) -> None:
        super().__init__()
        self.name, self.anchors = name, anchors
        self.written: list[str] = []
        self.open: list[str] = []
        self.dropping = 0

    def result(self) -> str:
        """Return it, with everything closed that was opened."""
        return "".join(self.written) + "".join(map(_end, reversed(self.open)))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        if self.dropping or _DROPPED.fullmatch(tag) or given.get("class") in _REPLACED:
            self.dropping += tag not in _EMPTY
        elif _KEPT.fullmatch(tag) and (tag != "img" or _PICTURE.fullmatch(given.get("src", ""))):
            tag = _lower(tag)
            kept = "".join(
                f' {key}="{html.escape(value)}"' for key, value in self._kept(tag, given)
            )
            self.written.append(_start(tag, kept))
            if tag not in _EMPTY:
                self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.dropping:
            self.dropping -= tag not in _EMPTY
        elif (tag := _lower(tag)) in self.open:
            while (last := self.open.pop()) != tag:
                self.written.append(_end(last))
            self.written.append(_end(tag))

    def handle_data(self, data: str) -> None:
        if not self.dropping:
            text = _HANGUL.sub(r'<span lang="ko">\g<0></span>', html.escape(data))
            link = self.open[-1:] == ["td"] and re.fullmatch(r"https://\S+", data)
            self.written.append(f'<a href="{text}" rel="noreferrer">{text}</a>' if link else text)

    def _kept(self, tag: str, given: dict[str, str]) -> Iterator[tuple[str, str]]:
        classes = [one for one in given.get("class", "").split() if _CLASS.fullmatch(one)]
        if classes:
            yield "class", " ".join(classes)
        if tag[0] == "h" and "id" in given:
            yield "id", f"{self.name}.{given['id']}"
        if tag == "th":
            yield "scope", "row" if given.get("scope") == "row" else "col"
        if tag == "a":
            yield from self._link(given.get("href", ""))
        if tag == "img":
            sizes = [key for key in ("width", "height") if given.get(key, "").isdigit()]
            yield from ((key, given.get(key, "")) for key in ("src", "alt", *sizes))

    def _link(self, href: str) -> Iterator[tuple[str, str]]:
        """Keep links to the web; those to other notebooks become links inside the page."""
        notebook = _NOTEBOOK.fullmatch(href)
        if href.startswith(("https://", "http://")):
            yield from (("href", href), ("rel", "noreferrer"))
        elif href.startswith("#"):
            yield "href", f"#{self.name}.{href[1:]}"
        elif notebook and notebook[1] in self.anchors:
            yield "href", "#" + ".".join(filter(None, notebook.groups()))
        elif href == "../docs/not-emulated.md" and "not-emulated" in self.anchors:
            yield "href", "#not-emulated"


def _lower(tag: str) -> str:
    """A notebook's title is a part of the report: its headings go one step down."""
    return f"h{int(tag[1]) + 1}" if tag in {"h1", "h2", "h3", "h4", "h5"} else tag


def _start(tag: str, attributes: str) -> str:
    return ('<div class="scroll">' if tag == "table" else "") + f"<{tag}{attributes}>"


def _end(tag: str) -> str:
    return f"</{tag}>" + ("</div>" if tag == "table" else "")
