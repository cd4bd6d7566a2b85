"""The colours of the pictures, on a light screen and on a dark one."""

COLOURS = {  # a contrast of 4.5 for text and 3 for lines, on each ground
    "ink": ("#1b1f24", "#e6e9ec"),
    "muted": ("#56606b", "#a3adb8"),
    "faint": ("#7f8890", "#7a848f"),
    "allowed": ("#0b6670", "#63c7cf"),
    "refused": ("#9c3b1f", "#f0a288"),
    "inconclusive": ("#56606b", "#a3adb8"),
}
GROUNDS = {"paper": ("#ffffff", "#16191d"), "shade": ("#f4f6f8", "#20252b")}


def colour(look: str) -> str:
    """Return the attributes of a colour, which `STYLE` changes on a dark screen."""
    return f'class="{look}" color="{COLOURS[look][0]}"'


def ground(name: str) -> str:
    """Return the attributes of what is filled, which `STYLE` changes on a dark screen."""
    return f'class="{name}" fill="{GROUNDS[name][0]}"'


def _style() -> str:
    looks = "".join(f".{look}{{color:{dark}}}" for look, (_, dark) in COLOURS.items())
    fills = "".join(f".{name}{{fill:{dark}}}" for name, (_, dark) in GROUNDS.items())
    return f"@media screen and (prefers-color-scheme:dark){{{looks}{fills}}}"


STYLE = _style()
