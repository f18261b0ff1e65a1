"""The documents that explain answers with: frozen nouns, and their form as plain JSON data.

They hold names, texts and numbers, nothing of the store or the engine, so that any face can show
them. The envelope (`{"schema": …}`) is put around them by `app`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Literal

__all__ = [
    "NOTHING",
    "Finding",
    "FlowRow",
    "Held",
    "NodeValue",
    "ObjectLine",
    "RuleRef",
    "Shown",
    "ShownValue",
    "Since",
    "SubjectDocument",
    "WayDocument",
    "as_data",
]

ValueKind = Literal["text", "number", "boolean", "binary", "reference"]


@dataclass(frozen=True, slots=True)
class ShownValue:
    """One value as people read it; a reference by the name of what it points to."""

    kind: ValueKind
    text: str
    """Strings as they are, blanks included; bytes in base64; a reference's display name or DN."""
    id: int | None = None
    """A reference's object id."""
    note: str | None = None
    """A reference's DN where `text` is another name."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An attribute's values: the first ones, and how many there are in all."""

    values: tuple[ShownValue, ...] = ()
    total: int = 0

    @property
    def absent(self) -> bool:
        """Whether there is no value at all."""
        return self.total == 0


NOTHING = Shown()


@dataclass(frozen=True, slots=True)
class Since:
    """A run, when it ended (ISO 8601, UTC; None where the history no longer has it), and what it did."""

    run: int
    at: str | None = None
    what: str | None = None
    """Connector and profile, such as `contoso full-sync`."""


@dataclass(frozen=True, slots=True)
class RuleRef:
    """A rule by name. `precedence` is None where the rule is no longer in the rule set."""

    id: str
    name: str
    connector: str
    precedence: int | None = None
    gone: bool = False


@dataclass(frozen=True, slots=True)
class NodeValue:
    """What a part of an expression gave; `depth` is how deep it stands in the expression."""

    text: str
    value: str
    depth: int = 0


@dataclass(frozen=True, slots=True)
class FlowRow:
    """One candidate mapping for an attribute and what became of it (behaviour.md §5.1)."""

    rule: RuleRef
    flow: str
    """`direct`, `constant` or `expression`."""
    source: str
    destination: str
    value: Shown
    status: str | None
    """A status word; None where the object failed before this mapping was evaluated."""
    detail: str | None = None
    object_id: int | None = None
    wins: bool = False
    nodes: tuple[NodeValue, ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """A reference that does not flow, and why."""

    target: ShownValue
    reason: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not agree, or that a reader should know before anything else."""

    code: str
    severity: Literal["note", "warning", "error"]
    text: str


@dataclass(frozen=True, slots=True)
class ObjectLine:
    """One connector-space object of the subject."""

    connector: str
    cs_id: int
    dn: str
    object_type: str | None
    link: str | None
    """How it is linked, such as `projection-rules`; None for a disconnector."""


@dataclass(frozen=True, slots=True)
class SubjectDocument:
    """What a trace or a why is about."""

    kind: Literal["metaverse", "connector-space", "placeholder", "directory"]
    name: str
    object_type: str | None
    mv_id: int | None
    objects: tuple[ObjectLine, ...] = ()
    dn: str | None = None
    connector: str | None = None


@dataclass(frozen=True, slots=True)
class WayDocument:
    """The names of one value on its way: in directories, in the metaverse, in the targets."""

    asked: str
    sources: tuple[str, ...]
    metaverse: str | None
    targets: Mapping[str, tuple[str, ...]]
    """By connector."""
    also: tuple[str, ...] = ()
    """Other metaverse attributes that read the same source attribute."""
    near: tuple[str, ...] = ()
    """Names that look alike, where no rule knows the name that was asked for."""


def as_data(document: object) -> object:
    """A document as JSON data: dataclasses become objects with their fields' names, tuples lists.

    Raises:
        TypeError: something that is no document is in it.
    """
    if document is None or isinstance(document, str | bool | int | float):
        return document
    if is_dataclass(document) and not isinstance(document, type):
        return {field.name: as_data(getattr(document, field.name)) for field in fields(document)}
    if isinstance(document, tuple | list):
        return [as_data(item) for item in document]
    if isinstance(document, Mapping):
        return {str(key): as_data(value) for key, value in document.items()}
    raise TypeError(f"no part of a document: {document!r}")
