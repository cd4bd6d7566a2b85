"""Where `runbook` begins: errors are one message and an exit status, signals are answered."""

import os
import sys
from contextlib import suppress

from runbook_lib.account.secret import redact
from runbook_lib.cli import streams
from runbook_lib.errors import Interrupted, RunbookError, with_next_step
from runbook_lib.machine import files, signals


def main() -> None:
    """Run the command line, and end at once: taking down what was imported takes its time."""
    try:
        _answered()
    except SystemExit as end:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):
                stream.flush()
        os._exit(end.code if isinstance(end.code, int) else 0)


def _answered() -> None:
    streams.prepare()
    streams.on_unexpected(lambda message: _tell(message, RunbookError.exit_status))
    signals.listen()  # before what takes its time to import
    try:
        files.require_descriptors()
        _run()
    except signals.Stopped as stopped:
        _fail(Interrupted.message, stopped.exit_status)
    except RunbookError as error:
        _fail(_hidden_by(error) + str(error), error.exit_status)
    except OSError as error:
        _fail(_hidden_by(error) + str(files.refusal(error)), RunbookError.exit_status)


def _run() -> None:
    from botocore.exceptions import BotoCoreError, ClientError
    from typer.main import get_command

    from runbook_lib.cli import questions
    from runbook_lib.cli.commands import app

    questions.add_to(app)

    try:
        get_command(app)()  # `app()` would put a hook for tracebacks in the place of ours
    except (BotoCoreError, ClientError) as error:
        _fail(with_next_step(error), RunbookError.exit_status)
    except SystemExit as end:
        signals.check()  # the command line's own answer to Ctrl-C is another
        if end.code:  # bad usage: the message is on stderr already
            _tell("bad usage, the message is on stderr", int(end.code))
        raise


def _hidden_by(error: BaseException) -> str:
    """Return the message of the error that was on its way when a file could not be written."""
    refused = error if isinstance(error, OSError) else error.__context__
    hidden = refused.__context__ if isinstance(refused, OSError) else None
    return f"{hidden}\n" if isinstance(hidden, RunbookError) else ""


def _fail(message: str, status: int) -> None:
    from runbook_lib.cli import terminal

    message = redact(message)
    terminal.say.print(message, markup=False)
    _tell(message, status)
    sys.exit(status)


def _tell(message: str, status: int) -> None:
    """Say what failed in the one JSON document, where `--json` asked for it."""
    from runbook_lib.cli import terminal

    terminal.failure(message, status)
