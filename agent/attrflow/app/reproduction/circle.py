"""Whose state it is: the object that a case is about, and whom its own names lead to.

Files may hold a whole directory. What is read of them is the object by any of its names, the objects that
it refers to, and what the sync server and the tenant hold of it.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping

from attrflow.importers.customer_state import CloudObject, DirectoryObject, MetaverseRecord, SpaceObject, attribute_of
from attrflow.model.names import InvalidName, dn_key
from attrflow.model.values import Value

__all__ = ["Circle", "anchors_of", "entra_dn", "key_of", "source_anchors"]

_NAMES = ("userPrincipalName", "mail", "sAMAccountName", "cn", "uid", "displayName")


def key_of(dn: str) -> str | None:
    """The key of a DN; None where the text is none."""
    try:
        return dn_key(dn) or None
    except InvalidName:
        return None


def source_anchors(attributes: Mapping[str, tuple[Value, ...]]) -> tuple[str, ...]:
    """The sourceAnchors that an on-premises object may have, the usual ones first."""
    found: list[str] = []
    for name in ("mS-DS-ConsistencyGuid", "objectGUID"):
        for value in attribute_of(attributes, name):
            if isinstance(value, bytes):
                found.append(base64.b64encode(value).decode("ascii"))
    found += [str(value) for value in attribute_of(attributes, "entryUUID")]
    return tuple(dict.fromkeys(found))


def entra_dn(anchor: str) -> str:
    """The DN that an object with this sourceAnchor has in the Entra connector space."""
    return f"CN={{{anchor.encode('utf-8').hex().upper()}}}"


def anchors_of(space: SpaceObject) -> tuple[str, ...]:
    """The sourceAnchors that a connector-space object names in any of its images."""
    found = [
        v
        for name in ("synchronized", "pending-export")
        for v in attribute_of(space.image(name).attributes, "sourceAnchor")
    ]
    return tuple(dict.fromkeys(map(str, found)))


class Circle:
    """Names that belong to the object, as they become known."""

    def __init__(self, name: str) -> None:
        self.name = name.strip()
        self.keys = {key} if (key := key_of(self.name)) is not None else set()
        """DN keys of the object and of what it refers to."""
        self.own = set(self.keys)
        self.ids: set[str] = set()
        """GUIDs of metaverse objects, connector-space objects and objects of the tenant."""
        self.anchors: set[str] = set()
        self._texts = {self.name.casefold().strip("{}")}

    @property
    def size(self) -> int:
        """How many names are known."""
        return len(self.keys) + len(self.ids) + len(self.anchors)

    # -- whether something belongs to it ----------------------------------------------------------

    def fits(self, one: object) -> bool:
        """Whether an object is the one that is meant, or one that its names lead to."""
        if isinstance(one, DirectoryObject):
            return key_of(one.dn) in self.keys or self._named(one.attributes)
        if isinstance(one, SpaceObject):
            return (
                key_of(one.dn) in self.keys
                or one.id in self.ids
                or (one.mv_id is not None and one.mv_id in self.ids)
                or any(key_of(sibling.dn) in self.keys for sibling in one.siblings)
                or not self.anchors.isdisjoint(anchors_of(one))
                or (not self.own and self._named(one.image("pending-export").attributes))
            )
        if isinstance(one, MetaverseRecord):
            return (one.id is not None and one.id in self.ids) or any(
                key_of(link.dn) in self.keys for link in one.links
            )
        if isinstance(one, CloudObject):
            names = (
                one.properties.get(name) for name in ("userPrincipalName", "mail", "onPremisesUserPrincipalName", "id")
            )
            return (
                one.id in self.ids
                or one.properties.get("onPremisesImmutableId") in self.anchors
                or any(isinstance(name, str) and name.casefold() in self._texts for name in names)
                or key_of(str(one.properties.get("onPremisesDistinguishedName") or "")) in self.own
            )
        return False

    def _named(self, attributes: Mapping[str, tuple[Value, ...]]) -> bool:
        if self.own and key_of(self.name) is not None:
            return False  # it was given by its DN
        return any(str(v).casefold() in self._texts for name in _NAMES for v in attribute_of(attributes, name))

    def is_own(self, one: DirectoryObject | SpaceObject) -> bool:
        """Whether it is the object itself, not one that it refers to."""
        if key_of(one.dn) in self.own:
            return True
        attributes = one.attributes if isinstance(one, DirectoryObject) else one.image("pending-export").attributes
        return self._named(attributes)

    # -- what it leads to -------------------------------------------------------------------------

    def learn(self, objects: Iterable[object], references: Iterable[str]) -> None:
        """Take over the names that the object's own entries lead to; `references` are attributes that hold DNs."""
        followed = tuple(references)
        for one in objects:
            if isinstance(one, DirectoryObject) and self.is_own(one):
                self.own.update(filter(None, [key_of(one.dn)]))
                self.anchors.update(source_anchors(one.attributes))
                self._follow(str(value) for name in followed for value in attribute_of(one.attributes, name))
                self._texts |= {str(v).casefold() for v in attribute_of(one.attributes, "userPrincipalName")}
            elif isinstance(one, SpaceObject) and (self.is_own(one) or self._is_counterpart(one)):
                self.own.update(filter(None, [key_of(one.dn)]))
                self.ids.update(filter(None, [one.id, one.mv_id]))
                self.anchors.update(anchors_of(one))
                self.own.update(filter(None, (key_of(sibling.dn) for sibling in one.siblings)))
                for entry in (one.image("synchronized"), one.image("pending-export")):
                    self.anchors.update(source_anchors(entry.attributes))
                    self._follow(target for targets in entry.references.values() for target in targets)
                    anchor = attribute_of(entry.attributes, "cloudAnchor")
                    self.ids.update(str(value).partition("_")[2] for value in anchor)
            elif isinstance(one, MetaverseRecord) and self._is_record(one):
                self.ids.update(filter(None, [one.id]))
                self.own.update(filter(None, (key_of(link.dn) for link in one.links)))
        self.own |= {key for anchor in self.anchors if (key := key_of(entra_dn(anchor))) is not None}
        self.keys |= self.own

    def _follow(self, dns: Iterable[str]) -> None:
        self.keys.update(filter(None, map(key_of, dns)))

    def _is_counterpart(self, one: SpaceObject) -> bool:
        return (
            (one.id is not None and one.id in self.ids)
            or (one.mv_id is not None and one.mv_id in self.ids)
            or any(key_of(sibling.dn) in self.own for sibling in one.siblings)
            or not self.anchors.isdisjoint(anchors_of(one))
        )

    def _is_record(self, one: MetaverseRecord) -> bool:
        return (one.id is not None and one.id in self.ids) or any(key_of(link.dn) in self.own for link in one.links)
