"""A value that must not be seen: responses carry it instead of the bare text.

Who needs the text itself says so with `reveal()`; nothing else can print, format or serialise it.
"""


class Secret:
    """Hold a secret access key or session token; every way of showing it gives asterisks."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text, for a client or a credentials file only."""
        return self._text

    def __repr__(self) -> str:
        return "********"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written anywhere")


def last_four(access_key_id: str) -> str:
    """Return an access key id as people may see it: its last four characters."""
    return f"{'*' * 16}{access_key_id[-4:]}"
