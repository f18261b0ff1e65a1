"""Request and response controls: from encoded values to one noun per request, and back.

Says what was asked for; what it does to a search or a write is decided where that is carried out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from attrflow_mocks.ad.ber import ProtocolError, Reader, integer, octets, sequence
from attrflow_mocks.ad.errors import LdapError, ldap_error
from attrflow_mocks.ad.message import Control

__all__ = [
    "INCREMENTAL_VALUES",
    "MEANINGS",
    "OBJECT_SECURITY",
    "SUPPORTED",
    "Asked",
    "DirSync",
    "Paged",
    "Sort",
    "Window",
    "dirsync_response",
    "paged_response",
    "read_controls",
    "scoped_response",
    "sort_response",
    "window_response",
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
SORT = _AD + "473"
SORT_RESPONSE = _AD + "474"
NOTIFICATION = _AD + "528"
ASQ = _AD + "1504"
DEACTIVATED = _AD + "2065"
DIRSYNC_EX = _AD + "2090"
TREE_DELETE_EX = _AD + "2204"
SEARCH_HINTS = _AD + "2206"
EXPECTED_COUNT = _AD + "2211"
VLV = "2.16.840.1.113730.3.4.9"
VLV_RESPONSE = "2.16.840.1.113730.3.4.10"

MEANINGS: Mapping[str, str] = {
    PAGED: "paging, at most 1,000 entries a page",
    SHOW_DELETED: "tombstones and deleted objects are found",
    SORT: "sorting by one key",
    SORT_RESPONSE: "the answer to sorting",
    NOTIFICATION: "told of changes as they happen, at most 5 searches a connection",
    EXTENDED_DN: "DNs with GUID and SID, hexadecimal or as text",
    SD_FLAGS: "the parts of nTSecurityDescriptor; a fixed descriptor, since rights are a table here",
    RANGE_MARKER: "a mark that ranges are understood; no effect, as in AD",
    TREE_DELETE: "deletes an object with all below it",
    DIRSYNC: "what changed since a cookie",
    VERIFY_NAME: "accepted; there is one forest, so no other server is asked",
    DOMAIN_SCOPE: "no continuation references",
    SEARCH_OPTIONS: "1 domain scope; 2 (phantom root) searches all partitions below the base",
    PERMISSIVE_MODIFY: "adding what is there and removing what is not are no errors",
    ASQ: "entries that an attribute of the base names",
    RANGE_NO_ERROR: "a range that begins after the last value is empty instead of an error",
    SHOW_RECYCLED: "recycled objects are found as well",
    DEACTIVATED: "links from and to deleted objects are shown",
    DIRSYNC_EX: "DirSync with `;dirSyncAlwaysReturn`",
    TREE_DELETE_EX: "deletes a tree, at most so many objects (countLimit)",
    SEARCH_HINTS: "accepted; hints change no result",
    EXPECTED_COUNT: "constraintViolation unless so many entries are found",
    VLV: "a window of a sorted list",
    VLV_RESPONSE: "the answer to a window",
}
"""Every control that this mock carries out, and what of it."""

SUPPORTED = tuple(MEANINGS)
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
class Sort:
    """Ask for the entries in the order of one attribute."""

    attribute: str
    reverse: bool
    keys: int
    """How many keys were asked for; more than one is refused."""
    critical: bool


@dataclass(frozen=True, slots=True)
class Window:
    """Ask for the entries around a place in a sorted list, by its number or by a value."""

    before: int
    after: int
    offset: int | None
    content_count: int
    value: bytes


@dataclass(frozen=True, slots=True)
class Asked:
    """What the controls of one request ask for."""

    paged: Paged | None = None
    dirsync: DirSync | None = None
    dirsync_oid: str = DIRSYNC
    """Under which of its two numbers DirSync was asked for."""
    show_deleted: bool = False
    show_recycled: bool = False
    deactivated_links: bool = False
    sort: Sort | None = None
    window: Window | None = None
    notify: bool = False
    from_attribute: str | None = None
    """The attribute of the base whose values name the entries to look at."""
    phantom_root: bool = False
    expected: tuple[int, int] | None = None
    """The fewest and most entries that the search may find."""
    extended_dn: str | None = None
    """`hex`, `string`, or None for plain DNs."""
    sd_flags: int | None = None
    domain_scope: bool = False
    permissive: bool = False
    tree_delete: bool = False
    tree_limit: int | None = None
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
            dirsync=_dirsync(found.get(DIRSYNC) or found.get(DIRSYNC_EX)),
            dirsync_oid=DIRSYNC if DIRSYNC in found else DIRSYNC_EX,
            show_deleted=bool({SHOW_DELETED, SHOW_RECYCLED, DEACTIVATED} & found.keys()),
            show_recycled=SHOW_RECYCLED in found,
            deactivated_links=DEACTIVATED in found,
            sort=_sort(found.get(SORT)),
            window=_window(found.get(VLV)),
            notify=NOTIFICATION in found,
            from_attribute=_value(found[ASQ]).enter(0x30).text() if ASQ in found else None,
            phantom_root=bool(options & 2),
            expected=_expected(found.get(EXPECTED_COUNT)),
            extended_dn=_extended_dn(found.get(EXTENDED_DN)),
            sd_flags=_sd_flags(found.get(SD_FLAGS)),
            domain_scope=DOMAIN_SCOPE in found or bool(options & 1),
            permissive=PERMISSIVE_MODIFY in found,
            tree_delete=TREE_DELETE in found or TREE_DELETE_EX in found,
            tree_limit=_tree_limit(found.get(TREE_DELETE_EX)),
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


def _sort(control: Control | None) -> Sort | None:
    if control is None:
        return None
    keys = _value(control).enter(0x30)
    found = []
    while not keys.at_end:
        key = keys.enter(0x30)
        name = key.text()
        if key.peek() == 0x80:
            key.content(0x80)  # an ordering rule by language: AD's default order is what there is here
        found.append((name, key.boolean(0x81) if key.peek() == 0x81 else False))
    if not found:
        raise ProtocolError("a sort control without a key")
    return Sort(found[0][0], found[0][1], len(found), control.critical)


def _window(control: Control | None) -> Window | None:
    if control is None:
        return None
    inner = _value(control).enter(0x30)
    before, after = inner.integer(), inner.integer()
    if before < 0 or after < 0:
        raise ProtocolError("a window of fewer than no entries")
    if inner.peek() == 0xA0:
        place = inner.enter(0xA0)
        return Window(before, after, place.integer(), place.integer(), b"")
    return Window(before, after, None, 0, inner.content(0x81))


def _expected(control: Control | None) -> tuple[int, int] | None:
    if control is None:
        return None
    inner = _value(control).enter(0x30)
    return inner.integer(), inner.integer()


def _tree_limit(control: Control | None) -> int | None:
    return None if control is None else _value(control).enter(0x30).integer()


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


def sort_response(code: int) -> Control:
    """The answer to sorting: 0, or why not."""
    return Control(SORT_RESPONSE, value=sequence(integer(code, 0x0A)))


def window_response(position: int, count: int, code: int = 0) -> Control:
    """The answer to a window: where it stands in a list of how many."""
    return Control(VLV_RESPONSE, value=sequence(integer(position), integer(count), integer(code, 0x0A)))


def scoped_response(code: int = 0) -> Control:
    """The answer to a search over an attribute's values."""
    return Control(ASQ, value=sequence(integer(code, 0x0A)))


def dirsync_response(*, more: bool, cookie: bytes, oid: str = DIRSYNC) -> Control:
    """The answer to DirSync, under the number by which it was asked for."""
    return Control(oid, value=sequence(integer(int(more)), integer(0), octets(cookie)))
