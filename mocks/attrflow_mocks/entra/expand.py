"""OData `$expand`: one navigation property beside the object's own, at most 20 items and no next link.

Knows which navigation properties lead where in the store; rights and shapes of the targets are the
caller's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from attrflow_mocks.entra.answers import GraphError, small_number
from attrflow_mocks.entra.objects import DirectoryObject
from attrflow_mocks.entra.properties import ENTITY_NAMES
from attrflow_mocks.entra.store import Store

__all__ = ["EXPAND_LIMIT", "NAVIGATIONS", "Expansion", "Navigation", "parse_expand", "related"]

EXPAND_LIMIT = 20
_ITEM = re.compile(r"(\w+)(?:\((.*)\))?")


@dataclass(frozen=True, slots=True)
class Navigation:
    """Where a navigation property leads: a reference attribute of the object, or of those that refer to it."""

    attribute: str
    backward: bool = False
    single: bool = False
    owners: tuple[str, ...] = ()
    """For a backward one: the kinds of the objects that refer; all where empty."""


_MEMBER_OF = Navigation("member", backward=True)
NAVIGATIONS: Mapping[str, Mapping[str, Navigation]] = {
    "user": {
        "manager": Navigation("manager", single=True),
        "directReports": Navigation("manager", backward=True),
        "memberOf": _MEMBER_OF,
        "ownedObjects": Navigation("owner", backward=True),
        "ownedDevices": Navigation("registeredOwnerReference", backward=True),
        "registeredDevices": Navigation("registeredUsersReference", backward=True),
    },
    "group": {
        "members": Navigation("member"),
        "owners": Navigation("owner"),
        "memberOf": _MEMBER_OF,
    },
    "contact": {
        "manager": Navigation("manager", single=True),
        "directReports": Navigation("manager", backward=True),
        "memberOf": _MEMBER_OF,
    },
    "device": {
        "memberOf": _MEMBER_OF,
        "registeredOwners": Navigation("registeredOwnerReference"),
        "registeredUsers": Navigation("registeredUsersReference"),
    },
    "application": {"owners": Navigation("owner")},
}


@dataclass(frozen=True, slots=True)
class Expansion:
    """A parsed `$expand`."""

    name: str
    navigation: Navigation
    select: tuple[str, ...]
    levels: int
    """How many managers up: 1, or a large number for `$levels=max`."""


def parse_expand(kind: str, text: str, eventual: bool) -> Expansion:
    """The one navigation property that a request expands.

    Raises:
        GraphError: 400 for more than one, an unknown one, options other than `$select` and `$levels`, or
            `$levels` without `ConsistencyLevel: eventual`.
    """
    match = _ITEM.fullmatch(text.strip())
    if match is None:
        raise GraphError(400, "BadRequest", f"Only one navigation property can be expanded, got '{text}'.")
    name, inner = match.groups()
    navigation = NAVIGATIONS[kind].get(name)
    if navigation is None:
        raise GraphError(
            400,
            "BadRequest",
            f"Parsing OData Select and Expand failed: Could not find a property named '{name}' on type "
            f"'microsoft.graph.{ENTITY_NAMES[kind]}'.",
        )
    select: tuple[str, ...] = ()
    levels = 1
    for option in (inner or "").split(";"):
        key, _, value = option.strip().partition("=")
        if key.removeprefix("$") == "select" and value:
            select = tuple(part.strip() for part in value.split(","))
        elif key.removeprefix("$") == "levels" and name == "manager" and (value == "max" or small_number(value)):
            if not eventual:
                message = "$levels needs the header 'ConsistencyLevel: eventual' and $count=true."
                raise GraphError(400, "Request_UnsupportedQuery", message)
            levels = 1000 if value == "max" else small_number(value) or 1
        elif key:
            raise GraphError(400, "BadRequest", f"The option '{key}' is not supported inside $expand.")
    return Expansion(name, navigation, select, levels)


def related(store: Store, found: DirectoryObject, navigation: Navigation) -> Iterator[DirectoryObject]:
    """The live objects that a navigation property leads to, oldest link first."""
    if not navigation.backward:
        yield from store.live_targets(found.id, navigation.attribute)
        return
    for owner, attribute in store.referrers(found.id):
        other = store.live(owner) if attribute == navigation.attribute else None
        if other is not None and (not navigation.owners or other.kind in navigation.owners):
            yield other
