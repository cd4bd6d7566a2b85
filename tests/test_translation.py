"""The Korean edition says what the English one says, and works from where it is."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from docs import translation
from runbook_lib.headless import notebooks

KOREAN = [translation.korean(path) for path in translation.sources()]
NOTEBOOKS = [path for path in KOREAN if path.suffix == ".ipynb"]
TERMS = {  # what the Korean edition does not say: what it says instead
    "신뢰 정책": "Trust Policy",
    "권한 정책": "Permissions Policy",
    "관리형 정책": "Managed Policy",
    "관리형 Policy": "Managed Policy",
    "자격 증명": "Credential",
    "최종 일관성": "Eventual Consistency",
    "조건 키": "Condition Key",
    "MFA 장치": "MFA Device",
    "MFA 디바이스": "MFA Device",
    "Account ID": "계정 ID",
    "대리인": "대리자",
    "암호화된 메시지": "인코딩된 메시지",
    "3치 논리": "3값 논리",
    "이 머신": "로컬 환경",
    "이 장의 호출": "이 장에서 호출한 AWS API",
    "AWS 호출:": "AWS API:",
}


def test_every_cell_and_page_is_translated_and_nothing_is_out_of_date() -> None:
    assert translation.problems() == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_code_outputs_and_counts_are_those_of_the_english_notebook(path: Path) -> None:
    english, korean = notebooks.read(notebooks.FOLDER / path.name), notebooks.read(path)
    assert [cell.id for cell in english.cells] == [cell.id for cell in korean.cells]
    for one, other in zip(english.cells, korean.cells, strict=True):
        if one.cell_type == "code":
            assert (one.source, one.execution_count) == (other.source, other.execution_count)
            assert [output.data["text/plain"] for output in one.outputs] == [
                output.data["text/plain"] for output in other.outputs
            ]


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


@pytest.mark.parametrize(("wrong", "right"), TERMS.items())
def test_each_thing_has_one_name_and_at_most_a_gloss_in_brackets(wrong: str, right: str) -> None:
    with translation.CATALOG.open("rb") as file:
        texts = {one.context: str(one.string) for one in read_po(file) if one.id}
    named = {where: text.replace(f"{right}({wrong})", "") for where, text in texts.items()}
    assert [where for where, text in named.items() if wrong in text] == []


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
    not_yet = {"questions"}
    # The reference is read from docstrings.
    assert there - {"reference"} - not_yet == set(translation.PAGES)


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
        "## The account lock", "## Lock"
    )
    catalog.write_text(changed, encoding="utf-8")
    monkeypatch.setattr(translation, "CATALOG", catalog)
    monkeypatch.setattr(translation, "korean", lambda path: tmp_path / path.name)
    for _ in range(2):  # refreshing again does not take the mark away
        translation.translate()
        stale = [line for line in translation.problems() if "fuzzy" in line]
        assert len(stale) == len(NOTEBOOKS)  # section 6 has no such heading, but a page has a lock
