"""What rules read: one object as scope filters, joins and expressions see it.

`CSReading` is a connector-space object for inbound rules: the newest known state, with exports that
are still pending (documented), and `imported` for what an import has confirmed. `MVReading` is a
metaverse object for outbound rules to one connector. Both are the expression language's context.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from attrflow.expr import Many, Scalar
from attrflow.model.connector_space import CSObject, export_hologram, import_hologram
from attrflow.model.delta import Image
from attrflow.model.metaverse import MVObject
from attrflow.model.names import DistinguishedName, InvalidName, dn_key, parse_dn
from attrflow.model.references import NO_REFERENCES, ReferenceSet
from attrflow.model.schema import AttributeType, ObjectType
from attrflow.model.values import NO_VALUES, Reference, Values
from attrflow.ports.view import View
from attrflow.ports.world import World

__all__ = ["CSReading", "MVReading", "Moment", "Reading"]

_EMPTY_TYPE = ObjectType("", {})


@dataclass(frozen=True, slots=True)
class Moment:
    """The time at which one object is synchronized, read once (DECISIONS 8), and the world for the rest."""

    at: datetime
    world: World
    run: int


class Reading:
    """One object under evaluation: the expression language's context, and what scope and joins ask."""

    __slots__ = ("_moment", "_parameters", "_type", "observed")

    def __init__(self, type_: ObjectType | None, parameters: Mapping[str, str], moment: Moment) -> None:
        self._type = type_ or _EMPTY_TYPE
        self._parameters = parameters
        self._moment = moment
        self.observed: list[tuple[int, object]] = []

    def values(self, name: str) -> Values:
        """The attribute's short values; references are not among them."""
        raise NotImplementedError  # the two readings below are the only ones

    def references(self, name: str) -> ReferenceSet:
        """The targets of a reference attribute."""
        raise NotImplementedError

    def names(self) -> Iterator[str]:
        """The attributes that have a value, but for `dn`."""
        raise NotImplementedError

    def member_of(self, group_dn: str) -> bool | None:
        """Whether the object is a member of the group with that DN; None when there is no such group."""
        raise NotImplementedError

    def attribute_type(self, name: str) -> AttributeType | None:
        """What the schema says of the attribute."""
        return self._type.attribute(name)

    def attribute(self, name: str) -> Scalar | Many | None:
        """The attribute as an expression sees it: None, one value, or a tuple when multi-valued by schema."""
        return self._shaped(name, self.values(name), self.references(name))

    def _shaped(self, name: str, values: Values, references: ReferenceSet) -> Scalar | Many | None:
        type_ = self._type.attributes.get(name)
        shown: Many = values
        if references.count:
            shown = tuple(self.named(target) for target in sorted(references))
        if not shown:
            return None
        if len(shown) > 1 or (type_ is not None and type_.multi):
            return shown
        return shown[0]

    def named(self, target: int) -> Scalar:
        """A reference as an expression sees it: by the name of what it points to, where it has one here."""
        return Reference(target)

    def reference_of(self, name: DistinguishedName) -> int | None:
        """The id of the object of that name, the opposite of `named`; None when there is none."""
        raise NotImplementedError

    def imported(self, name: str) -> Scalar | Many | None:
        """The attribute as an import has confirmed it; outbound, the metaverse has no other state."""
        return self.attribute(name)

    def count(self, name: str) -> int:
        """How many values the attribute has, without loading references."""
        return len(self.values(name)) or self.references(name).count

    def parameter(self, name: str) -> str | None:
        """A configuration parameter, or None when there is none of that name."""
        return self._parameters.get(name)

    def now(self) -> datetime:
        """The moment of this object's synchronization."""
        return self._moment.at

    def guid(self) -> str:
        """A new GUID."""
        return self._moment.world.guid()

    def random(self, low: int, high: int) -> int:
        """A random integer in [low, high]."""
        return self._moment.world.random(low, high)

    def observe(self, node_id: int, value: object) -> None:
        """Keep what a node of an observed expression gave."""
        self.observed.append((node_id, value))


def _as_synchronized(cso: CSObject) -> CSObject:
    """The object without what only its own synchronization may act on.

    A deletion that is imported but not synchronized is no change of values: recall is what follows from
    it. Nor is anything of an object whose synchronization failed (behaviour.md §1.7).
    """
    pending, error = cso.pending_import, cso.import_error
    if pending is None:
        return cso
    failed = error is not None and error.step != "staging"
    return replace(cso, pending_import=None) if failed or pending.operation in ("delete", "obsolete") else cso


class CSReading(Reading):
    """A connector-space object as inbound rules read it."""

    __slots__ = ("_image", "_imported", "_named", "_view", "cso")

    def __init__(
        self,
        cso: CSObject,
        type_: ObjectType | None,
        parameters: Mapping[str, str],
        moment: Moment,
        view: View,
    ) -> None:
        super().__init__(type_, parameters, moment)
        cso = _as_synchronized(cso)
        self.cso = cso
        self._image = export_hologram(cso)
        self._imported: Image | None = None
        self._view = view
        self._named: dict[str, int] = {}

    def named(self, target: int) -> Scalar:
        """The distinguished name of the object in the same connector space, which expressions can take apart."""
        found = self._view.cs(target)
        if found is None:
            return Reference(target)
        try:
            name = parse_dn(found.dn)
        except InvalidName:
            return Reference(target)
        self._named[name.key] = target
        return name

    def reference_of(self, name: DistinguishedName) -> int | None:
        """The object of that name in the same connector space."""
        if (known := self._named.get(name.key)) is not None:
            return known
        found = self._view.cs_by_dn(self.cso.connector, name.key)
        return found.id if found is not None else None

    def values(self, name: str) -> Values:
        """The attribute's short values; `dn` is the object's distinguished name."""
        if name == "dn":
            return (self.cso.dn,)
        return self._image.attributes.get(name, NO_VALUES)

    def references(self, name: str) -> ReferenceSet:
        """The targets of a reference attribute, as connector-space ids."""
        return self._image.references.get(name, NO_REFERENCES)

    def names(self) -> Iterator[str]:
        """The attributes that have a value, but for `dn`."""
        yield from self._image.attributes
        yield from self._image.references

    def imported(self, name: str) -> Scalar | Many | None:
        """The attribute without the exports that no import has confirmed yet."""
        if self._imported is None:
            self._imported = import_hologram(self.cso)
        values = self._imported.attributes.get(name, NO_VALUES)
        return self._shaped(name, values, self._imported.references.get(name, NO_REFERENCES))

    def awaits_confirmation(self, name: str) -> bool:
        """Whether the imported value differs from the newest one, because an export is not confirmed yet."""
        return self.imported(name) != self.attribute(name)

    def member_of(self, group_dn: str) -> bool | None:
        """Whether a group of the same connector space has the object as a direct member."""
        try:
            group = self._view.cs_by_dn(self.cso.connector, dn_key(group_dn))
        except InvalidName:
            return None
        if group is None or group.kind == "placeholder":
            return None
        return any(self.cso.id in targets for targets in export_hologram(group).references.values())


class MVReading(Reading):
    """A metaverse object as outbound rules to one connector read it."""

    __slots__ = ("mvo",)

    def __init__(self, mvo: MVObject, type_: ObjectType | None, parameters: Mapping[str, str], moment: Moment) -> None:
        super().__init__(type_, parameters, moment)
        self.mvo = mvo

    def values(self, name: str) -> Values:
        """The attribute's short values."""
        attribute = self.mvo.attributes.get(name)
        return attribute.values if attribute is not None else NO_VALUES

    def references(self, name: str) -> ReferenceSet:
        """The targets of a reference attribute, as metaverse ids."""
        here = self.mvo.references.get(name)
        return here.targets if here is not None else NO_REFERENCES

    def reference_of(self, name: DistinguishedName) -> int | None:  # noqa: ARG002 - the metaverse has no names
        """Metaverse objects have no distinguished name: there is none to find."""
        return None

    def names(self) -> Iterator[str]:
        """The attributes that have a value."""
        yield from self.mvo.attributes
        yield from self.mvo.references

    def member_of(self, group_dn: str) -> bool | None:  # noqa: ARG002 - a connector-space question: no answer here
        """Membership is asked of connector-space objects only: outbound there is no such group."""
        return None
