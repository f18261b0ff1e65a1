"""References that are exported by name: what is written, and what waits because its target has none."""

from __future__ import annotations

from attrflow.app.world import SeededWorld
from attrflow.engine.export import escrow_batch
from attrflow.model.changes import ChangeSet
from attrflow.model.configuration import ConnectorConfiguration, Partition
from attrflow.model.connector_space import CSObject
from attrflow.model.delta import Delta, Image
from attrflow.model.entry import OutgoingReferences, ReferenceTarget
from attrflow.model.names import dn_key
from attrflow.model.reference_names import name_dn
from attrflow.model.references import ReferenceDelta, ReferenceIds
from attrflow.model.schema import Schema
from attrflow.model.values import Values
from attrflow.stores.memory import MemoryStore

LDAP = ConnectorConfiguration(
    "ldap",
    "0",
    "openldap",
    (Partition("dc=test"),),
    ("inetOrgPerson", "posixGroup"),
    (),
    reference_by={"memberUid": "uid"},
)
WORLD = SeededWorld()


def person(id_: int, dn: str, *names: str) -> CSObject:
    attributes: dict[str, Values] = {"uid": names} if names else {}
    return CSObject(id_, "ldap", "dc=test", dn, dn_key(dn), "inetOrgPerson", f"a{id_}", image=Image(attributes))


def exported(delta: ReferenceDelta, *others: CSObject, before: frozenset[int] = frozenset()) -> tuple[object, ...]:
    """What is written of the group's memberUid, and why something waits, in the last part of an export."""
    store = MemoryStore()
    dn = "cn=staff,dc=test"
    held = Image({}, {"memberUid": ReferenceIds(before)} if before else {})
    group = CSObject(
        9, "ldap", "dc=test", dn, dn_key(dn), "posixGroup", "g", image=held,
        unapplied=Delta("update", references={"memberUid": delta}),
    )  # fmt: skip
    store.commit(ChangeSet({cso.id: cso for cso in (*others, group)}))
    batch = escrow_batch(store, [9], "references", LDAP, Schema())
    written = [change.references["memberUid"] for change in batch.changes]
    return (*written, *(one.detail for one in batch.blocked))


def by(name: str) -> ReferenceTarget:
    return ReferenceTarget(name, by="uid")


def test_the_name_is_written_and_of_several_the_one_in_the_dn() -> None:
    kari, ola = person(1, "uid=kari,dc=test", "kari"), person(2, "uid=OLA,dc=test", "olan", "ola")
    assert exported(ReferenceDelta(frozenset({1, 2})), kari, ola) == (OutgoingReferences((by("kari"), by("ola"))),)


def test_a_member_is_removed_by_its_name_and_a_name_that_nobody_bears_by_itself() -> None:
    kari = person(1, "uid=kari,dc=test", "kari")
    ghost = CSObject(3, "ldap", "", name_dn("uid", "ghost"), dn_key(name_dn("uid", "ghost")), kind="placeholder")
    removed = ReferenceDelta(removed=frozenset({1, 3}))
    (written,) = exported(removed, kari, ghost, before=frozenset({1, 3}))
    assert written == OutgoingReferences((), (by("kari"), by("ghost")))


def test_who_has_no_name_waits_and_is_told() -> None:
    kari, nameless = person(1, "cn=kari,dc=test", "kari"), person(2, "cn=nameless,dc=test")
    written, why = exported(ReferenceDelta(frozenset({1, 2})), kari, nameless)
    assert written == OutgoingReferences((by("kari"),))
    assert why == "memberUid → cn=nameless,dc=test has no uid to be named by"
