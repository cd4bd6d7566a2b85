"""The one way in: the steps that every request goes through, in the order in which they run.

Nothing reaches moto but through here, and nothing comes back but in AWS's own forms.
"""

import logging
import threading
import traceback
from collections.abc import Callable
from uuid import uuid4

from runbook_lib.local_aws.http import authentication, clock_control, request
from runbook_lib.local_aws.http.answers import Answer, answered, refused
from runbook_lib.local_aws.refusals import AwsError, not_emulated
from runbook_lib.local_aws.rules import (
    assume_role,
    authorization,
    conflicts,
    documents,
    ec2_objects,
    second_factor,
    supported,
    validation,
)
from runbook_lib.local_aws.store import actions
from runbook_lib.local_aws.store.accounts import Accounts
from runbook_lib.local_aws.store.call import ApiCall, HttpRequest

log = logging.getLogger(__name__)

STEPS: tuple[Callable[[ApiCall], None], ...] = (
    clock_control.move_clock,
    request.check_host,
    request.check_service,
    request.check_address,
    request.read_form,
    authentication.read_signature,
    request.read_scope,
    authentication.authenticate,
    request.read_action,
    supported.check_supported,
    request.read_parameters,
    supported.check_parameters,
    validation.validate,
    request.fill_in_user_name,
    second_factor.check_code,
    authorization.authorize,
    request.need_user_name,
    supported.check_dry_run,
    actions.open_region,
    ec2_objects.check_ec2_objects,
    conflicts.check_conflicts,
    documents.check_documents,
    assume_role.assume_role,
    second_factor.get_session_token,
    actions.carry_out,
)


class Gateway:
    """Answers requests, one at a time. Its steps may be added to."""

    def __init__(self, accounts: Accounts) -> None:
        """Begin with these accounts."""
        self.accounts, self.steps = accounts, list(STEPS)
        self._one_at_a_time = threading.Lock()

    def answer(self, http: HttpRequest) -> Answer:
        """Answer a request. Nothing that a client sends makes this raise."""
        call = ApiCall(http, self.accounts, str(uuid4()))
        try:
            with self._one_at_a_time:
                try:
                    for step in self.steps:
                        step(call)
                finally:
                    date = self.accounts.clock.now()
            return answered(call.protocol, call.status, call.body, call.request_id, date)
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
        return refused(call.protocol or call.service, refusal, call.request_id, date)
