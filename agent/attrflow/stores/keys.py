"""Keys: the folded texts by which objects are found, by joins and by people.

Pure functions from objects to sets of keys, shared by all stores so that they find the same things.
Knows which attributes people look up by; knows no rules and no tables.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import TypeVar

from attrflow.model.connector_space import CSObject
from attrflow.model.delta import Delta, Image, apply_delta
from attrflow.model.metaverse import MVObject
from attrflow.model.names import InvalidName, dn_key
from attrflow.model.values import Values, folded

__all__ = [
    "JoinKey",
    "LookupKey",
    "cs_join_keys",
    "cs_keys",
    "cs_lookup_keys",
    "mv_join_keys",
    "mv_lookup_keys",
    "mv_name",
    "searched_dn_key",
    "searched_text",
]

LookupKey = tuple[str, str]
"""(`name` or `anchor`, folded text). An anchor is only found whole: nobody remembers the middle of a GUID."""
JoinKey = tuple[str, str]
"""(attribute name, case-folded; folded value)."""

_KIND_BY_ATTRIBUTE = {
    "userprincipalname": "name",
    "mail": "name",
    "samaccountname": "name",
    "accountname": "name",
    "onpremisessamaccountname": "name",
    "uid": "name",
    "displayname": "name",
    "cn": "name",
    "commonname": "name",
    "name": "name",
    "objectguid": "anchor",
    "ms-ds-consistencyguid": "anchor",
    "entryuuid": "anchor",
    "sourceanchor": "anchor",
    "sourceanchorbinary": "anchor",
    "cloudanchor": "anchor",
    "onpremisesimmutableid": "anchor",
}

_NAME_ATTRIBUTES = ("displayName", "cn", "commonName", "accountName", "userPrincipalName", "mail")


@lru_cache(maxsize=4096)
def _kind(attribute: str) -> str | None:
    return _KIND_BY_ATTRIBUTE.get(attribute.casefold())


@lru_cache(maxsize=4096)
def _fold_name(attribute: str) -> str:
    return attribute.casefold()


def cs_keys(cso: CSObject, attributes: Collection[str]) -> tuple[set[LookupKey], set[JoinKey]]:
    """What people find the object by, and what joins find it by.

    People: its leaf name, its anchor, and its naming attributes as they were last synchronised, as the
    directory is known to hold them, and as they are about to be exported, so that an object under
    deletion is still found. Joins: the values of its export hologram.

    Args:
        cso: the object.
        attributes: names of join attributes, case-folded.
    """
    known = _known_values(cso, attributes)
    lookups: set[LookupKey] = set()
    leaf = cso.dn_key.rstrip("\x00").rpartition("\x00")[2].partition("=")[2]
    if leaf:
        lookups.add(("name", leaf))
    if cso.anchor:
        lookups.add(("anchor", cso.anchor.casefold()))
    for values_by_name in known:
        for name, values in values_by_name.items():
            _add_lookup_keys(lookups, name, values)
    return lookups, _join_keys(known[-1], attributes)


def cs_join_keys(cso: CSObject, attributes: Collection[str]) -> set[JoinKey]:
    """What joins find the object by; `attributes` are case-folded."""
    return cs_keys(cso, attributes)[1] if attributes else set()


def cs_lookup_keys(cso: CSObject) -> set[LookupKey]:
    """What people find the object by."""
    return cs_keys(cso, ())[0]


def mv_join_keys(mvo: MVObject, attributes: Collection[str]) -> set[JoinKey]:
    """What joins find a metaverse object by; `attributes` are case-folded."""
    return _join_keys({name: held.values for name, held in mvo.attributes.items()}, attributes)


def _join_keys(values_by_name: Mapping[str, Values], attributes: Collection[str]) -> set[JoinKey]:
    return {
        (name, folded(value))
        for attribute, values in values_by_name.items()
        if (name := _fold_name(attribute)) in attributes
        for value in values
    }


def mv_lookup_keys(mvo: MVObject) -> set[LookupKey]:
    """What people find a metaverse object by, besides the keys of the objects linked to it."""
    keys: set[LookupKey] = set()
    for name, held in mvo.attributes.items():
        _add_lookup_keys(keys, name, held.values)
    return keys


def _add_lookup_keys(keys: set[LookupKey], attribute: str, values: Values) -> None:
    """Add an attribute's texts; a GUID in binary is known dashed and in base64."""
    kind = _kind(attribute)
    if kind is None:
        return
    for value in values:
        if not isinstance(value, bytes):
            if text := folded(value):
                keys.add((kind, text))
        elif value:
            keys.add((kind, base64.b64encode(value).decode("ascii").casefold()))
            if len(value) == 16:
                keys.add((kind, _guid(value)))


def _guid(octets: bytes) -> str:
    """The text of a GUID in the byte order of directories: the first three fields are little-endian."""
    fields = (octets[3::-1], octets[5:3:-1], octets[7:5:-1], octets[8:10], octets[10:])
    return "-".join([field.hex() for field in fields])


def _known_values(cso: CSObject, attributes: Collection[str]) -> list[Mapping[str, Values]]:
    """Naming and join attributes in the image, in the import hologram and, last, in the export hologram.

    A hologram that no delta changes is left out. References are left out too: a hologram of them
    would read whole sets.
    """
    below = {} if cso.image is None else _wanted(cso.image.attributes, attributes)
    found = [below]
    if cso.pending_import is not None:
        below = _applied(cso.pending_import, below, attributes)
        found.append(below)
    if cso.unconfirmed is not None or cso.escrowed is not None or cso.unapplied is not None:
        for delta in (cso.unconfirmed, cso.escrowed, cso.unapplied):
            if delta is not None:
                below = _applied(delta, below, attributes)
        found.append(below)
    return found


def _applied(delta: Delta, below: Mapping[str, Values], attributes: Collection[str]) -> Mapping[str, Values]:
    return apply_delta(Delta(delta.operation, _wanted(delta.attributes, attributes)), Image(below)).attributes


T = TypeVar("T")


def _wanted(by_name: Mapping[str, T], attributes: Collection[str]) -> Mapping[str, T]:
    return {
        name: held
        for name, held in by_name.items()
        if _kind(name) is not None or (attributes and _fold_name(name) in attributes)
    }


def mv_name(mvo: MVObject) -> str:
    """The name by which a metaverse object is shown: its first naming attribute, else its type and id."""
    for attribute in _NAME_ATTRIBUTES:
        held = mvo.attributes.get(attribute)
        if held is not None and held.values:
            return str(held.values[0])
    return f"{mvo.object_type} #{mvo.id}"


def searched_text(text: str) -> str:
    """A search text in the form of the look-up keys: trimmed, without a GUID's braces, folded."""
    return text.strip().strip("{}").casefold()


def searched_dn_key(text: str) -> str | None:
    """The dn_key of a search text that is a DN, or None."""
    if "=" not in text:
        return None
    try:
        return dn_key(text.strip())
    except InvalidName:
        return None
