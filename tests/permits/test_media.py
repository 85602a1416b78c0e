"""What a file is, by its content alone; and names without traps."""

from __future__ import annotations

import time
import zipfile
import zlib
from io import BytesIO

import pytest

from permits import media
from permits.media import DOCX, LONGEST_NAME, ODT, PDF, TEXT, clean_name, media_of
from tests.permits import files

MACRO_TYPES = b'<Override ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/>'


@pytest.mark.parametrize(
    ("content", "ending"),
    [
        (files.PDF, ".pdf"),
        (files.PNG, ".png"),
        (files.JPEG, ".jpg"),
        (files.TEXT, ".txt"),
        (files.DOCX, ".docx"),
        (files.XLSX, ".xlsx"),
        (files.ODT, ".odt"),
        ("\ufeffأمر\u200d شراء".encode(), ".txt"),
    ],
)
def test_a_file_is_what_it_holds(content: bytes, ending: str) -> None:
    found = media_of(BytesIO(content))
    assert found is not None
    assert found.endings[0] == ending


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"MZ\x90\0program",
        b"\x7fELF",
        b"GIF89a\0\0",
        b"PK\x03\x04 broken",
        "in another encoding: é".encode("latin-1"),
        b"text with a\0NUL",
        b"text with \x1b[31m a terminal's code",
        files.zipped(anything=b"x"),
        files.office("word/document.xml", types=MACRO_TYPES),
        files.office("word/document.xml", word__vbaProject_bin=b"macro"),
        files.office("../word/document.xml"),
        files.zipped(mimetype=b"application/vnd.oasis.opendocument.text", Basic__script=b"x"),
        files.office("word/document.xml", **{f"p{n}": b"" for n in range(6000)}),
    ],
    ids=range(14),
)
def test_what_is_none_of_the_kinds_is_refused(content: bytes) -> None:
    assert media_of(BytesIO(content)) is None


def types(said: str, encoding: str) -> bytes:
    declared = f'<?xml version="1.0" encoding="{encoding}"?>'
    part = f'<Override PartName="/x" ContentType="{said}"/>'
    return f"{declared}<Types>{part}</Types>".encode(encoding)


MACRO_ENABLED = "application/vnd.ms-word.document.macroEnabled.main+xml"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "us-ascii"])
@pytest.mark.parametrize(
    "said",
    [
        MACRO_ENABLED,
        "".join(f"&#{ord(letter)};" for letter in MACRO_ENABLED),
        "application/vnd.ms-office.vbaProject",
        "application/vnd.ms-excel.macrosheet+xml",
        "application/vnd.openxmlformats-officedocument.oleObject",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.externalLink+xml",
    ],
    ids=["plain", "references", "vba", "sheet", "ole", "link"],
)
def test_macros_are_found_however_the_list_of_parts_is_written(said: str, encoding: str) -> None:
    honest = files.office("word/document.xml", types=types("application/xml", encoding))
    assert media_of(BytesIO(honest)) == DOCX
    assert media_of(BytesIO(files.office("word/document.xml", types=types(said, encoding)))) is None


@pytest.mark.parametrize(
    "listed",
    [
        b"no XML",
        b"<Types>",
        b"<Types/>" + b" " * 1_000_000 + MACRO_TYPES,
        b'<!DOCTYPE Types [<!ENTITY e "x">]><Types/>',
        '<?xml version="1.0" encoding="cp037"?><Types/>'.encode("cp037"),
    ],
    ids=range(5),
)
def test_a_list_of_parts_that_an_office_program_does_not_write_is_refused(listed: bytes) -> None:
    assert media_of(BytesIO(files.office("word/document.xml", types=listed))) is None


RELATIONS = (
    '<Relationships><Relationship Id="1" Type="http://schemas.openxmlformats.org/officeDocument'
    '/2006/relationships/{kind}" Target="https://example.test/x" TargetMode="External"/>'
    "</Relationships>"
)


@pytest.mark.parametrize(
    "part",
    [
        "word/activeX/activeX1.bin",
        "word/embeddings/oleObject1.bin",
        "word/embeddings/other.docm",
        "word/embeddings/program.EXE",
        "Object 1/Basic/Standard/Module.xml",
        "word/embeddings/a.lnk",
        "word/embeddings/a.vbe",
        "word/embeddings/a.wsf",
        "word/embeddings/a.zip",
        "word/embeddings/other.docx",
        "word/embeddings/unnamed.bin",
        "word/media/slides.PPTX",
        "word/media/a.doc",
        "word/media/page.html",
        "word/media/image1.png",
        "word/fonts/font1.odttf",
        "xl/printerSettings/printerSettings1.bin",
        "xl/externalLinks/externalLink1.xml",
    ],
)
def test_a_part_that_runs_is_found_wherever_it_lies(part: str) -> None:
    assert media_of(BytesIO(files.office("word/document.xml", **{part: b"MZ"}))) is None


def test_what_a_document_is_made_of_is_taken() -> None:
    made = {
        "word/embeddings/sheet.xlsx": files.XLSX,
        "word/media/image1.jpeg": files.PNG,
        "word/fonts/font1.odttf": b"\x12\x7f\0\0",
        "word/printerSettings/printerSettings1.bin": b"H\0P",
        "customXml/item1.xml": b"<item/>",
        "_xmlsignatures/origin.sigs": b"",
    }
    assert media_of(BytesIO(files.office("word/document.xml", **made))) == DOCX


@pytest.mark.parametrize(
    ("part", "inside"),
    [
        ("word/document.xml", b"no workbook"),
        ("word/document.xml", files.DOCX),
        ("word/document.xml", files.office("xl/workbook.xml", xl__vbaProject_bin=b"macro")),
        ("word/document.xml", files.office("xl/workbook.xml", **{"xl/embeddings/a.bin": b"x"})),
        ("word/document.xml", files.office("xl/workbook.xml", **{"a.xlsx": files.XLSX})),
        ("xl/workbook.xml", files.XLSX),
    ],
    ids=range(6),
)
def test_only_the_workbook_behind_a_chart_of_a_text_is_inside_another_file(
    part: str, inside: bytes
) -> None:
    made = files.office(part, **{f"{part.split('/')[0]}/embeddings/sheet.xlsx": inside})
    assert media_of(BytesIO(made)) is None


@pytest.mark.parametrize(("kind", "good"), [("hyperlink", True), ("attachedTemplate", False)])
def test_a_document_takes_in_nothing_from_elsewhere(kind: str, good: bool) -> None:
    listed = {"word/_rels/settings.xml.rels": RELATIONS.format(kind=kind).encode()}
    found = media_of(BytesIO(files.office("word/document.xml", **listed)))
    assert found == (DOCX if good else None)


@pytest.mark.parametrize(
    ("kind", "target", "good"),
    [
        ("oleObject", "embeddings/package1.bin", False),
        ("vbaProject", "x.bin", False),
        ("control", "x.bin", False),
        ("externalLink", "x.xml", False),
        ("package", "embeddings/x.bin", False),
        ("package", "embeddings/other.docx", False),
        ("package", "media/x.bin#.xlsx", False),
        ("aFChunk", "other.dat", False),
        ("package", "../embeddings/Sheet1.xlsx", True),
        ("printerSettings", "../printerSettings/printerSettings1.bin", True),
        ("image", "media/image1.png", True),
    ],
)
def test_what_runs_or_is_attached_is_found_by_its_relation(
    kind: str, target: str, good: bool
) -> None:
    said = RELATIONS.format(kind=kind).replace(' TargetMode="External"', "")
    listed = said.replace("https://example.test/x", target).encode()
    made = files.office("word/document.xml", **{"word/_rels/document.xml.rels": listed})
    assert media_of(BytesIO(made)) == (DOCX if good else None)


@pytest.mark.parametrize(
    ("inside", "good"),
    [
        ("<w:fldSimple w:instr='DDEAUTO c:\\cmd.exe \"/k calc\"'/>", False),
        ("<w:instrText> DD</w:instrText></w:r><w:r><w:instrText>E x</w:instrText>", False),
        ("<w:instrText>PAGE</w:instrText><w:fldChar/><w:instrText>dde x</w:instrText>", False),
        ("<w:t>DDE Systems Ltd.</w:t>", True),
        ('<w:instrText>HYPERLINK "https://dde.example/ dde"</w:instrText>', True),
    ],
)
def test_a_field_that_asks_another_program_is_refused(inside: str, good: bool) -> None:
    text = f'<w:document xmlns:w="urn:w"><w:p><w:r>{inside}</w:r></w:p></w:document>'
    for part in ("word/header1.xml", "other/text.xml"):
        made = files.office("word/document.xml", **{part: text.encode()})
        assert media_of(BytesIO(made)) == (DOCX if good else None)


@pytest.mark.parametrize(
    ("inside", "good"),
    [
        ('<s:event-listener s:event-name="dom:load"/>', False),
        ("<s:object-ole/>", False),
        ("<s:dde-connection-decl/>", False),
        ("<s:execute-macro/>", False),
        ('<s:a s:href="vnd.sun.star.script:x?language=Python"/>', False),
        ('<s:section-source s:href="https://example.test/x.odt"/>', False),
        ('<s:image s:href="https://example.test/x.png"/>', False),
        ('<s:floating-frame s:href="../x.odt"/>', False),
        ('<s:a s:href="https://example.test/"/><s:image s:href="Pictures/1.png"/>', True),
        ("<s:event-listeners/>", True),
        ("<s:object/>", True),
    ],
)
def test_an_open_document_that_runs_something_is_refused(inside: str, good: bool) -> None:
    content = f'<s:document xmlns:s="urn:s">{inside}</s:document>'.encode()
    parts = {"content_xml": content, "Configurations2__accelerator__current_xml": b""}
    made = files.zipped(mimetype=ODT.media_type.encode(), **parts)
    assert media_of(BytesIO(made)) == (ODT if good else None)


def test_an_open_document_that_is_locked_is_refused() -> None:
    def made(inside: str) -> bytes:
        held = BytesIO()
        with zipfile.ZipFile(held, "w") as archive:
            archive.writestr("mimetype", ODT.media_type)
            listed = (
                f'<m:manifest xmlns:m="urn:x"><m:file-entry>{inside}</m:file-entry></m:manifest>'
            )
            archive.writestr("META-INF/manifest.xml", listed)
        return held.getvalue()

    assert media_of(BytesIO(made(""))) == ODT
    assert media_of(BytesIO(made("<m:encryption-data/>"))) is None


def pdf(
    *objects: bytes, packed: bytes = b"", told: bytes = b"/Type /ObjStm /N 1 /First 4"
) -> bytes:
    """A PDF of these objects; `packed` ones in an object stream, `told` in its dictionary."""
    found = [files.PDF.rpartition(b"%%EOF")[0], *objects]
    if packed:
        held = zlib.compress(b"1 0 " + packed)
        found.append(
            b"2 0 obj\n<< %b /Filter /FlateDecode >>\nstream\n%b\nendstream\nendobj\n"
            % (told, held)
        )
    return b"".join((*found, b"%%EOF\n"))


SCRIPT = b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"


@pytest.mark.parametrize(
    "content",
    [
        pdf(b"trailer << /Encrypt 3 0 R >>"),
        pdf(b"3 0 obj << /OpenAction " + SCRIPT + b" >> endobj"),
        pdf(b"3 0 obj << /S/Java#53cript/JS 4 0 R >> endobj"),
        pdf(b"3 0 obj << /S /Launch /F (calc.exe) >> endobj"),
        pdf(b"3 0 obj << /Names << /EmbeddedFiles 4 0 R >> >> endobj"),
        pdf(b"3 0 obj << /Type /EmbeddedFile >> endobj"),
        pdf(b"3 0 obj << /OpenAction << /S /Rendition /JS (app.alert\\(1\\)) >> >> endobj"),
        pdf(b"3 0 obj << /AcroForm << /XFA 4 0 R /Fields [] >> >> endobj"),
        pdf(b"3 0 obj << /Type /Filespec /F (run.exe) /EF << /F 5 0 R >> >> endobj"),
        pdf(b"3 0 obj << /AF [4 0 R] >> endobj 4 0 obj << /F (run.exe) /EF%\n5 0 R >> endobj"),
        pdf(b"3 0 obj << /Subtype /FileAttachment /FS 4 0 R >> endobj"),
        pdf(b"3 0 obj << /S /SubmitForm /F (https://example.test/) >> endobj"),
        pdf(b"3 0 obj << /S /ImportData /F (x.fdf) >> endobj"),
        pdf(b"3 0 obj << /S /GoToE /T 4 0 R >> endobj"),
        pdf(packed=SCRIPT),
        pdf(packed=SCRIPT, told=b"/Type /Obj#53tm /N 1 /First 4"),
        pdf(packed=SCRIPT, told=b"/N 1 /First 4"),
        pdf(packed=SCRIPT, told=b"/N 1 /First 6 0 R"),
        pdf(packed=SCRIPT, told=b"/N 1 /First%x\n4"),
        pdf(packed=SCRIPT, told=b"/N 1 /First +4"),
        pdf(packed=SCRIPT, told=b"/N 1 /First 4 /X (stream)"),
        pdf(packed=b"<< >>", told=b"/N 1 /First +4 /DecodeParms << /Predictor 12 >>"),
        pdf(packed=b"<< >>", told=b"/N 1 /First +4").replace(b"stream\n", b"stream\n<"),
        pdf(b"3 0 obj << /OpenAction << /S /URI /URI (https://example.test/) >> >> endobj"),
        pdf(b"3 0 obj << /AA << /O 4 0 R >> >> endobj"),
        pdf(b"3 0 obj << /S /GoToR /F (x.exe) >> endobj"),
        pdf(b"/EF%" * 250_000),
        pdf(packed=b"<< >>", told=b"/Type /ObjStm /DecodeParms << /Predictor 12 >>"),
        pdf(packed=b"<< >>").replace(b"stream\n", b"stream\nnot deflate"),
        pdf(packed=b" " * 21_000_000),
        pdf(packed=b"1 0 0 1 0 0 cm " * 7_000_000, told=b"/Length 9"),
        pdf(b"3 0 obj << /AF [4 0 R] >> endobj 4 0 obj << /EF +5.0 000000000000 R >> endobj"),
        pdf(b"3 0 obj << /OpenAction%>\n<< /S /URI /URI (https://example.test/) >> >> endobj"),
        pdf(b"3 0 obj << /OpenAction << /OpenAction 1 /S /URI /URI (https://a.test/) >> endobj"),
        pdf(b"stream\nendstream " * 100_001),
    ],
    ids=range(35),
)
def test_a_pdf_that_is_locked_runs_or_carries_something_is_refused(content: bytes) -> None:
    assert media_of(BytesIO(content)) is None


@pytest.mark.parametrize(
    "content",
    [
        pdf(b"3 0 obj << /OpenAction [4 0 R /Fit] /EncryptMetadata true >> endobj"),
        pdf(packed=b"<< /Type /Page >>"),
        pdf(packed=b"0 0 m 9 9 l S", told=b"/Length 9"),
        pdf(b"3 0 obj << /A << /S /URI /URI (https://example.test/) >> >> endobj"),
        pdf(b"3 0 obj << /OpenAction << /S /GoTo /D [4 0 R /Fit] >> >> endobj"),
        pdf(b"3 0 obj << /Type /Outlines /First 12 0 R >> endobj 4 0 obj << /Filter /DCTDecode >>\n"
            b"stream\n\xff\xd8\xff /Filter\nendstream endobj"),
        pdf(b"3 0 obj << /EFont 12 0 R >> endobj stream\n\xff/EF 9/JS(\xff\nendstream"),
    ],
    ids=range(7),
)  # fmt: skip
def test_a_pdf_that_only_shows_is_taken(content: bytes) -> None:
    assert media_of(BytesIO(content)) == PDF


IN_A_COMMENT = b"%" + b"/EF%" * 9 + b"/EF\n"


@pytest.mark.parametrize(
    "content",
    [
        pdf((IN_A_COMMENT * 39 + b"x") * 1_600),
        pdf(packed=(IN_A_COMMENT * 39 + b"x") * 6_000),
        pdf(b"/EF 1 1 " * 300_000),
        pdf(b"/OpenAction<<" * 200_000),
        files.office("word/document.xml", **{"a.xml": b"<p>%b</p>" % (b"<p/>" * 60_000)}),
        files.office("word/document.xml", **{"a.xml": b"<instrText>%b</instrText>"
                                             % (b" \n" * 100_000)}),
        ("é\u200d" * 500_000).encode(),
    ],
    ids=range(7),
)  # fmt: skip
def test_a_file_is_looked_into_in_a_time_that_grows_with_its_length(content: bytes) -> None:
    """Of some of these a few bytes more took as many seconds; 2 seconds are ten times too many."""
    began = time.process_time()
    media_of(BytesIO(content))
    assert time.process_time() - began < 2


def test_two_parts_under_one_name_are_refused() -> None:
    two = files.office("word/document.xml", **{"[content_types].xml": MACRO_TYPES})
    assert media_of(BytesIO(two)) is None


def test_an_archive_that_unpacks_to_more_than_a_document_is_refused() -> None:
    inside = files.office("xl/workbook.xml", **{"xl/media/a.bmp": b"BM" + b"\0" * 49_000_000})
    parts = {f"word/embeddings/{n}.xlsx": inside for n in range(6)}
    bomb = files.office("word/document.xml", **parts)
    assert len(bomb) < 1_000_000
    assert media_of(BytesIO(bomb)) is None


def test_more_elements_than_a_document_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all parts together; the list of parts is read twice."""
    parts = {"a.xml": b"<a><a/></a>", "b.xml": b"<a><a/><a/><a/></a>"}
    for most, kind in ((9, DOCX), (8, None)):
        monkeypatch.setattr(media, "_MOST_ELEMENTS", most)
        assert media_of(BytesIO(files.office("word/document.xml", **parts))) == kind


@pytest.mark.parametrize("kind", ["word/document.xml", "mimetype"])
def test_a_part_that_declares_types_of_its_own_is_refused(kind: str) -> None:
    part = b'<!DOCTYPE d [<!ENTITY e "words">]><d>&e;</d>'
    if kind == "mimetype":
        made = files.zipped(mimetype=ODT.media_type.encode(), content_xml=part)
    else:
        made = files.office(kind, **{"word/header1.xml": part})
    assert media_of(BytesIO(made)) is None


@pytest.mark.parametrize("packed", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_part_that_is_packed_as_no_office_program_does_is_refused(packed: int) -> None:
    held = BytesIO(files.DOCX)
    with zipfile.ZipFile(held, "a", packed) as archive:
        archive.writestr("word/header1.xml", b"<header/>")
    assert media_of(held) is None


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("certificate.pdf", "certificate.pdf"),
        ("CERTIFICATE.PDF", "CERTIFICATE.PDF"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\somebody\\end use.pdf", "end use.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe.pdf"),
        ("two\r\nlines\0.pdf", "twolines.pdf"),
        ("attestation d’utilisation.pdf", "attestation d’utilisation.pdf"),
        ("...", "document.pdf"),
        ("", "document.pdf"),
    ],
)
def test_a_name_keeps_no_folder_and_no_invisible_sign(given: str, kept: str) -> None:
    assert clean_name(given, PDF) == kept


def test_a_long_name_is_cut_and_keeps_its_ending() -> None:
    kept = clean_name("a" * 400 + ".txt", TEXT)
    assert len(kept) <= LONGEST_NAME + 4
    assert kept.endswith(".txt")


@pytest.mark.parametrize("at", range(30, 400, 10))
def test_a_damaged_archive_is_none_of_the_kinds_or_still_one(at: int) -> None:
    """Whatever byte is damaged: an answer, never an error."""
    damaged = bytearray(files.office("word/document.xml", types=b"<Types/>" * 40))
    damaged[at % len(damaged)] ^= 0xFF
    assert media_of(BytesIO(bytes(damaged))) in (None, media_of(BytesIO(files.DOCX)))
