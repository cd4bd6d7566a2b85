"""Taking away what the runbook made, nothing else, in the order that AWS demands.

What is the runbook's own is told from tags alone. What stands in the way is said, and left.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from runbook_lib.account import inventory, ownership, profiles, user_key
from runbook_lib.account.caller import Caller
from runbook_lib.account.changing import remove_from_role
from runbook_lib.account.inventory import Described, Inventory
from runbook_lib.account.mfa import device
from runbook_lib.account.secret import last_four
from runbook_lib.account.waiting import code_of
from runbook_lib.errors import RunbookError, with_next_step
from runbook_lib.plan.look import Look
from runbook_lib.plan.planning import Row, id_of
from runbook_lib.policies import given_to_the_role
from runbook_lib.runbook import Runbook

PENDING = "would be deleted"
_CAME = "left: it has come since these were shown; run again to see it"
Which = Collection[tuple[str, str, str]]  # kind, name, id
Part = tuple[str, str, Callable[[], Any]]  # kind, name, the call that takes it away


def removals(book: Runbook) -> list[Row]:
    """Say what `destroy` would delete: all that carries the runbook's tags, whatever its name.

    Changes nothing; needs iam:GetAccountAuthorizationDetails, iam:ListPolicyTags and
    iam:ListAccessKeys.
    """
    look = Look(book)
    rows = []
    for kind, found in look.found.items():
        if found is None or not ownership.is_ours(found):
            there = "left: the runbook did not make it" if found else "not there"
            rows.append(_row(kind, getattr(book.wanted, f"{kind}_name"), there, ""))
    for account in look.all:
        for kind, found in account.owned():
            parts = _parts(account, kind, found)
            rows += [_row(part, name, PENDING, id_of(kind, found)) for part, name, _ in parts]
    return rows + ([] if look.found["user"] else _device_alone(book))


def destroy(book: Runbook, shown: Iterable[Row], *, confirm: bool) -> list[Row]:
    """Delete what was shown, and forget its key; without `confirm`, return the rows as they are.

    Where AWS refuses a deletion, that is said in its row, and the rest is deleted all the same;
    so too where something of the runbook's own has come since it was shown, which stays.
    Needs iam:DeactivateMFADevice, iam:DeleteVirtualMFADevice, iam:DeleteAccessKey,
    iam:DetachUserPolicy, iam:DeleteUser, iam:DetachRolePolicy, iam:DeleteRolePolicy,
    iam:DeleteRole, iam:DeletePolicyVersion, iam:DeletePolicy.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_users_manage.html#id_users_deleting
    """
    rows = list(shown)
    if not confirm:
        return rows
    agreed = {_which(row) for row in rows if row["Outcome"] == PENDING}
    made, look = [row for row in rows if row["Outcome"] != PENDING], Look(book)
    for account in look.all:
        gone = [
            row
            for kind, found in account.owned()
            for row in _delete(_parts(account, kind, found), id_of(kind, found), agreed)
        ]
        user = account.user(book.wanted.user_name)
        kept = ("access key", "MFA device")
        if (user is None or ownership.is_ours(user)) and all(
            row["Outcome"] == "deleted" for row in gone if row["Kind"] in kept
        ):
            profiles.remove(account.caller.place.backend, account.caller.account_id)
        made += gone
    for row in [] if look.found["user"] else _device_alone(book):
        made += _delete([_device_part(book.user_account, row["Name"])], row["Id"], agreed)
    return made


def is_complete(rows: Iterable[Row]) -> bool:
    """Tell whether all that is the runbook's own has gone."""
    return not any(row["Id"] and row["Outcome"] != "deleted" for row in rows)


def require_complete(rows: Iterable[Row], *, confirm: bool) -> None:
    """Fail where something was to be deleted and is still there (no call). Raises: RunbookError."""
    left = [f"{row['Kind']} {row['Name']}" for row in rows if not is_complete([row])]
    if confirm and left:
        raise RunbookError(
            f"still there: {', '.join(left)}; each row says why and what to do, then run again"
        )


def _delete(parts: Iterable[Part], unique_id: str, agreed: Which) -> Iterator[Row]:
    for part, name, call in parts:
        if (part, name, unique_id) not in agreed:
            yield _row(part, name, _CAME, unique_id)
            continue
        try:
            call()
            outcome = "deleted"
        except ClientError as error:  # gone already: somebody was faster
            outcome = "deleted" if code_of(error) == "NoSuchEntity" else _left(error)
        yield _row(part, name, outcome, unique_id)


def _left(error: ClientError) -> str:
    said = f"{code_of(error)}: {error.response['Error']['Message']}"
    return f"left: {with_next_step(said)}"


def _parts(account: Inventory, kind: str, found: Described) -> list[Part]:
    """Return an object after what the runbook put there, which has to go before it."""
    return {"user": _user, "role": _role, "policy": _policy}[kind](account, found)


def _user(account: Inventory, user: Described) -> list[Part]:
    client, name = account.caller.iam, user["UserName"]
    keys = inventory.access_keys(account.caller, name)
    ours = {policy["Arn"] for kind, policy in account.owned() if kind == "policy"}
    return [
        *_device(account, user),
        *(
            ("access key", last_four(key), partial(client.delete_access_key, **of, AccessKeyId=key))
            for of in [{"UserName": name}]
            for key in user_key.ours(account.caller, user, keys)
        ),
        *(
            ("user's policy", arn, partial(client.detach_user_policy, UserName=name, PolicyArn=arn))
            for arn in inventory.attached(user)
            if arn in ours
        ),
        ("user", name, partial(client.delete_user, UserName=name)),
    ]


def _device(account: Inventory, user: Described) -> list[Part]:
    if not ownership.value(user, ownership.DEVICE_TAG):
        return []
    caller, name = account.caller, user["UserName"]
    return [_device_part(caller, name)] if device.look(caller, name).ours else []


def _device_alone(book: Runbook) -> list[Row]:
    """Return the row of a device that somebody left when deleting its user."""
    name = book.wanted.user_name
    if not book.wanted.asks_for_mfa:
        return []
    found = device.look(book.user_account, name)
    return [_row("MFA device", name, PENDING, found.serial_number)] if found.ours else []


def _device_part(caller: Caller, user_name: str) -> Part:
    return "MFA device", user_name, partial(device.remove, caller, user_name)


def _role(account: Inventory, role: Described) -> list[Part]:
    client, name = account.caller.iam, role["RoleName"]
    held = [*inventory.attached(role), *inventory.inline_documents(role)]
    return [
        *(
            ("role's policy", policy, partial(remove_from_role, account.caller, name, policy))
            for policy in held
            if policy in given_to_the_role(account.caller.partition)
        ),
        ("role", name, partial(client.delete_role, RoleName=name)),
    ]


def _policy(account: Inventory, policy: Described) -> list[Part]:
    client, arn = account.caller.iam, policy["Arn"]

    def delete() -> None:
        for version in policy["PolicyVersionList"]:
            if not version["IsDefaultVersion"]:
                version_id = {"VersionId": version["VersionId"]}
                inventory.find(client.delete_policy_version, PolicyArn=arn, **version_id)
        client.delete_policy(PolicyArn=arn)

    return [("policy", policy["PolicyName"], delete)]


def _which(row: Row) -> tuple[str, str, str]:
    return row["Kind"], row["Name"], row["Id"]


def _row(kind: str, name: str, outcome: str, unique_id: str) -> Row:
    return {"Kind": kind, "Name": name, "Outcome": outcome, "Id": unique_id}
