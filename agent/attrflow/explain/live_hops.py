"""Hops 1 and 7: the values as the directory and the tenant hold them now, beside what attrflow knows."""

from __future__ import annotations

from attrflow.explain.attribute_way import AttributeWay
from attrflow.explain.documents import NOTHING, Shown, ShownValue
from attrflow.explain.facts import SHOWN_VALUES, Facts
from attrflow.explain.hops import CloudHop, DirectoryHop, LiveAttribute
from attrflow.explain.live import CloudReader, DirectoryReader, LiveRead
from attrflow.model.connector_space import CSObject, export_hologram, import_hologram
from attrflow.model.delta import Image
from attrflow.model.entry import ReferenceTarget
from attrflow.model.errors import AttrflowError
from attrflow.model.names import InvalidName, dn_key
from attrflow.model.reference_names import name_dn, names_borne
from attrflow.model.references import NO_REFERENCES
from attrflow.model.values import NO_VALUES, Values, display, folded, same_values

__all__ = ["cloud_hop", "directory_hop"]


def directory_hop(facts: Facts, cso: CSObject, way: AttributeWay, reader: DirectoryReader | None) -> DirectoryHop:
    """The source attributes as the directory holds them now, if somebody can read them."""
    known = import_hologram(cso)
    attributes, gone = [], False
    for name in way.sources:
        if name == "dn":
            continue
        live = _read(reader, cso, name, "the directory was not asked")
        gone = gone or not live.found
        unread = live.unread if live.found else "the directory does not hold the object any more"
        differs = unread is None and not _same(facts, cso.connector, live, known, name)
        attributes.append(LiveAttribute(name, _shown(facts, cso.connector, live), unread, differs))
    note = "The directory does not hold the object any more, or the account may not read it." if gone else None
    return DirectoryHop(cso.connector, cso.dn, tuple(attributes), note)


def cloud_hop(
    facts: Facts, connector: str, cso: CSObject | None, way: AttributeWay, reader: CloudReader | None
) -> CloudHop:
    """The value that the tenant shows now, if somebody can read it."""
    name = way.target(connector)
    if cso is None:
        return CloudHop(connector, None, name, unread=f"there is no object in {connector}")
    if cso.anchor is None:
        return CloudHop(connector, None, name, unread="the object was never exported")
    if name is None:
        return CloudHop(connector, cso.anchor, None, unread="no rule says which attribute it would be")
    live = _read(reader, cso, name, "the tenant was not asked")
    unread = live.unread if live.found else "the tenant does not hold the object any more"
    exported = export_hologram(cso)
    kept = live.calculated and _holds(live, exported.attributes.get(name, NO_VALUES))
    differs = unread is None and not kept and not _same(facts, connector, live, exported, name)
    verified = tuple(sorted(live.verified_domains)) if live.verified_domains is not None else None
    return CloudHop(
        connector,
        cso.anchor,
        name,
        _shown(facts, connector, live),
        live.name,
        unread,
        differs,
        live.note,
        live.quarantined,
        verified,
    )


def _read(reader: DirectoryReader | None, cso: CSObject, name: str, silent: str) -> LiveRead:
    if reader is None:
        return LiveRead(unread=silent)
    try:
        return reader(cso, name)
    except AttrflowError as error:
        return LiveRead(unread=error.message)


def _shown(facts: Facts, connector: str, live: LiveRead) -> Shown:
    if live.values:
        return facts.shown(live.values, NO_REFERENCES, "cs")
    if live.references:
        shown = tuple(_target(facts, connector, target) for target in live.references[:SHOWN_VALUES])
        return Shown(shown, len(live.references))
    return NOTHING


def _target(facts: Facts, connector: str, target: ReferenceTarget) -> ShownValue:
    cso = _known(facts, connector, target)
    if target.by is not None:
        missing = cso is None or cso.kind == "placeholder"
        note = f"no object bears this {target.by}" if missing else cso.dn if cso is not None else None
        return ShownValue("reference", target.dn, cso.id if cso is not None else None, note)
    if cso is None:
        return ShownValue("reference", target.dn or target.anchor or "", note="not in the connector space")
    name = facts.cs_name(cso)
    return ShownValue("reference", name, cso.id, cso.dn if name != cso.dn else None)


def _known(facts: Facts, connector: str, target: ReferenceTarget) -> CSObject | None:
    if target.anchor is not None:
        found = facts.store.cs_by_anchor(connector, target.anchor)
        if found is not None:
            return found
    if target.by is not None:
        return _by_name(facts, connector, target.by, target.dn)
    try:
        return facts.store.cs_by_dn(connector, dn_key(target.dn)) if target.dn else None
    except InvalidName:
        return None


def _by_name(facts: Facts, connector: str, by: str, name: str) -> CSObject | None:
    """What a name leads to: the only object that bears it, else its placeholder, if something refers to that."""
    found = (facts.store.cs(i) for i in facts.store.cs_by_value(connector, None, by, folded(name)))
    bearers = [cso for cso in found if folded(name) in names_borne(cso, by)]
    return bearers[0] if len(bearers) == 1 else facts.store.cs_by_dn(connector, dn_key(name_dn(by, name)))


def _holds(live: LiveRead, exported: Values) -> bool:
    """Whether all that was exported is among the values of an attribute that the service adds to by itself."""
    there = {display(value).casefold() for value in live.values}
    return all(display(value).casefold() in there for value in exported)


def _same(facts: Facts, connector: str, live: LiveRead, known: Image, name: str) -> bool:
    """Whether the directory's values are the known ones. A service may give a number or a truth as text."""
    here = known.attributes.get(name, NO_VALUES)
    if here or live.values:
        return same_values(here, live.values) or sorted(map(display, here)) == sorted(map(display, live.values))
    targets = known.references.get(name, NO_REFERENCES)
    if targets.count != len(live.references):
        return False
    return all((cso := _known(facts, connector, t)) is not None and cso.id in targets for t in live.references)
