"""Carrying out DirSync: a run of answers, each with a cookie, until nothing is left."""

from __future__ import annotations

from attrflow_mocks.ad.controls import OBJECT_SECURITY, Asked, DirSync, dirsync_response
from attrflow_mocks.ad.directory import Directory
from attrflow_mocks.ad.dirsync import (
    Cookie,
    changed_attributes,
    changed_entries,
    check_request,
    read_cookie,
    write_cookie,
)
from attrflow_mocks.ad.errors import ldap_error
from attrflow_mocks.ad.filter import Sight, compile_filter
from attrflow_mocks.ad.message import SearchRequest
from attrflow_mocks.ad.projection import Projection
from attrflow_mocks.ad.responses import search_entry
from attrflow_mocks.ad.search import MAX_PAGE_SIZE, Answer, Caller, Outcome

__all__ = ["run_dirsync"]

_LEAST_BYTES = 1024 * 1024


def run_dirsync(
    directory: Directory, identifier: int, request: SearchRequest, asked: Asked, wanted: DirSync, caller: Caller
) -> Answer:
    """Answer one DirSync request.

    Who has the right to replicate sees everything; with OBJECT_SECURITY the caller's own rights hold.

    Raises:
        LdapError: 50 or 53 it may not be asked, 53 the cookie is none or has expired.
    """
    base = directory.require(request.base)
    access = caller.sight.access
    check_request(directory, base, wanted, caller.name, may_replicate=access is None or access.may_replicate)
    if caller.expired and wanted.cookie:
        raise ldap_error(53, 0x57, "Error processing control: the DirSync cookie has expired")
    sight = caller.sight if wanted.flags & OBJECT_SECURITY else Sight()
    cookie = read_cookie(directory, wanted.cookie)
    test = compile_filter(directory, request.filter, sight)
    projection = Projection(directory, request.attributes, asked, types_only=request.types_only, sight=sight)
    room = max(wanted.max_bytes, _LEAST_BYTES)
    end = directory.usn
    sent = 0
    position = cookie.position
    for entry, reached in changed_entries(directory, base, wanted, cookie):
        if entry.usn > end:
            continue  # it changed while this answer was under way; the next run has it
        if sent == MAX_PAGE_SIZE or (room <= 0 and sent):
            mark = write_cookie(directory, Cookie(cookie.known, position))
            more = dirsync_response(more=True, cookie=mark, oid=asked.dirsync_oid)
            return Outcome(controls=(more,), entries=sent)
        if sight.access is None or sight.access.sees(entry):
            attributes = changed_attributes(directory, entry, projection, wanted, cookie, test)
            if attributes is not None:
                encoded = search_entry(identifier, projection.name(entry), attributes)
                room -= len(encoded)
                sent += 1
                yield encoded
        position = reached
    mark = write_cookie(directory, Cookie(end, end))
    return Outcome(controls=(dirsync_response(more=False, cookie=mark, oid=asked.dirsync_oid),), entries=sent)
