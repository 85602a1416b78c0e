"""How the sample office cancelled 29 permits to Türkiye on 12 April 2021: by a sweep."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from history import clock
from history.actors import Actor
from permits.choices import Group, SweepAction
from permits.domain.acts import see_notice
from permits.domain.sweeps import (
    agree_group,
    begin_sweep,
    carry_out,
    except_permit,
    propose_group,
)
from permits.models import Notice, Permit, SweepGroup
from permits.sample.desk import Case, Desk
from policies.models import Policy

PREPARED, CANCELLED = date(2021, 4, 8), date(2021, 4, 12)
UNDER = "TR-2020-04-16-presumptive"
CITED = "TR-2021-04-12-cancellation"
PROMISED_EN = "Approved as exceptional, on an assurance that was only promised."
PROMISED_FR = "Approuvée à titre exceptionnel, sur une assurance seulement promise."


def cancel_permits(desk: Desk, acts: Mapping[str, Mapping[str, Any]]) -> Case:
    """Proposed beforehand, agreed on and carried out on the day; `acts` are the cited ones by key.

    The permit that was an exception in May 2020 is one here too, with reasons of its own.
    """
    analyst, decider = desk.people.analysts[0], desk.people.decision
    cited = acts[CITED]
    reason_en = f"Synthetic act of the demonstration, after: {cited['instrument_en']}"
    reason_fr = f"Acte fictif de la démonstration, d’après : {cited['instrument_fr']}"
    policy = Policy.objects.get(key=UNDER)
    sweep = begin_sweep(policy, by=analyst)
    suspended = SweepGroup.objects.get(sweep=sweep, code=Group.SUSPENDED)
    excepted = Permit.objects.get(
        number__in=[number for number, _left in suspended.permits],
        application__statements__key=f"{UNDER}:exceptional",
    )
    yield 0
    groups = [
        propose_group(
            suspended,
            action=SweepAction.CANCEL,
            reason_en=reason_en,
            reason_fr=reason_fr,
            by=analyst,
        ),
        except_permit(
            sweep,
            excepted.number,
            action=SweepAction.CANCEL,
            reason_en=f"{PROMISED_EN} {reason_en}",
            reason_fr=f"{PROMISED_FR} {reason_fr}",
            by=analyst,
        ),
    ]
    yield CANCELLED
    for group in groups:
        agree_group(group, by=decider)
    while carry_out(sweep, by=Actor.person(decider.pk), limit=1).settled:
        yield clock.now() + timedelta(minutes=1)
    yield 1
    for notice in Notice.objects.filter(act__sweep_item__sweep=sweep):
        see_notice(notice, by=notice.person)
