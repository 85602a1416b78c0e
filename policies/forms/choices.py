"""Choices that were sent and are none."""

from __future__ import annotations

from django import forms
from django.utils.text import Truncator

LONGEST_SHOWN = 40


def keep_what_was_typed(form: forms.BaseForm) -> None:
    """Offers each faulty choice as it was sent, or its select would show another one."""
    for name in form.errors:
        widget = form.fields[name].widget if name in form.fields else None
        typed = form[name].value() if widget else ""
        if isinstance(widget, forms.Select) and typed:
            widget.choices = [*widget.choices, (typed, Truncator(typed).chars(LONGEST_SHOWN))]
