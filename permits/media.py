"""What a file is, by its content: a short list of kinds, and nothing that runs.

A name or a browser's word for a type says nothing here. Office files and PDF are looked into: one
with macros or scripts, with more inside than a document has, or locked by a password, is none of
these kinds.
"""

from __future__ import annotations

import codecs
import lzma
import re
import zipfile
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import BinaryIO
from unicodedata import category
from xml.parsers import expat


@dataclass(frozen=True, slots=True)
class Media:
    """A kind of file: its media type, and the endings of its name, the usual one first."""

    media_type: str
    endings: tuple[str, ...]


PDF = Media("application/pdf", (".pdf",))
PNG = Media("image/png", (".png",))
JPEG = Media("image/jpeg", (".jpg", ".jpeg"))
TEXT = Media("text/plain", (".txt",))
DOCX = Media("application/vnd.openxmlformats-officedocument.wordprocessingml.document", (".docx",))
XLSX = Media("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", (".xlsx",))
ODT = Media("application/vnd.oasis.opendocument.text", (".odt",))

KINDS: Mapping[str, Media] = {
    one.media_type: one for one in (PDF, PNG, JPEG, TEXT, DOCX, XLSX, ODT)
}

_STARTS = {
    b"%PDF-": PDF,
    b"\x89PNG\r\n\x1a\n": PNG,
    b"\xff\xd8\xff": JPEG,
}
_PARTS = {"word/document.xml": DOCX, "xl/workbook.xml": XLSX}
_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError),
    *(OSError, EOFError, ValueError, RuntimeError),
)
_TYPES = "[Content_Types].xml"
_MANIFEST = "META-INF/manifest.xml"
_LONGEST_LIST = 1_000_000
_OF_PROGRAMS = frozenset({"basic", "scripts", "activex"})
_PROGRAMS = (
    *(".docm", ".dotm", ".xlsm", ".xltm", ".xlsb", ".pptm", ".potm", ".ppsm"),
    *(".exe", ".dll", ".com", ".scr", ".msi", ".jar"),
    *(".bat", ".cmd", ".ps1", ".js", ".vbs", ".hta"),
)
_MOST_PARTS = 5_000
_MOST_UNPACKED = 500_000_000  # Bytes.
_PIECE = 64 * 1024
_NOT_IN_A_PDF = re.compile(
    rb"/(?:Encrypt|JavaScript|Launch|EmbeddedFiles?|RichMedia)(?=[\s\0()<>\[\]{}/%]|$)"
)
"""What locks a PDF, runs in it or is carried by it: each needs one of these names."""
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_STREAM = re.compile(rb"\bstream\r?\n?")
_OF_OBJECTS = re.compile(rb"/ObjStm|/First\s++\d++(?!\s+\d+\s+R)")
"""A stream that holds objects says so, or gives the place of the first of them as a number."""
_MOST_OBJECTS = 100_000_000  # Bytes.
_LAID_OUT = "\t\n\r\f"
_UNSEEN = frozenset({"Zs", "Zl", "Zp", "Cf"})
"""Spaces, and signs that tell how letters join or in which direction they run."""


def media_of(file: BinaryIO) -> Media | None:
    """What the file is; None if it is none of the kinds."""
    file.seek(0)
    start = file.read(16)
    for head, media in _STARTS.items():
        if start.startswith(head):
            return None if media is PDF and not _is_plain_pdf(file) else media
    if start.startswith(b"PK\x03\x04"):
        return _office(file)
    return TEXT if _is_text(file) else None


def _is_plain_pdf(file: BinaryIO) -> bool:
    """Whether a PDF neither is locked nor runs or carries anything, its packed objects included.

    All of it is read, since a reader mends a broken file in its own way. Objects that are packed
    so that they can't be read here may hide what runs.
    """
    file.seek(0)
    content, before, left = file.read(), 0, _MOST_OBJECTS
    unread = len(content)
    if _NOT_IN_A_PDF.search(_named(content)):
        return False
    for found in _STREAM.finditer(content):
        head, before = _named(content[before : found.start()]), found.end()
        if not _OF_OBJECTS.search(head) or b"/Filter" not in head:
            continue
        packed = content[before : content.find(b"endstream", before)]
        unread -= len(packed)
        if unread < 0:
            # Streams that begin within one another: no program writes that.
            return False
        unpacking = zlib.decompressobj()
        try:
            objects = unpacking.decompress(packed, left)
        except zlib.error:
            return False
        left -= len(objects)
        hidden = b"/Predictor" in head or not unpacking.eof
        if hidden or left <= 0 or _NOT_IN_A_PDF.search(_named(objects)):
            return False
    return True


def _named(content: bytes) -> bytes:
    """The bytes with names as they are read: `/Java#53cript` is `/JavaScript`."""
    return _ESCAPED.sub(lambda sign: bytes.fromhex(sign[1].decode()), content)


def _office(file: BinaryIO) -> Media | None:
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            if len(parts) > _MOST_PARTS or sum(one.file_size for one in parts) > _MOST_UNPACKED:
                return None
            if any(one.flag_bits & 1 for one in parts):
                return None
            names = {one.filename for one in parts}
            # Of two parts under one name a reader may take either; it minds no capitals.
            if len({name.lower() for name in names}) < len(parts):
                return None
            if any(_runs(name) for name in names) or _fetches(archive, names):
                return None
            for part, media in _PARTS.items():
                if part in names and _TYPES in names:
                    return None if _has_macros(archive) else media
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 100:
                if _is_locked(archive, names):
                    return None
                return ODT if archive.read("mimetype") == ODT.media_type.encode() else None
    except _DAMAGED:
        return None
    return None


def _runs(name: str) -> bool:
    """Whether a part of that name holds a program."""
    lower = name.lower()
    return (
        "vbaproject" in lower
        or "oleobject" in lower
        or ".." in lower
        or not _OF_PROGRAMS.isdisjoint(lower.split("/")[:-1])
        or lower.endswith(_PROGRAMS)
    )


def _has_macros(archive: zipfile.ZipFile) -> bool:
    """Whether a part is said to hold a program, read as an office program reads it.

    Raises ValueError as `_elements`.
    """
    said = [one.get("ContentType", "").lower() for _name, one in _elements(archive, _TYPES)]
    return any("macro" in one or "vba" in one for one in said)


def _fetches(archive: zipfile.ZipFile, names: Collection[str]) -> bool:
    """Whether it takes in anything from elsewhere when it is opened; a link is followed by hand."""
    return any(
        one.get("TargetMode", "").lower() == "external"
        and not one.get("Type", "").endswith("/hyperlink")
        for name in names
        if name.lower().endswith(".rels")
        for _element, one in _elements(archive, name)
    )


def _is_locked(archive: zipfile.ZipFile, names: Collection[str]) -> bool:
    """Whether a part of an OpenDocument is locked by a password."""
    return _MANIFEST in names and any(
        element.endswith("encryption-data") for element, _one in _elements(archive, _MANIFEST)
    )


def _elements(archive: zipfile.ZipFile, part: str) -> list[tuple[str, dict[str, str]]]:
    """The elements of a part that lists others, with their attributes.

    By a parser, since XML says one thing in several encodings and with references to characters.
    Raises ValueError for what is no such list: too long, not XML, or with declarations of its own.
    """
    if archive.getinfo(part).file_size > _LONGEST_LIST:
        raise ValueError("more parts than a document has")
    found: list[tuple[str, dict[str, str]]] = []

    def see(element: str, attributes: dict[str, str]) -> None:
        found.append((element, attributes))

    def refuse(*declared: object) -> None:
        raise ValueError("a document declares no types of its own")

    parser = expat.ParserCreate()
    parser.StartElementHandler = see
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(archive.read(part), True)
    except expat.ExpatError as fault:
        raise ValueError("no XML") from fault
    return found


def _is_text(file: BinaryIO) -> bool:
    """Whether it is UTF-8 with nothing but letters, signs and layout."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    found = False
    try:
        while piece := file.read(_PIECE):
            found = True
            if not _is_readable(decoder.decode(piece)):
                return False
        return found and _is_readable(decoder.decode(b"", final=True))
    except UnicodeDecodeError:
        return False


def _is_readable(text: str) -> bool:
    return all(one in _LAID_OUT or one.isprintable() or category(one) in _UNSEEN for one in text)


LONGEST_NAME = 120


def clean_name(given: str, media: Media) -> str:
    """A file's name without folders and invisible signs, with an ending of its kind."""
    last = given.replace("\\", "/").rpartition("/")[2]
    name = "".join(one for one in last if one.isprintable() and category(one) != "Cf")
    name = " ".join(name.split()).strip(". ")[-LONGEST_NAME:].strip() or "document"
    if name.lower().endswith(media.endings):
        return name
    return f"{name}{media.endings[0]}"
