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
from runbook_lib.tables import cells
from runbook_lib.tables.shapes import FIRST, PolicyText, Table, listing
from tests.conftest import REPOSITORY
from tests.scenario import HOSTILE

LINES = 2  # an instance, and what stands above it, is two lines high

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
    assert len(repr(table).splitlines()) == 2 * LINES


def test_a_long_table_shows_its_first_rows_and_holds_them_all() -> None:
    table = instances(*["web"] * 5000)
    first, rest = re.findall("<tbody>(.*?)</tbody>", table._repr_html_(), re.DOTALL)
    assert first.count("<tr>") == FIRST
    assert rest.count("<tr>") == 5000 - FIRST
    assert "<summary>The first 50 of 5,000 rows; show all</summary>" in table._repr_html_()
    assert repr(table).splitlines()[-1] == "… and 4,950 more rows"
    assert len(repr(table).splitlines()) == LINES * (1 + FIRST) + 1
    assert len(str(table).splitlines()) == LINES * (1 + 5000)


def test_some_rows_of_a_table_are_a_table() -> None:
    table = instances("a", "b", "c")
    some = table[~table["InstanceId\nName"].str.endswith("b")]
    assert str(some).splitlines() == [str(table).splitlines()[line] for line in (0, 1, 2, 3, 6, 7)]
    assert some._repr_html_().count("<tr>") == 1 + 2


@pytest.mark.parametrize("rows", [0, 1, FIRST])
def test_a_short_table_is_not_folded(rows: int) -> None:
    table = instances(*["web"] * rows)
    assert "details" not in table._repr_html_()
    assert repr(table) == str(table)


def test_an_empty_table_says_so() -> None:
    assert (
        '<tbody><tr><td colspan="6" style="text-align:left">none</td></tr></tbody>'
        in instances()._repr_html_()
    )
    assert str(instances()).splitlines()[LINES:] == ["none"]


def test_every_header_says_what_it_heads() -> None:
    for table in (instances("a"), tables.identity({"Account": "1", "Arn": "a", "UserId": "u"})):
        for attributes in re.findall("<th( [^>]*|)>", table._repr_html_()):
            assert attributes.startswith((' scope="col"', ' scope="row"'))


def test_columns_stay_in_line_beside_hangul() -> None:
    """A Hangul syllable is as wide as two letters, so fewer characters stand before the state."""
    texts = [{"Name": name, "State": "running"} for name in ("한글", "latin")]
    _, hangul, latin = str(listing(texts)).splitlines()
    assert hangul.index("running") == latin.index("running") - len("한글")


def test_a_cell_can_have_smaller_lines_below_the_first() -> None:
    table = listing([{"A": ("one", "", "two"), "B": "x"}, {"A": ("three",), "B": "y\nz"}])
    assert str(table).splitlines() == ["A      B", "one    x", "two", "three  y\\nz"]
    page = table._repr_html_()
    assert '<td style="text-align:left" data-name="A">one<br><small>two</small></td>' in page
    assert "y\\nz</td>" in page


def test_a_long_word_can_be_broken_without_any_style_and_still_is_the_same() -> None:
    for word in ("arn:aws:iam::123456789012:role/" + "R" * 64, "UnauthorizedOperation", "<" * 50):
        shown = cells.breakable(word)
        pieces = [html.unescape(piece) for piece in shown.split("<wbr>")]
        assert "".join(pieces) == word
        assert max(map(len, pieces)) <= 34
    assert cells.breakable("UnauthorizedOperation") == "Unauthorized<wbr>Operation"
    assert cells.breakable("ec2:DescribeImages a b") == "ec2:DescribeImages a b"


@given(st.text())
def test_breaking_changes_no_text(text: str) -> None:
    assert html.unescape(cells.breakable(text).replace("<wbr>", "")) == html.unescape(
        html.escape(text)
    )


def test_a_page_to_read_is_a_link_and_a_tag_that_looks_like_one_is_not() -> None:
    (found,) = [tables.findings([("a", "b", "https://docs.aws.amazon.com/IAM/x.html#y")])]
    link = '<a href="https://docs.aws.amazon.com/IAM/x.html#y">x.html#y</a>'
    assert link in found._repr_html_()
    assert "https://docs.aws.amazon.com/IAM/x.html#y" in repr(found)
    assert "<a" not in instances("https://example.com/x")._repr_html_()


USER = "arn:aws:iam::111111111111:user/u"


def row(**other: Any) -> SimpleNamespace:
    made = {"who": USER, "action": "iam:ListUsers", "given": "", "why": "so"}
    made |= dict.fromkeys(("expected", "predicted", "observed"), "refused")
    return SimpleNamespace(**(made | {"code": "AccessDenied", "proven": True} | other))


def test_the_proof_has_one_form() -> None:
    table = tables.proof([row(), row(given="external_id=x", observed="allowed", proven=False)])
    assert list(table.columns) == ["Who", "Action", "Expected", "Predicted", "Observed", "Why"]
    assert table["Who"][0] == "user/u"
    assert table["Observed"][0] == "✕ refused\nAccessDenied"
    assert table["Observed"][1] == "✓ allowed\nAccessDenied\nnot proven"
    assert table["Action"][1] == "iam:ListUsers\nwith external_id=x"
    assert "<code>iam:ListUsers</code><br><small>with" in table._repr_html_()
    assert "<strong>not proven</strong>" in table._repr_html_()
    other = tables.proof([row(), row(who=USER.replace("1", "2"))])
    assert list(other["Who"]) == ["user/u\naccount 111111111111", "user/u\naccount 222222222222"]


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
