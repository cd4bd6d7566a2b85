"""Text in the pictures as a browser sets it, in the fonts that this machine has."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.conftest import keep
from tests.picture_geometry import Box, collisions
from tests.test_pictures import CASES, both, setup

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
FONTS = [
    "system-ui, sans-serif",
    "DejaVu Sans",
    "Liberation Sans",
    "Noto Sans CJK KR",
    "Liberation Serif",
]
MEASURE = """svg => {
  const [whole, box] = [svg.getBoundingClientRect(), one => one.getBoundingClientRect()];
  return [...svg.querySelectorAll("text")].map(one => [one.textContent, box(one)]).map(
    ([words, it]) => [words, it.left - whole.left, it.top - whole.top,
                      it.right - whole.left, it.bottom - whole.top]);
}"""


@pytest.mark.parametrize("font", FONTS)
def test_no_text_touches_anything(open_page: "Callable[..., Page]", font: str) -> None:
    page = open_page("about:blank")
    drawn = {case: [one.svg for one in CASES[case]] for case in CASES}
    every = "".join(svg for svgs in drawn.values() for svg in svgs)
    page.set_content(f"<style>svg {{ display: block; font-family: {font} }}</style>{every}")
    found: list[Any] = [one.evaluate(MEASURE) for one in page.query_selector_all("svg")]
    wrong = []
    for case, svgs in drawn.items():
        for svg in svgs:
            texts = [Box(*one) for one in found.pop(0)]
            wrong += [f"{case}: {one}" for one in collisions(svg, texts)]
    assert wrong == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1024, 1300])
def test_a_picture_is_kept_for_people(
    open_page: "Callable[..., Page]", width: int, scheme: str
) -> None:
    page = open_page("about:blank", width=width, scheme=scheme)
    shown = [
        one for variant in ("tutorial", "external-id") for one in CASES[f"{variant}, usual names"]
    ]
    shown += both(setup("external-id", "999988887777"))
    images = "<br>".join(one._repr_html_() for one in shown)
    page.set_content(f"<body style='background: Canvas; color-scheme: light dark'>{images}")
    page.wait_for_function("[...document.images].every(one => one.naturalWidth > 0)")
    keep(page, f"pictures-{width}-{scheme}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
