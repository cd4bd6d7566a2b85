"""A run on a real account ends with what is there now: as much as it has made or found itself."""

import json
from pathlib import Path

import pytest

from runbook_lib.account.caller import Caller
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
