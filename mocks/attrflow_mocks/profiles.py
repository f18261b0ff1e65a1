"""One set of hands for directories of both profiles: made, changed, shown, copied, whichever they are.

It knows the state of both mocks and no wire format. What a directory refuses comes as `LdapError`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence

from attrflow_mocks.ad.directory import Directory
from attrflow_mocks.ad.loading import load_directory
from attrflow_mocks.ad.message import Change
from attrflow_mocks.ad.modify import modify as modify_ad
from attrflow_mocks.ad.names import format_dn, parse_dn
from attrflow_mocks.ad.snapshots import copy_directory, restore_directory
from attrflow_mocks.ad.tombstones import delete as delete_ad
from attrflow_mocks.ad.values import Syntax, sid_text
from attrflow_mocks.ad.writes import rename as rename_ad
from attrflow_mocks.adding import add_entries, octets
from attrflow_mocks.clock import Clock
from attrflow_mocks.identifiers import Identifiers
from attrflow_mocks.lightweight.database import Database
from attrflow_mocks.lightweight.loading import add_seeds, load_database
from attrflow_mocks.lightweight.snapshots import copy_database, restore_database
from attrflow_mocks.lightweight.writes import delete as delete_light
from attrflow_mocks.lightweight.writes import modify as modify_light
from attrflow_mocks.lightweight.writes import rename as rename_light
from attrflow_mocks.scenarios.seed import DirectorySeed, EntrySeed, SeedValue

__all__ = ["AnyDirectory", "add", "bring_to_life", "copied", "delete", "entries", "modify", "move", "restored"]

AnyDirectory = Directory | Database

_REPLACE = 2


def bring_to_life(seed: DirectorySeed, clock: Clock, identifiers: Identifiers) -> AnyDirectory:
    """The directory that a seed describes, of the seed's profile.

    Raises:
        ValueError: the seed cannot be.
    """
    load = load_database if seed.profile == "openldap" else load_directory
    return load(seed, clock, identifiers)


def add(directory: AnyDirectory, seeds: Sequence[EntrySeed]) -> None:
    """Add entries with the freedom of a seed; those before a refused one stay.

    Raises:
        ValueError: a class or attribute that the schema of AD lacks.
        LdapError: an entry was refused.
    """
    if isinstance(directory, Database):
        add_seeds(directory, seeds)
    else:
        add_entries(directory, seeds)


def modify(directory: AnyDirectory, dn: str, changes: Mapping[str, Sequence[SeedValue]]) -> None:
    """Replace attributes of an entry; no values takes an attribute away.

    Raises:
        LdapError: the directory refused; nothing was changed.
    """
    wanted = [
        Change(_REPLACE, attribute, tuple([octets(value) for value in values])) for attribute, values in changes.items()
    ]
    if isinstance(directory, Database):
        modify_light(directory, dn, wanted, directory.admin_dn)
    else:
        modify_ad(directory, directory.require(dn), wanted)


def move(directory: AnyDirectory, dn: str, new_dn: str) -> None:
    """Rename or move an entry, and with it all below it.

    Raises:
        ValueError: `new_dn` is no DN of an entry.
        LdapError: the directory refused.
    """
    target = parse_dn(new_dn)
    if not target:
        raise ValueError("`new_dn` is empty: give the whole new DN")
    rdn, parent = str(target[0]), format_dn(target[1:])
    if isinstance(directory, Database):
        rename_light(directory, dn, rdn, True, parent, directory.admin_dn)  # noqa: FBT003 - deleteOldRdn
    else:
        rename_ad(directory, dn, rdn, True, parent)  # noqa: FBT003 - the same


def delete(directory: AnyDirectory, dn: str, *, tree: bool = False) -> None:
    """Delete an entry as a client would, with `tree` all below it too.

    Raises:
        LdapError: the directory refused.
    """
    if isinstance(directory, Directory):
        delete_ad(directory, dn, tree=tree)
        return
    doomed = list(directory.subtree(directory.require(dn))) if tree else []
    for node in reversed(doomed[1:]):
        delete_light(directory, node.dn, directory.admin_dn)
    delete_light(directory, dn, directory.admin_dn)


def copied(directory: AnyDirectory) -> AnyDirectory:
    """A copy that shares nothing that changes; from now on stale reads are answered from it."""
    if isinstance(directory, Database):
        directory.shadow = copy_database(directory)
        return directory.shadow
    directory.shadow = copy_directory(directory)
    return directory.shadow


def restored(directory: AnyDirectory, snapshot: AnyDirectory) -> None:
    """Give a directory the content of its snapshot, which stays as it is."""
    if isinstance(directory, Database):
        assert isinstance(snapshot, Database)
        restore_database(directory, snapshot)
    else:
        assert isinstance(snapshot, Directory)
        restore_directory(directory, snapshot)


def entries(directory: AnyDirectory) -> Iterator[dict[str, object]]:
    """All entries in tree order, AD's tombstones included, binary values as bytes."""
    if isinstance(directory, Database):
        yield from _entries_light(directory)
        return
    for entry in directory.subtree(directory.root):
        attributes: dict[str, list[object]] = {}
        for attribute in directory.schema.attributes.values():
            values = [] if attribute.computed else directory.values(entry, attribute)
            if values:
                attributes[attribute.name] = [_shown(value, attribute.syntax) for value in values]
        yield {"dn": directory.dn(entry).decode(), "deleted": entry.deleted, "attributes": attributes}


def _entries_light(database: Database) -> Iterator[dict[str, object]]:
    for node in database.subtree(database.root) if database.root is not None else ():
        attributes: dict[str, list[object]] = {}
        for name, values in database.shown(node).items():
            attribute = database.schema.attribute(name)
            text = attribute is not None and attribute.equality not in ("-", "octetStringMatch")
            attributes[name] = [value.decode("utf-8", "backslashreplace") if text else value for value in values]
        yield {"dn": node.dn, "deleted": False, "attributes": attributes}


def _shown(value: bytes, syntax: Syntax) -> object:
    """A value for people and tests: identifiers as text, other binary values as bytes."""
    if syntax is Syntax.GUID and len(value) == 16:
        return str(uuid.UUID(bytes_le=value))
    if syntax is Syntax.SID:
        return sid_text(value)
    return value if syntax in (Syntax.OCTET, Syntax.DESCRIPTOR) else value.decode("utf-8", "backslashreplace")
