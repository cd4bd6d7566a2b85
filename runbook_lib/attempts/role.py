"""The attempts of the lesson: assuming the role, and what should not be possible around it."""

from collections.abc import Iterator
from typing import Any

from runbook_lib import ec2, iam, sts
from runbook_lib.account import opening, waiting
from runbook_lib.account.caller import Caller
from runbook_lib.account.mfa import codes
from runbook_lib.attempts.evidence import Attempt, Outcome, attempt
from runbook_lib.attempts.predict import made_as
from runbook_lib.errors import MissingStepError
from runbook_lib.policies import MFA_SECONDS
from runbook_lib.runbook import Runbook

_NOTEBOOKS = {
    "policy": "notebooks/02_assume_role_policy.ipynb",
    "role": "notebooks/04_role.ipynb",
}


def assume_role(book: Runbook, as_user: Caller) -> Attempt:
    """Try sts:AssumeRole with all that the trust policy asks for.

    In the variant mfa that is a code of the user's MFA device.
    Raises: MissingStepError where policy or role are those of another variant, or this machine
    does not hold the device's seed.
    """
    wanted = book.wanted
    _require_one_variant(book)
    return attempt(
        sts.assume_role,
        as_user,
        wanted.role_arn,
        book.session_name,
        expected="allowed",
        owner=book.role_account,
        external_id=wanted.external_id,
        mfa=codes.second_factor(as_user) if wanted.asks_for_mfa else None,
    )


def _require_one_variant(book: Runbook) -> None:
    wanted = book.wanted.variant
    other = {kind: made for kind, made in made_as(book).items() if made != wanted}
    if other:
        made = " and ".join(f"the {kind} was made with {one!r}" for kind, one in other.items())
        raise MissingStepError(
            f"this section runs with variant {wanted!r}, but {made}: run "
            f"{' and '.join(_NOTEBOOKS[kind] for kind in other)} with variant {wanted!r} first, or "
            "this one with theirs"
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
    return [*rows, *(_old_session(book, as_user) if wanted.asks_for_mfa else [])]


def _intruders(book: Runbook, as_user: Caller) -> Iterator[tuple[Caller, dict[str, Any]]]:
    """Yield who should not be admitted: other people, and the user without what it should send."""
    if book.wanted.variant == "external-id":
        yield as_user, {}
        yield as_user, {"external_id": "somebody-elses"}
    elif book.wanted.variant != "tutorial":
        yield book.role_account, {}
    if book.wanted.asks_for_mfa:
        yield as_user, {}
        yield as_user, {"mfa": codes.wrong_code(as_user)}
        yield as_user, {"mfa": codes.used_code(as_user)}


def _old_session(book: Runbook, as_user: Caller) -> Iterator[Attempt]:
    """Try with a session that gave its code just now, and with the same when that is too old.

    So it is the age that is refused. The minute in between passes on a real account, too.
    """
    response = sts.get_session_token(as_user, mfa=codes.second_factor(as_user))
    signed_in = opening.open_session(book.user_account, as_user, response)
    ages: dict[int, Outcome] = {0: "allowed", MFA_SECONDS: "refused"}
    for age, expected in ages.items():
        if age:
            what = "the session to be older than the trust policy admits"
            waiting.pass_time(as_user.place.backend, as_user.account_id, what, age)
        yield attempt(
            sts.assume_role,
            signed_in,
            book.wanted.role_arn,
            book.session_name,
            expected=expected,
            owner=book.role_account,
            context={"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": str(age)},
        )
