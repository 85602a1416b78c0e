"""The register as one document, and such a document taken in as one change."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from accounts.exceptions import NotPermitted
from history import clock
from history.domain.verify import verify
from permits.domain.policy_changes import preview_change, propose_change
from policies.choices import ChangeKind
from policies.domain.change_words import in_words
from policies.domain.composing import compose
from policies.domain.drafting import save_change
from policies.domain.items import of_no_list
from policies.domain.lint import findings
from policies.domain.policy_sets import (
    _LONGEST,
    RefusedSet,
    compare,
    read_set,
    start_set,
    written_set,
)
from policies.domain.queries import LONGEST_TEXT
from policies.domain.reference import files
from policies.domain.register import current_register
from policies.forms.policy_change import PARTS, DraftForm
from policies.models import Policy, PolicyChange, PolicyVersion
from tests.people import Cast
from tests.permits.factories import make_in_review
from tests.policies.changes import POLICY, WHY_EN, WHY_FR, approved, draft, in_days

NEW = "TR-9999-suspension"
AID = {"code": "aid", "en": "Aid", "fr": "Aide", "evidence_en": "A", "evidence_fr": "A"}
UNTIL = {**AID, "until": "2200-01-01"}
DENIAL = {"key": "TR-9999-denial", "effect": {"stance": "policy_of_denial"}}


def raw(document: Any) -> bytes:
    return json.dumps(document).encode()


def with_version(**days: str | None) -> dict[str, Any]:
    empty = dict.fromkeys(("to", "known_to", "announced_on", "published_on"))
    version = {**empty, "from": in_days(3), "known_from": in_days(0), **days}
    return {**deepcopy(POLICY), "versions": [{**version, "precision": "day", "assumed": []}]}


def explained(change: PolicyChange) -> PolicyChange:
    return save_change(
        change,
        content=change.content,
        rationale_en=WHY_EN,
        rationale_fr=WHY_FR,
        note="",
        by=change.drafted_by,
    )


def row_of(document: Any, key: str) -> Any:
    return next(one for one in document["policies"] if one["key"] == key)


def test_what_is_given_out_is_what_was_loaded(reference: None) -> None:
    packaged = files.read_files(files.PACKAGED)
    given, shipped, in_french = written_set(), packaged[files.POLICIES], packaged[files.NOTES_FR]
    assert given.keys() == shipped.keys()
    for name in shipped:
        if name == "as_of":
            continue
        key = (lambda one: one["key"]) if name in ("policies", "permit_acts", "context") else None
        mine, theirs = given[name], shipped[name]
        if name == "policies":
            notes = {one["key"]: one.pop("notes_fr") for one in mine}
            assert notes == {one: in_french.get(one) for one in notes}
        if key:
            mine, theirs = sorted(mine, key=key), sorted(theirs, key=key)
        assert mine == theirs, name


def test_a_set_as_it_was_given_out_differs_in_nothing(office: Cast) -> None:
    found = compare(read_set(raw(written_set())))
    assert not found.changes
    assert len(found.unchanged) == Policy.objects.count()
    with pytest.raises(RefusedSet):
        start_set(raw(written_set()), by=office.admin)


def test_a_set_is_drafted_previewed_and_written_whole(office: Cast) -> None:
    document = written_set()
    document["policies"].append(with_version())
    ended = row_of(document, "IL-2024-01-08")
    ended["versions"][-1]["to"] = in_days(9)
    ended["title_fr"] += " (corrigé)"
    change, found = start_set(raw(document), by=office.admin)
    assert (found.added, found.superseded) == ((NEW,), ("IL-2024-01-08",))
    assert not Policy.objects.filter(key=NEW).exists()
    change = explained(change)
    assert not [one for one in findings(change) if one.blocks]
    said = in_words(change, current_register())
    done = approved(preview_change(change, by=office.admin), by=office.admin_b)
    # It is told against the register as it was.
    assert in_words(done, current_register()) == said
    assert done.keys == ["IL-2024-01-08", NEW]
    assert Policy.objects.get(key="IL-2024-01-08").title_fr.endswith("(corrigé)")
    new, ends = (
        PolicyVersion.objects.get(policy__key=key, known_to=None) for key in (NEW, "IL-2024-01-08")
    )
    assert new.known_from == ends.known_from == done.decided_at
    assert ends.effective_to is not None
    assert verify(deep=True).good


def test_what_a_policy_took_the_place_of_stays(office: Cast) -> None:
    document = written_set()
    row_of(document, "IL-2024-01-08")["replaces"] = "HK-2020-07-03"
    with pytest.raises(RefusedSet) as refused:
        start_set(raw(document), by=office.admin)
    (found,) = refused.value.refusals
    assert (found.key, found.field) == ("IL-2024-01-08", "replaces")


def test_a_new_policy_does_not_take_the_place_of_one_that_is_new_too(office: Cast) -> None:
    other = {**with_version(), "key": "TR-9999-other", "replaces": NEW}
    document = {**written_set(), "policies": [with_version(), other]}
    with pytest.raises(RefusedSet) as refused:
        start_set(raw(document), by=office.admin)
    (found,) = refused.value.refusals
    assert (found.key, found.field) == ("TR-9999-other", "replaces")


def test_what_a_set_does_not_take_in_is_told(reference: None) -> None:
    document = written_set()
    assert compare(read_set(raw(document))).passed_over == ()
    document["permit_acts"].reverse()
    assert compare(read_set(raw(document))).passed_over == ()
    document["permit_acts"][0]["count"] = 7
    document["context"][0]["title_en"] += "!"
    once = next(
        one for one in document["policies"] if any(each["known_to"] for each in one["versions"])
    )
    next(each for each in once["versions"] if each["known_to"])["assumed"] = ["from"]
    found = compare(read_set(raw(document)))
    assert not found.changes
    assert set(found.passed_over) == {"permit_acts", "context", f"{once['key']}: versions"}


def test_a_set_and_a_change_to_the_same_policy_are_told_of_each_other(office: Cast) -> None:
    document = written_set()
    row_of(document, "IL-2024-01-08")["title_fr"] += " (corrigé)"
    change = explained(start_set(raw(document), by=office.admin)[0])
    end = draft(office.admin_b, kind=ChangeKind.END, policy="IL-2024-01-08", ends=in_days(5))
    for one, other in ((change, end), (end, change)):
        (found,) = [some for some in findings(one) if some.code == "pending"]
        assert other.number in found.words
    approved(end, by=office.admin)
    (found,) = [some for some in findings(change) if some.code == "moved"]
    assert found.blocks
    assert "take in a file" in found.words


@pytest.mark.parametrize(
    ("edit", "row", "field"),
    [
        (lambda one: one.update(layer="letter"), NEW, "layer"),
        (lambda one: one["scope"].update(destinations=["ZZ"]), NEW, "scope.destinations[0]"),
        (lambda one: one.update(key="SA-2020-04-09-lift"), "SA-2020-04-09-lift", "scope"),
        (lambda one: one.update(replaces="XX-2100-other"), NEW, "replaces"),
        (lambda one: one["versions"][0].update({"from": None}), NEW, "versions"),
        (lambda one: one["versions"][0].update(known_to=in_days(1)), NEW, "versions"),
        (lambda one: one["versions"][0].update(to="2020-01-01"), NEW, "versions[0].to"),
        (lambda one: one["versions"][0].update({"from": "0024-01-08"}), NEW, "versions[0].from"),
        (lambda one: one["versions"][0].update(to="9999-12-31"), NEW, "versions[0].to"),
        (lambda one: one.update(exceptions=[UNTIL]), NEW, "exceptions[0].until"),
        (lambda one: one.update(title_en="1." * 15_000), NEW, "title_en"),
        (lambda one: one["sources"][0].update(quote="a" * 10_001), NEW, "sources[0].quote"),
    ],
)
def test_a_row_that_cannot_be_taken_in_is_named_and_nothing_is_kept(
    office: Cast, edit: Any, row: str, field: str
) -> None:
    policy = with_version()
    edit(policy)
    document = {**written_set(), "policies": [policy]}
    with pytest.raises(RefusedSet) as refused:
        start_set(raw(document), by=office.admin)
    (found,) = refused.value.refusals
    assert (found.key, found.field) == (row, field)
    assert not PolicyChange.objects.exists()


def test_every_row_that_does_not_fit_is_named_at_once(office: Cast) -> None:
    document = written_set()
    for key in ("IL-2024-01-08", "HK-2020-07-03"):
        row_of(document, key)["effect"] = {"stance": "prohibited"}
    with pytest.raises(RefusedSet) as refused:
        start_set(raw(document), by=office.admin)
    assert {one.key for one in refused.value.refusals} == {"IL-2024-01-08", "HK-2020-07-03"}


def test_a_set_takes_no_longer_text_than_the_form(office: Cast) -> None:
    form = DraftForm(None, change=draft(office.admin), register=current_register())
    renamed = {"instrument.title_en": "instrument_en", "instrument.title_fr": "instrument_fr"}
    for (*above, name), longest in _LONGEST.items():
        of_part = PARTS[above[0]]().fields if above and above[0] in PARTS else form.fields
        field = of_part.get(renamed.get(".".join((*above, name)), name))
        # What a policy replaces is not typed.
        assert getattr(field, "max_length", longest) == longest, name
    assert getattr(form.fields["notes_en"], "max_length", 0) == LONGEST_TEXT


def refused_by(document: Any, office: Cast) -> list[tuple[str, str, str]]:
    with pytest.raises(RefusedSet) as refused:
        start_set(raw(document), by=office.admin)
    assert not PolicyChange.objects.exists()
    return [(one.key, one.field, one.reason) for one in refused.value.refusals]


def test_every_bad_row_is_named_in_one_round_whatever_is_wrong_with_it(office: Cast) -> None:
    """By its form, beside the register, and against what its key says."""
    document = written_set()
    row_of(document, "IL-2024-01-08")["effect"] = {"stance": "prohibited"}
    bad = [{**with_version(), "key": f"TR-999{number}-suspension"} for number in range(6)]
    bad[0]["layer"] = bad[1]["layer"] = "bad"
    del bad[1]["title_en"], bad[1]["title_fr"]
    bad[1] |= {"colour": "red", "shape": "round"}
    bad[2]["title_fr"] = "a\x00b"
    bad[3]["scope"]["destinations"] = ["TR", "ZZ"]
    bad[4]["versions"][0]["to"] = "2020-01-01"
    bad[5]["versions"][0]["from"] = None
    document["policies"] += [*bad, with_version()]
    found = refused_by(document, office)
    assert all(reason for _key, _field, reason in found)
    assert sorted((key, field) for key, field, _reason in found) == [
        ("IL-2024-01-08", "scope"),
        ("TR-9990-suspension", "layer"),
        ("TR-9991-suspension", "colour"),
        ("TR-9991-suspension", "layer"),
        ("TR-9991-suspension", "shape"),
        ("TR-9991-suspension", "title_en"),
        ("TR-9991-suspension", "title_fr"),
        ("TR-9992-suspension", "title_fr"),
        ("TR-9993-suspension", "scope.destinations[1]"),
        ("TR-9994-suspension", "versions[0].to"),
        ("TR-9995-suspension", "versions"),
    ]


def _set_in(path: str, value: object) -> Callable[[dict[str, Any]], None]:
    *steps, last = path.split(".")

    def edit(row: Any) -> None:
        for step in steps:
            row = row[int(step) if step.isdecimal() else step]
        row[last] = value

    return edit


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (_set_in("layer", "bad"), '"bad" n’est aucune des valeurs statute'),
        (_set_in("colour", "red"), "n’est pas un champ connu"),
        (_set_in("scope", None), "doit être un objet et non null"),
        (_set_in("questions", "none"), 'doit être une liste et non "none"'),
        (_set_in("title_en", ""), '"" ne doit pas être vide'),
        (_set_in("title_fr", "a\x00b"), "contient le caractère U+0000"),
        (_set_in("key", "tr"), "n’a pas la forme"),
        (_set_in("effect", {}), "{} ne doit pas être vide"),
        (_set_in("effect", {"control": "ECL"}), "n’a pas ce qui doit l’accompagner"),
        (_set_in("replaces", "NONE"), "il n’y a pas de politique NONE"),
        (_set_in("scope.destinations", ["QQ"]), "il n’y a pas de destination QQ"),
        (_set_in("scope.activities", ["export", "export"]), "contient deux fois la même chose"),
        (_set_in("scope.goods.items", ["x"]), "n’a pas la forme d’un numéro de liste"),
        (_set_in("versions.0.from", 2020), "doit être un texte ou null et non 2020"),
        (_set_in("versions.0.from", "2020-02-30"), "n’est pas un jour du calendrier"),
        (_set_in("versions.0.from", "0024-01-08"), "Indiquez un jour entre le 1867-07-01"),
        (_set_in("title_fr", "a" * 301), "compte plus de 300 caractères"),
        (_set_in("versions.0.to", "2020-01-01"), "jour où la période commence"),
        (_set_in("instrument.url", "ftp://a"), "doit commencer par https:// ou http://"),
    ],
)
def test_what_is_refused_of_a_row_is_said_in_the_language_of_the_page(
    office: Cast, edit: Callable[[dict[str, Any]], None], said: str
) -> None:
    row = with_version()
    edit(row)
    with translation.override("fr-ca"):
        found = refused_by({**written_set(), "policies": [row]}, office)
    assert said in found[0][2].replace("\xa0", " ")


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"", "n’est pas du JSON à la ligne 1, colonne 1"),
        (b"\xff", "n’est pas en UTF-8"),
        (b"\xef\xbb\xbf{}", "commence par une marque d’ordre des octets"),
        (b'{"a": NaN}', "n’est pas un nombre en JSON"),
        (b'{"a": 1.5}', "n’est pas écrit comme un nombre entier"),
        (b'{"a": ' + b"9" * 30 + b"}", "est trop grand"),
        (b'{"a": ' + b"9" * 5000 + b"}", "un nombre a trop de chiffres"),
        (b'{"a": 1, "a": 2}', "figure deux fois"),
        (b"[" * 100_000, "est imbriqué trop profondément"),
        (b"{}", "manque"),
    ],
)
def test_what_is_refused_of_a_file_is_said_in_the_language_of_the_page(
    sent: bytes, said: str
) -> None:
    with translation.override("fr-ca"), pytest.raises(RefusedSet) as refused:
        read_set(sent)
    assert said in refused.value.refusals[0].reason


def test_rows_that_come_twice_are_each_named(office: Cast) -> None:
    two = [{**with_version(), "key": f"TR-999{number}-suspension"} for number in range(2)]
    found = refused_by({**written_set(), "policies": [*two, *two, with_version()]}, office)
    assert [(key, field) for key, field, _reason in found] == [(one["key"], "key") for one in two]


def test_what_is_wrong_beside_the_rows_is_named_with_them(office: Cast) -> None:
    bad = {**with_version(), "layer": "bad"}
    nameless = {name: value for name, value in with_version().items() if name != "key"}
    document = {**written_set(), "policies": [bad, nameless, 7], "as_of": "soon"}
    found = [(key, field) for key, field, _reason in refused_by(document, office)]
    assert sorted(found) == [
        ("", "as_of"),
        ("", "policies[1].key"),
        ("", "policies[2]"),
        (NEW, "layer"),
    ]


@pytest.mark.parametrize("policies", [None, {}, "rows", [[]], [None]])
def test_what_holds_no_rows_is_refused(office: Cast, policies: Any) -> None:
    found = refused_by({**written_set(), "policies": policies}, office)
    assert found[0][0] == ""
    assert found[0][1].startswith("policies")


@pytest.mark.parametrize(
    ("starts", "second"),
    [
        (0, {"kind": ChangeKind.END, "ends": 30}),
        # Called off before it began: the register states nothing of it any more.
        (20, {"kind": ChangeKind.END, "ends": 5}),
        (0, {"kind": ChangeKind.AMEND, "starts": 3, "of_policy": DENIAL}),
    ],
)
@pytest.mark.parametrize("later", [0, 9])
def test_two_changes_to_a_policy_on_one_day_hold_up_no_other_change(
    office: Cast, starts: int, second: dict[str, Any], later: int
) -> None:
    approved(draft(office.admin, starts=in_days(starts)), by=office.admin_b)
    days: dict[str, Any] = {
        name: in_days(second[name]) for name in ("starts", "ends") if name in second
    }
    rest = {name: value for name, value in second.items() if name not in days}
    approved(draft(office.admin, policy=NEW, **rest, **days), by=office.admin_b)
    with clock.simulated(clock.now() + timedelta(days=later)):
        scope = {**POLICY["scope"], "destinations": ["FR"]}
        for change in (
            draft(office.admin, of_policy={"key": "FR-9999-suspension", "scope": scope}),
            draft(
                office.admin,
                kind=ChangeKind.CORRECT,
                policy="IL-2024-01-08",
                of_policy={"title_fr": "Israël : autre titre"},
            ),
        ):
            assert not [one for one in findings(change) if one.blocks]
        assert not compare(read_set(raw(written_set()))).changes


@pytest.mark.parametrize("sent", [b"", b"{", b"[]", b"\xff", b'{"schema": "policies v1"}'])
def test_what_is_no_set_is_refused(office: Cast, sent: bytes) -> None:
    with pytest.raises(RefusedSet):
        start_set(sent, by=office.admin)


def test_only_administrators_take_in_a_set(office: Cast) -> None:
    document = {**written_set(), "policies": [with_version()]}
    with pytest.raises(NotPermitted):
        start_set(raw(document), by=office.senior)


def test_a_set_is_refused_whole_while_one_of_its_policies_blocks(office: Cast) -> None:
    policy = with_version()
    policy["title_fr"] = "Türkiye : groupe 3 suspendu"
    document = {**written_set(), "policies": [policy]}
    change = explained(start_set(raw(document), by=office.admin)[0])
    (found,) = [one for one in findings(change) if one.blocks]
    assert found.words.startswith(f"{NEW}: ")
    with pytest.raises(Exception, match="1 finding blocks it"):
        propose_change(change, by=office.admin)


def test_a_set_taken_in_says_what_it_said_when_it_is_taken_in_again(office: Cast) -> None:
    policy = with_version()
    policy["replaces"] = "TR-2024-01-29-end"
    policy["versions"][0] |= {"precision": "month", "assumed": ["from", "known_from"]}
    document = {**written_set(), "policies": [policy]}
    approved(explained(start_set(raw(document), by=office.admin)[0]), by=office.admin_b)
    version = PolicyVersion.objects.get(policy__key=NEW)
    assert (version.precision, version.assumed) == ("month", ["from"])
    assert version.policy.replaces is not None
    assert compare(read_set(raw(document))).unchanged == (NEW,)
    policy["versions"][0]["precision"] = "day"
    assert compare(read_set(raw(document))).superseded == (NEW,)


def many(count: int, **of_policy: Any) -> dict[str, Any]:
    """A set of new policies, and of as many with other titles as the register has."""
    document = written_set()
    places = sorted(current_register().destinations)
    new = []
    for number in range(count):
        row = with_version()
        row |= {"key": f"XX-{number:05d}-suspension", **of_policy}
        row["scope"]["destinations"] = [places[number % len(places)]]
        row["scope"]["goods"]["items"] = [f"2-{number // len(places) + 1}"]
        new.append(row)
    old = [row for row in document["policies"] if _is_known_once(row)][:count]
    for row in old:
        row["title_en"] += " (other words)"
    return {**document, "policies": [*old, *new]}


def _is_known_once(row: dict[str, Any]) -> bool:
    return sum(one["known_to"] is None for one in row["versions"]) == 1


def queries(act: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as asked:
        act()
    return len(asked)


def test_a_set_asks_the_same_queries_however_large_it_is(office: Cast) -> None:
    register, told = current_register(), []
    of_no_list(["2-1"])  # The control lists are read once in a process.
    for count in (40, 80):
        document = many(count)
        asked = [queries(lambda document=document: compare(document))]  # type: ignore[misc]
        change = explained(start_set(raw(document), by=office.admin)[0])
        change = PolicyChange.objects.get(pk=change.pk)
        for look_at in (
            lambda: findings(change, register),  # noqa: B023 - called before the next
            lambda: in_words(change, register),  # noqa: B023
            lambda: compose(change, at=clock.now()),  # noqa: B023
        ):
            asked.append(queries(look_at))
        told.append(asked)
    assert told[0] == told[1]


def test_a_set_of_more_policies_than_a_query_takes_branches_is_previewed(office: Cast) -> None:
    case = make_in_review(office.analyst)
    document = many(1_100)
    document["policies"].append(with_version())
    change = explained(start_set(raw(document), by=office.admin)[0])
    found = preview_change(change, by=office.admin)
    assert [one[0] for one in json.loads(found.found)["moved"]] == [case.reference]


def test_a_french_note_is_given_out_and_taken_in(office: Cast) -> None:
    document = written_set()
    assert all(bool(row["notes"]) is bool(row["notes_fr"]) for row in document["policies"])
    old = next(row for row in document["policies"] if row["notes"] and _is_known_once(row))
    old |= {"notes": "Other words", "notes_fr": "D’autres mots"}
    new = {**with_version(), "notes": "A note", "notes_fr": "Une note"}
    document["policies"].append(new)
    change = explained(start_set(raw(document), by=office.admin)[0])
    assert not [one for one in findings(change) if one.code == "note"]
    approved(change, by=office.admin_b)
    for key, english, french in (
        (old["key"], "Other words", "D’autres mots"),
        (NEW, "A note", "Une note"),
    ):
        policy = Policy.objects.get(key=key)
        assert (policy.notes_en, policy.notes_fr) == (english, french)
    assert not compare(read_set(raw(written_set()))).changes


def test_a_french_note_alone_may_be_another(office: Cast) -> None:
    document = written_set()
    row = next(row for row in document["policies"] if row["notes"] and _is_known_once(row))
    row["notes_fr"] = "D’autres mots"
    assert compare(document).superseded == (row["key"],)


def test_a_set_without_french_notes_keeps_those_of_the_same_english_ones(office: Cast) -> None:
    document = written_set()
    kept, other = [row for row in document["policies"] if row["notes"] and _is_known_once(row)][:2]
    for row in document["policies"]:
        del row["notes_fr"]
    kept["title_en"] += " (other words)"
    other["notes"] = "Other words"
    change = explained(start_set(raw(document), by=office.admin)[0])
    told = [one.words for one in findings(change) if one.code == "note"]
    assert told == [f"{other['key']}: The note is in one language only."]
    approved(change, by=office.admin_b)
    assert Policy.objects.get(key=kept["key"]).notes_fr
    assert not Policy.objects.get(key=other["key"]).notes_fr


@pytest.mark.parametrize(
    ("note", "answer"), [("Une note du 5 mars 2020", False), ("Une note du 4 mars 2020", True)]
)
def test_the_figures_of_a_note_are_compared(office: Cast, note: str, answer: bool) -> None:
    new = {**with_version(), "notes": "A note of 4 March 2020", "notes_fr": note}
    document = {**written_set(), "policies": [new]}
    change = explained(start_set(raw(document), by=office.admin)[0])
    blocking = [one for one in findings(change) if one.blocks]
    assert (not blocking) is answer
    assert all("2020-03-0" in one.words for one in blocking)


def test_a_set_may_tell_of_days_that_have_passed(office: Cast) -> None:
    document = {**written_set(), "policies": [with_version(**{"from": in_days(-30)})]}
    change = explained(start_set(raw(document), by=office.admin)[0])
    assert [one.blocks for one in findings(change) if one.code == "retroactive"] == [False]
    approved(change, by=office.admin_b)
    assert PolicyVersion.objects.get(policy__key=NEW).effective_from is not None
