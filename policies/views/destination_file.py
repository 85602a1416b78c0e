"""The timeline of a destination as a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from policies.choices import Activity, Stance
from policies.domain.register import Register, current_register
from policies.domain.scope import provision
from policies.domain.sources import source_for_reader
from policies.domain.timeline import Lane, Marks, exceptions_in_words, lanes, marks
from policies.models import ContextEntry, PermitAct, Policy
from policies.templatetags.policy_tags import in_language
from policies.views.addresses import as_registered, moved_to
from policies.views.asof import AsOf, read_as_of, refuse_unread
from policies.views.spreadsheet import csv_response
from policies.views.verdicts import permit_over_a_stretch


@require_safe
def destination_csv(request: HttpRequest, code: str) -> HttpResponse:
    """The timeline as a file: a row for each stretch of a lane, act, announcement and context."""
    register = current_register()
    registered = as_registered(code, register.destinations)
    if registered != code:
        return moved_to(request, registered)
    as_of = read_as_of(request)
    refuse_unread(as_of.form)
    header = (
        _("Kind"), _("Activity"), _("Goods"), _("From"), _("Until"), _("Stance"),
        _("Stance if open questions are answered yes"), _("Permit requirement"), _("Exceptions"),
        _("Policies"), _("Instrument"), _("Title"), _("Sources"),
    )  # fmt: skip
    lanes_found = lanes(register, code, as_of.known_at)
    marks_found = marks(register, code, as_of.known_at)
    keys = {key for lane in lanes_found for bar in lane.bars for key in bar.ruling.governing}
    keys.update(one.policy for one in marks_found.announcements)
    policies = {policy.key: policy for policy in Policy.objects.filter(key__in=keys)}
    return csv_response(
        f"{code}-{as_of.file_days}.csv",
        header,
        [
            *(row for lane in lanes_found for row in _lane_cells(lane, policies, register, as_of)),
            *_mark_cells(marks_found, policies),
        ],
    )


Cells = Sequence[object]


def _lane_cells(
    lane: Lane, policies: dict[str, Policy], register: Register, as_of: AsOf
) -> Iterator[Cells]:
    goods = f"{lane.goods} ({lane.note})" if lane.note else lane.goods
    for bar in lane.bars:
        ruling = bar.ruling
        governing = [policies[key] for key in ruling.governing]
        yield (
            _("Stance"),
            Activity(lane.activity).label,
            goods,
            bar.start,
            bar.end,
            _("No restriction") if bar.shade.free else Stance(ruling.stance).label,
            Stance(ruling.stance_if_open).label,
            permit_over_a_stretch(lane, bar, register, as_of),
            "; ".join(exceptions_in_words(register, bar)),
            " ".join(ruling.governing),
            "; ".join(dict.fromkeys(in_language(policy, "instrument") for policy in governing)),
            "; ".join(in_language(policy, "title") for policy in governing),
            _urls(governing),
        )


def _mark_cells(marks_found: Marks, policies: dict[str, Policy]) -> Iterator[Cells]:
    for act in marks_found.acts:
        yield (
            _("Act on permits"), "", "", act.on, "", "", "", "", "", act.under_policy.key,
            f"{in_language(act, 'instrument')}, {provision(act.provision)}",
            in_language(act, "title"), _urls([act]),
        )  # fmt: skip
    for one in marks_found.announcements:
        policy = policies[one.policy]
        yield (
            _("Announcement"), "", "", one.on, "", "", "", "", "", one.policy,
            in_language(policy, "instrument"), in_language(policy, "title"), _urls([policy]),
        )  # fmt: skip
    for entry in marks_found.context:
        yield (
            _("Context (news is not policy)"), "", "", entry.on, "", "", "", "", "", "", "",
            in_language(entry, "title"), _urls([entry]),
        )  # fmt: skip


def _urls(cited: Iterable[Policy | PermitAct | ContextEntry]) -> str:
    """The addresses of the sources, each once."""
    return " ".join(
        dict.fromkeys(
            source_for_reader(source["url"]).url for one in cited for source in one.sources
        )
    )
