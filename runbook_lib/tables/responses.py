"""What AWS answered, as tables."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from runbook_lib.account.secret import last_four
from runbook_lib.tables.shapes import PolicyText, Table, listing, pick, record

Response = Mapping[str, Any]


def environment(versions: Mapping[str, str]) -> Table:
    """Show what runs this notebook."""
    return record(versions)


def identity(response: Response) -> Table:
    """Show who is calling."""
    return record(pick(response, "Account", "Arn", "UserId"))


def policy(response: Response) -> Table:
    """Show a managed policy."""
    names = ("PolicyName", "Arn", "PolicyId", "DefaultVersionId", "CreateDate")
    return record(pick(response["Policy"], *names) | _outcome(response))


def document(document: Mapping[str, Any]) -> PolicyText:
    """Show a policy document."""
    return PolicyText(document)


def user(response: Response) -> Table:
    """Show a user."""
    names = ("UserName", "Arn", "UserId", "CreateDate")
    return record(pick(response["User"], *names) | _outcome(response))


def access_key(response: Response, file: str) -> Table:
    """Show a long-term key by its last four characters; its secret is in this file only."""
    key = response["AccessKey"]
    masked = {"AccessKeyId": last_four(key["AccessKeyId"]), "SecretAccessKey": "*" * 8}
    return record(
        pick(key, "UserName")
        | masked
        | {"Kept in": file}
        | pick(key, "Status", "CreateDate")
        | _outcome(response)
    )


def mfa_device(response: Response) -> Table:
    """Show a virtual MFA device; its seed is in this account's private folder only."""
    made = response.get("VirtualMFADevice")
    masked = {"Base32StringSeed": "*" * 8} if made else {}
    return record(pick(made or {}, "SerialNumber", "UserName") | masked | _outcome(response))


def role(response: Response) -> Table:
    """Show a role; its trust policy is a document of its own."""
    names = ("RoleName", "Arn", "RoleId", "MaxSessionDuration", "CreateDate")
    return record(pick(response["Role"], *names) | _outcome(response))


def attachments(response: Response) -> Table:
    """Show the policies that a user or a role now has."""
    names = response["AttachedPolicies"]
    return listing([{"Policy": name, "Outcome": response["Outcome"]} for name in names], "Policy")


def credentials(response: Response) -> Table:
    """Show temporary credentials: masked, with the time left when AWS answered."""
    made, who = response["Credentials"], response["AssumedRoleUser"]
    answered = response["ResponseMetadata"]["HTTPHeaders"]["date"]
    left = made["Expiration"] - parsedate_to_datetime(answered)
    return record(
        {
            "AccessKeyId": last_four(made["AccessKeyId"]),
            "SecretAccessKey": "*" * 8,
            "SessionToken": "*" * 8,
            "Expiration": made["Expiration"],
            "Time left": f"{round(left.total_seconds() / 60)} minutes",
            **pick(who, "AssumedRoleId", "Arn"),
        }
    )


def instances(response: Response) -> Table:
    """Show instances with the columns people look for."""
    found = [one for group in response["Reservations"] for one in group["Instances"]]
    return listing([_instance(one) for one in found], *_instance({}))


def _instance(one: Mapping[str, Any]) -> dict[str, object]:
    """One instance on two lines: under the head's own two."""
    names = [tag["Value"] for tag in one.get("Tags", []) if tag["Key"] == "Name"]
    zone = one.get("Placement", {}).get("AvailabilityZone")
    return {
        "InstanceId\nName": (one.get("InstanceId"), "".join(names)),
        "State": one.get("State", {}).get("Name"),
        "InstanceType\nImageId": (one.get("InstanceType"), one.get("ImageId")),
        "AvailabilityZone\nKeyName": (zone, one.get("KeyName")),
        "PrivateIpAddress\nPublicIpAddress": (
            one.get("PrivateIpAddress"),
            one.get("PublicIpAddress"),
        ),
        "LaunchTime": one.get("LaunchTime"),
    }


def _outcome(response: Response) -> dict[str, object]:
    return pick(response, "Outcome")
