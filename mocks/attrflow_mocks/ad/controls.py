"""Request and response controls: from encoded values to one noun per request, and back.

Says what was asked for; what it does to a search or a write is decided where that is carried out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from attrflow_mocks.ad.ber import ProtocolError, Reader, integer, octets, sequence
from attrflow_mocks.ad.errors import LdapError, ldap_error
from attrflow_mocks.ad.message import Control

__all__ = [
    "INCREMENTAL_VALUES",
    "OBJECT_SECURITY",
    "SUPPORTED",
    "Asked",
    "DirSync",
    "Paged",
    "dirsync_response",
    "paged_response",
    "read_controls",
]

_AD = "1.2.840.113556.1.4."
PAGED = _AD + "319"
SHOW_DELETED = _AD + "417"
EXTENDED_DN = _AD + "529"
SD_FLAGS = _AD + "801"
RANGE_MARKER = _AD + "802"
TREE_DELETE = _AD + "805"
DIRSYNC = _AD + "841"
VERIFY_NAME = _AD + "1338"
DOMAIN_SCOPE = _AD + "1339"
SEARCH_OPTIONS = _AD + "1340"
PERMISSIVE_MODIFY = _AD + "1413"
RANGE_NO_ERROR = _AD + "1948"
SHOW_RECYCLED = _AD + "2064"

SUPPORTED = (
    PAGED, SHOW_DELETED, EXTENDED_DN, SD_FLAGS, RANGE_MARKER, TREE_DELETE, DIRSYNC, VERIFY_NAME,
    DOMAIN_SCOPE, SEARCH_OPTIONS, PERMISSIVE_MODIFY, RANGE_NO_ERROR, SHOW_RECYCLED,
)  # fmt: skip
"""What the root DSE lists: only what this mock really carries out."""

OBJECT_SECURITY = 0x1
ANCESTORS_FIRST = 0x800
INCREMENTAL_VALUES = 0x80000000


@dataclass(frozen=True, slots=True)
class Paged:
    """Ask for a page of `size` entries, from where `cookie` stands."""

    size: int
    cookie: bytes


@dataclass(frozen=True, slots=True)
class DirSync:
    """Ask for what changed since `cookie`; flags as an unsigned 32-bit number."""

    flags: int
    max_bytes: int
    cookie: bytes


@dataclass(frozen=True, slots=True)
class Asked:
    """What the controls of one request ask for."""

    paged: Paged | None = None
    dirsync: DirSync | None = None
    show_deleted: bool = False
    extended_dn: str | None = None
    """`hex`, `string`, or None for plain DNs."""
    sd_flags: int | None = None
    domain_scope: bool = False
    permissive: bool = False
    tree_delete: bool = False
    range_no_error: bool = False


def read_controls(controls: Iterable[Control]) -> Asked:
    """Read all controls of a request.

    Raises:
        LdapError: 12 a critical control is unknown, 2 a value is malformed.
    """
    found: dict[str, Control] = {}
    for control in controls:
        if control.oid in SUPPORTED:
            found[control.oid] = control
        elif control.critical:
            raise ldap_error(12, 0x57, f"Error processing control {control.oid}")
    options = 0
    try:
        if SEARCH_OPTIONS in found:
            options = _value(found[SEARCH_OPTIONS]).enter(0x30).integer()
        return Asked(
            paged=_paged(found.get(PAGED)),
            dirsync=_dirsync(found.get(DIRSYNC)),
            show_deleted=SHOW_DELETED in found or SHOW_RECYCLED in found,
            extended_dn=_extended_dn(found.get(EXTENDED_DN)),
            sd_flags=_sd_flags(found.get(SD_FLAGS)),
            domain_scope=DOMAIN_SCOPE in found or bool(options & 1),
            permissive=PERMISSIVE_MODIFY in found,
            tree_delete=TREE_DELETE in found,
            range_no_error=RANGE_NO_ERROR in found,
        )
    except ProtocolError as error:
        raise LdapError(2, f"00000057: LdapErr: a control's value is malformed: {error}") from None


def _value(control: Control) -> Reader:
    if control.value is None:
        raise ProtocolError(f"control {control.oid} needs a value")
    return Reader(control.value)


def _paged(control: Control | None) -> Paged | None:
    if control is None:
        return None
    inner = _value(control).enter(0x30)
    size, cookie = inner.integer(), inner.octets()
    if size < 0:
        raise ProtocolError(f"a page of {size} entries")
    return Paged(size, cookie)


def _dirsync(control: Control | None) -> DirSync | None:
    if control is None:
        return None
    inner = _value(control).enter(0x30)
    return DirSync(inner.integer() & 0xFFFFFFFF, inner.integer(), inner.octets())


def _extended_dn(control: Control | None) -> str | None:
    if control is None:
        return None
    if not control.value:
        return "hex"
    return "string" if Reader(control.value).enter(0x30).integer() == 1 else "hex"


def _sd_flags(control: Control | None) -> int | None:
    return None if control is None else _value(control).enter(0x30).integer() & 0xF


def paged_response(cookie: bytes) -> Control:
    """The answer to paging; AD never estimates the size of the result."""
    return Control(PAGED, value=sequence(integer(0), octets(cookie)))


def dirsync_response(*, more: bool, cookie: bytes) -> Control:
    """The answer to DirSync."""
    return Control(DIRSYNC, value=sequence(integer(int(more)), integer(0), octets(cookie)))
