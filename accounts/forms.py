"""Signing in, and what administrators and people ask of accounts. The shape of input only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.password_validation import password_validators_help_texts
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.choices import Power, Role
from accounts.reasons import LONGEST_REASON, checked_reason
from history.days import DayField

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

LONGEST_SEARCH = 200
LONGEST_PASSWORD = 4096


class SignInForm(AuthenticationForm):
    """User name and password.

    Whatever was wrong, unknown name, wrong password or closed account, the message is the same:
    it must not tell which accounts exist.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        no_match = _("The user name and password do not match.")
        self.error_messages = {"invalid_login": no_match, "inactive": no_match}
        self.fields["username"].label = _("User name")
        self.fields["password"].label = _("Password")


# Fields


class ReasonField(forms.CharField):
    """Why, in words that can be read. It goes to the history."""

    def __init__(self, *, required: bool = True, label: str | _StrPromise = "") -> None:
        super().__init__(
            label=label or _("Reason"),
            required=required,
            max_length=LONGEST_REASON,
            help_text=_("Kept in the history, where everyone with a role can read it."),
            widget=forms.Textarea(attrs={"rows": 3}),
        )

    def clean(self, value: Any) -> str:
        given: str = super().clean(value)
        return checked_reason(given) if given or self.required else ""


def password_field(label: str | _StrPromise, autocomplete: str, **options: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        strip=False,
        max_length=LONGEST_PASSWORD,
        widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}),
        **options,
    )


# Acts


class SeenForm(forms.Form):
    """A form that tells the version of what its page showed, where that is compared.

    A request that leaves it out is refused: nobody would know what it was about.
    """

    seen = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)

    def clean_seen(self) -> int | None:
        seen: int | None = self.cleaned_data["seen"]
        if seen is None and self.initial.get("seen") is not None:
            self.add_error(None, _("What was looked at is not told. Open the page again."))
        return seen


class ActForm(SeenForm):
    """What an act asks for."""


class ReasonForm(ActForm):
    """Declining, closing, and what is proposed without anything to choose."""

    reason = ReasonField()


class ConfirmForm(ActForm):
    """Confirming: the reason was given with the proposal."""

    reason = ReasonField(required=False, label=_("Note (optional)"))


class AccountForm(ActForm):
    """A new account."""

    username = forms.CharField(
        label=_("User name"),
        max_length=150,
        help_text=_("Small letters without accents, digits and . _ @ + -. It never changes."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=150,
        help_text=_("As others see it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    reason = ReasonField()


class RoleForm(ActForm):
    """A role and its days."""

    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, widget=forms.RadioSelect)
    starts_on = DayField(
        label=_("First day"),
        help_text=_("If it is confirmed later, it begins on the day of the confirmation."),
    )
    ends_on = DayField(
        label=_("Until (optional)"),
        required=False,
        help_text=_("The first day on which it is no longer held."),
    )
    reason = ReasonField()


class DelegationForm(ActForm):
    """What an instrument of delegation says, and its days."""

    number = forms.CharField(label=_("Number of the instrument"), max_length=100)
    instrument_en = forms.CharField(label=_("Title of the instrument, in English"), max_length=300)
    instrument_fr = forms.CharField(label=_("Title of the instrument, in French"), max_length=300)
    capacity_en = forms.CharField(
        label=_("Capacity, in English"),
        max_length=200,
        help_text=_("The office in which the person acts for the Minister."),
    )
    capacity_fr = forms.CharField(label=_("Capacity, in French"), max_length=200)
    powers = forms.MultipleChoiceField(
        label=_("Powers"), choices=Power.choices, widget=forms.CheckboxSelectMultiple
    )
    starts_on = DayField(
        label=_("First day"),
        help_text=_("If it is confirmed later, it begins on the day of the confirmation."),
    )
    ends_on = DayField(
        label=_("Until (optional)"),
        required=False,
        help_text=_("The first day on which it is no longer held."),
    )
    reason = ReasonField()


class EndForm(ActForm):
    """When a right ends, and why."""

    on = DayField(
        label=_("Ends on"),
        help_text=_("The first day on which it is no longer held. Today ends it at once."),
    )
    reason = ReasonField()


class PasswordForm(ActForm):
    """Another password for oneself."""

    current = password_field(_("Present password"), "current-password")
    new = password_field(
        _("New password"),
        "new-password",
        help_text=lazy(lambda: " ".join(password_validators_help_texts()), str)(),
    )
    again = password_field(_("The new password again"), "new-password")

    def clean(self) -> None:
        given = self.cleaned_data
        if "new" in given and "again" in given and given["new"] != given["again"]:
            self.add_error("again", _("The two are not the same."))


# Lists

ANY = pgettext_lazy("no filter", "Any")


class PeopleForm(forms.Form):
    """Whom to list."""

    q = forms.CharField(
        label=_("Find a person"),
        required=False,
        max_length=LONGEST_SEARCH,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    role = forms.ChoiceField(
        label=_("Role today"), required=False, choices=[("", ANY), *Role.choices]
    )
    state = forms.ChoiceField(
        label=_("Account"),
        required=False,
        choices=[
            ("", ANY),
            ("open", pgettext_lazy("account", "Open")),
            ("temporary", _("Temporary password")),
            ("closed", pgettext_lazy("account", "Closed")),
        ],
    )
