"""Every trouble is one clear message with the next step, and running again works afterwards."""

import json
from pathlib import Path

import pytest

from runbook_lib.account.caller import Caller
from runbook_lib.account.opening import open_account
from runbook_lib.errors import RunbookError, next_step
from tests.scenario import inventory
from tests.test_command_line import runbook


@pytest.mark.parametrize(
    ("message", "step"),
    [
        (
            "(AccessDenied) … with an explicit deny in a service control policy",
            "organization",
        ),
        ("(AccessDenied) … with an explicit deny in a resource control policy", "organization"),
        (
            "(AccessDenied) … with an explicit deny in an identity-based policy",
            "have the statement changed",
        ),
        (
            "(AccessDenied) when calling the CreateRole operation: User: x is not authorized",
            "lacks this permission",
        ),
        ("(LimitExceeded) when calling the CreateUser operation: Cannot exceed quota", "quota"),
        (
            "(ExpiredToken) when calling GetUser: The security token included is expired",
            "Sign in again",
        ),
        (
            "Error when retrieving token from sso: Token has expired and refresh failed",
            "Sign in again",
        ),
        (
            "(SignatureDoesNotMatch) when calling GetCallerIdentity: Signature expired: 2026",
            "clock",
        ),
        (
            "(InvalidClientTokenId) when calling the GetCallerIdentity operation",
            "enabled this region",
        ),
        ("(OptInRequired) when calling the DescribeInstances operation", "another region"),
        ("(Throttling) when calling the CreateUser operation: Rate exceeded", "wait a minute"),
        ("(ServiceFailure) when calling the GetUser operation", "AWS itself failed"),
        (
            'Could not connect to the endpoint URL: "https://sts.ap-northeast-2.amazonaws.com/"',
            "network",
        ),
        ("The config profile (nobody) could not be found", "list-profiles"),
        ("Unable to locate credentials", "--backend local"),
        ("MFA code needed", "Nobody can type an MFA code here"),
        ("Your session has expired or credentials have changed.", "Sign in again"),
        ("The SSO session associated with this profile has expired", "Sign in again"),
    ],
)
def test_each_trouble_has_a_next_step(message: str, step: str) -> None:
    assert step in next_step(message)


def test_an_administrator_who_may_not_gets_one_message_and_can_go_on(
    account: Caller, tmp_path: Path
) -> None:
    deny = {"Effect": "Deny", "Action": "iam:CreateRole", "Resource": "*"}
    account.iam.put_user_policy(
        UserName="administrator",
        PolicyName="deny",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [deny]}),
    )
    where = [account.account_id, "--output", str(tmp_path)]
    _, err = runbook("run", *where, status=1)
    assert "section 04_role: An error occurred (AccessDenied)" in err
    assert "have the statement changed, or sign in as somebody else, then run again" in err
    assert "Traceback" not in err
    account.iam.delete_user_policy(UserName="administrator", PolicyName="deny")
    runbook("run", *where)
    assert len(inventory(account)["RoleDetailList"]) == 1


def test_credentials_that_end_in_the_middle_are_one_message(
    account: Caller, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The key is taken away by a policy of its own making: inactive once the user exists."""
    key = account.iam.create_access_key(UserName="administrator")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    monkeypatch.setenv("AWS_ENDPOINT_URL", str(account.place.endpoint))
    opened = open_account(account.account_id, backend="aws")
    account.iam.update_access_key(
        UserName="administrator", AccessKeyId=key["AccessKeyId"], Status="Inactive"
    )
    _, err = runbook("plan", account.account_id, "--backend", "aws", status=1)
    assert "The key is deleted or inactive" in err
    assert opened.arn == account.arn


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "Check the network"),
        ({"AWS_PROFILE": "nobody"}, "list-profiles"),
    ],
)
def test_a_bad_environment_is_one_message(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], message: str
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA" + "A" * 16)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(RunbookError, match=message):
        open_account("123456789012", backend="aws")
