"""How identity providers write a subject, and which wildcards in it span owners."""

import re

_NAME = r"[^*?:/]+"  # one part of a subject, without wildcards
_REPOSITORY = rf"(repo|repository|job_workflow_ref):{_NAME}/{_NAME}([:/@].*)?"
_NARROW = [  # how subjects begin, and all that are narrow enough; wildcards may stand for `.*`
    # https://docs.github.com/en/actions/reference/security/oidc
    (r"repo|job_workflow_ref|repository", _REPOSITORY),
    (r"repository_\w+", rf".*:{_REPOSITORY}"),
    # https://docs.gitlab.com/ci/cloud_services/aws/
    (r"project_path", rf"project_path:{_NAME}/[^*?:]+(:.*)?"),
    # https://support.atlassian.com/bitbucket-cloud/docs/deploy-on-aws-using-bitbucket-pipelines-openid-connect/
    (r"\{.*", rf"{_NAME}:.*"),
    # https://developer.hashicorp.com/terraform/cloud-docs/workspaces/dynamic-provider-credentials/aws-configuration
    # https://buildkite.com/docs/pipelines/security/oidc
    (
        r"organization",
        rf"organization:{_NAME}:(pipeline:{_NAME}(:.*)?|project:{_NAME}:workspace:.*"
        rf"|project:[^:]+:workspace:{_NAME}(:.*)?)",
    ),
    # https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html
    (r"system", rf"system:serviceaccount:{_NAME}:.*"),
    # https://circleci.com/docs/openid-connect-tokens/
    (r"org", rf"org/{_NAME}/project/{_NAME}(/.*)?"),
    # Elsewhere two whole parts come before anything that is left open.
    (r".*", rf"{_NAME}[:/]{_NAME}[:/].*"),
]


def is_wide(subject: str) -> bool:
    """Tell whether a wildcard stands where an owner, a repository or their like is named."""
    if not {"*", "?"} & set(subject):
        return False
    begins = re.split("[:/]", subject)[0]
    narrow = next(form for kind, form in _NARROW if re.fullmatch(kind, begins, re.DOTALL))
    return re.fullmatch(narrow, subject, re.DOTALL) is None
