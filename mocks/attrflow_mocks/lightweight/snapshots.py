"""Whole copies of a database, to come back to and to answer stale reads from."""

from __future__ import annotations

import copy

from attrflow_mocks.lightweight.database import Database, Node

__all__ = ["copy_database", "restore_database"]


def copy_database(source: Database) -> Database:
    """A database of the same content that shares nothing that changes but the clock."""
    # Lists of values are replaced by writes, never changed, so both may hold them.
    copies = {node: Node(node.rdn, None, node.uuid, dict(node.values)) for node in source.by_uuid.values()}
    for node, twin in copies.items():
        twin.parent = None if node.parent is None else copies[node.parent]
        twin.csn = node.csn
        twin.children = {key: copies[child] for key, child in node.children.items()}
    found = Database.__new__(Database)
    vars(found).update(vars(source))
    found.identifiers = copy.deepcopy(source.identifiers)
    found.accounts = dict(source.accounts)
    found.root = None if source.root is None else copies[source.root]
    found.by_uuid = {identifier: copies[node] for identifier, node in source.by_uuid.items()}
    found.log = source.log.copy()
    found.watchers = {}
    found.members = {key: {copies[group]: None for group in held} for key, held in source.members.items()}
    found.shadow = None
    return found


def restore_database(database: Database, snapshot: Database) -> None:
    """Give a database the content of a snapshot, which stays as it is; open connections see it at once."""
    fresh = vars(copy_database(snapshot))
    kept = {"shadow": snapshot, "watchers": database.watchers, "clock": database.clock}
    vars(database).update(fresh | kept)
