"""Writing through the door: an event first, then the rows, or nothing at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from history import clock, merkle, requests
from history.actors import SYSTEM, Actor
from history.canonical import decode
from history.domain import bulk
from history.domain.door import Conflict, WrongLog, door
from history.models import Event, Log, Text
from history.refusal import OutsideTheDoor, at_the_door
from policies.models import ControlListItem, Destination, PolicyVersion
from tests.history.rows import a_destination, add_destination, rename, tell
from tests.people import make_person
from tests.unlogged import unlogged

pytestmark = pytest.mark.django_db


def body_of(event: Event) -> Any:
    return decode(bytes(Event.objects.get(pk=event.pk).body))


def last() -> Event:
    event = Event.objects.last()
    assert event is not None
    return event


# What is recorded


def test_an_act_is_recorded_with_what_it_writes() -> None:
    size = Log.objects.get().size
    row = add_destination(by=Actor.person(7, "administrator"))
    body = body_of(last())
    change = body.pop("changes")[0]
    assert (change["table"], change["row"], change["before"]) == (
        "policies_destination",
        row.pk,
        None,
    )
    assert change["after"]["code"] == "ZZ"
    assert {name: body[name] for name in ("number", "actor", "role", "verb", "sequence")} == {
        "number": size + 1,
        "actor": "person:7",
        "role": "administrator",
        "verb": "test.done",
        "sequence": 1,
    }
    row.refresh_from_db()
    assert (row.stream, row.version, row.name_en) == ("reference:test:ZZ", 1, "Test")


def test_a_change_is_recorded_with_what_was_there() -> None:
    row = add_destination()
    event = rename(row, "Other")
    assert body_of(event)["changes"] == [
        {
            "table": "policies_destination",
            "row": row.pk,
            "before": {"name_en": "Test"},
            "after": {"name_en": "Other"},
        }
    ]
    assert Destination.objects.get(pk=row.pk).name_en == row.name_en == "Other"
    assert row.version == 2


def test_what_stays_as_it_was_is_no_change() -> None:
    row = add_destination()
    event = rename(row, "Test")
    assert body_of(event)["changes"] == []
    assert Destination.objects.get(pk=row.pk).version == row.version == 1
    rename(row, "Other")


def test_a_row_may_be_written_twice_in_one_door() -> None:
    row = a_destination()
    with door(by=SYSTEM) as entries:
        first = tell(entries, "ZZ")
        first.add(row)
        second = tell(entries, "ZZ")
        second.set(row, name_en="Second")
        second.set(row, name_fr="Deuxième")
        third = tell(entries, "ZZ")
        third.set(row, name_en="Third")
    before = [change["before"] for change in body_of(third.recorded)["changes"]]
    assert before == [{"name_en": "Second"}]
    stored = Destination.objects.get(pk=row.pk)
    assert (stored.version, stored.name_en, stored.name_fr) == (3, "Third", "Deuxième")


def test_the_request_that_did_it_is_named() -> None:
    token = requests.current.set("0b8ac1f0")
    try:
        add_destination()
    finally:
        requests.current.reset(token)
    assert (last().request, body_of(last())["request"]) == ("0b8ac1f0", "0b8ac1f0")


def test_a_name_or_reason_is_not_in_the_event_but_beside_it() -> None:
    person = make_person("somebody", name="Zoé Unusual")
    with door(by=SYSTEM) as entries:
        entry = entries.record(
            "test.done", stream=person.stream, subject="person:1", reason="Because of Zoé"
        )
        entry.set(person, name="Zoé Other")
    raw = bytes(Event.objects.get(pk=entry.recorded.pk).body)
    assert "Zoé" not in raw.decode()
    assert b"Unusual" not in raw
    [change] = decode(raw)["changes"]
    digests = [change["before"]["name"]["$text"], change["after"]["name"]["$text"]]
    texts = Text.objects.in_bulk(digests)
    assert [texts[digest].content for digest in digests] == ["Zoé Unusual", "Zoé Other"]
    assert Text.objects.get(pk=decode(raw)["reason"]["$text"]).content == "Because of Zoé"


def test_a_name_that_changes_again_is_told_with_the_last_it_was() -> None:
    person = make_person("somebody", name="First")
    for name in ("Second", "", "Third", "Fourth"):
        with door(by=SYSTEM) as entries:
            entries.record("test.done", stream=person.stream, subject="person:1").set(
                person, name=name
            )
    told = []
    for event in Event.objects.filter(stream=person.stream, verb="test.done").order_by("sequence"):
        before = body_of(event)["changes"][0]["before"]["name"]
        told.append(before and Text.objects.get(pk=before["$text"]).content)
    assert told == ["First", "Second", "", "Third"]


def test_a_secret_is_kept_nowhere() -> None:
    person = make_person("somebody")
    stored = type(person).objects.get(pk=person.pk)
    body = decode(bytes(Event.objects.get(stream=person.stream).body))
    digest = body["changes"][0]["after"]["password"]["$secret"]
    assert Text.objects.get(pk=digest).content is None
    assert not Text.objects.filter(content=stored.password).exists()
    assert stored.password not in str(body)


def test_the_leaves_and_the_frontier_are_those_of_the_bodies() -> None:
    add_destination()
    frontier = merkle.Frontier()
    for body in Event.objects.order_by("number").values_list("body", flat=True):
        frontier.append(merkle.leaf_hash(bytes(body)))
    log = Log.objects.get()
    assert (log.size, bytes(log.frontier)) == (frontier.size, frontier.to_bytes())


# All or nothing


def test_an_error_leaves_neither_event_nor_row() -> None:
    size = Log.objects.get().size

    def fail() -> None:
        with door(by=SYSTEM) as entries:
            tell(entries, "ZZ").add(a_destination())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert Log.objects.get().size == size == Event.objects.count()
    assert not Destination.objects.filter(code="ZZ").exists()


def test_many_rows_get_values_of_every_kind_at_once() -> None:
    rows = list(ControlListItem.objects.order_by("pk")[:60])
    told = [
        {
            "order": number,
            "text_en": f"{number}: \"{{}}\", 'é' \\ NULL",
            "selectable": number % 3 == 0,
            "in_force_from": date(2020, 1, 1) if number % 2 else None,
            "controlled_to": ["CA", '"\\{,}'] if number % 2 else [],
        }
        for number in range(len(rows))
    ]
    with door(by=SYSTEM) as entries:
        by_stream = {
            one.stream: entries.record("test.done", stream=one.stream, subject="items:many")
            for one in rows
        }
        for row, values in zip(rows, told, strict=True):
            by_stream[row.stream].set(row, **values)
    there = ControlListItem.objects.order_by("pk")[:60]
    assert list(there.values(*told[0])) == told


def test_what_the_database_refuses_leaves_no_event() -> None:
    add_destination()
    size = Log.objects.get().size
    with pytest.raises(Exception, match=r"(?i)unique|in_the|told"), door(by=SYSTEM) as entries:
        tell(entries, "ZZ").add(a_destination())
    assert Log.objects.get().size == size == Event.objects.count()


def test_where_the_event_cannot_be_written_nothing_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise OSError("the disk is full")

    row = add_destination()
    monkeypatch.setattr(bulk, "write", fail)
    with pytest.raises(OSError, match="disk"):
        rename(row, "Other")
    assert Destination.objects.get(pk=row.pk).name_en == "Test"


def test_a_door_in_a_door_is_refused() -> None:
    with door(by=SYSTEM), pytest.raises(RuntimeError, match="pass it on"), door(by=SYSTEM):
        pass


def test_a_door_that_nobody_went_through_leaves_nothing() -> None:
    size = Log.objects.get().size
    with door(by=SYSTEM):
        pass
    assert Log.objects.get().size == size


# Conflicts


def test_a_row_that_somebody_else_wrote_is_a_conflict() -> None:
    mine = add_destination()
    theirs = Destination.objects.get(pk=mine.pk)
    rename(theirs, "Theirs")
    with pytest.raises(Conflict) as conflict:
        rename(mine, "Mine")
    assert isinstance(conflict.value.now, Destination)
    assert conflict.value.now.name_en == "Theirs"
    assert Destination.objects.get(pk=mine.pk).name_en == "Theirs"


def test_a_stream_that_moved_on_is_a_conflict_where_that_matters() -> None:
    row = add_destination()
    rename(row, "Other")
    for head, conflict in ((2, False), (1, True)):
        try:
            with door(by=SYSTEM) as entries:
                tell(entries, "ZZ", expect=head)
        except Conflict:
            assert conflict
        else:
            assert not conflict


def test_a_row_of_another_stream_is_refused() -> None:
    row = add_destination()
    with pytest.raises(ValueError, match="belongs to"), door(by=SYSTEM) as entries:
        tell(entries, "YY").set(row, name_en="Other")


@pytest.mark.parametrize("field", ["id", "stream", "version", "nothing"])
def test_only_a_rows_own_fields_are_set(field: str) -> None:
    row = add_destination()
    with pytest.raises(ValueError, match=field), door(by=SYSTEM) as entries:
        tell(entries, "ZZ").set(row, **{field: 5})


@pytest.mark.parametrize(
    ("verb", "stream", "subject"),
    [
        ("done", "reference:x", "x:y"),
        ("Test.done", "reference:x", "x:y"),
        ("test.done", "nothing:x", "x:y"),
        ("test.done", "reference:", "x:y"),
        ("test.done", "reference:a b", "x:y"),
        ("test.done", "reference:x", "x"),
        ("test.done", "reference:x", "x:a b"),
    ],
)
def test_an_entry_out_of_form_is_refused(verb: str, stream: str, subject: str) -> None:
    with pytest.raises(ValueError, match="is no"), door(by=SYSTEM) as entries:
        entries.record(verb, stream=stream, subject=subject)


@pytest.mark.parametrize(
    ("verb", "stream", "by"),
    [
        ("test.unheard", "reference:x", SYSTEM),
        ("policy.entered", "case:x", SYSTEM),
        ("application.edited", "case:x", SYSTEM),
        ("application.edited", "case:x", Actor.person(1, "auditor")),
        ("application.edited", "case:x", Actor.person(1)),
        ("register.loaded", "reference:loads", Actor.person(1, "administrator")),
        ("log.started", "system", Actor("system", "administrator")),
    ],
)
def test_what_nobody_declared_is_not_recorded(verb: str, stream: str, by: Actor) -> None:
    with pytest.raises(ValueError, match=verb), door(by=SYSTEM) as entries:
        entries.record(verb, stream=stream, subject="x:y", by=by)


# Past the door

PAST_THE_DOOR: dict[str, Callable[[Destination], object]] = {
    "save": lambda row: row.save(),
    "save of one field": lambda row: row.save(update_fields=["name_en"]),
    "delete": lambda row: row.delete(),
    "create": lambda row: Destination.objects.create(code="YY"),
    "get_or_create": lambda row: Destination.objects.get_or_create(code="YY"),
    "bulk_create": lambda row: Destination.objects.bulk_create([a_destination("YY")]),
    "bulk_update": lambda row: Destination.objects.bulk_update([row], ["name_en"]),
    "update": lambda row: Destination.objects.filter(pk=row.pk).update(name_en="Other"),
    "delete of many": lambda row: Destination.objects.filter(pk=row.pk).delete(),
    "raw delete": lambda row: Destination.objects.filter(pk=row.pk)._raw_delete("default"),
    "base manager": lambda row: Destination._base_manager.update(name_en="Other"),
    "insert": lambda row: sql("INSERT INTO policies_destination (code) VALUES ('YY')"),
    "replace": lambda row: sql("REPLACE INTO policies_destination (code) VALUES ('YY')"),
    "insert or replace": lambda row: sql(
        'INSERT OR REPLACE INTO "policies_destination" (code) VALUES (%s)', ["YY"]
    ),
    "update in SQL": lambda row: sql("update only public.policies_destination set code = 'YY'"),
    "delete in SQL": lambda row: sql("  DELETE FROM policies_destination"),
    "truncate": lambda row: sql("TRUNCATE TABLE policies_destination"),
    "an event": lambda row: Event.objects.filter(pk=1).update(verb="x.y"),
    "a text": lambda row: Text.objects.all().delete(),
    "the log": lambda row: Log.objects.update(synthetic=False),
    "an account": lambda row: make_person("x").save(),
    "a version": lambda row: PolicyVersion.objects.update(effective_to=None),
}


def sql(statement: str, parameters: list[str] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


@pytest.mark.parametrize("way", PAST_THE_DOOR)
def test_writing_past_the_door_never_reaches_the_database(way: str) -> None:
    row = add_destination()
    with pytest.raises(OutsideTheDoor, match="tracked"), transaction.atomic():
        PAST_THE_DOOR[way](row)
    assert Destination.objects.get(pk=row.pk).name_en == "Test"


def test_what_is_not_tracked_is_written_as_ever(client: Any) -> None:
    session = client.session
    session["a"] = 1
    session.save()
    assert session.session_key


# The log's beginning, its mark and its clock


def test_the_first_event_says_what_the_log_is() -> None:
    first = Event.objects.get(number=1)
    body = decode(bytes(first.body))
    assert (body["verb"], body["stream"], body["data"]["synthetic"]) == (
        "log.started",
        "system",
        True,
    )
    assert body["data"]["key"].startswith(f"{Log.objects.get().name}+")


def test_production_refuses_a_synthetic_log(settings: Settings) -> None:
    settings.PERMIT_DESK_MODE = "production"
    with pytest.raises(WrongLog, match="demonstration"):
        add_destination()


def test_a_demo_refuses_a_log_that_is_not_synthetic() -> None:
    with at_the_door():
        Log.objects.update(synthetic=False)
    with pytest.raises(WrongLog, match="not a demonstration"):
        add_destination()


def test_a_simulated_clock_is_told() -> None:
    with clock.simulated(datetime(2020, 4, 16, 13, tzinfo=UTC)):
        add_destination()
    body = body_of(last())
    assert (body["clock"], body["recorded_at"], body["occurred_on"]) == (
        "simulated",
        "2020-04-16T13:00:00.000000Z",
        "2020-04-16",
    )
    add_destination("YY")
    assert body_of(last())["clock"] == "server"


def test_a_simulated_clock_is_for_a_synthetic_log(settings: Settings) -> None:
    settings.PERMIT_DESK_MODE = "production"
    with at_the_door():
        Log.objects.update(synthetic=False)
    with (
        clock.simulated(datetime(2020, 4, 16, tzinfo=UTC)),
        pytest.raises(WrongLog, match="simulated"),
    ):
        add_destination()


@pytest.mark.django_db(transaction=True)
def test_the_log_begins_by_itself_and_once(settings: Settings, tmp_path: Any) -> None:
    settings.HISTORY_KEY_FILE = str(tmp_path / "key.pem")
    with unlogged(), connection.cursor() as cursor:
        for table in ("event", "log", "text", "checkpoint", "block"):
            cursor.execute(f"DELETE FROM history_{table}")
    add_destination()
    assert [event.verb for event in Event.objects.all()] == ["log.started", "test.done"]
    assert (tmp_path / "key.pem").stat().st_mode & 0o777 == 0o600
