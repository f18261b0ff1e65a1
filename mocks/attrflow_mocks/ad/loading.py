"""From a seed to a directory: every entry of a scenario placed, linked and given its USN.

A seed may hold what the schema would refuse of a client (system-set attributes, attributes outside the
class, a taken userPrincipalName): scenarios plant faults. It may not hold what no directory could.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from attrflow_mocks.ad.accounts import account_type
from attrflow_mocks.ad.directory import Directory
from attrflow_mocks.ad.entry import Entry
from attrflow_mocks.ad.errors import LdapError
from attrflow_mocks.ad.foundation import lay
from attrflow_mocks.ad.names import InvalidName, parse_dn
from attrflow_mocks.ad.schema import Attribute
from attrflow_mocks.ad.values import Syntax, equality_key
from attrflow_mocks.ad.writes import complete, place
from attrflow_mocks.clock import Clock
from attrflow_mocks.identifiers import Identifiers
from attrflow_mocks.scenarios.seed import DirectorySeed, EntrySeed

__all__ = ["load_directory"]

_Links = list[tuple[Entry, Attribute, list[str]]]


def load_directory(
    seed: DirectorySeed, clock: Clock, identifiers: Identifiers, *, recycle_bin: bool = False
) -> Directory:
    """The directory that a seed describes.

    Args:
        seed: Entries in any order; parents must be among them or be standard containers.
        clock: Where all times come from.
        identifiers: Where GUIDs and SIDs come from that the seed leaves out.
        recycle_bin: Whether the AD Recycle Bin is on.

    Raises:
        ValueError: the seed is not for AD, or an entry cannot be: which one, and what to change.
    """
    if seed.profile != "ad":
        raise ValueError(f"directory {seed.name!r} has the profile {seed.profile!r}; this mock serves 'ad'")
    try:
        directory = Directory(seed.naming_context, seed.netbios, clock, identifiers, recycle_bin=recycle_bin)
        ordered = sorted(seed.entries, key=lambda entry: len(parse_dn(entry.dn)))
    except InvalidName as error:
        raise ValueError(f"directory {seed.name!r}: {error}") from None
    lay(directory)
    directory.accounts.update(seed.accounts)
    links: _Links = []
    for item in ordered:
        try:
            _place(directory, item, links)
        except (LdapError, ValueError) as error:
            raise ValueError(f"directory {seed.name!r}, entry {item.dn!r}: {error}") from None
    _link(directory, seed, links)
    return directory


def _place(directory: Directory, item: EntrySeed, links: _Links) -> None:
    structural = directory.schema.object_class(item.object_class)
    if structural is None:
        raise ValueError(f"the mock's schema has no class {item.object_class!r}")
    values: dict[str, list[bytes]] = {}
    references: list[tuple[Attribute, list[str]]] = []
    password: str | None = None
    for name, given in item.attributes.items():
        attribute = directory.schema.attribute(name)
        if attribute is None:
            raise ValueError(f"the mock's schema has no attribute {name!r}")
        if attribute.is_back_link or attribute.computed:
            raise ValueError(f"{name} is computed; set {attribute.pair or 'what it follows from'} instead")
        if attribute.name == "unicodePwd":
            password = _text(given)[0]
        elif attribute.is_reference:
            references.append((attribute, _text(given)))
        elif attribute.name not in ("objectClass", "distinguishedName"):
            values[attribute.name] = _stored(attribute, given)
    entry = directory.find(item.dn, show_deleted=True)
    if entry is None:
        guid = values.pop("objectGUID", None)
        entry = place(directory, item.dn, structural, values, uuid.UUID(bytes_le=guid[0]) if guid else None)
        complete(directory, entry, {}, seeded=True)
        for name in ("whenChanged", "uSNCreated"):
            if name in values:
                entry.values[name] = values[name]
    else:
        _merge(directory, entry, values)
    if password is not None:
        directory.passwords[entry] = password
    links += [(entry, attribute, names) for attribute, names in references]


def _merge(directory: Directory, entry: Entry, values: dict[str, list[bytes]]) -> None:
    """A seed may say more about a standard container or account; who it is stays as it is."""
    if "objectGUID" in values:
        raise ValueError("it exists in every domain (or twice in the seed), so its objectGUID is given")
    directory.unindex(entry)
    entry.values.update({name: held for name, held in values.items() if name.lower() != entry.rdn.type.lower()})
    kind = account_type(entry)
    if kind is not None:
        entry.values["sAMAccountType"] = [kind]
    directory.index(entry)
    directory.stamp(entry, values)


def _text(given: Iterable[str | bytes]) -> list[str]:
    return [value if isinstance(value, str) else value.decode() for value in given]


def _stored(attribute: Attribute, given: Iterable[str | bytes]) -> list[bytes]:
    key_of = equality_key(attribute.syntax)
    stored = []
    for value in given:
        raw = value.encode() if isinstance(value, str) else value
        key = key_of(raw)
        if key is None:
            raise ValueError(f"{attribute.name}: {value!r} is no value of syntax {attribute.syntax.value[0]}")
        stored.append(key if attribute.syntax in (Syntax.SID, Syntax.GUID) and isinstance(key, bytes) else raw)
    if attribute.single and len(stored) > 1:
        raise ValueError(f"{attribute.name} takes one value, not {len(stored)}")
    return stored


def _link(directory: Directory, seed: DirectorySeed, links: _Links) -> None:
    for entry, attribute, names in links:
        targets = []
        for name in names:
            try:
                target = directory.find(name, show_deleted=True)
            except InvalidName as error:
                raise ValueError(f"directory {seed.name!r}: {attribute.name}: {error}") from None
            if target is None:
                where = directory.dn(entry).decode()
                raise ValueError(
                    f"directory {seed.name!r}, entry {where!r}: {attribute.name} names {name!r}, which is not there"
                )
            targets.append(target)
        usn = directory.stamp(entry, [attribute.name])
        for target in targets:
            directory.link(entry, attribute.name, target, usn)
