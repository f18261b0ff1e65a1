"""Delta imports from Active Directory by the DirSync control (MS-ADTS 3.1.1.3.4.1.3).

DirSync answers with what changed since a cookie: for a changed object only the attributes that
changed, for links only the values added and removed, and tombstones. Its cookie is state on our
side: a page whose connection broke is asked for again, and each page ends with a cookie from which a
later import can go on.

A full import does not read by DirSync. A paged search can be told the selected containers and
classes and brings constructed attributes too; DirSync walks the whole naming context and leaves those
out. What the full import takes from here is the cookie from before it began (`first_cookie`): a walk
with a filter that nothing matches, so the server sends none of its objects. What changes during the
full read is then in the next delta once more, which is harmless; nothing is missed.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

import ldap3

from attrflow.connectors.ldap import controls
from attrflow.connectors.ldap.connection import SearchAnswer, SearchRequest
from attrflow.connectors.ldap.decode import SearchEntry, dirsync_answer
from attrflow.connectors.ldap.dialogue import Dialogue
from attrflow.connectors.ldap.entries import EntryReader, values_of
from attrflow.connectors.ldap.failures import search_failure, server_words
from attrflow.connectors.ldap.full_import import FullImport
from attrflow.connectors.ldap.scope import Scope
from attrflow.connectors.ldap.values import read_name
from attrflow.model.configuration import Partition
from attrflow.model.entry import ImportedObject, ImportFinding, Page
from attrflow.model.errors import ConnectorError, PermissionDenied, SearchFailed
from attrflow.model.names import InvalidName, parse_dn

__all__ = ["DirSync"]

_NOTHING = "(objectGUID=" + "\\00" * 16 + ")"
"""No object has the zero GUID, and the attribute is indexed, so this costs the server nothing."""
_ALWAYS = ("isDeleted", "name", "objectClass", "objectGUID")
"""`name` changes with every rename and move: without asking for it, those would not come back."""
_IN_FILTER = re.compile(r"\(\s*([A-Za-z][\w-]*)\s*(?:[~<>]?=|:)")


class DirSync:
    """Reads changes of one connector's partitions."""

    def __init__(
        self,
        dialogue: Dialogue,
        scope: Scope,
        reader: EntryReader,
        whole: FullImport,
        *,
        object_security: bool,
        extra_filter: str | None,
    ) -> None:
        self._dialogue = dialogue
        self._scope = scope
        self._reader = reader
        self._whole = whole
        self._object_security = object_security
        self._extra_filter = extra_filter
        in_filter = _IN_FILTER.findall(extra_filter) if extra_filter else []
        self._attributes = tuple(dict.fromkeys((*reader.requested, *_ALWAYS, *in_filter)))

    def first_cookie(self, partition: Partition) -> str:
        """The watermark of this moment: changes after it are what a later delta import brings.

        Raises:
            PermissionDenied: the account may not read changes.
        """
        cookie = b""
        while True:
            more, cookie, _ = self._ask(partition, cookie, _NOTHING, ("objectGUID",))
            if not more:
                return _watermark(cookie)

    def pages(self, partition: Partition, watermark: str) -> Iterator[Page]:
        """What changed since the watermark; every page has the watermark that goes on after it.

        Raises:
            PermissionDenied: the account may not read changes.
            SearchFailed: the directory does not take the watermark; a full import makes a new one.
        """
        try:
            cookie = base64.b64decode(watermark, validate=True)
        except (binascii.Error, ValueError) as error:
            raise _refused_cookie(self._dialogue.url, partition, "it is not what a DirSync import left") from error
        more = True
        while more:
            more, cookie, answer = self._ask(partition, cookie, self._scope.type_filter(), self._attributes)
            objects: list[ImportedObject] = []
            findings: list[ImportFinding] = []
            for entry in answer.entries:
                change = self._change(partition, entry)
                if isinstance(change, ImportedObject):
                    objects.append(change)
                else:
                    findings.append(change)
            yield Page(
                tuple(objects),
                watermark_after=_watermark(cookie),
                findings=tuple(findings),
            )

    # -- inside --------------------------------------------------------------------------------------

    def _ask(
        self, partition: Partition, cookie: bytes, filter_: str, attributes: tuple[str, ...]
    ) -> tuple[bool, bytes, SearchAnswer]:
        request = SearchRequest(
            f"the changes of {partition.name}",
            partition.name,
            filter_,
            ldap3.SUBTREE,
            attributes,
            (
                controls.dirsync(cookie, object_security=self._object_security),
                controls.extended_names(),
                controls.show_deleted(),
            ),
        )
        answer = self._dialogue.ask(request, "dirsync")
        if answer.done.result != 0:
            raise self._refused(partition, request, answer, had_cookie=bool(cookie))
        value = answer.done.controls.get(controls.DIRSYNC)
        if value is None:
            raise SearchFailed(
                f"{self._dialogue.url} answered {request.what} without a cookie: it is no Active Directory",
                help='set the connector\'s kind to "openldap"',
            )
        more, after = dirsync_answer(value)
        return more, after, answer

    def _refused(
        self, partition: Partition, request: SearchRequest, answer: SearchAnswer, *, had_cookie: bool
    ) -> ConnectorError:
        done, url = answer.done, self._dialogue.url
        words = server_words(done.result, done.text)
        if done.result == 50:
            return PermissionDenied(
                f"{url} does not let the account read {request.what}: {words}",
                help=f"grant it 'Replicating Directory Changes' on {partition.name}, or set "
                "object_security = true to read only what the account may see",
                cd_error=words,
            )
        if had_cookie and done.result in (2, 53):
            return _refused_cookie(url, partition, words)
        return search_failure(url, request.what, done)

    def _change(self, partition: Partition, entry: SearchEntry) -> ImportedObject | ImportFinding:
        try:
            dn, guid = read_name(entry.dn)
        except (InvalidName, UnicodeDecodeError) as error:
            return ImportFinding("invalid-dn", str(error), dn=entry.dn.decode("utf-8", "replace"))
        anchor = self._reader.anchor(entry.attributes, guid)
        if anchor is None:
            return ImportFinding(
                "missing-anchor-component",
                "the change came without objectGUID: may the account read it?",
                dn=dn,
            )
        deleted = values_of(entry.attributes, "isDeleted")
        if deleted and deleted[0].upper() == b"TRUE":
            return ImportedObject("delete", dn, anchor)
        elsewhere = ImportedObject("left-scope", dn, anchor)
        if not self._scope.holds(partition, parse_dn(dn).key):
            return elsewhere
        object_type: str | None = None
        if object_class := values_of(entry.attributes, "objectClass"):
            category = next(iter(values_of(entry.attributes, "objectCategory")), None)
            object_type = self._scope.object_type(object_class, category)
            if object_type is None:
                return elsewhere
        if self._extra_filter is not None and not self._passes(partition, anchor):
            return elsewhere
        return self._reader.partial(dn, anchor, object_type, entry.attributes)

    def _passes(self, partition: Partition, anchor: str) -> bool:
        """Whether the object matches the connector's filter: DirSync never says that one left it."""
        found = self._whole.read(partition, f"<GUID={anchor}>", self._scope.search_filter())
        return found is not None


def _watermark(cookie: bytes) -> str:
    return base64.b64encode(cookie).decode("ascii")


def _refused_cookie(url: str, partition: Partition, words: str) -> SearchFailed:
    return SearchFailed(
        f"{url} does not go on from the stored watermark of {partition.name}: {words}",
        help="run a full import, which stores a new one",
        cd_error=words,
    )
