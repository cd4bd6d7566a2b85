"""The one way in: the steps that every request goes through, in the order in which they run.

Nothing reaches moto but through here, and nothing comes back but AWS's own XML.
"""

import logging
import threading
import traceback
from collections.abc import Callable
from uuid import uuid4

from runbook_lib.local_aws.http import answers, authentication, request
from runbook_lib.local_aws.refusals import AwsError, not_emulated
from runbook_lib.local_aws.rules import (
    assume_role,
    authorization,
    conflicts,
    documents,
    supported,
    validation,
)
from runbook_lib.local_aws.store import actions
from runbook_lib.local_aws.store.accounts import Accounts
from runbook_lib.local_aws.store.call import ApiCall, HttpRequest

log = logging.getLogger(__name__)

STEPS: tuple[Callable[[ApiCall], None], ...] = (
    request.check_address,
    request.read_form,
    authentication.read_signature,
    request.read_scope,
    authentication.authenticate,
    request.read_action,
    request.read_parameters,
    validation.validate,
    request.fill_in_user_name,
    authorization.authorize,
    supported.check_dry_run,
    supported.check_supported,
    actions.open_region,
    conflicts.check_conflicts,
    documents.check_documents,
    assume_role.assume_role,
    actions.carry_out,
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
            return call.status, answers.with_request_id(call.body, call.request_id), call.request_id
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
        return (
            refusal.status,
            answers.to_xml(call.service, refusal, call.request_id),
            call.request_id,
        )
