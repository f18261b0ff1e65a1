"""What the rules say, said once more: precedence, merging, recall, provisioning (behaviour.md §3.5 to §3.8).

Only the value of a single mapping is the engine's word; which one wins, and what stays, is decided here anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.properties.looking import all_mv, linked

from attrflow.engine.flow import Contribution, contribute
from attrflow.engine.plan import ObjectFailure
from attrflow.engine.program import CompiledMapping, CompiledRule
from attrflow.engine.reading import Moment, Reading
from attrflow.engine.reference import Translation, to_connector, to_metaverse
from attrflow.engine.work import Work, provisioned_by
from attrflow.engine.working_set import WorkingSet
from attrflow.model.connector_space import CSObject, export_hologram
from attrflow.model.metaverse import MVObject
from attrflow.model.names import dn_key
from attrflow.model.provenance import Origin
from attrflow.model.values import Values, canonical
from attrflow.rules.rule import Rule, ScopeClause

if TYPE_CHECKING:
    from tests.properties.company import Company

__all__ = ["check_against_the_rules", "must_stay"]

Held = tuple[Counter[object], Origin | None, dict[object, Origin] | None]
"""Values with their number, the origin of the attribute, and where it is merged that of each value."""


def check_against_the_rules(lab: Company) -> None:
    """Every attribute, link and export is what the rules give; objects with an error are left out."""
    judge = _Judge(lab)
    for mvo in all_mv(lab):
        objects = list(linked(lab, mvo.id))
        if mvo.retry or any(cso.import_error is not None for cso in objects):
            continue  # what an object with an error holds is from before
        judge.inbound(mvo, objects)
        for connector in lab.writable:
            judge.outbound(mvo, connector, next((c for c in objects if c.connector == connector), None))


def must_stay(lab: Company, mvo: MVObject, name: str, origin: Origin) -> bool:
    """Whether an attribute of that origin may not vanish: IgnoreThisFlow keeps it, or it was to be given only once."""
    objects = list(linked(lab, mvo.id))
    if mvo.retry or any(cso.import_error is not None for cso in objects):
        return False
    offers = sorted(_Judge(lab).offers(mvo, objects).get(name, []), key=lambda offer: offer.order)
    ignored = False
    for offer in offers:
        if offer.mapping.mapping.execute_once:
            if offer.mapping.origin == origin:
                return True
            continue
        try:
            word = offer.given().word
        except ObjectFailure:
            return False
        if word != "ignore":
            return False
        ignored = True
    return ignored and origin in {offer.mapping.origin for offer in offers}


@dataclass(frozen=True)
class _Offer:
    mapping: CompiledMapping
    reading: Reading
    translate: Translation
    step: str

    @property
    def order(self) -> tuple[int, int]:
        return self.mapping.rule.precedence, self.mapping.mapping.id.ordinal

    def given(self) -> Contribution:
        return contribute(self.mapping, self.reading, self.translate, 448, self.step)


class _Judge:
    def __init__(self, lab: Company) -> None:
        self._lab = lab
        self._program = lab.program()
        self._working = WorkingSet(lab.store, lab.joins)
        self._work = Work(self._working, self._program, Moment(lab.world.now(), lab.world, 0))

    # -- inbound ----------------------------------------------------------------------------------

    def inbound(self, mvo: MVObject, objects: list[CSObject]) -> None:
        rules = [rule for cso in objects for rule in self._inbound_scope(mvo, cso)]
        assert any(rule.rule.link in ("provision", "sticky-join") for rule in rules), (
            f"#{mvo.id} lives without a reason"
        )
        offers = self.offers(mvo, objects)
        for name in {*offers, *mvo.attributes, *mvo.references}:
            _check(f"#{mvo.id} {name}", offers.get(name, []), _in_metaverse(mvo, name), None)

    def offers(self, mvo: MVObject, objects: list[CSObject]) -> dict[str, list[_Offer]]:
        """The mappings that have a say in each attribute of a metaverse object."""
        offers: dict[str, list[_Offer]] = {}
        for cso in objects:
            for rule in self._inbound_scope(mvo, cso):
                for mapping in rule.mappings if rule.rule.link != "join-no-flow" else ():
                    offer = _Offer(mapping, self._work.cs_reading(cso), to_metaverse(self._working, cso), "import-flow")
                    offers.setdefault(mapping.mapping.destination, []).append(offer)
        return offers

    def _inbound_scope(self, mvo: MVObject, cso: CSObject) -> list[CompiledRule]:
        rules = self._program.inbound(cso.connector, cso.object_type or "")
        found = _in_scope(rules, self._work.cs_reading(cso))
        return [rule for rule in found if rule.rule.target_type == mvo.object_type]

    # -- outbound ---------------------------------------------------------------------------------

    def outbound(self, mvo: MVObject, connector: str, cso: CSObject | None) -> None:
        reading = self._work.mv_reading(mvo, connector)
        rules = _in_scope(self._program.outbound(connector, mvo.object_type), reading)
        made = {rule.rule.target_type for rule in rules if rule.rule.link == "provision"}
        where = f"#{mvo.id} in {connector}"
        if made:
            assert cso is not None, f"{where}: a Provision rule is in scope, and there is no object"
            assert cso.object_type in made, f"{where}: a {cso.object_type}, and {made} are provisioned"
        if cso is None:
            return
        delta = cso.unapplied
        assert delta is None or delta.operation != "delete", f"{where}: linked, and to be deleted"
        own = [rule for rule in rules if rule.rule.target_type == cso.object_type]
        provisioned = provisioned_by(cso) is not None
        assert provisioned == (cso.object_type in made), (
            f"{where}: provisioned {provisioned}, rules in scope for {made}"
        )
        if not any(rule.rule.join or rule.rule.link == "provision" for rule in own):
            return
        offers: dict[str, list[_Offer]] = {}
        for rule in own:
            for mapping in rule.mappings:
                offer = _Offer(mapping, reading, to_connector(self._working, mvo, connector), "export-flow")
                offers.setdefault(mapping.mapping.destination, []).append(offer)
        names = offers.pop("dn", [])
        top = export_hologram(cso)
        for name, given in offers.items():
            stated = cso.provenance.get(name)
            origin = stated.origin if stated is not None else None
            values = Counter(_comparable(top.attributes.get(name, ()), top.references.get(name, ())))
            _check(f"{where} {name}", given, (values, origin, None), values)
        if names and connector != "entra":
            wanted = str(names[0].given().values[0])
            told = delta.new_dn if delta is not None and delta.new_dn is not None else cso.dn
            assert dn_key(told) == dn_key(wanted), f"{where}: called {told}, and the rules say {wanted}"


def _in_scope(rules: Iterable[CompiledRule], reading: Reading) -> list[CompiledRule]:
    return [rule for rule in rules if not rule.rule.disabled and _holds(rule.rule, reading)]


def _holds(rule: Rule, reading: Reading) -> bool:
    return not rule.scope or any(all(_true(clause, reading) for clause in group) for group in rule.scope)


def _true(clause: ScopeClause, reading: Reading) -> bool:
    values = reading.values(clause.attribute)
    same = any(str(value).casefold() == clause.value.casefold() for value in values)
    return {"EQUAL": same, "NOTEQUAL": not same, "ISNOTNULL": bool(values)}[clause.operator]


def _in_metaverse(mvo: MVObject, name: str) -> Held:
    attribute, referring = mvo.attributes.get(name), mvo.references.get(name)
    if attribute is not None:
        values = _comparable(attribute.values, ())
        each = attribute.provenance.per_value
        per = dict(zip(values, each, strict=True)) if each is not None else None
        return Counter(values), attribute.provenance.origin, per
    if referring is not None:
        return Counter(referring.targets), referring.provenance.origin, None
    return Counter(), None, None


def _check(where: str, offers: list[_Offer], held: Held, base: Counter[object] | None) -> None:
    """Whether an attribute holds what the offers give; `base` is what a merge outward may add to."""
    values, origin, per_value = held
    ignored = refused = False
    union: dict[object, tuple[object, Origin]] = {}
    merge = offers[0].mapping.mapping.merge if offers else "update"
    for offer in sorted(offers, key=lambda o: o.order):
        mapping = offer.mapping
        if mapping.mapping.execute_once:
            if origin == mapping.origin:
                return  # it stays; that it never changed is watched
            continue
        given = offer.given()
        ignored, refused = ignored or given.word == "ignore", refused or given.word == "null"
        if given.word == "authoritative-null":
            refused = True
            break
        if given.word != "value":
            continue
        found = _comparable(given.values, given.references)
        if not merge.startswith("merge"):
            assert (values, origin) == (Counter(found), mapping.origin), (
                f"{where} is {dict(values)} of {origin}, and {mapping.rule.name} gives {found}"
            )
            return
        for value in found:
            union.setdefault(_folded(value) if merge.endswith("insensitive") else value, (value, mapping.origin))
    if union:
        wanted = dict(union.values())
        if base is not None:
            assert wanted.keys() <= values.keys(), f"{where} is {dict(values)}, and lacks some of {wanted}"
            return
        assert values == Counter(wanted.keys()), f"{where} is {dict(values)}, and the union is {wanted}"
        assert per_value in (None, wanted), f"{where} says {per_value}, and the values are of {wanted}"
        assert origin == next(iter(wanted.values())), f"{where} is of {origin}, not of the first"
    elif ignored and not refused:
        assert base is not None or not values or origin in {o.mapping.origin for o in offers}, (
            f"{where} was not recalled"
        )
    elif base is None or not merge.startswith("merge"):
        assert not values, f"{where} is {dict(values)}, and nothing gives that"


def _comparable(values: Values, references: Iterable[int]) -> list[object]:
    return [*map(canonical, values)] or [*references]


def _folded(value: object) -> object:
    return (value[0], str(value[1]).casefold()) if isinstance(value, tuple) else value
