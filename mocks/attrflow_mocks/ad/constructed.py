"""Attributes that AD computes at each read, and only for who asks for them by name."""

from __future__ import annotations

from collections.abc import Callable

from attrflow_mocks.ad.directory import Directory
from attrflow_mocks.ad.entry import Entry
from attrflow_mocks.ad.names import parse_dn
from attrflow_mocks.ad.values import NEVER, filetime, sid_from_text

__all__ = ["COMPUTED", "computed_values", "security_descriptor"]


def computed_values(directory: Directory, entry: Entry, name: str) -> list[bytes]:
    """The values of a computed attribute; none where it does not apply to the entry."""
    make = _MAKERS.get(name)
    return [] if make is None else make(directory, entry)


def _canonical(_: Directory, entry: Entry) -> list[bytes]:
    names = []
    node: Entry | None = entry
    while node is not None and node.parent is not None:
        names.append(node.rdn.value.replace("/", "\\/"))
        node = node.parent
    assert node is not None
    head = parse_dn(node.values["distinguishedName"][0].decode())
    domain = ".".join([rdn.value for rdn in head if rdn.type == "DC"])
    above = [rdn.value for rdn in head if rdn.type != "DC"]
    return [("/".join([domain, *reversed(above), *reversed(names)]) + ("" if names or above else "/")).encode()]


def _parent_guid(_: Directory, entry: Entry) -> list[bytes]:
    return [] if entry.parent is None else [entry.parent.guid.bytes_le]


def _allowed(directory: Directory, entry: Entry) -> list[bytes]:
    return [name.encode() for name in sorted(directory.schema.allowed(entry.classes))]


def _allowed_effective(directory: Directory, entry: Entry) -> list[bytes]:
    attributes = [directory.schema.attributes[name] for name in sorted(directory.schema.allowed(entry.classes))]
    return [a.name.encode() for a in attributes if not (a.system or a.computed)]


def _token_groups(directory: Directory, entry: Entry) -> list[bytes]:
    """SIDs of all security groups the entry is in, nested and through its primary group."""
    pending = list(entry.back.get("member", ()))
    rid = entry.number("primaryGroupID")
    primary = sid_from_text(f"{directory.domain_sid}-{rid}") if rid else None
    holder = directory.indexes["objectSid"].get(primary) if primary is not None else None
    if holder is not None:
        pending.append(holder)
    groups: dict[Entry, None] = {}
    while pending:
        group = pending.pop()
        if group not in groups:
            groups[group] = None
            pending += group.back.get("member", ())
    return [g.values["objectSid"][0] for g in groups if g.number("groupType") < 0 and "objectSid" in g.values]


def _primary_group_token(_: Directory, entry: Entry) -> list[bytes]:
    sid = entry.values.get("objectSid")
    if not entry.is_a("group") or not sid:
        return []
    return [str(int.from_bytes(sid[0][-4:], "little")).encode()]


def _principal_name(directory: Directory, entry: Entry) -> list[bytes]:
    return [directory.domain_name_of(entry).encode()] if "objectSid" in entry.values else []


def _computed_control(directory: Directory, entry: Entry) -> list[bytes]:
    """Locked out (0x10) and password expired (0x800000), which userAccountControl does not hold."""
    if not entry.is_a("user"):
        return []
    bits = 0x10 if entry.number("lockoutTime") else 0
    never_expires = entry.number("userAccountControl") & 0x10000
    age = -directory.root.number("maxPwdAge")
    last_set = entry.number("pwdLastSet")
    if not never_expires and (last_set == 0 or (0 < age < NEVER and last_set + age < filetime(directory.now()))):
        bits |= 0x800000
    return [str(bits).encode()]


def security_descriptor(directory: Directory, flags: int) -> bytes:
    """A self-relative descriptor: owned by Domain Admins, who may do everything.

    The parts are those that the SD flags ask for: 1 owner, 2 group, 4 DACL, 8 SACL (empty).
    """
    admins = sid_from_text(f"{directory.domain_sid}-512")
    assert admins is not None
    rule = b"\x00\x00" + (8 + len(admins)).to_bytes(2, "little") + (0xF01FF).to_bytes(4, "little") + admins
    dacl = b"\x04\x00" + (8 + len(rule)).to_bytes(2, "little") + b"\x01\x00\x00\x00" + rule
    sacl = b"\x04\x00\x08\x00\x00\x00\x00\x00"
    control = 0x8000 | (0x4 if flags & 4 else 0) | (0x10 if flags & 8 else 0)
    offsets, body = [], b""
    for wanted, part in ((1, admins), (2, admins), (8, sacl), (4, dacl)):
        offsets.append(20 + len(body) if flags & wanted else 0)
        body += part if flags & wanted else b""
    head = b"\x01\x00" + control.to_bytes(2, "little")
    return head + b"".join([offset.to_bytes(4, "little") for offset in offsets]) + body


_MAKERS: dict[str, Callable[[Directory, Entry], list[bytes]]] = {
    "canonicalName": _canonical,
    "createTimeStamp": lambda _, entry: list(entry.values.get("whenCreated", ())),
    "modifyTimeStamp": lambda _, entry: list(entry.values.get("whenChanged", ())),
    "structuralObjectClass": lambda _, entry: list(entry.values["objectClass"]),
    "subSchemaSubEntry": lambda directory, _: [f"CN=Aggregate,{directory.schema_dn}".encode()],
    "parentGUID": _parent_guid,
    "allowedAttributes": _allowed,
    "allowedAttributesEffective": _allowed_effective,
    "tokenGroups": _token_groups,
    "primaryGroupToken": _primary_group_token,
    "msDS-PrincipalName": _principal_name,
    "msDS-User-Account-Control-Computed": _computed_control,
    "attributeTypes": lambda d, entry: d.schema.attribute_types() if entry.is_a("subSchema") else [],
    "objectClasses": lambda d, entry: d.schema.object_classes() if entry.is_a("subSchema") else [],
    "dITContentRules": lambda d, entry: d.schema.content_rules() if entry.is_a("subSchema") else [],
}

COMPUTED = frozenset(_MAKERS)
"""The names of all computed attributes."""
