"""What a store answers for many keys at once: the questions of `View`, asked in bulk."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from attrflow.model.connector_space import CSObject
from attrflow.model.metaverse import DueReference, HeldReference, MVObject
from attrflow.model.references import ReferenceSet
from attrflow.ports.view import View

__all__ = ["Bulk", "CSValue", "MVValue", "Pair"]

Pair = tuple[str, str]
"""(connector, anchor), (connector, dn_key) or (connector, attribute)."""
CSValue = tuple[str, str | None, str, str]
"""(connector, object type or None for any, attribute, folded value), as `cs_by_value` takes them."""
MVValue = tuple[str | None, str, str]
"""(object type or None for any, attribute, folded value), as `mv_by_value` takes them."""


class Bulk(View, Protocol):
    """What a store answers for many keys at once; what does not exist is left out of the answer."""

    def reading(self) -> AbstractContextManager[None]:
        """All that the block reads is of one moment. Blocks may be nested."""

    def cs_many(self, ids: Collection[int]) -> Mapping[int, CSObject]:
        """The connector-space objects by id."""

    def cs_at_anchors(self, pairs: Collection[Pair]) -> Mapping[Pair, CSObject]:
        """The staging objects by (connector, anchor)."""

    def cs_at_dn_keys(self, pairs: Collection[Pair]) -> Mapping[Pair, CSObject]:
        """The objects by (connector, dn_key)."""

    def cs_at_values(self, keys: Collection[CSValue]) -> Mapping[CSValue, tuple[int, ...]]:
        """Ids of the objects that hold a value in a join attribute, ascending."""

    def mv_at_values(self, keys: Collection[MVValue]) -> Mapping[MVValue, tuple[int, ...]]:
        """Ids of the metaverse objects that hold a value in a join attribute, ascending."""

    def mv_many(self, ids: Collection[int]) -> Mapping[int, MVObject]:
        """The metaverse objects by id."""

    def linked_many(self, mv_ids: Collection[int]) -> Mapping[int, tuple[int, ...]]:
        """Ids of the linked connector-space objects by metaverse id, ascending."""

    def held_by_many(self, owners: Collection[int]) -> Mapping[int, list[HeldReference]]:
        """The held references by owner."""

    def held_for_many(self, targets: Collection[int], *, inbound: bool) -> Mapping[int, list[HeldReference]]:
        """The held references by target."""

    def held_attributes_many(self, owners: Collection[int]) -> Mapping[tuple[int, bool], frozenset[Pair]]:
        """Of which (connector, attribute) references are held, by owner and whether inbound."""

    def due_by_many(self, owners: Collection[int]) -> Mapping[int, list[DueReference]]:
        """The references that are due, by owner."""

    def counterparts_many(self, mv_ids: Collection[int]) -> Mapping[int, Mapping[str, int]]:
        """The objects that metaverse objects are linked to, by connector."""

    def fill(self, sets: Iterable[ReferenceSet]) -> None:
        """Read these sets at once, where they would be read one by one."""

    def highest_id(self) -> int:
        """The highest id that was ever used."""

    def referrers_many(self, targets: Collection[int], *, mv: bool) -> Mapping[int, tuple[int, ...]]:
        """Ids of the referring objects by target, ascending; of metaverse objects with `mv`."""
