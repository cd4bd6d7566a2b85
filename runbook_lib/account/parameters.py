"""The notebooks' parameters, checked once, before anything is sent.

What is made from the values is in `policies`; whether they name an existing account, in `account`.
"""

import ast
import re
from collections.abc import Callable, Mapping
from typing import get_args

from runbook_lib.errors import ParameterError
from runbook_lib.machine import software
from runbook_lib.policies import Variant

_WORD = r"A-Za-z0-9_+=,.@-"
_PATTERNS = {
    "policy_name": (rf"[{_WORD}]{{1,128}}", "1 to 128 ASCII letters, digits and _+=,.@-"),
    "user_name": (rf"[{_WORD}]{{1,64}}", "1 to 64 ASCII letters, digits and _+=,.@-"),
    "role_name": (rf"[{_WORD}]{{1,64}}", "1 to 64 ASCII letters, digits and _+=,.@-"),
    "session_name": (rf"[{_WORD}]{{2,64}}", "2 to 64 ASCII letters, digits and _+=,.@-"),
    "region": (r"[a-z]{2,4}(-[a-z]+){1,2}-[1-9][0-9]?", "a region code like ap-northeast-2"),
    "profile": (r"[^\x00-\x1f\x7f\[\]]*", "a profile of your AWS config file, or nothing"),
}
CHOICES: dict[str, tuple[str, ...]] = {
    "backend": ("local", "aws"),
    "variant": get_args(Variant),
}


def account_id(value: object, name: str = "account_id") -> str:
    """Return a 12-digit account id as text; an integer of exactly 12 digits is unambiguous.

    Raises: ParameterError for everything else: a lost leading zero is never guessed back.
    """
    if isinstance(value, int) and not isinstance(value, bool) and 10**11 <= value < 10**12:
        return str(value)
    if isinstance(value, str) and re.fullmatch(r"[0-9]{12}", value):
        return value
    why = "a number loses leading zeros" if isinstance(value, int | float) else "12 digits, as text"
    raise ParameterError(
        f"{name} {value!r} is no AWS account id ({why}): give all 12 digits, for example\n"
        f"  {software.program('papermill')} NOTEBOOK OUTPUT -r {name} 012345678901\n"
        f"  {software.program('runbook')} run 012345678901"
    )


def duration_seconds(value: object) -> int:
    """Return how long a session shall last; the text of a whole number is unambiguous.

    Raises: ParameterError for what AWS takes for no role.
    """
    is_text = isinstance(value, str) and re.fullmatch(r"[1-9][0-9]{2,4}", value)
    seconds = int(value) if is_text else value  # type: ignore[call-overload]
    if isinstance(seconds, int) and not isinstance(seconds, bool) and 900 <= seconds <= 43200:
        return seconds
    raise refusal("duration_seconds", value, "900 to 43200 seconds, a whole number", option="-p")


def check(namespace: Mapping[str, object]) -> None:
    """Refuse parameters that AWS would not accept or that the notebook does not know.

    `namespace` is the notebook's `globals()`, or a dict of parameters.
    Raises: ParameterError naming the value, what was expected and the corrected command line.
    """
    _refuse_unknown(namespace)
    for name, accept in _CHECKS.items():
        if name in namespace:
            accept(name, namespace[name])
    if namespace.get("backend") == "local" and namespace.get("profile"):
        raise ParameterError(
            f"profile {namespace['profile']!r} goes with backend aws; the embedded AWS has "
            "credentials of its own: add -r backend aws, or leave the profile out"
        )


def command(name: str, chosen: Mapping[str, object]) -> str:
    """Return the command line of `runbook` with these parameters, without the defaults."""
    words = [name, str(chosen["account_id"])]
    for option, default in DEFAULTS.items():
        value = chosen.get(option, "")
        if option not in _OF_NOTEBOOKS and value not in ("", default):
            words += [f"--{option.replace('_', '-')}", str(value)]
    return software.program("runbook", *words)


def _account(name: str, value: object) -> None:
    if not (name == "trusted_account_id" and value == ""):
        account_id(value, name)


def _text(name: str, value: object) -> None:
    pattern, rule = _PATTERNS[name]
    if not (isinstance(value, str) and re.fullmatch(pattern, value)):
        raise refusal(name, value, rule)


def _choice(name: str, value: object) -> None:
    if value not in CHOICES[name]:
        raise refusal(name, value, "one of " + ", ".join(CHOICES[name]))


def _duration(name: str, value: object) -> None:
    duration_seconds(value)


def _flag(name: str, value: object) -> None:
    if not isinstance(value, bool):
        raise refusal(name, value, "True or False", option="-p")


def refusal(name: str, value: object, rule: str, *, option: str = "-r") -> ParameterError:
    """Return what to say of a value that breaks this rule."""
    shown = value if len(repr(value)) <= 80 else f"{str(value)[:60]}…"
    example = "default" if name == "profile" else DEFAULTS[name]
    typed = software.program("runbook", "run", "ACCOUNT_ID", f"--{name.replace('_', '-')}")
    return ParameterError(
        f"{name} {shown!r} is not accepted, nothing was sent: expected {rule}; for example\n"
        f"  {software.program('papermill')} NOTEBOOK OUTPUT {option} {name} {example}"
        + (f"\n  {typed} {example}" if option == "-r" else "")
    )


_CHECKS: dict[str, Callable[[str, object], None]] = {
    "account_id": _account,
    "trusted_account_id": _account,
    **dict.fromkeys(_PATTERNS, _text),
    **dict.fromkeys(CHOICES, _choice),
    "duration_seconds": _duration,
    "confirm": _flag,
}

DEFAULTS: dict[str, object] = {
    "account_id": "123456789012",
    "region": "ap-northeast-2",
    "backend": "local",
    "profile": "",
    "variant": "tutorial",
    "policy_name": "assume-role-policy",
    "user_name": "assume-role-user",
    "role_name": "assume-role-role",
    "session_name": "assume-role-session",
    "duration_seconds": 3600,
    "trusted_account_id": "",
    "confirm": False,
}
OF_A_RUN = {name: value for name, value in DEFAULTS.items() if name != "confirm"}

_OF_NOTEBOOKS = ("account_id", "confirm", "duration_seconds")  # no options of the command line


def _refuse_unknown(namespace: Mapping[str, object]) -> None:
    """Read what papermill injected; it only warns of a parameter that the notebook lacks."""
    cells = [cell for cell in _history(namespace) if cell.strip()]
    known = _assigned(cells[0]) if cells else set()
    injected = [cell for cell in cells[1:2] if cell.startswith("# Parameters\n")]
    for name in sorted(set().union(*map(_assigned, injected)) - known):
        raise ParameterError(
            f"this notebook has no parameter {name!r}, nothing was sent: it has "
            f"{', '.join(sorted(known))}; "
            f"{software.program('papermill', '--help-notebook', 'NOTEBOOK')} explains them"
        )


def _history(namespace: Mapping[str, object]) -> list[str]:
    cells = namespace.get("In")
    return [str(cell) for cell in cells] if isinstance(cells, list) else []


def _assigned(cell: str) -> set[str]:
    targets: set[str] = set()
    for node in ast.parse(cell).body:
        if isinstance(node, ast.AnnAssign):
            targets.add(ast.unparse(node.target))
        elif isinstance(node, ast.Assign):
            targets.update(map(ast.unparse, node.targets))
    return targets
