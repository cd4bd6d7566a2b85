"""The kernel that this process is, if it is one: everything that it sends is redacted first.

What has to be redacted is for `account.secret`.
https://jupyter-client.readthedocs.io/en/stable/messaging.html
"""

import os
import pickle
import sys
from collections.abc import Callable
from threading import Lock
from typing import Any

from runbook_lib.errors import RunbookError
from runbook_lib.machine.dumps import forbid_core_dumps

Redact = Callable[[Any], Any]
Split = Callable[[str], tuple[str, str]]  # a text, and an end of it that may begin a secret


def guard(redact: Redact, split: Split) -> None:
    """Redact every message of this kernel, and let nothing past. Outside a kernel, do nothing."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    session = getattr(getattr(shell, "kernel", None), "session", None)
    if shell is None or session is None or isinstance(session.send, _Redacted):
        return
    session.send = _Redacted(session, redact, split)
    forbid_core_dumps()
    _keep_from_the_terminal()
    _guard_store(shell.db, redact)


class _Redacted:
    """Sends the messages of a session. The end of a stream waits while it may begin a secret."""

    def __init__(self, session: Any, redact: Redact, split: Split) -> None:
        self._session, self._send = session, session.send
        self._redact, self._split = redact, split
        self._waiting: dict[str, tuple[Any, dict[str, Any], Any]] = {}
        self._lock = Lock()

    def __call__(
        self,
        stream: Any,
        message: Any,
        content: Any = None,
        parent: Any = None,
        ident: Any = None,
        buffers: Any = None,
        track: bool = False,
        header: Any = None,
        metadata: Any = None,
    ) -> Any:
        """Send a message as `Session.send` does."""
        if not isinstance(message, dict):
            given = {"content": content or {}, "parent": parent, "header": header}
            message = self._session.msg(message, **given, metadata=metadata)
        if message["header"]["msg_type"] == "stream":
            message = self._without_end(stream, message, ident)
            if not message["content"]["text"]:
                return message
        else:
            self._send_ends()
        buffers = buffers or message.get("buffers") or []
        return self._send(
            stream, self._redacted(message), ident=ident, buffers=self._redact(buffers), track=track
        )

    def _redacted(self, message: dict[str, Any]) -> dict[str, Any]:
        shown = {name: self._redact(message.get(name, {})) for name in ("content", "metadata")}
        return {**message, **shown}

    def _without_end(self, stream: Any, message: dict[str, Any], ident: Any) -> dict[str, Any]:
        name = message["content"]["name"]
        with self._lock:
            _, before, _ = self._waiting.pop(name, (None, {"content": {"text": ""}}, None))
            text, end = self._split(before["content"]["text"] + message["content"]["text"])
            if end:
                parent, rest = message["parent_header"], {"name": name, "text": end}
                self._waiting[name] = stream, self._session.msg("stream", rest, parent), ident
        return {**message, "content": {"name": name, "text": text}}

    def _send_ends(self) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        for stream, message, ident in waiting.values():
            self._send(stream, self._redacted(message), ident=ident)


def _keep_from_the_terminal() -> None:
    """Have the output of file descriptors 1 and 2 in the cell only.

    IPython sends it to the cell, and copies it as it is to the terminal of Jupyter or papermill.
    """
    for stream in (sys.stdout, sys.stderr):
        copied_to = getattr(stream, "_original_stdstream_copy", None)
        if copied_to is not None:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, copied_to)
            os.close(nowhere)


def _guard_store(store: Any, redact: Redact) -> None:
    """Let `%store`, which writes into a file, refuse what holds a secret."""

    class Guarded(type(store)):  # type: ignore[misc]
        def __setitem__(self, name: str, value: object) -> None:
            written = pickle.dumps(value)
            if redact(written) != written:
                raise RunbookError(f"{name} holds a secret and was not stored: it would be a file")
            super().__setitem__(name, value)

    store.__class__ = Guarded
