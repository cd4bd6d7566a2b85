"""The one opening call of every notebook and command: parameters checked, accounts opened.

What is done with a runbook is for `iam`, `sts` and `ec2`, `attempts` and `plan`.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runbook_lib.account import journal, opening, parameters, profiles
from runbook_lib.account.caller import Caller
from runbook_lib.errors import ParameterError
from runbook_lib.machine import software, state
from runbook_lib.machine.language import LANGUAGES, use
from runbook_lib.policies import Setup


@dataclass(frozen=True, slots=True, kw_only=True)
class Runbook:
    """Both accounts, opened as their administrators, and what is wanted in them.

    The role lives in `role_account`, the user with its key and its policy in `user_account`;
    mostly they are one and the same.
    """

    role_account: Caller
    user_account: Caller
    wanted: Setup
    session_name: str
    duration_seconds: int

    @property
    def accounts(self) -> list[Caller]:
        """The administrators, the user's account first; one where it is one account."""
        one = self.user_account is self.role_account
        return [self.user_account] if one else [self.user_account, self.role_account]

    @property
    def calls(self) -> list[journal.Call]:
        """Every call of this kernel or run so far, by whomever it was made."""
        return journal.calls()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep other runs out of these accounts inside the block.

        Raises: RunbookError where one is at work.
        """
        with ExitStack() as stack:
            for caller in self.accounts:
                stack.enter_context(caller.place.exclusive(caller.account_id))
            yield

    @property
    def credentials_file(self) -> str:
        """Where the user's key is kept, as a shell takes it."""
        return state.as_typed(self._profiles / "credentials")

    @property
    def _profiles(self) -> Path:
        return profiles.folder(self.user_account.place.backend, self.user_account.account_id)

    def open_user(self) -> Caller:
        """Open the user with its key (no permission needed); see `opening.open_user`."""
        return opening.open_user(self.user_account, self.wanted.user_arn)

    def open_session(self, as_user: Caller, response: dict[str, Any] | None) -> Caller:
        """Open the role's session (no permission needed); see `opening.open_session`."""
        return opening.open_session(self.role_account, as_user, response)

    def hand_over(self, as_user: Caller) -> dict[str, str]:
        """Write both profiles for other tools; return where they are, and lines for a shell."""
        place, role_arn = as_user.place, self.wanted.role_arn
        where = (place.backend, as_user.account_id)
        device = profiles.read_device(*where)
        profiles.write_user(*where, region=place.region, endpoint=place.endpoint)
        profiles.write_role(
            *where,
            region=place.region,
            endpoint=place.endpoint,
            role_arn=role_arn,
            session_name=self.session_name,
            duration_seconds=self.duration_seconds,
            external_id=self.wanted.external_id,
            mfa_serial=device.serial_number if device and self.wanted.asks_for_mfa else None,
        )
        who = {"user": profiles.USER_PROFILE, "role": profiles.ROLE_PROFILE}
        lines = {f"As the {kind}": self._line(kind, name) for kind, name in who.items()}
        return {"Profile files": state.as_typed(self._profiles), **lines}

    def _line(self, kind: str, profile: str) -> str:
        """Return a line for a fresh shell: it asks EC2 as this profile, and as nobody else."""
        asked = software.program("aws", "--profile", profile, "ec2", "describe-instances")
        if self.user_account.place.backend == "local":
            words = ("local", "env", self.user_account.account_id, "--as", kind)
            return f'eval "$({software.program("runbook", *words)})"; {asked}'
        names = {"AWS_SHARED_CREDENTIALS_FILE": "credentials", "AWS_CONFIG_FILE": "config"}
        files = [f"{name}={state.as_typed(self._profiles / file)}" for name, file in names.items()]
        return " ".join([*files, asked])


def open_runbook(namespace: Mapping[str, Any], *, language: str = "en") -> Runbook:
    """Check the parameters, open the role's and the user's account, describe what is wanted.

    `namespace` is a notebook's `globals()`, or a dict of parameters; what it does not name has its
    default. From here on the runbook's own words are shown in `language`, en or ko.
    Needs no permission: nothing is sent but sts:GetCallerIdentity.
    Raises: ParameterError before anything is sent; WrongAccountError, RunbookError as
    `opening.open_account`.
    """
    if language not in LANGUAGES:
        raise ParameterError(f"language {language!r} is not there: choose {' or '.join(LANGUAGES)}")
    use(language)
    parameters.check(namespace)
    chosen = {name: namespace.get(name, default) for name, default in parameters.DEFAULTS.items()}
    where = [chosen[name] for name in ("region", "backend", "profile")]
    role_account = opening.open_account(chosen["account_id"], *where)
    trusted = parameters.account_id(chosen["trusted_account_id"] or role_account.account_id)
    same = trusted == role_account.account_id
    user_account = role_account if same else opening.open_account(trusted, *where)
    wanted = Setup(
        account_id=role_account.account_id,
        partition=role_account.partition,
        trusted_account_id=user_account.account_id,
        **{name: chosen[name] for name in ("variant", "policy_name", "user_name", "role_name")},
    )
    return Runbook(
        role_account=role_account,
        user_account=user_account,
        wanted=wanted,
        session_name=chosen["session_name"],
        duration_seconds=parameters.duration_seconds(chosen["duration_seconds"]),
    )
