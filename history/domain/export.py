"""The log as a folder that anyone can check (docs/history-format.md, section 8)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from history import canonical, clock, merkle
from history.actors import SYSTEM, Actor
from history.domain import checkpoints
from history.domain.door import door
from history.domain.reading import cited
from history.domain.verify import one_view
from history.models import Checkpoint, Event, Log, Text
from history.values import SECRET
from history.verbs import Verb

VERIFIER = Path(__file__).resolve().parent.parent / "standalone" / "verify_history.py"
FORMAT = 1


class NotEmpty(Exception):
    """The folder for the export holds something already."""


def export_history(folder: Path, *, with_texts: bool, by: Actor = SYSTEM) -> int:
    """Writes the whole log to a new or empty folder; returns how many events it holds.

    That an export was made, and whether with texts, is itself an entry, which the export holds.
    Names and free text go along only `with_texts`. Raises NotEmpty, KeyUnavailable, OSError.
    """
    if folder.exists() and any(folder.iterdir()):
        raise NotEmpty(f"{folder} is not empty")
    folder.mkdir(parents=True, exist_ok=True)
    with door(by=by) as entries:
        entries.record(
            Verb.EXPORTED, stream="audit", subject="log:export", data={"texts": with_texts}
        )
    checkpoints.make(by=SYSTEM)
    with one_view():
        return _Export(folder, with_texts).write()


class _Export:
    """An export under way."""

    def __init__(self, folder: Path, with_texts: bool) -> None:
        self._folder = folder
        self._with_texts = with_texts
        self._files: dict[str, dict[str, Any]] = {}

    def write(self) -> int:
        log = Log.objects.get()
        root = merkle.Frontier(log.size, bytes(log.frontier)).root()
        self._put("events.jsonl", self._bodies())
        leaves = Event.objects.order_by("number").values_list("leaf", flat=True)
        self._put(
            "leaves.txt", (bytes(one).hex().encode() + b"\n" for one in leaves.iterator(2000))
        )
        self._put("checkpoints.jsonl", self._notes())
        if self._with_texts:
            self._put("texts.jsonl", self._texts())
        self._put("verify_history.py", [VERIFIER.read_bytes()])
        self._put("README.txt", [README.encode()])
        manifest: dict[str, Any] = {
            "v": FORMAT,
            "log": log.name,
            "epoch": log.epoch,
            "size": log.size,
            "root": root.hex(),
            "made_at": clock.written(clock.now()),
            "synthetic": log.synthetic,
            "files": dict(self._files),
        }
        manifest["digest"] = sha256(canonical.encode(manifest)).hexdigest()
        self._put("manifest.json", [canonical.encode(manifest) + b"\n"])
        return log.size

    def _put(self, name: str, pieces: Iterable[bytes]) -> None:
        digest, length = sha256(), 0
        with (self._folder / name).open("xb") as file:
            for piece in pieces:
                file.write(piece)
                digest.update(piece)
                length += len(piece)
            file.flush()
            os.fsync(file.fileno())
        self._files[name] = {"bytes": length, "sha256": digest.hexdigest()}

    def _bodies(self) -> Iterator[bytes]:
        bodies = Event.objects.order_by("number").values_list("body", flat=True)
        for body in bodies.iterator(chunk_size=2000):
            yield bytes(body) + b"\n"

    def _notes(self) -> Iterator[bytes]:
        notes = Checkpoint.objects.order_by("size").values_list("size", "note")
        for size, note in notes.iterator(chunk_size=2000):
            yield canonical.encode({"size": size, "note": note}) + b"\n"

    def _texts(self) -> Iterator[bytes]:
        """In the order in which events cite them; none of what was disposed of."""
        bodies = Event.objects.order_by("number").values_list("body", flat=True)
        for body in bodies.iterator(chunk_size=500):
            digests = cited(bytes(body))
            kept = Text.objects.in_bulk(digests) if digests else {}
            secrets = {one for one in digests if f'{SECRET}":"{one}'.encode() in bytes(body)}
            for digest in digests:
                text = kept.pop(digest, None)
                if text is None or text.salt is None:
                    continue
                if text.content is None and digest not in secrets:
                    continue
                row = {"digest": digest, "salt": bytes(text.salt).hex(), "text": text.content}
                yield canonical.encode(row) + b"\n"


README = """\
PERMIT DESK: AN EXPORT OF THE HISTORY

This folder holds every entry of the log, in order, with the signed checkpoints. To check it, on any
computer with Python 3.9 or newer, without a network and without Permit Desk:

    python3 verify_history.py .

It says OK, or names the first bad event and why. With a checkpoint that you kept from earlier:

    python3 verify_history.py . --pin checkpoint.txt

Take verify_history.py from a source that you trust: one that came with a forged folder proves
nothing. docs/history-format.md of Permit Desk describes every byte.

--------------------------------------------------------------------------------

PERMIT DESK : UNE EXPORTATION DE L'HISTORIQUE

Ce dossier contient toutes les inscriptions du journal, dans l'ordre, et les points de contrôle
signés. Pour le vérifier, sur tout ordinateur doté de Python 3.9 ou d'une version ultérieure, sans
réseau et sans Permit Desk :

    python3 verify_history.py .

Le programme répond OK, ou nomme la première inscription fautive et en donne la raison. Avec un
point de contrôle que vous avez conservé :

    python3 verify_history.py . --pin checkpoint.txt

Procurez-vous verify_history.py auprès d'une source fiable : celui qui accompagne un dossier
falsifié ne prouve rien. Le document docs/history-format.md de Permit Desk décrit chaque octet.
"""
