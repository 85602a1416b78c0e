"""Taking an application in: its form, lines and parties, and who works on it.

Values come by field name. What the form of a value is, is checked here, so that every door (form,
admin, loader) gives the same messages. Raises ValidationError by field.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, validate_email
from django.db import connection
from django.db.models import CharField, DecimalField, Field, Max, Q, QuerySet, TextField
from django.utils.translation import gettext as _

from accounts.choices import Role
from accounts.exceptions import NotPermitted, Refused
from accounts.models import RoleGrant, User
from accounts.reasons import checked_reason, is_readable
from accounts.rules import roles_of
from history import clock
from history.actors import Actor
from history.domain.door import Entry, door
from history.models import Event
from permits.choices import PartyRole, WaitKind
from permits.domain.casefile import CaseFile, read_file
from permits.domain.casework import Work, acting, has_conflict, still_there, stream_of, subject_of
from permits.domain.faults import Faults
from permits.figures import dollars, is_too_large, largest, refuse_too_large
from permits.models import Application, ConflictDeclaration, Line, Party, Wait
from permits.models.applications import Part
from permits.verbs import ATTACHMENTS, EDITS, Verb
from permits.workflow import CASE_ROLES, Action, role_for
from policies.choices import Activity
from policies.domain.codes import bare, is_written_code
from policies.domain.items import place_of
from policies.domain.reference.files import UNFIT
from policies.models import Destination, SubRegion

Row = TypeVar("Row", bound=Part)

CANADA = "CA"
"""Any other country is a foreign country (EIPA, s. 2(1))."""
LETTER = {Activity.EXPORT.value: "E", Activity.BROKERING.value: "B"}
MOST_LINES = 99
MOST_ITEMS = 20
_CENT = Decimal("0.01")

# Any number that no other advisory lock of this product has.
_NUMBER_LOCK = 7_304_102

APPLICATION_FIELDS = (
    "destination",
    "sub_region",
    "transit",
    "country_of_export",
    "end_user_kind",
    "end_use",
    "end_use_location",
    "resale_or_government",
    "brokering_paragraph",
    "delivery",
    "is_signed",
    "form_date",
    "declares_no_diversion",
    "declares_not_controlled_goods",
    "is_of_us_controlled_goods",
)
FIGURES = ("quantity", "unit_value", "total_value")
LINE_FIELDS = (
    "items",
    "description",
    "origin",
    "us_origin_percent",
    "quantity",
    "unit",
    "unit_value",
    "total_value",
    "shipping_point",
    "measure",
)
PARTY_FIELDS = (
    "role",
    "is_organization",
    "name",
    "address",
    "country",
    "telephone",
    "email",
    "fax",
    "identifier",
    "contact_name",
    "contact_telephone",
    "status_in_canada",
)


# The application


def open_application(activity: str, *, by: User) -> Application:
    """A new draft with the next reference of the year, such as E-2026-000001.

    Raises NotPermitted; ValidationError for an activity that is none.
    """
    role = role_for(Action.OPEN, roles_of(by))
    if activity not in LETTER:
        raise ValidationError({"activity": _("Choose export or brokering.")})
    with door(by=Actor.person(by.pk, role.value)) as entries:
        reference = next_number(LETTER[activity], "reference", Application)
        application = Application(
            reference=reference, activity=activity, opened_by=by, opened_at=clock.now()
        )
        entries.record(Verb.OPENED, stream=stream_of(reference), subject=subject_of(reference)).add(
            application
        )
    return application


def next_number(letter: str, column: str, model: type[Any]) -> str:
    """The next number of that letter and year, such as E-2026-000001, alone among all who ask."""
    lock_numbers()
    year = clock.today().year
    return f"{letter}-{year}-{last_number(letter, year, column, model) + 1:06d}"


def lock_numbers() -> None:
    """Until the transaction ends, nobody else gives numbers. On SQLite it has waited for them."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_NUMBER_LOCK])


def last_number(letter: str, year: int, column: str, model: type[Any]) -> int:
    """The highest number of that letter and year so far, or 0."""
    head = f"{letter}-{year}-"
    newest = model.objects.filter(**{f"{column}__startswith": head}).aggregate(last=Max(column))
    return int((newest["last"] or f"{head}0").removeprefix(head))


def edit_application(
    application: Application, values: Mapping[str, Any], *, by: User, seen: int | None = None
) -> Application:
    """New values of the form's fields. What is as it was is not a change; none leaves no event.

    Raises ValidationError, NotPermitted, Refused, Conflict.
    """
    with acting(Action.EDIT, application, by=by, seen=seen) as work:
        now = work.application
        given = checked_application(now, values)
        changed = different(now, given)
        if changed:
            work.record(Verb.EDITED).set(now, **changed)
    return now


def checked_application(
    application: Application, values: Mapping[str, Any], unread: Collection[str] = ()
) -> dict[str, Any]:
    """The form's values as the columns hold them. Raises ValidationError with all that is wrong."""
    given = Given(application, values, APPLICATION_FIELDS, unread)
    if given.is_read("form_date"):
        form_date = given.get("form_date")
        if form_date and form_date > clock.today():
            given.fault("form_date", _("Give a day up to today."))
    if given.is_read("destination", "sub_region"):
        region = given.get("sub_region")
        if region:
            found = SubRegion.objects.filter(code=region).select_related("destination").first()
            if found is None or found.destination != given.get("destination"):
                given.fault("sub_region", _("Choose a region of the final destination, or none."))
    transit = given.values.get("transit")
    if transit:
        known = set(Destination.objects.filter(code__in=transit).values_list("code", flat=True))
        unknown = [str(code) for code in transit if code not in known]
        if unknown:
            words = _("There is no destination %(codes)s.") % {"codes": ", ".join(unknown)}
            given.fault("transit", words)
    _from_where_to_where(given, application.activity)
    return given.checked()


def _from_where_to_where(given: Given, activity: str) -> None:
    """An export leaves Canada; brokering is from a foreign country to another (EIPA, s. 2(1))."""
    if activity == Activity.EXPORT:
        if _is_in_canada(given, "destination"):
            words = _("An export leaves Canada (EIPA, s. 7(1)): name another country.")
            given.fault("destination", words)
        return
    for name in ("destination", "country_of_export"):
        if _is_in_canada(given, name):
            words = _(
                "Brokering is from one foreign country to another (EIPA, s. 2(1)), and Canada is"
                " none: name another country."
            )
            given.fault(name, words)
    if given.is_read("destination", "country_of_export"):
        there = given.get("destination")
        if there is not None and there == given.get("country_of_export"):
            words = _(
                "Brokering is from one foreign country to another (EIPA, s. 2(1)): this one is the"
                " final destination too."
            )
            given.fault("country_of_export", words)


def _is_in_canada(given: Given, name: str) -> bool:
    place = given.get(name) if given.is_read(name) else None
    return place is not None and place.code == CANADA


# Values


LONGEST_TEXT = 10_000
"""Signs of a text that has no other limit."""
_NOT_TOO_LONG = MaxLengthValidator(LONGEST_TEXT)


class Given(Faults):
    """Values for a row as its columns hold them, and what is wrong with them, by field.

    Raises ValueError for a field that is not one of `fields`.
    """

    def __init__(
        self,
        row: Any,
        values: Mapping[str, Any],
        fields: tuple[str, ...],
        unread: Collection[str] = (),
    ) -> None:
        unknown = set(values) - set(fields)
        if unknown:
            raise ValueError(f"{', '.join(sorted(unknown))}: not to be set here")
        super().__init__(unread)
        self._row = row
        self.values: dict[str, Any] = {}
        for name, value in values.items():
            self._read(name, value)

    def _read(self, name: str, value: Any) -> None:
        one = self._row._meta.get_field(name)
        given = _plain_text(one, value)
        try:
            if one.is_relation or given in (None, "", []):
                self.values[name] = given
            else:
                value = one.clean(given, self._row)
                if isinstance(one, TextField):
                    _NOT_TOO_LONG(value)
                if isinstance(one, DecimalField):
                    refuse_too_large(value, one.decimal_places)
                if isinstance(one, CharField) or isinstance(self._row, Line):
                    _refuse_unseen_signs(given, getattr(self._row, name))
                self.values[name] = value
        except ValidationError as fault:
            self.faults[name] = fault.messages
        if given in (None, "") and not one.null and not one.has_default() and not one.blank:
            self.faults[name] = [_("This is needed.")]

    def get(self, name: str) -> Any:
        """What is given for a field, or else what the row has."""
        return self.values.get(name, getattr(self._row, name))

    def need(self, *names: str) -> None:
        """Says of each that is empty, or shows nothing, that it is needed."""
        for name in names:
            if self.is_read(name) and not is_readable(str(self.get(name) or "")):
                self.fault(name, _("This is needed."))

    def checked(self) -> dict[str, Any]:
        """The values. Raises ValidationError with all that is wrong."""
        self.refuse()
        return self.values


def _plain_text(one: Field[Any, Any], value: Any) -> Any:
    """Text without white space at its ends and without NUL; what is no text as it is."""
    if isinstance(value, str):
        return value.replace("\0", "").strip()
    if value is None and one.get_internal_type() in ("CharField", "TextField"):
        return ""
    return value


def _refuse_unseen_signs(given: Any, before: Any) -> None:
    """Raises ValidationError for a sign that is drawn as nothing, or that turns the direction, in a
    name or a short text: two names that look the same would be two, or be read as a third.

    What stood there before is left: who edits something else did not type it.
    """
    if not isinstance(given, str) or given == before:
        return
    if found := UNFIT.search(given.replace("\r\n", "\n")):
        words = _("It holds the sign %(code)s, which can’t be seen: type it anew.")
        raise ValidationError(words % {"code": f"U+{ord(found[0]):04X}"})


def different(row: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that the row does not have already."""
    return {name: value for name, value in values.items() if getattr(row, name) != value}


def checked_items(items: list[str]) -> list[str]:
    """Codes of the control lists, written as the lists write them, each once, in order.

    A code may extend an item of the Guide by parts, of which the lists do not hold all; of an item
    of the law they do. Raises ValidationError for one that is none.
    """
    given = [bare(code) for code in items if code.strip()]
    if len(given) > MOST_ITEMS:
        raise ValidationError({"items": _("Give at most %(most)d items.") % {"most": MOST_ITEMS}})
    wrong = [code for code in given if not is_written_code(code) or len(code) > 40]
    places = {} if wrong else {code: place_of(code) for code in given}
    wrong += [code for code, place in places.items() if not place.above]
    if wrong:
        raise ValidationError(
            {
                "items": _("%(codes)s is no item of a control list. Write it as 2-15.d or 5504.")
                % {"codes": ", ".join(wrong)}
            }
        )
    unknown = [
        _("%(code)s is not in the control list. The nearest that is: %(nearest)s.")
        % {"code": code, "nearest": ", ".join((place.above, *place.below))}
        for code, place in places.items()
        if place.is_whole and not place.is_held
    ]
    if unknown:
        raise ValidationError({"items": unknown})
    return list(dict.fromkeys(given))


# Lines


def add_line(application: Application, values: Mapping[str, Any], *, by: User) -> Line:
    """A further line. Raises ValidationError, NotPermitted, Refused."""
    with acting(Action.EDIT, application, by=by) as work:
        highest = Line.objects.filter(application=work.application).aggregate(last=Max("number"))
        line = Line(application=work.application, number=(highest["last"] or 0) + 1)
        if line.number > MOST_LINES:
            raise Refused(_("An application has at most %(most)d lines.") % {"most": MOST_LINES})
        for name, value in checked_line(line, values).items():
            setattr(line, name, value)
        work.record(Verb.LINE_ADDED).add(line)
    return line


def edit_line(line: Line, values: Mapping[str, Any], *, by: User, seen: int | None = None) -> Line:
    """New values of a line. Raises ValidationError, NotPermitted, Refused, Conflict."""
    with acting(Action.EDIT, line.application, by=by) as work:
        now = still_there(line, seen)
        changed = different(now, checked_line(now, values))
        if changed:
            work.record(Verb.LINE_EDITED).set(now, **changed)
    return now


def checked_line(
    line: Line, values: Mapping[str, Any], unread: Collection[str] = ()
) -> dict[str, Any]:
    """A line's values as the columns hold them; a total left out is filled in.

    Raises ValidationError with all that is wrong.
    """
    given = Given(line, values, LINE_FIELDS, unread)
    if "items" in given.values:
        try:
            given.values["items"] = checked_items(list(given.values["items"] or []))
        except ValidationError as fault:
            given.fault("items", *fault.messages)
    percent = given.values.get("us_origin_percent")
    if percent is not None and not 0 <= percent <= 100:
        given.fault("us_origin_percent", _("Give a share from 0 to 100."))
    for name in FIGURES:
        value = given.values.get(name)
        if value is not None and (value < 0 or (name == "quantity" and value == 0)):
            given.fault(name, _("Give a figure above zero."))
    says_nothing = not given.get("items") and not is_readable(given.get("description"))
    if says_nothing and given.is_read("items", "description"):
        given.fault("description", _("Say what the goods are, or give their items."))
    if given.values.keys() & set(FIGURES) and given.is_read(*FIGURES):
        _fit_total(given)
        _fit_sum(given, line)
    return given.checked()


def _fit_total(given: Given) -> None:
    """Fills in the total that was left out; one that contradicts is at fault."""
    quantity, unit_value, told = (given.get(name) for name in FIGURES)
    if quantity is None or unit_value is None:
        return
    total = (Decimal(quantity) * Decimal(unit_value)).quantize(_CENT)
    with given.at("total_value"):
        refuse_too_large(total, 2)
    if given.values.get("total_value") is None:
        given.values["total_value"] = total
    # A unit's value is rounded to a cent: so many units, so many half cents.
    elif abs(Decimal(told) - total) > Decimal(quantity) * _CENT / 2 + _CENT:
        words = _("Quantity times unit value is %(total)s. Correct one of the three.")
        given.fault("total_value", words % {"total": dollars(total)})


def _fit_sum(given: Given, line: Line) -> None:
    """Refuses a total with which the lines together come to more than every database keeps."""
    total = given.get("total_value")
    if total is None or not given.is_read("total_value"):
        return
    others = Line.objects.filter(application=line.application, is_removed=False).exclude(pk=line.pk)
    values = others.values_list("total_value", flat=True)
    together = Decimal(total) + sum(one or 0 for one in values)
    if is_too_large(together, 2):
        words = _("All lines together come to %(sum)s: give figures up to %(largest)s in all.")
        told = {"sum": dollars(together), "largest": dollars(largest(2))}
        given.fault("total_value", words % told)


def remove_line(line: Line, *, by: User, seen: int | None = None) -> Line:
    """Takes a line off the application; the history keeps it."""
    return _remove(line, Verb.LINE_REMOVED, by=by, seen=seen)


# Parties


def add_party(application: Application, values: Mapping[str, Any], *, by: User) -> Party:
    """A further party. Raises ValidationError, NotPermitted, Refused."""
    with acting(Action.EDIT, application, by=by) as work:
        party = Party(application=work.application)
        for name, value in checked_party(party, values).items():
            setattr(party, name, value)
        work.record(Verb.PARTY_ADDED).add(party)
    return party


def edit_party(
    party: Party, values: Mapping[str, Any], *, by: User, seen: int | None = None
) -> Party:
    """New values of a party. Raises ValidationError, NotPermitted, Refused, Conflict."""
    with acting(Action.EDIT, party.application, by=by) as work:
        now = still_there(party, seen)
        changed = different(now, checked_party(now, values))
        if changed:
            work.record(Verb.PARTY_EDITED).set(now, **changed)
    return now


def checked_party(
    party: Party, values: Mapping[str, Any], unread: Collection[str] = ()
) -> dict[str, Any]:
    """A party's values as the columns hold them. Raises ValidationError with all that is wrong."""
    given = Given(party, values, PARTY_FIELDS, unread)
    if given.values.get("email"):
        try:
            validate_email(given.values["email"])
        except ValidationError as fault:
            given.fault("email", *fault.messages)
    given.need("role", "name")
    if given.is_read("role") and given.get("role") == PartyRole.APPLICANT:
        applicants = Party.objects.filter(
            application=party.application, role=PartyRole.APPLICANT, is_removed=False
        )
        if applicants.exclude(pk=party.pk).exists():
            given.fault("role", _("There is an applicant already: edit that party."))
    return given.checked()


def remove_party(party: Party, *, by: User, seen: int | None = None) -> Party:
    """Takes a party off the application; the history keeps it."""
    return _remove(party, Verb.PARTY_REMOVED, by=by, seen=seen)


def _remove(row: Row, verb: Verb, *, by: User, seen: int | None) -> Row:
    with acting(Action.EDIT, row.application, by=by) as work:
        now = still_there(row, seen)
        work.record(verb).set(now, is_removed=True)
    return now


# Its way


def submit(application: Application, *, by: User, seen: int | None = None) -> Application:
    """Submits it, as complete on this day: the clock starts anew, unless it comes back from the
    applicant as it went.

    What is still missing is for the review; without a destination, an applicant and a line there is
    nothing to review. Raises ValidationError, NotPermitted, Refused, Conflict.
    """
    with acting(Action.SUBMIT, application, by=by, seen=seen) as work:
        now = work.application
        refuse_empty(read_file(now))
        today = clock.today()
        entry = work.record(Verb.SUBMITTED)
        complete_on = today if _has_changed_since_returned(now) else now.submitted_on
        work.move(entry, submitted_on=complete_on, filed_on=now.filed_on or today)
        end_waits(work, entry, WaitKind.APPLICANT)
    return now


def _has_changed_since_returned(application: Application) -> bool:
    """Whether anything of it is new since it was last returned to the applicant; of a first
    submission, all is."""
    events = Event.objects.filter(stream=application.stream)
    returned = events.filter(verb=Verb.RETURNED).order_by("-sequence").first()
    if returned is None:
        return True
    return events.filter(sequence__gt=returned.sequence, verb__in=(*EDITS, *ATTACHMENTS)).exists()


def refuse_empty(file: CaseFile) -> None:
    """Raises ValidationError where there is nothing yet to be reviewed."""
    faults = {}
    if file.application.destination is None:
        faults["destination"] = _("Name the final destination.")
    if not file.parties_as(PartyRole.APPLICANT):
        faults["parties"] = _("Add the applicant.")
    if not file.lines:
        faults["lines"] = _("Add at least one line of goods or technology.")
    if faults:
        raise ValidationError(faults)


def return_to_applicant(
    application: Application, *, by: User, reason: str, seen: int | None = None
) -> Application:
    """Returns it for what is missing; a wait for the applicant begins."""
    reason = checked_reason(reason)
    with acting(Action.RETURN, application, by=by, seen=seen) as work:
        entry = work.record(Verb.RETURNED, reason=reason)
        work.move(entry)
        entry.add(
            Wait(
                application=work.application,
                kind=WaitKind.APPLICANT,
                reason=reason,
                from_on=clock.today(),
                opened_by=by,
            )
        )
    return work.application


def take_up(application: Application, *, by: User, seen: int | None = None) -> Application:
    """Begins the review; whoever does so has the application unless somebody has it who works on
    applications today."""
    with acting(Action.TAKE_UP, application, by=by, seen=seen) as work:
        entry = work.record(Verb.TAKEN_UP)
        holder = work.application.assigned_to
        if holder is None or _has_left(holder):
            holder = by
        work.move(entry, assigned_to=holder)
    return work.application


def who_works_on_applications() -> QuerySet[User]:
    """Everyone to whom an application can be given today, by name."""
    grants = RoleGrant.objects.in_force(clock.today()).filter(role__in=CASE_ROLES)
    return User.objects.filter(pk__in=grants.values("person")).order_by("name")


def assign(
    application: Application, to: User | None, *, by: User, seen: int | None = None
) -> Application:
    """Gives the application to a person, or to nobody.

    A senior analyst gives it to anyone who reviews or decides; an analyst takes it up or lays it
    down. Raises NotPermitted, Refused, ValidationError, Conflict.
    """
    with acting(Action.ASSIGN, application, by=by, seen=seen) as work:
        now = work.application
        refuse_to_assign(now, by=by)
        if to not in (None, by) and not _assigns_to_others(by):
            raise NotPermitted(_("A senior analyst assigns applications to others."))
        if to is not None and not roles_of(to) & CASE_ROLES:
            raise ValidationError({"to": _("This person does not work on applications today.")})
        if to is not None and has_conflict(now, to):
            raise ValidationError({"to": _("This person declared a conflict of interest in it.")})
        if now.assigned_to != to:
            work.record(Verb.ASSIGNED).set(now, assigned_to=to)
    return now


def refuse_to_assign(application: Application, *, by: User) -> None:
    """Raises NotPermitted where another has it who works on applications today, and only a senior
    analyst may take it away."""
    holder = application.assigned_to
    if holder is None or holder == by or _assigns_to_others(by) or _has_left(holder):
        return
    raise NotPermitted(_("A senior analyst assigns applications to others."))


def _has_left(person: User) -> bool:
    return not who_works_on_applications().filter(pk=person.pk).exists()


def _assigns_to_others(by: User) -> bool:
    return role_for(Action.ASSIGN, roles_of(by)) == Role.SENIOR_ANALYST


def who_can_be_given(application: Application, *, by: User) -> QuerySet[User]:
    """Everyone to whom this person can give the application today, by name: nobody who declared a
    conflict of interest in it."""
    people = who_works_on_applications().exclude(pk__in=application.conflicts.values("person"))
    return people if _assigns_to_others(by) else people.filter(pk=by.pk)


def withdraw(
    application: Application, *, by: User, reason: str, seen: int | None = None
) -> Application:
    """Withdraws it at the applicant's request; open waits end."""
    reason = checked_reason(reason)
    with acting(Action.WITHDRAW, application, by=by, seen=seen) as work:
        entry = work.record(Verb.WITHDRAWN, reason=reason)
        work.move(entry)
        end_waits(work, entry)
    return work.application


def end_waits(work: Work, entry: Entry, *kinds: WaitKind, on: date | None = None) -> None:
    """Ends every open wait, or those of some kinds, today or on a day, as part of an entry."""
    day = on or clock.today()
    runs = Q(to_on__isnull=True) | Q(to_on__gte=day)
    waits = Wait.objects.filter(runs, application=work.application, ended_by__isnull=True)
    for wait in waits.filter(kind__in=kinds) if kinds else waits:
        entry.set(wait, to_on=max(day, wait.from_on), ended_by=work.by)


def declare_conflict(application: Application, *, by: User, reason: str) -> ConflictDeclaration:
    """Says that one does nothing more on this application nor its permit, and lays it down. Not
    taken back; once is enough."""
    reason = checked_reason(reason)
    with acting(Action.DECLARE_CONFLICT, application, by=by) as work:
        refuse_second_declaration(read_file(work.application), by=by)
        row = ConflictDeclaration(
            application=work.application, person=by, reason=reason, declared_at=clock.now()
        )
        entry = work.record(Verb.CONFLICT_DECLARED, reason=reason)
        entry.add(row)
        if work.application.assigned_to == by:
            entry.set(work.application, assigned_to=None)
    return row


def refuse_second_declaration(file: CaseFile, *, by: User) -> None:
    """Raises Refused where this person declared a conflict already."""
    if any(one.person_id == by.pk for one in file.conflicts):
        raise Refused(_("You declared a conflict of interest already."))
