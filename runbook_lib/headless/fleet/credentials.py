"""Which profile the credentials for each account of a fleet come from."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from runbook_lib.headless.fleet.rows import Row


@contextmanager
def for_accounts(
    rows: Sequence[Row], *, role: str = "", external_id: str = "", profile_pattern: str = ""
) -> Iterator[dict[str, str]]:
    """Yield the profile of each account; "" is whatever the SDK's own chain finds."""
    yield {row.account_id: str(row.chosen["profile"]) for row in rows}
