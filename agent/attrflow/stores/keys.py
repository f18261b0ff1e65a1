"""Keys: the folded texts by which objects are found, by joins and by people.

Pure functions from objects to sets of keys, shared by all stores so that they find the same things.
Knows which attributes people look up by; knows no rules and no tables.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache
from uuid import UUID

from attrflow.model.connector_space import CSObject
from attrflow.model.delta import EMPTY_IMAGE, Delta, Image, apply_delta
from attrflow.model.metaverse import MVObject
from attrflow.model.names import InvalidName, dn_key
from attrflow.model.values import Values, folded

__all__ = [
    "JoinKey",
    "LookupKey",
    "cs_join_keys",
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


def cs_join_keys(cso: CSObject, attributes: Collection[str]) -> set[JoinKey]:
    """What joins find the object by: the values of its export hologram in the named attributes.

    Args:
        cso: the object.
        attributes: names of join attributes, case-folded.
    """
    if not attributes:
        return set()
    return _join_keys(_known_values(cso, lambda name: _fold_name(name) in attributes)[-1].items())


def mv_join_keys(mvo: MVObject, attributes: Collection[str]) -> set[JoinKey]:
    """What joins find a metaverse object by; `attributes` are case-folded."""
    held = mvo.attributes.items()
    return _join_keys((name, one.values) for name, one in held if _fold_name(name) in attributes)


def _join_keys(items: Iterable[tuple[str, Values]]) -> set[JoinKey]:
    return {(_fold_name(name), folded(value)) for name, values in items for value in values}


def cs_lookup_keys(cso: CSObject) -> set[LookupKey]:
    """What people find the object by: its leaf name, its anchor, and its naming attributes.

    The attributes count as they were last synchronised, as the directory is known to hold them, and
    as they are about to be exported, so that an object under deletion is still found.
    """
    keys: set[LookupKey] = set()
    leaf = cso.dn_key.rstrip("\x00").rpartition("\x00")[2].partition("=")[2]
    if leaf:
        keys.add(("name", leaf))
    if cso.anchor:
        keys.add(("anchor", cso.anchor.casefold()))
    for attributes in _known_values(cso, _kind):
        for name, values in attributes.items():
            _add_lookup_keys(keys, name, values)
    return keys


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
                keys.add((kind, str(UUID(bytes_le=value))))


def _known_values(cso: CSObject, wanted: Callable[[str], object]) -> list[Mapping[str, Values]]:
    """The wanted attributes in the image, in the import hologram and, last, in the export hologram.

    What equals its neighbour is left out. References are left out too: a hologram of them would
    read whole sets.
    """
    image = cso.image or EMPTY_IMAGE
    attributes: Mapping[str, Values] = {n: v for n, v in image.attributes.items() if wanted(n)}
    found = [attributes]
    if cso.pending_import is not None:
        attributes = _applied(cso.pending_import, attributes, wanted)
        found.append(attributes)
    later = [delta for delta in (cso.unconfirmed, cso.escrowed, cso.unapplied) if delta is not None]
    if later:
        for delta in later:
            attributes = _applied(delta, attributes, wanted)
        found.append(attributes)
    return found


def _applied(delta: Delta, below: Mapping[str, Values], wanted: Callable[[str], object]) -> Mapping[str, Values]:
    changes = {name: change for name, change in delta.attributes.items() if wanted(name)}
    return apply_delta(Delta(delta.operation, changes), Image(below)).attributes


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
