"""The embedded AWS's own time, so that expiry can be tested without waiting.

How moto is made to follow it belongs to `store.backends`.
"""

from datetime import UTC, datetime, timedelta


class Clock:
    """Tell the time in UTC: the machine's, or a fixed one that moves only when told.

    A fixed time without a time zone is taken as UTC.
    """

    def __init__(self, fixed: datetime | None = None) -> None:
        self._fixed = fixed if fixed is None or fixed.tzinfo else fixed.replace(tzinfo=UTC)
        self._ahead = timedelta()

    def now(self) -> datetime:
        """Return the present time, aware, in UTC."""
        return (self._fixed or datetime.now(UTC)).astimezone(UTC) + self._ahead

    def advance(self, seconds: float) -> None:
        """Move the clock: sessions expire, dates change."""
        self._ahead += timedelta(seconds=seconds)
