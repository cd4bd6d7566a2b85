"""The actions of IAM: moto's, and what they do that moto does not."""

from copy import copy
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.iam.responses import IamResponse

from runbook_lib.local_aws.store import shapes
from runbook_lib.local_aws.store.iam_backend import boundary_of
from runbook_lib.local_aws.store.mfa_devices import DeviceActions
from runbook_lib.local_aws.store.services.service import Service
from runbook_lib.local_aws.store.trust_policies import forget_principal

WITH_POLICIES = ("GetPolicy", "ListPolicies", "GetAccountAuthorizationDetails")


class IamActions(DeviceActions, Service, IamResponse):
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

    def list_groups(self) -> ActionResult:
        result: Any = super().list_groups()
        groups = [each for each in result.result["Groups"] if _is_below(self.params, each)]
        return ActionResult(result.result | {"Groups": groups})

    def list_policies(self) -> ActionResult:
        result: Any = super().list_policies()
        wanted = self.params.get("PolicyUsageFilter")
        if wanted:
            of = {
                "PermissionsPolicy": "attachment_count",
                "PermissionsBoundary": "permissions_boundary_usage_count",
            }[wanted]
            used = [each for each in result.result["Policies"] if getattr(each, of)]
            result.result["Policies"] = used
        return result  # type: ignore[no-any-return]

    def list_entities_for_policy(self) -> ActionResult:
        """List who has the policy attached, and whose boundary it is."""
        arn, usage = self.params["PolicyArn"], self.params.get("PolicyUsageFilter", "")
        wanted = self.params.get("EntityFilter")
        result: dict[str, Any] = {}
        for kind, held in (("Group", "groups"), ("User", "users"), ("Role", "roles")):
            result[f"Policy{kind}s"] = [
                each
                for each in getattr(self.backend, held).values()
                if wanted in (None, kind)
                and _is_below(self.params, each)
                and (
                    (usage != "PermissionsBoundary" and arn in each.managed_policies)
                    or (usage != "PermissionsPolicy" and arn == boundary_of(each))
                )
            ]
        return ActionResult(result)

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


def _is_below(given: dict[str, Any], entity: Any) -> bool:
    return str(entity.path).startswith(given.get("PathPrefix", "/"))
