"""Delta walks: pages by nextLink, a deltaLink at the end, and what to do when a token has expired.

Both channels list in this way. A link is kept without its host (`Wire.relative`). Knows no objects.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from attrflow.connectors.entra.wire import Wire
from attrflow.model.entry import ImportedObject, ImportFinding, Page
from attrflow.model.errors import ConnectorError

__all__ = ["ListedPage", "Listing", "Walk"]

_EXPIRED_CODES = frozenset({"Directory_ExpiredPageToken", "resyncRequired", "syncStateNotFound"})
_RESTARTS = 2
"""How often one import starts again before it gives up."""


@dataclass(frozen=True, slots=True)
class ListedPage:
    """What one page of a listing holds."""

    objects: tuple[ImportedObject, ...]
    findings: tuple[ImportFinding, ...]
    next_link: object
    delta_link: object


class Listing(Protocol):
    """Reads a page's JSON; `first_round`: the listing is of all objects, not of changes."""

    def __call__(self, document: dict[str, object], *, first_round: bool) -> ListedPage: ...


class Walk:
    """One import's walk from an initial link, or from a watermark, to the next deltaLink."""

    def __init__(
        self,
        wire: Wire,
        operation: str,
        initial: str,
        listing: Listing,
        *,
        headers: dict[str, str] | None = None,
        tag: str = "",
    ) -> None:
        self._wire = wire
        self._operation = operation
        self._initial = initial
        self._listing = listing
        self._headers = headers or {}
        self._tag = tag
        """What a watermark must begin with to be of use; another one makes the import a full one."""

    def pages(self, watermark: str | None) -> Iterator[Page]:
        """The pages; a delta import whose token is not accepted any more goes on as a full import.

        The first page after such a restart carries the finding `full-import-instead`, and the last one
        `complete`: all that the import brought from there on is everything there is.
        """
        notes: tuple[ImportFinding, ...] = ()
        link, full = self._initial, True
        if watermark is not None and watermark.startswith(self._tag):
            link, full = watermark[len(self._tag) :], False
        elif watermark is not None:
            notes = (_instead("the selected attributes have changed since the watermark was made"),)
        seen: set[str] = set()
        restarts = 0
        while True:
            if link in seen:
                raise ConnectorError(f"The listing at {self._wire.base} goes in a circle: a link came twice.")
            seen.add(link)
            document, expired = self._page(link)
            if expired is not None:
                restarts += 1
                if restarts > _RESTARTS or link == self._initial:
                    raise ConnectorError(f"The listing at {self._wire.base} was broken off {restarts} times: {expired}")
                notes += (_instead(expired),)
                link, full, seen = self._initial, True, set()
                continue
            listed = self._listing(document, first_round=full)
            at_end = listed.next_link is None
            yield Page(
                listed.objects,
                watermark_after=self._tag + self._wire.relative(listed.delta_link) if at_end else None,
                complete=full and at_end,
                findings=notes + listed.findings,
            )
            if at_end:
                return
            notes, link = (), self._wire.relative(listed.next_link)

    def _page(self, link: str) -> tuple[dict[str, object], str | None]:
        """A page's JSON, or why the link's token is no good any more."""
        answer = self._wire.get(self._operation, link, headers=self._headers, accept=(400, 410))
        if answer.status < 400:
            return self._wire.document(answer), None
        error = answer.error()
        if answer.status == 410 or error.code in _EXPIRED_CODES:
            return {}, error.text
        raise ConnectorError(
            f"The listing at {self._wire.base} is refused ({error.status} {error.code}): {error.text}",
            help="If the watermark is of another tenant, run a full import.",
            cd_error=error.code,
        )


def _instead(reason: str) -> ImportFinding:
    return ImportFinding("full-import-instead", f"A full import was made instead of a delta import: {reason}")
