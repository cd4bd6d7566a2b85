"""What a call is about: the ARN that somebody means by a name, as the action says of what kind."""

from collections.abc import Collection

from runbook_lib.errors import ParameterError
from runbook_lib.questions import actions, naming
from runbook_lib.questions.people import People


def resource(people: People, action: str, text: str) -> str:
    """Return the ARN that a person means: as it is, or the role, user or policy of a name.

    Raises: ParameterError for what is neither; RunbookError for a name that is not there.
    """
    if text.startswith("arn:") and text.count(":") >= 5:
        return text
    if action.startswith(("iam:", "sts:")) and ":" not in text:
        if there := people.shown_as(text):
            return str(there[1]["Arn"])
        kind, _, name = text.rpartition("/")
        kinds = {kind} if kind else actions.kinds(action)
        if named := _named(people, kinds, name):
            return named
        (only,) = kinds if len(kinds) == 1 else ("",)
        if action.lower() == f"iam:create{only}":  # is not there yet
            return f"{people.root().arn.removesuffix('root')}{only}/{name}"
        if only == "role":
            return str(naming.role(people, name)["Arn"])
        if only == "user":
            return naming.principal(people, f"user/{name}").shown
    raise ParameterError(
        f'resource {text!r} is not accepted: expected an ARN, "*", or the name of a role, user, '
        "group or policy, where the action is about one"
    )


def _named(people: People, kinds: Collection[str], name: str) -> str:
    """Return the ARN of the account's user, role, group or policy of this name."""
    of = people.inventory
    listed = {"user": of.users, "role": of.roles, "group": of.groups, "policy": of.policies}
    there = [
        one["Arn"]
        for kind in listed.keys() & kinds
        for one in listed[kind]
        if one[f"{kind.title()}Name"].lower() == name.lower()
    ]
    return str(there[0]) if len(there) == 1 else ""
