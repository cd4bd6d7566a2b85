"""The actions of STS, IAM and EC2: moto's, and what they do that moto does not.

Each is told who calls, and answers in pages. What is refused before is for `rules`.
"""

from copy import copy
from typing import Any
from urllib.parse import urlencode

from moto.core.exceptions import ServiceException
from moto.core.request import Request
from moto.core.responses import ActionResult, BaseResponse, EmptyResult
from moto.core.utils import camelcase_to_underscores, get_pagination_model
from moto.ec2.responses import EC2Response
from moto.iam.responses import IamResponse
from moto.sts.responses import TokenResponse

from runbook_lib.local_aws.store import shapes
from runbook_lib.local_aws.store.accounts import Identity
from runbook_lib.local_aws.store.call import ApiCall
from runbook_lib.local_aws.store.organizations import OrganizationsActions
from runbook_lib.local_aws.store.paging import cut
from runbook_lib.local_aws.store.trust_policies import forget_principal

EVERYTHING = 1_000_000
WITH_POLICIES = ("GetPolicy", "ListPolicies", "GetAccountAuthorizationDetails")


class _Service(BaseResponse):
    """One of moto's services, which is told who calls, from where, and with what."""

    call: ApiCall
    page = EVERYTHING  # how long a page is, unless the caller says

    def get_region_from_url(self, request: Any, full_url: str) -> str:
        return self.call.region

    def get_current_account(self) -> str:
        return self.call.identity.account_id

    def get_access_key(self) -> str:
        return self.call.signature.key_id

    def parse_parameters(self, request: Request) -> None:
        self.params = dict(self.call.parameters)
        self.pager = get_pagination_model(self.call.service).get(self.call.operation.name)
        if self.pager:  # moto is asked for everything, and the pages are cut here
            self.limit: int | None = self.params.pop(self.pager["limit_key"], None)
            self.marker: str | None = self.params.pop(self.pager["input_token"], None)
            self.params[self.pager["limit_key"]] = EVERYTHING

    def answer(self) -> tuple[int, str]:
        """Return status and body of moto's response."""
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode(self.call.form).encode()
        self.setup_class(Request.from_primitives("POST", "http://localhost/", form, body))
        try:
            result = getattr(self, camelcase_to_underscores(self.call.operation.name))()
            if self.pager:
                self.cut_page(result.result, self.pager)
        except ServiceException as error:
            result = ActionResult(error)
        status, _, text = self.serialized(result)
        return status, str(text)

    def cut_page(self, result: dict[str, Any], pager: dict[str, Any]) -> None:
        names = pager["result_key"]
        lists = {name: result[name] for name in ([names] if isinstance(names, str) else names)}
        page, marker = cut(lists, self.limit or self.page, self.marker)
        result |= {**page, pager["output_token"]: marker, "IsTruncated": marker is not None}


class IamActions(_Service, IamResponse):
    """IAM."""

    page = 100
    RESPONSE_KEY_PATH_TO_TRANSFORMER = shapes.IAM

    def answer(self) -> tuple[int, str]:
        if self.call.operation.name in WITH_POLICIES:
            self.call.iam.count_boundaries()
        return super().answer()

    def create_role(self) -> ActionResult:
        result: Any = super().create_role()
        role = copy(result.result["Role"])  # the answer shows what was sent, not what is kept
        role.assume_role_policy_document = self.call.form["AssumeRolePolicyDocument"]
        return ActionResult({"Role": role})

    def get_account_authorization_details(self) -> ActionResult:
        for policy in self.backend.managed_policies.values():  # here moto knows no other name
            policy.policy_name, policy.policy_id = policy.name, policy.id  # type: ignore[attr-defined]
        return super().get_account_authorization_details()

    def create_user(self) -> ActionResult:
        result = super().create_user()
        if "PermissionsBoundary" in self.params:
            self.put_user_permissions_boundary()
        return result

    def create_login_profile(self) -> ActionResult:
        must_reset = self.params.get("PasswordResetRequired", False)
        self.backend.get_user(self.params["UserName"]).password_reset_required = must_reset
        return super().create_login_profile()

    def put_user_permissions_boundary(self) -> ActionResult:
        user = self.backend.get_user(self.params["UserName"])
        user.permissions_boundary = {  # type: ignore[attr-defined]  # moto has it for roles only
            "PermissionsBoundaryType": "PermissionsBoundaryPolicy",
            "PermissionsBoundaryArn": self.params["PermissionsBoundary"],
        }
        return EmptyResult()

    def delete_user_permissions_boundary(self) -> ActionResult:
        user = self.backend.get_user(self.params["UserName"])
        user.permissions_boundary = None  # type: ignore[attr-defined]
        return EmptyResult()

    def delete_user(self) -> ActionResult:
        user = self.backend.get_user(self.params["UserName"])
        result = super().delete_user()
        forget_principal(user, self.partition)
        return result

    def update_role(self) -> ActionResult:
        role = self.backend.get_role(self.params["RoleName"])
        kept = {"Description": role.description, "MaxSessionDuration": role.max_session_duration}
        self.params = kept | self.params
        return super().update_role()

    def delete_role(self) -> ActionResult:
        role = self.backend.get_role(self.params["RoleName"])
        result = super().delete_role()
        forget_principal(role, self.partition)
        return result


class Ec2Actions(_Service, EC2Response):
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


class StsActions(_Service, TokenResponse):
    """STS, of which moto only writes the responses."""

    def get_caller_identity(self) -> ActionResult:
        who = self.call.identity
        return ActionResult({"UserId": who.user_id, "Account": who.account_id, "Arn": who.arn})

    def assume_role(self) -> ActionResult:
        session = self.call.session
        role = session.role
        assumed = Identity(role.account_id, role.partition, role, session)
        result: dict[str, Any] = {
            "Credentials": {
                "AccessKeyId": session.key_id,
                "SecretAccessKey": session.secret,
                "SessionToken": session.token,
                "Expiration": session.expires,
            },
            "AssumedRoleUser": {"AssumedRoleId": assumed.user_id, "Arn": assumed.arn},
            "SourceIdentity": session.source_identity or None,
            "PackedPolicySize": session.packed_size,
        }
        return ActionResult(result)


SERVICES: dict[str, type[_Service | OrganizationsActions]] = {
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
