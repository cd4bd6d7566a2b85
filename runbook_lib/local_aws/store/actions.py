"""The actions of EC2 and STS, as in `iam_actions`, and which service answers a call.

What is refused before is for `rules`.
"""

from copy import copy
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses import EC2Response
from moto.sts.responses import TokenResponse

from runbook_lib.local_aws.store import shapes
from runbook_lib.local_aws.store.accounts import Identity, Session
from runbook_lib.local_aws.store.call import ApiCall
from runbook_lib.local_aws.store.services.iam import IamActions
from runbook_lib.local_aws.store.services.organizations import OrganizationsActions
from runbook_lib.local_aws.store.services.service import Service


class Ec2Actions(Service, EC2Response):
    """EC2."""

    page = 1_000  # AWS's longest; a longer answer would hold up everybody else
    RESPONSE_KEY_PATH_TO_TRANSFORMER = shapes.EC2

    def run_instances(self) -> ActionResult:
        self.params["MinCount"] = self.params["MaxCount"]  # moto makes only as many as it must
        return super().run_instances()

    def describe_instances(self) -> ActionResult:
        result: Any = super().describe_instances()
        reservations = result.result["Reservations"]
        several = sum(len(one.instances) for one in reservations) > self.page
        if several or self.limit or self.marker:  # AWS's pages count instances, moto's reservations
            result.result["Reservations"] = [
                _alone(reservation, instance)
                for reservation in reservations
                for instance in reservation.instances
            ]
        return result  # type: ignore[no-any-return]


def _alone(reservation: Any, instance: Any) -> Any:
    single = copy(reservation)
    single.instances, single.name = [instance], instance.id
    return single


class StsActions(Service, TokenResponse):
    """STS, of which moto only writes the responses."""

    def get_caller_identity(self) -> ActionResult:
        who = self.call.identity
        return ActionResult({"UserId": who.user_id, "Account": who.account_id, "Arn": who.arn})

    def assume_role(self) -> ActionResult:
        session = self.call.session
        role = session.entity
        assumed = Identity(role.account_id, self.call.partition, role, session)
        result: dict[str, Any] = {
            "Credentials": _credentials(session),
            "AssumedRoleUser": {"AssumedRoleId": assumed.user_id, "Arn": assumed.arn},
            "SourceIdentity": session.source_identity or None,
            "PackedPolicySize": session.packed_size,
        }
        return ActionResult(result)

    def get_session_token(self) -> ActionResult:
        return ActionResult({"Credentials": _credentials(self.call.session)})


def _credentials(session: Session) -> dict[str, Any]:
    return {
        "AccessKeyId": session.key_id,
        "SecretAccessKey": session.secret,
        "SessionToken": session.token,
        "Expiration": session.expires,
    }


SERVICES: dict[str, type[Service | OrganizationsActions]] = {
    "iam": IamActions,
    "ec2": Ec2Actions,
    "sts": StsActions,
    "organizations": OrganizationsActions,
}


def open_region(call: ApiCall) -> None:
    """Let there be the tutorial's instance in every region in which EC2 is asked."""
    if call.service == "ec2":
        call.accounts.open_region(call.identity.account_id, call.region)


def carry_out(call: ApiCall) -> None:
    """Do what the call asks for, and write down what is answered."""
    service = SERVICES[call.service]()
    service.call = call
    call.status, call.body = service.answer()
