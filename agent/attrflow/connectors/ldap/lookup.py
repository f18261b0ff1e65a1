"""Looking an object up by name anywhere in a directory: past the selected containers, types and filters.

Nothing is imported by it. It answers whether the directory holds what the connector space does not,
which is the first question when an object is missing (behaviour.md §8.1).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import ldap3
from ldap3.utils.conv import escape_filter_chars

from attrflow.connectors.ldap import controls
from attrflow.connectors.ldap.connection import SearchRequest
from attrflow.connectors.ldap.decode import SearchEntry
from attrflow.connectors.ldap.dialogue import Dialogue
from attrflow.connectors.ldap.entries import values_of
from attrflow.connectors.ldap.failures import NO_SUCH_OBJECT, search_failure
from attrflow.connectors.ldap.schema import ServerSchema
from attrflow.connectors.ldap.scope import Scope
from attrflow.connectors.ldap.values import read_name
from attrflow.model.configuration import ConnectorConfiguration
from attrflow.model.names import InvalidName, parse_dn

__all__ = ["FOUND_MAX", "FoundEntry", "Lookup"]

FOUND_MAX = 20
"""Entries that one look-up gives at most: more are too many to choose from."""

_REFERRAL, _INVALID_DN = 10, 34
_ELSEWHERE = frozenset((NO_SUCH_OBJECT, _REFERRAL, _INVALID_DN))
"""Results that say that this directory has no such entry: another one may."""
_KEYS = ("userPrincipalName", "mail", "sAMAccountName", "uid", "cn", "displayName", "name")
_NAMES = ("displayName", "cn")
_GUID = re.compile(r"\{?([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\}?")


@dataclass(frozen=True, slots=True)
class FoundEntry:
    """An entry that a directory holds, whether or not it is imported."""

    dn: str
    object_type: str | None
    """The selected object type that it is imported as; else its most specific structural class."""
    name: str | None
    selected: bool
    """Whether its object type is selected."""


class Lookup:
    """Looks names up in one connected directory."""

    def __init__(
        self, dialogue: Dialogue, schema: ServerSchema, scope: Scope, configuration: ConnectorConfiguration
    ) -> None:
        self._dialogue = dialogue
        self._schema = schema
        self._scope = scope
        self._configuration = configuration
        self._is_ad = configuration.kind == "ad"

    def find(self, text: str) -> tuple[FoundEntry, ...]:
        """The entries that a DN, GUID, user or account name, mail address or display name means.

        A name must be whole. At most `FOUND_MAX` entries come back.

        Raises:
            ConnectorError: the directory cannot be asked.
        """
        text = text.strip()
        if not text:
            return ()
        if (guid := _GUID.fullmatch(text)) is not None:
            return self._by_guid(guid[1].lower())
        if "=" in text and _is_dn(text):
            return self._search(text, "(objectClass=*)", ldap3.BASE)
        keys = [name for name in _KEYS if self._schema.attribute(name) is not None]
        value = escape_filter_chars(text)
        filter_ = "".join(f"({name}={value})" for name in keys)
        return self._below_partitions(f"(|{filter_})") if keys else ()

    def _by_guid(self, guid: str) -> tuple[FoundEntry, ...]:
        if self._is_ad:
            return self._search(f"<GUID={guid}>", "(objectClass=*)", ldap3.BASE)
        return self._below_partitions(f"(entryUUID={guid})")

    def _below_partitions(self, filter_: str) -> tuple[FoundEntry, ...]:
        found: dict[str, FoundEntry] = {}
        for partition in self._configuration.partitions:
            for entry in self._search(partition.name, filter_, ldap3.SUBTREE):
                found.setdefault(entry.dn, entry)
        return tuple(found.values())[:FOUND_MAX]

    def _search(self, base: str, filter_: str, scope: str) -> tuple[FoundEntry, ...]:
        wanted = ("objectClass", "objectCategory", *_NAMES)
        attributes = [name for name in wanted if self._schema.attribute(name) is not None]
        request = SearchRequest(
            f"a name below {base}", base, filter_, scope, attributes, (controls.paged(FOUND_MAX, b""),)
        )
        answer = self._dialogue.ask(request, "find")
        if answer.done.result in _ELSEWHERE:
            return ()
        if answer.done.result != 0:
            raise search_failure(self._dialogue.url, request.what, answer.done)
        return tuple(found for entry in answer.entries if (found := self._entry(entry)) is not None)

    def _entry(self, entry: SearchEntry) -> FoundEntry | None:
        try:
            dn = read_name(entry.dn)[0]
        except (InvalidName, UnicodeDecodeError):
            return None  # it has no name that could be shown or asked for
        classes = values_of(entry.attributes, "objectClass")
        category = next(iter(values_of(entry.attributes, "objectCategory")), None)
        name = next((v[0].decode("utf-8", "replace") for n in _NAMES if (v := values_of(entry.attributes, n))), None)
        object_type = self._scope.object_type(classes, category)
        own = self._own_class([value.decode("utf-8", "replace") for value in classes])
        return FoundEntry(dn, object_type or own, name, object_type is not None)

    def _own_class(self, classes: Sequence[str]) -> str | None:
        """The class that no other one of the entry derives from; auxiliary classes do not count."""
        structural = [
            definition
            for name in classes
            if (definition := self._schema.classes.get(name.casefold())) is not None and definition.kind != "AUXILIARY"
        ]
        if not structural:
            return None
        return max(structural, key=lambda d: len(self._schema.superiors(d.names[0]))).names[0]


def _is_dn(text: str) -> bool:
    try:
        return bool(parse_dn(text).rdns)
    except InvalidName:
        return False
