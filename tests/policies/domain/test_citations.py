import re

import pytest

from policies.domain.citations import section_in_french
from tests.policies import packaged


@pytest.mark.parametrize(
    ("english", "french"),
    [
        ("s. 2(a)", "al. 2a)"),
        ("s. 8(1)(a)", "al. 8(1)a)"),
        ("s. 7.3(1)(b)(i)", "sous-al. 7.3(1)b)(i)"),
        ("7.3(1)(b)(i)", "7.3(1)b)(i)"),
        ("s. 3", "art. 3"),
        ("s. 7(2)", "par. 7(2)"),
        ("s. 1(b), (c)", "al. 1b), c)"),
        ("ss. 3.06 to 3.09", "art. 3.06 à 3.09"),
        ("s. 2(b); SOR/2019-223", "al. 2b); DORS/2019-223"),
        ("s. 4.1, former wording", "art. 4.1, ancien libellé"),
        ("item 5505(1), (3)", "article 5505(1), (3)"),
        ("schedule", "annexe"),
    ],
)
def test_sections_are_cited_in_french_form(english: str, french: str) -> None:
    assert section_in_french(english) == french


def test_no_section_of_the_data_keeps_an_english_word() -> None:
    for policy in packaged.read("policies.json")["policies"]:
        section = policy["instrument"]["section"] or ""
        assert not re.search(
            r"\b(ss?\.|to|item|schedule|wording|SOR)\b", section_in_french(section)
        )
