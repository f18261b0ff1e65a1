"""Schema version 3: references that are due, and metaverse objects at rest (decision 0007)."""

from __future__ import annotations

__all__ = ["STATEMENTS"]

STATEMENTS = (
    """
    CREATE TABLE due_reference (
        owner INTEGER NOT NULL,
        target INTEGER NOT NULL,
        connector TEXT NOT NULL,
        inbound INTEGER NOT NULL,
        before INTEGER NOT NULL,
        dropped INTEGER NOT NULL,
        PRIMARY KEY (owner, target, connector, inbound, before, dropped)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE settled (
        mv_id INTEGER PRIMARY KEY,
        digest BLOB NOT NULL,
        counters TEXT NOT NULL
    )
    """,
)
"""`before` is 0 where there was none."""
