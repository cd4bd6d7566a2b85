"""The site as readers open it: from disk, light or dark, wide or narrow, without a network."""

import re
from collections.abc import Callable
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Literal

import pytest

from runbook_lib import tables
from runbook_lib.headless import checked, notebooks
from tests.browser.conftest import SITE, Seen, keep, paper, too_wide, violations

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
DOORS = [SITE / "index.html", SITE / "ko" / "index.html"]  # these lead on at once
PAGES = sorted(path for path in SITE.rglob("*.html") if path not in DOORS)
KEPT = {
    "docs/index.html",
    "docs/variants.html",
    "docs/reference/calls.html",
    "docs/ko/index.html",
    "notebooks/05_assume_role.html",
    "notebooks/ko/05_assume_role.html",
}

WIDTHS = [1300, 1024, 390]
SCHEMES: "list[Literal['light', 'dark']]" = ["light", "dark"]


def name(path: Path) -> str:
    return path.relative_to(SITE).as_posix()


def slug(path: Path) -> str:
    return name(path).removesuffix(".html").replace("/", "-")


def test_the_site_has_been_built() -> None:
    names = set(map(name, PAGES))
    assert names >= KEPT
    assert len([one for one in names if one.startswith("notebooks/")]) == 18


def test_nobody_is_kept_from_reading_a_page(open_page: "Callable[..., Page]", seen: Seen) -> None:
    """WCAG 2.1 AA on every page in both colour schemes, as axe sees it."""
    page = open_page(PAGES[0].as_uri())
    found = {}
    for path in PAGES:
        page.goto(path.as_uri())
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            rule = "color-contrast" if scheme == "dark" else ""  # the others mind no colours
            found[f"{name(path)}, {scheme}"] = violations(page, rule)
            if name(path) in KEPT:
                keep(page, f"site-{slug(path)}-{scheme}")
    assert {where: lines for where, lines in found.items() if lines} == {}
    assert not seen.errors


def test_no_page_is_wider_than_the_window(open_page: "Callable[..., Page]") -> None:
    """Nor a table or an answer on it; a picture may be, on a telephone, and scrolls by itself."""
    page = open_page(PAGES[0].as_uri())
    wide = "all => all.filter(one => one.scrollWidth > one.clientWidth).map(one => one.innerText)"
    found = {}
    for path, width in product(PAGES, WIDTHS):
        if width == WIDTHS[0]:
            page.goto(path.as_uri())
            page.evaluate(
                "document.querySelectorAll('article details').forEach((d) => d.open = true)"
            )
        page.set_viewport_size({"width": width, "height": 900})
        answers = page.locator(
            ".cell_output .output:not(:has(img)), .runbook-output:not(:has(img))"
        )
        wider = [*answers.evaluate_all(wide), *too_wide(page)]
        wider += ["the page"] * page.evaluate("document.documentElement.scrollWidth > innerWidth")
        found[f"{name(path)}, {width}"] = wider
        if name(path) in KEPT:
            keep(page, f"site-{slug(path)}-{width}")
    assert {where: what for where, what in found.items() if what} == {}


def test_the_next_page_is_in_the_same_language() -> None:
    link = re.compile(r'<a class="(?:next|prev)-page" href="([^"]+)"')
    found = [
        (name(path), name((path.parent / one).resolve()))
        for path in PAGES
        for one in link.findall(path.read_text(encoding="utf-8"))
    ]
    assert len(found) > len(PAGES)
    assert [(one, other) for one, other in found if ("ko/" in one) != ("ko/" in other)] == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_longest_names_fit_as_well(open_page: "Callable[..., Page]", width: int) -> None:
    """Where section 5 shows its proof and its calls, let them be of names that nothing breaks."""
    page = open_page((SITE / "notebooks" / "05_assume_role.html").as_uri(), width=width)
    role = f"assumed-role/{'R' * 64}/{'S' * 64}"
    row = SimpleNamespace(who=f"arn:aws:sts::123456789012:{role}", action="ec2:DescribeInstances")
    row.given, row.code, row.proven = f"external_id={'x' * 1224}", "UnauthorizedOperation", False
    row.expected = row.predicted = row.observed = "refused"
    row.why = f'policy "{"P" * 128}", statement 1 allows ec2:DescribeInstances for {role}'
    call = SimpleNamespace(command=f"aws iam get-role --role-name {'R' * 64}", principal=row.who)
    call.purpose, call.mutating, call.outcome = "", False, "UnauthorizedOperation"
    for shown in (tables.proof([row]), tables.calls([call])):
        put = "(box, html) => { box.innerHTML = html }"
        page.locator(".cell_output .output:has(table)").last.evaluate(put, shown._repr_html_())
        assert "R" * 64 in page.locator("article table").last.inner_text()
        assert too_wide(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_printing_is_clean(open_page: "Callable[..., Page]") -> None:
    """Also from a dark screen: the words of the page, its tables whole, and nothing around it."""
    page = open_page(PAGES[0].as_uri(), scheme="dark")
    for path in PAGES:
        page.goto(path.as_uri())
        said = page.locator("article table").evaluate_all("all => all.map((one) => one.innerText)")
        if not (said and (name(path) in KEPT or path.parent.name == "notebooks")):
            continue
        page.evaluate("document.body.dataset.theme = 'dark'")
        page.evaluate("document.querySelectorAll('article details').forEach((d) => d.open = true)")
        printed = paper(page, f"site-{slug(path)}")
        missing = {word for text in said for word in re.findall(r"[A-Za-z:]{4,}", text)}
        assert [word for word in missing if word not in printed] == [], name(path)
        around = ("Skiptocontent", "본문으로", "Search", "Copy", "복사", "Backtotop")
        assert [words for words in around if words in printed] == [], name(path)
        page.emulate_media(media="print")
        colour = "getComputedStyle(document.body).getPropertyValue('--paper').trim()"
        assert page.evaluate(colour) in ("#fff", "#ffffff", "white"), name(path)
        page.emulate_media(media="null")


COPIED = [
    ("notebooks/03_user.html", "aws iam create-user --user-name assume-role-user"),
    ("notebooks/ko/05_assume_role.html", "aws ec2 describe-instances"),
]


@pytest.mark.parametrize(("where", "command"), COPIED)
def test_what_is_copied_is_what_is_typed(
    open_page: "Callable[..., Page]", where: str, command: str
) -> None:
    """On every block; a prompt and what the command answered are not copied."""
    page = open_page((SITE / where).as_uri())
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    copied = []
    for block in page.locator("article .copied").all():
        block.hover()
        block.get_by_role("button").click()
        copied.append(page.evaluate("navigator.clipboard.readText()"))
    assert command in copied
    assert "Key ID" not in "".join(copied).replace("AccessKeyId", "")
    assert not [text for text in copied if "$ " in text]
    assert page.locator("article div.highlight").count() <= len(copied)


@pytest.mark.parametrize("folder", ["", "ko/"])
def test_each_page_says_what_nbval_said_of_it(
    open_page: "Callable[..., Page]", folder: str
) -> None:
    found = checked.read()
    expected = {f"notebooks/{folder}{one}.html": counts for one, counts in found.notebooks.items()}
    page = open_page(PAGES[0].as_uri())
    for where, counts in (expected | {f"docs/{folder}index.html": found.total}).items():
        page.goto((SITE / where).as_uri())
        said = page.locator("article .checked, .article-container .checked").inner_text()
        assert [int(number) for number in re.findall(r" (\d+)(?=,| \()", said)][:3] == [
            counts.executed,
            counts.compared,
            counts.skipped,
        ]
        assert found.by in said


def test_pages_to_read_are_links(open_page: "Callable[..., Page]") -> None:
    page = open_page((SITE / "notebooks" / "03_user.html").as_uri())
    link = page.locator("table.runbook a", has_text="id_credentials_access-keys.html")
    assert (link.get_attribute("href") or "").startswith("https://docs.aws.amazon.com/IAM/")


@pytest.mark.parametrize("folder", ["", "ko/"])
def test_the_front_door_leads_to_the_first_page(
    open_page: "Callable[..., Page]", folder: str
) -> None:
    page = open_page((SITE / folder / "index.html").as_uri())
    page.wait_for_url(f"**/docs/{folder}index.html")
    assert page.locator("html").get_attribute("lang") == (folder.rstrip("/") or "en")


def in_a_table() -> str:
    """Return a word that stands in an output only: the id of the instance that was found."""
    cells = notebooks.read(notebooks.sections()[4]).cells
    (after,) = (cell for cell in cells if cell.id == "after")
    return next(
        word for word in after.outputs[0].data["text/plain"].split() if word.startswith("i-")
    )


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("external-id", "The variants"),
        ("생성", "4. The role"),
        (in_a_table(), "5. Assume the role"),
    ],
)
def test_search_works_from_disk(
    open_page: "Callable[..., Page]", seen: Seen, words: str, title: str
) -> None:
    page = open_page((SITE / "search.html").as_uri() + f"?q={words}")
    page.locator("#search-results li a", has_text=title).first.wait_for(timeout=10_000)
    assert not seen.errors


def test_the_other_language_is_one_click_away(open_page: "Callable[..., Page]") -> None:
    page = open_page((SITE / "notebooks" / "05_assume_role.html").as_uri())
    page.get_by_role("link", name="한국어").first.click()
    page.wait_for_url("**/notebooks/ko/05_assume_role.html")
    assert page.locator("html").get_attribute("lang") == "ko"
    page.get_by_role("link", name="English").first.click()
    page.wait_for_url("**/notebooks/05_assume_role.html")


@pytest.mark.parametrize(
    ("where", "words", "first"),
    [
        ("search-ko.html", "신뢰 정책", "notebooks/ko/04_role.html"),
        ("search-ko.html", "DescribeInstances", "/ko/"),
        ("search-ko.html", "암시적 거부", "notebooks/ko/05_assume_role.html"),
        ("search.html", "DescribeInstances", "notebooks/05_assume_role.html"),
    ],
)
def test_search_lists_the_readers_language_first(
    open_page: "Callable[..., Page]", seen: Seen, where: str, words: str, first: str
) -> None:
    page = open_page((SITE / where).as_uri() + f"?q={words}")
    near = page.locator(f"#search-results li:nth-child(-n+3) a[href*='{first}']")
    near.first.wait_for(timeout=10_000)
    (target,) = page.locator("#search-results li:first-child a").evaluate_all(
        "links => links.map(link => link.getAttribute('href')).slice(0, 1)"
    )
    assert ("/ko/" in target) == (where == "search-ko.html")
    assert not seen.errors


def test_a_korean_page_searches_in_korean(open_page: "Callable[..., Page]") -> None:
    page = open_page((SITE / "notebooks" / "ko" / "01_environment.html").as_uri())
    box = page.get_by_role("textbox", name="검색").first
    box.fill("신뢰 정책")
    box.press("Enter")
    page.wait_for_url("**/search-ko.html?**")
    page.locator("#search-results li a", has_text="4. Role 생성, 설정").wait_for(timeout=10_000)
    page.get_by_role("link", name="English").first.click()
    page.wait_for_url("**/search.html")


def test_the_korean_sidebar_has_korean_captions(open_page: "Callable[..., Page]") -> None:
    page = open_page((SITE / "docs" / "ko" / "get-started.html").as_uri())
    captions = page.locator(".sidebar-tree .caption-text").all_text_contents()
    assert captions == ["Runbook", "이용하기", "내부 구조"]
    pages = [*(SITE / "docs/ko").glob("*.html"), *notebooks.all_of_them("ko")]
    assert page.locator(".sidebar-tree a").count() == len(pages) - 1  # the index is above them
    assert page.locator(".sidebar-brand-text").inner_text() == "Assume Role Runbook"


@pytest.mark.parametrize("edition", ["", "ko/"])
def test_a_word_of_the_glossary_can_be_linked_to(
    open_page: "Callable[..., Page]", edition: str
) -> None:
    page = open_page((SITE / "docs" / edition / "glossary.html").as_uri() + "#implicit-deny")
    assert page.locator("section#implicit-deny > h2, span#implicit-deny + h2").count() == 1
