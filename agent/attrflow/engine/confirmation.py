"""Confirmation: what an import says about exports that wait for it, attribute by attribute (behaviour.md §1.6)."""

from __future__ import annotations

from dataclasses import replace

from attrflow.model.connector_space import CSObject, import_hologram
from attrflow.model.delta import Delta, Image, apply_delta
from attrflow.model.entry import ImportedObject
from attrflow.model.references import NO_REFERENCES
from attrflow.model.values import same_values

__all__ = ["DELETE", "confirm"]

DELETE = "the delete"
"""Stands among the names of what did not come back for an exported delete that the import undid."""


def confirm(cso: CSObject, wanted: Image, imported: ImportedObject) -> tuple[Delta | None, tuple[str, ...]]:
    """What stays unconfirmed once this import is in, and the names of what came back differently.

    `wanted` is the object's content with the import. Nothing that the import speaks of stays
    unconfirmed: a value that came back is confirmed, and one that came back differently
    (`exported-change-not-reimported`) is for the next sync to compare and stage again.
    """
    unconfirmed = cso.unconfirmed
    if unconfirmed is None:
        return None, ()
    if unconfirmed.operation == "delete":
        return None, (DELETE,)
    expected = apply_delta(unconfirmed, import_hologram(cso))
    whole = imported.change == "whole"
    missing: list[str] = []
    attributes, references = {}, {}
    for name, change in unconfirmed.attributes.items():
        if not whole and name not in imported.attributes:
            attributes[name] = change
        elif not same_values(expected.attributes.get(name, ()), wanted.attributes.get(name, ())):
            missing.append(name)
    for name, shift in unconfirmed.references.items():
        if not whole and name not in imported.references:
            references[name] = shift
            continue
        here = wanted.references.get(name, NO_REFERENCES)
        if any(i not in here for i in shift.added) or any(i in here for i in shift.removed):
            missing.append(name)
    if not attributes and not references:
        return None, tuple(sorted(missing))
    rest = replace(unconfirmed, operation="update", attributes=attributes, references=references)
    return rest, tuple(sorted(missing))
