"""Entries added to a directory that already runs, with the freedom that a seed has and a client has not.

System-set attributes, enabled accounts without a password and taken names are let in, since tests plant
them. It knows the AD mock's state and no wire format.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from attrflow_mocks.ad.directory import Directory
from attrflow_mocks.ad.entry import Entry
from attrflow_mocks.ad.schema import Attribute
from attrflow_mocks.ad.writes import check_values, complete, known_attribute, place, target_of
from attrflow_mocks.scenarios.seed import EntrySeed, SeedValue

__all__ = ["add_entries", "octets"]

# Follow from the place of the entry and from its class.
_IMPLIED = frozenset({"objectClass", "distinguishedName", "name"})


def octets(value: SeedValue) -> bytes:
    """The value as it is stored."""
    return value.encode() if isinstance(value, str) else value


def add_entries(directory: Directory, entries: Sequence[EntrySeed]) -> None:
    """Add `entries`, parents before children; references may point at any of them.

    Raises:
        ValueError: a class or attribute that the schema lacks, or one that only follows from others.
        LdapError: what no directory takes: no parent, a taken DN, a value of the wrong syntax, a
            reference to nothing. Entries before the refused one stay, without their references.
    """
    links: list[tuple[Entry, Attribute, list[bytes]]] = []
    for seed in entries:
        structural = directory.schema.object_class(seed.object_class)
        if structural is None:
            raise ValueError(f"{seed.dn}: the schema has no class {seed.object_class!r}")
        values: dict[str, list[bytes]] = {}
        references: dict[Attribute, list[bytes]] = {}
        for name, given in seed.attributes.items():
            attribute = known_attribute(directory, name)
            if attribute.is_back_link or attribute.computed:
                source = attribute.pair or "what it follows from"
                raise ValueError(f"{seed.dn}: {attribute.name} is computed; set {source} instead")
            raw = check_values(attribute, [octets(value) for value in given])
            if attribute.is_reference:
                references[attribute] = raw
            elif attribute.name not in _IMPLIED:
                values[attribute.name] = raw
        guid = values.pop("objectGUID", None)
        entry = place(directory, seed.dn, structural, values, uuid.UUID(bytes_le=guid[0]) if guid else None)
        complete(directory, entry, {}, seeded=True)
        links += [(entry, attribute, raw) for attribute, raw in references.items()]
    for entry, attribute, raw in links:
        targets = dict.fromkeys([target_of(directory, value) for value in raw])
        usn = directory.stamp(entry, [attribute.name])
        for target in targets:
            directory.link(entry, attribute.name, target, usn)
