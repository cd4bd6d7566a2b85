"""The page of a fleet: anybody can read it, in any width, and find the account they look for."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import Seen, keep, too_wide, violations
from tests.fleet.pages import spoilt

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("width", "scheme"), [(1300, "light"), (1300, "dark"), (1024, "light"), (390, "light")]
)
def test_nobody_is_kept_from_reading_the_page_of_a_fleet(
    open_page: "Callable[..., Page]", seen: Seen, tmp_path: Path, width: int, scheme: str
) -> None:
    spoilt(tmp_path)
    page = open_page((tmp_path / "fleet.html").as_uri(), width=width, scheme=scheme)
    keep(page, f"fleet-{width}-{scheme}")
    assert violations(page) == []
    assert not seen.errors
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert too_wide(page) == []


def test_on_a_telephone_each_account_is_a_card(
    open_page: "Callable[..., Page]", tmp_path: Path
) -> None:
    """Each line of it says what it is, and what is not known has no line."""
    spoilt(tmp_path)
    page = open_page((tmp_path / "fleet.html").as_uri(), width=390)
    card = page.locator(".fleet tbody tr", has_text="200000000000")
    names = "all => all.map(one => getComputedStyle(one, '::before').content.slice(1, -1))"
    lines = ["Result", "Where", "Cause", "Seconds", "Calls", "Changes", "Throttled", "Retries"]
    assert card.locator("td:visible").evaluate_all(names) == lines


def test_accounts_are_filtered_and_sorted(open_page: "Callable[..., Page]", tmp_path: Path) -> None:
    spoilt(tmp_path)
    page = open_page((tmp_path / "fleet.html").as_uri())
    page.get_by_label("Filter").fill("denied")
    assert page.locator(".fleet tbody tr:visible").count() == 3
    page.get_by_label("Filter").fill("")
    page.get_by_role("button", name="Result").click()
    states = page.locator(".fleet td.state").all_inner_texts()
    assert len([*itertools.groupby(states)]) == len(set(states)) == 4
