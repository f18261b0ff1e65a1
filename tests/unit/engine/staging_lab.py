"""What the tests of staging share: objects as a connector brings them, and counters."""

from __future__ import annotations

from typing import Literal

from attrflow.model.entry import ImportedObject, ImportedReferences, ReferenceTarget
from attrflow.model.values import Values
from attrflow.runs.run import RunResult

from .lab import Lab
from .lab_entries import dn, user

PEOPLE = "OU=People,DC=contoso,DC=test"
PARTITION = "DC=contoso,DC=test"
KARI, OLA, STAFF = dn("Kari"), dn("Ola"), dn("Staff")

Change = Literal["whole", "partial", "delete", "left-scope"]


def brought(
    name: str, anchor: str | None, change: Change = "whole", *, type_: str | None = "user", **more: object
) -> ImportedObject:
    """An object as a connector brings it; `manager` and `member` are DNs, or ImportedReferences."""
    references: dict[str, ImportedReferences] = {}
    attributes: dict[str, Values] = {}
    if change == "whole" and type_ == "user":  # enough for the rules to make a person of it
        attributes.update(user("Somebody", int.from_bytes((anchor or "none").encode()[:4], "big")).attributes)
    for attribute, given in more.items():
        if isinstance(given, ImportedReferences):
            references[attribute] = given
        elif attribute in ("manager", "member"):
            assert isinstance(given, tuple)
            references[attribute] = ImportedReferences(tuple(ReferenceTarget(target) for target in given))
        else:
            assert isinstance(given, tuple)
            attributes[attribute] = given
    return ImportedObject(change, dn(name) if name else "", anchor, type_, attributes, references)


def counted(lab: Lab, result: RunResult) -> dict[str, int]:
    """The staging counters that are not zero."""
    return {name: n for name, n in lab.counters(result).items() if n}


def synced(lab: Lab, *objects: ImportedObject) -> None:
    """Import these objects as all there is, and synchronize them."""
    lab.bring("contoso", *objects, full=True)
    assert lab.run("contoso", "delta-sync").record.result == "success"
