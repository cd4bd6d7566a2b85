"""Tables, documents and banners: whole, escaped, and readable as text too."""

import html
import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook_lib import tables
from runbook_lib.tables.shapes import FIRST, PolicyText, Table
from tests.conftest import REPOSITORY
from tests.scenario import HOSTILE

JSON = st.recursive(
    st.text() | st.booleans() | st.integers(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def instances(*names: str) -> Table:
    found = [
        {
            "InstanceId": f"i-{number}",
            "State": {"Name": "running"},
            "Tags": [{"Key": "Name", "Value": name}],
        }
        for number, name in enumerate(names)
    ]
    return tables.instances({"Reservations": [{"Instances": found}]})


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:20])
def test_hostile_text_is_shown_as_text(text: str) -> None:
    table = instances(text)
    page = table._repr_html_()
    assert "<script" not in page
    assert "<img" not in page
    assert "mathjax_ignore" in page
    assert "\u202e" not in page
    assert "\u202e" not in repr(table)
    assert len(repr(table).splitlines()) == 2


def test_a_long_table_shows_its_first_rows_and_holds_them_all() -> None:
    table = instances(*["web"] * 5000)
    first, rest = re.findall("<tbody>(.*?)</tbody>", table._repr_html_())
    assert first.count("<tr>") == FIRST
    assert rest.count("<tr>") == 5000 - FIRST
    assert "<summary>The first 50 of 5,000 rows; show all</summary>" in table._repr_html_()
    assert repr(table).splitlines()[-1] == "… and 4,950 more rows"
    assert len(repr(table).splitlines()) == 1 + FIRST + 1
    assert len(str(table).splitlines()) == 1 + 5000


def test_some_rows_of_a_table_are_a_table() -> None:
    table = instances("a", "b", "c")
    some = table[table["Name"] != "b"]
    assert str(some).splitlines() == [str(table).splitlines()[row] for row in (0, 1, 3)]
    assert some._repr_html_().count("<tr>") == 1 + 2


@pytest.mark.parametrize("rows", [0, 1, FIRST])
def test_a_short_table_is_not_folded(rows: int) -> None:
    table = instances(*["web"] * rows)
    assert "details" not in table._repr_html_()
    assert repr(table) == str(table)


def test_an_empty_table_says_so() -> None:
    assert (
        '<tbody><tr><td colspan="10" style="text-align:left">none</td></tr></tbody>'
        in instances()._repr_html_()
    )
    assert str(instances()).splitlines()[1:] == ["none"]


def test_every_header_says_what_it_heads() -> None:
    for table in (instances("a"), tables.identity({"Account": "1", "Arn": "a", "UserId": "u"})):
        for attributes in re.findall("<th( [^>]*|)>", table._repr_html_()):
            assert attributes.startswith((' scope="col"', ' scope="row"'))


def test_columns_stay_in_line_beside_hangul() -> None:
    """A Hangul syllable is as wide as two letters, so fewer characters stand before the state."""
    _, hangul, latin = str(instances("한글", "latin")).splitlines()
    assert hangul.index("running") == latin.index("running") - len("한글")


@given(JSON)
def test_a_marked_document_still_says_the_same(value: Any) -> None:
    document = PolicyText({"Statement": value})
    page = re.sub("<style>.*?</style>", "", document._repr_html_())
    assert html.unescape(re.sub("<[^>]*>", "", page)) == repr(document)
    assert json.loads(repr(document)) == {"Statement": value}


def test_keys_are_told_from_values() -> None:
    page = PolicyText({"Effect": 'say "a": b'})._repr_html_()
    assert '<span class="nt">&quot;Effect&quot;</span>: <span class="s2">&quot;say' in page
    assert page.count("<span") == 2


@pytest.mark.parametrize("folder", ["notebooks", "notebooks/ko"])
def test_the_banner_leads_to_a_page_in_the_notebooks_language(
    folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(REPOSITORY / folder)
    place = SimpleNamespace(backend="local", region="ap-northeast-2")
    caller = SimpleNamespace(place=place, account_id="1", arn="arn:aws:iam::1:user/u")
    (link,) = re.findall('href="(.*?)"', tables.banner(caller)._repr_html_())
    page = Path(link).resolve().relative_to(REPOSITORY)
    assert page.parts == ("docs", *Path(folder).parts[1:], "not-emulated.md")
    assert Path(link).exists()
