"""A customer's files by what they are said to be -> the state in them. Streams come in; nothing is opened here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO, Final, Literal

from attrflow.importers.csexport import read_csexport
from attrflow.importers.csvde import read_csvde
from attrflow.importers.customer_state import CustomerState
from attrflow.importers.findings import Findings, Place
from attrflow.importers.graph_objects import read_graph
from attrflow.importers.ldif import read_ldif
from attrflow.importers.powershell_objects import read_metaverse_objects, read_space_objects
from attrflow.importers.text_lines import first_octets

__all__ = ["STATE_KINDS", "StateKind", "read_state_file"]

StateKind = Literal["ldif", "graph", "csexport", "csobject", "mvobject"]
STATE_KINDS: Final[tuple[StateKind, ...]] = ("ldif", "graph", "csexport", "csobject", "mvobject")

_Reader = Callable[[BinaryIO, str, Findings], Iterator[Any]]
_READERS: Final[Mapping[StateKind, tuple[_Reader, str]]] = {
    "ldif": (read_ldif, "directory"),
    "graph": (read_graph, "cloud"),
    "csexport": (read_csexport, "spaces"),
    "csobject": (read_space_objects, "spaces"),
    "mvobject": (read_metaverse_objects, "metaverse"),
}


def read_state_file(
    kind: StateKind,
    stream: BinaryIO,
    file: str,
    findings: Findings,
    state: CustomerState,
    *,
    keep: Callable[[object], bool] = lambda _one: True,
) -> int:
    """Read one file into the state; returns how many objects it held. What it is not is told.

    Objects that are not to be kept are read and let go, so that a large file does not fill the memory.
    """
    looks = _looks_like(first_octets(stream))
    reader, home = _READERS[kind]
    if kind == "ldif" and looks == "csv":
        reader = read_csvde
    elif looks is not None and kind not in _FITS[looks]:
        message = f"the file looks like {_WORDS[looks]}, not like what --{kind} takes; it is not read"
        findings.tell(Place(file, 1), "wrong-format", message, help=_help(looks))
        return 0
    objects: list[Any] = getattr(state, home)
    count = 0
    for one in reader(stream, file, findings):
        count += 1
        if keep(one):
            objects.append(one)
    if not count and not any(one.file == file and one.severity != "info" for one in findings.all):
        findings.warn(Place(file, 1), "no-objects", "the file holds no object")
    return count


def _help(looks: str) -> str:
    if _FITS[looks]:
        return "give it with " + " or ".join(f"--{one}" for one in _FITS[looks])
    return "unpack it and give what is in it" if looks == "zip" else "give it as RULES"


_FITS: Final[Mapping[str, tuple[StateKind, ...]]] = {
    "csexport": ("csexport",),
    "mv": ("mvobject",),
    "clixml": ("csobject", "mvobject"),
    "json": ("graph", "csobject", "mvobject"),
    "csv": ("ldif",),
    "ldif": ("ldif",),
    "zip": (),
    "rules": (),
}
_WORDS: Final = {
    "csexport": "the XML of csexport",
    "mv": "the metaverse's XML",
    "clixml": "CLIXML of PowerShell",
    "json": "JSON",
    "csv": "CSV",
    "ldif": "LDIF",
    "zip": "a compressed archive",
    "rules": "a synchronization rule or connector, which RULES takes",
}


def _looks_like(probe: bytes) -> str | None:
    """What the beginning of a file shows; None where it shows nothing that is known."""
    if probe.startswith((b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf")):
        return "zip"
    text = probe.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe").decode("utf-8", "replace").lstrip()
    if text.startswith(("{", "[")):
        return "json"
    if text.startswith("<"):
        for mark, word in (
            ("<cs-object", "csexport"),
            ("<mv-object", "mv"),
            ("<Objs", "clixml"),
            ("<synchronizationRule", "rules"),
            ("<ma-data", "rules"),
            ("<saved-mv", "rules"),
        ):
            if mark in text:
                return word
        return None
    first = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
    if first.casefold().startswith(("version:", "dn:")):
        return "ldif"
    names = [name.strip().strip('"').casefold() for name in first.split(",")]
    return "csv" if "dn" in names and len(names) > 1 else None
