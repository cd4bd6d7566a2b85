"""What the site takes from the runbook itself, so that no page can say something else.

`{output} 05_assume_role proof` shows the committed output of a cell, `{policy} mfa trust` a
variant's document, `{differences} mfa` what it changes. Relative links inside outputs are checked
and made links of the site; pages in a folder `ko` are marked as Korean.
"""

import json
import re
from gettext import NullTranslations, translation
from html import escape
from pathlib import Path
from textwrap import indent
from typing import Any
from urllib.parse import urljoin

import sphinx
from bs4 import BeautifulSoup
from docutils import nodes
from docutils.transforms import Transform
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from runbook_lib import access, policies
from runbook_lib.account.parameters import DEFAULTS
from runbook_lib.headless import checked

LINK = re.compile(r'href="(?!https://|#)([^"#]+)\.(?:md|ipynb)(#[^"]*)?"')
KOREAN_TITLE = "Assume Role Runbook"
ACCOUNT_ID = DEFAULTS["account_id"]
FURO = {
    "Back to top": "맨 위로",
    "Next": "다음",
    "On this page": "이 페이지의 내용",
    "Previous": "이전",
    "Skip to content": "본문으로 이동",
}
logger = logging.getLogger(__name__)


class Output(SphinxDirective):
    """The HTML output of one cell of a committed notebook."""

    required_arguments = 2

    def run(self) -> list[nodes.Node]:
        """Return the output, or fail where there is no such cell."""
        name, cell_id = self.arguments
        folder = "notebooks/ko" if self.env.docname.startswith("docs/ko/") else "notebooks"
        path = Path(self.env.srcdir) / folder / f"{name}.ipynb"
        self.env.note_dependency(str(path))
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        outputs = [one for cell in cells if cell["id"] == cell_id for one in cell["outputs"]]
        if not outputs:
            raise self.error(f"{path.name} has no cell {cell_id!r} with an output")
        shown = nodes.raw("", "".join(outputs[0]["data"]["text/html"]), format="html")
        return [nodes.container("", shown, classes=["runbook-output"])]


class Policy(SphinxDirective):
    """A document of a variant, as JSON: `policy`, `trust` or `role`."""

    required_arguments = 2

    def run(self) -> list[nodes.Node]:
        """Return the document as a literal block."""
        variant, which = self.arguments
        setup = _describe(variant)
        documents = {"policy": setup.policy, "trust": setup.trust, **setup.role_inline_policies}
        text = json.dumps(documents[which], indent=2)
        return [nodes.literal_block(text, text, language="json")]


class Differences(SphinxDirective):
    """What a variant's documents have that the tutorial's have not, statement by statement."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return one block of `+` and `-` lines for both documents."""
        tutorial, other = (_describe(variant) for variant in ("tutorial", *self.arguments))
        lines = [
            *access.differences(tutorial.policy, other.policy, "identity", ACCOUNT_ID),
            *access.differences(tutorial.trust, other.trust, "trust", ACCOUNT_ID),
        ]
        text = "\n".join(lines)
        return [nodes.literal_block(text, text, language="diff")]


def _describe(variant: Any) -> policies.Setup:
    """Describe a variant as the embedded AWS shows it: external-id trusts the partner account."""
    names = {name: DEFAULTS[name] for name in ("policy_name", "user_name", "role_name")}
    return policies.Setup(
        account_id=ACCOUNT_ID,
        partition="aws",
        variant=variant,
        trusted_account_id=policies.PARTNER_ACCOUNT_ID if variant == "external-id" else ACCOUNT_ID,
        **names,
    )


class OutputLinks(Transform):
    """Links inside outputs are HTML, which neither MyST nor Sphinx looks into."""

    default_priority = 900

    def apply(self) -> None:
        """Point them at the built pages; one that leads nowhere fails the build."""
        env = self.document.settings.env
        here = Path(env.srcdir, env.docname).parent
        for node in self.document.findall(nodes.raw):
            for target, _ in LINK.findall(node.rawsource or node.astext()):
                if not any((here / f"{target}.{end}").exists() for end in ("md", "ipynb")):
                    logger.warning("an output links to %s, which is not there", target)
            text = LINK.sub(r'href="\1.html\2"', node.astext())
            node.children = [nodes.Text(text)]
            node.rawsource = text


def _docstring(
    _app: Sphinx, _what: str, _name: str, _found: object, _options: object, lines: list[str]
) -> None:
    """Read docstrings as the plain text that they are: only `code` is marked in them.

    What a call raises and AWS's page on it become paragraphs of their own, a tree stays a tree.
    """
    text = "\n".join(lines)
    apart = re.sub(r"^(?=Raises:|https://\S+$)", "\n", text, flags=re.MULTILINE)
    blocks = [] if text.startswith("Alias for field") else apart.split("\n\n")
    lines[:] = "\n\n".join(map(_paragraph, blocks)).splitlines()


def _paragraph(text: str) -> str:
    if "──" in text:
        return "::\n\n" + indent(text, "  ")
    if text.lstrip().startswith("https://"):
        return text
    pieces = re.split(r"(`[^`]+`)", text)
    pieces[::2] = [re.sub(r"([*_|\\`])", r"\\\1", plain) for plain in pieces[::2]]
    pieces[1::2] = [f"{code}\\ " for code in pieces[1::2]]
    return "".join(pieces)


def _page(
    app: Sphinx, pagename: str, _template: str, context: dict[str, Any], _doctree: object
) -> None:
    """Mark the page's language and name the same page in the other one, where it exists.

    Without one, the other language's first page is named.
    """
    folder, _, name = pagename.rpartition("/")
    korean = folder.endswith("/ko") or name == "search-ko"
    other = f"{folder.removesuffix('/ko')}/{name}" if korean else f"{folder}/ko/{name}"
    found = other in app.env.found_docs
    context["other_language"] = other if found else "docs/index" if korean else "docs/ko/index"
    if name in ("search", "search-ko"):
        context["other_language"] = "search" if korean else "search-ko"
    for beside in ("prev", "next"):  # of the whole tree, in which one language follows the other
        if context.get(beside) and ("/ko/" in urljoin(pagename, context[beside]["link"])) != korean:
            context[beside] = None
    tree = context.get("furo_navigation_tree", "")  # its headings lack their level
    tree = tree.replace('role="heading"', 'role="heading" aria-level="2"')
    context["furo_navigation_tree"] = _korean_part(tree, app) if korean else tree
    context["body"] = context.get("body", "") + _checked(folder, name, korean)
    if korean:
        words = _korean()
        context |= {"language": "ko", "_": words.gettext, "gettext": words.gettext}
        context |= {"master_doc": "docs/ko/index", "docstitle": KOREAN_TITLE}
        if name == "search-ko":
            app.add_js_file("sphinx.js")  # what it says of its results


def _checked(folder: str, name: str, korean: bool) -> str:
    """Say below a notebook, and below the first page of all, what nbval said of it."""
    found = checked.read()
    counts = found.total if name == "index" else found.notebooks.get(name)
    if counts is None or not folder.startswith(("docs", "notebooks")):
        return ""
    said, by = str(counts).capitalize(), found.by
    if korean:
        said = (
            f"실행한 셀 {counts.executed}, 비교한 셀 {counts.compared}, 건너뛴 셀 {counts.skipped}"
        )
    return f'<p class="checked">{said} ({escape(by)})</p>'


def _korean_part(tree: str, app: Sphinx) -> str:
    """Return the navigation below the Korean index, under its own captions.

    It stands last in the whole tree, where Sphinx leaves the captions below the first level out.
    """
    items = iter(
        BeautifulSoup(tree, "html.parser").find_all("li", class_="toctree-l1")[-1].ul("li")
    )
    parts = ""
    for node in app.env.tocs["docs/ko/index"].findall(addnodes.toctree):
        entries = "".join(str(next(items)) for _ in node["includefiles"])
        title = f'<span class="caption-text">{escape(node["caption"])}</span>'
        parts += f'<p class="caption" role="heading" aria-level="2">{title}</p><ul>{entries}</ul>'
    return parts.replace("toctree-l2", "toctree-l1")


class _Furo(NullTranslations):
    """Furo's own words, which Sphinx's catalogue does not have."""

    def gettext(self, message: str) -> str:
        """Return the Korean word."""
        return FURO.get(message, message)


def _korean() -> NullTranslations:
    words = translation("sphinx", Path(sphinx.__file__).parent / "locale", ["ko"])
    words.add_fallback(_Furo())
    return words


def setup(app: Sphinx) -> dict[str, bool]:
    """Register all of it."""
    app.add_directive("output", Output)
    app.add_directive("policy", Policy)
    app.add_directive("differences", Differences)
    app.add_transform(OutputLinks)
    app.connect("autodoc-process-docstring", _docstring)
    app.connect("html-page-context", _page, priority=900)  # after furo's own
    return {"parallel_read_safe": True, "parallel_write_safe": True}
