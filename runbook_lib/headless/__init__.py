"""Running the notebooks without a person: the only home of papermill, nbformat and nbconvert.

A notebook calls `headless.fleet.run`.
"""

import sys

# jsonschema checks two formats with it that no notebook has, and it builds a grammar for 0.7 s.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

from runbook_lib.headless import fleet  # noqa: E402

__all__ = ["fleet"]
