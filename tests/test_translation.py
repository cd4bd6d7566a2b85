"""The Korean notebooks say what the English ones say, and work from where they are."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message

from runbook_lib.headless import notebooks, translation

KOREAN = [translation.FOLDER / path.name for path in notebooks.sections()]
every_notebook = pytest.mark.parametrize("path", KOREAN, ids=lambda path: path.stem)


def test_every_cell_is_translated_and_nothing_is_out_of_date() -> None:
    assert translation.problems() == []


@every_notebook
def test_code_outputs_and_counts_are_those_of_the_english_notebook(path: Path) -> None:
    english, korean = notebooks.read(notebooks.FOLDER / path.name), notebooks.read(path)
    assert [cell.id for cell in english.cells] == [cell.id for cell in korean.cells]
    for one, other in zip(english.cells, korean.cells, strict=True):
        if one.cell_type == "code":
            assert (one.source, one.execution_count) == (other.source, other.execution_count)
            assert [output.data["text/plain"] for output in one.outputs] == [
                output.data["text/plain"] for output in other.outputs
            ]


@every_notebook
def test_links_lead_somewhere_from_the_folder_ko(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace('\\"', '"')
    targets = re.findall(r'(?:\]\(|href=")(?!https://|#|data:)([^)"#]+)', text)
    assert targets
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


def test_the_order_of_links_and_code_is_the_languages_own() -> None:
    text = "`b` 다음에 [B](b.md), 그리고 `a`"
    assert not [*translation._wrong(Message("`a`, then `b`: [B](b.md)", text))]


def test_english_that_changed_marks_the_translation_as_fuzzy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    catalog = tmp_path / "notebooks.po"
    before = translation.CATALOG.read_text(encoding="utf-8")
    catalog.write_text(before.replace("What was learnt", "What was learned"), encoding="utf-8")
    monkeypatch.setattr(translation, "CATALOG", catalog)
    monkeypatch.setattr(translation, "FOLDER", tmp_path)
    for _ in range(2):  # refreshing again does not take the mark away
        translation.translate()
        stale = [line for line in translation.problems() if "fuzzy" in line]
        assert len(stale) == len(KOREAN) - 1  # section 6 has no such heading
