"""Deltas: what one layer of an object's tower changes about the layer below it (behaviour.md §1.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from attrflow.model.references import NO_REFERENCES, ReferenceDelta, ReferenceSet, difference, edited
from attrflow.model.values import NO_VALUES, Values, canonical, same_values

__all__ = [
    "EMPTY_IMAGE",
    "AttributeDelta",
    "AttributeOperation",
    "Delta",
    "Image",
    "ObjectOperation",
    "apply_delta",
    "attribute_delta",
    "compose",
    "image_difference",
]

AttributeOperation = Literal["add", "replace", "update", "delete"]
ObjectOperation = Literal["add", "replace", "update", "delete", "delete-add", "obsolete"]


@dataclass(frozen=True, slots=True)
class Image:
    """The content of an object: its short values, and its reference attributes beside them."""

    attributes: Mapping[str, Values] = field(default_factory=dict)
    references: Mapping[str, ReferenceSet] = field(default_factory=dict)


EMPTY_IMAGE = Image()


@dataclass(frozen=True, slots=True)
class AttributeDelta:
    """The change of one attribute.

    `add` and `replace` carry the whole new value in `added`; `update` the values added and removed;
    `delete` takes the attribute away.
    """

    operation: AttributeOperation
    added: Values = NO_VALUES
    removed: Values = NO_VALUES

    def apply(self, before: Values) -> Values:
        """The attribute's values after the change."""
        if self.operation in ("add", "replace"):
            return self.added
        if self.operation == "delete":
            return NO_VALUES
        gone = {canonical(value) for value in self.removed}
        kept = tuple(value for value in before if canonical(value) not in gone)
        present = {canonical(value) for value in kept}
        return kept + tuple(value for value in self.added if canonical(value) not in present)


@dataclass(frozen=True, slots=True)
class Delta:
    """The change of one object, as one layer of its tower holds it."""

    operation: ObjectOperation
    attributes: Mapping[str, AttributeDelta] = field(default_factory=dict)
    references: Mapping[str, ReferenceDelta] = field(default_factory=dict)
    new_dn: str | None = None
    """The DN that an export moves the object to, or that it had in its directory when it left the scope."""
    old_dn: str | None = None
    """The DN that the object had before an imported rename."""
    replaces: str | None = None
    """The type of the object that an exported delete-add takes away, which is there until then."""

    @property
    def changes_content(self) -> bool:
        """Whether any attribute or the DN changes."""
        return bool(self.attributes or self.references or self.new_dn or self.old_dn)


def attribute_delta(before: Values, after: Values, *, multi: bool) -> AttributeDelta | None:
    """What turns `before` into `after`, or None when they hold the same values.

    >>> attribute_delta(("a", "b"), ("b", "c"), multi=True)
    AttributeDelta(operation='update', added=('c',), removed=('a',))
    """
    if same_values(before, after):
        return None
    if not before:
        return AttributeDelta("add", after)
    if not after:
        return AttributeDelta("delete")
    if not multi:
        return AttributeDelta("replace", after)
    old, new = {canonical(v) for v in before}, {canonical(v) for v in after}
    added = tuple(v for v in after if canonical(v) not in old)
    removed = tuple(v for v in before if canonical(v) not in new)
    update = AttributeDelta("update", added, removed)
    if not same_values(update.apply(before), after):
        return AttributeDelta("replace", after)  # equal values stand there more than once
    return update


def apply_delta(delta: Delta | None, below: Image) -> Image:
    """The hologram: the image of the layer below with the delta on top."""
    if delta is None:
        return below
    if delta.operation in ("delete", "obsolete"):
        return EMPTY_IMAGE
    base = EMPTY_IMAGE if delta.operation in ("add", "replace", "delete-add") else below
    if not delta.attributes and not delta.references:
        return base
    attributes = dict(base.attributes)
    for name, change in delta.attributes.items():
        values = change.apply(attributes.get(name, NO_VALUES))
        if values:
            attributes[name] = values
        else:
            attributes.pop(name, None)
    if not delta.references:
        return Image(attributes, base.references)
    references = dict(base.references)
    for name, shift in delta.references.items():
        after = edited(references.get(name, NO_REFERENCES), shift)
        if after.count:
            references[name] = after
        else:
            references.pop(name, None)
    return Image(attributes, references)


def image_difference(below: Image, wanted: Image, *, multi: frozenset[str]) -> Delta | None:
    """The `update` that turns `below` into `wanted`, or None; `multi` names the multi-valued attributes."""
    attributes = {}
    for name in {**below.attributes, **wanted.attributes}:
        before, after = below.attributes.get(name, NO_VALUES), wanted.attributes.get(name, NO_VALUES)
        if (change := attribute_delta(before, after, multi=name in multi)) is not None:
            attributes[name] = change
    references = {}
    for name in {**below.references, **wanted.references}:
        shift = difference(below.references.get(name, NO_REFERENCES), wanted.references.get(name, NO_REFERENCES))
        if shift:
            references[name] = shift
    return Delta("update", attributes, references) if attributes or references else None


def compose(earlier: Delta | None, later: Delta | None, below: Image, *, multi: frozenset[str]) -> Delta | None:
    """One delta over `below` with the effect of `earlier` followed by `later`; None when nothing is left."""
    if earlier is None or later is None:
        return later if earlier is None else earlier
    operation: ObjectOperation
    if later.operation in ("delete", "obsolete"):
        return None if earlier.operation == "add" else later
    if later.operation in ("add", "replace", "delete-add"):
        if earlier.operation in ("delete", "delete-add", "obsolete"):
            operation = "delete-add"
        else:
            operation = later.operation
        return Delta(operation, later.attributes, later.references, later.new_dn, later.old_dn or earlier.old_dn)
    anew = earlier.operation in ("add", "replace", "delete-add")
    operation = earlier.operation if anew else "update"  # an update too where it was deleted and came back
    base = EMPTY_IMAGE if anew else below
    combined = image_difference(base, apply_delta(later, apply_delta(earlier, below)), multi=multi)
    new_dn, old_dn = later.new_dn or earlier.new_dn, earlier.old_dn or later.old_dn
    if combined is None:
        return Delta(operation, {}, {}, new_dn, old_dn) if anew or new_dn or old_dn else None
    return Delta(operation, combined.attributes, combined.references, new_dn, old_dn)
