"""A shipment that is taken back, as the page of its permit and the start page tell of it."""

from __future__ import annotations

import re
from decimal import Decimal
from html import unescape
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.choices import Role
from accounts.models import User
from history import clock
from permits.domain.intake import declare_conflict
from permits.domain.use import decline_reversal, propose_reversal, report_use
from permits.models import Permit, Use
from tests.people import Cast
from tests.permits.factories import WHY, make_permit
from tests.reports.test_start_page import found


def as_person(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def shipped(permit: Permit, office: Cast, quantity: int) -> Use:
    line, today, one = permit.lines.get(), clock.today(), Decimal(1)
    told: dict[str, Any] = {
        "quantity": Decimal(quantity),
        "value": one,
        "note": "Two crates.",
    }
    return report_use(line, used_on=today, by=office.analyst, **told)


def table(permit: Permit, person: User) -> str:
    """The shipments of the permit as that person reads them, with the addresses of the links."""
    page = as_person(person).get(permit.get_absolute_url()).content.decode()
    part = page[page.index('id="uses-name"') : page.index("</section>", page.index("uses-name"))]
    plain = re.sub(r"<(?!a )[^>]*>|<a [^>]*?(?=href)", " ", part)
    return " ".join(unescape(plain).split())


def test_a_shipment_says_whether_it_counts_and_who_took_it_back_and_why(office: Cast) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    use = shipped(permit, office, 4)
    address = reverse("permits:take_back", args=[use.pk])
    assert address in table(permit, office.analyst)
    assert address not in table(permit, office.decision)
    client = as_person(office.analyst)
    seen = {"seen": client.get(address).context["form"]["seen"].value()}
    assert client.post(address, {"reason": "It never left.", **seen}).status_code == 302
    [waiting] = use.reversals.all()
    agree = reverse("permits:agree_reversal", args=[waiting.pk])
    decline = reverse("permits:decline_reversal", args=[waiting.pk])
    for person in (office.analyst, office.senior, office.auditor):
        told = table(permit, person)
        assert "Counts, waits to be taken back It never left." in told
        assert "Two crates." in told
        assert f"Proposed by {office.analyst.name}" in told
        assert address not in told
        assert (f'"{agree}"' in told) == (person == office.senior)
        assert (decline in told) == (person != office.auditor)
        assert ("another person agrees" in told) == (person == office.analyst)
    [item] = found(office.senior, Role.SENIOR_ANALYST)["reversals"].items
    assert (item.url, item.about) == (agree, "It never left.")
    assert item.what == f"{permit}: {item.what.partition(': ')[2]}"
    assert "reversals" not in found(office.analyst, Role.ANALYST)
    assert "reversals" not in found(office.decision, Role.DECISION_MAKER)
    assert "reversals" in found(office.analyst_b, Role.ANALYST)
    declare_conflict(permit.application, by=office.analyst_b, reason=WHY)
    assert "reversals" not in found(office.analyst_b, Role.ANALYST)
    assert "href" not in table(permit, office.analyst_b)
    client = as_person(office.senior)
    assert client.post(agree, {"seen": waiting.version}).status_code == 302
    told = table(permit, office.analyst)
    assert "Taken back: does not count It never left." in told
    assert f"Agreed by {office.senior.name}" in told
    assert "href" not in told
    assert "reversals" not in found(office.senior, Role.SENIOR_ANALYST)


def test_what_was_declined_is_told_and_queries_do_not_grow(office: Cast) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    client = as_person(office.senior)

    def asked(quantity: int) -> int:
        waiting = propose_reversal(
            shipped(permit, office, quantity), reason="Twice.", by=office.analyst
        )
        decline_reversal(waiting, reason="They are two.", by=office.senior)
        client.get(permit.get_absolute_url())
        with CaptureQueriesContext(connection) as queries:
            client.get(permit.get_absolute_url())
        return len(queries)

    assert asked(1) == asked(2)
    told = table(permit, office.senior)
    assert f"{office.analyst.name} proposed to take it back" in told
    assert f"{office.senior.name} declined, " in told
    assert told.count(": They are two.") == 2
    assert told.count("take-back/") == 2


def test_the_same_shipment_is_asked_about_once_and_what_was_typed_stays(office: Cast) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    address, client = reverse("permits:use", args=[permit.number, 1]), as_person(office.analyst)
    sent = {"used_on": clock.today().isoformat(), "quantity": "2", "value": "3", "note": "Kept"}
    asked = 'id="id_again"'
    assert asked not in client.get(address).content.decode()
    assert asked not in client.post(address, {**sent, "quantity": "0"}).content.decode()
    assert client.post(address, sent).status_code == 302
    again = client.post(address, sent)
    assert set(again.context["form"].errors) == {"again"}
    page = again.content.decode()
    assert asked in page
    assert f"The same was reported by {office.analyst}" in page
    assert again.context["form"]["note"].value() == "Kept"
    assert Use.objects.count() == 1
    assert client.post(address, {**sent, "again": "on"}).status_code == 302
    assert Use.objects.count() == 2
