"""The user's access key, which can carry no tag: which one is the runbook's, and making one.

A key is the runbook's where the user's tag names it, or this machine's credentials file holds it.
A request that was cut short is noted in a file just before it leaves: the one key that came of it,
at that moment by AWS's clock, is the runbook's as well. Nothing else is.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from runbook_lib.account import ownership, profiles
from runbook_lib.account.caller import Caller
from runbook_lib.account.profiles import AccessKey
from runbook_lib.account.secret import Secret, last_four
from runbook_lib.account.waiting import is_passing
from runbook_lib.errors import RunbookError
from runbook_lib.machine import state

Response = dict[str, Any]
_LONGEST = timedelta(seconds=60)  # a request is given up after half of that


def ours(caller: Caller, user: Mapping[str, Any], keys: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the ids of those of a user's keys that are the runbook's (no call)."""
    held = profiles.read_key(caller.place.backend, caller.account_id)
    known = {ownership.value(user, ownership.KEY_TAG), held.access_key_id if held else ""}
    found = [key["AccessKeyId"] for key in keys if key["AccessKeyId"] in known]
    return found + _of_a_request_cut_short(
        caller, [k for k in keys if k["AccessKeyId"] not in found]
    )


def usable(caller: Caller, keys: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the active one of a user's keys whose secret this machine holds (no call)."""
    held = profiles.read_key(caller.place.backend, caller.account_id)
    known = held and (held.access_key_id, "Active")
    return next((key for key in keys if (key["AccessKeyId"], key["Status"]) == known), None)


def make(caller: Caller, user_name: str, listed: Response) -> Response:
    """Make a key and keep it, such that wherever this is cut short it is known as the runbook's.

    `listed` is AWS's answer on the keys that the user has (iam:CreateAccessKey, iam:TagUser).
    """
    note = {
        "user": user_name,
        "others": [key["AccessKeyId"] for key in listed["AccessKeyMetadata"]],
        "asked": listed["ResponseMetadata"]["HTTPHeaders"]["date"],
    }
    made = _request(caller, user_name, json.dumps(note))
    key = made["AccessKey"]
    key["SecretAccessKey"] = Secret(key["SecretAccessKey"])
    held = AccessKey(key["AccessKeyId"], key["SecretAccessKey"])
    profiles.write_key(caller.place.backend, caller.account_id, held)
    _note(caller).unlink()
    caller.iam.tag_user(UserName=user_name, Tags=ownership.key_made(key["AccessKeyId"]))
    return made


def name_on(caller: Caller, user: Mapping[str, Any], access_key_id: str) -> None:
    """Let the user's tag name the key where it does not yet (iam:TagUser)."""
    if ownership.value(user, ownership.KEY_TAG) != access_key_id:
        tags = ownership.key_made(access_key_id)
        caller.iam.tag_user(UserName=user["UserName"], Tags=tags)
    _note(caller).unlink(missing_ok=True)


def require_room(user_name: str, keys: Sequence[str], ours: Sequence[str]) -> None:
    """Refuse where keys of other people leave no room for one of the runbook's.

    Raises: RunbookError.
    """
    foreign = [key for key in keys if key not in ours]
    if len(foreign) >= 2:
        raise RunbookError(
            f"user {user_name!r} already has two access keys that the runbook did not make "
            f"({', '.join(map(last_four, foreign))}), and AWS allows two: delete one of them, or "
            "choose another user_name"
        )


def _request(caller: Caller, user_name: str, note: str) -> Response:
    """Send it once only: were the answer lost, sending again would leave a second key."""

    def leaving(**_: object) -> None:
        state.write_private(_note(caller), note)

    client, event = caller.iam_once, "before-send.iam.CreateAccessKey"
    client.meta.events.register_last(event, leaving)
    try:
        return dict(client.create_access_key(UserName=user_name))
    except ClientError as error:
        if not is_passing(error):  # AWS has said no
            _note(caller).unlink(missing_ok=True)
        raise
    finally:
        client.meta.events.unregister(event, leaving)


def _of_a_request_cut_short(caller: Caller, keys: Sequence[Mapping[str, Any]]) -> list[str]:
    try:
        note = json.loads(_note(caller).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):  # a damaged note proves nothing
        return []
    asked = parsedate_to_datetime(note["asked"])
    came = [
        key["AccessKeyId"]
        for key in keys
        if key["UserName"] == note["user"]
        and key["AccessKeyId"] not in note["others"]
        and _is_soon_after(key["CreateDate"], asked)
    ]
    return came if len(came) == 1 else []


def _is_soon_after(made: datetime, asked: datetime) -> bool:
    return -timedelta(seconds=1) <= made - asked <= _LONGEST


def _note(caller: Caller) -> Path:
    return profiles.folder(caller.place.backend, caller.account_id) / "key-requested.json"
