"""Request controls, encoded. ldap3 builds all but DirSync's, whose flags it sends in five octets on Linux."""

from __future__ import annotations

from ldap3.protocol.controls import build_control
from ldap3.protocol.microsoft import (
    DirSyncControlRequestValue,
    extended_dn_control,
    show_deleted_control,
)
from ldap3.protocol.rfc2696 import paged_search_control

__all__ = [
    "DIRSYNC",
    "PAGED",
    "PERMISSIVE_MODIFY",
    "dirsync",
    "extended_names",
    "paged",
    "permissive_modify",
    "show_deleted",
]

PAGED = "1.2.840.113556.1.4.319"
DIRSYNC = "1.2.840.113556.1.4.841"
PERMISSIVE_MODIFY = "1.2.840.113556.1.4.1413"

_OBJECT_SECURITY = 0x1
_INCREMENTAL_VALUES = -0x80000000
"""The top bit of a signed 32-bit integer, as DirSync's flags travel."""
_OCTETS_MAX = 8 * 1024 * 1024


def paged(size: int, cookie: bytes) -> object:
    """Paged results (RFC 2696), critical: without it a long answer would be cut off."""
    control: object = paged_search_control(criticality=True, size=size, cookie=cookie)
    return control


def dirsync(cookie: bytes, *, object_security: bool) -> object:
    """DirSync with single values of links; without `object_security` it needs the right to replicate."""
    value = DirSyncControlRequestValue()
    flags = _INCREMENTAL_VALUES | (_OBJECT_SECURITY if object_security else 0)
    value.setComponentByName("Flags", flags)
    value.setComponentByName("MaxBytes", _OCTETS_MAX)
    value.setComponentByName("Cookie", cookie)
    control: object = build_control(DIRSYNC, criticality=True, value=value)
    return control


def extended_names() -> object:
    """DNs with GUIDs before them, as text; not critical, so that a server without it sends plain DNs."""
    control: object = extended_dn_control(criticality=False, hex_format=False)
    return control


def show_deleted() -> object:
    """Tombstones too."""
    control: object = show_deleted_control(criticality=False)
    return control


def permissive_modify() -> tuple[str, bool, None]:
    """Adding a value that is there, or removing one that is not, is no error; so a modify may be repeated."""
    return (PERMISSIVE_MODIFY, False, None)
