"""The delta walk that both faces share: which objects changed since a point, in pages, with their links.

Says what happened to which object; how that looks to a client is the face's. A cursor is all state
there is: it travels in the client's page and delta tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from attrflow_mocks.entra.changes import Summary
from attrflow_mocks.entra.objects import DirectoryObject
from attrflow_mocks.entra.opaque import seal, unseal
from attrflow_mocks.entra.state import TenantState

__all__ = ["Cursor", "StaleToken", "Unit", "begin", "next_round", "read_token", "walk"]

_LIFETIME = timedelta(days=7)
_START = -1


class StaleToken(Exception):
    """A token that is not ours (`expired` is False), or too old (`aged` too) or of a tenant since reset (True)."""

    def __init__(self, expired: bool, aged: bool = False) -> None:
        super().__init__("the token is stale" if expired else "the token is not one of this service")
        self.expired = expired
        self.aged = aged


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in one round of a delta query."""

    name: str
    """Which query it belongs to, such as `users`."""
    since: int
    """The last change that the client knows; -1 in the first round."""
    upto: int
    """The last change of this round."""
    position: int
    part: int
    """How many links of the object at `position` were given already."""
    issued: int
    """Seconds since 1970, by the tenant's clock."""
    generation: int
    extra: Mapping[str, object]
    """What the face wants to keep: selected properties, ids, page size."""

    @property
    def initial(self) -> bool:
        """Whether this is the first round, which gives everything."""
        return self.since == _START

    def token(self) -> str:
        """The cursor as an opaque token."""
        return seal(
            {"n": self.name, "s": self.since, "u": self.upto, "p": self.position, "r": self.part}
            | {"t": self.issued, "g": self.generation, "x": dict(self.extra)}
        )


@dataclass(frozen=True, slots=True)
class Unit:
    """One entry of a delta page."""

    id: str
    kind: str
    found: DirectoryObject | None
    """The live object, None where it is gone."""
    summary: Summary | None
    """What happened to it; None in the first round."""
    purged: bool = False
    """Whether a gone object is gone for good."""
    links: tuple[tuple[str, str, bool], ...] = ()
    """Attribute, target id, and whether the link was removed."""

    @property
    def whole(self) -> bool:
        """Whether the client sees the object for the first time, or again after it was gone."""
        return self.summary is None or bool(self.summary.events & {"created", "restored"})


def begin(tenant: TenantState, name: str, extra: Mapping[str, object], latest: bool = False) -> Cursor:
    """A cursor at the start of a first round, or (`latest`) at the end of it."""
    upto = tenant.store.latest
    issued = int(tenant.clock.now().timestamp())
    return Cursor(name, upto if latest else _START, upto, 0, 0, issued, tenant.generation, extra)


def next_round(tenant: TenantState, cursor: Cursor) -> Cursor:
    """The delta link's cursor behind a finished round: it knows all changes of that round."""
    issued = int(tenant.clock.now().timestamp())
    return replace(cursor, since=cursor.upto, upto=-1, position=0, part=0, issued=issued)


def read_token(tenant: TenantState, name: str, token: str) -> Cursor:
    """The cursor in a token; one from a delta link is set to end at the latest change.

    Raises:
        StaleToken: not ours, older than seven days, or of a tenant since reset.
    """
    state = unseal(token)
    if state is None or state.get("n") != name:
        raise StaleToken(expired=False)
    numbers = [state.get(key) for key in ("s", "u", "p", "r", "t", "g")]
    extra = state.get("x")
    since, upto, position, part, issued, generation = (n if isinstance(n, int) else 0 for n in numbers)
    age = tenant.clock.now().timestamp() - issued
    # A change that the log does not have: the token is from a future that a snapshot undid.
    undone = since > tenant.store.log.latest
    aged = age > _LIFETIME.total_seconds()
    if generation != tenant.generation or undone or aged:
        raise StaleToken(expired=True, aged=aged)
    end = max(since, tenant.store.latest) if upto < 0 else upto
    kept = extra if isinstance(extra, dict) else {}
    return Cursor(name, since, end, position, part, issued, generation, kept)


def walk(
    tenant: TenantState,
    cursor: Cursor,
    kinds: frozenset[str],
    size: int,
    wanted: Callable[[DirectoryObject, Summary | None], bool],
    tracked: Mapping[str, str],
    chunk: int = 1000,
) -> tuple[list[Unit], Cursor | None]:
    """One page: up to `size` entries, and the cursor of the next page (None on the last).

    `wanted` says whether a live object belongs in the answer; `tracked` is the reference attribute to
    give per kind, at most `chunk` links an entry, so that a large group comes in several.
    """
    units: list[Unit] = []
    for position, unit in _units(tenant, cursor, kinds, wanted, tracked):
        part = cursor.part if position == cursor.position else 0
        while True:
            if len(units) == size:
                return units, replace(cursor, position=position, part=part)
            units.append(replace(unit, links=unit.links[part : part + chunk]))
            part += chunk
            if part >= len(unit.links):
                break
    return units, None


def _units(
    tenant: TenantState,
    cursor: Cursor,
    kinds: frozenset[str],
    wanted: Callable[[DirectoryObject, Summary | None], bool],
    tracked: Mapping[str, str],
) -> Iterator[tuple[int, Unit]]:
    if cursor.initial:
        for found in tenant.store.from_ordinal(cursor.position):
            if found.live and found.kind in kinds and wanted(found, None):
                yield (
                    found.ordinal,
                    Unit(found.id, found.kind, found, None, links=_all(tenant, found, tracked)),
                )
        return
    summaries = tenant.store.log.summaries(cursor.since, cursor.upto, kinds)
    for position in range(cursor.position, len(summaries)):
        summary = summaries[position]
        unit = _changed(tenant, summary, tracked)
        if unit is not None and (unit.found is None or wanted(unit.found, summary)):
            yield position, unit


def _changed(tenant: TenantState, summary: Summary, tracked: Mapping[str, str]) -> Unit | None:
    found = tenant.store.get(summary.id)
    if found is None or not found.live:
        if found is None and "created" in summary.events:
            return None
        return Unit(summary.id, summary.kind, None, summary, purged=found is None)
    if summary.events & {"created", "restored"}:
        return Unit(found.id, found.kind, found, summary, links=_all(tenant, found, tracked))
    attribute = tracked.get(found.kind)
    added = tuple((name, target, False) for name, target in summary.added if name == attribute)
    removed = tuple((name, target, True) for name, target in summary.removed if name == attribute)
    return Unit(found.id, found.kind, found, summary, links=added + removed)


def _all(tenant: TenantState, found: DirectoryObject, tracked: Mapping[str, str]) -> tuple[tuple[str, str, bool], ...]:
    attribute = tracked.get(found.kind)
    if attribute is None:
        return ()
    return tuple((attribute, target.id, False) for target in tenant.store.live_targets(found.id, attribute))
