"""The read-only view of the store that engine, rules and expr may see."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from attrflow.model.connector_space import CSObject
from attrflow.model.metaverse import DueReference, HeldReference, MVObject

__all__ = ["Prefetched", "Reads", "View"]


class View(Protocol):
    """Objects and links as of one moment. Every method answers for one object or one key."""

    def cs(self, id_: int) -> CSObject | None:
        """The connector-space object, or None."""

    def cs_by_anchor(self, connector: str, anchor: str) -> CSObject | None:
        """The object (placeholders too) with that anchor, or None."""

    def cs_by_dn(self, connector: str, dn_key: str) -> CSObject | None:
        """The object (placeholders too) with that dn_key, or None; a transient keeps no claim to a DN."""

    def cs_by_value(self, connector: str, object_type: str | None, attribute: str, folded: str) -> tuple[int, ...]:
        """Ids of objects whose export hologram holds the folded value in a join attribute, ascending.

        Only attributes that the store was told of as join attributes can be asked for.
        """

    def mv(self, id_: int) -> MVObject | None:
        """The metaverse object, or None."""

    def mv_by_value(self, object_type: str | None, attribute: str, folded: str) -> tuple[int, ...]:
        """Ids of metaverse objects that hold the folded value in a join attribute, ascending."""

    def linked(self, mv_id: int) -> tuple[int, ...]:
        """Ids of the connector-space objects linked to a metaverse object, ascending."""

    def cs_referrers(self, target: int) -> tuple[int, ...]:
        """Ids of connector-space objects that refer to `target` in any layer, ascending."""

    def mv_referrers(self, target: int) -> tuple[int, ...]:
        """Ids of metaverse objects that refer to `target`, ascending."""

    def held_by(self, owner: int, *, inbound: bool | None = None) -> tuple[HeldReference, ...]:
        """The references of one object that are held; `inbound` None: in both directions."""

    def held_for(self, target: int, *, inbound: bool) -> tuple[HeldReference, ...]:
        """The references held for a target: a connector-space id inbound, a metaverse id outbound."""

    def held_attributes(self, owner: int, *, inbound: bool) -> frozenset[tuple[str, str]]:
        """The (connector, attribute) of which an object has references that are held, without reading them."""

    def due_by(self, owner: int) -> tuple[DueReference, ...]:
        """What became of the targets of a metaverse object's references since it last flowed."""

    def links_of(self, cs_ids: Collection[int]) -> Mapping[int, int]:
        """The metaverse objects that connector-space objects are linked to; unlinked ones are left out."""

    def counterparts(self, mv_ids: Collection[int], connector: str) -> Mapping[int, int]:
        """The connector's objects that metaverse objects are linked to; those without one are left out."""

    def descendants(self, connector: str, dn_key: str) -> Iterator[CSObject]:
        """The objects below a DN (the object itself not included), in dn_key order."""


@dataclass(frozen=True, slots=True)
class Reads:
    """What a batch will look up, named without I/O so that the store can answer at once (DECISIONS 2)."""

    cs_ids: Collection[int] = ()
    anchors: Collection[tuple[str, str]] = ()
    dn_keys: Collection[tuple[str, str]] = ()
    mv_ids: Collection[int] = ()
    with_links: bool = False
    """Also the metaverse objects of the named connector-space objects, all that is linked to those, what is due
    by them, and of which attributes references are held."""
    cs_values: Collection[tuple[str, str | None, str, str]] = ()
    """As `cs_by_value` takes them: (connector, type, attribute, folded). What is found is loaded too."""
    mv_values: Collection[tuple[str | None, str, str]] = ()
    """As `mv_by_value` takes them: (type, attribute, folded). What is found is loaded too."""
    with_held: bool = False
    """Also the references held for and by every object that is loaded, inbound and outbound."""
    with_referrers: bool = False
    """Also the ids of the referrers of every object that is loaded, and what those of unlinked ones are linked to."""


class Prefetched(View, Protocol):
    """A view that has at hand what a batch named, and counts in `misses` what it had to fetch one by one."""

    misses: int

    def announce(self, reads: Reads) -> None:
        """Have more at hand: what was found to be needed once the first objects could be looked at."""
