"""The runbook's own words in the language of the reader; AWS's words and people's names stay.

What is recorded, compared or raised is English. It is translated where it is shown: in tables,
pictures and the report, and by an error in a notebook.
"""

from runbook_lib.errors import RunbookError
from runbook_lib.machine.language.catalogue import LANGUAGES, current, translated, use, using

__all__ = ["LANGUAGES", "current", "translated", "use", "using"]

RunbookError.shown = staticmethod(translated)  # type: ignore[method-assign,assignment]
