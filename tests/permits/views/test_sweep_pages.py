"""The pages of permit sweeps: from an approved change to the acts, and what they cost."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.choices import Role
from accounts.domain.delegations import end_delegation
from history import clock
from history.actors import SYSTEM
from permits.domain.sweeps import (
    State,
    agree_group,
    begin_sweep,
    carry_out,
    except_permit,
    progress,
    propose_group,
    stop_sweep,
)
from permits.domain.use import report_use
from permits.models import Permit, PermitAct, PermitSweep, SweepGroup, SweepItem
from permits.views import sweeps
from policies.models import Policy, PolicyChange
from tests.people import Cast, make_person_with
from tests.permits.factories import make_permit
from tests.policies.changes import approved, draft

KEY = "TR-9999-suspension"
SAID: dict[str, Any] = {
    "reason_en": "Same risk as new applications",
    "reason_fr": "Même risque qu’une demande",
}


@pytest.fixture
def change(office: Cast) -> PolicyChange:
    """Approved, with two live permits in its scope."""
    for _turn in range(2):
        make_permit(office.analyst, office.senior, office.decision)
    return approved(draft(office.admin), by=office.admin_b)


@pytest.fixture
def sweep(office: Cast, change: PolicyChange) -> PermitSweep:
    return begin_sweep(Policy.objects.get(key=KEY), change=change, by=office.analyst)


def page(client: Client, sweep: PermitSweep) -> str:
    return client.get(f"/sweeps/{sweep.number}/").content.decode()


def table(client: Client, sweep: PermitSweep) -> list[list[str]]:
    """The rows of the CSV without its header."""
    text = client.get(f"/sweeps/{sweep.number}/?format=csv").content.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))[1:]


def state_of(sweep: PermitSweep) -> State:
    return progress([PermitSweep.objects.get(pk=sweep.pk)])[0].state


def test_from_an_approved_change_to_acts_on_its_permits(
    client: Client, office: Cast, change: PolicyChange
) -> None:
    client.force_login(office.analyst)
    where = f"/sweeps/new/?change={change.number}"
    assert where in client.get(f"/policy-changes/{change.number}/").content.decode()
    assert KEY in client.get(where).content.decode()
    begun = client.post(where, {"policy": KEY})
    sweep = PermitSweep.objects.get()
    assert begun["Location"] == sweep.get_absolute_url()
    told = client.get(f"/policy-changes/{change.number}/").content.decode()
    assert sweep.number in told
    assert where not in told
    group = SweepGroup.objects.get()
    sent = client.post(
        f"/sweep-groups/{group.pk}/propose/",
        {"action": "suspend", **SAID, "seen": group.version},
    )
    assert sent.status_code == 302
    assert "/agree/" not in page(client, sweep)
    client.force_login(office.decision)
    assert f"/sweep-groups/{group.pk}/agree/" in client.get("/start/").content.decode()
    group.refresh_from_db()
    answer = client.post(
        f"/sweep-groups/{group.pk}/agree/", {"seen": group.version}, follow=True
    ).content.decode()
    assert "2 permits settled; 2 of 2 so far." in answer
    assert state_of(sweep) is State.DONE
    act = PermitAct.objects.first()
    assert act is not None
    assert sweep.get_absolute_url() in client.get(act.permit.get_absolute_url()).content.decode()


def test_it_is_carried_out_some_at_a_time_stopped_and_gone_on_with(
    client: Client, office: Cast, sweep: PermitSweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeps, "BATCH", 1)
    group = propose_group(SweepGroup.objects.get(), action="cancel", by=office.analyst, **SAID)
    client.force_login(office.decision)
    client.post(f"/sweep-groups/{group.pk}/agree/", {"seen": group.version})
    assert SweepItem.objects.count() == 1
    client.force_login(office.senior)
    before = {"seen": sweep.version}
    assert "/carry-out/" in page(client, sweep)
    assert (
        client.post(f"/sweeps/{sweep.number}/stop/", {"reason": "Court order"}).status_code == 302
    )
    assert "Reason: Court order" in page(client, sweep)
    assert "/carry-out/" not in page(client, sweep)
    assert client.post(f"/sweeps/{sweep.number}/stop/", {"reason": "Wait"}).status_code == 409
    sweep.refresh_from_db()
    stopped = {"seen": sweep.version}
    # A page from before the stop, one that names no version, and one that shows the stop.
    for act, sent, says in (
        ("carry-out", before, f"stopped ({office.senior.name}, "),
        ("carry-out", {}, "Reason: Court order"),
        ("go-on", before, "Go back and read it again."),
    ):
        answer = client.post(f"/sweeps/{sweep.number}/{act}/", sent)
        assert (answer.status_code, says in answer.content.decode()) == (409, True), act
    told = client.post(f"/sweeps/{sweep.number}/carry-out/", stopped, follow=True).content.decode()
    assert "The sweep is stopped: nothing more is done" in told
    assert client.post(f"/sweeps/{sweep.number}/go-on/", stopped).status_code == 302
    assert SweepItem.objects.count() == 1
    assert client.post(f"/sweeps/{sweep.number}/carry-out/", stopped).status_code == 409
    sweep.refresh_from_db()
    sent = {"seen": sweep.version}
    assert client.post(f"/sweeps/{sweep.number}/carry-out/", sent).status_code == 302
    assert SweepItem.objects.count() == 2
    assert state_of(sweep) is State.DONE


def test_what_is_refused_is_said_on_the_page(
    client: Client, office: Cast, sweep: PermitSweep
) -> None:
    group = SweepGroup.objects.get()
    client.force_login(office.decision)
    answer = client.post(
        f"/sweep-groups/{group.pk}/propose/",
        {"action": "cancel", "reason_en": "In 2025", "reason_fr": "En 2026", "seen": group.version},
    )
    assert answer.status_code == 200
    assert "Only one language says 2025, 2026." in answer.content.decode()
    group = propose_group(group, action="cancel", by=office.decision, **SAID)
    own = "You proposed this. Another decision-maker says yes to it."
    assert own in page(client, sweep)
    assert "/agree/" not in page(client, sweep)
    assert own in client.get(f"/sweep-groups/{group.pk}/agree/").content.decode()
    answer = client.post(f"/sweep-groups/{group.pk}/agree/", {"seen": group.version})
    assert answer.status_code == 403
    assert not PermitAct.objects.exists()


def test_a_no_is_given_with_its_reason_and_shown(
    client: Client, office: Cast, sweep: PermitSweep
) -> None:
    group = propose_group(SweepGroup.objects.get(), action="cancel", by=office.analyst, **SAID)
    client.force_login(office.decision)
    client.post(
        f"/sweep-groups/{group.pk}/return/", {"reason": "Suspend instead", "seen": group.version}
    )
    assert "Suspend instead" in page(client, sweep)
    assert state_of(sweep) is State.PROPOSALS


def test_beside_a_yes_that_has_fallen_everything_else_is_offered(
    client: Client, office: Cast, sweep: PermitSweep
) -> None:
    group = propose_group(SweepGroup.objects.get(), action="cancel", by=office.analyst, **SAID)
    agree_group(group, by=office.decision)
    client.force_login(make_person_with("decision-b", Role.DECISION_MAKER))
    number = group.permits[0][0]
    ways = (
        f"/sweep-groups/{group.pk}/return/",
        f"/sweep-groups/{group.pk}/propose/",
        f"/sweeps/{sweep.number}/permits/{number}/",
    )
    assert not [way for way in ways if way in page(client, sweep)]
    end_delegation(office.decision.delegations.get(), by=office.admin, reason="Left")
    shown = page(client, sweep)
    assert "Does not stand any more" in shown
    assert [way for way in ways if way in shown] == list(ways)


def test_a_permit_is_taken_out_of_its_group_and_both_are_in_the_table(
    client: Client, office: Cast, sweep: PermitSweep
) -> None:
    number = SweepGroup.objects.get().permits[0][0]
    client.force_login(office.analyst)
    where = f"/sweeps/{sweep.number}/permits/{number}/"
    assert where in page(client, sweep)
    assert client.post(where, {"action": "keep", **SAID}).status_code == 302
    assert where not in page(client, sweep)
    client.force_login(office.auditor)
    rows = table(client, sweep)
    assert [row[1] for row in rows] == ["Nothing shipped yet", f"Exception: {number}"]
    assert rows[1][4:7] == ["Keep", SAID["reason_en"], SAID["reason_fr"]]


def test_a_permit_that_left_its_group_is_told_of_before_and_after(
    client: Client, office: Cast, sweep: PermitSweep
) -> None:
    group = propose_group(SweepGroup.objects.get(), action="cancel", by=office.analyst, **SAID)
    shipped = Permit.objects.get(number=group.permits[0][0])
    report_use(
        shipped.lines.get(),
        used_on=clock.today(),
        quantity=Decimal(1),
        value=Decimal(1),
        by=office.analyst,
    )
    client.force_login(office.decision)
    assert "1 left the group since: nothing is done to it" in page(client, sweep)
    assert table(client, sweep)[0][:3] == [shipped.number, "Nothing shipped yet", "Partly shipped"]
    asked = client.get(f"/sweep-groups/{group.pk}/agree/").content.decode()
    assert f"{shipped.number}: Partly shipped" in asked
    sent = {"seen": group.version}
    answer = client.post(f"/sweep-groups/{group.pk}/agree/", sent, follow=True).content.decode()
    assert f"who said yes declared a conflict of interest: {shipped.number}." in answer
    assert "1 permit had left its group before it was its turn, or who said yes declared" in answer
    assert "permit was passed over" not in answer
    assert (
        table(client, sweep)[0][10]
        == "Passed over: it had left its group, or who said yes is in conflict"
    )


def test_only_policies_in_force_are_offered(
    client: Client, office: Cast, change: PolicyChange
) -> None:
    client.force_login(office.admin)
    offered = client.get("/sweeps/new/").content.decode()
    assert f'value="{KEY}"' in offered
    assert 'value="TR-2019-10-11-freeze"' not in offered
    answer = client.post("/sweeps/new/", {"policy": "TR-2019-10-11-freeze"})
    assert answer.status_code == 200
    assert not PermitSweep.objects.exists()


def test_every_sweep_is_in_the_list_however_many_are_newer(
    client: Client, office: Cast, sweep: PermitSweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeps, "SHOWN", 1)
    later = begin_sweep(Policy.objects.get(key=KEY), by=office.analyst)
    client.force_login(office.auditor)
    for number, shown in (("", later), ("?page=2", sweep)):
        answer = client.get(f"/sweeps/{number}")
        assert [one.sweep for one, _tone, _icon in answer.context["rows"]] == [shown]
        assert '<span class="count">2</span>' in answer.content.decode()
    stop_sweep(sweep, by=office.analyst, reason="Court order")
    assert f"{sweep.number}, under the same policy, was stopped (Court order)" in page(
        client, later
    )


def test_queries_grow_neither_with_permits_nor_with_sweeps(
    client: Client, office: Cast, sweep: PermitSweep
) -> None:
    client.force_login(office.auditor)

    def cost(where: str) -> int:
        client.get(where)
        with CaptureQueriesContext(connection) as counted:
            assert client.get(where).status_code == 200
        return len(counted)

    one = f"/sweeps/{sweep.number}/"
    before = cost("/sweeps/"), cost(one)
    group = SweepGroup.objects.get()
    number = group.permits[0][0]
    except_permit(sweep, number, action="keep", by=office.analyst, **SAID)
    again = begin_sweep(Policy.objects.get(key=KEY), by=office.analyst)
    every = propose_group(
        SweepGroup.objects.get(sweep=again), action="cancel", by=office.analyst, **SAID
    )
    agree_group(every, by=office.decision)
    carry_out(again, by=SYSTEM)
    assert (cost("/sweeps/"), cost(one)) == before
    assert cost(f"/sweeps/{again.number}/") == before[1]
