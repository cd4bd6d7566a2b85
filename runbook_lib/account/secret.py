"""Values that must not be seen. Responses carry `Secret`s; everything else is redacted.

Who needs the text itself says so with `reveal()`; nothing else can print, format or serialise it.
A secret that somebody takes from a raw response is known all the same, and is redacted where this
kernel's outputs are made.
"""

import re
from collections.abc import Iterable, Mapping
from itertools import takewhile
from typing import Any

from runbook_lib.errors import RunbookError
from runbook_lib.machine import kernel

MASK = "********"
_PART, _TELLING = 8, 24  # so much of a secret, if it is so long, is not there by chance
_KNOWN: set[str] = set()
_NAMED = re.compile(
    r"(?i)((?:secret_?access_?key|session_?token|token_?code|"
    r"base32_?string_?seed|authentication_?code_?[12])"  # as XML, JSON, repr or profile file
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


def remember(*texts: str) -> None:
    """Know these secrets, so that they are redacted from here on."""
    for text in texts:
        _know(text)


def remember_secrets(response: Mapping[str, Any]) -> None:
    """Know the secrets in a response of STS or IAM, so that they are redacted from here on."""
    for part in (response.get("AccessKey"), response.get("Credentials")):
        for name in ("SecretAccessKey", "SessionToken"):
            if isinstance(part, dict) and isinstance(part.get(name), str):
                _know(part[name])
    device = response.get("VirtualMFADevice")
    if isinstance(device, dict) and isinstance(seed := device.get("Base32StringSeed"), bytes):
        _know(seed.decode())


def remember_frozen(frozen: Any, found: str) -> None:
    """Know the secrets of credentials; refuse what cannot be sent, without showing it."""
    parts = {
        "access key id": frozen.access_key,
        "secret access key": frozen.secret_key,
        "session token": frozen.token,
    }
    names = ("SecretAccessKey", "SessionToken")
    remember_secrets({"Credentials": dict(zip(names, [*parts.values()][1:], strict=True))})
    for name, text in parts.items():
        if text and not re.fullmatch(r"[!-~]+", text):
            raise RunbookError(
                f"the {name} of {found} holds a blank, a line break or a letter that none of "
                "AWS's does; nothing was sent: copy it again, without what stands around it"
            )


def redact(shown: Any) -> Any:
    """Return a text, bytes, or those in a tree of dicts and lists, without any secret."""
    if isinstance(shown, str):
        return _NAMED.sub(rf"\1{MASK}", _without_parts(_without_known(shown)))
    if isinstance(shown, bytes | bytearray | memoryview):
        return _without_known_bytes(shown)
    if isinstance(shown, dict):
        return {redact(key): redact(value) for key, value in shown.items()}
    return [redact(one) for one in shown] if isinstance(shown, list | tuple) else shown


def split(text: str) -> tuple[str, str]:
    """Split off the end of a text that may be the beginning of a secret, for what comes next."""
    text = _without_known(text)
    ends = (_beginning_at_the_end(text, secret) for secret in _longest_first())
    length = max(ends, default=0)
    return text[: len(text) - length], text[len(text) - length :]


def guard_kernel() -> None:
    """Redact what this kernel shows, from here on. Outside a kernel, do nothing."""
    kernel.guard(redact, split)


def _longest_first() -> list[str]:
    """Return the known secrets, such that none comes before one that it is a part of."""
    return sorted(_KNOWN, key=len, reverse=True)


def _without_known(shown: str) -> str:
    for text in _longest_first():
        shown = shown.replace(text, MASK)
    return shown


def _without_known_bytes(shown: bytes | bytearray | memoryview) -> Any:
    raw = bytes(shown)
    for text in map(str.encode, _longest_first()):
        raw = raw.replace(text, b"*" * len(text))  # what is said of its length stays true
    return shown if raw == bytes(shown) else raw


def _without_parts(shown: str) -> str:
    """Mask what a shortened text shows of a secret: its ends, and any 15 characters between."""
    for secret in _longest_first():
        for at in {*range(0, len(secret) - _PART, _PART), len(secret) - _PART}:
            piece = secret[at : at + _PART]
            if len(secret) >= _TELLING and len(set(piece)) > _PART // 2 and piece in shown:
                shown = _without_part(shown, secret, at)
    return shown


def _without_part(shown: str, secret: str, at: int) -> str:
    """Mask each place that shows this piece of a secret, with all beside it that fits."""
    before, following = secret[:at], secret[at + _PART :]
    begun, *rest = shown.split(secret[at : at + _PART])
    for after in rest:
        kept = len(begun) - _fitting(reversed(begun), reversed(before))
        begun = begun[:kept] + MASK + after[_fitting(after, following) :]
    return begun


def _fitting(one: Iterable[str], other: Iterable[str]) -> int:
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _beginning_at_the_end(text: str, secret: str) -> int:
    """Return how many characters at the end of a text are the beginning of a secret."""
    end = text[1 - len(secret) :] if len(secret) > 1 else ""
    at = end.find(secret[0])
    while at >= 0 and not secret.startswith(end[at:]):
        at = end.find(secret[0], at + 1)
    return len(end) - at if at >= 0 else 0
