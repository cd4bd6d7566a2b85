"""Values that must not be seen. Responses carry `Secret`s; everything else is redacted.

Who needs the text itself says so with `reveal()`; nothing else can print, format or serialise it.
A secret that somebody takes from a raw response is known all the same, and is redacted where this
kernel's outputs are made.
"""

import re
import sys
from collections.abc import Mapping
from typing import Any

MASK = "********"
_KNOWN: set[str] = set()
_NAMED = re.compile(
    r"(?i)((?:secret_?access_?key|session_?token|token_?code)"  # as XML, JSON, repr or profile file
    r"(?:>|['\"]?\s*[:=]\s*['\"]?))[^\s<>'\"&,}]{6,}"
)


class Secret:
    """Hold a secret access key or session token; every way of showing it gives asterisks."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text
        _know(text)

    def reveal(self) -> str:
        """Return the text, for a client or a credentials file only."""
        return self._text

    def __repr__(self) -> str:
        return MASK

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written anywhere")


def _know(text: str) -> None:
    if text:  # an empty one stands between any two letters
        _KNOWN.add(text)


def last_four(access_key_id: str) -> str:
    """Return an access key id as people may see it: its last four characters."""
    return f"{'*' * 16}{access_key_id[-4:]}"


def remember_secrets(response: Mapping[str, Any]) -> None:
    """Know the secrets in a response of STS or IAM, so that they are redacted from here on."""
    for part in (response.get("AccessKey"), response.get("Credentials")):
        for name in ("SecretAccessKey", "SessionToken"):
            if isinstance(part, dict) and isinstance(part.get(name), str):
                _know(part[name])


def redact(shown: Any) -> Any:
    """Return a text, or the texts in a tree of dicts and lists, without any secret."""
    if isinstance(shown, str):
        for text in sorted(_KNOWN, key=len, reverse=True):
            shown = shown.replace(text, MASK)
        return _NAMED.sub(rf"\1{MASK}", shown)
    if isinstance(shown, dict):
        return {redact(key): redact(value) for key, value in shown.items()}
    return [redact(one) for one in shown] if isinstance(shown, list) else shown


def guard_kernel() -> None:
    """Redact every message that this kernel sends: results, streams, tracebacks, replies.

    Outside a kernel, do nothing.
    https://jupyter-client.readthedocs.io/en/stable/messaging.html
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    session = getattr(getattr(shell, "kernel", None), "session", None)
    if session is None or getattr(session.send, "redacts", False):
        return
    send = session.send

    def send_redacted(
        stream: Any, message: Any, content: Any = None, *rest: Any, **more: Any
    ) -> Any:
        if isinstance(message, dict):
            message = {**message, "content": redact(message.get("content"))}
        return send(stream, message, redact(content), *rest, **more)

    send_redacted.redacts = True  # type: ignore[attr-defined]
    session.send = send_redacted
