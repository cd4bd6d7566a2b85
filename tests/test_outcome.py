"""What a terminal says at the end: on a real account as much as is there; tables in any width."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from runbook_lib.account.caller import Caller
from runbook_lib.attempts import Attempt
from runbook_lib.cli import terminal
from runbook_lib.cli.outcome import left_behind
from runbook_lib.headless.record import Run, Section
from tests.scenario import sign_in
from tests.test_command_line import runbook

POLICY, USER, ROLE = "a policy", "a user whose access key is live", "a role"


def made(*passed: str, **answered: str) -> Run:
    calls = [{"action": f"iam:{action}", "outcome": code} for action, code in answered.items()]
    sections = [Section(name, "passed") for name in passed]
    named = {"run_id": "", "account_id": "", "region": "", "backend": "", "variant": ""}
    return Run(**named, sections=sections, calls=calls)


@pytest.mark.parametrize(
    ("run", "there"),
    [
        (made(), []),
        (made("01_environment"), []),
        (made("02_assume_role_policy", "03_user", "04_role", "07_cleanup"), [POLICY, USER, ROLE]),
        (made("02_assume_role_policy"), [POLICY]),
        (made(CreatePolicy="AccessDenied"), []),
        (made("02_assume_role_policy", CreateUser="ok"), [POLICY, "a user"]),
        (made(CreatePolicy="ok", CreateUser="ok", CreateAccessKey="ok"), [POLICY, USER]),
        (
            made(CreatePolicy="ok", CreateUser="ok", CreateAccessKey="LimitExceeded"),
            [POLICY, "a user"],
        ),
    ],
)
def test_it_tells_what_its_sections_and_calls_prove(run: Run, there: list[str]) -> None:
    assert left_behind(run) == there


def test_a_second_run_that_changes_nothing_says_it_as_well(
    account: Caller, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sign_in(monkeypatch, account)
    where = [account.account_id, "--backend", "aws", "--yes", "--output", str(tmp_path)]
    for _ in range(2):
        _, err = runbook("run", *where)
        assert f"there are now {POLICY}, {USER}, {ROLE}. Take away" in err
        assert f"runbook destroy {account.account_id} --backend aws" in err
    assert "of which 0 changed something" in err


@pytest.mark.parametrize(
    ("denied", "says"),
    [
        ("iam:CreatePolicy", None),
        ("iam:CreateUser", f"there is now {POLICY}. Take away"),
        ("iam:CreateRole", f"there are now {POLICY}, {USER}. Take away"),
    ],
)
def test_a_run_that_failed_early_says_no_more_than_is_true(
    account: Caller,
    denied: str,
    says: str | None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    deny = {"Effect": "Deny", "Action": denied, "Resource": "*"}
    account.iam.put_user_policy(
        UserName="administrator",
        PolicyName="deny",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [deny]}),
    )
    sign_in(monkeypatch, account)
    where = [account.account_id, "--backend", "aws", "--yes", "--output", str(tmp_path)]
    _, err = runbook("run", *where, status=1)
    assert (says in err) if says else ("there is now" not in err and "there are now" not in err)


def test_the_embedded_aws_is_gone_and_nothing_is_said_of_it(
    account: Caller, tmp_path: Path
) -> None:
    _, err = runbook("run", account.account_id, "--output", str(tmp_path))
    assert "now" not in err


SESSION = "assumed-role/assume-role-role/assume-role-session"
PROOF = Attempt(
    who=f"arn:aws:sts::123456789012:{SESSION}",
    action="ec2:DescribeInstances",
    expected="refused",
    predicted="refused",
    observed="refused",
    code="UnauthorizedOperation",
    why=f"no statement allows ec2:DescribeInstances for {SESSION}",
)
FULL = "arn:aws:iam::aws:policy/AmazonEC2FullAccess"
STEPS = [
    {"Kind": "role's policy", "Name": FULL, "Plan": "create", "Detail": ""},
    {"Kind": "policy", "Name": "assume-role-policy", "Plan": "create", "Detail": ""},
]


def at_a_terminal(name: str, rows: list[Any], width: int) -> list[str]:
    shown = io.StringIO()
    where = Console(file=shown, width=width, force_terminal=True, color_system=None)
    terminal.table(name, rows, where)
    return shown.getvalue().splitlines()


@pytest.mark.parametrize("width", [64, 80, 200])
def test_no_word_of_the_proof_is_cut_by_a_narrow_terminal(width: int) -> None:
    lines = at_a_terminal("proof", [PROOF] * 3, width)
    assert max(map(len, lines)) <= width
    for word in (SESSION, "ec2:DescribeInstances", "UnauthorizedOperation", "Predicted"):
        assert any(word in line for line in lines), word


def test_a_table_in_columns_gives_no_room_to_what_is_empty() -> None:
    lines = at_a_terminal("plan", STEPS, 80)
    assert any("Kind" in line and "Name" in line and "Plan" in line for line in lines)
    assert any("role's policy" in line and FULL in line and "create" in line for line in lines)
    assert not any("Detail" in line for line in lines)


def test_a_word_too_long_for_its_column_is_broken_where_a_reader_would() -> None:
    lines = at_a_terminal("plan", STEPS, 64)
    assert any(
        line.rstrip().endswith("create") and "arn:aws:iam::aws:policy/ " in line for line in lines
    )
    assert any(line.strip() == "AmazonEC2FullAccess" for line in lines)
