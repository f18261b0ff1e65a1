"""Which of the objects that were read are the one that the case is about, its counterparts, and whom it refers to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from attrflow.app.reproduction.circle import Circle, anchors_of, entra_dn, key_of, source_anchors
from attrflow.app.reproduction.rules_home import CaseConnector, RulesHome
from attrflow.importers.customer_state import (
    CloudObject,
    CustomerState,
    DirectoryObject,
    MetaverseRecord,
    SpaceObject,
    attribute_of,
)
from attrflow.model.errors import Ambiguous, NotFound
from attrflow.model.values import Value, Values

__all__ = ["Person", "connector_of", "learn_connectors", "select"]

_SHOWN_MAX = 5


@dataclass(frozen=True, slots=True)
class Person:
    """One on-premises object (not only persons) with everything that was read of it."""

    dn: str
    connector: CaseConnector | None
    entry: DirectoryObject | None = None
    space: SpaceObject | None = None
    cloud_space: SpaceObject | None = None
    record: MetaverseRecord | None = None
    cloud: CloudObject | None = None
    anchors: tuple[str, ...] = field(default=())

    @property
    def type(self) -> str:
        """The object type as the directory has it."""
        for found in (self.entry, self.space):
            if found is not None and found.type:
                return found.type
        return "user"

    @property
    def attributes(self) -> Mapping[str, Values]:
        """What the directory holds: its own entry, else what the sync server imported last; references are DNs."""
        if self.entry is not None:
            return self.entry.attributes
        if self.space is None:
            return {}
        image = self.space.image("pending-import")
        return {**image.attributes, **image.references}

    @property
    def cloud_dn(self) -> str | None:
        """The DN of its counterpart in the Entra connector space, as far as it is known."""
        if self.cloud_space is not None:
            return self.cloud_space.dn
        immutable = self.cloud.properties.get("onPremisesImmutableId") if self.cloud is not None else None
        if isinstance(immutable, str) and immutable:
            return entra_dn(immutable)
        return entra_dn(self.anchors[0]) if self.anchors else None


def connector_of(home: RulesHome, space: SpaceObject) -> CaseConnector | None:
    """The connector whose space an object is in: by id, by name, by DN, or the only one that it can be."""
    connectors = list(home.connectors.values())
    for own in connectors:
        if space.connector_id is not None and own.id == space.connector_id:
            return own
    for own in connectors:
        if space.connector_name and space.connector_name.casefold() in (
            own.name.casefold(),
            (own.server_name or "").casefold(),
        ):
            return own
    entra = space.dn.upper().startswith("CN={")
    return _by_dn(connectors, space.dn, entra=entra)


def _by_dn(connectors: Sequence[CaseConnector], dn: str, *, entra: bool) -> CaseConnector | None:
    fitting = [one for one in connectors if (one.schema == "entra") == entra]
    held = [one for one in fitting if one.context_of(dn) is not None]
    if len(held) == 1 or len(fitting) == 1:
        return (held or fitting)[0]
    named = [one for one in fitting if f"dc={one.name.casefold()}," in f"{dn.casefold()},"]
    return next(iter(named or fitting), None)


def learn_connectors(home: RulesHome, state: CustomerState) -> None:
    """Take over from the files what the rules do not say of connectors: the id and the name that the server has."""
    seen: list[tuple[str, str | None, str | None]] = []
    for space in state.spaces:
        seen.append((space.dn, space.connector_id, space.connector_name))
        seen += [(s.dn, s.connector_id, s.connector_name) for s in space.siblings]
    seen += [(s.dn, s.connector_id, s.connector_name) for record in state.metaverse for s in record.links]
    for dn, id_, name in seen:
        if key_of(dn) is None or not (id_ or name):
            continue
        one = _by_dn(list(home.connectors.values()), dn, entra=dn.upper().startswith("CN={"))
        if one is not None and (one.id is None or one.server_name is None):
            home.connectors[one.name] = replace(one, id=one.id or id_, server_name=one.server_name or name)


def select(home: RulesHome, state: CustomerState, name: str) -> tuple[Person, tuple[Person, ...]]:
    """The object of that name, and those that its reference attributes name, as far as files have them.

    Raises:
        NotFound: no file has an object of that name.
        Ambiguous: a name fits several objects.
    """
    circle = Circle(name)
    size = -1
    while circle.size != size:
        size = circle.size
        circle.learn([*state.directory, *state.spaces, *state.metaverse], ())
    return _Selection(home, state, circle).people()


class _Selection:
    def __init__(self, home: RulesHome, state: CustomerState, circle: Circle) -> None:
        self.home = home
        self.state = state
        self.circle = circle
        self.entries = {key: one for one in reversed(state.directory) if (key := key_of(one.dn)) is not None}
        self.spaces: dict[str, SpaceObject] = {}
        self.cloud_spaces: list[SpaceObject] = []
        for one in state.spaces:
            connector = connector_of(home, one)
            if connector is not None and connector.schema == "entra":
                self.cloud_spaces.append(one)
            elif (key := key_of(one.dn)) is not None:
                self.spaces.setdefault(key, one)

    def people(self) -> tuple[Person, tuple[Person, ...]]:
        own = self._person(self._dn())
        others = []
        for dn in self._targets(own):
            key = key_of(dn)
            if key in self.entries or key in self.spaces:
                others.append(self._person(dn))
        return own, tuple(others)

    def _dn(self) -> str:
        """The DN of the on-premises object that is meant; that of the tenant's where there is no other."""
        found: dict[str, str] = {}
        own: list[DirectoryObject | SpaceObject] = [*self.entries.values(), *self.spaces.values()]
        for one in own:
            if self.circle.is_own(one) and (key := key_of(one.dn)) is not None:
                found.setdefault(key, one.dn)
        if len(found) > 1:
            lines = [f"  {dn}" for dn in found.values()]
            raise Ambiguous(f"{self.circle.name} fits {len(found)} objects.", lines, help="Name one by its DN.")
        if found:
            return next(iter(found.values()))
        for space in self.cloud_spaces:
            if key_of(space.dn) in self.circle.own or self.circle.is_own(space):
                return space.dn
        linked = [
            link.dn for record in self.state.metaverse for link in record.links if key_of(link.dn) in self.circle.own
        ]
        graph = [
            str(c.properties.get("onPremisesDistinguishedName") or "") for c in self.state.cloud if self.circle.fits(c)
        ]
        for dn in (*linked, *graph):
            if key_of(dn) is not None:
                return dn
        raise NotFound(self._nothing(), help="Name it by its DN, as the files have it.")

    def _nothing(self) -> str:
        dns = [*(one.dn for one in self.state.directory), *(one.dn for one in self.state.spaces)]
        there = f" They have {', '.join(dns[:_SHOWN_MAX])}" if dns else " They have none"
        return f"No file has an object {self.circle.name}.{there}{', …' if len(dns) > _SHOWN_MAX else ''}."

    def _person(self, dn: str) -> Person:
        key = key_of(dn)
        entry, space = self.entries.get(key or ""), self.spaces.get(key or "")
        attributes = (
            entry.attributes if entry is not None else space.image("pending-import").attributes if space else {}
        )
        anchors = source_anchors(attributes)
        record = self._record(dn, space)
        cloud_space = self._cloud_space(dn, space, record, anchors)
        if cloud_space is not None:
            anchors = tuple(dict.fromkeys((*anchors_of(cloud_space), *anchors)))
            record = record or self._record(dn, cloud_space)
        if dn.upper().startswith("CN={"):
            connector = None
        elif space is not None:
            connector = connector_of(self.home, space)
        else:
            connector = _by_dn(list(self.home.connectors.values()), dn, entra=False)
        cloud = self._cloud(dn, cloud_space, anchors, attributes)
        return Person(dn, connector, entry, space, cloud_space, record, cloud, anchors)

    def _record(self, dn: str, space: SpaceObject | None) -> MetaverseRecord | None:
        key = key_of(dn)
        for record in self.state.metaverse:
            if space is not None and space.mv_id is not None and record.id == space.mv_id:
                return record
            if any(key_of(link.dn) == key or (space is not None and link.id == space.id) for link in record.links):
                return record
        own = key in self.circle.own
        alone = len(self.state.metaverse) == 1 and not self.state.metaverse[0].links and own
        return self.state.metaverse[0] if alone else None

    def _cloud_space(
        self, dn: str, space: SpaceObject | None, record: MetaverseRecord | None, anchors: tuple[str, ...]
    ) -> SpaceObject | None:
        key = key_of(dn)
        siblings = {key_of(s.dn) for s in (*(space.siblings if space else ()), *(record.links if record else ()))}
        for one in self.cloud_spaces:
            own = key_of(one.dn)
            linked = space is not None and space.mv_id is not None and one.mv_id == space.mv_id
            if own == key or linked or own in siblings or any(key_of(sibling.dn) == key for sibling in one.siblings):
                return one
        expected = {key_of(entra_dn(anchor)) for anchor in anchors}
        return next(
            (
                one
                for one in self.cloud_spaces
                if key_of(one.dn) in expected or not set(anchors).isdisjoint(anchors_of(one))
            ),
            None,
        )

    def _cloud(
        self, dn: str, space: SpaceObject | None, anchors: tuple[str, ...], attributes: Mapping[str, Values]
    ) -> CloudObject | None:
        names: set[Value] = set(anchors)
        ids = set()
        if space is not None:
            image = space.image("pending-export").attributes
            ids = {str(value).partition("_")[2] for value in attribute_of(image, "cloudAnchor")}
        upns = {str(value).casefold() for value in attribute_of(attributes, "userPrincipalName")}
        for one in self.state.cloud:
            if one.properties.get("onPremisesImmutableId") in names or one.id in ids:
                return one
            if key_of(str(one.properties.get("onPremisesDistinguishedName") or "")) == key_of(dn):
                return one
        for one in self.state.cloud:
            if str(one.properties.get("userPrincipalName")).casefold() in upns:
                return one
        return None

    def _targets(self, person: Person) -> Iterator[str]:
        """The DNs that the object's attributes name, each once."""
        seen: set[str] = set()
        for values in person.attributes.values():
            for value in values:
                if not isinstance(value, str) or "=" not in value:
                    continue
                key = key_of(value)
                if key is not None and key not in seen and key != key_of(person.dn):
                    seen.add(key)
                    yield value
