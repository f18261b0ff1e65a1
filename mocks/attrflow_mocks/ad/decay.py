"""What becomes of deleted objects as time goes by: recycled, then gone.

With the Recycle Bin on, a deleted object is stripped and marked isRecycled when its lifetime as a deleted
object is over; a tombstone and a recycled object go for good when the tombstone lifetime is over. Both
lifetimes stand on CN=Directory Service, in days, where clients may change them.
"""

from __future__ import annotations

import heapq
from datetime import timedelta

from attrflow_mocks.ad.directory import Directory
from attrflow_mocks.ad.entry import Entry

__all__ = ["DEFAULT_LIFETIME", "decay", "drop_sleeping", "lay_to_rest", "strip"]

DEFAULT_LIFETIME = 180
"""Days, as in every forest made since 2005."""

_ALWAYS_KEPT = frozenset(
    {"isDeleted", "isRecycled", "name", "whenCreated", "whenChanged", "uSNCreated", "uSNChanged", "msDS-LastKnownRDN"}
)
_NEVER_KEPT = frozenset({"objectCategory", "sAMAccountType"})


def strip(directory: Directory, entry: Entry, *, everything: bool) -> list[str]:
    """Take away what a deletion takes, with `everything` all but what a tombstone keeps; returns the names."""
    schema = directory.schema
    rdn = schema.attribute(entry.rdn.type)
    lost = []
    for name in list(entry.values):
        kept = name in _ALWAYS_KEPT or (rdn is not None and name == rdn.name) or schema.attributes[name].preserved
        if name in _NEVER_KEPT or (everything and not kept):
            del entry.values[name]
            lost.append(name)
    return lost


def lay_to_rest(directory: Directory, entry: Entry) -> None:
    """Note when the next step of a deleted entry's decay is due."""
    waiting = directory.recycle_bin and "isRecycled" not in entry.values
    moment = directory.now() + timedelta(days=_lifetime(directory, deleted=waiting))
    heapq.heappush(directory.graves, (moment, entry.stamps["isDeleted"], entry))


def _lifetime(directory: Directory, *, deleted: bool) -> int:
    settings = directory.find(f"CN=Directory Service,CN=Windows NT,CN=Services,{directory.configuration_dn}")
    if settings is None:
        return DEFAULT_LIFETIME
    lifetime = settings.number("tombstoneLifetime", DEFAULT_LIFETIME)
    return settings.number("msDS-DeletedObjectLifetime", lifetime) if deleted else lifetime


def decay(directory: Directory) -> None:
    """Carry out all steps that are due by the mock's clock; called before each request."""
    graves = directory.graves
    while graves and graves[0][0] <= directory.now():
        _, usn, entry = heapq.heappop(graves)
        if not entry.deleted or entry.stamps.get("isDeleted") != usn:
            continue  # it was brought back meanwhile
        if directory.recycle_bin and "isRecycled" not in entry.values:
            drop_sleeping(entry)
            lost = strip(directory, entry, everything=True)
            entry.values["isRecycled"] = [b"TRUE"]
            directory.stamp(entry, ["isRecycled", *lost])
            lay_to_rest(directory, entry)
        else:
            _forget(directory, entry)


def drop_sleeping(entry: Entry) -> None:
    """Forget the links that the deletion of this entry put aside."""
    for source, name, target in entry.dormant:
        held = source.sleeping.get(name, {})
        held.pop(target, None)
        if not held:
            source.sleeping.pop(name, None)
    entry.dormant = []


def _forget(directory: Directory, entry: Entry) -> None:
    drop_sleeping(entry)
    for name, targets in list(entry.links.items()):
        for target in list(targets):
            directory.unlink(entry, name, target, None)
    for name, sources in list(entry.back.items()):
        for source in list(sources):
            directory.unlink(source, name, entry, None)
    directory.unindex(entry)
    directory.detach(entry)
