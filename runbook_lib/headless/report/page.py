"""The report's page: one file that needs nothing else and runs nothing but its own script."""

import base64
import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

_HERE = Path(__file__).parent
_TEMPLATES = Environment(loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined)


def fill(template: str = "page.html", /, **values: Any) -> str:
    """Fill a template of this folder; whatever is not Markup is escaped.

    The Content-Security-Policy admits the one style and the one script by their hashes, pictures
    inside the page, and nothing from anywhere else.
    """
    style, script = ((_HERE / f"page.{kind}").read_text("utf-8") for kind in ("css", "js"))
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; "
        f"script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'"
    )
    return _TEMPLATES.get_template(template).render(
        **values, style=Markup(style), script=Markup(script), policy=Markup(policy)
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
