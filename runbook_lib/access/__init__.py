"""May this principal do this, and why? AWS's rules for access, without AWS and without I/O.

Where policies, principals and condition keys come from does not belong here.
"""

from runbook_lib.access.comparison import canonical, differences, same_meaning
from runbook_lib.access.documents import Kind, Policy, PolicyDocument, parse
from runbook_lib.access.evaluation import Decision, Matched, evaluate
from runbook_lib.access.grammar import PolicyError
from runbook_lib.access.matching import Request
from runbook_lib.access.principals import Principal
from runbook_lib.access.unknown import Answer, Way, judge

__all__ = [
    "Answer",
    "Decision",
    "Kind",
    "Matched",
    "Policy",
    "PolicyDocument",
    "PolicyError",
    "Principal",
    "Request",
    "Way",
    "canonical",
    "differences",
    "evaluate",
    "judge",
    "parse",
    "same_meaning",
]
