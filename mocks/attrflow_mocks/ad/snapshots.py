"""Whole copies of a directory, to come back to and to answer stale reads from."""

from __future__ import annotations

import copy

from attrflow_mocks.ad.directory import Directory
from attrflow_mocks.ad.entry import Entry
from attrflow_mocks.ad.names import Rdn

__all__ = ["copy_directory", "restore_directory"]


def copy_directory(source: Directory) -> Directory:
    """A directory of the same content that shares nothing that changes but the clock."""
    blank = Rdn("CN", "-")
    copies: dict[Entry, Entry] = {entry: Entry(entry.guid, blank, None) for entry in source.by_guid.values()}
    for entry, twin in copies.items():
        _fill(entry, twin, copies)
    found = Directory.__new__(Directory)
    vars(found).update(vars(source))
    found.identifiers = copy.deepcopy(source.identifiers)
    found.accounts = dict(source.accounts)
    found.passwords = {copies[entry]: password for entry, password in source.passwords.items()}
    found.partitions = {keys: copies[head] for keys, head in source.partitions.items()}
    found.by_guid = {guid: copies[entry] for guid, entry in source.by_guid.items()}
    found.recent = {copies[entry]: None for entry in source.recent}
    found.indexes = {name: {key: copies[e] for key, e in index.items()} for name, index in source.indexes.items()}
    found.well_known = {guid: copies[entry] for guid, entry in source.well_known.items()}
    found.graves = [(moment, usn, copies[entry]) for moment, usn, entry in source.graves if entry in copies]
    found.watchers = {}
    found.shadow = None
    return found


def _fill(entry: Entry, twin: Entry, copies: dict[Entry, Entry]) -> None:
    twin.rdn = entry.rdn
    twin.parent = None if entry.parent is None else copies[entry.parent]
    twin.naming_context = copies[entry.naming_context]
    twin.children = {key: copies[child] for key, child in entry.children.items()}
    # Lists of values are replaced by writes, never changed, so both may hold them.
    twin.values = dict(entry.values)
    twin.links = {name: {copies[t]: usn for t, usn in held.items()} for name, held in entry.links.items()}
    twin.removed = {
        name: {copies[t]: usn for t, usn in held.items() if t in copies} for name, held in entry.removed.items()
    }
    twin.back = {name: {copies[s]: None for s in held} for name, held in entry.back.items()}
    twin.sleeping = {name: {copies[t]: None for t in held} for name, held in entry.sleeping.items()}
    twin.dormant = [(copies[s], name, copies[t]) for s, name, t in entry.dormant if s in copies and t in copies]
    twin.stamps = dict(entry.stamps)
    twin.usn = entry.usn
    twin.deleted = entry.deleted


def restore_directory(directory: Directory, snapshot: Directory) -> None:
    """Give a directory the content of a snapshot, which stays as it is; open connections see it at once.

    Searches that wait for changes stay open, but what they wait for is gone.
    """
    fresh = vars(copy_directory(snapshot))
    kept = {"shadow": snapshot, "watchers": directory.watchers, "clock": directory.clock}
    vars(directory).update(fresh | kept)
