"""Schema version 2: what the scheduler keeps from cycle to cycle, as one JSON document (`SchedulerState`)."""

from __future__ import annotations

__all__ = ["STATEMENTS"]

STATEMENTS = ("CREATE TABLE scheduler_state (id INTEGER PRIMARY KEY CHECK (id = 1), document TEXT NOT NULL)",)
