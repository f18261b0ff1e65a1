"""The nouns of one attribute's decision: who contributes, what is there, what each mapping offers, what is decided.

Tuples by name where one is made for each attribute of each object: they cost a third of a frozen dataclass.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from attrflow.engine.flow import Contribution
from attrflow.engine.program import CompiledMapping
from attrflow.engine.reading import Reading
from attrflow.engine.reference import Held, Translation
from attrflow.events import Status
from attrflow.model.provenance import Basis, Origin
from attrflow.model.references import NO_REFERENCES, ReferenceSet
from attrflow.model.values import NO_VALUES, Values

__all__ = ["Existing", "Offer", "Resolved", "Source"]


class Source(NamedTuple):
    """One object that contributes: how rules read it, and how its references translate to the other side."""

    reading: Reading
    translation: Translation
    object_id: int


class Existing(NamedTuple):
    """What the attribute holds now, and who gave it."""

    values: Values = NO_VALUES
    references: ReferenceSet = NO_REFERENCES
    origin: Origin | None = None
    basis: Basis | None = None

    @property
    def present(self) -> bool:
        """Whether there is any value."""
        return bool(self.values) or self.references.count > 0


class Resolved(NamedTuple):
    """The decision: `set` these values, `clear` the attribute, or `keep` what is there."""

    action: Literal["set", "clear", "keep"]
    values: Values = NO_VALUES
    references: ReferenceSet = NO_REFERENCES
    origin: Origin | None = None
    per_value: tuple[Origin, ...] | None = None
    """Of a merged attribute: the origins of `values` in their order, or of `references` by ascending target id."""
    held: tuple[tuple[int, Held], ...] = ()
    """Reference values without a counterpart, by the index of the source that holds them."""
    basis: Basis | None = None


@dataclass(slots=True)
class Offer:
    """One mapping's part in the decision: what it offers, and the status word under which it ends."""

    index: int
    mapping: CompiledMapping
    status: Status
    contribution: Contribution | None = None
    detail: str | None = None
    nodes: list[tuple[int, object]] = field(default_factory=list)
