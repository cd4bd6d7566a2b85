"""The embedded AWS's own time, so that expiry can be tested without waiting.

How moto is made to follow it belongs to `store.backends`.
"""

from collections import defaultdict
from datetime import UTC, datetime, timedelta


class Clock:
    """Tell the time in UTC: the machine's, or a fixed one that moves only when told.

    It can be moved on for everybody, or for one account, so that others there are not disturbed.
    A fixed time without a time zone is taken as UTC.
    """

    account_id = ""  # whose time is told now

    def __init__(self, fixed: datetime | None = None) -> None:
        self._fixed = fixed if fixed is None or fixed.tzinfo else fixed.replace(tzinfo=UTC)
        self._ahead: dict[str, timedelta] = defaultdict(timedelta)

    def now(self) -> datetime:
        """Return the present time, aware, in UTC."""
        ahead = self._ahead[""] + (self._ahead[self.account_id] if self.account_id else timedelta())
        return (self._fixed or datetime.now(UTC)).astimezone(UTC) + ahead

    def advance(self, seconds: float, account_id: str = "") -> None:
        """Move the clock, of one account or of all: sessions expire, dates change."""
        self._ahead[account_id] += timedelta(seconds=seconds)
