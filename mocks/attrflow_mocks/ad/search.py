"""Carrying out searches: candidates, limits and pages, one encoded entry at a time.

Yields bytes and returns the outcome; when the bytes are sent, and whether they are, is the session's
and the fault script's business. Sorted lists are in `ordering`, DirSync runs in `dirsync_search`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Generator, Iterator
from dataclasses import dataclass

from attrflow_mocks.ad.controls import (
    Asked,
    Paged,
    paged_response,
    scoped_response,
    sort_response,
    window_response,
)
from attrflow_mocks.ad.directory import Directory
from attrflow_mocks.ad.entry import Entry
from attrflow_mocks.ad.errors import LdapError, ldap_error, service_error
from attrflow_mocks.ad.filter import EVERYTHING, Sight, Test, compile_filter
from attrflow_mocks.ad.filter_nodes import filter_text
from attrflow_mocks.ad.message import Control, SearchRequest
from attrflow_mocks.ad.ordering import in_order, window_of
from attrflow_mocks.ad.projection import Projection
from attrflow_mocks.ad.responses import SUCCESS, Result, search_entry, search_reference

__all__ = ["MAX_PAGE_SIZE", "MAX_RESULT_SETS", "Answer", "Caller", "Outcome", "Searches"]

MAX_PAGE_SIZE = 1000
"""AD's MaxPageSize: so many entries go out for one request."""
MAX_RESULT_SETS = 10
"""AD's MaxResultSetsPerConn: so many paged searches a connection may have under way."""

_SIZE_LIMIT = Result(4, "", "000020E1: SvcErr: DSID-0C09A77F, problem 5008 (ADMIN_LIMIT_EXCEEDED), data 0\n")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an operation ended, what its response carries, and how many entries went before it."""

    result: Result = SUCCESS
    controls: tuple[Control, ...] = ()
    extended: tuple[str | None, bytes | None] = (None, None)
    entries: int = 0
    pending: bool = False
    """No response yet: the operation stays open."""


Answer = Generator[bytes, None, Outcome]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, what of the directory they see, and whether a fault has their cookies expire."""

    name: str
    sight: Sight = EVERYTHING
    expired: bool = False


@dataclass(slots=True)
class _ResultSet:
    """A paged search between two pages."""

    fingerprint: tuple[object, ...]
    matches: Iterator[Entry]
    ahead: Entry | None
    """The next entry, fetched to know whether there is one."""
    controls: tuple[Control, ...]
    sent: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """A search made ready: where it looks, what it tests, what it shows."""

    base: Entry | None
    """None is above all partitions: the whole forest."""
    test: Test
    projection: Projection
    asked: Asked
    sight: Sight


class Searches:
    """The searches of one connection, with the pages that it has still to ask for."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._sets: OrderedDict[bytes, _ResultSet] = OrderedDict()
        self._issued = 0

    def run(self, identifier: int, request: SearchRequest, asked: Asked, caller: Caller) -> Answer:
        """Carry out one search that is no DirSync.

        Raises:
            LdapError: the search ends with another code than 0 or 4.
        """
        plan = self.plan(request, asked, caller.sight)
        if asked.paged is not None and asked.window is None:
            return (yield from self._page(identifier, request, plan, asked.paged, caller.expired))
        matches, controls = self._matches(request, plan)
        limit = min(request.size_limit or MAX_PAGE_SIZE, MAX_PAGE_SIZE)
        sent = 0
        for entry in matches:
            if sent == limit:
                return Outcome(_SIZE_LIMIT, controls, entries=sent)
            yield search_entry(identifier, plan.projection.name(entry), plan.projection.project(entry))
            sent += 1
        if asked.expected is not None and not asked.expected[0] <= sent <= asked.expected[1]:
            raise ldap_error(19, 0x57, f"{sent} entries were found, which is not the expected number")
        yield from self._references(identifier, request, plan)
        return Outcome(controls=controls, entries=sent)

    def plan(self, request: SearchRequest, asked: Asked, sight: Sight) -> Plan:
        """Make a search ready.

        Raises:
            LdapError: the base or the filter is wrong.
        """
        directory = self._directory
        everywhere = sight.catalog or asked.phantom_root
        base = None
        if request.base.strip() or not everywhere:
            base = directory.require(request.base, show_deleted=asked.show_deleted)
            if sight.access is not None:
                sight.access.check_seen(base)
        test = compile_filter(directory, request.filter, sight)
        projection = Projection(directory, request.attributes, asked, types_only=request.types_only, sight=sight)
        return Plan(base, test, projection, asked, sight)

    def _matches(self, request: SearchRequest, plan: Plan) -> tuple[Iterator[Entry], tuple[Control, ...]]:
        """The entries found, in the order asked for, and the answers to the controls that shaped the list."""
        asked = plan.asked
        if asked.from_attribute is not None:
            return self._of_attribute(request, plan, asked.from_attribute), (scoped_response(),)
        matches = self._filtered(self._candidates(request.scope, plan), plan)
        if asked.sort is None:
            if asked.window is not None:
                raise LdapError(60, "00000057: LdapErr: a window needs the sort control")
            return matches, ()
        code, ordered = in_order(self._directory, asked.sort, matches)
        controls: tuple[Control, ...] = (sort_response(code),)
        if code and asked.sort.critical:
            raise ldap_error(12, 0x57, "Error processing control: the search cannot be sorted as asked")
        if asked.window is None:
            return iter(ordered), controls
        shown, position = window_of(self._directory, asked.sort, asked.window, ordered)
        return iter(shown), (*controls, window_response(position, len(ordered)))

    def _filtered(self, candidates: list[Entry], plan: Plan) -> Iterator[Entry]:
        """Entries that match, judged when they are reached; where to look is fixed at the start."""
        test, asked, access = plan.test, plan.asked, plan.sight.access
        if access is not None:
            candidates = [entry for entry in candidates if access.sees(entry)]
        if not asked.show_deleted:
            return (entry for entry in candidates if not entry.deleted and test(entry) is True)
        if asked.show_recycled:
            return (entry for entry in candidates if test(entry) is True)
        return (entry for entry in candidates if "isRecycled" not in entry.values and test(entry) is True)

    def _candidates(self, scope: int, plan: Plan) -> list[Entry]:
        directory, base = self._directory, plan.base
        everywhere = plan.sight.catalog or plan.asked.phantom_root
        if base is None:
            heads = list(directory.partitions.values())
            return [] if scope == 0 else heads if scope == 1 else [e for h in heads for e in directory.subtree(h)]
        if scope == 0:
            return [base]
        if scope == 1:
            return list(base.children.values())
        found = list(directory.subtree(base))
        if everywhere and base.parent is None:
            below = b"," + directory.dn(base)
            for head in directory.partitions.values():
                if directory.dn(head).endswith(below):
                    found += directory.subtree(head)
        return found

    def _of_attribute(self, request: SearchRequest, plan: Plan, name: str) -> Iterator[Entry]:
        """The entries that an attribute of the base names."""
        attribute = self._directory.schema.attribute(name)
        if request.scope != 0 or plan.base is None:
            raise service_error(0x57)
        if attribute is None or not (attribute.is_reference or attribute.is_back_link):
            raise ldap_error(21, 0x57, f"Error processing control: {name} names no objects")
        if not plan.projection.may_read(plan.base, attribute):
            return iter(())
        return self._filtered(list(plan.projection.targets(plan.base, attribute)), plan)

    def _references(self, identifier: int, request: SearchRequest, plan: Plan) -> Iterator[bytes]:
        """Continuation references to the partitions below the domain's root."""
        directory, base = self._directory, plan.base
        everywhere = plan.sight.catalog or plan.asked.phantom_root
        scoped = plan.asked.domain_scope or plan.asked.from_attribute is not None
        if base is None or request.scope == 0 or everywhere or scoped or base.parent is not None:
            return
        own = directory.dn(base).decode()
        for head in directory.partitions.values():
            dn = directory.dn(head).decode()
            if head is not base and dn.partition(",")[2] == own:
                zone = f"{head.rdn.value}." if head.rdn.type == "DC" else ""
                yield search_reference(identifier, [f"ldap://{zone}{directory.dns_name}/{dn.replace(' ', '%20')}"])

    def _page(self, identifier: int, request: SearchRequest, plan: Plan, paged: Paged, expired: bool) -> Answer:
        fingerprint = (request.base, request.scope, filter_text(request.filter), request.attributes)
        if paged.cookie:
            found = self._sets.pop(paged.cookie, None)
            if expired or found is None or found.fingerprint != fingerprint:
                raise ldap_error(53, 0x57, "Error processing control: the paging cookie is not known")
            if paged.size == 0:
                return Outcome(controls=(paged_response(b""),))
        else:
            matches, controls = self._matches(request, plan)
            found = _ResultSet(fingerprint, matches, next(matches, None), controls)
        page = min(paged.size, MAX_PAGE_SIZE) or MAX_PAGE_SIZE
        projection = plan.projection
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
            yield from self._references(identifier, request, plan)
            return Outcome(controls=(paged_response(b""), *found.controls), entries=sent)
        return Outcome(controls=(paged_response(self._keep(found)), *found.controls), entries=sent)

    def _keep(self, found: _ResultSet) -> bytes:
        """Put a result set aside under a new cookie; the oldest beyond the limit is forgotten."""
        self._issued += 1
        cookie = b"page" + self._issued.to_bytes(8, "big")
        self._sets[cookie] = found
        while len(self._sets) > MAX_RESULT_SETS:
            self._sets.popitem(last=False)
        return cookie
