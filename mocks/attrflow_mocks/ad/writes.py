"""Adding, renaming and moving entries as AD does it, and the rules all writes share.

Takes text and bytes as they came off the wire, leaves the directory whole or as it was, and raises
`LdapError` for what AD refuses. Modifying is in `modify`, deleting in `tombstones`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence

from attrflow_mocks.ad.accounts import (
    PASSWORD_NOT_REQUIRED,
    account_type,
    check_names,
    default_values,
    new_password,
)
from attrflow_mocks.ad.directory import Directory
from attrflow_mocks.ad.entry import Entry
from attrflow_mocks.ad.errors import LdapError, attribute_error, ldap_error, service_error, update_error
from attrflow_mocks.ad.names import InvalidName, Rdn, format_dn, parse_dn, parse_rdn
from attrflow_mocks.ad.schema import Attribute, ObjectClass
from attrflow_mocks.ad.values import TEXT, Syntax, equality_key, generalized_time

__all__ = ["add", "check_values", "complete", "known_attribute", "moved", "place", "rename", "target_of"]


def known_attribute(directory: Directory, description: str) -> Attribute:
    """The attribute of a description, options such as `;binary` cut off.

    Raises:
        LdapError: 16 the schema has no such attribute.
    """
    attribute = directory.schema.attribute(description.partition(";")[0])
    if attribute is None:
        raise ldap_error(16, 0x57, f"Error in attribute conversion operation ({description})")
    return attribute


def check_values(attribute: Attribute, values: Sequence[bytes]) -> list[bytes]:
    """The values as they are stored.

    Raises:
        LdapError: 21 no value of the syntax, 19 more than one value, 20 the same value twice.
    """
    if attribute.single and len(values) > 1:
        raise attribute_error(19, 0x2081, attribute.name)
    key_of = equality_key(attribute.syntax)
    seen = set()
    stored = []
    for value in values:
        key = key_of(value)
        if key is None or value == b"":
            raise attribute_error(21, 0x57, attribute.name)
        if key in seen:
            raise attribute_error(20, 0x2083, attribute.name)
        if not _within(attribute, value, key):
            raise attribute_error(19, 0x2082, attribute.name)
        seen.add(key)
        binary = attribute.syntax in (Syntax.SID, Syntax.GUID) and isinstance(key, bytes)
        stored.append(key if binary and isinstance(key, bytes) else value)
    return stored


def _within(attribute: Attribute, value: bytes, key: object) -> bool:
    """Whether a value keeps the attribute's bounds: characters, bytes, or the number itself."""
    low, high = attribute.bounds
    if low is None and high is None:
        return True
    size = key if isinstance(key, int) else len(value)
    if not isinstance(key, int) and attribute.syntax in TEXT:
        size = len(value.decode("utf-8", "replace"))
    return (low is None or size >= low) and (high is None or size <= high)


def target_of(directory: Directory, value: bytes) -> Entry:
    """The live entry that a value of a reference attribute names.

    Raises:
        LdapError: 32 there is none, 34 or 21 it is no DN.
    """
    try:
        return directory.require(value.decode())
    except UnicodeDecodeError:
        raise LdapError(21, "00000057: a DN is not UTF-8") from None


def add(
    directory: Directory,
    dn_text: str,
    attributes: Iterable[tuple[str, Sequence[bytes]]],
    *,
    secure: bool = True,
) -> Entry:
    """Add an entry as a client does.

    Raises:
        LdapError: what AD refuses; the directory is then as it was.
    """
    parsed: dict[str, list[bytes]] = {}
    for description, values in attributes:
        attribute = known_attribute(directory, description)
        if attribute.is_back_link:
            raise service_error(0x209A)
        if attribute.system or attribute.computed:
            raise attribute_error(19, 0x20B1, attribute.name)
        if not values:
            raise attribute_error(19, 0x57, attribute.name)
        parsed.setdefault(attribute.name, []).extend(values)
    references: dict[str, list[Entry]] = {}
    for name, values in list(parsed.items()):
        attribute = directory.schema.attributes[name]
        parsed[name] = check_values(attribute, values)
        if attribute.is_reference:
            references[name] = list(dict.fromkeys([target_of(directory, v) for v in parsed.pop(name)]))
    structural = _structural_class(directory, parsed.pop("objectClass", []))
    parsed.pop("objectCategory", None)
    _check_allowed(directory, structural, {*parsed, *references})
    password = parsed.pop("unicodePwd", None)
    entry = place(directory, dn_text, structural, parsed)
    try:
        assert entry.parent is not None
        _check_superior(structural, entry.parent)
        check_names(directory, entry, parsed)
        secret = new_password(directory, password[0], secure=secure) if password else None
        _check_enabled(parsed, secret)
        _check_naming(directory, entry)
    except LdapError:
        assert entry.parent is not None
        del entry.parent.children[entry.rdn.key]
        del directory.by_guid[entry.guid.bytes_le]
        raise
    complete(directory, entry, references, seeded=False)
    if secret is not None:
        directory.passwords[entry] = secret
    return entry


def _structural_class(directory: Directory, names: Sequence[bytes]) -> ObjectClass:
    if not names:
        raise update_error(65, 0x207C)
    classes = []
    for raw in names:
        found = directory.schema.object_class(raw.decode("utf-8", "replace"))
        if found is None:
            raise ldap_error(
                16, 0x57, f"Error in attribute conversion operation (class {raw.decode(errors='replace')})"
            )
        classes.append(found)
    structural = [item for item in classes if item.kind in (0, 1)]
    if not structural:
        raise update_error(65, 0x2014)
    return max(structural, key=lambda item: len(item.chain))


def _check_allowed(directory: Directory, structural: ObjectClass, names: Iterable[str]) -> None:
    allowed = directory.schema.allowed(structural.chain)
    if not allowed.issuperset(names):
        raise update_error(65, 0x2014)


def _check_enabled(values: Mapping[str, Sequence[bytes]], secret: str | None) -> None:
    """An account enabled at birth needs a password, unless its flags waive it."""
    control = int(values["userAccountControl"][0]) if "userAccountControl" in values else 0x222
    if not control & (0x2 | PASSWORD_NOT_REQUIRED) and secret is None:
        raise service_error(0x52D)


def _check_superior(structural: ObjectClass, parent: Entry) -> None:
    """An entry stands only under classes that its own allows."""
    if structural.superiors and not structural.superiors.intersection(parent.classes):
        raise LdapError(64, "00002099: NameErr: DSID-0C09A77F, problem 2005 (NAMING_VIOLATION), data 0\n")


def _check_naming(directory: Directory, entry: Entry) -> None:
    if entry.naming_context is directory.partitions[tuple([r.key for r in parse_dn(directory.schema_dn)])]:
        raise service_error(0x2077)


def place(
    directory: Directory,
    dn_text: str,
    structural: ObjectClass,
    values: Mapping[str, list[bytes]],
    guid: uuid.UUID | None = None,
) -> Entry:
    """Put a new entry with its own values under its parent; `complete` finishes it.

    Raises:
        LdapError: 32 no parent, 34 bad DN, 64 wrong RDN attribute, 68 exists, 10 no partition.
    """
    try:
        dn = parse_dn(dn_text)
    except InvalidName as error:
        raise LdapError(34, f"00002081: NameErr: {error}") from None
    if not dn or directory.partition_of(dn) is None:
        directory.require(dn_text)  # raises what fits
        raise service_error(0x2077)
    rdn = dn[0]
    if directory.find(dn_text, show_deleted=True) is not None:
        raise update_error(68, 0x2071)
    parent = directory.require(format_dn(dn[1:]))
    if rdn.type.lower() != structural.rdn:
        raise update_error(64, 0x2099)
    entry = Entry(guid or directory.identifiers.guid(), rdn, parent)
    rdn_attribute = known_attribute(directory, rdn.type)
    entry.values = {
        "objectClass": [name.encode() for name in structural.chain],
        **values,
        rdn_attribute.name: [rdn.value.encode()],
        "name": [rdn.value.encode()],
    }
    directory.attach(entry)
    return entry


def complete(directory: Directory, entry: Entry, references: Mapping[str, Iterable[Entry]], *, seeded: bool) -> None:
    """Give a placed entry what the directory sets itself, its links, and its first USN."""
    values = entry.values
    values["objectGUID"] = [entry.guid.bytes_le]
    structural = directory.schema.classes[entry.classes[-1]]
    values.setdefault("objectCategory", [f"CN={structural.category},{directory.schema_dn}".encode()])
    values.setdefault("instanceType", [b"4"])
    values.update(default_values(directory, entry, seeded=seeded))
    kind = account_type(entry)
    if kind is not None:
        values["sAMAccountType"] = [kind]
    values.setdefault("whenCreated", [generalized_time(directory.now())])
    usn = directory.stamp(entry, [*values, *references])
    values["uSNCreated"] = [str(usn).encode()]
    for name, targets in references.items():
        for target in targets:
            directory.link(entry, name, target, usn)
    directory.index(entry)


def rename(directory: Directory, dn_text: str, new_rdn: str, delete_old: bool, new_superior: str | None) -> Entry:
    """Rename or move an entry.

    Raises:
        LdapError: 32 entry or new parent missing, 34 bad name, 53 not allowed, 64 wrong RDN attribute,
            68 the place is taken.
    """
    entry = directory.require(dn_text)
    try:
        rdn = parse_rdn(new_rdn)
    except InvalidName as error:
        raise LdapError(34, f"00002081: NameErr: {error}") from None
    if not delete_old:
        raise service_error(0x57)
    if entry.parent is None or entry in directory.well_known.values():
        raise service_error(0x2077)
    parent = entry.parent if new_superior is None else directory.require(new_superior)
    if parent.is_below(entry) or parent.naming_context is not entry.naming_context:
        raise service_error(0x2077)
    if rdn.type != entry.rdn.type:
        raise update_error(64, 0x2099)
    if parent is not entry.parent:
        _check_superior(directory.schema.classes[entry.classes[-1]], parent)
    if parent.children.get(rdn.key, entry) is not entry:
        raise update_error(68, 0x2071)
    moved(directory, entry, Rdn(entry.rdn.type, rdn.value), parent)
    return entry


def moved(directory: Directory, entry: Entry, rdn: Rdn, parent: Entry, extra: Iterable[str] = ()) -> int:
    """Carry a rename or move out: tree, RDN attribute, and one USN on the entry alone."""
    directory.move(entry, rdn, parent)
    attribute = known_attribute(directory, rdn.type)
    return directory.stamp(entry, ["name", attribute.name, *extra])
