"""Objects for the store contract, and a form of them that can be compared with ==."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from attrflow.model.changes import ChangeSet, RunRecord
from attrflow.model.connector_space import CSObject
from attrflow.model.delta import Image
from attrflow.model.metaverse import MVAttribute, MVObject, MVReferences
from attrflow.model.names import dn_key
from attrflow.model.provenance import MappingId, Origin, Provenance
from attrflow.model.references import ReferenceIds, ReferenceSet
from attrflow.model.values import Values
from attrflow.ports.store import Store

BASE = "DC=contoso,DC=test"
ORIGIN = Origin("ad", "6c3a9b50-0000-4000-8000-000000000001", MappingId("mail"))
OTHER_ORIGIN = Origin("hr", "6c3a9b50-0000-4000-8000-000000000002", MappingId("proxyAddresses", 1))


def user(id_: int, name: str = "", *, connector: str = "ad", **rest: Any) -> CSObject:
    """A staging object `CN=name,OU=People,…` with an image that holds its name, unless told otherwise."""
    name = name or f"user{id_}"
    dn = rest.pop("dn", f"CN={name},OU=People,{BASE}")
    rest.setdefault("image", Image({"displayName": (name,)}))
    rest.setdefault("object_type", "user")
    rest.setdefault("partition", BASE)
    return CSObject(id=id_, connector=connector, dn=dn, dn_key=dn_key(dn), **rest)


def placeholder(id_: int, dn: str, *, connector: str = "ad") -> CSObject:
    """A placeholder that only a DN is known of."""
    return CSObject(id_, connector, BASE, dn, dn_key(dn), kind="placeholder")


def person(id_: int, object_type: str = "person", members: ReferenceSet | None = None, **values: Values) -> MVObject:
    """A metaverse object whose values come from `ORIGIN` since run 1."""
    provenance = Provenance(ORIGIN, 1)
    return MVObject(
        id_,
        object_type,
        {name: MVAttribute(held, provenance) for name, held in values.items()},
        {} if members is None else {"member": MVReferences(members, provenance)},
    )


def members(*ids: int) -> Image:
    """An image of a group with these members."""
    return Image({}, {"member": ReferenceIds(ids)})


def put(store: Store, *objects: CSObject | MVObject) -> None:
    """Commit new states of objects."""
    store.commit(
        ChangeSet(
            {one.id: one for one in objects if isinstance(one, CSObject)},
            {one.id: one for one in objects if isinstance(one, MVObject)},
        )
    )


def remove(store: Store, *, cs: tuple[int, ...] = (), mv: tuple[int, ...] = ()) -> None:
    """Commit deletions."""
    store.commit(ChangeSet(dict.fromkeys(cs), dict.fromkeys(mv)))


def start_run(store: Store, connector: str = "ad", **rest: Any) -> RunRecord:
    """A run that has just been started."""
    record = RunRecord(0, connector, "delta-sync", "2026-03-01T08:00:00Z", "rules-1", "configuration-1", **rest)
    return store.start_run(record, "the rules", "the configuration")


def comparable(value: object) -> Any:
    """The value with its types, its dataclasses as mappings and its reference sets as frozen sets."""
    if isinstance(value, ReferenceSet):
        return ("references", value.count, value.digest, frozenset(value))
    if is_dataclass(value) and not isinstance(value, type):
        return (type(value).__name__, {f.name: comparable(getattr(value, f.name)) for f in fields(value)})
    if isinstance(value, Mapping):
        return {key: comparable(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(comparable(item) for item in value)
    return (type(value).__name__, value)


def check_same(left: object, right: object) -> None:
    """Both hold the same, to the type of each value and the order of each tuple."""
    assert comparable(left) == comparable(right)
