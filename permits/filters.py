"""What a person may narrow the worklist, the permits and the rebuttals down by."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from permits.choices import OPEN, Outcome, Status
from permits.domain import worklist
from permits.domain.worklist import Viewer
from permits.models import Application, Permit, Statement
from policies.choices import Activity, Stance
from policies.domain.register import current_register
from policies.domain.search import folded
from policies.filters import ANY, LONGEST_SEARCH, Narrowed

ME, NOBODY = "me", "nobody"
LATE, SOON, LATER = "late", "soon", "later"
ASKS = "asks"
"""Beside what is strict in any case: with another answer, a case may be stricter."""


class WorklistFilter(Narrowed):
    """Applications of one view. Where a filter can't be read, nothing is found."""

    q = django_filters.CharFilter(
        label=_("Reference, party or goods"),
        method="by_words",
        max_length=LONGEST_SEARCH,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    destination = django_filters.ChoiceFilter(
        label=_("Destination"), field_name="destination__code", empty_label=ANY
    )
    item = django_filters.CharFilter(
        label=_("Item"),
        method="by_item",
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "size": 8}),
    )
    stance = django_filters.ChoiceFilter(
        label=_("Stance today"),
        method="by_stance",
        choices=[*Stance.choices, (ASKS, _("A question is open"))],
        empty_label=ANY,
    )
    status = django_filters.ChoiceFilter(label=_("Status"), choices=Status.choices, empty_label=ANY)
    assigned = django_filters.ChoiceFilter(
        label=_("Assigned to"), method="by_person", empty_label=ANY
    )
    due = django_filters.ChoiceFilter(
        label=_("Due"),
        method="by_due",
        choices=[
            (LATE, _("Late")),
            (SOON, _("In 5 business days or fewer")),
            (LATER, _("Later")),
        ],
        empty_label=ANY,
    )
    activity = django_filters.ChoiceFilter(
        label=_("Activity"), choices=Activity.choices, empty_label=ANY
    )

    def __init__(
        self,
        data: QueryDict,
        *,
        queryset: QuerySet[Application],
        who: Viewer,
        people: list[User],
    ) -> None:
        super().__init__(data, queryset=queryset)
        self.who = who
        fields = self.form.fields
        fields["destination"].choices = destinations_by_name()
        fields["assigned"].choices = [
            (ME, _("Me")),
            (NOBODY, _("Nobody")),
            *((str(one.pk), one.name) for one in people if one != who.by),
        ]

    def by_words(
        self, queryset: QuerySet[Application], _name: str, value: str
    ) -> QuerySet[Application]:
        return worklist.searched(queryset, value)

    def by_item(
        self, queryset: QuerySet[Application], _name: str, value: str
    ) -> QuerySet[Application]:
        return worklist.with_item(queryset, value)

    def by_stance(
        self, queryset: QuerySet[Application], _name: str, value: str
    ) -> QuerySet[Application]:
        if value == ASKS:
            return queryset.filter(overview__asks=True)
        found = queryset.filter(overview__stance=value)
        return found.filter(overview__asks=False) if value == Stance.CASE_BY_CASE else found

    def by_person(
        self, queryset: QuerySet[Application], _name: str, value: str
    ) -> QuerySet[Application]:
        if value == NOBODY:
            return queryset.filter(assigned_to__isnull=True)
        return queryset.filter(assigned_to=self.who.by.pk if value == ME else int(value))

    def by_due(
        self, queryset: QuerySet[Application], _name: str, value: str
    ) -> QuerySet[Application]:
        on, soon = self.who.on, self.who.due_soon
        due = {
            LATE: Q(overview__due_on__lt=on),
            SOON: Q(overview__due_on__gte=on, overview__due_on__lte=soon),
            LATER: Q(overview__due_on__gt=soon),
        }
        return queryset.filter(due[value], status__in=OPEN, overview__is_waiting=False)


class PermitFilter(Narrowed):
    """Permits by number, holder or goods, and destination. What can't be read finds none."""

    q = django_filters.CharFilter(
        label=_("Number, party or goods"),
        method="by_words",
        max_length=LONGEST_SEARCH,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    destination = django_filters.ChoiceFilter(
        label=_("Destination"), field_name="application__destination__code", empty_label=ANY
    )

    def __init__(self, data: QueryDict, *, queryset: QuerySet[Permit]) -> None:
        super().__init__(data, queryset=queryset)
        self.form.fields["destination"].choices = destinations_by_name()

    def by_words(self, queryset: QuerySet[Permit], _name: str, value: str) -> QuerySet[Permit]:
        return queryset.filter(application__in=worklist.searched(Application.objects.all(), value))


UNDECIDED, WITHDRAWN = "open", "withdrawn"


class RebuttalFilter(Narrowed):
    """Rebuttals by policy, destination and what came of the case. An unreadable one finds none."""

    policy = django_filters.ChoiceFilter(label=_("Policy"), method="by_policy", empty_label=ANY)
    destination = django_filters.ChoiceFilter(
        label=_("Destination"), field_name="application__destination__code", empty_label=ANY
    )
    outcome = django_filters.ChoiceFilter(
        label=_("Outcome of the case"),
        method="by_outcome",
        choices=[
            *Outcome.choices,
            (UNDECIDED, pgettext_lazy("outcome", "Not decided yet")),
            (WITHDRAWN, pgettext_lazy("application", "Withdrawn")),
        ],
        empty_label=ANY,
    )

    def __init__(self, data: QueryDict, *, queryset: QuerySet[Statement]) -> None:
        super().__init__(data, queryset=queryset)
        fields = self.form.fields
        # Only what was ever claimed: the other policies would find nothing.
        keys = set(queryset.order_by().values_list("key", flat=True).distinct())
        policies = sorted({key.rpartition(":")[0] for key in keys})
        fields["policy"].choices = [(key, key) for key in policies]
        fields["destination"].choices = destinations_by_name()

    def by_policy(
        self, queryset: QuerySet[Statement], _name: str, value: str
    ) -> QuerySet[Statement]:
        return queryset.filter(key__startswith=f"{value}:")

    def by_outcome(
        self, queryset: QuerySet[Statement], _name: str, value: str
    ) -> QuerySet[Statement]:
        if value == UNDECIDED:
            return queryset.filter(application__status__in=OPEN)
        if value == WITHDRAWN:
            return queryset.filter(application__status=Status.WITHDRAWN)
        return queryset.filter(application__outcome=value)


def destinations_by_name() -> list[tuple[str, Any]]:
    """Every destination as a choice, in the order of its name in the language of the page."""
    language = get_language() or ""
    names = {code: name[language] for code, name in current_register().destinations.items()}
    return sorted(names.items(), key=lambda one: folded(one[1]))
