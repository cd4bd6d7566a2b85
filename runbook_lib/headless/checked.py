"""What nbval said of the committed notebooks: how many cells it ran and compared, with what.

`make refresh` writes it down, and a test runs nbval again and finds the same.
"""

import json
from dataclasses import asdict, dataclass

from runbook_lib.headless import notebooks
from runbook_lib.machine.language import translated

FILE = notebooks.FOLDER.parent / "docs" / "checked.json"


@dataclass(slots=True)
class Counts:
    """How many code cells were executed, how many outputs compared, how many cells skipped."""

    executed: int = 0
    compared: int = 0
    skipped: int = 0

    def __str__(self) -> str:
        return translated(
            f"cells executed {self.executed}, compared {self.compared}, skipped {self.skipped}"
        )


@dataclass(slots=True)
class Checked:
    """What was found in each notebook, by its name, and the software that ran."""

    software: dict[str, str]
    notebooks: dict[str, Counts]

    @property
    def total(self) -> Counts:
        """The counts of all notebooks together."""
        every = self.notebooks.values()
        return Counts(
            sum(one.executed for one in every),
            sum(one.compared for one in every),
            sum(one.skipped for one in every),
        )

    @property
    def by(self) -> str:
        """The software that ran, in a line."""
        return ", ".join(map(" ".join, self.software.items()))


def read() -> Checked:
    """Read what was written down."""
    found = json.loads(FILE.read_text(encoding="utf-8"))
    counts = {name: Counts(**one) for name, one in found["notebooks"].items()}
    return Checked(found["software"], counts)


def write(checked: Checked) -> None:
    """Write it down for the site and the reports."""
    FILE.write_text(json.dumps(asdict(checked), indent=2) + "\n", encoding="utf-8")
