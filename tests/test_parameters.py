"""Bad values are refused before anything is sent, with the corrected command line."""

import pytest

from runbook_lib.account import parameters
from runbook_lib.errors import ParameterError


@pytest.mark.parametrize("value", ["123456789012", "012345678901", 278805249149])
def test_an_account_id_is_twelve_digits(value: object) -> None:
    assert parameters.account_id(value) == str(value)


@pytest.mark.parametrize(
    "value",
    [
        12345678901,
        1402433619,
        -123456789012,
        123456789012.0,
        True,
        None,
        "",
        "12345678901",
        "1234567890123",
        "1234-5678-9012",
        " 123456789012",
        "123456789012\n",
        "12345678901a",
        "１２３４５６７８９０１２",
        "१२३४५६७८९०१२",
    ],
)
def test_anything_else_is_refused_with_the_command_line_that_works(value: object) -> None:
    with pytest.raises(ParameterError) as caught:
        parameters.account_id(value)
    assert "-r account_id 012345678901" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("policy_name", "a" * 128, "a" * 129),
        ("user_name", "assume-role-user", "assume role user"),
        ("role_name", "r_+=,.@-", "role/name"),
        ("role_name", "a" * 64, "a" * 65),
        ("session_name", "ab", "a"),
        ("session_name", "a@b", "세션"),
        ("region", "us-gov-west-1", "seoul"),
        ("region", "ap-northeast-2", "ap-northeast-2 "),
        ("backend", "aws", "azure"),
        ("variant", "least-privilege", "leastprivilege"),
        ("trusted_account_id", "", "12"),
        ("confirm", True, "yes"),
        *(("duration_seconds", good, "900 s") for good in (900, "900", 3600, 43200, "43200")),
        *(("duration_seconds", 3600, bad) for bad in (899, 43201, "899", "43201", "0900", -900)),
        *(
            ("duration_seconds", 3600, bad)
            for bad in (900.0, True, None, "", "９００", "15m", " 900")
        ),
        ("profile", "", "a\nb"),
        ("user_name", "x", 5),
    ],
)
def test_names_follow_awss_rules(name: str, good: object, bad: object) -> None:
    parameters.check({name: good})
    with pytest.raises(ParameterError, match=name):
        parameters.check({name: bad})


def test_a_refused_duration_shows_the_command_line_that_works() -> None:
    with pytest.raises(ParameterError, match=r"900 to 43200 .*\n.*-p duration_seconds 3600$"):
        parameters.check({"duration_seconds": "15m"})


def test_a_profile_needs_a_real_account() -> None:
    with pytest.raises(ParameterError, match="embedded AWS"):
        parameters.check({"backend": "local", "profile": "prod"})


def test_an_injected_parameter_that_the_notebook_does_not_have_is_refused() -> None:
    cells = ["", 'account_id: str = "1"  # help', "# Parameters\nacount_id = 5\naccount_id = 6\n"]
    with pytest.raises(ParameterError, match="no parameter 'acount_id'.*it has account_id"):
        parameters.check({"In": cells, "account_id": "123456789012"})


def test_what_a_person_assigns_in_a_notebook_is_not_a_parameter() -> None:
    cells = ["", 'account_id: str = "1"  # help', "x = 5", "parameters.check(globals())"]
    parameters.check({"In": cells, "account_id": "123456789012", "x": 5})


def test_every_check_has_a_default_that_passes() -> None:
    parameters.check(parameters.DEFAULTS)
