"""Writes to the OpenLDAP profile as slapd does them: schema first, memberof and refint after.

Takes what came off the wire, leaves the database whole or as it was, and raises `LdapError` for what slapd
refuses.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence

from attrflow_mocks.ad.errors import LdapError
from attrflow_mocks.ad.message import Change
from attrflow_mocks.ad.names import InvalidName, parse_rdn
from attrflow_mocks.lightweight.database import Database, Node
from attrflow_mocks.lightweight.schema import Attribute, ObjectClass, dn_key, pretty

__all__ = ["REFERENCES", "add", "delete", "known", "modify", "rename"]

REFERENCES = ("member", "manager")
"""What refint keeps in order when an entry is renamed or goes."""


def known(database: Database, description: str) -> Attribute:
    """The attribute of a description.

    Raises:
        LdapError: 17.
    """
    attribute = database.schema.attribute(description)
    if attribute is None:
        raise LdapError(17, f"{description}: attribute type undefined")
    return attribute


_MAY_BE_EMPTY = ("octetStringMatch", "distinguishedNameMatch")
"""The empty DN is one, that of rootDSE: some groups hold it where they must have a member (observed)."""
_DELETE = 1
"""The kind of change that takes values away."""


def _checked(database: Database, attribute: Attribute, values: Sequence[bytes], kind: int = 0) -> list[bytes]:
    """Values of the attribute's syntax, no more than it takes and each there once; names in slapd's spelling.

    What is to be deleted may be named twice.
    """
    keys = [attribute.key(value) for value in values]
    if attribute.equality == "objectIdentifierMatch":
        keys = [None if _class(database, value) is None else key for value, key in zip(values, keys, strict=True)]
    for number, (value, key) in enumerate(zip(values, keys, strict=True)):
        if key is None or (value == b"" and attribute.equality not in _MAY_BE_EMPTY):
            raise LdapError(21, f"{attribute.name}: value #{number} invalid per syntax")
    if kind != _DELETE and attribute.single and len(values) > 1:
        raise LdapError(19, f"{attribute.name}: multiple values provided")
    if kind != _DELETE and len(set(keys)) < len(keys):
        number = next(number for number, key in enumerate(keys) if key in keys[:number])
        raise LdapError(20, f"{attribute.name}: value #{number} provided more than once")
    if attribute.equality == "distinguishedNameMatch":
        return [pretty(database.schema, value.decode()).encode() for value in values]
    return list(values)


def _class(database: Database, value: bytes) -> ObjectClass | None:
    return database.schema.object_class(value.decode("utf-8", "replace"))


def _refuse_system(attributes: Iterable[Attribute]) -> None:
    """What users may not set, after everything was looked at for its form."""
    for attribute in attributes:
        if attribute.system:
            raise LdapError(19, f"{attribute.name}: no user modification allowed")


def add(
    database: Database,
    dn: str,
    attributes: Iterable[tuple[str, Sequence[bytes]]],
    who: str,
    *,
    seeded: bool = False,
) -> Node:
    """Add an entry; a seed may set its entryUUID.

    Raises:
        LdapError: what slapd refuses; the database is then as it was.
    """
    values: dict[str, list[bytes]] = {}
    met: list[Attribute] = []
    for description, given in attributes:
        attribute = known(database, description)
        if attribute.name in ("entryUUID", "memberOf") and seeded:
            values[attribute.name] = list(given)
            continue
        values.setdefault(attribute.name, []).extend(_checked(database, attribute, given))
        met.append(attribute)
    _refuse_system(met)
    identifier = (
        uuid.UUID(values.pop("entryUUID")[0].decode()) if "entryUUID" in values else database.identifiers.guid()
    )
    values.pop("memberOf", None)  # computed here from the groups, whatever a seed says
    keys = _keys(dn)
    dn = pretty(database.schema, dn)
    rdn, _, above = dn.partition(",") if "\\" not in dn else _split(dn)
    at_top = keys == database.suffix_key
    if not at_top and keys[-len(database.suffix_key) :] != database.suffix_key:
        raise LdapError(53, "no global superior knowledge")
    node = Node(dn if at_top else rdn, None, identifier, values)
    _take_name(node, database)
    _check_classes(database, values)
    if database.find(dn) is not None:
        raise LdapError(68)
    node.parent = None if at_top else database.require(above)
    moment = database.timestamp()
    values["structuralObjectClass"] = [_structural(database, values).name.encode()]
    values["entryUUID"] = [str(identifier).encode()]
    values["creatorsName"], values["createTimestamp"] = [who.encode()], [moment]
    database.attach(node)
    database.changed(node, who)
    return node


def _keys(dn: str) -> tuple[str, ...]:
    try:
        return dn_key(dn)
    except InvalidName:
        raise LdapError(34, "invalid DN") from None


def _split(dn: str) -> tuple[str, str, str]:
    """The first relative name and the rest, at the first comma that is not escaped."""
    position = 0
    while position < len(dn):
        if dn[position] == "\\":
            position += 2
        elif dn[position] == ",":
            return dn[:position], ",", dn[position + 1 :]
        else:
            position += 1
    return dn, "", ""


def _take_name(node: Node, database: Database) -> None:
    """The naming attribute has the value in the name, also where the request left it out (observed)."""
    rdn = parse_rdn(_split(node.rdn)[0])
    attribute = known(database, rdn.type)
    held = node.values.setdefault(attribute.name, [])
    if attribute.key(rdn.value.encode()) not in {attribute.key(value) for value in held}:
        held.append(rdn.value.encode())


def _check_classes(database: Database, values: Mapping[str, list[bytes]]) -> None:
    """Classes that there are, one structural chain, what must be there, and nothing that may not."""
    names = [value.decode("utf-8", "replace") for value in values.get("objectClass", ())]
    if not names:
        raise LdapError(65, "no objectClass attribute")
    for number, name in enumerate(names):
        if database.schema.object_class(name) is None:
            raise LdapError(21, f"objectClass: value #{number} invalid per syntax")
    _structural(database, values)
    families = list(database.schema.with_superiors(names))
    for item in families:
        for name in item.must:
            attribute = database.schema.attribute(name)
            if attribute is not None and not values.get(attribute.name):
                raise LdapError(65, f"object class '{item.name}' requires attribute '{attribute.name}'")
    if any(item.name == "extensibleObject" for item in families):
        return
    allowed = {a.name for item in families for n in (*item.must, *item.may) if (a := database.schema.attribute(n))}
    for name in values:
        attribute = database.schema.attribute(name)
        if attribute is not None and not attribute.operational and name not in allowed | {"objectClass"}:
            raise LdapError(65, f"attribute '{name}' not allowed")
        if attribute is not None and attribute.single and len(values[name]) > 1:
            raise LdapError(19, f"attribute '{name}' cannot have multiple values")


def _structural(database: Database, values: Mapping[str, list[bytes]]) -> ObjectClass:
    """The most specific structural class; more than one chain is refused."""
    schema = database.schema
    found = [schema.object_class(value.decode("utf-8", "replace")) for value in values.get("objectClass", ())]
    structural = [item for item in found if item is not None and item.kind == "STRUCTURAL"]
    if not structural:
        raise LdapError(65, "no structural object class provided")
    chains = {item.name: {above.name for above in schema.with_superiors([item.name])} for item in structural}
    best = max(structural, key=lambda item: len(chains[item.name]))
    other = next((item for item in structural if item.name not in chains[best.name]), None)
    if other is not None:
        raise LdapError(65, f"invalid structural object class chain ({best.name}/{other.name})")
    return best


def modify(database: Database, dn: str, changes: Iterable[Change], who: str) -> None:
    """Change attributes of an entry: all or none. Slapd looks at the changes before it looks for the entry.

    Raises:
        LdapError: what slapd refuses.
    """
    checked = []
    for change in changes:
        attribute = known(database, change.attribute)
        if change.kind == 0 and not change.values:
            raise LdapError(2, f"modify/add: {attribute.name}: no values given")
        checked.append((attribute, change.kind, _checked(database, attribute, change.values, change.kind)))
    _refuse_system([attribute for attribute, _, _ in checked])
    node = database.require(dn)
    draft = dict(node.values)
    rdn = parse_rdn(_split(node.rdn)[0])
    for attribute, kind, values in checked:
        held = list(draft.get(attribute.name, ()))
        draft[attribute.name] = _applied(attribute, held, kind, values)
        if not draft[attribute.name]:
            del draft[attribute.name]
    naming = known(database, rdn.type)
    if naming.key(rdn.value.encode()) not in {naming.key(value) for value in draft.get(naming.name, ())}:
        raise LdapError(64, f"value of naming attribute '{naming.name}' is not present in entry")
    _check_classes(database, draft)
    if _structural(database, draft).name.encode() != node.values["structuralObjectClass"][0]:
        raise LdapError(69, "structural object class modification not allowed")
    database.unindex(node)
    node.values = draft
    database.index(node)
    database.changed(node, who)


def _applied(attribute: Attribute, held: list[bytes], kind: int, values: list[bytes]) -> list[bytes]:
    keys = [attribute.key(value) for value in held]
    if kind == 2:
        return values
    if kind == 0:
        for number, value in enumerate(values):
            if attribute.key(value) in keys:
                raise LdapError(20, f"modify/add: {attribute.name}: value #{number} already exists")
        return held + values
    if not held:
        raise LdapError(16, f"modify/delete: {attribute.name}: no such attribute")
    gone = {attribute.key(value) for value in values}
    if not gone <= set(keys):
        raise LdapError(16, f"modify/delete: {attribute.name}: no such value")
    return [value for value, key in zip(held, keys, strict=True) if key not in gone] if values else []


def delete(database: Database, dn: str, who: str) -> None:
    """Delete an entry without children; references to it go with it.

    Raises:
        LdapError: 32 missing, 66 it has children.
    """
    node = database.require(dn)
    if node.children:
        raise LdapError(66, "subordinate objects must be deleted first")
    key = dn_key(node.dn)
    database.detach(node)
    database.changed(node, who, deleted=True)
    _refer_anew(database, {key: None})


def rename(database: Database, dn: str, new_rdn: str, delete_old: bool, new_superior: str | None, who: str) -> None:
    """Rename or move an entry; references to it and to all below follow.

    Raises:
        LdapError: what slapd refuses.
    """
    try:
        rdn = parse_rdn(new_rdn)
    except InvalidName:
        raise LdapError(34, "invalid new RDN") from None
    if new_superior is not None:
        above, suffix, own = _keys(new_superior), database.suffix_key, _keys(dn)
        if above[-len(own) :] == own:
            raise LdapError(53, "cannot place an entry below itself")
        if above[-len(suffix) :] != suffix:
            raise LdapError(71, "cannot rename between DSAs")
    node = database.require(dn)
    old = parse_rdn(_split(node.rdn)[0])
    parent = node.parent if new_superior is None else database.require(new_superior)
    if node.parent is None or parent is None:
        raise LdapError(64, "cannot rename suffix entry")
    if parent.children.get(rdn.key, node) is not node:
        raise LdapError(68)
    draft = dict(node.values)
    gone, come = known(database, old.type), known(database, rdn.type)
    if delete_old and old.key != rdn.key:
        key = gone.key(old.value.encode())
        draft[gone.name] = [value for value in draft.get(gone.name, ()) if gone.key(value) != key]
        if not draft[gone.name]:
            del draft[gone.name]
    if come.key(rdn.value.encode()) not in {come.key(value) for value in draft.get(come.name, ())}:
        draft[come.name] = [*draft.get(come.name, ()), rdn.value.encode()]
    _check_classes(database, draft)
    before = [(found, dn_key(found.dn)) for found in database.subtree(node)]
    database.detach(node)
    node.values, node.rdn, node.parent = draft, pretty(database.schema, new_rdn), parent
    database.attach(node)
    database.changed(node, who)
    _refer_anew(database, {key: found.dn for found, key in before})


def _refer_anew(database: Database, moved: Mapping[tuple[str, ...], str | None]) -> None:
    """What refint does: references to the old names take the new ones, or go."""
    if database.root is None:
        return
    for node in list(database.subtree(database.root)):
        draft: dict[str, list[bytes]] = {}
        for name in REFERENCES:
            held = node.values.get(name, ())
            fresh = [new for value in held if (new := _renamed(value, moved)) is not None]
            # A group needs a member: the last one stays, as slapd's refint fails to take it away.
            if fresh != list(held) and (fresh or name != "member"):
                draft[name] = fresh
        if draft:
            database.unindex(node)
            node.values.update(draft)
            for name, fresh in draft.items():
                if not fresh:
                    del node.values[name]
            database.index(node)
            database.changed(node, "cn=Referential Integrity Overlay")


def _renamed(value: bytes, moved: Mapping[tuple[str, ...], str | None]) -> bytes | None:
    try:
        key = dn_key(value.decode())
    except (InvalidName, UnicodeDecodeError):
        return value
    if key not in moved:
        return value
    new = moved[key]
    return None if new is None else new.encode()
