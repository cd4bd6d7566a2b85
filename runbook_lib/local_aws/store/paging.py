"""Lists in pages, as `MaxItems` and `Marker` (IAM), `MaxResults` and `NextToken` (EC2) ask."""

import base64
import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from runbook_lib.local_aws.refusals import AwsError

# What orders the items of a list, the first that they have.
KEYS = ("version_id", "name", "key_name", "create_date", "id", "arn")


def cut(
    lists: Mapping[str, Iterable[Any]], limit: int, marker: str | None
) -> tuple[dict[str, list[Any]], str | None]:
    """Return one page of these lists and the marker of the next, None after the last.

    A marker holds the last item that was given, so nothing is skipped if items go away meanwhile.
    Raises: AwsError ValidationError for a marker that is none.
    """
    rows = [
        (number, place(item), item) for number, items in enumerate(lists.values()) for item in items
    ]
    rows.sort(key=lambda row: row[:2])
    after = _read(marker) if marker else (-1, "")
    left = [row for row in rows if row[:2] > after]
    page: dict[str, list[Any]] = {name: [] for name in lists}
    for number, _, item in left[:limit]:
        page[list(lists)[number]].append(item)
    return page, _write(left[limit - 1][:2]) if len(left) > limit else None


def place(item: Any) -> str:
    """Return what orders an item: its name, mostly; newer policy versions come first."""
    if isinstance(item, Mapping):
        name = str(next(iter(item.values())))
    elif isinstance(item, str):
        name = item
    else:
        key = next(key for key in KEYS if hasattr(item, key))
        name = str(getattr(item, key)).lower()
        if key == "version_id":
            return f"{10**9 - int(name.lstrip('v'))}"
    # Names may stand twice, in AWS's policies and one's own; and a marker must be short.
    whole = getattr(item, "arn", None) or getattr(item, "access_key_id", None) or repr(item)
    return f"{name} {sha256(whole.encode()).hexdigest()[:8]}"


def _write(last: tuple[int, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(last).encode()).decode()


def _read(marker: str) -> tuple[int, str]:
    try:
        number, key = json.loads(base64.urlsafe_b64decode(marker))
        return int(number), str(key)
    except (ValueError, TypeError):
        raise AwsError("ValidationError", "Invalid Marker") from None
