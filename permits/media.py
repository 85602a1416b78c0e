"""What a file is, by its content: a short list of kinds, and nothing that runs.

A name or a browser's word for a type says nothing here. Office files and PDF are looked into: one
with macros or scripts, with more inside than a document has, or locked by a password, is none of
these kinds.

Whatever a file holds, the look into it is bounded: each pattern goes over the bytes once, and what
is unpacked is counted for all parts together. Nothing but Python's own library is imported, since
`permits.looking` runs this file by itself, in a process with limits.
"""

from __future__ import annotations

import codecs
import os
import re
import resource
import sys
import zipfile
import zlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from io import BytesIO
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
_DAMAGED = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError)
_PACKED_AS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""As office programs pack; other ways take long, or much memory, to unpack."""
_TYPES = "[Content_Types].xml"
_MANIFEST = "META-INF/manifest.xml"
_LONGEST_LIST = 1_000_000
_LONGEST_PART = 50_000_000
_OF_PROGRAMS = frozenset({"basic", "scripts", "activex", "externallinks"})
_SAID_OF_PROGRAMS = ("macro", "vba", "oleobject", "activex", "externallink", "afchunk")
"""In the type of a part, or of the relation to it, whatever the part is called."""
_CARRIED = ".xlsx"
"""The figures of a chart come with a text as a workbook; any other package is an attachment."""
_XML = (".xml", ".rels", ".vml", ".svg", ".rdf", ".psmdcp")
_PICTURES = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".bmp", ".tif", ".tiff", ".wdp"),
    *(".emf", ".wmf", ".svm"),
)
_OF_PICTURES = (
    *(b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"II\xbc", b"VCLMTF"),
    *(b"\1\0\0\0", b"\xd7\xcd\xc6\x9a", b"\1\0\x09\0", b"\2\0\x09\0"),
)
_FONTS = (".odttf", ".ttf", ".otf")
_OF_OTHERS = re.compile(rb"PK|MZ|%PDF|\xd0\xcf\x11\xe0|\x7fELF|\{\\rtf|#!|<\0?[?!A-Za-z]")
"""How a program, an archive or a document begins that is called a font or settings."""
_MARKS = b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"
"""What may stand before the first sign of XML, in any of its encodings."""
_RUNS = frozenset({"event-listener", "object-ole", "applet", "plugin", "execute-macro", "script"})
"""Elements, of whichever kind of Office file."""
_LINKS = frozenset({"a", "template"})
"""Elements that lead elsewhere by hand, or only say from where."""
_ELSEWHERE = re.compile(r"\s*+(?:[a-z][a-z0-9+.-]*:|[/\\]|\.\./)", re.IGNORECASE)
_RUNS_BY_HAND = re.compile(
    r"\s*+(?:vnd\.sun\.|macro:|slot:|service:|\.uno:|\w*script:)", re.IGNORECASE
)
_ASKS_A_PROGRAM = re.compile(r"DDE(?:AUTO)?\b", re.IGNORECASE)
"""The first word of a field of a text that starts another program for its words."""
_LONGEST_FIRST_WORD = 16
_EMPTY = 8  # Bytes, of nothing that is packed.
_MOST_PARTS = 5_000
_MOST_UNPACKED = 250_000_000  # Bytes, of all parts, with those of the workbooks of charts.
_MOST_ELEMENTS = 2_000_000  # Of all parts.
_PIECE = 64 * 1024
_NOT_IN_A_PDF = re.compile(
    rb"/(?:(?:Encrypt|JavaScript|Rendition|XFA|Launch|SubmitForm|ImportData|GoToE"
    rb"|EmbeddedFiles?|FileAttachment|RichMedia|GoToR)(?=[\s\0()<>\[\]{}/%]|$)"
    rb"|(?:EF|AA)[\s\0]*+(?:<<|%|[-+.\d]++"
    rb"(?:[\s\0]*+%|[\s\0]++[-+.\d]++(?:[\s\0]*+%|[\s\0]++R)))"
    rb"|OpenAction[\s\0]*+(?:%"
    rb"|<<[^>/]*+(?:/(?!URI\b|OpenAction\b)[^>/]*+)*+/(?:URI|OpenAction)\b))"
)
"""What locks a PDF, runs in it or is carried by it: each needs one of these names.

A script is of an action that one of them names. `/EF` and `/AA`, so short that a picture's bytes
hold them by chance, count with what they lead to; a link does if it is followed at opening. A
comment in between, which no program writes, counts as either. No byte is looked at twice from two
names: each part of the pattern ends before the next name of its kind.
"""
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_STREAM = re.compile(rb"\bstream[\s\0]*+")
_OF_OBJECTS = re.compile(rb"/ObjStm|/First\s++\d++(?!\s++\d++\s++R)")
"""A stream that holds objects says so, or gives the place of the first of them as a number."""
_COUNTED = re.compile(rb"(?=.*/First(?![A-Za-z])).*/N(?![A-Za-z])", re.DOTALL)
"""Its own words give both, the place and how many, in whatever form."""
_NUMBERS = frozenset(bytes([one]) for one in b"%+-.0123456789")
"""With one of these packed objects begin: with the number and the place of each."""
_BLANKS = b" \t\r\n\f\0"
_LONGEST_START = 8_192  # Bytes.
_MOST_OBJECTS = 20_000_000  # Bytes, of all packed objects.
_MOST_LIKE_OBJECTS = 100_000_000  # Bytes, of drawings and pictures that begin as objects do.
_MOST_STREAMS = 100_000
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
        return _office(file, _Left())
    return TEXT if _is_text(file) else None


def _is_plain_pdf(file: BinaryIO) -> bool:
    """Whether a PDF neither is locked nor runs or carries anything, its packed objects included.

    All of it is read, since a reader mends a broken file in its own way. Objects that are packed
    so that they can't be read here may hide what runs.
    """
    file.seek(0)
    content, before, streams = file.read(), 0, 0
    left = {True: _MOST_OBJECTS, False: _MOST_LIKE_OBJECTS}
    # A word in a text may look like the beginning of a stream.
    unread = 2 * len(content)
    if _NOT_IN_A_PDF.search(_named(content)):
        return False
    for found in _STREAM.finditer(content):
        head, before = _named(content[before : found.start()]), found.end()
        own = head.rpartition(b" obj")[2]
        is_of_objects = b"/Filter" in head and bool(_OF_OBJECTS.search(head) or _COUNTED.match(own))
        packed = content[before : content.find(b"endstream", before)]
        unread -= len(packed)
        streams += 1
        if unread < 0 or streams > _MOST_STREAMS:
            # Streams that begin within one another, or are hardly anything else.
            return False
        is_picture = b"/Image" in own and b"/First" not in head
        if not is_of_objects and not _is_like_objects(_beginning(packed), is_picture=is_picture):
            continue
        unpacking = zlib.decompressobj()
        try:
            objects = unpacking.decompress(packed, left[is_of_objects])
        except zlib.error:
            return False
        left[is_of_objects] -= len(objects)
        hidden = not unpacking.eof or (is_of_objects and b"/Predictor" in head)
        if hidden or left[is_of_objects] <= 0 or _NOT_IN_A_PDF.search(_named(objects)):
            return False
    return True


def _beginning(packed: bytes) -> bytes:
    """The first of what is packed, also where the rest is damaged; nothing if not by Flate."""
    unpacking, found = zlib.decompressobj(), b""
    try:
        for at in range(0, min(len(packed), _LONGEST_START), 16):
            found += unpacking.decompress(packed[at : at + 16], _LONGEST_START)
            if found.lstrip(_BLANKS) or len(found) >= _LONGEST_START:
                break
    except zlib.error:
        pass
    return found


def _is_like_objects(start: bytes, *, is_picture: bool) -> bool:
    """Whether packed bytes that begin so may be objects, whatever is said of them."""
    said = start.lstrip(_BLANKS)
    return said[:1] in _NUMBERS if said else bool(start) and not is_picture


def _named(content: bytes) -> bytes:
    """The bytes with names as they are read: `/Java#53cript` is `/JavaScript`."""
    return _ESCAPED.sub(lambda sign: bytes.fromhex(sign[1].decode()), content)


class _Left:
    """What may still be unpacked of one file, the workbooks in it included."""

    def __init__(self) -> None:
        self._bytes = _MOST_UNPACKED
        self._elements = _MOST_ELEMENTS

    def unpack(self, size: int) -> None:
        """Raises ValueError once it is more than a document has."""
        self._bytes -= size
        if self._bytes < 0:
            raise ValueError("more than a document has")

    def see(self) -> None:
        """One more element. Raises ValueError once there are more than a document has."""
        self._elements -= 1
        if self._elements < 0:
            raise ValueError("more elements than a document has")


def _office(file: BinaryIO, left: _Left) -> Media | None:
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            if len(parts) > _MOST_PARTS:
                return None
            left.unpack(sum(one.file_size for one in parts))
            if any(one.flag_bits & 1 or one.compress_type not in _PACKED_AS for one in parts):
                return None
            names = {one.filename for one in parts}
            # Of two parts under one name a reader may take either; it minds no capitals.
            if len({name.lower() for name in names}) < len(parts):
                return None
            if any(_runs(name) for name in names) or _leads_astray(archive, names, left):
                return None
            if not all(_belongs(archive, one) for one in parts):
                return None
            for part, media in _PARTS.items():
                if part in names and _TYPES in names:
                    if _has_macros(archive, left) or _asks(archive, names, left):
                        return None
                    return None if _carries(archive, names, media, left) else media
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 100:
                if _is_locked(archive, names, left) or _listens(archive, names, left):
                    return None
                if _carries(archive, names, ODT, left):
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
    )


def _belongs(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Whether a part is of a kind that a document has, by its name and by how it begins.

    XML is looked into apart, and so is the workbook of a chart.
    """
    lower = part.filename.lower()
    folder, _slash, last = lower.rpartition("/")
    if part.file_size == 0:
        return part.compress_size <= _EMPTY
    if lower.endswith((*_XML, _CARRIED)) or lower == "mimetype":
        return True
    with archive.open(part) as content:
        start = content.read(_PIECE).lstrip(_MARKS)
        content.seek(0)
        first = content.read(16)
    if lower.endswith(_PICTURES) or folder.endswith("objectreplacements"):
        return first.startswith(_OF_PICTURES)
    is_settings = folder.endswith("printersettings") and last.endswith(".bin")
    if lower.endswith(_FONTS) or is_settings or lower == "layout-cache":
        return _OF_OTHERS.match(start) is None
    return False


def _has_macros(archive: zipfile.ZipFile, left: _Left) -> bool:
    """Whether a part is said to hold a program, read as an office program reads it.

    Raises ValueError as `_elements`.
    """
    said = [one.get("ContentType", "") for _name, one in _elements(archive, _TYPES, left)]
    return any(_is_of_programs(one) for one in said)


def _is_of_programs(said: str) -> bool:
    last = said.lower().replace("\\", "/").rpartition("/")[2]
    return any(word in last for word in _SAID_OF_PROGRAMS) or last == "control"


def _leads_astray(archive: zipfile.ZipFile, names: Collection[str], left: _Left) -> bool:
    """Whether a part is related to a program or an attachment, or to anything from elsewhere.

    What comes from elsewhere is taken in when the document is opened; a link is followed by hand.
    """
    for name in names:
        if not name.lower().endswith(".rels"):
            continue
        for _element, one in _elements(archive, name, left):
            kind = one.get("Type", "")
            outside = one.get("TargetMode", "").lower() == "external"
            if _is_of_programs(kind) or (outside and not kind.endswith("/hyperlink")):
                return True
            target = one.get("Target", "").lower()
            is_part = target.endswith(_CARRIED) and not {"#", "?"} & set(target)
            if kind.lower().endswith("/package") and not is_part:
                return True
    return False


def _carries(archive: zipfile.ZipFile, names: Collection[str], media: Media, left: _Left) -> bool:
    """Whether a file is inside that could hide anything.

    In a text, a workbook that is itself plain and carries nothing is what a chart shows.
    """
    for name in names:
        if not name.lower().endswith(_CARRIED):
            continue
        if media is not DOCX or archive.getinfo(name).file_size > _LONGEST_PART:
            return True
        if _office(BytesIO(archive.read(name)), left) is not XLSX:
            return True
    return False


def _asks(archive: zipfile.ZipFile, names: Collection[str], left: _Left) -> bool:
    """Whether a field of the text asks another program for its words, or something runs.

    In whichever part: a list of relations says which is the text. Raises as `_read`.
    """
    found: list[str] = []
    # Of what a field says, which may come in several pieces, its first word.
    inside = word = ""

    def end() -> None:
        nonlocal word
        if _ASKS_A_PROGRAM.match(word):
            found.append(word)
        word = ""

    def see(element: str, attributes: Mapping[str, str]) -> None:
        nonlocal inside, word
        inside = element.rpartition(":")[2]
        if inside in _RUNS or inside in {"ddeLink", "oleLink"}:
            found.append(inside)
        if inside in {"fldChar", "fldSimple", "p"}:
            end()
        for key, value in attributes.items():
            if key.endswith("instr") and _ASKS_A_PROGRAM.match(value.lstrip()):
                found.append(value)

    def hear(text: str) -> None:
        nonlocal word
        if inside == "instrText" and len(word) < _LONGEST_FIRST_WORD:
            word = (word + text).lstrip()[:_LONGEST_FIRST_WORD]

    for name in names:
        if name.lower().endswith(_XML):
            _read(archive, name, left, see, hear)
            end()
    return bool(found)


def _listens(archive: zipfile.ZipFile, names: Collection[str], left: _Left) -> bool:
    """Whether an OpenDocument runs or carries something, or asks another program.

    What comes from elsewhere is taken in when it is opened; a link is followed by hand. Raises as
    `_read`.
    """
    found: list[str] = []

    def see(element: str, attributes: Mapping[str, str]) -> None:
        name = element.rpartition(":")[2]
        leads = [value for key, value in attributes.items() if key.rpartition(":")[2] == "href"]
        is_astray = any(map(_RUNS_BY_HAND.match, leads)) or (
            name not in _LINKS and any(map(_ELSEWHERE.match, leads))
        )
        if name in _RUNS or name.startswith("dde-") or is_astray:
            found.append(name)

    for part in names:
        if part.lower().endswith(_XML):
            _read(archive, part, left, see)
    return bool(found)


def _is_locked(archive: zipfile.ZipFile, names: Collection[str], left: _Left) -> bool:
    """Whether a part of an OpenDocument is locked by a password."""
    return _MANIFEST in names and any(
        element.endswith("encryption-data") for element, _one in _elements(archive, _MANIFEST, left)
    )


def _elements(archive: zipfile.ZipFile, part: str, left: _Left) -> list[tuple[str, dict[str, str]]]:
    """The elements of a part that lists others, with their attributes.

    By a parser, since XML says one thing in several encodings and with references to characters.
    Raises ValueError for what is no such list: too long, empty, or as `_read`.
    """
    size = archive.getinfo(part).file_size
    if not 0 < size <= _LONGEST_LIST:
        raise ValueError("no list, or more parts than a document has")
    found: list[tuple[str, dict[str, str]]] = []
    _read(archive, part, left, lambda element, attributes: found.append((element, attributes)))
    return found


def _read(
    archive: zipfile.ZipFile,
    part: str,
    left: _Left,
    see: Callable[[str, dict[str, str]], None],
    hear: Callable[[str], None] | None = None,
) -> None:
    """Shows the elements of a part to `see` and its text to `hear`; an empty one has none.

    Raises ValueError for one that is too long, not XML, or declares types of its own: by them a
    few bytes would say any number of words.
    """
    size = archive.getinfo(part).file_size
    if size == 0:
        # As LibreOffice writes for settings that nobody made.
        return
    if size > _LONGEST_PART:
        raise ValueError("longer than a document is")

    def count(element: str, attributes: dict[str, str]) -> None:
        left.see()
        see(element, attributes)

    def refuse(*declared: object) -> None:
        raise ValueError("a document declares no types of its own")

    parser = expat.ParserCreate()
    parser.StartElementHandler = count
    parser.CharacterDataHandler = hear
    parser.StartDoctypeDeclHandler = refuse
    try:
        with archive.open(part) as content:
            parser.ParseFile(content)
    except expat.ExpatError as fault:
        raise ValueError("no XML") from fault


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
    return all(
        one in _LAID_OUT or one.isprintable() or category(one) in _UNSEEN for one in set(text)
    )


LONGEST_NAME = 120


def clean_name(given: str, media: Media) -> str:
    """A file's name without folders and invisible signs, with an ending of its kind."""
    last = given.replace("\\", "/").rpartition("/")[2]
    name = "".join(one for one in last if one.isprintable() and category(one) != "Cf")
    name = " ".join(name.split()).strip(". ")[-LONGEST_NAME:].strip() or "document"
    if name.lower().endswith(media.endings):
        return name
    return f"{name}{media.endings[0]}"


def main(seconds: int, memory: int) -> None:
    """Says the media type of the file on standard input, nothing if it is none of the kinds.

    Beyond so many seconds of processor time, or bytes of memory, the process ends without an
    answer.
    """
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    # Those who wait for a page come first.
    os.nice(5)
    media = media_of(sys.stdin.buffer)
    sys.stdout.write(f"{media.media_type if media else ''}\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
