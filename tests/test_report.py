"""The report of a run: what it says first, that it is whole, and that nothing runs in it."""

import base64
import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import nbformat
import pytest
from nbformat.v4 import new_output

from runbook_lib.errors import ParameterError, RunbookError
from runbook_lib.headless import checked, notebooks
from runbook_lib.headless.report import pdf, report
from runbook_lib.tables.shapes import PolicyText, listing

USER = "arn:aws:iam::123456789012:user/assume-role-user"
EVIL = "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"
CHROMIUM = shutil.which("chromium")

Make = Callable[..., "Page"]


class Page(HTMLParser):
    """What a page is made of, as far as these tests look."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.source, self.tags, self.said = text, list[tuple[str, dict[str, str]]](), list[str]()
        self._silent = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self._silent = tag in {"style", "script"}

    def handle_endtag(self, tag: str) -> None:
        self._silent = False
        self.said.append(" " * (tag in {"td", "th"}))

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.said.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.said).split())

    def all(self, name: str) -> list[str]:
        return [attributes[name] for _, attributes in self.tags if name in attributes]

    def count(self, *tags: str) -> int:
        return sum(tag in tags for tag, _ in self.tags)


def proof(outcome: str = "refused", **other: str) -> dict[str, str]:
    made = {"who": USER, "action": "ec2:DescribeInstances", "given": "", "why": "because it is so"}
    made |= {"expected": outcome, "predicted": outcome, "observed": outcome}
    return made | {"code": "ok" if outcome == "allowed" else "UnauthorizedOperation"} | other


def call(action: str = "sts:GetCallerIdentity", **other: Any) -> dict[str, Any]:
    made = {"time": "2022-03-26T14:45:00.000+00:00", "action": action, "command": "aws …"}
    made |= {"principal": USER, "mutating": False, "outcome": "ok"}
    return made | {"request_id": "r-1", "seconds": 0.01} | other


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run folder, made from the committed notebooks."""
    made = tmp_path / "run"
    made.mkdir()
    for path in notebooks.sections():
        shutil.copy(path, made)
    names = [path.stem for path in notebooks.sections()]
    run = {
        "run_id": "20220326T144500Z-abc123",
        "account_id": "123456789012",
        "region": "ap-northeast-2",
        "backend": "local",
        "variant": "tutorial",
        "outcome": "passed",
        "sections": [{"name": name, "outcome": "passed", "seconds": 1.5} for name in names],
        "proof": [proof(), proof("allowed")],
        "calls": [call(), call("iam:CreateUser", mutating=True)],
        "software": {"assume-role-runbook": "0.1.0", "Python": "3.11.7"},
        "error": "",
        "exit_status": 0,
    }
    (made / "run.json").write_text(json.dumps(run), encoding="utf-8")
    return made


@pytest.fixture
def make(folder: Path) -> Make:
    """Change `run.json`, then write and read the report."""

    def made(**changes: Any) -> Page:
        path = folder / "run.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes), encoding="utf-8")
        return Page(report.write(folder).read_text(encoding="utf-8"))

    return made


def edit(folder: Path, section: str, change: Callable[[Any], None]) -> None:
    path = folder / f"{section}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    change(notebook)
    nbformat.write(notebook, path)


def show(folder: Path, *outputs: Any) -> None:
    """Put outputs into the last code cell of section 5."""

    def change(notebook: Any) -> None:
        [cell for cell in notebook.cells if cell.cell_type == "code"][-1].outputs = list(outputs)

    edit(folder, "05_assume_role", change)


def html_output(text: str, plain: str = "") -> Any:
    return new_output("display_data", {"text/html": text, "text/plain": plain})


def fail(folder: Path) -> dict[str, Any]:
    """Let section 4 fail at its fourth code cell; return what `run.json` says then."""

    def change(notebook: Any) -> None:
        cell = [cell for cell in notebook.cells if cell.cell_type == "code"][3]
        cell.outputs = [new_output("error", ename="ProofError", evalue="no such luck")]

    edit(folder, "04_role", change)
    outcomes = ["passed"] * 3 + ["failed"] + ["not run"] * 3
    names = [path.stem for path in notebooks.sections()]
    for name in names[4:]:
        (folder / f"{name}.ipynb").unlink()
    sections = [
        {"name": name, "outcome": outcome, "seconds": 1.0}
        for name, outcome in zip(names, outcomes, strict=True)
    ]
    error = "section 04_role: no such luck: choose another name"
    return {"outcome": "failed", "sections": sections, "error": error, "proof": []}


def test_the_first_screen_says_what_this_is_and_how_it_ended(make: Make) -> None:
    first = make().text.partition("1. The environment")[0]
    for fact in ("EMULATED", "123456789012", "ap-northeast-2", "tutorial", "20220326T144500Z"):
        assert fact in first
    assert "2022-03-26 14:45:00 UTC" in first
    assert "✓ Passed. 2 of 2 rows of evidence proven. 2 calls, 1 of which changed" in first
    assert "UnauthorizedOperation" in first
    assert "because it is so" in first


def test_a_failed_run_says_first_where_and_why_and_what_to_do(make: Make, folder: Path) -> None:
    page = make(**fail(folder))
    assert "✕ Failed in section 4. The role." in page.text
    assert page.text.index("choose another name") < page.text.index("The proof")
    assert "runbook run 123456789012" in page.text.partition("The proof")[0]
    assert "#04_role.failed" in page.all("href")
    assert "04_role.failed" in page.all("id")
    assert "ProofError: no such luck" in page.text
    assert "What was learnt" in page.text
    assert page.text.count("This section did not run.") == 3
    assert "Whom does the role admit" in page.text
    assert "What the tools say of that policy" not in page.text  # comes after what failed


def test_an_interrupted_run_says_so(make: Make) -> None:
    sections = [{"name": "01_environment", "outcome": "interrupted", "seconds": 0.1}]
    page = make(outcome="interrupted", sections=sections, proof=[], calls=[])
    assert "Interrupted in section 1. The environment." in page.text
    assert "running again is safe" in page.text
    early = make(outcome="interrupted", sections=[], proof=[], calls=[])
    assert "Interrupted before the first section." in early.text


def test_a_run_that_is_not_proven_shows_the_row(make: Make) -> None:
    page = make(proof=[proof(), proof(observed="allowed", code="ok")])
    assert "1 of 2 rows of evidence proven" in page.text
    assert "not proven" in page.text


def test_what_matters_comes_before_the_long_lists_and_those_are_folded(make: Make) -> None:
    page = make()
    order = ["The proof", "What was changed", "runbook destroy 123456789012", "1. The environment"]
    text = page.text.partition("Step by step Every call Parameters")[2]
    places = [text.index(words) for words in (*order, "In order, as they left")]
    assert places == sorted(places)
    parts = {
        tag["id"]: "open" in tag for name, tag in page.tags if tag.get("id") and name == "details"
    }
    names = [path.stem for path in notebooks.sections()]
    assert parts == dict.fromkeys([*names, "calls", "parameters", "not-emulated"], False)


def test_the_section_that_failed_is_unfolded(make: Make, folder: Path) -> None:
    page = make(**fail(folder))
    assert [tag["id"] for name, tag in page.tags if name == "details" and "open" in tag] == [
        "04_role"
    ]


def test_it_says_how_many_cells_ran_and_what_ran_them(make: Make, folder: Path) -> None:
    counts = checked.read()
    total = counts.total
    ran = [counts.notebooks[path.stem].executed for path in notebooks.sections()]
    page = make()
    assert f"Cellsexecuted {sum(ran)}, skipped 0" in page.text
    assert f"cells executed {total.executed}, compared {total.compared}, skipped 0" in page.text
    assert "assume-role-runbook 0.1.0, Python 3.11.7" in page.text
    assert counts.by in page.text
    failed = make(**fail(folder))
    before = sum(ran[:3])
    assert f"Cellsexecuted {before + 11}, skipped {sum(ran) - before - 11}" in failed.text


@pytest.mark.parametrize("failed", [False, True])
@pytest.mark.parametrize("backend", ["local", "aws"])
def test_every_link_leads_somewhere(make: Make, folder: Path, failed: bool, backend: str) -> None:
    page = make(backend=backend, **(fail(folder) if failed else {}))
    ids = page.all("id")
    assert len(ids) == len(set(ids))
    inside = {link[1:] for link in page.all("href") if link.startswith("#")}
    assert inside <= set(ids)
    assert {link for link in page.all("href") if not link.startswith(("#", "https://"))} == set()


def test_only_an_emulated_run_tells_what_is_not_emulated(make: Make) -> None:
    assert "What the embedded AWS does not emulate" in make().text
    real = make(backend="aws")
    assert "What the embedded AWS does not emulate" not in real.text
    assert real.text.startswith("✓ Assume role in account 123456789012 · REAL")


def test_the_page_is_whole_in_itself(make: Make) -> None:
    page = make()
    assert page.count("link", "iframe", "object", "embed") == 0
    assert all(source.startswith("data:image/") for source in page.all("src"))
    assert not re.search(r"url\(|@import|fetch\(|XMLHttpRequest", page.source)


def test_the_policy_admits_one_style_and_one_script(make: Make) -> None:
    page = make()
    (policy,) = [
        tag["content"] for _, tag in page.tags if tag.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none'; img-src data:; ")
    for tag in ("style", "script"):
        (inside,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page.source, flags=re.DOTALL)
        seal = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{seal}'" in policy
    assert "unsafe" not in policy


def test_text_of_others_is_never_markup(make: Make, folder: Path) -> None:
    show(
        folder,
        html_output(EVIL + "<style>body{display:none}</style><p style='color:red' onclick='x()'>p"),
        html_output('<svg onload="x()"><a href="javascript:x()">s</a></svg>'),
        html_output('<a href="javascript:x()" id="proof">l</a></section></main><base href="//x">'),
        new_output("stream", text=EVIL),
    )
    other = dict.fromkeys(("region", "variant", "run_id", "error"), EVIL)
    page = make(
        **other,
        outcome="failed",
        proof=[proof(who=f"arn:aws:iam::123456789012:user/{EVIL}", given=EVIL, why=EVIL)],
        calls=[call(EVIL, command=EVIL, principal=EVIL, outcome=EVIL)],
    )
    assert page.count("script") == page.count("style") == page.count("main") == 1
    assert page.count("svg", "base") == 0
    assert "display:none" not in page.text  # a style is no text either
    names = {name for _, attributes in page.tags for name in attributes}
    assert not {name for name in names if name.startswith("on")} | names & {"style", "srcdoc"}
    assert not [link for link in page.all("href") if "javascript" in link]
    assert page.all("id").count("proof") == 1


def test_commands_repeat_what_the_run_was_given(make: Make, folder: Path) -> None:
    def change(notebook: Any) -> None:
        given = 'profile = "my profile"\nrole_name = "other"\n'
        cell = nbformat.v4.new_code_cell(given, metadata={"tags": ["injected-parameters"]})
        notebook.cells.insert(2, cell)

    for path in notebooks.sections():
        edit(folder, path.stem, change)
    page = make(backend="aws", region="eu-west-1", variant="mfa")
    assert (
        "runbook destroy 123456789012 --region eu-west-1 --backend aws --profile 'my profile' "
        "--variant mfa --role-name other"
    ) in page.text
    assert "role_name other what is assumed" in page.text
    assert page.text.count("how CloudTrail will name the session") == 1


def test_calls_are_shown_as_the_aws_cli_would_make_them(make: Make) -> None:
    command = "aws sts get-caller-identity"
    page = make(sections=[], calls=[call(command=command), call(purpose="the prediction")])
    unfolded = f"{command}as {USER}request r-1"
    row = f"1 sts:GetCallerIdentity{unfolded} user/assume-role-user no ok 0.010"
    assert row in page.text
    assert f"aws …as {USER}for the predictionrequest r-1" in page.text


def test_only_what_changed_something_is_listed_as_changed(make: Make) -> None:
    refused = call("iam:CreateRole", mutating=True, outcome="AccessDenied")
    page = make(sections=[], calls=[call("iam:CreateUser", mutating=True), refused])
    changed = page.text.partition("These calls created or changed")[2]
    changed = changed.partition("Step by step")[0]
    assert "iam:CreateUser" in changed
    assert "iam:CreateRole" not in changed


def test_documents_are_highlighted_and_still_say_the_same(make: Make, folder: Path) -> None:
    document = PolicyText({"Statement": [{"Resource": "arn:aws:iam::1:role/<b>한국</b>"}]})
    show(folder, html_output(document._repr_html_(), repr(document)))
    page = make()
    assert " ".join(repr(document).split()) in page.text
    assert '<span class="nt">"Resource"</span>: <span class="s2">' in page.source.replace(
        "&quot;", '"'
    )


def test_everybody_can_find_the_way(make: Make) -> None:
    page = make()
    assert ("html", {"lang": "en"}) in page.tags
    assert [tag for tag, _ in page.tags if tag in {"header", "main", "nav", "footer"}] == [
        "header",
        "nav",
        "main",
        "footer",
    ]
    assert page.count("h1") == 1
    assert all(tag.get("scope") in {"col", "row"} for name, tag in page.tags if name == "th")
    assert all("alt" in tag for name, tag in page.tags if name == "img")
    assert '<span lang="ko">생성, 설정</span>' in page.source
    (skip,) = [tag["href"] for name, tag in page.tags if tag.get("class") == "skip"]
    assert skip[1:] in page.all("id")


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"holds no run\.json"):
        report.write(tmp_path)


def suite(folder: Path) -> ElementTree.Element:
    return ElementTree.parse(folder / "junit.xml").getroot()


def test_machines_get_each_section_and_each_row_of_the_proof(make: Make, folder: Path) -> None:
    make()
    made = suite(folder)
    counts = {"tests": "9", "failures": "0", "skipped": "0", "time": "10.50"}
    assert made.attrib == {"name": "runbook 123456789012", **counts}
    assert [case.get("classname") for case in made] == ["section"] * 7 + ["proof"] * 2
    assert made[0].attrib == {"classname": "section", "name": "01_environment", "time": "1.50"}
    assert made[7].get("name") == "user/assume-role-user ec2:DescribeInstances"


def test_machines_get_one_failure_for_one_failed_section(make: Make, folder: Path) -> None:
    run = fail(folder)
    make(**run)
    made = suite(folder)
    counted = [made.get(name) for name in ("tests", "failures", "skipped")]
    assert counted == ["7", "1", "3"]
    assert [case.get("name") for case in made if case.find("failure") is not None] == ["04_role"]
    (failure,) = made.findall("testcase/failure")
    assert failure.get("message") == run["error"]
    assert "04_role.ipynb" in (failure.text or "")


def test_machines_hear_of_an_interruption(make: Make, folder: Path) -> None:
    sections = [{"name": "01_environment", "outcome": "interrupted", "seconds": 0.1}]
    make(outcome="interrupted", sections=sections, proof=[], calls=[])
    (failure,) = suite(folder).findall("testcase/failure")
    assert "running again is safe" in failure.get("message", "")


def test_machines_get_what_differs_in_a_row_that_is_not_proven(make: Make, folder: Path) -> None:
    make(proof=[proof(), proof(observed="allowed", code="ok", given="external_id=x")])
    made = suite(folder)
    assert made.get("failures") == "1"
    assert made[-1].get("name") == "user/assume-role-user ec2:DescribeInstances with external_id=x"
    (failure,) = made[-1]
    assert failure.get("message") == "expected refused, predicted refused, observed allowed (ok)"
    assert failure.text == "because it is so"


def test_machines_can_read_what_xml_cannot_say(make: Make, folder: Path) -> None:
    make(**fail(folder) | {"error": '\x1b[31mred\x1b[0m \x00 <&>" 한'})
    (failure,) = suite(folder).findall("testcase/failure")
    assert failure.get("message") == '\ufffd[31mred\ufffd[0m \ufffd <&>" 한'


def test_without_a_browser_a_pdf_says_what_to_install(
    make: Make, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(RunbookError, match="install it .*chromium"):
        pdf.write(folder)
    assert (folder / "report.html").exists()


needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


def opened(page: Path, profile: Path) -> Page:
    """Return the page as it is after its script, and whatever else, has run."""
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--dump-dom"]
    flags += ["--disable-background-networking", f"--user-data-dir={profile}"]
    command = [CHROMIUM or "", *flags, page.as_uri()]
    return Page(
        subprocess.run(command, capture_output=True, check=True, timeout=60).stdout.decode()
    )


@pytest.mark.browser
@needs_chromium
def test_nothing_that_leaked_runs(make: Make, folder: Path, tmp_path: Path) -> None:
    show(folder, html_output(EVIL))
    make(error=EVIL, outcome="failed")
    path = folder / "report.html"
    leaked = path.read_text(encoding="utf-8").replace("</main>", EVIL + "</main>")
    path.write_text(leaked, encoding="utf-8")
    seen = opened(path, tmp_path / "profile")
    assert seen.text.startswith("✕ Assume role in account")
    assert "Sort" in seen.all("title")  # while the page's own script does run


@pytest.mark.browser
@needs_chromium
def test_long_tables_show_their_first_rows(make: Make, folder: Path, tmp_path: Path) -> None:
    long = listing([{"InstanceId": f"i-{number}", "Name": "web"} for number in range(5000)])
    show(folder, html_output(long._repr_html_(), repr(long)))
    make(calls=[call(f"ec2:Call{number}") for number in range(5000)])
    seen = opened(folder / "report.html", tmp_path / "profile")
    assert sum("later" in classes.split() for classes in seen.all("class")) == 2 * 4950
    assert seen.text.count("50 of 5,000 rows shown") == 2
    assert seen.text.count("Show all 5,000 rows") == 2
    assert "i-4999" in seen.text


@pytest.mark.browser
@needs_chromium
@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler-utils is not installed")
def test_the_printed_report_says_the_same(make: Make, folder: Path) -> None:
    make(calls=[call(f"ec2:Call{number}") for number in range(60)])
    paper = pdf.write(folder)
    said = subprocess.run(["pdftotext", "-layout", paper, "-"], capture_output=True, check=True)
    text = "".join(said.stdout.decode().split())
    left_out = "What is folded on the page is not printed"
    for words in ("EMULATED", "UnauthorizedOperation", "3. The user", "ec2:Call59", left_out):
        assert "".join(words.split()) in text
