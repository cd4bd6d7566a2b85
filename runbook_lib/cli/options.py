"""The options that commands share: the runbook's parameters, how they are shown, how to ask."""

import inspect
import sys
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperCommand, TyperGroup
from typer.models import CommandFunctionType

from runbook_lib import policies
from runbook_lib.account import parameters
from runbook_lib.cli import terminal
from runbook_lib.errors import ParameterError

_NAMES = "Names in the account"
OPTIONS: dict[str, Any] = {
    "account_id": typer.Argument(help="12 digits.", metavar="ACCOUNT_ID"),
    "variant": typer.Option(
        help="What is made: " + ", ".join(parameters.CHOICES["variant"]) + ".",
        metavar="NAME",
        autocompletion=lambda: list(parameters.CHOICES["variant"]),
    ),
    "backend": typer.Option(
        help="local: the embedded AWS; aws: whatever the SDK's own settings lead to.",
        metavar="local|aws",
        autocompletion=lambda: list(parameters.CHOICES["backend"]),
    ),
    "profile": typer.Option(help="One of your AWS config file; backend aws only.", metavar="NAME"),
    "region": typer.Option(help="Where EC2 is asked.", metavar="CODE"),
    "trusted_account_id": typer.Option(
        help="The user's account, where it is another than the role's.",
        metavar="ACCOUNT_ID",
        rich_help_panel=_NAMES,
    ),
    "user_name": typer.Option(
        help="The user that assumes the role.", metavar="NAME", rich_help_panel=_NAMES
    ),
    "session_name": typer.Option(
        help="How CloudTrail names the role's session.", metavar="NAME", rich_help_panel=_NAMES
    ),
    "policy_name": typer.Option(
        help="The user's policy, which allows sts:AssumeRole.",
        metavar="NAME",
        rich_help_panel=_NAMES,
    ),
    "role_name": typer.Option(
        help="The role that is assumed.", metavar="NAME", rich_help_panel=_NAMES
    ),
}
Region = Annotated[str, OPTIONS["region"]]
Profile = Annotated[str, OPTIONS["profile"]]
Backend = Annotated[str, OPTIONS["backend"]]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Language = Annotated[
    Literal["en", "ko"], typer.Option(help="Language of the notebooks and the report: en or ko.")
]
Output = Annotated[
    str, typer.Option(help="Where the folders of runs are.", metavar="FOLDER|s3://…")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]


class Command(TyperCommand):
    """A command whose help shows what values are called, and no types of Python."""

    def get_params(self, ctx: Any) -> Any:
        """Return the parameters, without types."""
        return _untyped(super().get_params(ctx))


class Group(TyperGroup):
    """Commands, and the same for their own options."""

    def get_params(self, ctx: Any) -> Any:
        """Return the parameters, without types."""
        return _untyped(super().get_params(ctx))


class RunIfUnnamed(Group):
    """Takes `fleet FILE` for `fleet run FILE`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the name of the command there where it is left out."""
        named = args[:1] in ([], ["--help"]) or args[0] in self.commands
        return super().parse_args(ctx, args if named else ["run", *args])

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Show the commands, and the options of the one that may stay unnamed."""
        super().format_help(ctx, formatter)
        run = self.commands["run"]
        run.format_help(run.make_context("run", [], ctx, resilient_parsing=True), formatter)


class App(typer.Typer):
    """A command line of those two."""

    def __init__(self, *, cls: type[Group] = Group, **options: Any) -> None:
        super().__init__(cls=cls, **options)

    def command(
        self, name: str | None = None, **options: Any
    ) -> Callable[[CommandFunctionType], CommandFunctionType]:
        """Register a command; its help wraps where the terminal does, not where the source does."""

        def registered(command: CommandFunctionType) -> CommandFunctionType:
            paragraphs = inspect.cleandoc(command.__doc__ or "").split("\n\n")
            text = "\n\n".join(" ".join(one.split()) for one in paragraphs)
            register = super(App, self).command(name, cls=Command, help=text, **options)
            return register(command)

        return registered


def _untyped(parameters: Any) -> Any:
    for one in parameters:
        named = one.metavar if one.param_type_name == "option" and one.metavar else ""
        one.display_type_rich = lambda ctx, named=named: named
    return parameters


def for_an_account(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the runbook's parameters as options; it gets them checked, as `chosen`."""

    @wraps(command)
    def asked(**options: Any) -> None:
        command(_checked({name: options.pop(name) for name in OPTIONS}), **options)

    shared = [
        inspect.Parameter(
            name,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            annotation=Annotated[str, option],
            default=inspect.Parameter.empty if name == "account_id" else parameters.DEFAULTS[name],
        )
        for name, option in OPTIONS.items()
    ]
    own = list(inspect.signature(command).parameters.values())[1:]
    asked.__signature__ = inspect.Signature([*shared, *own])  # type: ignore[attr-defined]
    return asked


def _checked(chosen: dict[str, Any]) -> dict[str, Any]:
    """Check the parameters; on the embedded AWS, the trusted account may be our partner's."""
    if chosen["variant"] == "external-id" and chosen["backend"] == "local":
        chosen["trusted_account_id"] = chosen["trusted_account_id"] or policies.PARTNER_ACCOUNT_ID
    parameters.check(chosen)
    return chosen


def require_a_terminal(what: str) -> None:
    """Refuse to begin what could not ask.

    Raises: ParameterError.
    """
    if not sys.stdin.isatty():
        raise ParameterError(
            f"{what} shows its plan and asks, and there is no terminal to answer at; nothing was "
            "sent: add --yes where no question is wanted"
        )


def agree(name: str, rows: list[dict[str, str]], question: str) -> bool:
    """Show rows as the table of this name in `tables`, and ask."""
    terminal.table(name, rows, terminal.say)
    return bool(typer.confirm(question, err=True))
