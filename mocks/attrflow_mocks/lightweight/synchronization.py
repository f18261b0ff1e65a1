"""Content synchronization (RFC 4533) as slapd's syncprov does it: refreshOnly and refreshAndPersist.

Changed entries come with the state `add`, a rename too; deletions, and entries that left the filter, come
as sets of entryUUIDs. A cookie older than the session log gives a present phase: what is neither sent nor
named present is deleted. Without any change there is no cookie in the answer.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from attrflow_mocks.ad.ber import ProtocolError, Reader, boolean, integer, octets, sequence
from attrflow_mocks.ad.errors import LdapError
from attrflow_mocks.ad.message import Control, SearchRequest
from attrflow_mocks.ad.responses import Projected, search_entry
from attrflow_mocks.ad.search import Answer, Outcome
from attrflow_mocks.lightweight.database import Database, Node
from attrflow_mocks.lightweight.filters import compile_filter
from attrflow_mocks.lightweight.searching import Viewer, candidates

__all__ = ["SYNC", "Following", "SyncRequest", "read_sync", "synchronize"]

SYNC = "1.3.6.1.4.1.4203.1.9.1.1"
_STATE = "1.3.6.1.4.1.4203.1.9.1.2"
_DONE = "1.3.6.1.4.1.4203.1.9.1.3"
_INFO = "1.3.6.1.4.1.4203.1.9.1.4"
_PRESENT, _ADD = 0, 1
_SET = 100
"""UUIDs of present entries in one message."""

Projector = Callable[[Node], list[Projected]]


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """What the control asks for; an empty `csn` is everything."""

    persist: bool
    rid: str
    csn: str

    def cookie(self, csn: str) -> bytes:
        """A cookie for this client."""
        return f"{self.rid}csn={csn}".encode()


def read_sync(control: Control) -> SyncRequest:
    """Read the control.

    Raises:
        LdapError: 2 malformed.
    """
    try:
        inner = Reader(control.value or b"").enter(0x30)
        mode = inner.integer(0x0A)
        cookie = inner.octets() if inner.peek() == 0x04 else b""
    except ProtocolError:
        raise LdapError(2, "Sync control : decoding error") from None
    if mode not in (1, 3):
        raise LdapError(2, "Sync control : unknown update mode")
    match = re.fullmatch(r"(rid=\d{1,3},(?:sid=[0-9a-fA-F]{1,3},)?)?csn=([^,;]+).*", cookie.decode("utf-8", "replace"))
    if cookie and match is None:
        raise LdapError(2, "Sync control : cookie parsing error")
    return SyncRequest(mode == 3, "", "") if match is None else SyncRequest(mode == 3, match[1] or "", match[2])


def synchronize(
    viewer: Viewer, identifier: int, request: SearchRequest, asked: SyncRequest, projector: Projector
) -> Answer:
    """The refresh phase; what comes after it in persist mode is `Following`'s.

    Raises:
        LdapError: 32 no base.
    """
    database = viewer.database
    base = database.require(request.base)
    test = compile_filter(database.schema, request.filter)
    start = database.csn
    if asked.csn and asked.csn >= start:
        return _ended(identifier, asked, b"", deletes=True)
    whole = not asked.csn
    in_log = not whole and asked.csn >= database.log_start
    sent: set[uuid.UUID] = set()
    present: list[uuid.UUID] = []
    entries = 0
    for node in candidates(database, base, request.scope):
        if node.uuid not in database.by_uuid or test(viewer.values(node)) is not True:
            continue
        if whole or node.csn > asked.csn:
            yield _entry(identifier, node, projector)
            sent.add(node.uuid)
            entries += 1
        elif not in_log:
            present.append(node.uuid)
    if in_log:
        gone = {found for csn, found in database.log if csn > asked.csn} - sent
        for found in sorted(gone, key=str):  # one set for each, as slapd sends them
            yield _id_set(identifier, [found], deletes=True)
    for position in range(0, len(present), _SET):
        yield _id_set(identifier, present[position : position + _SET], deletes=False)
    deletes = in_log or whole  # without a cookie there is no present phase either (observed)
    if asked.persist:
        yield _phase_done(identifier, asked.cookie(start), deletes=deletes)
        return Outcome(pending=True, entries=entries)
    return Outcome(controls=(_done(asked.cookie(start), deletes=deletes),), entries=entries)


def _ended(identifier: int, asked: SyncRequest, cookie: bytes, *, deletes: bool) -> Outcome:
    """Nothing changed: in refreshOnly a bare end, which has the client keep its cookie."""
    del identifier
    return Outcome(pending=True) if asked.persist else Outcome(controls=(_done(cookie, deletes=deletes),))


def _entry(identifier: int, node: Node, projector: Projector, cookie: bytes = b"") -> bytes:
    """An entry with the state control; `search_entry` knows no controls, so it is put on afterwards."""
    parts = [integer(_ADD, 0x0A), octets(node.uuid.bytes), *([octets(cookie)] if cookie else [])]
    control = sequence(sequence(octets(_STATE), octets(sequence(*parts))), tag=0xA0)
    inner = Reader(search_entry(identifier, node.dn.encode(), projector(node))).content(0x30)
    return sequence(inner, control)


def _info(identifier: int, value: bytes) -> bytes:
    return sequence(integer(identifier), sequence(octets(_INFO, 0x80), octets(value, 0x81), tag=0x79))


def _id_set(identifier: int, identifiers: list[uuid.UUID], *, deletes: bool, cookie: bytes = b"") -> bytes:
    parts = [octets(cookie)] if cookie else []
    parts += [boolean(value=True)] if deletes else []
    parts.append(sequence(*[octets(one.bytes) for one in identifiers], tag=0x31))
    return _info(identifier, sequence(*parts, tag=0xA3))


def _phase_done(identifier: int, cookie: bytes, *, deletes: bool) -> bytes:
    return _info(identifier, sequence(octets(cookie), tag=0xA1 if deletes else 0xA2))


def _done(cookie: bytes, *, deletes: bool) -> Control:
    parts = [octets(cookie)] if cookie else []
    parts += [boolean(value=True)] if deletes else []
    return Control(_DONE, value=sequence(*parts))


class Following:
    """The persist phases of one connection: told of changes until they are abandoned."""

    def __init__(self, database: Database, push: Callable[[Callable[[], bytes | None]], None]) -> None:
        self._database = database
        self._push = push
        self._open: dict[int, Callable[[Node, bool], Iterator[bytes]]] = {}

    def add(
        self, viewer: Viewer, identifier: int, request: SearchRequest, asked: SyncRequest, projector: Projector
    ) -> None:
        """Follow from now on what is in scope and matches."""
        database, base = self._database, self._database.require(request.base)
        test = compile_filter(database.schema, request.filter)
        known = {n.uuid for n in candidates(database, base, request.scope) if test(viewer.values(n)) is True}

        def tell(node: Node, deleted: bool) -> Iterator[bytes]:
            matches = not deleted and _in_scope(node, base, request.scope) and test(viewer.values(node)) is True
            if matches:
                known.add(node.uuid)
                yield _entry(identifier, node, projector, asked.cookie(node.csn))
            elif node.uuid in known:
                known.discard(node.uuid)
                yield _id_set(identifier, [node.uuid], deletes=True, cookie=asked.cookie(node.csn))

        self._open[identifier] = tell
        database.watchers[self] = self._changed

    def abandon(self, identifier: int) -> None:
        """Follow no longer."""
        self._open.pop(identifier, None)
        if not self._open:
            self.close()

    def close(self) -> None:
        """The connection is gone."""
        self._open.clear()
        self._database.watchers.pop(self, None)

    def _changed(self, node: Node, deleted: bool) -> None:
        def make() -> bytes:
            return b"".join([part for tell in list(self._open.values()) for part in tell(node, deleted)])

        self._push(make)


def _in_scope(node: Node, base: Node, scope: int) -> bool:
    if scope == 0:
        return node is base
    return node.parent is base if scope == 1 else node.is_below(base)
