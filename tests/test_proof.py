"""Every claim is a row of evidence, and a broken statement breaks exactly the rows it bears on."""

import base64
import json
import re
from pathlib import Path
from typing import get_args

import pytest

from runbook_lib import ec2, iam, pictures, plan
from runbook_lib.account import inventory, profiles
from runbook_lib.account.caller import Caller
from runbook_lib.attempts import Attempt, attempt, require
from runbook_lib.errors import MissingStepError, ProofError
from runbook_lib.findings import findings
from runbook_lib.policies import Variant
from runbook_lib.runbook import Runbook, open_runbook
from tests.scenario import build, evidence, varied
from tests.test_command_line import papermill

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def failed(rows: list[Attempt]) -> list[tuple[str, str]]:
    return [(row.who.split(":")[-1].split("/")[0], row.action) for row in rows if not row.proven]


@pytest.mark.parametrize("variant", get_args(Variant))
def test_every_variant_is_proven(embedded_aws: object, account_id: str, variant: Variant) -> None:
    trusted = "999988887777" if variant == "external-id" else ""
    book = open_runbook(
        {"account_id": account_id, "variant": variant, "trusted_account_id": trusted}
    )
    build(book)
    rows = evidence(book)
    require(rows)
    assert len(rows) >= 5
    assert {row.expected for row in rows} == {"allowed", "refused"}
    assert all(row.why for row in rows)


def test_each_outcome_is_explained_by_policy_and_statement(book: Runbook, account: Caller) -> None:
    narrow = varied(book, variant="least-privilege")
    build(narrow)
    rows = evidence(narrow)
    whys = "\n".join(row.why for row in rows)
    assert "no statement allows ec2:DescribeInstances for" in whys
    assert 'trust policy of role "assume-role-role", statement 1 admits' in whys
    assert 'inline policy "describe-instances", statement 1 allows ec2:DescribeInstances' in whys
    assert f"does not admit {account.arn}" in whys


def statement(**changes: object) -> str:
    body = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"} | changes
    body = {name: value for name, value in body.items() if value is not None}
    return json.dumps({"Version": "2012-10-17", "Statement": [body]})


ASSUME = ("user", "sts:AssumeRole")
AFTER = ("user", "ec2:DescribeInstances")  # without a session, the user is still the user
KEY_PAIRS = ("user", "ec2:DescribeKeyPairs")


def user_may_not_assume(account: Caller) -> None:
    arn = f"arn:aws:iam::{account.account_id}:policy/assume-role-policy"
    version = {"PolicyArn": arn, "SetAsDefault": True}
    account.iam.create_policy_version(PolicyDocument=statement(Action="sts:TagSession"), **version)


def user_is_denied(account: Caller) -> None:
    account.iam.put_user_policy(
        UserName="assume-role-user", PolicyName="deny", PolicyDocument=statement(Effect="Deny")
    )


def role_trusts_another(account: Caller) -> None:
    trust = statement(Resource=None, Principal={"AWS": "111122223333"})
    account.iam.update_assume_role_policy(RoleName="assume-role-role", PolicyDocument=trust)


def user_may_list_instances(account: Caller) -> None:
    account.iam.put_user_policy(
        UserName="assume-role-user",
        PolicyName="more",
        PolicyDocument=statement(Action="ec2:DescribeInstances"),
    )


def role_may_not_list_instances(account: Caller) -> None:
    account.iam.put_role_policy(
        RoleName="assume-role-role",
        PolicyName="deny",
        PolicyDocument=statement(Effect="Deny", Action="ec2:DescribeInstances"),
    )


def role_may_not_list_key_pairs(account: Caller) -> None:
    account.iam.put_role_policy(
        RoleName="assume-role-role",
        PolicyName="deny",
        PolicyDocument=statement(Effect="Deny", Action="ec2:DescribeKeyPairs"),
    )


def role_may_list_users(account: Caller) -> None:
    account.iam.put_role_policy(
        RoleName="assume-role-role",
        PolicyName="more",
        PolicyDocument=statement(Action="iam:List*"),
    )


@pytest.mark.parametrize(
    ("broken", "wrong"),
    [
        (user_may_not_assume, [ASSUME, AFTER]),
        (user_is_denied, [ASSUME, AFTER]),
        (role_trusts_another, [ASSUME, AFTER]),
        (user_may_list_instances, [("user", "ec2:DescribeInstances")]),
        (role_may_not_list_instances, [("assumed-role", "ec2:DescribeInstances")]),
        (role_may_not_list_key_pairs, [("assumed-role", "ec2:DescribeKeyPairs")]),
        (role_may_list_users, [("assumed-role", "iam:ListUsers")]),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_broken_statement_fails_exactly_its_rows(
    book: Runbook, account: Caller, broken, wrong
) -> None:  # type: ignore[no-untyped-def]
    build(book)
    broken(account)
    rows = evidence(book)
    assert failed(rows) == wrong
    assert all(row.predicted == row.observed for row in rows), "the prediction sees it too"
    with pytest.raises(ProofError, match="not proven"):
        require(rows)


@pytest.mark.parametrize(
    ("variant", "trust", "wrong"),
    [
        ("external-id", {"Condition": {}}, [("user", "sts:AssumeRole")] * 2),
        ("least-privilege", {"Principal": {"AWS": "*"}}, [("user", "sts:AssumeRole")]),
        ("mfa", {"Condition": {}}, [ASSUME, ASSUME]),  # without a code, and the old session
    ],
)
def test_a_trust_that_is_too_wide_fails_who_should_not_get_in(
    book: Runbook,
    account: Caller,
    variant: Variant,
    trust: dict[str, object],
    wrong: list[tuple[str, str]],
) -> None:
    book = varied(book, variant=variant)
    wanted = build(book)
    (one,) = wanted.trust["Statement"]
    account.iam.update_assume_role_policy(
        RoleName=wanted.role_name,
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [one | trust]}),
    )
    assert failed(evidence(book)) == wrong


def test_a_policy_of_a_group_counts(book: Runbook, account: Caller) -> None:
    build(book)
    account.iam.create_group(GroupName="people")
    account.iam.add_user_to_group(GroupName="people", UserName="assume-role-user")
    account.iam.attach_group_policy(GroupName="people", PolicyArn=ADMINISTRATOR)
    row = attempt(iam.list_users, book.open_user(), expected="refused")
    assert (row.predicted, row.observed) == ("allowed", "allowed")
    assert 'policy "AdministratorAccess"' in row.why


def test_a_boundary_counts(book: Runbook, account: Caller) -> None:
    wanted = build(book)
    account.iam.put_role_permissions_boundary(
        RoleName=wanted.role_name, PermissionsBoundary="arn:aws:iam::aws:policy/IAMReadOnlyAccess"
    )
    rows = evidence(book)
    assert failed(rows) == [
        ("assumed-role", "ec2:DescribeInstances"),
        ("assumed-role", "ec2:DescribeKeyPairs"),
    ]
    assert 'boundary policy "IAMReadOnlyAccess"' in rows[2].why


def test_a_refusal_that_does_not_repeat_is_inconclusive(
    book: Runbook, account: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """IAM flaps while it settles: here the permission arrives between the two calls."""
    build(book)
    as_user = book.open_user()
    refused = []

    def arrive(**_: object) -> None:
        refused.append(1)
        if len(refused) == 1:
            user_may_list_instances(account)

    as_user.ec2.meta.events.register("after-call.ec2.DescribeInstances", arrive)
    row = attempt(ec2.describe_instances, as_user, expected="refused")
    assert row.observed == "inconclusive"
    with pytest.raises(ProofError, match="inconclusive"):
        require([row])


def test_a_second_factor_is_proven_row_by_row(book: Runbook) -> None:
    book = varied(book, variant="mfa")
    build(book)
    tried = [(row.given, row.observed) for row in evidence(book) if row.action == "sts:AssumeRole"]
    assert tried == [
        ("mfa=code", "allowed"),
        ("", "refused"),  # the administrator, whom the role does not trust
        ("", "refused"),
        ("mfa=wrong code", "refused"),
        ("mfa=used code", "refused"),
        ("aws:MultiFactorAuthAge=0", "allowed"),
        ("aws:MultiFactorAuthAge=60", "refused"),
    ]
    rows = evidence(book)
    require(rows)
    drawn = pictures.sequence(rows)._repr_html_()
    (source,) = re.findall('src="data:image/svg[+]xml;base64,([^"]+)"', drawn)
    assert base64.b64decode(source).count(b"its credentials") == 1, "where the session begins"


def test_without_the_device_of_section_3_nothing_is_tried(book: Runbook, account: Caller) -> None:
    mfa = varied(book, variant="mfa")
    build(mfa)
    (profiles.folder("local", account.account_id) / "mfa-device").unlink()
    with pytest.raises(MissingStepError, match=r"no MFA device .*run 03_user\.ipynb"):
        evidence(mfa)


def names(variant: Variant, book: Runbook) -> list[str]:
    account, wanted = book.role_account, varied(book, variant=variant).wanted
    found = findings(wanted.policy, "identity") + findings(wanted.trust, "trust")
    if wanted.role_policy_arn:
        policy = account.iam.get_policy(PolicyArn=wanted.role_policy_arn)["Policy"]
        found += findings(inventory.default_document(account, policy), "identity")
    for document in wanted.role_inline_policies.values():
        found += findings(document, "identity")
    return [one.finding for one in found]


def test_the_tutorial_has_the_known_findings_and_least_privilege_none(book: Runbook) -> None:
    assert names("tutorial", book) == [
        'Resource "*"',
        "Credentials exposure",
        "Account-wide trust",
        'Resource "*"',
        "Credentials exposure",
        "Privilege escalation",
        "Privilege escalation",
    ]
    assert names("least-privilege", book) == []


def test_python_without_asserts_does_not_change_the_verdict(
    book: Runbook, account: Caller, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    build(book)
    role_may_not_list_instances(account)
    monkeypatch.setenv("PYTHONOPTIMIZE", "1")
    asked = papermill("05_assume_role", tmp_path, "-r", "account_id", account.account_id)
    assert asked.returncode
    assert "ProofError" in asked.stderr


def test_a_mix_of_variants_is_told_with_the_notebooks_to_run(book: Runbook) -> None:
    narrow = varied(book, variant="least-privilege")
    build(book)
    for step in plan.steps(narrow)[4:]:  # sections 4 alone
        step.make()
    with pytest.raises(MissingStepError, match=r"with 'tutorial': run 02_.*' first$"):
        evidence(narrow)
    with pytest.raises(MissingStepError, match=r"with 'least-privilege': run 04_.*' first$"):
        evidence(book)
    build(narrow)
    require(evidence(narrow))
    with pytest.raises(MissingStepError, match=r"02_.* and 04_.* or this one with 'least-priv"):
        evidence(book)


def test_a_removal_that_is_not_complete_fails_without_asserts_as_well(
    book: Runbook, account: Caller, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    build(book)
    account.iam.put_user_policy(
        UserName="administrator",
        PolicyName="deny",
        PolicyDocument=statement(Effect="Deny", Action="iam:DeleteRole"),
    )
    monkeypatch.setenv("PYTHONOPTIMIZE", "1")
    where = ["-r", "account_id", account.account_id]
    asked = papermill("07_cleanup", tmp_path, *where, "-p", "confirm", "True")
    assert asked.returncode
    assert "still there: role assume-role-role; each row says why" in asked.stderr
    assert papermill("07_cleanup", tmp_path, *where).returncode == 0, "nothing was to be deleted"
