"""A search box."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class DestinationSearchForm(forms.Form):
    """A destination's name, now or before, in either language; or its code."""

    q = forms.CharField(
        label=_("Find a destination"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
