"""Octets -> numbered lines, as a stream: for files that may be larger than memory is wished to hold.

The encoding is taken from the byte-order mark, else from the pattern of zero octets, else it is UTF-8;
octets that do not fit are read as Windows-1252 and told once.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from attrflow.importers.findings import Findings, Place

__all__ = ["first_octets", "text_lines", "text_stream", "whole_text"]

_PROBE: Final = 4096
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_STRAY: Final = re.compile("[\udc80-\udcff]+")


def first_octets(stream: BinaryIO) -> bytes:
    """The beginning of a file; the stream stands at its beginning again."""
    probe = stream.read(_PROBE)
    stream.seek(0)
    return probe


def _encoding(probe: bytes) -> str:
    for mark, encoding in _MARKS:
        if probe.startswith(mark):
            return encoding
    half = len(probe) // 2
    if half > 1 and b"\0" in probe:
        if probe[1::2].count(0) > 0.6 * half:
            return "utf-16-le"
        if probe[::2].count(0) > 0.6 * half:
            return "utf-16-be"
    return "utf-8"


def text_stream(stream: BinaryIO) -> io.TextIOWrapper:
    """The file as a stream of text; octets that do not fit stay in it as surrogates."""
    encoding = _encoding(first_octets(stream))
    errors = "surrogateescape" if encoding.startswith("utf-8") else "replace"
    return io.TextIOWrapper(stream, encoding=encoding, errors=errors, newline=None)


def mended(text: str, place: Place, findings: Findings, told: set[str]) -> str:
    """The text with stray octets read as Windows-1252, which is told once for each file."""
    if not _STRAY.search(text):
        if "\ufffd" in text and place.file not in told:
            told.add(place.file)
            findings.warn(place, "encoding", "not all of the file fits its encoding; what does not stands as \ufffd")
        return text
    if place.file not in told:
        told.add(place.file)
        findings.warn(
            place,
            "encoding",
            "not UTF-8: read as Windows-1252 from here on, so that letters beyond ASCII may be others",
            help="export the file again as Unicode (ldifde -u, csvde -u)",
        )
    return _STRAY.sub(lambda m: m[0].encode("utf-8", "surrogateescape").decode("cp1252", "replace"), text)


def text_lines(stream: BinaryIO, file: str, findings: Findings) -> Iterator[tuple[int, str]]:
    """The lines of a file with their numbers from 1, without line ends."""
    told: set[str] = set()
    reader = text_stream(stream)
    try:
        for number, line in enumerate(reader, start=1):
            yield number, mended(line.rstrip("\n"), Place(file, number), findings, told)
    finally:
        reader.detach()


def whole_text(stream: BinaryIO, file: str, findings: Findings) -> str:
    """The whole text of a file, for formats that cannot be read piece by piece."""
    return "\n".join(line for _, line in text_lines(stream, file, findings))
