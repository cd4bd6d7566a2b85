"""The command line: `runbook`. Only words and exit statuses; the work is done by what it calls."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from runbook_lib.account import parameters
from runbook_lib.cli import fleet, lab, local, options, outcome, questions, terminal
from runbook_lib.cli.options import Json, Language, Output, Profile, Region, Yes, for_an_account
from runbook_lib.cli.terminal import say
from runbook_lib.errors import RunbookError
from runbook_lib.machine import software

RUNBOOK = software.program("runbook")
app = options.App(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="A user who may do nothing but assume a role is refused by EC2, assumes the role, and is "
    "answered: one notebook for each step, and a proof of it all.",
    epilog=f"Try it, no AWS account needed: [b]{RUNBOOK} run 123456789012[/b]"
    f"\n\nCompletion of commands and values: [b]{RUNBOOK} --install-completion[/b]",
)
_TOOLS = "Tools"
_STATUS = (
    "\n\nExit status: 0 done and proven, 1 failed, 2 bad parameter and nothing was sent, 3 wrong "
    "account and nothing was sent but GetCallerIdentity, 129, 130, 143 interrupted."
)
app.add_typer(fleet.app, name="fleet")
app.add_typer(local.app, name="local", rich_help_panel=_TOOLS)
app.command(
    rich_help_panel=_TOOLS,
    epilog=f"[b]{RUNBOOK} lab --language ko[/b]   the Korean edition"
    f"\n\n[b]{RUNBOOK} lab -- --port 9999 --no-browser[/b]   with options of JupyterLab's own",
)(lab.lab)


@app.callback()
def _runbook(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=terminal.version)
    ] = False,
) -> None:
    pass


@app.command(
    epilog=f"[b]{RUNBOOK} run 278805249149[/b]   on the embedded AWS"
    f"\n\n[b]{RUNBOOK} run 278805249149 --variant least-privilege[/b]   with narrow documents"
    f"\n\n[b]{RUNBOOK} run YOUR_ACCOUNT_ID --backend aws --profile NAME[/b]   in a real account"
    + _STATUS
)
@for_an_account
def run(
    chosen: dict[str, Any],
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Take objects of these names over, after asking.")
    ] = False,
    yes: Yes = False,
    output: Output = "runs",
    language: Language = "en",
    as_json: Json = False,
) -> None:
    """Run every section for an account, and say where the report is.

    Makes a policy, a user with a key, and a role; proves that EC2 refuses the
    user and answers the role. Run it again at any time: it makes only what is
    missing. The executed notebooks, report.html, run.json and junit.xml are
    in OUTPUT/ACCOUNT_ID/RUN_ID. On a real account it shows its plan and asks.
    """
    asks = not yes and (adopt or chosen["backend"] == "aws")
    if asks:
        options.require_a_terminal("runbook run")
    say.print(_beginning(chosen), markup=False)
    # What takes its time to import comes after the first line.
    from runbook_lib.headless import notebooks, outputs, run

    question = "Adopt the foreign ones, and go on?" if adopt else "Go on?"
    agree = (lambda rows: options.agree("plan", rows, question)) if asks else None
    with outputs.opened(output) as place:
        with terminal.progress(notebooks.steps()) as follow:
            made, folder = run.run(
                chosen, place.folder, follow, agree, adopt=adopt, language=language
            )
        written = place.send(folder)
    if as_json:
        terminal.document(asdict(made))
    outcome.tell(made, written, chosen)
    if made.exit_status:
        raise typer.Exit(made.exit_status)


def _beginning(chosen: dict[str, Any]) -> str:
    where = "the embedded AWS" if chosen["backend"] == "local" else "AWS"
    return f"account {chosen['account_id']} on {where}, variant {chosen['variant']}"


@app.command(
    epilog=f"[b]{RUNBOOK} plan 278805249149 --variant mfa[/b]   what another variant would change"
)
@for_an_account
def plan(
    chosen: dict[str, Any],
    detailed_exitcode: Annotated[
        bool,
        typer.Option("--detailed-exitcode", help="Exit 2 where run would change something."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Show what run would create, change or leave alone; change nothing."""
    from runbook_lib import plan
    from runbook_lib.runbook import open_runbook

    book = open_runbook(chosen)
    rows = plan.plan(book)
    terminal.document(rows) if as_json else terminal.table("plan", rows)
    say.print(plan.summary(rows))
    questions.say_what_is_lacking(book)
    if detailed_exitcode and plan.is_something(rows):
        raise typer.Exit(2)


@app.command(epilog=f"[b]{RUNBOOK} destroy 278805249149 --yes[/b]   without a question")
@for_an_account
def destroy(chosen: dict[str, Any], yes: Yes = False, as_json: Json = False) -> None:
    """Take away what the runbook made in an account, and nothing else.

    It knows its own by their tags, whatever their names are. It shows them, then asks.
    """
    if not yes:
        options.require_a_terminal("runbook destroy")
    from runbook_lib import plan
    from runbook_lib.runbook import open_runbook

    book = open_runbook(chosen)
    with book.exclusive():
        rows = plan.removals(book)
        if not plan.is_complete(rows):
            if not (yes or options.agree("removals", rows, "Delete these?")):
                raise RunbookError("nothing was deleted")
            rows = plan.destroy(book, rows, confirm=True)
    terminal.document(rows) if as_json else terminal.table("removals", rows)
    if not plan.is_complete(rows):
        raise typer.Exit(1)


@app.command()
def report(
    run_folder: Annotated[Path, typer.Argument(help="One that run made.", metavar="RUN_FOLDER")],
    paper: Annotated[bool, typer.Option("--pdf", help="Print it as well, with chromium.")] = False,
    language: Annotated[
        Literal["en", "ko"] | None, typer.Option(help="en or ko; that of the run, if not given.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make the report of a run folder again."""
    from runbook_lib.headless.report import pdf, report

    made = {"report": str(report.write(run_folder, language or ""))}
    if paper:
        made["pdf"] = str(pdf.write(run_folder, language or ""))
    if as_json:
        terminal.document(made)
    for kind, path in made.items():
        say.print(f"{kind}: {path}", markup=False)


@app.command(rich_help_panel=_TOOLS)
def doctor(region: Region = "ap-northeast-2", profile: Profile = "", as_json: Json = False) -> None:
    """Say what is here and what is missing; sends GetCallerIdentity and nothing else."""
    from runbook_lib.cli import doctor

    parameters.check({"region": region, "profile": profile})
    rows = doctor.examine(region, profile)
    terminal.document(rows) if as_json else terminal.table("checks", rows)


@app.command(rich_help_panel=_TOOLS)
def refresh() -> None:
    """Run the notebooks of this repository and write their outputs into it."""
    from runbook_lib.headless import refresh

    refresh.refresh(lambda name: say.print(f"  {name}"))
