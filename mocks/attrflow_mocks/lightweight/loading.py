"""From a seed or from LDIF to a database of the OpenLDAP profile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from attrflow_mocks.ad.errors import LdapError
from attrflow_mocks.ad.names import parse_dn
from attrflow_mocks.clock import Clock
from attrflow_mocks.identifiers import Identifiers
from attrflow_mocks.lightweight.database import Database
from attrflow_mocks.lightweight.writes import add
from attrflow_mocks.scenarios.seed import DirectorySeed, SeedValue

__all__ = ["add_seeds", "load_database"]


def load_database(seed: DirectorySeed, clock: Clock, identifiers: Identifiers) -> Database:
    """The database that a seed of the profile `openldap` describes; its root is made where it is not there.

    Raises:
        ValueError: the seed is for another profile, or an entry cannot be: which one, and why.
    """
    if seed.profile != "openldap":
        raise ValueError(f"directory {seed.name!r} has the profile {seed.profile!r}; this database is 'openldap'")
    database = Database(seed.naming_context, clock, identifiers)
    database.accounts.update(seed.accounts)
    entries = [(entry.dn, entry.object_class, entry.attributes) for entry in seed.entries]
    if not any(len(parse_dn(dn)) == len(database.suffix_key) for dn, _, _ in entries):
        entries.insert(0, _root(seed.naming_context))
    add_seeds(database, entries)
    return database


def _root(suffix: str) -> tuple[str, str, Mapping[str, Sequence[SeedValue]]]:
    first = parse_dn(suffix)[0]
    if first.type == "DC":
        return suffix, "domain", {"dc": [first.value]}
    kind = {"O": "organization", "OU": "organizationalUnit"}.get(first.type)
    if kind is None:
        raise ValueError(f"suffix {suffix!r} begins with none of dc, o, ou: seed its entry yourself")
    return suffix, kind, {first.type.lower(): [first.value]}


def add_seeds(database: Database, entries: Iterable[tuple[str, str, Mapping[str, Sequence[SeedValue]]]]) -> int:
    """Add entries, parents before children in whatever order they are given; returns how many.

    Raises:
        ValueError: an entry cannot be.
    """
    count = 0
    for dn, object_class, attributes in sorted(entries, key=lambda entry: len(parse_dn(entry[0]))):
        raw = {name: [v.encode() if isinstance(v, str) else v for v in held] for name, held in attributes.items()}
        first = parse_dn(dn)[0]
        naming = database.schema.attribute(first.type)
        if naming is not None and not any(database.schema.attribute(name) is naming for name in raw):
            raw[naming.name] = [first.value.encode()]
        if not any(name.lower() == "objectclass" for name in raw):
            raw["objectClass"] = [object_class.encode()]
        try:
            add(database, dn, raw.items(), database.admin_dn, seeded=True)
        except LdapError as error:
            raise ValueError(f"entry {dn!r}: {error}") from None
        count += 1
    return count
