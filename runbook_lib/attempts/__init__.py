"""A refusal is data: call, and keep what was expected, predicted and observed side by side."""

from runbook_lib.attempts.evidence import Attempt, attempt, require
from runbook_lib.attempts.role import admissions, assume_role, counterexamples

__all__ = ["Attempt", "admissions", "assume_role", "attempt", "counterexamples", "require"]
