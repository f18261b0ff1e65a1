"""Reading a value where it lives: what explain asks of a directory, through callables that app gives it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from attrflow.model.connector_space import CSObject
from attrflow.model.entry import ReferenceTarget
from attrflow.model.values import NO_VALUES, Values

__all__ = ["CloudReader", "DirectoryReader", "LiveRead"]


@dataclass(frozen=True, slots=True)
class LiveRead:
    """One attribute of one object, as its directory holds it now."""

    values: Values = NO_VALUES
    references: tuple[ReferenceTarget, ...] = ()
    found: bool = True
    """Whether the directory has the object at all."""
    unread: str | None = None
    """Why the attribute could not be read, as a sentence; None where it was."""
    name: str | None = None
    """What the directory calls the attribute, where that is another name."""


DirectoryReader = Callable[[CSObject, str], LiveRead]
"""The object as the connector space knows it, and the attribute's name there. May raise `ConnectorError`."""
CloudReader = Callable[[CSObject, str], LiveRead]
"""As `DirectoryReader`; the name is the connector space's, the reader knows what the service calls it."""
