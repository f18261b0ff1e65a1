"""What a customer's files say of a sync server and the directories around it: nouns only.

They keep the words and values of the files. What becomes of them in a case is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from attrflow.importers.findings import NOWHERE, Place
from attrflow.model.values import NO_VALUES, Value, Values, canonical

__all__ = [
    "HOLOGRAMS",
    "LAYERS",
    "NO_ENTRY",
    "AttributeChange",
    "Change",
    "CloudObject",
    "Contribution",
    "CustomerState",
    "DirectoryObject",
    "Entry",
    "MetaverseRecord",
    "ProvisioningError",
    "Sibling",
    "SpaceError",
    "SpaceObject",
    "attribute_of",
]

LAYERS: Final = ("pending-import", "unconfirmed", "escrowed", "pending-export")
"""The changes of one object from the bottom up, by the words that people and cases have for them."""
HOLOGRAMS: Final = ("synchronized", *LAYERS)
"""The images of one object from the bottom up; each but the first stands on the change of its name."""


@dataclass(frozen=True, slots=True)
class Entry:
    """The content of an object in one image. References are DNs."""

    attributes: Mapping[str, Values] = field(default_factory=dict)
    references: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


NO_ENTRY: Final = Entry()


@dataclass(frozen=True, slots=True)
class DirectoryObject:
    """One object of a directory, as LDIF or CSV shows it: text and octets, no other types."""

    dn: str
    type: str
    attributes: Mapping[str, Values]
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class AttributeChange:
    """The change of one attribute: `add`, `replace`, `delete`, or `update` with values that come and go."""

    operation: str
    added: Values = NO_VALUES
    removed: Values = NO_VALUES
    reference: bool = False

    def applied(self, before: Values) -> Values:
        """The values after it; references compare without case."""
        if self.operation in ("add", "replace"):
            return self.added
        if self.operation == "delete":
            return NO_VALUES

        def key(value: Value) -> object:
            return str(value).casefold() if self.reference else canonical(value)

        gone = {key(value) for value in self.removed}
        kept = tuple(value for value in before if key(value) not in gone)
        there = {key(value) for value in kept}
        return kept + tuple(value for value in self.added if key(value) not in there)


@dataclass(frozen=True, slots=True)
class Change:
    """One delta of an object: what is done to the object, and to which attributes."""

    operation: str
    attributes: Mapping[str, AttributeChange] = field(default_factory=dict)
    new_dn: str | None = None


@dataclass(frozen=True, slots=True)
class SpaceError:
    """A stored error. Times are as the file has them, with a `T` between day and time."""

    type: str
    step: str = ""
    detail: str = ""
    first: str | None = None
    last: str | None = None
    retry_count: int = 0
    rule: str | None = None
    attribute: str | None = None
    cd_error: str | None = None


@dataclass(frozen=True, slots=True)
class Sibling:
    """Another connector-space object that is linked to the same metaverse object."""

    dn: str
    id: str | None = None
    connector_id: str | None = None
    connector_name: str | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True)
class SpaceObject:
    """One connector-space object with its tower, link and errors. GUIDs are lower case, without braces."""

    dn: str
    type: str = ""
    id: str | None = None
    connector_id: str | None = None
    connector_name: str | None = None
    anchor: str | None = None
    images: Mapping[str, Entry] = field(default_factory=dict)
    """By the names of `HOLOGRAMS`, as far as the file has them."""
    changes: Mapping[str, Change] = field(default_factory=dict)
    """By `pending-import`, `unconfirmed`, `escrowed` and `pending-export`."""
    mv_id: str | None = None
    linked: bool | None = None
    link: str | None = None
    link_rule: str | None = None
    siblings: tuple[Sibling, ...] = ()
    state: str | None = None
    transient: bool = False
    import_error: SpaceError | None = None
    export_error: SpaceError | None = None
    unknown: Mapping[str, str] = field(default_factory=dict)
    """Elements that nothing here knows, with their text."""
    place: Place = NOWHERE

    def image(self, name: str) -> Entry:
        """An image: as the file shows it, else the next one below with the change on top."""
        if name in self.images:
            return self.images[name]
        position = HOLOGRAMS.index(name)
        if position == 0:
            return NO_ENTRY
        below = self.image(HOLOGRAMS[position - 1])
        change = self.changes.get(name)
        if change is None:
            return below
        if change.operation in ("delete", "obsolete"):
            return NO_ENTRY
        base = NO_ENTRY if change.operation in ("add", "replace", "delete-add") else below
        attributes, references = dict(base.attributes), dict(base.references)
        for attribute, one in change.attributes.items():
            if one.reference:
                references[attribute] = tuple(str(v) for v in one.applied(references.get(attribute, ())))
            else:
                attributes[attribute] = one.applied(attributes.get(attribute, NO_VALUES))
        return Entry(
            {name_: values for name_, values in attributes.items() if values},
            {name_: targets for name_, targets in references.items() if targets},
        )


@dataclass(frozen=True, slots=True)
class Contribution:
    """The values of one metaverse attribute, and who gave them as far as the file says."""

    values: Values
    rule: str | None = None
    """The rule's name or id."""
    connector: str | None = None
    """The connector's name or id."""
    reference: bool = False


@dataclass(frozen=True, slots=True)
class MetaverseRecord:
    """One metaverse object."""

    id: str | None
    type: str
    attributes: Mapping[str, Contribution] = field(default_factory=dict)
    links: tuple[Sibling, ...] = ()
    unknown: Mapping[str, str] = field(default_factory=dict)
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class ProvisioningError:
    """A value that the service holds back (Graph's onPremisesProvisioningErrors)."""

    property: str
    value: str
    category: str = ""
    occurred: str = ""


@dataclass(frozen=True, slots=True)
class CloudObject:
    """One user, group or contact as Graph shows it, with Graph's names; `errors` is None where it was not asked for."""

    type: str
    id: str
    properties: Mapping[str, object]
    errors: tuple[ProvisioningError, ...] | None = None
    place: Place = NOWHERE


@dataclass(slots=True)
class CustomerState:
    """Everything that was read, file by file."""

    directory: list[DirectoryObject] = field(default_factory=list)
    spaces: list[SpaceObject] = field(default_factory=list)
    metaverse: list[MetaverseRecord] = field(default_factory=list)
    cloud: list[CloudObject] = field(default_factory=list)

    def counts(self) -> Iterator[tuple[str, int]]:
        """How many objects of each kind were read."""
        yield "directory", len(self.directory)
        yield "connector-space", len(self.spaces)
        yield "metaverse", len(self.metaverse)
        yield "graph", len(self.cloud)


def attribute_of(attributes: Mapping[str, Values], name: str) -> Values:
    """The values of an attribute, whatever case its name is written in."""
    if name in attributes:
        return attributes[name]
    folded = name.casefold()
    return next((values for key, values in attributes.items() if key.casefold() == folded), NO_VALUES)
