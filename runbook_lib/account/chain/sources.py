"""Where the SDK's chain found credentials, as a person set them up."""

from typing import Any

_SOURCES = {
    "env": "the key in the environment (AWS_ACCESS_KEY_ID)",
    "assume-role-with-web-identity": "the role of the web identity (AWS_WEB_IDENTITY_TOKEN_FILE)",
    "container-role": "the role of this container",
    "iam-role": "the role of this machine",
    "shared-credentials-file": "the key of profile {!r} in the credentials file",
    "config-file": "the key of profile {!r} in the config file",
    "custom-process": "the credential_process of profile {!r}",
    "assume-role": "the role of profile {!r} (role_arn)",
    "sso": "the SSO session of profile {!r}",
    "login": "the aws login session of profile {!r}",
}


def described(method: str, session: Any) -> str:
    """Return where these credentials come from: the chain's name for its way, and its session."""
    name = session.profile or "default"
    profile = session.full_config.get("profiles", {}).get(name, {})
    if method == "assume-role-with-web-identity" and "web_identity_token_file" in profile:
        return f"the web identity of profile {name!r} (web_identity_token_file)"
    return _SOURCES.get(method, f"profile {{!r}} ({method})").format(name)
