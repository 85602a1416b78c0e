"""Files as people send them, good and bad."""

from __future__ import annotations

import zipfile
from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 40
TEXT = "Attestation d’utilisation finale\r\n\tsignée".encode()


def zipped(**parts: bytes) -> bytes:
    """An archive with those parts; two underscores stand for a slash, one for a dot."""
    held = BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return held.getvalue()


def office(part: str, types: bytes = b"<Types/>", **more: bytes) -> bytes:
    held = BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", types)
        archive.writestr(part, b"<document/>")
        for name, content in more.items():
            archive.writestr(name.replace("__", "/"), content)
    return held.getvalue()


DOCX = office("word/document.xml")
XLSX = office("xl/workbook.xml")
ODT = zipped(mimetype=b"application/vnd.oasis.opendocument.text")


def upload(content: bytes = PDF, name: str = "certificate.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="application/x-whatever")
