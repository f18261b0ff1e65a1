"""From a seed or from LDIF to a database of the OpenLDAP profile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from attrflow_mocks.ad.errors import LdapError
from attrflow_mocks.ad.names import parse_dn
from attrflow_mocks.clock import Clock
from attrflow_mocks.identifiers import Identifiers
from attrflow_mocks.lightweight.database import Database
from attrflow_mocks.lightweight.schema import dn_key, load_schema
from attrflow_mocks.lightweight.writes import add
from attrflow_mocks.scenarios.seed import DirectorySeed, EntrySeed

__all__ = ["add_seeds", "complete", "load_database", "root_seed", "with_passwords"]


def load_database(seed: DirectorySeed, clock: Clock, identifiers: Identifiers) -> Database:
    """The database that a seed of the profile `openldap` describes; its root is made where it is not there.

    Raises:
        ValueError: the seed is for another profile, or an entry cannot be: which one, and why.
    """
    if seed.profile != "openldap":
        raise ValueError(f"directory {seed.name!r} has the profile {seed.profile!r}; this database is 'openldap'")
    database = Database(seed.naming_context, clock, identifiers)
    entries = list(with_passwords(seed))
    held = {dn_key(entry.dn) for entry in entries}
    database.accounts.update({name: word for name, word in seed.accounts.items() if dn_key(name) not in held})
    if database.suffix_key not in held:
        entries.insert(0, root_seed(seed.naming_context))
    try:
        add_seeds(database, entries)
    except LdapError as error:
        raise ValueError(f"directory {seed.name!r}: {error}") from None
    return database


def with_passwords(seed: DirectorySeed) -> Iterator[EntrySeed]:
    """The seed's entries; one that is an account of it has its password in userPassword."""
    words = {dn_key(name): password for name, password in seed.accounts.items()}
    for entry in seed.entries:
        word = words.get(dn_key(entry.dn))
        yield entry if word is None else replace(entry, attributes={**entry.attributes, "userPassword": (word,)})


def root_seed(suffix: str) -> EntrySeed:
    """The entry of a suffix that a seed does not bring along.

    Raises:
        ValueError: the suffix begins with something else than dc, o or ou.
    """
    first = parse_dn(suffix)[0]
    if first.type == "DC":
        return EntrySeed(suffix, "domain", {"dc": [first.value]})
    kind = {"O": "organization", "OU": "organizationalUnit"}.get(first.type)
    if kind is None:
        raise ValueError(f"suffix {suffix!r} begins with none of dc, o, ou: seed its entry yourself")
    return EntrySeed(suffix, kind, {first.type.lower(): [first.value]})


def add_seeds(database: Database, entries: Iterable[EntrySeed]) -> int:
    """Add entries, parents before children in whatever order they are given; returns how many.

    Raises:
        LdapError: an entry was refused, which one is in the text; those before it stay.
    """
    count = 0
    for entry in sorted(entries, key=lambda entry: len(parse_dn(entry.dn))):
        raw = complete(entry)
        try:
            add(database, entry.dn, raw.items(), database.admin_dn, seeded=True)
        except LdapError as error:
            result = error.result
            raise LdapError(result.code, f"entry {entry.dn!r}: {result.text}", result.matched_dn) from None
        count += 1
    return count


def complete(entry: EntrySeed) -> dict[str, list[bytes]]:
    """An entry's attributes as octets, with its class and the value in its name where the seed leaves them out."""
    schema = load_schema()
    raw = {name: [v.encode() if isinstance(v, str) else v for v in held] for name, held in entry.attributes.items()}
    first = parse_dn(entry.dn)[0]
    naming = schema.attribute(first.type)
    if naming is not None and not any(schema.attribute(name) is naming for name in raw):
        raw[naming.name] = [first.value.encode()]
    if not any(name.lower() == "objectclass" for name in raw):
        raw["objectClass"] = [entry.object_class.encode()]
    return raw
