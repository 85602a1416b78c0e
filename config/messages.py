"""Translated messages: compile the catalogues, and check that they are complete.

Only `.po` files are kept in the repository. They are compiled with Babel, which is installed
anyway, so that running the product needs no gettext.

    python -m config.messages compile      writes a .mo beside each .po that is newer
    python -m config.messages check        names each entry that is missing or unsure
    python -m config.messages settle       drops what changes at each update without meaning
"""

from __future__ import annotations

import os
import re
import string
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE_DIR = Path(__file__).resolve().parent.parent / "locale"

_CREATION_DATE = re.compile(r'^"POT-Creation-Date: [^"]*"\n', re.MULTILINE)
# A plain space where French typography has one that does not break.
_BREAKS_BEFORE = re.compile(" [:;!?»]|« ")
_PERCENT_FIELD = re.compile(r"%\((\w+)\)[sdf]|%[sdf]")


def catalogues(folder: Path = LOCALE_DIR) -> list[Path]:
    """The `.po` files of all languages, in a fixed order."""
    return sorted(folder.glob("*/LC_MESSAGES/*.po"))


def read_catalogue(path: Path) -> Catalog:
    """The file as Babel reads it, in the locale that its folder names."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name)


def compile_catalogue(path: Path) -> bool:
    """Writes the `.mo` beside the `.po` unless it is newer; says whether it did.

    Fuzzy entries stay out, as msgfmt leaves them out. The file appears complete or not at all: a
    server that starts meanwhile reads the old one or the new one.
    """
    target = path.with_suffix(".mo")
    if target.exists() and target.stat().st_mtime_ns > path.stat().st_mtime_ns:
        return False
    handle, draft = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            write_mo(file, read_catalogue(path))
        os.chmod(draft, 0o644)
        os.replace(draft, target)
    except BaseException:
        os.unlink(draft)
        raise
    return True


def faults(catalogue: Catalog) -> Iterator[str]:
    """What keeps a catalogue from being complete, one sentence for each entry at fault."""
    for message in catalogue:
        if not message.id:
            continue
        name = message.id if isinstance(message.id, str) else message.id[0]
        if message.fuzzy:
            yield f"unsure (fuzzy): {name!r}"
        elif not _is_translated(message, catalogue.num_plurals):
            yield f"not translated: {name!r}"
        elif not _fields_agree(message):
            yield f"other fields than the original's: {name!r}"
        elif any(map(_BREAKS_BEFORE.search, _forms(message.string))):
            yield f"a line may begin with the mark after its space: {name!r}"


def _forms(message_text: object) -> list[str]:
    """The singular and plural forms of an id or a translation, which may be one string."""
    if isinstance(message_text, str):
        return [message_text]
    return [str(form or "") for form in message_text]  # type: ignore[attr-defined]


def _is_translated(message: Message, plurals: int) -> bool:
    forms = _forms(message.string)
    wanted = 1 if isinstance(message.id, str) else plurals
    return len(forms) == wanted and all(form.strip() for form in forms)


def _fields(text: str) -> frozenset[str]:
    """The placeholders in a text: `%(name)s`, `%s` and `{name}`."""
    percent = {match[0] for match in _PERCENT_FIELD.finditer(text)}
    try:
        braces = {f"{{{name}}}" for _, name, _, _ in string.Formatter().parse(text) if name}
    except ValueError:  # Not a format string: a single brace in a sentence.
        braces = set()
    return frozenset(percent | braces)


def _fields_agree(message: Message) -> bool:
    """Whether no form of the translation names a field that no form of the original has.

    Leaving one out is right in some plural forms; inventing one breaks the page.
    """
    known = frozenset().union(*map(_fields, _forms(message.id)))
    return all(_fields(form) <= known for form in _forms(message.string))


def settle(path: Path) -> None:
    """Drops the creation date, which makemessages sets anew at each run."""
    text = path.read_text(encoding="utf-8")
    settled = _CREATION_DATE.sub("", text, count=1)
    if settled != text:
        path.write_text(settled, encoding="utf-8")


def compile_all() -> int:
    """Compiles what has changed; the exit code, which is always good."""
    for path in catalogues():
        compile_catalogue(path)
    return 0


def _check_all() -> int:
    found = [
        f"{path.relative_to(LOCALE_DIR)}: {fault}"
        for path in catalogues()
        for fault in faults(read_catalogue(path))
    ]
    sys.stderr.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


def _settle_all() -> int:
    for path in catalogues():
        settle(path)
    return 0


COMMANDS: dict[str, Callable[[], int]] = {
    "compile": compile_all,
    "check": _check_all,
    "settle": _settle_all,
}

if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in COMMANDS:
        sys.exit(f"usage: python -m config.messages {{{'|'.join(COMMANDS)}}}")
    sys.exit(COMMANDS[sys.argv[1]]())
