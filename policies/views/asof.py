"""The day a page is looked at, read from its address (`?on=2020-10-05&known_on=2020-12-31`).

    as_of = read_as_of(request)
    ruling = resolve(facts, book, on=as_of.on, known_at=as_of.known_at)
    render(request, "…", {"as_of": as_of})

and in the template

    {% include "components/as_of.html" with form=as_of.form query=request.GET
       on_text=as_of.on_text known_text=as_of.known_text is_today=as_of.is_today only %}
    <a href="{{ policy.get_absolute_url }}{{ as_of.query }}">

A day that can't be read, or a day of knowledge that is still to come, is an error of its field:
then `is_read` is false, and the page shows nothing of another day that could be taken for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.forms import BaseForm
from django.http import HttpRequest
from django.utils import timezone

from policies.domain.explain import day_in_words
from policies.domain.queries import OTTAWA, end_of_day
from policies.forms.asof import AsOfForm


@dataclass(frozen=True, slots=True)
class AsOf:
    """Two days and the form that chose them. `known_on` None: with everything recorded so far."""

    on: date
    known_on: date | None
    today: date
    form: AsOfForm

    @property
    def is_read(self) -> bool:
        """Whether the days are those that were asked for."""
        return not self.form.errors.keys() & {"on", "known_on"}

    @property
    def known_at(self) -> datetime | None:
        """The last instant of `known_on`, Ottawa time, as the engine wants it."""
        return None if self.known_on is None else end_of_day(self.known_on)

    @property
    def is_today(self) -> bool:
        """Whether the page shows what it shows without parameters."""
        return self.on == self.today and self.known_on is None

    @property
    def last_year(self) -> int:
        """The year to the end of which a picture goes: this one, or the one of knowledge."""
        return (self.known_on or self.today).year

    @property
    def on_text(self) -> str:
        return day_in_words(self.on)

    @property
    def known_text(self) -> str:
        """The day of knowledge in words; empty when everything recorded counts."""
        return "" if self.known_on is None else day_in_words(self.known_on)

    @property
    def parameters(self) -> dict[str, str]:
        """What to carry to the next page so that it shows the same day."""
        carried = {}
        if self.on != self.today:
            carried["on"] = self.on.isoformat()
        if self.known_on is not None:
            carried["known_on"] = self.known_on.isoformat()
        return carried

    @property
    def query(self) -> str:
        """`parameters` as the end of an address: "?on=2020-10-05", or nothing."""
        return f"?{urlencode(self.parameters)}" if self.parameters else ""

    @property
    def file_days(self) -> str:
        """For the name of a file: "2020-10-05", "2020-10-05-known-2020-12-31"."""
        known = f"-known-{self.known_on.isoformat()}" if self.known_on else ""
        return f"{self.on.isoformat()}{known}"

    @property
    def more_query(self) -> str:
        """The same behind other parameters: "&on=2020-10-05", or nothing."""
        return f"&{urlencode(self.parameters)}" if self.parameters else ""


def refuse_unread(*forms: BaseForm) -> None:
    """A file must be what was asked for: BadRequest where a form could not be read."""
    if any(form.errors for form in forms):
        raise BadRequest("a day or a filter that can't be read")


def today_in_ottawa() -> date:
    """Days of the register begin at 00:00 in Ottawa, wherever the server stands."""
    return timezone.now().astimezone(OTTAWA).date()


F = TypeVar("F", bound=AsOfForm)


def read_as_of(request: HttpRequest) -> AsOf:
    """The day asked for. The fields show the days that the page shows, or what was typed."""
    return read_as_of_with(request, AsOfForm)[0]


def read_as_of_with(request: HttpRequest, form_class: type[F]) -> tuple[AsOf, F]:
    """The same with a form that asks for more than the days."""
    today = today_in_ottawa()
    typed = request.GET.copy()
    for name in ("on", "known_on"):
        if not typed.get(name, "").strip():
            typed[name] = today.isoformat()
    form = form_class(typed, today=today)
    form.is_valid()
    known_on = form.cleaned_data.get("known_on")
    as_of = AsOf(
        on=form.cleaned_data.get("on") or today,
        known_on=known_on if known_on and known_on < today else None,
        today=today,
        form=form,
    )
    return as_of, form
