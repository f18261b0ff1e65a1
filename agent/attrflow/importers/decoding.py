"""Octets -> text, for files that Windows tools wrote: UTF-8, UTF-16 with or without a mark, old code pages.

Never fails: what fits no encoding is read as Windows-1252, which has a character for nearly every octet, and told.
"""

from __future__ import annotations

import codecs
import re

from attrflow.importers.findings import Findings, Place

__all__ = ["decoded"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?\bencoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]*)["']""")
_PROBE = 4096


def decoded(octets: bytes, file: str, findings: Findings) -> str:
    """The text of a file, without byte-order mark and with line ends as LF.

    An XML declaration counts where there is no mark and the octets are no UTF-8.
    """
    text = _decoded(octets, file, findings)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decoded(octets: bytes, file: str, findings: Findings) -> str:
    for mark, encoding in _MARKS:
        if octets.startswith(mark):
            return _replacing(octets[len(mark) :], encoding, file, findings)
    wide = _unmarked_utf16(octets)
    if wide is not None:
        findings.note(Place(file, 1), "encoding", f"read as {wide.upper()}; the file has no byte-order mark")
        return _replacing(octets, wide, file, findings)
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
    declared = _DECLARED.match(octets[:_PROBE])
    encoding = "cp1252"
    if declared is not None:
        try:
            encoding = codecs.lookup(declared[1].decode("ascii")).name
        except LookupError:
            findings.warn(Place(file, 1), "encoding", f"the declared encoding {declared[1].decode()!r} is unknown")
        else:
            if not encoding.startswith("utf-"):
                return _replacing(octets, encoding, file, findings)
            encoding = "cp1252"
    message = "not UTF-8: read as Windows-1252, so that letters beyond ASCII may be others"
    findings.warn(Place(file, line), "encoding", message, help="save the file as UTF-8 and import it again")
    return octets.decode(encoding, "replace")


def _replacing(octets: bytes, encoding: str, file: str, findings: Findings) -> str:
    try:
        return octets.decode(encoding)
    except UnicodeDecodeError as error:
        text = octets.decode(encoding, "replace")
        line = octets[: error.start].decode(encoding, "replace").count("\n") + 1
        message = f"not all of it is {encoding.upper()}; what is not stands as � in the text"
        findings.warn(Place(file, line), "encoding", message, help="save the file as UTF-8 and import it again")
        return text


def _unmarked_utf16(octets: bytes) -> str | None:
    """UTF-16 without a mark shows in mostly Latin text: every other octet is zero."""
    probe = octets[:_PROBE]
    if len(probe) < 4 or b"\0" not in probe:
        return None
    half = len(probe) // 2
    if probe[1::2].count(0) > 0.6 * half and probe[::2].count(0) < 0.1 * half:
        return "utf-16-le"
    if probe[::2].count(0) > 0.6 * half and probe[1::2].count(0) < 0.1 * half:
        return "utf-16-be"
    return None
