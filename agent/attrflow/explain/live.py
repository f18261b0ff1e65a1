"""Reading a value where it lives: what explain asks of a directory, through callables that app gives it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from attrflow.model.connector_space import CSObject
from attrflow.model.entry import ReferenceTarget
from attrflow.model.values import NO_VALUES, Values

__all__ = ["CloudReader", "DirectoryReader", "LiveRead", "QuarantinedValue"]


@dataclass(frozen=True, slots=True)
class QuarantinedValue:
    """A value that the service holds back, because another object of the tenant has it."""

    value: str
    category: str
    """The service's word, such as `PropertyConflict`."""


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
    note: str | None = None
    """What a reader must know of a value that was read, such as that the service calculated it."""
    calculated: bool = False
    """Whether the service makes more of the value than was exported, so that more is no difference."""
    quarantined: tuple[QuarantinedValue, ...] = ()
    verified_domains: frozenset[str] | None = None
    """The tenant's verified domains in lower case, where the attribute depends on them and they could be read."""


DirectoryReader = Callable[[CSObject, str], LiveRead]
"""The object as the connector space knows it, and the attribute's name there. May raise `ConnectorError`."""
CloudReader = Callable[[CSObject, str], LiveRead]
"""As `DirectoryReader`; the name is the connector space's, the reader knows what the service calls it."""
