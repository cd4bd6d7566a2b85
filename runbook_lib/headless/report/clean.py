"""HTML of anybody's, with only what a reader needs left in it, and nothing that runs.

`nh3` reads it as browsers do and writes down again what is listed here, with every `<` and `>` of
a text or value escaped; by those, what is fitted afterwards finds tags and nothing else.
The page's Content-Security-Policy stands behind that.
"""

import re
from collections.abc import Callable, Set

import nh3
from markupsafe import Markup

_SHOWN = (
    "a abbr b blockquote br caption code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img "
    "kbd li ol p pre q s samp small span strong sub summary sup table tbody td tfoot th thead tr "
    "u ul wbr"
)
_DROPPED = (  # with all that is in them
    "iframe math noembed noframes noscript object plaintext script select style svg template "
    "textarea title xmp"
)
_ATTRIBUTES = {
    "*": {"class", "id"},
    "a": {"href"},
    "img": {"alt", "height", "src", "width"},
    "td": {"data-name"},
}
_CLASS = re.compile(  # the last are Pygments'
    r"runbook(-banner)?|scroll|emulated|real|highlight|command|allowed|refused|inconclusive|"
    r"[a-z][a-z0-9]{0,2}"
)
_PICTURE = re.compile(r"data:image/(svg\+xml|png|jpeg);base64,[A-Za-z0-9+/=\s]+")
_NOTEBOOK = re.compile(r"(?:\.\./notebooks/)?(\d\d_\w+)\.ipynb(?:#(.*))?")
_REPLACED = re.compile(  # by the page's contents and its script
    r'<a class="anchor-link"[^<]*</a>|'
    r'<details class="runbook-rest"><summary>[^<]*</summary></details>'
)
_FITTED: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (r'<img(?![^>]* src=")[^>]*>', ""),
    # A notebook's title is a part of the report: its headings go one step down.
    (r"<(/?)h([1-5])\b", lambda found: f"<{found[1]}h{int(found[2]) + 1}"),
    (r"<th(?=[ >])(?![^>]* scope=)", '<th scope="col"'),
    (r"<table", '<div class="scroll"><table'),
    (r"</table>", "</table></div>"),
    (
        r"<[^>]*>|([가-힣ㄱ-ㅣ](?:[\s,.·]*[가-힣ㄱ-ㅣ])*)",
        lambda found: f'<span lang="ko">{found[1]}</span>' if found[1] else found[0],
    ),
)


def clean(raw: str, name: str, anchors: Set[str]) -> Markup:
    """Return the HTML of a section, fit for the page; ids in it begin with the section's name.

    `anchors` are the parts of the page that links may lead to.
    """

    def kept(tag: str, attribute: str, value: str) -> str | None:
        match attribute:
            case "class":
                return " ".join(filter(_CLASS.fullmatch, value.split())) or None
            case "href":
                return _link(value, name, anchors)
            case "id":
                return f"{name}.{value}" if tag[0] == "h" else None
            case "src":
                return value if _PICTURE.fullmatch(value) else None
            case "height" | "width":
                return value if value.isdecimal() else None
        return value

    made = nh3.clean(
        _REPLACED.sub("", raw),
        tags=set(_SHOWN.split()),
        clean_content_tags=set(_DROPPED.split()),
        attributes=_ATTRIBUTES,
        attribute_filter=kept,
        tag_attribute_values={"th": {"scope": {"row", "col"}}},
        url_schemes={"https", "http", "data"},
        link_rel="noreferrer",
    )
    for pattern, fitting in _FITTED:
        made = re.sub(pattern, fitting, made)
    return Markup(made)


def _link(href: str, name: str, anchors: Set[str]) -> str | None:
    """Keep links to the web; those to other notebooks become links inside the page."""
    notebook = _NOTEBOOK.fullmatch(href)
    if href.startswith(("https://", "http://")):
        return href
    if href.startswith("#"):
        return f"#{name}.{href[1:]}"
    if notebook and notebook[1] in anchors:
        return "#" + ".".join(filter(None, notebook.groups()))
    if href == "../docs/not-emulated.md" and "not-emulated" in anchors:
        return "#not-emulated"
    return None
