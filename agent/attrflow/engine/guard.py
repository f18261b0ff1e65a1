"""What pending exports would take away, counted by kind: for the guard against accidents (behaviour.md §7.5).

Pure: it counts. How much is too much, and what follows from that, is the export step's. Adds count nothing,
and a delete is counted as such only, whatever else the object loses with it. A delete-add is none: the product
counts the two apart (behaviour.md §4.3, known). What comes in the object's place has another anchor than what
goes, so it is a change of identity.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from attrflow.model.configuration import GuardKind
from attrflow.model.connector_space import CSObject, import_hologram
from attrflow.model.delta import Image, apply_delta
from attrflow.ports.view import View

__all__ = ["Guarded", "guarded"]

_DISABLED_BIT = 2
_IDENTITY = frozenset(
    {"userprincipalname", "sourceanchor", "immutableid", "onpremisesimmutableid", "ms-ds-consistencyguid"}
)
"""Attributes by which a person signs in, or by which the two directories know each other; folded."""
_NAMES = ("userPrincipalName", "mail", "displayName")
_MEMBERS = frozenset({"member", "uniquemember"})


@dataclass(frozen=True, slots=True)
class Guarded:
    """One object, and how much of one kind of change its pending export holds."""

    kind: GuardKind
    cs_id: int
    dn: str
    count: int
    """1, or the number of members that it loses."""
    of: int = 1
    """1, or the number of members that it has."""
    name: str = ""
    """What people know it by, where its DN says nothing: a UPN, a mail address or a display name."""


def guarded(view: View, ids: Iterable[int]) -> Iterable[Guarded]:
    """What the guard counts among the pending exports of these objects, object by object."""
    for cs_id in ids:
        cso = view.cs(cs_id)
        if cso is None or cso.unapplied is None:
            continue
        if cso.unapplied.operation == "delete":
            yield Guarded("deletes", cso.id, cso.dn, 1, name=_name(import_hologram(cso)))
        elif cso.unapplied.operation == "delete-add":
            yield Guarded("identity-changes", cso.id, cso.dn, 1, name=_name(import_hologram(cso)))
        elif cso.unapplied.operation == "update":
            yield from _of_update(cso)


def _of_update(cso: CSObject) -> Iterable[Guarded]:
    delta = cso.unapplied
    assert delta is not None, "the caller looked"
    before = apply_delta(cso.escrowed, apply_delta(cso.unconfirmed, import_hologram(cso)))
    if delta.attributes:
        after = apply_delta(delta, before)
        if _disabled(after) and not _disabled(before):
            yield Guarded("disables", cso.id, cso.dn, 1, name=_name(before))
        changed = {name for name in delta.attributes if name.casefold() in _IDENTITY}
        if any(before.attributes.get(n) and before.attributes.get(n) != after.attributes.get(n) for n in changed):
            yield Guarded("identity-changes", cso.id, cso.dn, 1, name=_name(before))
    names = [name for name in delta.references if name.casefold() in _MEMBERS]
    removed = sum(len(delta.references[name].removed) for name in names)
    if removed:
        there = sum(before.references[name].count for name in names if name in before.references)
        yield Guarded("membership-removals", cso.id, cso.dn, removed, there, _name(before))


def _name(image: Image) -> str:
    for wanted in _NAMES:
        if values := image.attributes.get(wanted):
            return str(values[0])
    return ""


def _disabled(image: Image) -> bool:
    """Whether the account may not sign in: accountEnabled is false, or bit 2 of userAccountControl is set."""
    for name, values in image.attributes.items():
        folded = name.casefold()
        if folded == "accountenabled" and values and values[0] in (False, "False", "false", "FALSE"):
            return True
        if folded == "useraccountcontrol" and values:
            number = values[0] if isinstance(values[0], int) else None
            if number is None and isinstance(values[0], str) and values[0].lstrip("-").isdecimal():
                number = int(values[0])
            if number is not None and number & _DISABLED_BIT:
                return True
    return False
