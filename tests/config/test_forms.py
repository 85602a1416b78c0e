"""Lists of choices are the same elements as Django's own template makes; no text is cut off."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.test.html import parse_html

WORLD = [("", "—"), ("CA", "Canada"), ("<&>", "Côte d’Ivoire & <b>")]
GROUPED = [("Group 2", [("2-1", "Arms"), ("2-2", "More")]), ("", "None"), ("Other", [(7, "Seven")])]


class Form(forms.Form):
    """One list of choices."""

    def __init__(self, choices: Any, **attributes: Any) -> None:
        super().__init__(initial={"place": "CA"})
        widget = forms.Select(attrs=attributes)
        self.fields["place"] = forms.ChoiceField(choices=choices, widget=widget, help_text="Which.")


@pytest.mark.parametrize("choices", [WORLD, GROUPED, []])
@pytest.mark.parametrize(
    "attributes", [{}, {"disabled": True, "multiple": False, "title": 'a "b" <c>', "size": 3}]
)
def test_a_list_of_choices_is_that_of_django(choices: Any, attributes: dict[str, Any]) -> None:
    ours, theirs = Form(choices, **attributes), Form(choices, **attributes)
    theirs.renderer = DjangoTemplates()
    assert parse_html(str(ours["place"])) == parse_html(str(theirs["place"]))


def test_several_can_be_chosen() -> None:
    ours, theirs = Form(WORLD), Form(WORLD)
    theirs.renderer = DjangoTemplates()
    for form in (ours, theirs):
        form.fields["place"] = forms.MultipleChoiceField(choices=WORLD)
        form.initial = {"place": ["CA", "<&>"]}
    assert parse_html(str(ours["place"])) == parse_html(str(theirs["place"]))
    assert str(ours["place"]).count("selected") == 2


@pytest.mark.parametrize("widget", [forms.TextInput, forms.Textarea, forms.PasswordInput])
def test_what_is_pasted_is_never_cut_off_by_the_browser(widget: type[forms.Widget]) -> None:
    form = Form(WORLD)
    form.fields["words"] = forms.CharField(max_length=5, widget=widget)
    assert "maxlength" not in str(form["words"])
