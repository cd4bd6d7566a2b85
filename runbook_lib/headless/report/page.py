"""The report's page: one file that needs nothing else and runs nothing but its own script."""

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from runbook_lib.machine.language import translated, using

_HERE = Path(__file__).parent
# Between two texts of the template: tags, blocks and what is filled in; they may hold labels.
_TEXTS = re.compile(r"(<[^<>]*>|\{\{.*?\}\}|\{%.*?%\})", re.DOTALL)
_LABEL = re.compile(r'"([A-Z][^"]+)"')


def fill(name: str, language: str, **values: Any) -> str:
    """Fill a template of this folder in this language; whatever is not Markup is escaped.

    The Content-Security-Policy admits the one style and the one script by their hashes, pictures
    inside the page, and nothing from anywhere else.
    """
    style, script = _read("tables.css", "page.css"), _read("copy.js", "page.js")
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; "
        f"script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'"
    )
    loader = FunctionLoader(lambda one: in_language(_read(one), language))
    templates = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    return templates.get_template(name).render(
        **values, style=Markup(style), script=Markup(script), policy=Markup(policy)
    )


def _read(*names: str) -> str:
    return "\n".join((_HERE / name).read_text("utf-8") for name in names)


def in_language(source: str, language: str) -> str:
    """Return the template with its words in this language; a Korean page has another heading."""
    pieces = _TEXTS.split(source.replace('lang="en"', f'lang="{language}"'))
    if language == "ko":
        pieces = [one.replace("#not-emulated.Access", "#not-emulated") for one in pieces]
    with using(language):
        pieces[::2] = map(_translated, pieces[::2])
        pieces[1::2] = (
            _LABEL.sub(lambda one: f'"{translated(one[1])}"', it) for it in pieces[1::2]
        )
    return "".join(pieces)


def texts(source: str) -> list[str]:
    """Return what a template says, piece by piece."""
    pieces = [" ".join(piece.split()) for piece in _TEXTS.split(source)[::2]]
    return [piece for piece in pieces if re.search("[A-Za-z]{2}", piece)]


def _translated(piece: str) -> str:
    words = " ".join(piece.split())
    before, after = (re.match(r"\s*", text) for text in (piece, piece[::-1]))
    return (
        f"{before[0] if before else ''}{translated(words)}{after[0] if after else ''}"
        if words
        else piece
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
