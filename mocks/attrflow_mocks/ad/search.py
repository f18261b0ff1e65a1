"""Carrying out searches: candidates, limits, pages and DirSync runs, one encoded entry at a time.

Yields bytes and returns the outcome; when the bytes are sent, and whether they are, is the session's
and the fault script's business.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Generator, Iterator
from dataclasses import dataclass

from attrflow_mocks.ad.controls import Asked, DirSync, Paged, dirsync_response, paged_response
from attrflow_mocks.ad.directory import Directory
from attrflow_mocks.ad.dirsync import (
    Cookie,
    changed_attributes,
    changed_entries,
    check_request,
    read_cookie,
    write_cookie,
)
from attrflow_mocks.ad.entry import Entry
from attrflow_mocks.ad.errors import ldap_error
from attrflow_mocks.ad.filter import Test, compile_filter
from attrflow_mocks.ad.filter_nodes import filter_text
from attrflow_mocks.ad.message import Control, SearchRequest
from attrflow_mocks.ad.projection import Projection
from attrflow_mocks.ad.responses import SUCCESS, Result, search_entry, search_reference

__all__ = ["MAX_PAGE_SIZE", "MAX_RESULT_SETS", "Outcome", "Searches"]

MAX_PAGE_SIZE = 1000
"""AD's MaxPageSize: so many entries go out for one request."""
MAX_RESULT_SETS = 10
"""AD's MaxResultSetsPerConn: so many paged searches a connection may have under way."""
_LEAST_DIRSYNC_BYTES = 1024 * 1024

_SIZE_LIMIT = Result(4, "", "000020E1: SvcErr: DSID-0C09A77F, problem 5008 (ADMIN_LIMIT_EXCEEDED), data 0\n")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an operation ended, what its response carries, and how many entries went before it."""

    result: Result = SUCCESS
    controls: tuple[Control, ...] = ()
    extended: tuple[str | None, bytes | None] = (None, None)
    entries: int = 0


Answer = Generator[bytes, None, Outcome]


@dataclass(slots=True)
class _ResultSet:
    """A paged search between two pages."""

    fingerprint: tuple[object, ...]
    matches: Iterator[Entry]
    ahead: Entry | None
    """The next entry, fetched to know whether there is one."""
    sent: int = 0


class Searches:
    """The searches of one connection, with the pages that it has still to ask for."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._sets: OrderedDict[bytes, _ResultSet] = OrderedDict()
        self._issued = 0

    def run(self, identifier: int, request: SearchRequest, asked: Asked, principal: str, expired: bool) -> Answer:
        """Carry out one search.

        Args:
            identifier: The message id to answer with.
            request: The search.
            asked: What its controls ask for.
            principal: The bind name, for the right to replicate.
            expired: A fault has any cookie in the request expire.

        Raises:
            LdapError: the search ends with another code than 0 or 4.
        """
        if asked.dirsync is not None:
            return (yield from self._dirsync(identifier, request, asked, asked.dirsync, principal, expired))
        base = self._directory.require(request.base, show_deleted=asked.show_deleted)
        test = compile_filter(self._directory, request.filter)
        projection = Projection(self._directory, request.attributes, asked, types_only=request.types_only)
        if asked.paged is not None:
            return (yield from self._page(identifier, request, asked, asked.paged, base, test, projection, expired))
        limit = min(request.size_limit or MAX_PAGE_SIZE, MAX_PAGE_SIZE)
        sent = 0
        for entry in self._matches(base, request.scope, test, asked):
            if sent == limit:
                return Outcome(_SIZE_LIMIT, entries=sent)
            yield search_entry(identifier, projection.name(entry), projection.project(entry))
            sent += 1
        yield from self._references(identifier, base, request, asked)
        return Outcome(entries=sent)

    def _matches(self, base: Entry, scope: int, test: Test, asked: Asked) -> Iterator[Entry]:
        """Entries in scope that match, judged when they are reached; the scope is fixed at the start."""
        if scope == 0:
            candidates = [base]
        elif scope == 1:
            candidates = list(base.children.values())
        else:
            candidates = list(self._directory.subtree(base))
        if not asked.show_deleted:
            return (entry for entry in candidates if not entry.deleted and test(entry) is True)
        return (entry for entry in candidates if test(entry) is True)

    def _references(self, identifier: int, base: Entry, request: SearchRequest, asked: Asked) -> Iterator[bytes]:
        """Continuation references to the partitions below the domain's root."""
        directory = self._directory
        if request.scope == 0 or asked.domain_scope or base.parent is not None:
            return
        own = directory.dn(base).decode()
        for head in directory.partitions.values():
            dn = directory.dn(head).decode()
            if head is not base and dn.partition(",")[2] == own:
                zone = f"{head.rdn.value}." if head.rdn.type == "DC" else ""
                yield search_reference(identifier, [f"ldap://{zone}{directory.dns_name}/{dn.replace(' ', '%20')}"])

    def _page(
        self,
        identifier: int,
        request: SearchRequest,
        asked: Asked,
        paged: Paged,
        base: Entry,
        test: Test,
        projection: Projection,
        expired: bool,
    ) -> Answer:
        fingerprint = (request.base, request.scope, filter_text(request.filter), request.attributes)
        if paged.cookie:
            found = self._sets.pop(paged.cookie, None)
            if expired or found is None or found.fingerprint != fingerprint:
                raise ldap_error(53, 0x57, "Error processing control: the paging cookie is not known")
            if paged.size == 0:
                return Outcome(controls=(paged_response(b""),))
        else:
            matches = self._matches(base, request.scope, test, asked)
            found = _ResultSet(fingerprint, matches, next(matches, None))
        page = min(paged.size, MAX_PAGE_SIZE) or MAX_PAGE_SIZE
        sent = 0
        while found.ahead is not None and sent < page:
            if request.size_limit and found.sent == request.size_limit:
                return Outcome(_SIZE_LIMIT, (paged_response(b""),), entries=sent)
            entry = found.ahead
            yield search_entry(identifier, projection.name(entry), projection.project(entry))
            sent += 1
            found.sent += 1
            found.ahead = next(found.matches, None)
        if found.ahead is None:
            yield from self._references(identifier, base, request, asked)
            return Outcome(controls=(paged_response(b""),), entries=sent)
        return Outcome(controls=(paged_response(self._keep(found)),), entries=sent)

    def _keep(self, found: _ResultSet) -> bytes:
        """Put a result set aside under a new cookie; the oldest beyond the limit is forgotten."""
        self._issued += 1
        cookie = b"page" + self._issued.to_bytes(8, "big")
        self._sets[cookie] = found
        while len(self._sets) > MAX_RESULT_SETS:
            self._sets.popitem(last=False)
        return cookie

    def _dirsync(
        self,
        identifier: int,
        request: SearchRequest,
        asked: Asked,
        wanted: DirSync,
        principal: str,
        expired: bool,
    ) -> Answer:
        directory = self._directory
        base = directory.require(request.base)
        check_request(directory, base, wanted, principal)
        if expired and wanted.cookie:
            raise ldap_error(53, 0x57, "Error processing control: the DirSync cookie has expired")
        cookie = read_cookie(directory, wanted.cookie)
        test = compile_filter(directory, request.filter)
        projection = Projection(directory, request.attributes, asked, types_only=request.types_only)
        room = max(wanted.max_bytes, _LEAST_DIRSYNC_BYTES)
        end = directory.usn
        sent = 0
        position = cookie.position
        for entry, reached in changed_entries(directory, base, wanted, cookie):
            if entry.usn > end:
                continue  # it changed while this answer was under way; the next run has it
            if sent == MAX_PAGE_SIZE or (room <= 0 and sent):
                mark = write_cookie(directory, Cookie(cookie.known, position))
                return Outcome(controls=(dirsync_response(more=True, cookie=mark),), entries=sent)
            attributes = changed_attributes(directory, entry, projection, wanted, cookie, test)
            if attributes is not None:
                encoded = search_entry(identifier, projection.name(entry), attributes)
                room -= len(encoded)
                sent += 1
                yield encoded
            position = reached
        mark = write_cookie(directory, Cookie(end, end))
        return Outcome(controls=(dirsync_response(more=False, cookie=mark),), entries=sent)
