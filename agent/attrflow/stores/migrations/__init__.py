"""Migrations: how a store's tables came to be, oldest first. A released migration is never edited.

Each is applied in one transaction with the record of having been applied (`database.open_database`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from attrflow.stores.migrations import m0001_tables, m0001_views, m0002_scheduler, m0003_rest, m0004_placeholders

__all__ = ["APPLICATION_ID", "LATEST", "MIGRATIONS", "Migration"]

APPLICATION_ID = 0x61_74_66_6C
"""`atfl` in the file's header: how an attrflow store is told from any other SQLite file."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step from a version of the schema to the next: its version, its name and its statements."""

    version: int
    name: str
    statements: Sequence[str]


MIGRATIONS = (
    Migration(1, "tables and views", (*m0001_tables.STATEMENTS, *m0001_views.STATEMENTS)),
    Migration(2, "scheduler state", m0002_scheduler.STATEMENTS),
    Migration(3, "due references and objects at rest", m0003_rest.STATEMENTS),
    Migration(4, "anchors of placeholders", m0004_placeholders.STATEMENTS),
)
LATEST = MIGRATIONS[-1].version
