"""The options that the commands of `runbook fleet` share: which accounts, and how many at once."""

import inspect
from collections.abc import Callable
from contextlib import nullcontext
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from runbook_lib.account import parameters
from runbook_lib.cli import options
from runbook_lib.errors import ParameterError

if TYPE_CHECKING:
    from runbook_lib.account.hub.organization import Member
    from runbook_lib.headless.fleet.rows import Row

_ROWS, _WHO, _LOOP = "What rows leave out", "Which accounts, and as whom", "How many at once"
_SHARED = ("backend", "region", "variant")
_NUMBER = "N|P%"
_NOTHING = {str: "", bool: False}
_OPTIONS: dict[str, Any] = {
    "file": Annotated[
        Path | None,
        typer.Argument(
            help="Rows as CSV, JSON or YAML: account_id, and optionally region, variant, profile, "
            "policy_name, user_name, role_name, trusted_account_id, wave.",
            metavar="FILE",
            show_default=False,
        ),
    ],
    "organization": Annotated[
        bool,
        typer.Option(
            "--organization",
            help="The active accounts of your AWS Organization, in the place of FILE.",
            rich_help_panel=_WHO,
        ),
    ],
    "ou": Annotated[
        list[str] | None,
        typer.Option(
            help="Those in this unit and below: its id, name, or path from the root.",
            metavar="OU",
            rich_help_panel=_WHO,
        ),
    ],
    "tag": Annotated[
        list[str] | None,
        typer.Option(help="Those with this tag.", metavar="KEY=VALUE", rich_help_panel=_WHO),
    ],
    "backend": Annotated[str, options.OPTIONS["backend"]],
    "region": Annotated[str, typer.Option(metavar="CODE", rich_help_panel=_ROWS)],
    "variant": Annotated[str, typer.Option(metavar="NAME", rich_help_panel=_ROWS)],
    "only": Annotated[
        list[str] | None,
        typer.Option(help="These accounts alone.", metavar="ID,…", rich_help_panel=_WHO),
    ],
    "without": Annotated[
        list[str] | None,
        typer.Option("--except", help="Not these; wins.", metavar="ID,…", rich_help_panel=_WHO),
    ],
    "role": Annotated[
        str, typer.Option(help="Assumed into each account.", metavar="NAME", rich_help_panel=_WHO)
    ],
    "external_id": Annotated[
        str, typer.Option(help="What that role asks for.", metavar="TEXT", rich_help_panel=_WHO)
    ],
    "profile": Annotated[
        str,
        typer.Option(
            help="Yours: it lists the organization and assumes the role.",
            metavar="NAME",
            rich_help_panel=_WHO,
        ),
    ],
    "profile_pattern": Annotated[
        str,
        typer.Option(
            help="The profile of each account, as in '{account_id}-admin'.",
            metavar="TEXT",
            rich_help_panel=_WHO,
        ),
    ],
    "max_concurrency": Annotated[
        str,
        typer.Option(
            help="So many accounts at once; by default 10 on a cluster, here one a processor.",
            metavar=_NUMBER,
            rich_help_panel=_LOOP,
            show_default=False,
        ),
    ],
    "max_errors": Annotated[
        str,
        typer.Option(
            help="When more accounts than these have failed, no more begin; percent round down. By "
            "default 0, and any number where a plan only reads.",
            metavar=_NUMBER,
            rich_help_panel=_LOOP,
            show_default=False,
        ),
    ],
    "no_ramp": Annotated[
        bool,
        typer.Option("--no-ramp", help="Not 1, then 2, 4 … at once.", rich_help_panel=_LOOP),
    ],
    "scheduler": Annotated[
        str,
        typer.Option(
            help="A Dask scheduler that is there already.", metavar="ADDRESS", rich_help_panel=_LOOP
        ),
    ],
    "insecure_scheduler": Annotated[
        bool,
        typer.Option(
            "--insecure-scheduler",
            help="Also one that others can listen to.",
            rich_help_panel=_LOOP,
        ),
    ],
}


def for_a_fleet(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command those options; it gets the rows, checked, and how they are worked through."""

    @wraps(command)
    def asked(**given: Any) -> None:
        from runbook_lib.headless.fleet.working import How

        own = {name: given.pop(name) for name in list(given) if name not in _OPTIONS}
        listed = _rows(given, own.get("resume"))
        names = ("file", "organization", "ou", "tag", *_SHARED, "only", "without", "no_ramp")
        how = How(ramp=not given["no_ramp"], **{k: v for k, v in given.items() if k not in names})
        command(listed, how, **own)

    shared = [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=_default(name, kind)
        )
        for name, kind in _OPTIONS.items()
    ]
    own = [
        one.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for one in list(inspect.signature(command).parameters.values())[2:]
    ]
    asked.__signature__ = inspect.Signature([*shared, *own])  # type: ignore[attr-defined]
    asked.__annotations__ = {one.name: one.annotation for one in [*shared, *own]}
    return asked


def _default(name: str, kind: Any) -> Any:
    """Return the parameter's own default, or what says nothing in an option of this kind."""
    return parameters.DEFAULTS[name] if name in _SHARED else _NOTHING.get(get_args(kind)[0])


def _rows(given: dict[str, Any], resumed: Path | None) -> "list[Row]":
    from runbook_lib.headless.fleet import fleet, rows

    shared = parameters.OF_A_RUN | {name: given[name] for name in _SHARED}
    parameters.check(shared)
    _require_one_source(given)
    if given["organization"]:
        listed = rows.of_organization(_members(given), shared)
    elif given["file"]:
        listed = rows.read(given["file"], shared)
    elif resumed:
        listed = rows.check(fleet.of_folder(resumed), shared, str(resumed))
    else:
        raise ParameterError(
            "which accounts? Name a file of rows, or --organization, nothing was sent: runbook "
            "fleet FILE"
        )
    if resumed:
        fleet.require_the_same(resumed, listed)
    return rows.choose(listed, given["only"] or (), given["without"] or ())


def _members(given: dict[str, Any]) -> "list[Member]":
    from runbook_lib.account import opening
    from runbook_lib.account.hub import organization
    from runbook_lib.headless import embedded

    with embedded.for_a_run() if given["backend"] == "local" else nullcontext():
        hub = opening.open_hub(given["region"], given["profile"], given["backend"])
        return organization.members(hub, given["ou"] or (), given["tag"] or ())


def _require_one_source(given: dict[str, Any]) -> None:
    """Refuse options that contradict each other. Raises: ParameterError."""
    if given["file"] and given["organization"]:
        raise ParameterError("FILE and --organization both name accounts: choose one")
    if (given["ou"] or given["tag"]) and not given["organization"]:
        raise ParameterError("--ou and --tag go with --organization: add it")
