"""The figures of the log: speed, memory, tampering, writers beside each other, killed checkpoints.

./dev campaign history [EVENTS]        1,000,000 events unless told otherwise
"""

from __future__ import annotations

import json
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.campaigns import ground
from tests.campaigns.ground import Report, measured
from tests.history.exports import write
from tests.history.mutations import MUTATIONS

WRITERS = 8
SECONDS = 60


def main(events: int = 1_000_000) -> int:
    with ground.database() as (url, key):
        ground.use(url, key)
        from django.db import connection  # noqa: PLC0415 - after `use`

        ground.prepare()
        from tests.people import make_person  # noqa: PLC0415

        # Somebody, so that there are texts to attack.
        make_person("somebody", name="Somebody")
        report = Report(f"History, {connection.vendor}")
        canonical_forms(report)
        tampering(report)
        attacks(report)
        # While the log is small: it is read more than a thousand times.
        with tempfile.TemporaryDirectory(prefix="permit-desk-export-") as folder:
            exports(report, Path(folder))
        concurrent_writers(report, str(key))
        killed_checkpoints(report, str(key))
        personal_data(report)
        volume(report, events)
        return report.end()


# Writers beside each other


def concurrent_writers(report: Report, key: str) -> None:
    """Eight processes write for a minute while checkpoints are made five times a second."""
    from history.domain.verify import verify  # noqa: PLC0415 - after `use`

    checkpointer = ground.child("tests.campaigns.checkpointer", key, "200")
    writers = [
        ground.child("tests.campaigns.writer", key, f"w{number}", str(SECONDS), "10")
        for number in range(WRITERS)
    ]
    longest, errors, told = 0.0, 0, 0
    for writer in writers:
        output, _ = writer.communicate()
        *lines, end = output.splitlines()
        told += len(lines)
        longest = max(longest, float(end.split()[1]))
        errors += int(end.split()[2])
    checkpointer.kill()
    checkpointer.communicate()
    found = verify(deep=True)
    report.line(
        f"{WRITERS} writers for {SECONDS} s, each holding its transaction 0 to 10 ms",
        "0 errors, 0 gaps",
        f"{told} acknowledged, {errors} errors, {len(found.faults)} faults",
        not errors and found.good,
    )
    report.line("longest wait of a writer", "2 s", f"{longest / 1000:.2f} s", longest <= 2000)
    report.line(
        "acts a second through the door", "100", f"{told / SECONDS:.0f}", told >= 100 * SECONDS
    )
    report.line(
        "late committers: a checkpoint every 0.2 s covers only what is committed",
        "all agree",
        f"{found.checkpoints} checkpoints agree",
        found.good and found.checkpoints > 50,
    )


def killed_checkpoints(report: Report, key: str) -> None:
    """The maker of checkpoints is killed fifty times at random moments."""
    from history.domain.verify import verify  # noqa: PLC0415 - after `use`

    chance = random.Random(ground.SEED)
    writer = ground.child("tests.campaigns.writer", key, "k0", "600", "5", heard=False)
    told: list[int] = []
    for _ in range(50):
        maker = ground.child("tests.campaigns.checkpointer", key, "1")
        assert maker.stdout is not None
        told.append(int(maker.stdout.readline()))
        time.sleep(chance.uniform(0, 0.05))
        maker.kill()
        rest, _ = maker.communicate()
        told += [int(line) for line in rest.splitlines(keepends=True) if line.endswith("\n")]
    writer.kill()
    writer.communicate()
    found = verify()
    from history.models import Checkpoint  # noqa: PLC0415 - after `use`

    there = set(Checkpoint.objects.values_list("size", flat=True))
    report.line(
        "maker of checkpoints killed 50 times",
        "each consistent, none lost",
        f"{len(set(told) - there)} lost of {len(set(told))} told, {len(found.faults)} faults",
        set(told) <= there and found.good,
    )


# Forms


def canonical_forms(report: Report) -> None:
    """Random documents, written by us and by the standard library."""
    from history.canonical import decode, encode  # noqa: PLC0415 - after `use`

    chance = random.Random(ground.SEED)
    same = sum(
        encode(value)
        == json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
        and decode(encode(value)) == value
        for value in (random_value(chance, 4) for _ in range(20_000))
    )
    report.line("canonical JSON, two encoders", "20,000 of 20,000", f"{same:,}", same == 20_000)


def random_value(chance: random.Random, depth: int) -> Any:
    kind = chance.randrange(6 if depth else 4)
    if kind == 0:
        return chance.choice([None, True, False])
    if kind == 1:
        return chance.randint(-(2**53) + 1, 2**53 - 1)
    if kind in (2, 3):
        points = (1, 0x1F, 0x22, 0x5C, 0x7F, 0x80, 0xE9, 0x2028, 0xD7FF, 0xE000, 0xFFFF, 0x1F600)
        return "".join(chr(chance.choice(points)) for _ in range(chance.randrange(6)))
    if kind == 4:
        return [random_value(chance, depth - 1) for _ in range(chance.randrange(4))]
    return {
        "".join(chr(chance.randint(0x20, 0x7E)) for _ in range(chance.randint(1, 4))): random_value(
            chance, depth - 1
        )
        for _ in range(chance.randrange(4))
    }


# Tampering in the database


def tampering(report: Report) -> None:
    """Every kind, against a checkpoint kept elsewhere; the database is as before afterwards."""
    from django.db import transaction  # noqa: PLC0415 - after `use`

    from history.actors import SYSTEM  # noqa: PLC0415
    from history.domain import checkpoints  # noqa: PLC0415
    from history.domain.door import door  # noqa: PLC0415
    from history.domain.verify import verify  # noqa: PLC0415
    from history.models import Event  # noqa: PLC0415
    from tests.history.tampering import KINDS  # noqa: PLC0415
    from tests.unlogged import unlogged  # noqa: PLC0415

    with door(by=SYSTEM) as entries:
        for number in range(20):
            entries.record("test.told", stream=f"case:{number}", subject=f"case:{number}")
    last = Event.objects.latest("number").number
    pin = checkpoints.make().note
    found = named = 0
    for name, kind in KINDS.items():
        with suppress(_Undo), transaction.atomic():
            with unlogged():
                place = kind(last - 10)
            faults = verify(pin=pin).faults
            found += bool(faults)
            exact = bool(faults) and (faults[0].place == place or faults[0].until is not None)
            # A rebuilt log is named from the last good checkpoint on.
            named += exact or (place == 1 and bool(faults))
            if not faults:
                report.say(f"not found: {name}")
            raise _Undo
    report.line(
        f"{len(KINDS)} kinds of tampering, a checkpoint kept elsewhere",
        "all found and named",
        f"{found} found, {named} named",
        found == named == len(KINDS),
    )


class _Undo(Exception):
    """Rolls back."""


def attacks(report: Report) -> None:
    """SQL on events and on every tracked table: by the database's own user, and on PostgreSQL also
    by a role that may do anything with rows."""
    from django.db import DatabaseError, connection, transaction  # noqa: PLC0415 - after `use`

    from history.models import tracked_models  # noqa: PLC0415
    from history.refusal import at_the_door  # noqa: PLC0415

    statements = [
        "UPDATE history_event SET verb = 'x.y'",
        "DELETE FROM history_event",
        "DELETE FROM history_text",
        "UPDATE history_text SET content = 'x'",
        "INSERT INTO history_event SELECT number + 5, stream, sequence + 5, recorded_at,"
        " occurred_on, actor, role, verb, subject, request, body, leaf FROM history_event"
        " WHERE number = 1",
    ]
    tables = [model._meta.db_table for model in tracked_models() if model._base_manager.exists()]
    for table in tables:
        statements += [f"UPDATE {table} SET version = version", f"DELETE FROM {table}"]
        statements.append(f"UPDATE {table} SET stream = 'reference:x'")
    if connection.vendor == "sqlite":
        for table in ["history_event", *tables]:
            statements.append(f"REPLACE INTO {table} SELECT * FROM {table} LIMIT 1")
    else:
        for table in ["history_event", "history_text", *tables]:
            statements.append(f"TRUNCATE {table} CASCADE")
        statements += [
            "ALTER TABLE history_event DISABLE TRIGGER ALL",
            "DROP TRIGGER history_event_no_change ON history_event",
            "DROP TABLE history_event CASCADE",
            "CREATE OR REPLACE FUNCTION history_guard_row() RETURNS trigger LANGUAGE plpgsql"
            " AS $$ BEGIN RETURN NEW; END $$",
            "SET session_replication_role = replica",
            "ALTER TABLE history_event RENAME TO other",
        ]
        with connection.cursor() as cursor:
            cursor.execute("DROP ROLE IF EXISTS campaign_app")
            cursor.execute("CREATE ROLE campaign_app")
            cursor.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO campaign_app")
            cursor.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        lawful_act(report)
    refused = 0
    for statement in statements:
        try:
            with transaction.atomic(), at_the_door(), connection.cursor() as cursor:
                if connection.vendor == "postgresql":
                    cursor.execute("SET LOCAL ROLE campaign_app")
                cursor.execute(statement)
                raise _Undo
        except DatabaseError:
            refused += 1
        except _Undo:
            report.say(f"not refused: {statement}")
    who = (
        "as the application's role" if connection.vendor == "postgresql" else "as the file's owner"
    )
    report.line(
        f"attacks in SQL {who}",
        "all refused",
        f"{refused} of {len(statements)}",
        refused == len(statements),
    )


def lawful_act(report: Report) -> None:
    """What the attacks are refused to, the documented role can do by the door."""
    from django.db import DatabaseError, transaction  # noqa: PLC0415 - after `use`

    from tests.people import make_person  # noqa: PLC0415
    from tests.serving import serve_as  # noqa: PLC0415

    done = "refused"
    with suppress(_Undo, DatabaseError), transaction.atomic():
        serve_as("campaign_serving")
        make_person("served")
        done = "done"
        raise _Undo
    report.line("an account opened by the documented role", "done", done, done == "done")


# Exports


def exports(report: Report, folder: Path) -> None:
    """Mutated exports before both verifiers; bit flips; lost tails."""
    from history.domain.export import export_history  # noqa: PLC0415 - after `use`
    from history.models import Checkpoint  # noqa: PLC0415

    good = folder / "good"
    size = export_history(good, with_texts=True)
    pin = folder / "pin.txt"
    pin.write_text(Checkpoint.objects.latest("size").note)
    chance = random.Random(ground.SEED)
    report.line(
        f"an export of {size} events", "good", standalone(good)[1][:40], standalone(good)[0] == 0
    )
    names = sorted(path.name for path in good.iterdir())
    flips = 0
    for _ in range(1000):
        name = chance.choice(names)
        data = bytearray((good / name).read_bytes())
        at = chance.randrange(len(data))
        before = data[at]
        data[at] ^= 1 << chance.randrange(8)
        with (good / name).open("r+b") as file:
            file.seek(at)
            file.write(data[at : at + 1])
        flips += standalone(good)[0] == 1
        with (good / name).open("r+b") as file:
            file.seek(at)
            file.write(bytes([before]))
    report.line("single bits flipped in an export", "1,000 of 1,000", f"{flips:,}", flips == 1000)

    events = (good / "events.jsonl").read_bytes().splitlines(keepends=True)
    leaves = (good / "leaves.txt").read_bytes().splitlines(keepends=True)
    cut = 0
    for lost in range(1, 101):
        (good / "events.jsonl").write_bytes(b"".join(events[:-lost]))
        (good / "leaves.txt").write_bytes(b"".join(leaves[:-lost]))
        cut += standalone(good, str(pin))[0] == 1
    report.line("last k events lost, k = 1 to 100", "100 of 100", str(cut), cut == 100)
    (good / "events.jsonl").write_bytes(b"".join(events))
    (good / "leaves.txt").write_bytes(b"".join(leaves))

    agreed, first = 0, ""
    for number in range(200):
        mutated = mutate(events, chance)
        (good / "events.jsonl").write_bytes(b"".join(mutated))
        ours, theirs = by_both(good)
        if ours == theirs:
            agreed += 1
        else:
            first = first or f"mutation {number}: {ours!r} and {theirs!r}"
    (good / "events.jsonl").write_bytes(b"".join(events))
    if first:
        report.say(first)
    report.line(
        "two verifiers on mutated exports, same first bad event and reason",
        "200 of 200",
        str(agreed),
        agreed == 200,
    )
    agreed = 0
    for name, make in MUTATIONS.items():
        book, pin_of_it = make()
        ours, theirs = by_both(write(book.files(), folder / "mutated"), pin_of_it)
        agreed += ours == theirs
        if ours != theirs:
            report.say(f"{name}: {ours!r} and {theirs!r}")
    report.line(
        "two verifiers where every hash was made anew",
        f"{len(MUTATIONS)} of {len(MUTATIONS)}",
        str(agreed),
        agreed == len(MUTATIONS),
    )
    proofs(report)


def standalone(folder: Path, pin: str | None = None) -> tuple[int, str]:
    """Exit code and last line of the verifier. In this process: a thousand starts take long."""
    import contextlib  # noqa: PLC0415 - for the next lines alone
    import io  # noqa: PLC0415

    from history.standalone import verify_history  # noqa: PLC0415 - after `use`

    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with contextlib.redirect_stdout(out):
        code = verify_history.main([str(folder), *(["--pin", pin] if pin else [])])
    out.flush()
    out.buffer.seek(0)
    return code, out.buffer.read().decode("utf-8", "replace").splitlines()[0]


def in_the_app(folder: Path, pin: str | None = None) -> str:
    """The place that the application's own reader names first, and the reason."""
    from history.domain.reading import LogReader, NotGood  # noqa: PLC0415 - after `use`

    notes = {
        row["size"]: row["note"]
        for row in map(json.loads, (folder / "checkpoints.jsonl").read_text().splitlines())
    }
    reader = LogReader(notes, pin=pin)
    leaves = iter((folder / "leaves.txt").read_text().splitlines())
    try:
        with (folder / "events.jsonl").open("rb") as file:
            for line in file:
                leaf = next(leaves, None)
                reader.take(line.removesuffix(b"\n"), None if leaf is None else bytes.fromhex(leaf))
        reader.end()
    except NotGood as fault:
        return f"event {fault.place}: {fault.reason}"
    size = json.loads((folder / "manifest.json").read_bytes())["size"]
    return f"event {min(size, reader.size) + 1}: missing" if size != reader.size else "good"


def by_both(folder: Path, pin: str | None = None) -> tuple[str, str]:
    """What the application's reader and the stand-alone verifier name first, and the reason."""
    kept = folder.parent / "pin-of-both.txt"
    if pin:
        kept.write_text(pin, encoding="utf-8")
    code, words = standalone(folder, str(kept) if pin else None)
    place, reason = words.removeprefix("NOT GOOD: ").split(": ")[:2]
    return in_the_app(folder, pin), "good" if code == 0 else f"{place}: {reason}"


def mutate(events: list[bytes], chance: random.Random) -> list[bytes]:
    """One random change of one kind in the lines of an export."""
    lines = list(events)
    at = chance.randrange(1, len(lines) - 1)
    body = json.loads(lines[at])
    kinds: list[Callable[[], object]] = [
        lambda: lines.pop(at),
        lambda: lines.insert(at, lines[at]),
        lambda: lines.insert(at, lines.pop(at - 1)),
        lambda: lines.__setitem__(at, rewritten(body, actor="person:9")),
        lambda: lines.__setitem__(at, rewritten(body, number=body["number"] + 1)),
        lambda: lines.__setitem__(at, rewritten(body, sequence=body["sequence"] + 1)),
        lambda: lines.__setitem__(at, rewritten(body, log="permit-desk/other")),
        lambda: lines.__setitem__(at, rewritten(body, epoch=2)),
        lambda: lines.__setitem__(at, rewritten(body, verb="Verb")),
        lambda: lines.__setitem__(at, rewritten(body, verb="log.started")),
        lambda: lines.__setitem__(at, rewritten(body, extra=1)),
        lambda: lines.__setitem__(at, lines[at].replace(b'":', b'" :', 1)),
        lambda: lines.__setitem__(at, lines[at].replace(b'"v":1', b'"v":1.0')),
        lambda: lines.__setitem__(at, lines[at][: chance.randrange(len(lines[at]))]),
        lambda: lines.__setitem__(at, b"\xff" + lines[at]),
        lambda: lines.__setitem__(at, b"\n"),
    ]
    chance.choice(kinds)()
    return lines


def rewritten(body: dict[str, Any], **members: Any) -> bytes:
    value = body | members
    return (
        json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
        + b"\n"
    )


def proofs(report: Report) -> None:
    from history.domain import proofs as made  # noqa: PLC0415 - after `use`
    from history.merkle import includes  # noqa: PLC0415
    from history.models import Checkpoint, Event  # noqa: PLC0415

    newest = Checkpoint.objects.first()
    assert newest is not None
    chance = random.Random(ground.SEED)
    good = 0
    for number in (chance.randint(1, newest.size) for _ in range(100)):
        leaf = bytes(Event.objects.get(number=number).leaf)
        path = made.inclusion(number, newest.size)
        good += includes(leaf, number - 1, newest.size, path, bytes(newest.root))
    report.line("proofs of inclusion that verify", "100 of 100", str(good), good == 100)


# What is in the events


def personal_data(report: Report) -> None:
    """Names that were given to accounts and reasons are in no body."""
    from history.actors import SYSTEM  # noqa: PLC0415 - after `use`
    from history.domain.door import door  # noqa: PLC0415
    from history.models import Event  # noqa: PLC0415
    from tests.people import make_person  # noqa: PLC0415

    people = [
        make_person(f"seeded{number}", name=f"Zelda Seeded{number} 613-555-01{number:02}")
        for number in range(20)
    ]
    with door(by=SYSTEM) as entries:
        for number in range(10_000):
            person = people[number % len(people)]
            entries.record(
                "test.told",
                stream=f"audit:{number}",
                subject=f"person:{person.pk}",
                reason=f"{person.name} wrote to zelda{number}@example.org",
            )
    hits = sum(
        b"Zelda" in bytes(body) or b"613-555" in bytes(body) or b"@example" in bytes(body)
        for body in Event.objects.values_list("body", flat=True).iterator()
    )
    report.line("seeded names, numbers, addresses in 10,000 bodies", "0", str(hits), hits == 0)


# Volume


def volume(report: Report, events: int) -> None:
    """A log of a million events of about 630 bytes, read by both verifiers."""
    from history.actors import Actor  # noqa: PLC0415 - after `use`
    from history.domain import checkpoints  # noqa: PLC0415
    from history.domain.door import door  # noqa: PLC0415
    from history.models import Event, Log  # noqa: PLC0415

    chance = random.Random(ground.SEED)
    begun, batch, made = time.monotonic(), 2000, 0
    there = Log.objects.get().size
    filling = "0123456789abcdef" * 8
    while (size := Log.objects.get().size) < events:
        with door(by=Actor.person(7, "analyst")) as entries:
            for place in range(min(batch, events - size)):
                case = f"E-2026-{made * 7919 % 200_000 + place:06}"
                entries.record(
                    "test.assessed",
                    stream=f"case:{case}",
                    subject=f"application:{case}",
                    provision="EIPA s. 7.3(1)(b)(i)",
                    basis={"policy": "TR-2024-01-29-end", "digest": filling[:64]},
                    data={"finding": chance.choice(["yes", "no"]), "card": filling[:40]},
                )
        made += batch
        if made % 100_000 == 0:
            checkpoints.make()
    checkpoints.make()
    rate = (Log.objects.get().size - there) / (time.monotonic() - begun)
    report.say(f"| events written in batches | | {rate:,.0f} a second | |")
    lengths = Event.objects.order_by("-number").values_list("body", flat=True)[:1000]
    report.say(
        f"| median length of a body | | {statistics.median(map(len, lengths)):.0f} bytes | |"
    )
    scale = events / 1_000_000
    code, seconds, memory, words = measured(
        [sys.executable, "-m", "tests.campaigns.verifying", os.environ["TEST_DATABASE_URL"]]
    )
    good = code == 0 and seconds <= max(15 * scale, 3) and memory <= 400
    report.line(
        f"{events:,} events verified in the app",
        "15 s, 400 MB",
        f"{seconds:.1f} s, {memory:.0f} MB, {words.splitlines()[0][:30]}",
        good,
    )
    folder = Path(tempfile.mkdtemp(prefix="permit-desk-volume-"))
    try:
        from history.domain.export import export_history  # noqa: PLC0415 - after `use`

        begun = time.monotonic()
        export_history(folder / "export", with_texts=False)
        report.say(f"| export of them | | {time.monotonic() - begun:.1f} s | |")
        code, seconds, memory, words = measured(
            [sys.executable, str(folder / "export" / "verify_history.py"), str(folder / "export")]
        )
        report.line(
            f"{events:,} events verified stand-alone",
            "45 s, 400 MB",
            f"{seconds:.1f} s, {memory:.0f} MB, {words.splitlines()[0][:30]}",
            code == 0 and seconds <= max(45 * scale, 3) and memory <= 400,
        )
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:])))
