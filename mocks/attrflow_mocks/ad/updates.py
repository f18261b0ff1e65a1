"""Writes of a client, rights first: add, modify, rename, delete, compare.

Knows the requests as nouns; what AD does with each is in `writes`, `modify` and `tombstones`.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrflow_mocks.ad.controls import Asked
from attrflow_mocks.ad.directory import Directory
from attrflow_mocks.ad.entry import Entry
from attrflow_mocks.ad.errors import ldap_error, service_error
from attrflow_mocks.ad.filter import Sight, compile_filter
from attrflow_mocks.ad.filter_nodes import Equal
from attrflow_mocks.ad.message import (
    AddRequest,
    CompareRequest,
    DeleteRequest,
    ModifyDnRequest,
    ModifyRequest,
    Request,
)
from attrflow_mocks.ad.modify import modify
from attrflow_mocks.ad.names import InvalidName, format_dn, parse_dn
from attrflow_mocks.ad.responses import Result
from attrflow_mocks.ad.rights import Access
from attrflow_mocks.ad.search import Outcome
from attrflow_mocks.ad.tombstones import delete, is_undelete, undelete
from attrflow_mocks.ad.writes import add, rename

__all__ = ["HANDLED", "update"]

HANDLED: Mapping[str, str] = {
    "add": "with class, schema, name and account rules; parents that the class allows",
    "modify": "all changes or none; links, accounts, passwords, undelete",
    "modifydn": "renames and moves; children and links follow",
    "delete": "tombstones, Recycle Bin, tree delete",
    "compare": "by the attribute's syntax",
}
"""The operations here, and what of each is done."""


def update(directory: Directory, request: Request, asked: Asked, access: Access | None, *, secure: bool) -> Outcome:
    """Carry a write or a compare out.

    Raises:
        LdapError: what AD refuses.
    """
    match request:
        case AddRequest(dn, attributes):
            if access is not None:
                _check_parent(directory, dn, access)
            add(directory, dn, attributes, secure=secure)
        case ModifyRequest():
            _modify(directory, request, asked, access, secure=secure)
        case DeleteRequest(dn):
            if access is not None:
                access.check_write(_seen(directory, dn, asked.show_deleted, access))
            delete(directory, dn, tree=asked.tree_delete, show_deleted=asked.show_deleted, limit=asked.tree_limit)
        case ModifyDnRequest(dn, new_rdn, delete_old, superior):
            if access is not None:
                access.check_write(_seen(directory, dn, False, access), ("name",))  # noqa: FBT003 - deleted ones stay hidden
                if superior is not None:
                    access.check_write(_seen(directory, superior, False, access))  # noqa: FBT003 - the same
            rename(directory, dn, new_rdn, delete_old, superior)
        case CompareRequest(dn, attribute, value):
            entry = _seen(directory, dn, asked.show_deleted, access)
            held = compile_filter(directory, Equal(attribute, value), Sight(access))(entry)
            if held is None:
                raise ldap_error(16, 0x57, f"Error in attribute conversion operation ({attribute})")
            return Outcome(Result(6 if held else 5))
    return Outcome()


def _seen(directory: Directory, dn: str, show_deleted: bool, access: Access | None) -> Entry:
    entry = directory.require(dn, show_deleted=show_deleted)
    if access is not None:
        access.check_seen(entry)
    return entry


def _check_parent(directory: Directory, dn: str, access: Access) -> None:
    """Who may not write to the parent may not add a child; a bad or missing parent is `add`'s to refuse."""
    try:
        above = format_dn(parse_dn(dn)[1:])
        parent = directory.find(above) if above else None
    except InvalidName:
        return
    if parent is not None:
        access.check_seen(parent)
        access.check_write(parent)


def _modify(directory: Directory, request: ModifyRequest, asked: Asked, access: Access | None, *, secure: bool) -> None:
    if request.dn == "":
        raise service_error(0x57)
    entry = _seen(directory, request.dn, asked.show_deleted, access)
    changes = list(request.changes)
    if access is not None:
        access.check_write(entry, [change.attribute for change in changes])
    if is_undelete(changes):
        changes = undelete(directory, entry, changes)
    elif entry.deleted:
        raise ldap_error(53, 0x2077, "a deleted object can only be brought back")
    if changes:
        modify(directory, entry, changes, permissive=asked.permissive, secure=secure)
