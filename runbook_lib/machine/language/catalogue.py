"""Which language is shown, and the catalogue `ko.toml`: English = Korean, sentence by sentence.

In a sentence `{name}` stands for a name of AWS's or a person's, `{name:text}` for several words of
theirs, `{name:ours}` for a word, or words of ours, which are translated too; the first sentence
that fits is taken. Of several lines each is a text of its own, and so is what to do next, behind a
message.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache, partial
from itertools import chain, zip_longest
from pathlib import Path

LANGUAGES = ("en", "ko")
_PLACE = re.compile(r"\{(\w+)(:ours|:text)?\}")
_NAME = re.compile(r"(?![a-z]+$)\S+")  # of AWS's or a person's: no text, and no English word
_FORMS = {
    "": "[^ ]+?",
    ":ours": ".+?",
    ":text": """'[^']*'|"[^"]*"|.+?""",  # a quotation is one text
}
_current = "en"
_inside: ContextVar[str] = ContextVar("inside")  # of a block; runs in other threads have their own


def use(language: str) -> None:
    """Show everything in this language from now on."""
    global _current
    _current = language


def current() -> str:
    """Return the language that is shown."""
    return _inside.get(_current)


@contextmanager
def using(language: str) -> Iterator[None]:
    """Show everything in this language inside the block."""
    before = _inside.set(language)
    try:
        yield
    finally:
        _inside.reset(before)


def translated(text: str) -> str:
    """Return a text of ours in the current language; what the catalogue lacks as it is."""
    return text if current() == "en" else _translated(text)


@cache
def entries() -> dict[str, str]:
    """Return the catalogue."""
    text = Path(__file__).with_name("ko.toml").read_text(encoding="utf-8")
    return {
        english: korean for part in tomllib.loads(text).values() for english, korean in part.items()
    }


@lru_cache(maxsize=4096)
def _translated(text: str) -> str:
    if text in entries():
        return entries()[text]
    message, _, step = text.removesuffix(".").rpartition(". ")
    if step in entries():
        return f"{_translated(message)}. {entries()[step]}."
    for pattern, ours, korean in _sentences():
        if found := pattern.fullmatch(text):
            parts = found.groupdict()
            own = {name: _translated(parts[name]) for name in ours}
            if all(own[name] != parts[name] or _NAME.fullmatch(parts[name]) for name in ours):
                return _PLACE.sub(partial(_part, parts | own), korean)
    lines = text.split("\n")
    return "\n".join(map(_translated, lines)) if len(lines) > 1 else text


def _group(name: str, kind: str, before: list[tuple[str, str]]) -> str:
    """Return a place as a pattern; where it stands again, it is the same text again."""
    if name in dict(before):
        return f"(?P={name})"
    return f"(?P<{name}>{_FORMS[kind]})"


def _part(parts: Mapping[str, str], place: re.Match[str]) -> str:
    return parts[place[1]]


@cache
def _sentences() -> list[tuple[re.Pattern[str], list[str], str]]:
    """Return each sentence with places in it as a pattern, the parts that are ours, its Korean."""
    found = []
    for english, korean in entries().items():
        if places := _PLACE.findall(english):
            words = [re.escape(piece) for piece in _PLACE.split(english)[::3]]
            groups = [_group(name, kind, places[:n]) for n, (name, kind) in enumerate(places)]
            pattern = "".join(chain(*zip_longest(words, groups, fillvalue="")))
            ours = [name for name, kind in places if kind == ":ours"]
            found.append((re.compile(pattern), ours, korean))
    return found
