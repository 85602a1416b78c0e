import pytest

from policies.domain.codes import is_under, is_written_code, parts


@pytest.mark.parametrize(
    ("code", "named", "expected"),
    [
        ("2-15.d", "2-15", True),
        ("2-10", "2-1", False),
        ("2-1", "2-10", False),
        ("2-1", "2", True),
        ("5504(2)(h)", "5504", True),
        ("5504.2.h", "5504(2)(h)", True),
        ("5504(2)(h)", "5504(2)", True),
        ("5504(2)", "5504(2)(h)", False),
        ("5504(2)h)", "5504(2)(h)", True),
        ("5504", "5", True),
        ("5", "5504", False),
        ("Group 2", "2", True),
        ("GROUP 9", "9", True),
        ("group 4", "Group 4", True),
        ("2-15.D", "2-15.d", True),
        ("1-5.P1", "1-5", True),
        ("1-5.P1", "1-5.A.1", False),
        ("3-01", "3-1", False),
        (" 2-15.d ", "2-15", True),
    ],
)
def test_a_code_is_under_another_by_its_parts(code: str, named: str, expected: bool) -> None:
    assert is_under(parts(code), parts(named)) is expected


@pytest.mark.parametrize(
    "code",
    [
        "2",
        "2-15.d",
        "Group 4",
        "5504(2)(h)",
        "5504.2.h",
        "5504(2)h)",
        "1-5.P1",
        "2-8.c.4.a",
        "2-2.other",
        "9-8(1)(a)(ii)",
        " 2-1 ",
    ],
)
def test_the_ways_in_which_codes_are_written_are_read(code: str) -> None:
    assert is_written_code(code)


@pytest.mark.parametrize(
    "code",
    [
        "",
        " ",
        "0-1",
        "10-1",
        "45",
        "4504",
        "x",
        "2-",
        "-1",
        "2 15",
        "2-15.é",
        "2/15",
        "2-1\x00",
        "٢-1",
    ],
)
def test_what_is_not_a_code_is_not_taken_for_one(code: str) -> None:
    assert not is_written_code(code)
