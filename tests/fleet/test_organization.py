"""The accounts of an organization: which are for a fleet, which are skipped and why."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runbook_lib import local_aws
from runbook_lib.account import opening
from runbook_lib.account.caller import Caller
from runbook_lib.account.hub.organization import Member, members
from runbook_lib.errors import ParameterError, RunbookError
from runbook_lib.headless.fleet.credentials import for_accounts
from runbook_lib.local_aws.http.server import LocalAws
from runbook_lib.local_aws.organization import Member as Held
from runbook_lib.local_aws.organization import Unit
from tests import scenario
from tests.conftest import REPOSITORY
from tests.fleet.test_credentials import Row, opened

REGION = "ap-northeast-2"
MANAGEMENT = Member(
    "111111111111",
    "management",
    "the management account of the organization, and the one that calls",
)
TEST, SHOP = Member("222222222222", "shop-test"), Member("333333333333", "shop")
BILLING, SANDBOX = Member("444444444444", "billing"), Member("555555555555", "sandbox")
CLOSED = Member("666666666666", "old-shop", "its state is SUSPENDED")
WORKLOADS, PRODUCTION = "ou-rnbk-workloads", "ou-rnbk-production"


@pytest.fixture
def hub(embedded_aws: local_aws.Running) -> Caller:
    return opening.open_hub(REGION, backend="local")


def test_that_active_accounts_are_for_the_fleet_and_the_others_are_told(hub: Caller) -> None:
    assert members(hub) == [MANAGEMENT, TEST, SHOP, BILLING, SANDBOX, CLOSED]


@pytest.mark.parametrize(
    ("ous", "tags", "found"),
    [
        (["r-rnbk"], [], [MANAGEMENT, TEST, SHOP, BILLING, SANDBOX, CLOSED]),
        (["Root"], [], [MANAGEMENT, TEST, SHOP, BILLING, SANDBOX, CLOSED]),
        ([WORKLOADS], [], [TEST, SHOP, BILLING]),
        (["Workloads"], [], [TEST, SHOP, BILLING]),
        (["Production"], [], [SHOP, BILLING]),
        (["Workloads/Production"], [], [SHOP, BILLING]),
        (["/Workloads/Production/"], [], [SHOP, BILLING]),
        (["Production", "Workloads"], [], [TEST, SHOP, BILLING]),
        (["Production", "Sandbox"], [], [SHOP, BILLING, SANDBOX, CLOSED]),
        ([], ["environment=production"], [SHOP, BILLING]),
        ([], ["team=shop"], [TEST, SHOP, CLOSED]),
        ([], ["team=shop", "environment=production"], [SHOP]),
        (["Workloads"], ["team=shop"], [TEST, SHOP]),
    ],
)
def test_which_units_and_tags_choose(
    hub: Caller, ous: list[str], tags: list[str], found: list[Member]
) -> None:
    assert members(hub, ous, tags) == found


@pytest.mark.parametrize(
    ("ous", "tags", "said"),
    [
        (["production"], [], "--ou 'production' is no unit .*ou-rnbk-production  Workloads/Prod"),
        (["ou-rnbk-nothing0"], [], "is no unit of the organization"),
        ([""], [], "is no unit of the organization"),
        ([], ["production"], "--tag 'production' is no tag, nothing was sent: expected KEY=VALUE"),
        ([], ["=x"], "is no tag"),
        ([], ["environment="], "no account of the organization is left with --tag 'environment='"),
        (["Sandbox"], ["team=shop"], "left with --ou 'Sandbox' --tag 'team=shop'; .*666666666666"),
    ],
)
def test_what_is_refused(hub: Caller, ous: list[str], tags: list[str], said: str) -> None:
    with pytest.raises(ParameterError, match=f"(?s){said}"):
        members(hub, ous, tags)


def test_that_a_name_of_several_units_is_not_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    """And that more than a page of accounts, and names with a slash, are read right."""
    with LocalAws() as aws:
        root = aws.gateway.accounts.organization.root
        many = [Held(f"7{number:011}", f"many-{number}") for number in range(45)]
        sandbox = next(unit for unit in root.units if unit.name == "Sandbox")
        sandbox.units.append(Unit("ou-rnbk-production2", "Production", many))
        root.units.append(Unit("ou-rnbk-slash000", "Workloads/X", [Held("800000000000", "x")]))
        key = aws.administrator(MANAGEMENT.account_id)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key.access_key_id)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key.secret_access_key)
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws.endpoint)
        hub = opening.open_hub(REGION)
        with pytest.raises(ParameterError, match=r"(?s)several units.*production2  Sandbox/Prod"):
            members(hub, ["Production"])
        assert len(members(hub, ["Sandbox/Production"])) == 45
        assert members(hub, ["Workloads"]) == [TEST, SHOP, BILLING]
        assert len(members(hub)) == 6 + 45 + 1


def test_that_a_member_is_told_to_be_somebody_else(embedded_aws: local_aws.Running) -> None:
    member = opening.open_account(SHOP.account_id)
    with pytest.raises(RunbookError) as refused:
        members(member)
    assert str(refused.value) == (
        "arn:aws:iam::333333333333:user/administrator may not call organizations:ListAccounts "
        "(You don't have permissions to access this resource.): sign in to the management account "
        "or to a delegated administrator's (--profile NAME), as somebody with Allow "
        "organizations:ListAccounts, or name the accounts in a file"
    )


def test_that_an_account_without_an_organization_is_told(account: Caller) -> None:
    with pytest.raises(RunbookError, match=f"^account {account.account_id} is in no organization"):
        members(account)


@pytest.mark.parametrize(
    ("denied", "ous", "tags"),
    [
        ("DescribeOrganization", [], []),
        ("ListAccounts", [], []),
        ("ListRoots", ["Sandbox"], []),
        ("ListOrganizationalUnitsForParent", ["Sandbox"], []),
        ("ListAccountsForParent", ["Sandbox"], []),
        ("ListTagsForResource", [], ["team=shop"]),
    ],
)
def test_which_permission_is_missing(
    hub: Caller, monkeypatch: pytest.MonkeyPatch, denied: str, ous: list[str], tags: list[str]
) -> None:
    operator = operator_without(hub, denied)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", operator["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", operator["SecretAccessKey"])
    monkeypatch.setenv("AWS_ENDPOINT_URL", str(hub.place.endpoint))
    with pytest.raises(RunbookError, match=f"operator-{denied} may not call .*:{denied} "):
        members(opening.open_hub(REGION), ous, tags)


def operator_without(hub: Caller, denied: str) -> dict[str, Any]:
    name = f"operator-{denied}"
    statements = [
        {"Effect": "Allow", "Action": "organizations:*", "Resource": "*"},
        {"Effect": "Deny", "Action": f"organizations:{denied}", "Resource": "*"},
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    hub.iam.create_user(UserName=name)
    hub.iam.put_user_policy(UserName=name, PolicyName="inline", PolicyDocument=document)
    return dict(hub.iam.create_access_key(UserName=name)["AccessKey"])


def test_that_the_hubs_role_is_in_each_member(hub: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario.sign_in(monkeypatch, hub)
    rows = [Row(one.account_id) for one in members(hub) if not one.skipped]
    with for_accounts(rows, role=local_aws.HUB_ROLE) as given:
        found = [opened(row, given[row.account_id]) for row in rows]
    assert [one.account_id for one in found] == [row.account_id for row in rows]
    role = found[0].iam.get_role(RoleName="OrganizationAccountAccessRole")["Role"]
    trust = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust[0]["Principal"] == {"AWS": "arn:aws:iam::111111111111:root"}
    (policy,) = found[0].iam.list_attached_role_policies(RoleName=local_aws.HUB_ROLE)[
        "AttachedPolicies"
    ]
    assert policy["PolicyName"] == "AdministratorAccess"


def test_that_a_suspended_account_cannot_be_entered(
    hub: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario.sign_in(monkeypatch, hub)
    row = Row(CLOSED.account_id)
    with (
        for_accounts([row], role=local_aws.HUB_ROLE) as given,
        pytest.raises(RunbookError, match="could not be assumed"),
    ):
        opened(row, given[row.account_id])


def test_that_the_real_aws_cli_lists_it(hub: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario.sign_in(monkeypatch, hub)
    program = [sys.executable, str(Path(sys.executable).parent / "aws"), "organizations"]
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)

    def aws(*words: str) -> Any:
        asked = subprocess.run([*program, *words], capture_output=True, text=True, check=False)
        return json.loads(asked.stdout) if asked.returncode == 0 else asked.stderr

    query = ("--query", "Accounts[?State=='ACTIVE'].Id", "--page-size", "2")
    assert aws("list-accounts", *query) == [
        *(MANAGEMENT.account_id, TEST.account_id, SHOP.account_id),
        *(BILLING.account_id, SANDBOX.account_id),
    ]
    assert "ParentNotFoundException" in aws(
        "list-accounts-for-parent", "--parent-id", "ou-rnbk-nothing0"
    )
    assert "NotEmulated" in aws("create-organization")


def test_that_the_page_names_the_accounts() -> None:
    page = (REPOSITORY / "docs" / "not-emulated.md").read_text("utf-8")
    first, last = TEST.account_id, SANDBOX.account_id
    for name in (MANAGEMENT.account_id, first, last, CLOSED.account_id, local_aws.HUB_ROLE):
        assert f"`{name}`" in page
