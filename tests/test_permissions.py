"""The least policy of an operator is enough to run, plan and destroy, and not one action more."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from botocore.exceptions import ClientError

from runbook_lib import local_aws, plan, questions
from runbook_lib.account import journal
from runbook_lib.account.caller import Caller
from runbook_lib.account.secret import Secret
from runbook_lib.errors import RunbookError
from runbook_lib.policies import PARTNER_ACCOUNT_ID, Document, Variant
from runbook_lib.runbook import Runbook, open_runbook
from tests.scenario import build, destroy, evidence, sign_in
from tests.test_command_line import runbook

NEEDS_NONE = {"sts:GetCallerIdentity", "sts:AssumeRole"}  # the latter should be refused
ALREADY = {
    "iam:TagPolicy",
    "iam:TagRole",
    "iam:TagMFADevice",
}  # asked along with the creation that tags


def operator(account: Caller) -> Caller:
    """A user of the account who may do nothing yet."""
    made = account.iam.create_user(UserName="operator")["User"]
    key = account.iam.create_access_key(UserName="operator")["AccessKey"]
    session = account.place.session(key["AccessKeyId"], Secret(key["SecretAccessKey"]))
    known = {"arn": made["Arn"], "user_id": made["UserId"], "identified": {key["AccessKeyId"]}}
    return replace(account, session=session, **known)


class Operators:
    """A runbook in the hands of operators, and of the administrators who clear up after them."""

    def __init__(self, account_id: str, variant: Variant) -> None:
        trusted = PARTNER_ACCOUNT_ID if variant == "external-id" else ""
        chosen = {"account_id": account_id, "variant": variant, "trusted_account_id": trusted}
        self.administrators = open_runbook(chosen)
        there = {one.account_id: operator(one) for one in self.administrators.accounts}
        self.book = replace(
            self.administrators,
            role_account=there[self.administrators.role_account.account_id],
            user_account=there[self.administrators.user_account.account_id],
        )

    def may(self, document: Document) -> None:
        for account in self.administrators.accounts:
            account.iam.put_user_policy(
                UserName="operator", PolicyName="runbook", PolicyDocument=json.dumps(document)
            )

    def goes_through(self) -> bool:
        """Plan, run, run again, destroy; whatever was left is cleared up."""
        try:
            plan.plan(self.book)
            build(self.book)
            rows = evidence(self.book)
            build(self.book)
            gone = destroy(self.book)
        except (ClientError, RunbookError):
            return False
        finally:
            destroy(self.administrators)
        return all(row.proven for row in rows) and plan.is_complete(gone)


def without(document: Document, number: int, action: str) -> Document:
    statements = [dict(one) for one in document["Statement"]]
    left = [one for one in statements[number]["Action"] if one != action]
    statements[number]["Action"] = left
    return document | {"Statement": [one for one in statements if one["Action"]]}


every_variant = pytest.mark.parametrize("variant", get_args(Variant))


@pytest.fixture
def operators(embedded_aws: local_aws.Running, account_id: str, variant: Variant) -> Any:
    made = Operators(account_id, variant)
    yield made
    for account in made.administrators.accounts:  # the partner's account is shared
        account.iam.delete_user_policy(UserName="operator", PolicyName="runbook")
        for key in account.iam.list_access_keys(UserName="operator")["AccessKeyMetadata"]:
            account.iam.delete_access_key(UserName="operator", AccessKeyId=key["AccessKeyId"])
        account.iam.delete_user(UserName="operator")


@every_variant
def test_it_is_enough_and_asks_for_what_is_really_called(operators: Operators) -> None:
    document = questions.least_policy(operators.book.wanted)
    operators.may(document)
    journal.CALLS.clear()
    assert operators.goes_through()
    called = {one.action for one in journal.CALLS if one.principal.endswith("/operator")}
    allowed = {action for one in document["Statement"] for action in one["Action"]}
    assert called - NEEDS_NONE <= allowed <= called | ALREADY
    assert all(not questions.lacking(one, operators.book.wanted) for one in operators.book.accounts)


@pytest.mark.parametrize("variant", ["tutorial", "least-privilege"])
def test_without_any_one_action_something_fails(operators: Operators) -> None:
    document = questions.least_policy(operators.book.wanted)
    for number, statement in enumerate(document["Statement"]):
        for action in statement["Action"]:
            less = without(document, number, action)
            operators.may(less)
            assert not operators.goes_through(), action
            assert told_beforehand(operators.book, action)


@pytest.mark.parametrize("variant", ["external-id", "mfa"])
def test_without_any_one_statement_something_fails(operators: Operators) -> None:
    document = questions.least_policy(operators.book.wanted)
    for statement in document["Statement"]:
        others = [one for one in document["Statement"] if one != statement]
        operators.may(document | {"Statement": others})
        assert not operators.goes_through(), statement["Sid"]


def told_beforehand(book: Runbook, action: str) -> bool:
    """Tell whether `plan` would say that this is lacking; without this one it cannot plan."""
    if action == "iam:GetAccountAuthorizationDetails":
        return True
    lacking = [one for caller in book.accounts for one in questions.lacking(caller, book.wanted)]
    return [one.split()[0] for one in lacking] == [action]


def test_a_whole_run_on_the_aws_backend_goes_through(
    book: Runbook, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    account = book.role_account
    allowed, _ = runbook("permissions", account.account_id, "--variant", "least-privilege")
    someone = operator(account)
    account.iam.put_user_policy(UserName="operator", PolicyName="runbook", PolicyDocument=allowed)
    sign_in(monkeypatch, someone)
    chosen = [account.account_id, "--backend", "aws", "--variant", "least-privilege"]
    _, told = runbook("plan", *chosen)
    assert "may not call" not in told
    runbook("run", *chosen, "--yes", "--output", str(tmp_path))
    runbook("destroy", *chosen, "--yes")
    account.iam.delete_user_policy(UserName="operator", PolicyName="runbook")
    _, told = runbook("plan", *chosen, status=1)
    assert "iam:GetAccountAuthorizationDetails" in told
