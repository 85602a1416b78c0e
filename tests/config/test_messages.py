"""The French catalogue is complete, and its compiler leaves nothing half made."""

from __future__ import annotations

import gettext
import os
import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from config.messages import catalogues, compile_catalogue, faults, read_catalogue, settle

HEADER = """msgid ""
msgstr ""
"POT-Creation-Date: 2026-01-01 00:00+0000\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=2; plural=(n > 1);\\n"

"""
PLURAL = 'msgid "%(n)s day"\nmsgid_plural "%(n)s days"\n'


def catalogue(entries: str) -> Catalog:
    return read_po(BytesIO((HEADER + entries).encode()), locale="fr_CA")


def write(folder: Path, entries: str) -> Path:
    path = folder / "fr_CA" / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADER + entries, encoding="utf-8")
    return path


def test_the_product_s_catalogues_are_complete() -> None:
    found = {path.parent.parent.name: list(faults(read_catalogue(path))) for path in catalogues()}
    assert found == {"fr_CA": []}


def test_no_sentence_ends_with_a_name_that_may_have_a_full_stop_of_its_own() -> None:
    """But for the one that says to whom applications are assigned, which takes it off."""
    texts = [
        text
        for path in catalogues()
        for message in read_catalogue(path)
        for part in (message.id, message.string)
        for text in ([part] if isinstance(part, str) else part or ())
    ]
    found = {text for text in texts if re.search(r"%\((name|names|person)\)s\.$", text)}
    assert len(found) == 4
    assert all("application" in text or "demande" in text for text in found)


def test_zero_is_singular_in_french() -> None:
    plural_forms = [read_catalogue(path).plural_forms for path in catalogues()]
    assert plural_forms == ["nplurals=2; plural=(n > 1);"]


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ('msgid "Yes"\nmsgstr ""\n', "not translated: 'Yes'"),
        ('msgid "Yes"\nmsgstr "  "\n', "not translated: 'Yes'"),
        ('#, fuzzy\nmsgid "Yes"\nmsgstr "Non"\n', "unsure (fuzzy): 'Yes'"),
        (PLURAL + 'msgstr[0] "%(n)s jour"\nmsgstr[1] ""\n', "not translated: '%(n)s day'"),
        ('msgid "On %(day)s"\nmsgstr "Le %(jour)s"\n', "other fields than the original's"),
        ('msgid "Day:"\nmsgstr "Jour :"\n', "may begin with the mark after its space: 'Day:'"),
        ('msgid "“a”"\nmsgstr "« a\u00a0»"\n', "may begin with the mark"),
        ('msgid "In {place}"\nmsgstr "En {lieu}"\n', "other fields than the original's"),
    ],
)
def test_a_fault_is_named(entry: str, fault: str) -> None:
    (found,) = faults(catalogue(entry))
    assert fault in found


@pytest.mark.parametrize(
    "entry",
    [
        'msgid "Yes"\nmsgstr "Oui"\n',
        PLURAL + 'msgstr[0] "un jour"\nmsgstr[1] "%(n)s jours"\n',
        'msgid "100 % {"\nmsgstr "100 % {"\n',
    ],
)
def test_a_complete_entry_is_accepted(entry: str) -> None:
    assert list(faults(catalogue(entry))) == []


def test_a_catalogue_is_compiled_when_it_is_newer(tmp_path: Path) -> None:
    path = write(tmp_path, 'msgid "Yes"\nmsgstr "Oui"\n')
    assert compile_catalogue(path)
    assert not compile_catalogue(path)
    later = path.with_suffix(".mo").stat().st_mtime + 1
    os.utime(path, (later, later))
    assert compile_catalogue(path)
    french = gettext.translation("django", tmp_path, ["fr_CA"])
    assert french.gettext("Yes") == "Oui"
    assert sorted(path.parent.iterdir()) == [path.with_suffix(".mo"), path]


def test_an_update_leaves_no_date_behind(tmp_path: Path) -> None:
    path = write(tmp_path, "")
    settle(path)
    assert "POT-Creation-Date" not in path.read_text(encoding="utf-8")
    assert "Plural-Forms" in path.read_text(encoding="utf-8")
