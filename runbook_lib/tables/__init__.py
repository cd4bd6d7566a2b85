"""Responses as tables: plain DataFrames of text that show themselves well in HTML and as text.

Makes no calls. Every cell is escaped and shown whole; a `$x$` in a tag stays text.
"""

from collections.abc import Callable, Iterable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from runbook_lib.access.arns import Arn, short
from runbook_lib.account.secret import last_four
from runbook_lib.tables.shapes import Banner, Document, Folded, Table, listing, record

Response = Mapping[str, Any]
_DIFFERENCE = "Difference from the tutorial"


def banner(caller: Any) -> Banner:
    """Say whether this is the embedded AWS or a real one, which account, region and principal."""
    place = caller.place
    kind = "EMULATED" if place.backend == "local" else "REAL"
    other = f" · endpoint {place.endpoint}" if kind == "REAL" and place.endpoint else ""
    return Banner(
        kind, f"account {caller.account_id} · {place.region} · as {short(caller.arn)}{other}"
    )


def environment(versions: Mapping[str, str]) -> Table:
    """Show what runs this notebook."""
    return record(versions)


def identity(response: Response) -> Table:
    """Show who is calling."""
    return record(_pick(response, "Account", "Arn", "UserId"))


def policy(response: Response) -> Table:
    """Show a managed policy."""
    names = ("PolicyName", "Arn", "PolicyId", "DefaultVersionId", "CreateDate")
    return record(_pick(response["Policy"], *names) | _outcome(response))


def document(document: Mapping[str, Any]) -> Document:
    """Show a policy document."""
    return Document(document)


def user(response: Response) -> Table:
    """Show a user."""
    names = ("UserName", "Arn", "UserId", "CreateDate")
    return record(_pick(response["User"], *names) | _outcome(response))


def access_key(response: Response) -> Table:
    """Show a long-term key by its last four characters; its secret is in the profile file only."""
    key = response["AccessKey"]
    masked = {"AccessKeyId": last_four(key["AccessKeyId"]), "SecretAccessKey": "*" * 8}
    return record(
        _pick(key, "UserName") | masked | _pick(key, "Status", "CreateDate") | _outcome(response)
    )


def role(response: Response) -> Table:
    """Show a role; its trust policy is a document of its own."""
    names = ("RoleName", "Arn", "RoleId", "MaxSessionDuration", "CreateDate")
    return record(_pick(response["Role"], *names) | _outcome(response))


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
            **_pick(who, "AssumedRoleId", "Arn"),
        }
    )


def instances(response: Response) -> Table:
    """Show instances with the columns people look for."""
    found = [one for group in response["Reservations"] for one in group["Instances"]]
    return listing([_instance(one) for one in found], *_instance({}))


def _instance(one: Mapping[str, Any]) -> dict[str, object]:
    names = [tag["Value"] for tag in one.get("Tags", []) if tag["Key"] == "Name"]
    return {
        "InstanceId": one.get("InstanceId"),
        "Name": "".join(names),
        "State": one.get("State", {}).get("Name"),
        "InstanceType": one.get("InstanceType"),
        "ImageId": one.get("ImageId"),
        "KeyName": one.get("KeyName"),
        "AvailabilityZone": one.get("Placement", {}).get("AvailabilityZone"),
        "PrivateIpAddress": one.get("PrivateIpAddress"),
        "PublicIpAddress": one.get("PublicIpAddress"),
        "LaunchTime": one.get("LaunchTime"),
    }


def outcome(attempt: Any, table: Callable[[Response], Table]) -> Table:
    """Show the response of an attempt as this table; a refusal by its code and message."""
    if attempt.response is not None:
        return table(attempt.response)
    return record(
        {
            "Who": short(attempt.who),
            "Action": attempt.action,
            "Observed": attempt.observed,
            "Code": attempt.code,
            "Message": attempt.message,
        }
    )


def hand_over(profiles: Mapping[str, str]) -> Table:
    """Show the profiles that other tools can use, and how."""
    return listing(
        [
            {
                "Profile": name,
                "Who": short(arn),
                "Command": f"aws --profile {name} ec2 describe-instances",
            }
            for name, arn in profiles.items()
        ]
    )


def proof(attempts: Iterable[Any]) -> Table:
    """Show rows of evidence: expected, predicted and observed side by side."""
    rows = list(attempts)
    several = len({Arn.parse(row.who).account_id for row in rows}) > 1
    named = _with_account if several else short
    table = listing(
        [
            {
                "Who": named(row.who),
                "Action": row.action,
                "With": row.given,
                "Expected": row.expected,
                "Predicted": row.predicted,
                "Observed": row.observed,
                "Code": row.code,
                "Why": row.why if several else short(row.why),
                "Proven": "yes" if row.proven else "NO",
            }
            for row in rows
        ]
    )
    return table if any(row.given for row in rows) else table.drop(columns="With", errors="ignore")


def findings(found: Iterable[tuple[str, str, str]]) -> Table:
    """Show what a reviewer would say, with AWS's page on it; no row is good news."""
    columns = ("Finding", "Why", "Read")
    return listing([dict(zip(columns, one, strict=True)) for one in found], *columns)


def differences(lines: Iterable[str]) -> Table:
    """Show what a document has that the tutorial's has not (+), and the other way round (-)."""
    return listing([{_DIFFERENCE: line} for line in lines], _DIFFERENCE)


def checks(rows: Iterable[Mapping[str, str]]) -> Table:
    """Show what was found on this machine, and what to do about it."""
    return _columns(rows, "Check", "Found", "To do")


def plan(rows: Iterable[Mapping[str, str]]) -> Table:
    """Show what a run would create, change, keep or find foreign."""
    return _columns(rows, "Kind", "Name", "Plan", "Detail")


def removals(rows: Iterable[Mapping[str, str]]) -> Table:
    """Show what is, or would be, taken away."""
    return _columns(rows, "Kind", "Name", "Outcome")


def calls(made: Iterable[Any]) -> Table | Folded:
    """Show the calls that left, in order, each as the aws CLI would make it.

    The lesson's come first; the reads for something else are folded under one line.
    """
    all_of_them = list(made)
    table = _calls(call for call in all_of_them if not call.purpose)
    reads = [call for call in all_of_them if call.purpose]
    if not reads:
        return table
    return Folded(table, f"{len(reads)} reads for {reads[0].purpose}", _calls(reads))


def _calls(made: Iterable[Any]) -> Table:
    shown: Table = every_call(made)[["Command", "Principal", "Changes something", "Outcome"]]
    return shown


def every_call(made: Iterable[Any]) -> Table:
    """Show each call with its number, action, purpose, seconds and request id as well."""
    rows = [
        {
            "#": number,
            "Action": call.action,
            "Command": call.command,
            "For": call.purpose,
            "Principal": short(call.principal),
            "Changes something": "yes" if call.mutating else "no",
            "Outcome": call.outcome,
            "Seconds": f"{call.seconds:.3f}",
            "Request id": call.request_id,
        }
        for number, call in enumerate(made, 1)
    ]
    names = ("#", "Action", "Command", "For", "Principal", "Changes something", "Outcome")
    return listing(rows, *names, "Seconds", "Request id")


def _columns(rows: Iterable[Mapping[str, object]], *names: str) -> Table:
    return listing([_pick(row, *names) for row in rows], *names)


def _with_account(arn: str) -> str:
    return f"{Arn.parse(arn).account_id} {short(arn)}"


def _pick(described: Mapping[str, Any], *names: str) -> dict[str, object]:
    return {name: described[name] for name in names if name in described}


def _outcome(response: Response) -> dict[str, object]:
    return _pick(response, "Outcome")
