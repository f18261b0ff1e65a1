"""What a simulation compares: a store without ids and runs, and where every value comes from."""

from __future__ import annotations

from collections.abc import Iterator

from tests.properties.company import Company

from attrflow.engine.flow import Contribution, contribute
from attrflow.engine.plan import ObjectFailure
from attrflow.engine.program import CompiledMapping, CompiledRule
from attrflow.engine.reading import Moment, Reading
from attrflow.engine.reference import Translation, to_connector, to_metaverse
from attrflow.engine.work import Work
from attrflow.engine.working_set import WorkingSet
from attrflow.model.connector_space import CSObject, export_hologram
from attrflow.model.metaverse import MVObject
from attrflow.model.provenance import Origin, Provenance
from attrflow.model.values import Values, canonical

MANY = 10_000


def all_cs(lab: Company) -> list[CSObject]:
    """Every staging object."""
    found = [lab.store.cs(i) for name in lab.configurations for i in lab.store.cs_ids(name, limit=MANY)]
    return [cso for cso in found if cso is not None]


def all_mv(lab: Company) -> tuple[MVObject, ...]:
    """Every metaverse object."""
    return lab.store.find_mv("", limit=MANY)


def failed(lab: Company) -> list[CSObject]:
    """The objects with a stored error."""
    return [cso for cso in all_cs(lab) if cso.import_error is not None or cso.export_error is not None]


def names(lab: Company) -> dict[int, str]:
    """Metaverse objects by the names of what is linked to them, which are the same in every store."""
    return {mvo.id: "+".join(sorted(map(_name, _linked(lab, mvo.id)))) for mvo in all_mv(lab)}


def _linked(lab: Company, mv_id: int) -> Iterator[CSObject]:
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


# -- provenance -----------------------------------------------------------------------------------


def check_provenance(lab: Company) -> None:
    """Every value is what the mapping that it names gives when it is evaluated now."""
    program = lab.program()
    working = WorkingSet(lab.store, lab.joins)
    work = Work(working, program, Moment(lab.world.now(), lab.world, 0))
    for mvo in all_mv(lab):
        linked = list(_linked(lab, mvo.id))
        if any(cso.import_error is not None for cso in linked):
            continue  # what an object with an error holds is from before
        for cso in linked:
            rules = program.inbound(cso.connector, cso.object_type or "")
            translate = to_metaverse(working, cso)
            given = _Given(rules, work.cs_reading(cso), translate, "import-flow")
            for name, held in mvo.attributes.items():
                given.check(name, held.values, held.provenance, cso.connector)
            for name, referring in mvo.references.items():
                targets = tuple(sorted(referring.targets))
                given.check(name, targets, referring.provenance, cso.connector)
            given = _Given(
                program.outbound(cso.connector, mvo.object_type),
                work.mv_reading(mvo, cso.connector),
                to_connector(working, mvo, cso.connector),
                "export-flow",
            )
            top = export_hologram(cso)
            for name, provenance in cso.provenance.items():
                if provenance.origin is not None:
                    held_there = top.attributes.get(name) or tuple(sorted(top.references.get(name, ())))
                    given.check(name, held_there, provenance, cso.connector)


class _Given:
    """What the mappings of one object's rules give now."""

    def __init__(self, rules: tuple[CompiledRule, ...], reading: Reading, translate: Translation, step: str) -> None:
        self._mappings: dict[Origin, CompiledMapping] = {m.origin: m for r in rules for m in r.mappings}
        self._reading = reading
        self._translate = translate
        self._step = step

    def check(self, name: str, held: Values, provenance: Provenance, connector: str) -> None:
        each = provenance.per_value or (provenance.origin,) * len(held)
        assert len(each) == len(held), f"{name}: {len(held)} values of {len(each)} origins"
        for value, origin in zip(held, each, strict=True):
            if origin is None or origin.connector != connector:
                continue
            given = self._contribution(origin)
            if given.word == "ignore":
                continue  # the value stands since before
            values = given.values or tuple(given.references)
            assert canonical(value) in map(canonical, values), f"{name}: {value!r} is not what {origin} gives: {values}"
            if provenance.per_value is None:
                assert len(values) == len(held), f"{name}: {held!r} is not what {origin} gives: {values}"

    def _contribution(self, origin: Origin) -> Contribution:
        mapping = self._mappings[origin]
        if mapping.mapping.execute_once:
            return Contribution("ignore")
        try:
            return contribute(mapping, self._reading, self._translate, 448, self._step)
        except ObjectFailure as failure:
            raise AssertionError(f"{origin} gave a value and fails now: {failure.detail}") from failure
