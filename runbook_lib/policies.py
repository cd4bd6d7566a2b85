"""The tutorial's two policy documents and their better variants, as plain dicts. No AWS calls.

[File 1] says what the user may do, [File 2] whom the role trusts. `Setup` is the one description
of everything that the runbook makes: the notebooks, plan, destroy and the proof all read it.
"""

from dataclasses import dataclass, replace
from typing import Any, Literal

Document = dict[str, Any]
Variant = Literal["tutorial", "least-privilege", "external-id", "mfa"]

EXTERNAL_ID = "assume-role-runbook"
PARTNER_ACCOUNT_ID = "999988887777"  # on the embedded AWS, whom the variant external-id trusts
MFA_SECONDS = 60  # so long after its code a session of the user's is admitted, variant mfa
ROLE_POLICY_NAME = "describe-instances"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """The objects of one variant: a policy, a user with a key, a role, two attachments.

    The variant mfa has an MFA device of the user's as well. The user, its key and [File 1] live
    in `trusted_account_id`, the role in `account_id`; these are one account unless somebody asks
    for two.
    """

    account_id: str
    partition: str
    variant: Variant
    trusted_account_id: str
    policy_name: str
    user_name: str
    role_name: str

    @property
    def tutorial(self) -> "Setup":
        """The same objects as the tutorial has them."""
        return replace(self, variant="tutorial")

    @property
    def policy_arn(self) -> str:
        """ARN of [File 1]."""
        return f"arn:{self.partition}:iam::{self.trusted_account_id}:policy/{self.policy_name}"

    @property
    def user_arn(self) -> str:
        """ARN of the user that assumes the role."""
        return f"arn:{self.partition}:iam::{self.trusted_account_id}:user/{self.user_name}"

    @property
    def role_arn(self) -> str:
        """ARN of the role to assume."""
        return f"arn:{self.partition}:iam::{self.account_id}:role/{self.role_name}"

    @property
    def policy(self) -> Document:
        """[File 1]: what the user may do."""
        resource = "*" if self.variant == "tutorial" else self.role_arn
        return _policy({"Effect": "Allow", "Action": ["sts:AssumeRole"], "Resource": resource})

    @property
    def trust(self) -> Document:
        """[File 2]: whom the role trusts, and under which condition."""
        principal = {"tutorial": self.trusted_account_id, "external-id": self.trusted_account_id}
        return _policy(
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"AWS": principal.get(self.variant, self.user_arn)},
                "Condition": _CONDITIONS.get(self.variant, {}),
            }
        )

    @property
    def role_policy_arn(self) -> str | None:
        """The managed policy to attach to the role; the tutorial's variant has one."""
        managed, _ = given_to_the_role(self.partition)
        return managed if self.variant == "tutorial" else None

    @property
    def role_inline_policies(self) -> dict[str, Document]:
        """Just what the demonstration needs, by name, where no managed policy is attached."""
        if self.variant == "tutorial":
            return {}
        statement = {"Effect": "Allow", "Action": "ec2:DescribeInstances", "Resource": "*"}
        return {ROLE_POLICY_NAME: _policy(statement)}

    @property
    def asks_for_mfa(self) -> bool:
        """Whether the user needs a second factor to get in."""
        return self.variant == "mfa"

    @property
    def external_id(self) -> str | None:
        """What the caller must send along so that the trust policy admits it."""
        return EXTERNAL_ID if self.variant == "external-id" else None


def given_to_the_role(partition: str) -> tuple[str, str]:
    """Return what any variant gives the role: a managed policy's ARN, an inline policy's name."""
    return f"arn:{partition}:iam::aws:policy/AmazonEC2FullAccess", ROLE_POLICY_NAME


_CONDITIONS: dict[str, Document] = {
    "external-id": {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}},
    "mfa": {
        "Bool": {"aws:MultiFactorAuthPresent": "true"},
        "NumericLessThan": {"aws:MultiFactorAuthAge": str(MFA_SECONDS)},
    },
}


def _policy(statement: Document) -> Document:
    return {"Version": "2012-10-17", "Statement": [statement]}
