"""In Korean the runbook's own words are Korean, and AWS's words and people's names are theirs."""

import ast
import html
import json
import re
import shutil
import subprocess
import sys
from itertools import chain
from pathlib import Path
from typing import get_args

import pytest

from docs import troubleshooting
from docs.troubleshooting import plain, template
from runbook_lib import errors, findings, local_aws, pictures, policies, runbook, tables
from runbook_lib.access import explanation
from runbook_lib.account import parameters
from runbook_lib.account.journal import Call
from runbook_lib.errors import ParameterError, RunbookError
from runbook_lib.headless import notebooks, run
from runbook_lib.headless.report import page
from runbook_lib.machine import files, language
from runbook_lib.machine.language import catalogue, translated, using
from runbook_lib.runbook import Runbook
from runbook_lib.tables.cells import OURS
from tests.conftest import FinishedRun
from tests.scenario import build, evidence, varied

HANGUL = re.compile("[가-힣]")
USER = "arn:aws:iam::123456789012:user/a"
KOREAN = notebooks.all_of_them("ko")
COMPOSED = {  # put together in the code from what is in the catalogue's places
    *('inline policy "{}", statement {}', 'trust policy of role "{}", statement {}'),
    *('policy "{}", statement {}', 'boundary policy "{}", statement {}', 'boundary policy "{}"'),
    *("✓ allowed", "✕ refused", "? inconclusive", "expected {}", "predicted {}"),
    *("Passed.", "Failed in section {}.", "Interrupted in section {}."),
    *("Failed before the first section.", "Interrupted before the first section."),
    *("The cells after this one did not run. The whole traceback is in", ", beside this page."),
    *("no statement allows {} for {}", "no statement allows {} for {}: {} would, but {}"),
    *("{} does not admit {}: {}", "{} does not allow {}: {}"),
    "{} admits {}, which needs no other permission",
    *("account {} · {} · as {}", "account {} · {} · as {} · endpoint {}"),
    "condition {} {} is not met (sent: nothing)",
    *("As the user", "As the role"),
    *("trust policy, statement {}; {}", "trust policy, statement {}"),  # in a list of who can
    *(f"{words} ({{}})" for words in explanation._PLAIN.values()),  # conditions in an answer
    "the runbook did not make {}; nothing was changed",  # as a fleet shows it, without its advice
}
AWS_WORDS = {  # heads that are response keys of AWS's, or names of software
    *("AccessKeyId", "Account", "Arn", "AssumedRoleId", "AvailabilityZone", "CreateDate"),
    *("DefaultVersionId", "Expiration", "ImageId", "InstanceId", "InstanceType", "KeyName"),
    *("LaunchTime", "MaxSessionDuration", "Name", "Policy", "PolicyId", "PolicyName"),
    *("PrivateIpAddress", "Profile", "PublicIpAddress", "RoleId", "RoleName", "SecretAccessKey"),
    *("SessionToken", "State", "Status", "UserId", "UserName"),
    *("Python", "aws CLI", "boto3", "botocore", "#", "account_id", "user_name"),
}
CODE = re.compile(r'|ok|[A-Z]\w+|\d[\d.]*|Resource "\*"|[+-] .*')  # AWS's codes and documents


def cells_of(table: str) -> list[list[str]]:
    rows = re.findall(r"<tr>(.*?)</tr>", table)
    return [
        [html.unescape(re.sub("<[^>]+>", "", one)) for one in re.findall("<t[hd].*?</t[hd]>", row)]
        for row in rows
    ]


def left_in_english(page: str) -> list[str]:
    """Return what of ours is not Korean in a table as it is shown."""
    (heads, *rows) = cells_of(page)
    with using("ko"):
        ours = {translated(name) for name in OURS}
    record = heads and not heads[0]
    shown = list(chain(heads, (row[0] for row in rows))) if record else heads
    left = [one for one in shown if one and not HANGUL.search(one) and one not in AWS_WORDS]
    for row in rows:
        names = [row[0]] * len(row) if record else heads
        left += [
            cell
            for name, cell in list(zip(names, row, strict=False))[bool(record) :]
            if name in ours and not HANGUL.search(cell) and not CODE.fullmatch(cell)
            if cell not in catalogue.entries().values()  # Policy, Role and their like
        ]
    return left


def outputs(path: Path) -> list[str]:
    cells = (cell for cell in notebooks.read(path).cells if cell.cell_type == "code")
    return [output.data.get("text/html", "") for cell in cells for output in cell.outputs]


@pytest.mark.parametrize("path", KOREAN, ids=lambda path: path.stem)
def test_no_head_or_word_of_ours_is_left_in_english_in_the_korean_notebooks(path: Path) -> None:
    ours = '<table class="runbook.*?</table>'  # pandas's DataFrame has no language
    tables_shown = [one for page in outputs(path) for one in re.findall(ours, page)]
    assert tables_shown or path.stem == "06_references"
    assert [word for table in tables_shown for word in left_in_english(table)] == []
    for picture in re.findall('alt="([^"]+)"', "".join(outputs(path))):
        assert HANGUL.search(picture)
        assert not re.search(r"\b(allowed|refused|who|account|trusts)\b", picture)


@pytest.mark.parametrize("variant", get_args(policies.Variant))
def test_the_proof_of_every_variant_is_korean(book: Runbook, variant: str) -> None:
    book = varied(book, variant=variant)
    build(book)
    rows = evidence(book)
    with using("ko"):
        shown = [tables.proof(rows), tables.findings(findings.findings(book.wanted.trust, "trust"))]
        shown += [tables.outcome(row, tables.credentials) for row in rows if row.response is None]
        assert [word for one in shown for word in left_in_english(one._repr_html_())] == []
        said = f"{pictures.access(book.wanted, rows)!r}\n{pictures.sequence(rows)!r}"
        assert not re.search(r"\b(allowed|refused|session of|trusts|has|asks)\b", said)
    assert "허용" not in repr(tables.proof(rows))


PLACE = re.compile(r"\{(\w+)(:ours|:text)?\}")
WORDS = {None: "one-word", ":text": "'words of theirs'", ":ours": "role"}


def test_no_sentence_is_taken_for_another() -> None:
    taken = []
    with using("ko"):
        shown = {kind: translated(word) for kind, word in WORDS.items()}
        for english, korean in catalogue.entries().items():
            kinds = {place[1]: place[2] for place in PLACE.finditer(english)}
            said, expected = (
                PLACE.sub(lambda place: words[kinds[place[1]]], text)  # noqa: B023
                for words, text in ((WORDS, english), (shown, korean))
            )
            taken += [english] if translated(said) != expected else []
    assert taken == []


def test_every_decision_says_why_in_korean() -> None:
    policy, trust = 'policy "p", statement 1', 'trust policy of role "r"'
    user, role = "user/u", "role/r"
    whys = [
        "sts:GetCallerIdentity needs no permission",
        "roles may not be assumed by an account's root user",
        f"{policy} allows iam:ListUsers",
        f'{policy} allows sts:AssumeRole on {role} and {trust}, statement "Sid" admits {user}',
        f"{trust}, statement 1 admits {user}, which needs no other permission",
        f"{policy} denies iam:ListUsers for {user}",
        f"no statement allows iam:ListUsers for {user}",
        f"no statement allows sts:AssumeRole on {role} for {user}: {policy} would, but covers "
        "only c, d",
        f"{trust} does not admit {user}",
        f"{trust} does not admit {user}: condition StringEquals sts:ExternalId is not met "
        '(sent: "a and b")',
        f"{trust} does not admit {user}: condition Bool aws:MultiFactorAuthPresent is not met "
        "(sent: nothing)",
        'boundary policy "b" does not allow iam:ListUsers: excepts c, d',
    ]
    with using("ko"):
        for why in whys:
            said = translated(why)
            kept = re.findall(r"\w+:\w+|user/u|role/r|Sid|(?<=sent: )\"[^\"]+\"", why)
            assert all(name in said for name in kept), said
            assert not re.search(r"\b(policy|allows?|admits?|denies|needs?|sent|would)\b", said), (
                said
            )


def test_tables_that_no_notebook_shows_are_korean_too() -> None:
    call = Call("", "iam:CreateUser", "aws iam create-user", USER, True, "ok", "", 0.1)
    row = {"Kind": "user", "Name": "none", "Plan": "foreign", "Detail": "", "Id": ""}
    removal = {"Kind": "role", "Name": "created", "Outcome": "left: the runbook did not make it"}
    check = {"Check": "Python", "Found": "not installed", "To do": ""}
    with using("ko"):
        shown = [tables.every_call([call]), tables.plan([row]), tables.removals([removal])]
        pages = [one._repr_html_() for one in shown]
        assert [word for page in pages for word in left_in_english(page)] == []
        assert ">none<" in pages[1]  # a user's name is a name
        assert ">created<" in pages[2]
        assert "설치되어 있지 않음" in repr(tables.checks([check]))
        assert "없음" in repr(tables.plan([]))
        assert "…" in repr(tables.plan([row] * 60)).splitlines()[-1]


def test_every_message_and_every_next_step_has_its_korean() -> None:
    raised = chain.from_iterable(troubleshooting.messages().values())
    known = {plain(entry) for entry in catalogue.entries()}
    lacking = [
        text
        for text in raised
        if plain(text) not in known and plain(text.split("\n")[0]) not in known
    ]
    assert lacking == []
    steps = [step for _, step in errors._STEPS] + [*files._STEPS.values(), errors.CORRECT_SETTINGS]
    assert [step for step in steps if step not in catalogue.entries()] == []


def test_every_entry_is_said_somewhere_in_the_code() -> None:
    """What the package no longer says is taken out of the catalogue."""
    said: set[str] = set()
    for tree in troubleshooting.trees():
        texts = [
            template(node)
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp)
        ]
        said |= {plain(line) for text in texts for line in (text, *text.split("\n"))}
    said |= {*page.texts(page._read("page.html")), *page._LABEL.findall(page._read("page.html"))}
    said |= {step for _, step in errors._STEPS} | {*files._STEPS.values()} | COMPOSED
    assert [entry for entry in catalogue.entries() if plain(entry) not in said] == []


def test_each_place_of_a_sentence_is_kept() -> None:
    for english, korean in catalogue.entries().items():
        names = re.findall(r"\{(\w+)", english)
        assert set(re.findall(r"\{(\w+)", korean)) <= set(names), english
        assert korean != english


def test_an_error_in_a_korean_notebook_is_korean_and_stays_english_for_machines() -> None:
    error = RunbookError(f"Rate exceeded. {errors.next_step('Throttling')}.")
    with using("ko"):
        (line,) = error._render_traceback_()
    assert line.startswith("RunbookError: Rate exceeded. AWS가 요청을 제한하고 있다.")
    assert str(error).endswith("it makes only what is missing.")


def test_a_message_of_aws_stays_as_it_is() -> None:
    message = "User: arn:aws:iam::123456789012:user/a is not authorized to perform: iam:ListUsers"
    with using("ko"):
        assert translated(message) == message
        assert translated(f"left: AccessDenied: {message}").endswith(message)


def test_a_language_that_is_not_there_is_refused() -> None:
    with pytest.raises(ParameterError, match="choose en or ko"):
        runbook.open_runbook({}, language="fr")


def test_the_language_is_that_of_the_last_opening(book: Runbook) -> None:
    chosen = {"account_id": book.role_account.account_id}
    try:
        runbook.open_runbook(chosen, language="ko")
        assert translated("refused") == "거부"
        runbook.open_runbook(chosen)
        assert translated("refused") == "refused"
    finally:
        language.use("en")


def test_every_text_of_the_reports_page_has_its_korean() -> None:
    source = page._read("page.html")
    labels = [text for text in page._LABEL.findall(source) if " " in text]
    files_and_commands = {"run.json", "junit.xml", "runbook local start"}
    said = {*page.texts(source), *labels} - files_and_commands
    assert sorted(said - catalogue.entries().keys()) == []


def test_a_report_is_made_again_in_korean(finished_run: FinishedRun, tmp_path: Path) -> None:
    folder = shutil.copytree(finished_run.folder, tmp_path / "run")
    asked = [str(Path(sys.executable).parent / "runbook"), "report", str(folder)]
    subprocess.run([*asked, "--language", "ko"], check=True, capture_output=True)
    korean = (folder / "report.html").read_text(encoding="utf-8")
    assert '<html lang="ko">' in korean
    proof = re.findall("<table.*?</table>", korean, re.DOTALL)[0]
    assert left_in_english(proof) == []
    words = re.sub("<[^>]+>", "", korean)
    for text in ("행이 증명됨", "1. 실행 환경", "Emulation하지 않는 것", "ID, 12자리"):
        assert text in words
    assert "Each row was expected" not in korean
    subprocess.run(asked, check=True, capture_output=True)  # in the run's own language
    english = (folder / "report.html").read_text(encoding="utf-8")
    assert '<html lang="en">' in english
    assert "Each row was expected" in english
    refused = subprocess.run([*asked, "--language", "fr"], check=False, capture_output=True)
    assert refused.returncode == 2


def test_a_run_in_korean_runs_the_korean_notebooks(
    embedded_aws: local_aws.Running, account_id: str, tmp_path: Path
) -> None:
    chosen = parameters.DEFAULTS | {"account_id": account_id}
    made, folder = run.run(chosen, tmp_path, lambda section, cell: None, language="ko")
    assert made.outcome == "passed"
    report = (folder / "report.html").read_text(encoding="utf-8")
    shown = re.findall("<table.*?</table>", report, re.DOTALL)
    assert not re.search(">(Outcome|Observed|created|refused|allowed)<", "".join(shown))
    assert "language=" in (folder / "05_assume_role.ipynb").read_text(encoding="utf-8")
    assert {row["observed"] for row in made.proof} <= {"allowed", "refused"}  # for machines
    kept = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert kept["language"] == "ko"
    assert not HANGUL.search(json.dumps([kept["proof"], kept["calls"]], ensure_ascii=False))
