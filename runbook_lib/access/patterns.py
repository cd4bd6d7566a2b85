"""Wildcards and policy variables in one text of a policy; what a match means is not here.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

import re
from collections.abc import Callable, Iterator

Lookup = Callable[[str], str | None]  # name of a policy variable → its value, if it has one
_Pieces = list[tuple[str, bool]]  # text, and whether it is a variable's: then `*` is no wildcard
_VARIABLE = re.compile(r"\$\{([^{}',]*)(?:,\s*'([^']*)')?\}")


def expanded(text: str, lookup: Lookup | None) -> str | None:
    """Replace the variables of a text; None where one has no value, so that nothing equals it.

    Without a lookup the text is literal, as in documents of version 2008-10-17.
    """
    pieces = _pieces(text, lookup)
    return None if pieces is None else "".join(piece for piece, _ in pieces)


def variables(text: str) -> Iterator[str]:
    """Yield the names of the variables in a text, those that stand for a character left out."""
    names = (found[1].strip() for found in _VARIABLE.finditer(text))
    return (name for name in names if name not in ("*", "?", "$"))


def could_be_like(text: str, value: str) -> bool:
    """Tell whether a value matches a text, if its variables have the right values."""
    return like(_VARIABLE.sub("*", text), value)


def like(text: str, value: str, lookup: Lookup | None = None, *, by_segment: bool = False) -> bool:
    """Tell whether a value matches a text with `*` and `?`.

    By segment, the wildcards in an ARN's first five colon-separated parts stay inside their part.
    """
    if not {"*", "?", "$"} & set(text):
        return text == value
    pieces = _pieces(text, lookup)
    expression = _expression(pieces, by_segment) if pieces is not None else r"(?!)"
    return re.fullmatch(expression, value, re.DOTALL) is not None


def _pieces(text: str, lookup: Lookup | None) -> _Pieces | None:
    pieces: _Pieces = []
    end = 0
    for found in _VARIABLE.finditer(text) if lookup else ():
        name = found[1].strip()
        value = name if name in ("*", "?", "$") else lookup(name) if lookup else None
        value = found[2] if value is None else value
        if value is None:
            return None
        pieces += [(text[end : found.start()], False), (value, True)]
        end = found.end()
    return [*pieces, (text[end:], False)]


def _expression(pieces: _Pieces, by_segment: bool) -> str:
    runs, stars, colons = [""], [], 0
    for piece, literal in pieces:
        for part in re.split(r"([*?])", piece):
            character = "[^:]" if by_segment and colons < 5 else "."
            if part == "*" and not literal:
                stars.append(character)
                runs.append("")
            else:
                runs[-1] += character if part == "?" and not literal else re.escape(part)
                colons += part.count(":")
    if not stars:
        return runs[0]
    # The leftmost place of a run is never worse than a later one, so atomic groups lose no match
    # and a policy full of stars cannot make the comparison slow.
    inner = zip(stars[:-1], runs[1:-1], strict=True)
    middle = "".join(f"(?>{character}*?{run})" for character, run in inner)
    return f"{runs[0]}{middle}{stars[-1]}*{runs[-1]}"
