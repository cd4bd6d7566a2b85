"""Where `runbook` begins: errors are one message and an exit status, signals are answered."""

import sys

from runbook_lib.errors import Interrupted, RunbookError, with_next_step
from runbook_lib.machine import signals


def main() -> None:
    """Run the command line."""
    signals.listen()  # before what takes its time to import
    try:
        _run()
    except signals.Stopped as stopped:
        _fail(Interrupted.message, stopped.exit_status)


def _run() -> None:
    from botocore.exceptions import BotoCoreError, ClientError

    from runbook_lib.cli import terminal
    from runbook_lib.cli.commands import app

    try:
        app(standalone_mode=True)
    except RunbookError as error:
        _fail(str(error), error.exit_status)
    except (BotoCoreError, ClientError) as error:
        _fail(with_next_step(error), RunbookError.exit_status)
    except SystemExit as end:
        signals.check()  # the command line's own answer to Ctrl-C is another
        if end.code:  # bad usage: the message is on stderr already
            terminal.failure("bad usage, the message is on stderr", int(end.code))
        raise


def _fail(message: str, status: int) -> None:
    from runbook_lib.cli import terminal

    terminal.say.print(message, markup=False)
    terminal.failure(message, status)
    sys.exit(status)
