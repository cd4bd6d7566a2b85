"""Questions about an account as it is: why may this principal do this, who can assume this role.

Reads only, and judges with `access`.
"""

from runbook_lib.questions.judging import NOT_SEEN
from runbook_lib.questions.permissions import lacking, least_policy
from runbook_lib.questions.who import Row, who
from runbook_lib.questions.why import Why, why

__all__ = ["NOT_SEEN", "Row", "Why", "lacking", "least_policy", "who", "why"]
