"""What an evaluation may ask of the world: attributes, parameters, the time, chance.

The engine implements this; the language reaches nothing else.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from attrflow.expr.results import Many, Scalar

__all__ = ["EvaluationContext"]


class EvaluationContext(Protocol):
    """One object under evaluation."""

    def attribute(self, name: str) -> Scalar | Many | None:
        """The attribute of this exact name.

        None when absent; a tuple when multi-valued by schema, even with one value. `dn` is the
        object's distinguished name as text.
        """
        ...

    def imported(self, name: str) -> Scalar | Many | None:
        """The attribute as confirmed by import, without pending exports (`ImportedValue`)."""
        ...

    def count(self, name: str) -> int:
        """How many values the attribute has, without loading them (`ValueCount`)."""
        ...

    def parameter(self, name: str) -> str | None:
        """The configuration parameter `%name%`, or None when there is none of this name."""
        ...

    def now(self) -> datetime:
        """The moment of this run, aware, in UTC."""
        ...

    def guid(self) -> str:
        """A new GUID as text."""
        ...

    def random(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        ...

    def observe(self, node_id: int, value: object) -> None:
        """Told the value of each node as it is evaluated; called by the observed variant only."""
        ...
