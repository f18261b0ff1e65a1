"""Claims: within a connector no two objects hold the same DN or the same anchor.

A transient holds no claim to its DN (behaviour.md §1.5), but keeps its anchor. This module says who
collides, in a sentence for people; it reads through a `View` and changes nothing.
"""

from __future__ import annotations

from attrflow.model.changes import ChangeSet
from attrflow.model.connector_space import CSObject
from attrflow.ports.view import View

__all__ = ["conflict"]


def conflict(view: View, changes: ChangeSet) -> str | None:
    """The sentence about the first DN or anchor that two objects would hold after `changes`, or None.

    Objects that change themselves give up their old claim first, so a batch may swap two names.
    """
    claimed: dict[tuple[str, str, str], CSObject] = {}
    for id_, cso in changes.cs_objects.items():
        if cso is None:
            continue
        assert cso.id == id_, f"the object {cso.id} is filed under {id_}"
        for what, key in _claims(cso):
            earlier = claimed.setdefault((what, cso.connector, key), cso)
            if earlier is not cso:
                return _sentence(what, cso, earlier)
            holder = (view.cs_by_dn if what == "DN" else view.cs_by_anchor)(cso.connector, key)
            if holder is not None and holder.id != id_ and holder.id not in changes.cs_objects:
                return _sentence(what, cso, holder)
    return None


def _claims(cso: CSObject) -> list[tuple[str, str]]:
    claims = [] if cso.transient else [("DN", cso.dn_key)]
    return claims if cso.anchor is None else [*claims, ("anchor", cso.anchor)]


def _sentence(what: str, newer: CSObject, holder: CSObject) -> str:
    name = newer.dn if what == "DN" else newer.anchor
    return (
        f"the {what} {name!r} on connector {newer.connector} would be held by two objects: "
        f"#{newer.id} ({newer.dn}) and #{holder.id} ({holder.dn})"
    )
