"""A browser of the system's, which notes what a page asks for and what goes wrong in it."""

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import REPOSITORY

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

if importlib.util.find_spec("playwright") is None:  # `make test` goes without a browser
    collect_ignore_glob = ["test_*.py"]

SCREENSHOTS = Path(os.environ.get("CI_OUTPUT", REPOSITORY / "browser-screenshots"))
SITE = REPOSITORY / "docs" / "_build" / "html"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]

TOO_WIDE = """() => [...document.querySelectorAll("table")].filter((table) => {
  if (!table.checkVisibility() || !table.clientWidth) return false;
  let box = table.parentElement;
  const open = (one) => one.parentElement && getComputedStyle(one).overflowX === "visible";
  while (open(box)) box = box.parentElement;
  const cut = [table, box].some((one) => one.scrollWidth > one.clientWidth + 1);
  return cut || table.getBoundingClientRect().right > innerWidth;
}).map((table) => table.innerText.slice(0, 80))"""


@dataclass
class Seen:
    """What a page did that a reader would not want."""

    external: set[str] = field(default_factory=set)
    dialogs: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def watch(self, page: "Page") -> None:
        page.on("request", lambda request: self._note(request.url))
        page.on("websocket", lambda socket: self._note(socket.url))
        page.on("dialog", self._dismiss)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on(
            "console",
            lambda line: self.errors.append(line.text) if line.type == "error" else None,
        )

    def _note(self, url: str) -> None:
        if not url.startswith(("file:", "data:", "blob:", "about:")) and "//127.0.0.1:" not in url:
            self.external.add(url)

    def _dismiss(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def seen() -> Iterator[Seen]:
    """Fail the test that asked for a host other than this machine, or opened a dialog."""
    noted = Seen()
    yield noted
    assert not noted.external
    assert not noted.dialogs


@pytest.fixture
def open_page(browser: "Browser", seen: Seen) -> "Iterator[Callable[..., Page]]":
    """Open pages in a fresh profile each; the width and the colour scheme are the caller's."""
    contexts = []

    def open_page(url: str, *, width: int = 1200, scheme: str = "light") -> "Page":
        size = {"width": width, "height": 900}
        context = browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce")
        contexts.append(context)
        page = context.new_page()
        seen.watch(page)
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()


def violations(page: "Page", rule: str = "") -> list[str]:
    """Return what axe has to say of the page as it is shown, one line each; by one rule only."""
    from axe_playwright_python.sync_playwright import Axe

    asked = {"type": "rule", "values": [rule]} if rule else WCAG
    options = {"runOnly": asked, "resultTypes": ["violations"], "preload": False}
    found = Axe().run(page, options=options).response
    return [
        f"{one['id']}: {node['html'][:200]}" for one in found["violations"] for node in one["nodes"]
    ]


def too_wide(page: "Page") -> list[str]:
    """Return how each table begins that is cut, or that one would have to scroll."""
    found: list[str] = page.evaluate(TOO_WIDE)
    return found


def paper(page: "Page", name: str) -> str:
    """Print the page and keep that; return its words without spaces: lines break anywhere."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    printed = SCREENSHOTS / f"{name}.pdf"
    page.pdf(path=printed, format="A4", print_background=True, tagged=True)
    command = ["pdftotext", "-raw", str(printed), "-"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return "".join(text.split())


def keep(page: "Page", name: str) -> None:
    """Keep a picture of the whole page for people."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
