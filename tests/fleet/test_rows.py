"""Rows of a fleet: whatever form they come in, all that is wrong with them is told at once."""

import json
from pathlib import Path
from typing import Any

import pytest

from runbook_lib.account import parameters
from runbook_lib.errors import ParameterError, RunbookError
from runbook_lib.headless.fleet import rows

SHARED = {name: value for name, value in parameters.DEFAULTS.items() if name != "confirm"}


def read(folder: Path, name: str, text: str | bytes, **shared: Any) -> list[rows.Row]:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return rows.read(path, SHARED | shared)


SAME = {
    "plain.csv": "account_id,variant\n111111111111,mfa\n012345678901,\n",
    "spaces.csv": "account_id , variant\n\n 111111111111 , mfa \n012345678901\n\n",
    "windows.csv": b"\xef\xbb\xbfaccount_id;variant\r\n111111111111;mfa\r\n012345678901;\r\n",
    "quoted.csv": '"account_id","variant"\n"111111111111","mfa"\n"012345678901",""\n',
    "some.json": '[{"account_id": 111111111111, "variant": "mfa"}, {"account_id": "012345678901"}]',
    "null.json": '[\n\t{"variant": "mfa", "account_id": "111111111111"},\n"012345678901"\n]\n',
    "some.yaml": "- account_id: 111111111111\n  variant: mfa\n- account_id: '012345678901'\n",
    "flow.yml": "[{account_id: '111111111111', variant: mfa}, '012345678901']",
}


@pytest.mark.parametrize("name", SAME)
def test_the_same_rows_in_each_form(tmp_path: Path, name: str) -> None:
    first, second = read(tmp_path, name, SAME[name])
    assert (first.account_id, first.chosen["variant"]) == ("111111111111", "mfa")
    assert (second.account_id, second.chosen["variant"]) == ("012345678901", "tutorial")
    assert second.chosen == SHARED | {"account_id": "012345678901"}


def test_every_bad_row_is_told_at_once_with_its_line_and_why(tmp_path: Path) -> None:
    text = (
        "account_id,region,variant,user_name,wave,profile\n"
        "111111111111,,,,,\n"
        "1234567890,,,,,\n"  # a spreadsheet took the zeros
        "2.22222E+11,,,,,\n"
        "333333333333,Seoul,,a b,,\n"
        "444444444444,ap-nowhere-1,,,,\n"
        "555555555555,,other,,,\n"
        "666666666666,,,,first,\n"
        "777777777777,,,,,admin\n"
        "111111111111,,,,,\n"
        ",ap-northeast-2,,,,\n"
        "888888888888,,,,,,extra\n"
    )
    with pytest.raises(ParameterError) as refused:
        read(tmp_path, "accounts.csv", text)
    head, *lines = str(refused.value).splitlines()
    assert "rows that cannot be used: 10. Nothing was sent" in head
    told = "\n".join(lines)
    for line, why in {
        3: "'1234567890' is no AWS account id",
        4: "'2.22222E+11' is no AWS account id",
        5: "region 'Seoul' is not accepted",
        6: "a region that botocore",
        7: "variant 'other' is not accepted",
        8: "wave 'first' is not accepted",
        9: "profile 'admin' goes with backend aws",
        10: "account 111111111111 is there already: line 2",
        11: "it has no account_id",
        12: "there is no column 'cell 7'",
    }.items():
        assert any(f"line {line}:" in one and why in one for one in lines), (line, told)
    assert "user_name 'a b' is not accepted" in told, "both things that are wrong in line 5"


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("accounts.txt", "111111111111", "name it .csv, .json or .yaml"),
        ("accounts", "111111111111", "name it .csv, .json or .yaml"),
        ("empty.csv", "", "holds no row"),
        ("head.csv", "account_id\n", "holds no row"),
        ("headless.csv", "111111111111\n222222222222\n", "line 1 must name the columns"),
        ("twice.csv", "account_id,region,region\n", "line 1 has 'region' twice"),
        ("quote.csv", 'account_id\n"1111\n', "unexpected end of data"),
        ("latin.csv", "account_id,user_name\n1,h\xe9\n".encode("latin-1"), "not in UTF-8"),
        ("some.json", "{}", "it is not a list"),
        ("some.json", '[{"account_id": "1"', "line 1 column"),
        ("twice.json", '[\n{"wave": 1, "wave": 2}]', "line 2 has 'wave' twice"),
        ("some.yaml", "account_id: '1'\n", "it is not a list"),
        ("some.yaml", "- a: [\n", "while parsing"),
        ("twice.yaml", "- account_id: '1'\n  account_id: '2'\n", "line 1 has 'account_id' twice"),
        ("tag.yaml", "- !!python/object/apply:os.system ['true']\n", "could not determine"),
        ("octal.yaml", "- account_id: 012345670123\n", "a number loses leading zeros"),
        ("deep.json", "[" * 100_000, "recursion"),
    ],
)
def test_what_is_no_list_of_accounts_is_refused_with_the_reason(
    tmp_path: Path, name: str, text: str | bytes, why: str
) -> None:
    with pytest.raises(ParameterError) as refused:
        read(tmp_path, name, text)
    assert why in str(refused.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(RunbookError, match=r"cannot read .*folder.csv"):
        rows.read(tmp_path / "folder.csv", SHARED)


def test_a_file_that_is_not_there_is_a_bad_parameter(tmp_path: Path) -> None:
    """Nothing was sent: exit status 2, and no word of folders that a run writes to."""
    with pytest.raises(ParameterError, match=r"there is no file .*gone.csv', nothing was sent"):
        rows.read(tmp_path / "gone.csv", SHARED)


def test_lines_are_those_of_the_file_in_json_and_yaml_too(tmp_path: Path) -> None:
    listed = [{"account_id": f"{number:012}"} for number in range(3)] + [{"account_id": "x"}]
    for name, text, line in [
        ("a.json", json.dumps(listed, indent=1), 11),
        ("a.json", "\n\n" + json.dumps(listed), 3),
        ("a.yaml", "# a comment\n" + "\n".join(f"- {json.dumps(one)}" for one in listed), 5),
    ]:
        with pytest.raises(ParameterError, match=rf"line {line}: account_id 'x'"):
            read(tmp_path, name, text)


def test_a_row_says_more_than_what_all_share(tmp_path: Path) -> None:
    text = "account_id,region\n111111111111,us-east-1\n222222222222,\n"
    first, second = read(tmp_path, "a.csv", text, region="eu-west-1", variant="mfa")
    assert (first.chosen["region"], second.chosen["region"]) == ("us-east-1", "eu-west-1")
    assert first.chosen["variant"] == "mfa"


def test_except_wins_over_only_and_who_left_an_account_out_is_said(tmp_path: Path) -> None:
    ids = ["111111111111", "222222222222", "333333333333"]
    listed = read(tmp_path, "a.csv", "\n".join(["account_id", *ids]))
    chosen = rows.choose(listed, ids[:2], ids[1:2])
    assert [row.left_out for row in chosen] == ["", "--except", "--only"]
    with pytest.raises(ParameterError, match="--only names what is in no row.*444444444444"):
        rows.choose(listed, ["444444444444"], [])
    with pytest.raises(ParameterError, match="every account is left out"):
        rows.choose(listed, ids[:1], ids[:1])


@pytest.mark.parametrize(
    ("text", "total", "number"),
    [("3", 10, 3), ("0", 10, 0), ("10%", 19, 1), ("10%", 9, 0), ("100%", 7, 7), ("50", 3, 50)],
)
def test_a_share_is_a_number_or_percent_rounded_down(text: str, total: int, number: int) -> None:
    assert rows.share("--max-errors", text, total, 0) == number


@pytest.mark.parametrize("text", ["", "-1", "1.5", "101%", "ten", "5 %", "%", "٣"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(ParameterError, match="expected a number from 0 on, or percent"):
        rows.share("--max-errors", text, 10, 0)


def test_a_partner_is_at_work_for_one_account_at_a_time(tmp_path: Path) -> None:
    text = "account_id,variant\n111111111111,external-id\n222222222222,external-id\n"
    first, second = read(tmp_path, "a.csv", text)
    assert first.accounts & second.accounts
