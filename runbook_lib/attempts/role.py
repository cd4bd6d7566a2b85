"""The attempts of the lesson: assuming the role, and what should not be possible around it."""

from collections.abc import Iterator

from runbook_lib import ec2, iam, sts
from runbook_lib.account.caller import Caller
from runbook_lib.attempts.evidence import Attempt, Outcome, attempt
from runbook_lib.attempts.predict import longest_session, made_as
from runbook_lib.errors import MissingStepError, RunbookError
from runbook_lib.machine import software
from runbook_lib.runbook import Runbook

_NOTEBOOKS = {"policy": "02_assume_role_policy.ipynb", "role": "04_role.ipynb"}
_HOUR = 3600  # AWS's own duration is not sent


def assume_role(book: Runbook, as_user: Caller) -> Attempt:
    """Try sts:AssumeRole with all that the trust policy asks for.

    The variant mfa asks for a token code where the user has a device; without one, the refusal is
    what is expected.
    Raises: MissingStepError where policy or role are those of another variant; RunbookError where
    the role's sessions may not last that long, or nobody is there to type a code that is needed.
    """
    wanted = book.wanted
    _require_one_variant(book)
    _require_short_enough(book)
    mfa = None if wanted.admits else sts.second_factor(as_user)
    return attempt(
        sts.assume_role,
        as_user,
        wanted.role_arn,
        book.session_name,
        expected="allowed" if wanted.admits or mfa else "refused",
        owner=book.role_account,
        duration_seconds=book.duration_seconds if book.duration_seconds != _HOUR else None,
        external_id=wanted.external_id,
        mfa=mfa,
    )


def _require_one_variant(book: Runbook) -> None:
    wanted, made = book.wanted.variant, made_as(book)
    other = {kind: one for kind, one in made.items() if one != wanted}
    if other:
        told = " and ".join(f"the {kind} was made with {one!r}" for kind, one in other.items())
        theirs = {*made.values()}
        raise MissingStepError(
            f"this section runs with variant {wanted!r}, but {told}: run "
            f"{' and '.join(_NOTEBOOKS[kind] for kind in other)} with variant {wanted!r} first"
            + (f", or this one with {theirs.pop()!r}" if len(theirs) == 1 else "")
        )


def _require_short_enough(book: Runbook) -> None:
    longest = longest_session(book)
    if longest and book.duration_seconds > longest:
        name = book.wanted.role_name
        raise RunbookError(
            f"duration_seconds is {book.duration_seconds}, and sessions of role {name!r} last at "
            f"most {longest} seconds (its MaxSessionDuration); sts:AssumeRole was not sent. Give "
            f"{longest} or less: {software.program('papermill')} NOTEBOOK OUTPUT "
            f"-p duration_seconds {longest}"
        )


def counterexamples(book: Runbook, as_user: Caller, as_role: Caller) -> list[Attempt]:
    """Try what the role should not do beyond its purpose, and who should not get in.

    `as_role` is the role session, or the user where there is none. Needs nothing but what the
    principals have.
    """
    wanted = book.wanted
    second: Outcome = "allowed" if wanted.role_policy_arn and as_role is not as_user else "refused"
    rows = [
        attempt(ec2.describe_key_pairs, as_role, expected=second),
        attempt(iam.list_users, as_role, expected="refused"),
    ]
    for caller, options in _intruders(book, as_user):
        rows.append(
            attempt(
                sts.assume_role,
                caller,
                wanted.role_arn,
                book.session_name,
                expected="refused",
                owner=book.role_account,
                **options,
            )
        )
    return rows


def _intruders(book: Runbook, as_user: Caller) -> Iterator[tuple[Caller, dict[str, str]]]:
    """Yield who should not be admitted: other people, and the user without what it should send."""
    if book.wanted.variant == "external-id":
        yield as_user, {}
        yield as_user, {"external_id": "somebody-elses"}
    elif book.wanted.variant != "tutorial":
        yield book.role_account, {}
