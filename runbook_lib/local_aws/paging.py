"""Lists in pages, as `MaxItems` and `Marker` (IAM), `MaxResults` and `NextToken` (EC2) ask."""

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any

from .answers import AwsError

# What identifies and orders an item of a list, the first that it has.
KEYS = ("version_id", "name", "key_name", "access_key_id", "serial_number", "id", "arn")


def cut(
    lists: Mapping[str, Iterable[Any]], limit: int, marker: str | None
) -> tuple[dict[str, list[Any]], str | None]:
    """Return one page of these lists and the marker of the next, None after the last.

    A marker holds the last item that was given, so nothing is skipped if items go away meanwhile.
    Raises: AwsError ValidationError for a marker that is none.
    """
    rows = [
        (number, place(item), item) for number, name in enumerate(lists) for item in lists[name]
    ]
    rows.sort(key=lambda row: row[:2])
    after = _read(marker) if marker else (-1, "")
    left = [row for row in rows if row[:2] > after]
    page = {
        name: [item for at, _, item in left[:limit] if at == number]
        for number, name in enumerate(lists)
    }
    return page, _write(left[limit - 1][:2]) if len(left) > limit else None


def place(item: Any) -> str:
    """Return what orders an item: its name, mostly; newer policy versions come first."""
    if isinstance(item, str):
        return item
    if isinstance(item, Mapping):
        return json.dumps(list(item.values()), default=str)
    key = next((key for key in KEYS if hasattr(item, key)), "")
    value = str(getattr(item, key, ""))
    if key == "version_id":
        return f"{10**9 - int(value.lstrip('v'))}"
    return f"{value.lower()} {getattr(item, 'arn', '')}"


def _write(last: tuple[int, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(last).encode()).decode()


def _read(marker: str) -> tuple[int, str]:
    try:
        number, key = json.loads(base64.urlsafe_b64decode(marker))
        return int(number), str(key)
    except (ValueError, TypeError):
        raise AwsError("ValidationError", f"Invalid Marker: {marker[:100]}") from None
