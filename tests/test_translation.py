"""The Korean edition says what the English one says, and works from where it is."""

import ast
import csv
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from docs import translation, troubleshooting
from runbook_lib import errors
from runbook_lib.headless import notebooks
from runbook_lib.machine import files
from runbook_lib.machine.language import catalogue

KOREAN = [translation.korean(path) for path in translation.sources()]
NOTEBOOKS = [path for path in KOREAN if path.suffix == ".ipynb"]
with (translation.CATALOG.parent / "terms.csv").open(encoding="utf-8") as file:
    TERMS = list(csv.DictReader(file))


def test_every_cell_and_page_is_translated_and_nothing_is_out_of_date() -> None:
    assert translation.problems() == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_code_is_that_of_the_english_notebook_and_says_its_language(path: Path) -> None:
    english, korean = notebooks.read(notebooks.FOLDER / path.name), notebooks.read(path)
    assert [cell.id for cell in english.cells] == [cell.id for cell in korean.cells]
    for one, other in zip(english.cells, korean.cells, strict=True):
        if one.cell_type == "code":
            code, same = ast.dump(ast.parse(one.source)), other.source
            assert code == ast.dump(ast.parse(same.replace(', language="ko")', ")")))
            assert one.execution_count == other.execution_count
    assert "".join(cell.source for cell in korean.cells).count('language="ko"') == 1


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_help_of_the_parameters_is_korean(path: Path) -> None:
    (cell,) = (one for one in notebooks.read(path).cells if one.id == "parameters")
    assert all(re.search(r"  # .*[가-힣]", line) for line in cell.source.splitlines())


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_title_is_followed_by_one_in_another_language(path: Path) -> None:
    title = notebooks.read(path).cells[0].source.split("\n\n")[0].splitlines()
    assert len(title) == 1 or path.stem[:2] in ("07", "08", "09")  # not in the tutorial
    assert not re.search(r"^\*[^가-힣]+\*$", "\n".join(title), re.MULTILINE)


@pytest.mark.parametrize("path", KOREAN, ids=lambda path: path.stem)
def test_links_lead_somewhere_from_the_folder_ko(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace('\\"', '"')
    targets = re.findall(r'(?:\]\(|href=")(?!https://|#|data:)([^)"#]+)', text)
    assert [target for target in targets if not (path.parent / target).exists()] == []


@pytest.mark.parametrize(
    ("source", "text", "problem"),
    [
        ("A.", "", "not translated"),
        ("`a` and `b`", "`a`와 `c`", "inline code not the same as in English"),
        ("`a` twice: `a`", "`a`", "inline code not the same as in English"),
        ("[A](a.md), [B](b.md)", "[A](a.md), [B](a.md)", "links not the same as in English"),
        ("```sh\n$ a\n```", "```sh\n$ b\n```", "fenced code not the same as in English"),
        ("## A\n\nB", "**A**\n\nB", "headings not the same as in English"),
    ],
)
def test_a_translation_that_says_something_else_is_named(
    source: str, text: str, problem: str
) -> None:
    assert [*translation._wrong(Message(source, text))] == [problem]


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term["English"])
def test_each_thing_has_one_name(term: dict[str, str]) -> None:
    """An explanation stands in brackets behind the name, or in the glossary."""
    with translation.CATALOG.open("rb") as file:
        texts = {one.context: str(one.string) for one in read_po(file) if one.id}
    texts |= catalogue.entries()
    never = [*filter(None, [*term["Never"].split(";"), term["Explained as"]])]
    for where, text in texts.items():
        if not where.startswith("glossary:"):
            named = text.replace(f"{term['Korean']}({term['Explained as']})", "")
            named = named.replace(f"*{term['Korean']}*({term['Explained as']})", "")
            assert [wrong for wrong in never if wrong in named] == [], where


def test_the_list_of_terms_is_in_order_and_each_is_used() -> None:
    names = [term["English"].lower() for term in TERMS]
    assert names == sorted(names)
    text = translation.CATALOG.read_text(encoding="utf-8")
    assert [term["Korean"] for term in TERMS if term["Korean"] not in text] == []


def test_a_search_for_a_korean_term_finds_the_section_that_explains_it() -> None:
    sections = {"자격 증명": "01", "관리형 정책": "02", "신뢰 정책": "04", "권한 정책": "04"}
    for term, number in sections.items():
        found = [path.stem[:2] for path in NOTEBOOKS if term in path.read_text(encoding="utf-8")]
        assert found == [number]


def test_the_order_of_links_and_code_is_the_languages_own() -> None:
    text = "`b` 다음에 [B](b.md), 그리고 `a`"
    assert not [*translation._wrong(Message("`a`, then `b`: [B](b.md)", text))]


def test_every_page_that_stands_beside_the_notebooks_has_its_korean_edition() -> None:
    there = {path.stem for path in translation.DOCS.glob("*.md")}
    # The reference is read from docstrings.
    assert there - {"reference"} == set(translation.PAGES)


def test_a_word_of_the_glossary_has_the_same_address_in_both_languages() -> None:
    """A heading's address is its text in lower case, on GitHub, in Lab and on the site."""
    page = translation.DOCS / "glossary.md"
    english, korean = (
        re.findall("^## (.+)$", one.read_text("utf-8"), re.MULTILINE)
        for one in (page, translation.korean(page))
    )
    assert [one.lower() for one in english] == [one.lower() for one in korean]
    assert len(set(english)) == len(english) >= 31


def test_the_page_of_errors_is_made_from_the_code() -> None:
    page = translation.DOCS / "troubleshooting.md"
    english, korean = (path.read_text("utf-8") for path in (page, translation.korean(page)))
    for kind in troubleshooting.KINDS:
        assert f"## {kind.__name__}\n" in english
        assert f"## {kind.__name__}\n" in korean
        assert f"Exit status {kind.exit_status}." in english
    assert english.count("\n| `") == len(errors._STEPS) + len({*files._STEPS.values()})
    assert len(re.findall("^- ", english, re.MULTILINE)) >= 50


def test_korean_pages_lead_to_korean_pages() -> None:
    for path in KOREAN:
        text = path.read_text(encoding="utf-8")
        assert not re.findall(r"\.\./notebooks/\d\d", text)
        assert not re.findall(r"\.\./docs/(?!ko/)", text)


def test_english_that_changed_marks_the_translation_as_fuzzy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    catalog = tmp_path / "runbook.po"
    before = translation.CATALOG.read_text(encoding="utf-8")
    changed = before.replace("What was learnt", "What was learned").replace(
        "## The right account, or nothing", "## Lock"
    )
    catalog.write_text(changed, encoding="utf-8")
    monkeypatch.setattr(translation, "CATALOG", catalog)
    monkeypatch.setattr(translation, "korean", lambda path: tmp_path / path.name)
    for _ in range(2):  # refreshing again does not take the mark away
        translation.translate()
        stale = [line for line in translation.problems() if "fuzzy" in line]
        assert len(stale) == len(NOTEBOOKS)  # section 6 has no such heading, but a page does
