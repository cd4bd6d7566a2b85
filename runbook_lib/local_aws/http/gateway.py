"""The one way in: the steps that every request goes through, in the order in which they run.

Nothing reaches moto but through here, and nothing comes back but AWS's own XML.
"""

import logging
import threading
import traceback
from collections.abc import Callable
from uuid import uuid4

from runbook_lib.local_aws.http.answers import to_xml, with_request_id
from runbook_lib.local_aws.http.authentication import authenticate, read_signature
from runbook_lib.local_aws.http.request import (
    check_address,
    check_scope,
    fill_in_user_name,
    read_action,
    read_form,
    read_parameters,
)
from runbook_lib.local_aws.refusals import AwsError, not_emulated
from runbook_lib.local_aws.rules.assume_role import assume_role
from runbook_lib.local_aws.rules.authorization import authorize
from runbook_lib.local_aws.rules.conflicts import check_conflicts
from runbook_lib.local_aws.rules.documents import check_documents
from runbook_lib.local_aws.rules.supported import check_dry_run, check_supported
from runbook_lib.local_aws.rules.validation import validate
from runbook_lib.local_aws.store.accounts import Accounts
from runbook_lib.local_aws.store.actions import carry_out, open_region
from runbook_lib.local_aws.store.call import ApiCall, HttpRequest

log = logging.getLogger(__name__)

STEPS: tuple[Callable[[ApiCall], None], ...] = (
    check_address,
    read_form,
    read_signature,
    check_scope,
    authenticate,
    read_action,
    read_parameters,
    validate,
    fill_in_user_name,
    authorize,
    check_dry_run,
    check_supported,
    open_region,
    check_conflicts,
    check_documents,
    assume_role,
    carry_out,
)


class Gateway:
    """Answers requests, one at a time. Its steps may be added to."""

    def __init__(self, accounts: Accounts) -> None:
        """Begin with these accounts."""
        self.accounts, self.steps = accounts, list(STEPS)
        self._one_at_a_time = threading.Lock()

    def answer(self, http: HttpRequest) -> tuple[int, str, str]:
        """Return status, body and request id. Nothing that a client sends makes this raise."""
        call = ApiCall(http, self.accounts, str(uuid4()))
        try:
            with self._one_at_a_time:
                for step in self.steps:
                    step(call)
            return call.status, with_request_id(call.body, call.request_id), call.request_id
        except AwsError as error:
            refusal = error
        except NotImplementedError:
            refusal = not_emulated("one of these parameters or filters")
        except Exception as error:
            # The edge of the server: moto breaks on some input, and a client must be told so in
            # XML. The place is logged, and never the values, which may be secret.
            where = traceback.extract_tb(error.__traceback__)[-1]
            log.error("%s at %s:%s", type(error).__name__, where.filename, where.lineno)
            refusal = not_emulated("this combination of parameters")
        return refusal.status, to_xml(call.service, refusal, call.request_id), call.request_id
