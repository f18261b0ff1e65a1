"""What a simulation compares: a store without ids and runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from attrflow.model.connector_space import CSObject
from attrflow.model.metaverse import MVObject
from attrflow.model.provenance import Origin
from attrflow.model.values import Values

if TYPE_CHECKING:
    from tests.properties.company import Company

MANY = 10_000


def all_cs(lab: Company) -> list[CSObject]:
    """Every staging object."""
    found = [lab.store.cs(i) for name in lab.configurations for i in lab.store.cs_ids(name, limit=MANY)]
    return [cso for cso in found if cso is not None]


def all_mv(lab: Company) -> tuple[MVObject, ...]:
    """Every metaverse object."""
    return lab.store.find_mv("", limit=MANY)


def leaving(cso: CSObject) -> bool:
    """Whether an import took the object for deleted, or for out of scope."""
    return cso.pending_import is not None and cso.pending_import.operation in ("delete", "obsolete")


def failed(lab: Company) -> list[CSObject]:
    """The objects with a stored error."""
    return [cso for cso in all_cs(lab) if cso.import_error is not None or cso.export_error is not None]


def names(lab: Company) -> dict[int, str]:
    """Metaverse objects by the names of what is linked to them, which are the same in every store."""
    return {mvo.id: "+".join(sorted(map(_name, linked(lab, mvo.id)))) for mvo in all_mv(lab)}


def linked(lab: Company, mv_id: int) -> Iterator[CSObject]:
    for cs_id in lab.store.linked(mv_id):
        cso = lab.store.cs(cs_id)
        assert cso is not None, f"a link from #{mv_id} to #{cs_id}, which is gone"
        yield cso


def _name(cso: CSObject) -> str:
    return f"{cso.connector}:{cso.dn_key}"


def metaverse(lab: Company) -> dict[str, object]:
    """Values, origins and references of every metaverse object."""
    known = names(lab)
    assert len(set(known.values())) == len(known), "two metaverse objects with the same objects"
    found: dict[str, object] = {}
    for mvo in all_mv(lab):
        found[known[mvo.id]] = (
            mvo.object_type,
            {n: (_values(a.values, a.provenance.per_value), a.provenance.origin) for n, a in mvo.attributes.items()},
            {n: (sorted(known[t] for t in r.targets), r.provenance.origin) for n, r in mvo.references.items()},
        )
    return found


def _values(values: Values, origins: tuple[Origin, ...] | None) -> object:
    """The values as a set: the order of what a directory shows says nothing."""
    return sorted(zip(map(repr, values), map(repr, origins), strict=True)) if origins else sorted(map(repr, values))


def exports(lab: Company) -> dict[str, object]:
    """Every pending export."""
    found: dict[str, object] = {}
    for cso in all_cs(lab):
        if (delta := cso.unapplied) is not None:
            shifts = {
                n: (sorted(_of(lab, i) for i in s.added), sorted(_of(lab, i) for i in s.removed))
                for n, s in delta.references.items()
            }
            attributes = {
                n: (d.operation, sorted(map(repr, d.added)), sorted(map(repr, d.removed)))
                for n, d in delta.attributes.items()
            }
            found[_name(cso)] = (delta.operation, delta.new_dn, attributes, shifts)
    return found


def _of(lab: Company, cs_id: int) -> str:
    cso = lab.store.cs(cs_id)
    assert cso is not None, f"something refers to #{cs_id}, which is gone"
    return _name(cso)


def state(lab: Company) -> dict[str, object]:
    """All that a synchronization decides."""
    return {
        "metaverse": metaverse(lab),
        "exports": exports(lab),
        "rules": {_name(c): c.applied_rules for c in all_cs(lab)},
        "errors": {_name(c): c.import_error.type for c in all_cs(lab) if c.import_error is not None},
        "held": sorted(
            (_of(lab, h.owner), h.attribute, _of(lab, h.target))
            for c in all_cs(lab)
            for h in lab.store.held_by(c.id, inbound=True)
        ),
    }


def staged_deletes(lab: Company) -> list[str]:
    """What is to be deleted, by name."""
    gone = ("delete", "delete-add")
    return sorted(_name(c) for c in all_cs(lab) if c.unapplied is not None and c.unapplied.operation in gone)


def agree(one: object, other: object, what: str) -> None:
    """Raises where two of these pictures differ, with every difference on a line."""
    found = differences(one, other)
    if found:
        raise AssertionError("\n  ".join((what, *found)))


def differences(one: object, other: object, where: str = "") -> list[str]:
    """What two of these pictures do not agree on, a line each."""
    if isinstance(one, dict) and isinstance(other, dict):
        shared = sorted(map(str, {*one, *other}))
        return [found for name in shared for found in differences(one.get(name), other.get(name), f"{where} {name}")]
    return [] if one == other else [f"{where.strip()}: {one} / {other}".replace("\x00", ",")]
