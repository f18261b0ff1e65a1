"""A full import: every object in scope, page by page, and the licence to infer deletions at its end.

One paged search for each outermost container (or the partition's root). Only when every page of
every search has ended with success comes the page that says `complete`. A search that breaks off
cannot be taken up on another connection: then the import ends with ConnectionLost, and without it.
"""

from __future__ import annotations

from collections.abc import Iterator

import ldap3

from attrflow.connectors.ldap import controls, ranges
from attrflow.connectors.ldap.connection import SearchAnswer, SearchRequest
from attrflow.connectors.ldap.decode import SearchEntry, paging_answer
from attrflow.connectors.ldap.dialogue import Dialogue
from attrflow.connectors.ldap.entries import EntryReader, values_of
from attrflow.connectors.ldap.failures import NO_SUCH_OBJECT, search_failure
from attrflow.connectors.ldap.scope import Scope
from attrflow.connectors.ldap.values import read_name
from attrflow.model.configuration import Partition
from attrflow.model.entry import ImportedObject, ImportFinding, Page
from attrflow.model.names import InvalidName, parse_dn

__all__ = ["FullImport"]

_RANGE_BEYOND_END = 1


class FullImport:
    """Reads whole objects of one connector."""

    def __init__(self, dialogue: Dialogue, scope: Scope, reader: EntryReader, *, is_ad: bool, page_size: int) -> None:
        self._dialogue = dialogue
        self._scope = scope
        self._reader = reader
        self._is_ad = is_ad
        self._page_size = page_size

    def pages(self, partition: Partition, watermark_after: str | None) -> Iterator[Page]:
        """All objects of the partition that are in scope; the last page is `complete`.

        Args:
            watermark_after: where a later delta import goes on; read before this import began, so
                that what changes meanwhile is not missed.

        Raises:
            ConnectorError: the directory refuses, or the connection broke.
        """
        for base in self._scope.bases(partition):
            yield from self._walk(partition, base)
        yield Page((), watermark_after=watermark_after, complete=True)

    def read(self, partition: Partition, base: str, filter_: str) -> ImportedObject | ImportFinding | None:
        """One whole object: what a search of `base` with the filter finds, or None.

        A base `<GUID=…>` is read itself, any other one with all that is below it.
        """
        scope = ldap3.BASE if base.startswith("<") else ldap3.SUBTREE
        request = self._request(f"an object below {partition.name}", base, filter_, scope)
        answer = self._dialogue.ask(request, "read")
        if answer.done.result == NO_SUCH_OBJECT:
            return None
        self._check(request, answer)
        found = [self._imported(partition, entry) for entry in answer.entries]
        return found[0] if found else None

    def _walk(self, partition: Partition, base: str) -> Iterator[Page]:
        cookie, generation, number = b"", 0, 1
        while True:
            request = self._request(
                f"page {number} of {base}",
                base,
                self._scope.search_filter(),
                ldap3.SUBTREE,
                controls.paged(self._page_size, cookie),
            )
            if number == 1:
                answer = self._dialogue.ask(request)
                generation = self._dialogue.generation
                if answer.done.result == NO_SUCH_OBJECT and base != partition.name:
                    # A selected container that was renamed or deleted holds nothing (behaviour.md §1.4, 7c).
                    return
            else:
                answer = self._dialogue.ask_in_walk(request, generation)
            self._check(request, answer)
            yield self._page(partition, answer)
            value = answer.done.controls.get(controls.PAGED)
            cookie = paging_answer(value) if value is not None else b""
            if not cookie:
                return
            number += 1

    def _request(self, what: str, base: str, filter_: str, scope: str, *further: object) -> SearchRequest:
        extended = (controls.extended_names(),) if self._is_ad else ()
        return SearchRequest(what, base, filter_, scope, self._reader.requested, (*further, *extended))

    def _check(self, request: SearchRequest, answer: SearchAnswer) -> None:
        if answer.done.result != 0:
            raise search_failure(self._dialogue.url, request.what, answer.done)

    def _page(self, partition: Partition, answer: SearchAnswer) -> Page:
        objects: list[ImportedObject] = []
        findings: list[ImportFinding] = []
        for entry in answer.entries:
            imported = self._imported(partition, entry)
            if isinstance(imported, ImportedObject):
                objects.append(imported)
            elif imported is not None:
                findings.append(imported)
        return Page(tuple(objects), findings=tuple(findings))

    def _imported(self, partition: Partition, entry: SearchEntry) -> ImportedObject | ImportFinding | None:
        """The object; a finding where it cannot even be named; None where it is out of scope."""
        shown = entry.dn.decode("utf-8", "replace")
        try:
            dn, guid = read_name(entry.dn)
        except (InvalidName, UnicodeDecodeError) as error:
            return ImportFinding("invalid-dn", str(error), dn=shown)
        if not self._scope.holds(partition, parse_dn(dn).key):
            return None
        object_class = values_of(entry.attributes, "objectClass")
        if not object_class:
            return ImportFinding(
                "missing-object-class", "the entry came without objectClass: may the account read it?", dn=dn
            )
        category = next(iter(values_of(entry.attributes, "objectCategory")), None) if self._is_ad else None
        object_type = self._scope.object_type(object_class, category)
        if object_type is None:
            return None
        anchor = self._reader.anchor(entry.attributes, guid)
        if anchor is None:
            name = self._reader.anchor_attribute
            return ImportFinding(
                "missing-anchor-component", f"the entry came without {name}: may the account read it?", dn=dn
            )
        attributes = ranges.complete(entry.attributes, lambda name: self._more(dn, anchor, name))
        return self._reader.whole(dn, anchor, object_type, attributes)

    def _more(self, dn: str, anchor: str, name: str) -> SearchEntry | None:
        """A further range of an attribute; None when the entry is gone or the list became shorter."""
        base = f"<GUID={anchor}>" if self._is_ad else dn
        further = (controls.extended_names(),) if self._is_ad else ()
        request = SearchRequest(f"{name} of {dn}", base, scope=ldap3.BASE, attributes=(name,), controls=further)
        answer = self._dialogue.ask(request, "read range")
        if answer.done.result in (NO_SUCH_OBJECT, _RANGE_BEYOND_END):
            return None
        self._check(request, answer)
        return answer.entries[0] if answer.entries else None
