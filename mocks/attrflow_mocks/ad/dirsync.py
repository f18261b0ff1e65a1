"""DirSync: what changed since a cookie, attribute by attribute (control 1.2.840.113556.1.4.841).

The cookie holds two USNs: `known`, up to which the client has everything, and `position`, how far the
run under way has come. Objects are chosen by `position`, their attributes by `known`, so that an
object sent late in a run of many answers still carries all that the client lacks.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from attrflow_mocks.ad.ber import octets
from attrflow_mocks.ad.controls import ANCESTORS_FIRST, INCREMENTAL_VALUES, OBJECT_SECURITY, DirSync
from attrflow_mocks.ad.directory import Directory
from attrflow_mocks.ad.entry import Entry
from attrflow_mocks.ad.errors import LdapError, ldap_error, service_error
from attrflow_mocks.ad.filter import Test
from attrflow_mocks.ad.projection import HIDDEN, Projection
from attrflow_mocks.ad.responses import Projected
from attrflow_mocks.ad.schema import Attribute
from attrflow_mocks.ad.values import filetime

__all__ = ["Cookie", "changed_attributes", "changed_entries", "check_request", "read_cookie", "write_cookie"]

_LAYOUT = struct.Struct("<4sIQIII QQQ 16s IIII 16sQ")
"""Magic, version, FILETIME, three words, high-water mark, invocation id, vector header, one cursor."""

_LOCAL = frozenset(
    {"uSNChanged", "uSNCreated", "whenChanged", "distinguishedName", "lastLogon", "lastLogoff", "logonCount"}
    | {"badPwdCount", "badPasswordTime", "objectGUID", "instanceType", "dSCorePropagationData"}
)
"""Attributes that are not replicated (or always sent), so that a change of them alone is no change."""

_ON_TOMBSTONE = ("isDeleted", "lastKnownParent", "name")


@dataclass(frozen=True, slots=True)
class Cookie:
    """Where a client stands, in USNs of this domain controller."""

    known: int = 0
    position: int = 0


def read_cookie(directory: Directory, raw: bytes) -> Cookie:
    """The cookie in a request; an empty one, or one of another controller, asks for everything.

    Raises:
        LdapError: 53 these bytes are no cookie.
    """
    if not raw:
        return Cookie()
    if len(raw) != _LAYOUT.size or raw[:4] != b"MSDS":
        raise ldap_error(53, 0x57, "Error processing control: the DirSync cookie is none of a domain controller's")
    fields = _LAYOUT.unpack(raw)
    position, known, invocation = fields[6], fields[8], fields[9]
    if invocation != directory.invocation_id.bytes_le or position > directory.usn or known > position:
        return Cookie()  # another controller, or this one before it was built anew: everything again
    return Cookie(known, position)


def write_cookie(directory: Directory, cookie: Cookie) -> bytes:
    """The cookie as bytes."""
    invocation = directory.invocation_id.bytes_le
    moment = filetime(directory.now())
    mark = (cookie.position, 0, cookie.known)
    return _LAYOUT.pack(b"MSDS", 3, moment, 0, 0, 40, *mark, invocation, 1, 0, 1, 0, invocation, cookie.known)


def check_request(
    directory: Directory, base: Entry, request: DirSync, principal: str, *, may_replicate: bool = True
) -> None:
    """Refuse what may not be asked.

    Raises:
        LdapError: 50 (53 with OBJECT_SECURITY) the base is no partition's head, or 50 the right to
            replicate is missing.
    """
    own_rights = bool(request.flags & OBJECT_SECURITY)
    if base.parent is not None:
        if own_rights:
            raise service_error(0x2105)
        raise LdapError(50, service_error(0x2105, problem="4003 (INSUFF_ACCESS_RIGHTS)").result.text)
    allowed = directory.replicators
    listed = allowed is None or principal.casefold() in allowed
    if not own_rights and not (listed and may_replicate):
        raise LdapError(50, service_error(0x2105, problem="4003 (INSUFF_ACCESS_RIGHTS)").result.text)


def changed_entries(directory: Directory, base: Entry, request: DirSync, cookie: Cookie) -> Iterator[tuple[Entry, int]]:
    """Entries of the partition changed after the cookie's position, in the order of their changes.

    Each comes with the position up to which everything has been given once it is sent. With
    ANCESTORS_FIRST an ancestor that changed later comes early; the position does not follow it, so an
    answer cut off there repeats it rather than losing what lies between.
    """
    pending = []
    for entry in reversed(directory.recent):
        if entry.usn <= cookie.position:
            break
        if entry.naming_context is base:
            pending.append(entry)
    pending.reverse()
    if not request.flags & ANCESTORS_FIRST:
        for entry in pending:
            yield entry, entry.usn
        return
    waiting = dict.fromkeys(pending)
    position = cookie.position
    for entry in pending:
        line: list[Entry] = []
        node: Entry | None = entry
        while node is not None:
            if node in waiting:
                line.append(node)
            node = node.parent
        last = line[0] if line else None
        for ancestor in reversed(line):
            del waiting[ancestor]
            if ancestor is last:
                position = entry.usn
            yield ancestor, position
        position = entry.usn


def changed_attributes(
    directory: Directory, entry: Entry, projection: Projection, request: DirSync, cookie: Cookie, test: Test
) -> list[Projected] | None:
    """What to send of an entry, or None when nothing that was asked for changed or the filter rejects it."""
    known = cookie.known
    created = entry.stamps.get("objectClass", 0) > known
    named = entry.stamps.get("name", 0) > known
    died = entry.deleted and entry.stamps.get("isDeleted", 0) > known
    selected = _selected(directory, entry, projection)
    changed = [a for a in selected if entry.stamps.get(a.name, 0) > known]
    if not (created or named or died or changed) or test(entry) is not True:
        return None
    attributes = directory.schema.attributes
    changed += [a for a in selected if a.name in projection.always and a not in changed]
    found: list[Projected] = []
    if created or named or died:
        found.append((attributes["parentGUID"].wire_name, projection.values(entry, attributes["parentGUID"])))
        changed = [attributes["name"], *[a for a in changed if a.name != "name"]]
    if died:
        extra = [attributes[name] for name in _ON_TOMBSTONE]
        changed = extra + [a for a in changed if a not in extra and projection.values(entry, a)]
    incremental = bool(request.flags & INCREMENTAL_VALUES)
    for attribute in changed:
        if incremental and attribute.link_id is not None:
            found += _value_changes(entry, attribute, projection, known)
            continue
        values = projection.values(entry, attribute)
        if values or not created:  # what was cleared goes out without values; a new object lacks nothing
            found.append((attribute.wire_name, values))
    if projection.everything and not projection.named and created:
        descriptor = attributes["nTSecurityDescriptor"]
        found.append((descriptor.wire_name, projection.values(entry, descriptor)))
    for name in ("objectGUID", "instanceType"):
        found.append((attributes[name].wire_name, entry.values[name]))
    return found


def _selected(directory: Directory, entry: Entry, projection: Projection) -> list[Attribute]:
    """The replicated attributes asked for; names beat `*`, as AD has it."""
    if projection.named:
        chosen = [attribute for attribute, _, _ in projection.named.values()]
    else:
        chosen = [directory.schema.attributes[name] for name in entry.stamps] if projection.everything else []
    chosen = [a for a in chosen if projection.may_read(entry, a)]
    return [a for a in chosen if not (a.computed or a.is_back_link or a.name in _LOCAL or a.name in HIDDEN)]


def _value_changes(entry: Entry, attribute: Attribute, projection: Projection, known: int) -> Iterator[Projected]:
    """Values added since as range 1-1, values taken away as range 0-0."""
    added = [t for t, usn in entry.links.get(attribute.name, {}).items() if usn > known]
    if added:
        yield octets(f"{attribute.name};range=1-1"), [projection.name(target) for target in added]
    gone = [t for t, usn in entry.removed.get(attribute.name, {}).items() if usn > known and not t.deleted]
    if gone and known:
        yield octets(f"{attribute.name};range=0-0"), [projection.name(target) for target in gone]
