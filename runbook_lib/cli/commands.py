"""The command line: `runbook`. Only words and exit statuses; the work is done by what it calls."""

import inspect
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError

from runbook_lib import local_aws, policies
from runbook_lib.account import parameters
from runbook_lib.cli import terminal
from runbook_lib.cli.terminal import say
from runbook_lib.errors import Interrupted, RunbookError, with_next_step

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="A user who may do nothing but assume a role is refused by EC2, assumes the role, and is "
    "answered: one notebook for each step, and a proof of it all.",
    epilog="Try it, no AWS account needed: [b]runbook run 123456789012[/b]"
    "\n\nCompletion of commands and values: [b]runbook --install-completion[/b]",
)
local = typer.Typer(
    no_args_is_help=True, help="The embedded AWS: start it, stop it, be its administrator."
)
app.add_typer(local, name="local", rich_help_panel="Around it")

_NAMES = "Names of what is made"
_AROUND = "Around it"
_STATUS = (
    "\n\nExit status: 0 done and proven, 1 failed, 2 bad parameter and nothing was sent, 3 wrong "
    "account and nothing was sent but GetCallerIdentity, 130 interrupted."
)
_OPTIONS: dict[str, Any] = {  # of every command that has to do with an account; with `parameters`
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
    "user_name": typer.Option(help="Who assumes the role.", metavar="NAME", rich_help_panel=_NAMES),
    "session_name": typer.Option(
        help="How CloudTrail names the role's session.", metavar="NAME", rich_help_panel=_NAMES
    ),
    "policy_name": typer.Option(
        help="What allows the user to.", metavar="NAME", rich_help_panel=_NAMES
    ),
    "role_name": typer.Option(help="What is assumed.", metavar="NAME", rich_help_panel=_NAMES),
}
Region = Annotated[str, _OPTIONS["region"]]
Profile = Annotated[str, _OPTIONS["profile"]]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Output = Annotated[
    Path, typer.Option(help="Where the folders of runs are; run alone writes.", metavar="FOLDER")
]
RUNS = Path("runs")
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]


def _for_an_account(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the runbook's parameters as options; it gets them checked, as `chosen`."""

    @wraps(command)
    def asked(**options: Any) -> None:
        command(_checked({name: options.pop(name) for name in _OPTIONS}), **options)

    shared = [
        inspect.Parameter(
            name,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            annotation=Annotated[str, option],
            default=inspect.Parameter.empty if name == "account_id" else parameters.DEFAULTS[name],
        )
        for name, option in _OPTIONS.items()
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


@app.command(
    epilog="[b]runbook run 278805249149[/b]   on the embedded AWS"
    "\n\n[b]runbook run 278805249149 --variant least-privilege[/b]   with narrow documents"
    "\n\n[b]runbook run YOUR_ACCOUNT_ID --backend aws --profile NAME[/b]   in a real account"
    + _STATUS
)
@_for_an_account
def run(
    chosen: dict[str, Any],
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Take objects of these names over, after asking.")
    ] = False,
    yes: Yes = False,
    output: Output = RUNS,
    as_json: Json = False,
) -> None:
    """Run every section for an account, and say where the report is.

    Makes a policy, a user with a key, and a role; proves that EC2 refuses the
    user and answers the role. Run it again at any time: it makes only what is
    missing. The executed notebooks, report.html, run.json and junit.xml are
    in OUTPUT/ACCOUNT_ID/RUN_ID.
    """
    from runbook_lib.headless import notebooks  # takes two seconds to import
    from runbook_lib.headless import run as headless

    consent = (
        (lambda rows: yes or _agree("plan", rows, "Adopt the foreign ones?")) if adopt else None
    )
    with terminal.progress(notebooks.steps()) as follow:
        made, folder = headless.run(chosen, output, follow, consent)
    if as_json:
        print(json.dumps(asdict(made), ensure_ascii=False))
    changing = sum(call["mutating"] for call in made.calls)
    calls = f"{len(made.calls)} AWS calls, {changing} of them mutating"
    say.print(f"{made.outcome}: {len(made.proof)} rows of evidence, {calls}")
    say.print(f"report: {folder / 'report.html'}", markup=False)
    if made.exit_status:
        say.print(made.error, markup=False, style="bold")
        raise typer.Exit(made.exit_status)


@app.command(
    epilog="[b]runbook plan 278805249149 --variant mfa[/b]   what another variant would change"
)
@_for_an_account
def plan(chosen: dict[str, Any], output: Output = RUNS, as_json: Json = False) -> None:
    """Show what run would create, change or leave alone; change nothing."""
    from runbook_lib import plan as planning
    from runbook_lib.account import caller as account

    rows = planning.plan(*account.open_setup(chosen))
    print(json.dumps(rows)) if as_json else terminal.table("plan", rows)


@app.command(epilog="[b]runbook destroy 278805249149 --yes[/b]   without a question")
@_for_an_account
def destroy(
    chosen: dict[str, Any], yes: Yes = False, output: Output = RUNS, as_json: Json = False
) -> None:
    """Take away what the runbook made in an account, and nothing else.

    It knows its own by their tags, whatever their names are. It shows them, then asks.
    """
    from runbook_lib import removal
    from runbook_lib.account import caller as account

    caller, home, wanted = account.open_setup(chosen)
    with caller.place.exclusive(caller.account_id):
        rows = removal.destroy(caller, home, wanted, confirm=False)
        if any(row["Outcome"] == "would be deleted" for row in rows):
            if not (yes or _agree("removals", rows, "Delete these?")):
                raise typer.Exit(1)
            rows = removal.destroy(caller, home, wanted, confirm=True)
    print(json.dumps(rows)) if as_json else terminal.table("removals", rows)


@app.command()
def report(
    run_folder: Annotated[Path, typer.Argument(help="One that run made.", metavar="RUN_FOLDER")],
    pdf: Annotated[bool, typer.Option("--pdf", help="Print it as well, with chromium.")] = False,
    as_json: Json = False,
) -> None:
    """Make the report of a run folder again."""
    from runbook_lib.headless.report import pdf as printer
    from runbook_lib.headless.report import report as headless

    made = {"report": str(headless.write(run_folder))}
    if pdf:
        made["pdf"] = str(printer.write(run_folder))
    if as_json:
        print(json.dumps(made))
    for kind, path in made.items():
        say.print(f"{kind}: {path}", markup=False)


@app.command(rich_help_panel=_AROUND)
def doctor(region: Region = "ap-northeast-2", profile: Profile = "", as_json: Json = False) -> None:
    """Say what is here and what is missing; sends GetCallerIdentity and nothing else."""
    from runbook_lib.cli import doctor as practice

    parameters.check({"region": region, "profile": profile})
    rows = practice.examine(region, profile)
    print(json.dumps(rows)) if as_json else terminal.table("checks", rows)


@app.command(rich_help_panel=_AROUND)
def refresh() -> None:
    """Run the notebooks of this repository and write their outputs into it."""
    from runbook_lib.headless import refresh as headless
    from runbook_lib.headless import translation

    headless.refresh(lambda name: say.print(f"  {name}"))
    translation.translate()


@app.command(rich_help_panel=_AROUND)
def lab() -> None:
    """Open JupyterLab on the notebooks, on loopback, with a token."""
    from runbook_lib.headless import notebooks

    root = notebooks.FOLDER.parent  # so that links from a notebook to docs/ lead somewhere
    first = notebooks.sections()[0].relative_to(root).as_posix()
    command = [sys.executable, "-m", "jupyterlab", "--ServerApp.ip=127.0.0.1"]
    command += ["--ServerApp.root_dir=.", f"--LabApp.default_url=/lab/tree/{first}"]
    command += ["--LabApp.news_url=None"]
    command += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    sys.exit(subprocess.run(command, cwd=root, check=False).returncode)


@local.command()
def start(as_json: Json = False) -> None:
    """Start the embedded AWS; it runs until it is stopped."""
    _show(local_aws.start(), as_json)


@local.command()
def stop() -> None:
    """Stop the embedded AWS; what was made in it is gone."""
    say.print("stopped" if local_aws.stop() else "not running")


@local.command()
def status(as_json: Json = False) -> None:
    """Say whether the embedded AWS runs, and where."""
    _show(local_aws.running(), as_json)


@local.command()
def env(
    account_id: Annotated[
        str, typer.Argument(help="12 digits.", metavar="ACCOUNT_ID")
    ] = "123456789012",
    region: Region = "ap-northeast-2",
) -> None:
    """Print shell lines that make you an account's administrator: eval "$(runbook local env)"."""
    from runbook_lib.account import sdk as sessions

    parameters.check({"region": region})
    account_id = parameters.account_id(account_id)
    running = local_aws.ensure_running()
    key = running.administrator(account_id, sessions.partition(region))
    print(f"export AWS_ACCESS_KEY_ID={key.access_key_id}")
    print(f"export AWS_SECRET_ACCESS_KEY={key.secret_access_key}")
    print("unset AWS_SESSION_TOKEN AWS_PROFILE")
    print(f"export AWS_DEFAULT_REGION={region} AWS_REGION={region}")
    print(f"export AWS_ENDPOINT_URL={running.endpoint}")


def _agree(name: str, rows: list[dict[str, str]], question: str) -> bool:
    terminal.table(name, rows, say)
    return bool(typer.confirm(question, err=True))


def _show(running: local_aws.Running | None, as_json: bool) -> None:
    if as_json:
        where = {"endpoint": running.endpoint, "pid": running.pid} if running else {}
        print(json.dumps({"running": running is not None, **where}))
    elif running:
        say.print(f"the embedded AWS runs at {running.endpoint} (pid {running.pid})")
    else:
        say.print("the embedded AWS does not run: runbook local start")


def main() -> None:
    """Run the command line; every error of ours is one message and its exit status."""
    try:
        app()
    except RunbookError as error:
        say.print(str(error), markup=False)
        sys.exit(error.exit_status)
    except (BotoCoreError, ClientError) as error:
        say.print(with_next_step(error), markup=False)
        sys.exit(RunbookError.exit_status)
    except SystemExit as end:
        if end.code == Interrupted.exit_status:
            say.print("\n" + Interrupted.message)
        raise
