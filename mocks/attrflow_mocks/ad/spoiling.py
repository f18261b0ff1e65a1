"""Faults in the answers of the LDAP mock: what each kind does to an operation under way."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

from attrflow_mocks.ad.ber import Reader
from attrflow_mocks.ad.controls import DIRSYNC, DIRSYNC_EX, PAGED, dirsync_response, paged_response
from attrflow_mocks.ad.message import Control
from attrflow_mocks.ad.responses import Result
from attrflow_mocks.ad.search import Answer, Outcome
from attrflow_mocks.faults import Fault

__all__ = ["SPOILING", "spoiled"]

SPOILING = frozenset({"drop-after", "drop-done", "result", "truncate", "wrong-cookie", "referral"})
"""The kinds that change an answer rather than when or whether it begins."""

_WRONG_COOKIE = b"no cookie of this server's"


def spoiled(entries: Answer, fault: Fault, elsewhere: str) -> Generator[bytes, None, Outcome | None]:
    """An answer with a fault in it; None instead of an outcome has the connection closed.

    `elsewhere` is the URL that a referral names.
    """
    match fault.kind:
        case "result" | "referral":
            return (yield from _another_result(entries, fault, elsewhere))
        case "truncate":
            return (yield from _truncated(entries, fault.entries))
        case "wrong-cookie":
            outcome = yield from entries
            return replace(outcome, controls=tuple([_with_wrong_cookie(one) for one in outcome.controls]))
    yield from _dropped(entries, fault)
    return None


def _another_result(entries: Answer, fault: Fault, elsewhere: str) -> Generator[bytes, None, Outcome]:
    sent = 0
    if fault.kind == "result" and fault.entries:
        for entry in entries:
            if sent == fault.entries:
                break
            yield entry
            sent += 1
    entries.close()
    if fault.kind == "referral":
        text = "0000202B: RefErr: DSID-0C09A77F, data 0, 1 access points\n"
        return Outcome(Result(10, "", text, (elsewhere,)))
    return Outcome(Result(fault.status, "", _TEXTS.get(fault.status, "a fault on order")), entries=sent)


def _truncated(entries: Answer, limit: int) -> Generator[bytes, None, Outcome]:
    """The first entries of a page, and a last page's success: the rest is lost without a word."""
    sent = 0
    while True:
        try:
            entry = next(entries)
        except StopIteration as end:
            outcome: Outcome = end.value
            break
        if sent < limit:
            yield entry
            sent += 1
    controls = tuple([paged_response(b"") if one.oid == PAGED else one for one in outcome.controls])
    return replace(outcome, controls=controls, entries=sent)


def _with_wrong_cookie(control: Control) -> Control:
    if control.oid == PAGED:
        return paged_response(_WRONG_COOKIE)
    if control.oid in (DIRSYNC, DIRSYNC_EX) and control.value is not None:
        more = Reader(control.value).enter(0x30).integer() != 0
        return dirsync_response(more=more, cookie=_WRONG_COOKIE, oid=control.oid)
    return control


def _dropped(entries: Answer, fault: Fault) -> Generator[bytes, None, None]:
    sent_bytes = 0
    for count, entry in enumerate(entries):
        if fault.kind == "drop-done":
            continue
        if fault.bytes and sent_bytes + len(entry) >= fault.bytes:
            yield entry[: fault.bytes - sent_bytes]
            return
        if not fault.bytes and count == fault.entries:
            return
        yield entry
        sent_bytes += len(entry)


_TEXTS = {
    3: "000020E0: SvcErr: DSID-0C09A77F, problem 5010 (TIME_LIMIT_EXCEEDED), data 0\n",
    4: "000020E1: SvcErr: DSID-0C09A77F, problem 5008 (ADMIN_LIMIT_EXCEEDED), data 0\n",
    51: "0000200E: SvcErr: DSID-0C09A77F, problem 5001 (BUSY), data 0\n",
    52: "0000200F: SvcErr: DSID-0C09A77F, problem 5002 (UNAVAILABLE), data 0\n",
}
