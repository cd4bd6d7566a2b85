"""The page `troubleshooting.md`, in both languages, from the code: each error, its cause and cure.

`docs/translation.py` writes it. An error's message is read where it is raised; its Korean, and the
names of what varies in it, are those of `runbook_lib/machine/language/ko.toml`.
"""

import ast
import errno
import re
from collections.abc import Iterable
from functools import cache
from itertools import product
from pathlib import Path

from runbook_lib import errors
from runbook_lib.machine import files
from runbook_lib.machine.language import catalogue, translated, using

PACKAGE = Path(errors.__file__).parent
KINDS = [
    errors.ParameterError,
    errors.WrongAccountError,
    errors.MissingStepError,
    errors.ForeignObjectError,
    errors.ProofError,
    errors.LocalAwsError,
    errors.RunbookError,
    errors.Interrupted,
]
_PLACE = re.compile(r"\{[^{}]*\}")
_WORDS = {
    "title": ("Troubleshooting", "문제 해결"),
    "intro": (
        "Every error says what happened, what was expected and what to do next. They all stand "
        "here, as they are in the code: what varies is in capitals. The "
        "[exit status](get-started.md) of `runbook` follows from the kind.",
        "모든 오류는 무슨 일이 일어났고, 무엇이 필요하며, 다음에 무엇을 해야 하는지 알려 준다. "
        "다음은 코드에 있는 모든 오류이며, 경우에 따라 달라지는 부분은 대문자로 표시한다. "
        "`runbook`의 [종료 코드](get-started.md)는 오류의 종류에 따라 정해진다.",
    ),
    "status": ("Exit status", "종료 코드"),
    "messages": ("It says one of these, each with its own cure:", "메시지와 해결 방법:"),
    "aws": ("Errors of AWS and of the network", "AWS와 네트워크의 오류"),
    "aws intro": (
        "AWS's own message is shown as it is. What to do stands behind it, and is chosen by what "
        "the message holds; the first row that fits counts.",
        "AWS의 메시지는 그대로 보여 주고 그 뒤에 다음에 할 일을 덧붙인다. 다음에 할 일은 메시지에 "
        "포함된 문구에 따라 정해지며, 먼저 일치하는 행을 따른다.",
    ),
    "aws heads": ("The message holds | What to do", "메시지에 포함된 문구 | 다음에 할 일"),
    "files": ("Errors of this machine", "로컬 환경의 오류"),
    "files heads": ("Code of the system | What to do", "시스템의 오류 코드 | 다음에 할 일"),
}
_CURES = {
    "ParameterError": (
        "Give the value as the message says, and run again. Nothing was sent.",
        "메시지에 나온 대로 값을 지정하고 다시 실행한다. 아무 요청도 보내지 않은 상태이다.",
    ),
    "WrongAccountError": (
        "Sign in to the account that you mean, or name it. Nothing but `GetCallerIdentity` was "
        "sent, or the change was not.",
        "실행하려는 계정에 로그인하거나 그 계정을 지정한다. `GetCallerIdentity` 외에는 아무 요청도 "
        "보내지 않았거나, 변경 요청을 보내지 않은 상태이다.",
    ),
    "MissingStepError": (
        "Run the notebook that the message names, then this one again.",
        "메시지에 나온 Notebook을 먼저 실행한 다음 다시 실행한다.",
    ),
    "ForeignObjectError": (
        "Choose another name, or let the runbook [adopt](glossary.md#adopt) the object.",
        "다른 이름을 지정하거나, Runbook이 관리하게 한다([adopt](glossary.md#adopt)).",
    ),
    "ProofError": (
        "Look at the row: a policy was changed by somebody, or AWS decides otherwise than the "
        "[proof](glossary.md#proof) expects. Run section 5 again when the cause is gone.",
        "해당 행을 확인한다. 누군가 Policy를 변경하였거나, AWS의 응답이 "
        "[증명](glossary.md#proof)의 기대와 다르다. 원인을 해결한 다음 5장을 다시 실행한다.",
    ),
    "LocalAwsError": (
        "Stop the embedded AWS and let the next run start another: `.venv/bin/runbook local stop`.",
        "내장 AWS를 정지한다(`.venv/bin/runbook local stop`). 다음 실행에서 새로 시작한다.",
    ),
    "RunbookError": (
        "Do what the message says, and run again.",
        "메시지에 따라 조치한 다음 다시 실행한다.",
    ),
    "Interrupted": (
        "Run again, or take away what was made: `.venv/bin/runbook destroy ACCOUNT_ID`.",
        "다시 실행하거나, 생성한 것을 삭제한다(`.venv/bin/runbook destroy ACCOUNT_ID`).",
    ),
}
_CAUSES = {
    "ParameterError": "요청을 보내기 전에 값이 잘못된 것을 발견하였다.",
    "WrongAccountError": "Credential이 지정한 것과 다른 계정, Partition 또는 Principal의 것이다.",
    "MissingStepError": "앞의 장에서 생성하는 것이 없다.",
    "ForeignObjectError": "같은 이름의 것이 이미 있지만 Runbook이 생성한 것이 아니다.",
    "ProofError": "관찰한 결과가 Runbook의 정의와 다르다.",
    "LocalAwsError": "내장 AWS를 시작하거나 찾거나 정지할 수 없다.",
    "RunbookError": "그 밖의 오류이다.",
    "Interrupted": "누군가 Ctrl-C를 눌렀거나 프로세스를 종료하도록 하였다.",
}


def page(language: str) -> str:
    """Return the page in a language."""
    korean = language == "ko"
    words = {name: pair[korean] for name, pair in _WORDS.items()}
    parts = [f"# {words['title']}", words["intro"]]
    raised = messages()
    for kind in KINDS:
        name = kind.__name__
        cause = _CAUSES[name] if korean else (kind.__doc__ or "").strip()
        status = f"{words['status']} {kind.exit_status}."
        said = dict.fromkeys(_item(text, korean) for text in raised[name])
        parts += [f"## {name}", f"{cause} {status} {_CURES[name][korean]}", words["messages"]]
        parts.append("\n".join(said))
    parts += [f"## {words['aws']}", words["aws intro"]]
    rows = ((_examples(pattern), step) for pattern, step in errors._STEPS)
    parts.append(_table(words["aws heads"], rows, language))
    codes: dict[str, list[str]] = {}
    for number, step in files._STEPS.items():
        codes.setdefault(step, []).append(errno.errorcode[number])
    parts.append(f"## {words['files']}")
    parts.append(
        _table(words["files heads"], ((names, step) for step, names in codes.items()), language)
    )
    return "\n\n".join(parts) + "\n"


def messages() -> dict[str, list[str]]:
    """Return the messages of each kind of error, as templates, where they are made in the code."""
    found: dict[str, list[str]] = {kind.__name__: [] for kind in KINDS}
    found["Interrupted"].append(errors.Interrupted.message)
    for tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and node.args:
                name = ast.unparse(node.func).rpartition(".")[2]
                text = template(node.args[0])
                if name in found and _PLACE.sub("", text).strip():
                    found[name].append(text)
    return found


@cache
def trees() -> list[ast.Module]:
    """Return the package's modules, read as Python reads them."""
    return [ast.parse(path.read_text("utf-8")) for path in sorted(PACKAGE.rglob("*.py"))]


@cache
def _constants() -> dict[str, str]:
    """Return the package's constants that are texts."""
    return {
        ast.unparse(node.targets[0]): node.value.value
        for tree in trees()
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    }


def template(node: ast.AST) -> str:
    """Return what is known of a text before the program runs: `{…}` stands for the rest."""
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.JoinedStr(values=values):
            return "".join(map(template, values))
        case ast.FormattedValue(value=ast.Name(id=name)) if name in _constants():
            return _constants()[name]
        case ast.BinOp(left=left, right=right, op=ast.Add()):
            return template(left) + template(right)
        case ast.Call(
            func=ast.Attribute(value=ast.Constant(), attr="join"), args=[ast.List(elts=[first, *_])]
        ):
            return template(first)  # the first line is ours
    return "{" + re.sub(r"[{}]", "", ast.unparse(node)) + "}"


def entry(text: str) -> str:
    """Return the catalogue's key for a template, in which the places have names, or nothing."""
    shape = plain(text)
    return next((key for key in catalogue.entries() if plain(key) == shape), "")


def plain(text: str) -> str:
    """Return a template without the names of its places."""
    return _PLACE.sub("{}", text)


def _item(text: str, korean: bool) -> str:
    lines = [entry(line) or line for line in ([text] if entry(text) else text.split("\n"))]
    english = [_named(line) for line in lines if line.strip()]
    shown = [_named(catalogue.entries().get(line, line)) for line in lines if line.strip()]
    said = " ".join(f"`{' '.join(line.split())}`" for line in (shown if korean else english))
    original = " ".join(f"`{' '.join(line.split())}`" for line in english)
    return f"- {said}\n  (영어: {original})" if korean else f"- {said}"


def _named(text: str) -> str:
    """Name what varies: `{runbook_local_stop}` is that command, `{more}` may be nothing."""
    text = re.sub(r"\{((?:runbook|papermill)\w*)(?::\w+)?\}", _command, text)
    text = re.sub(r"(\{more\w*(:\w+)?\})+", "…", text)
    names = re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: found[1].upper(), text)
    return _PLACE.sub("…", names)


def _command(place: re.Match[str]) -> str:
    return ".venv/bin/" + re.sub("_(?!ID)", " ", place[1])


def _table(heads: str, rows: Iterable[tuple[list[str], str]], language: str) -> str:
    lines = [f"| {heads} |", "|---|---|"]
    with using(language):
        for texts, step in rows:
            codes = ", ".join(f"`{text}`" for text in texts)
            lines.append(f"| {codes} | {translated(step)} |")
    return "\n".join(lines)


def _examples(pattern: str) -> list[str]:
    """Return what a pattern of `errors` finds, in words: its choices one by one."""
    found = []
    for choice in re.split(r"\|(?![^(]*\))", pattern):
        plain_text = choice.replace(r"\d", "x").replace(r"\(", "«").replace(r"\)", "»")
        pieces = re.split(r"\(([^()]*)\)", plain_text.replace("d? ?o", "d o"))
        options = [piece.split("|") if n % 2 else [piece] for n, piece in enumerate(pieces)]
        found += [
            "".join(one).translate({ord("«"): "(", ord("»"): ")"}) for one in product(*options)
        ]
    return found
