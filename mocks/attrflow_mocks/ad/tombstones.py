"""Deleting and bringing back: tombstones, the Recycle Bin, tree delete."""

from __future__ import annotations

from collections.abc import Sequence

from attrflow_mocks.ad.accounts import ACCOUNT_DISABLED, account_type
from attrflow_mocks.ad.decay import drop_sleeping, lay_to_rest, strip
from attrflow_mocks.ad.directory import Directory
from attrflow_mocks.ad.entry import Entry
from attrflow_mocks.ad.errors import LdapError, attribute_error, ldap_error, name_error, service_error, update_error
from attrflow_mocks.ad.message import Change
from attrflow_mocks.ad.names import InvalidName, Rdn, format_dn, parse_dn
from attrflow_mocks.ad.writes import moved

__all__ = ["delete", "is_undelete", "undelete"]


def delete(
    directory: Directory, dn_text: str, *, tree: bool = False, show_deleted: bool = False, limit: int | None = None
) -> int:
    """Delete an entry, with `tree` all below it too, at most `limit` of them; returns how many went.

    Raises:
        LdapError: 32 missing, 66 it has children, 53 it is critical or deleted already, 11 the limit was
            reached: what went is gone.
    """
    entry = directory.require(dn_text, show_deleted=show_deleted)
    if entry.deleted:
        at = directory.dn(directory.deleted_objects).decode()
        raise name_error(0x208D, at) if "objectSid" in entry.values else service_error(0x2077)
    _check_deletable(directory, entry)
    doomed = list(directory.subtree(entry))
    if len(doomed) > 1 and not tree:
        raise update_error(66, 0x2015)
    for victim in doomed:
        _check_deletable(directory, victim)
    for count, victim in enumerate(reversed(doomed)):
        if count == limit:
            raise ldap_error(11, 0x20E1, f"{count} objects of the tree were deleted; ask again for the rest")
        _bury(directory, victim)
    return len(doomed)


def _check_deletable(directory: Directory, entry: Entry) -> None:
    if entry.parent is None or entry in directory.well_known.values():
        raise service_error(0x20EF)
    if entry.first("isCriticalSystemObject") == "TRUE":
        raise service_error(0x2094)
    if entry.naming_context is not directory.root:
        raise service_error(0x2094)


def _bury(directory: Directory, entry: Entry) -> None:
    """Make a tombstone of one entry without children."""
    parent = entry.parent
    assert parent is not None
    directory.unindex(entry)
    _drop_links(directory, entry)
    old_name = entry.rdn.value
    lost = strip(directory, entry, everything=not directory.recycle_bin)
    entry.deleted = True
    entry.values["isDeleted"] = [b"TRUE"]
    entry.values["msDS-LastKnownRDN"] = [old_name.encode()]
    rdn = Rdn(entry.rdn.type, f"{old_name}\nDEL:{entry.guid}")
    extra = ["isDeleted", "lastKnownParent", "msDS-LastKnownRDN", *lost]
    usn = moved(directory, entry, rdn, directory.deleted_objects, extra)
    directory.link(entry, "lastKnownParent", parent, usn)
    lay_to_rest(directory, entry)


def _drop_links(directory: Directory, entry: Entry) -> None:
    """Take away all links from and to the entry; those who referred to it do not change."""
    dropped = []
    for name, targets in list(entry.links.items()):
        dropped += [(entry, name, target) for target in list(targets)]
    for name, sources in list(entry.back.items()):
        if name != "lastKnownParent":
            dropped += [(source, name, entry) for source in list(sources)]
    for source, name, target in dropped:
        if target in source.links.get(name, {}):  # an entry may refer to itself
            directory.unlink(source, name, target, None)
    entry.removed.clear()
    if directory.recycle_bin:
        entry.dormant = dropped
        for source, name, target in dropped:
            source.sleeping.setdefault(name, {})[target] = None


def is_undelete(changes: Sequence[Change]) -> bool:
    """Whether a modify asks for a tombstone back: isDeleted deleted and distinguishedName replaced."""
    wanted = {(1, "isdeleted"), (2, "distinguishedname")}
    return wanted <= {(change.kind, change.attribute.lower()) for change in changes}


def undelete(directory: Directory, entry: Entry, changes: Sequence[Change]) -> list[Change]:
    """Bring a tombstone back under the new DN; returns the changes still to be made.

    Raises:
        LdapError: 53 it is no tombstone, 34 or 32 the new DN is wrong, 68 its place is taken.
    """
    if not entry.deleted or entry is directory.deleted_objects or "isRecycled" in entry.values:
        raise service_error(0x2077)
    names = [change for change in changes if change.attribute.lower() == "distinguishedname"]
    if len(names) != 1 or len(names[0].values) != 1:
        raise attribute_error(19, 0x57, "distinguishedName")
    text = names[0].values[0].decode("utf-8", "replace")
    try:
        dn = parse_dn(text)
    except InvalidName as error:
        raise LdapError(34, f"00002081: NameErr: {error}") from None
    if len(dn) < 2 or dn[0].type != entry.rdn.type:
        raise update_error(64, 0x2099)
    parent = directory.require(format_dn(dn[1:]))
    if parent.naming_context is not entry.naming_context:
        raise service_error(0x2077)
    if dn[0].key in parent.children:
        raise update_error(68, 0x2071)
    for name in ("sAMAccountName", "userPrincipalName", "objectSid"):
        if any(directory.holder(name, value) is not None for value in entry.values.get(name, ())):
            raise update_error(68, 0x2071)
    _raise_from_dead(directory, entry, dn[0], parent)
    done = ("isdeleted", "distinguishedname")
    return [change for change in changes if change.attribute.lower() not in done]


def _raise_from_dead(directory: Directory, entry: Entry, rdn: Rdn, parent: Entry) -> None:
    entry.deleted = False
    values = entry.values
    for name in ("isDeleted", "msDS-LastKnownRDN"):
        values.pop(name, None)
    for target in list(entry.links.get("lastKnownParent", ())):
        directory.unlink(entry, "lastKnownParent", target, None)
    category = directory.schema.classes[entry.classes[-1]].category
    values["objectCategory"] = [f"CN={category},{directory.schema_dn}".encode()]
    changed = ["isDeleted", "lastKnownParent", "msDS-LastKnownRDN", "objectCategory"]
    if entry.is_a("user") and not directory.recycle_bin:
        control = entry.number("userAccountControl", 0x200) | ACCOUNT_DISABLED
        values["userAccountControl"] = [str(control).encode()]
        values.setdefault("primaryGroupID", [b"515" if entry.is_a("computer") else b"513"])
        values.setdefault("pwdLastSet", [b"0"])
        changed += ["userAccountControl", "primaryGroupID", "pwdLastSet"]
    kind = account_type(entry)
    if kind is not None:
        values["sAMAccountType"] = [kind]
        changed.append("sAMAccountType")
    usn = moved(directory, entry, rdn, parent, changed)
    dormant = entry.dormant
    drop_sleeping(entry)
    for source, name, target in dormant:
        other = target if source is entry else source
        if other.deleted:
            other.dormant.append((source, name, target))  # it comes back with the other end
            source.sleeping.setdefault(name, {})[target] = None
        else:
            directory.link(source, name, target, usn)
            if source is entry:
                entry.stamps[name] = usn
    directory.index(entry)
