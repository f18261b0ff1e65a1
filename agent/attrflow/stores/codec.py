"""Objects to rows and back: the JSON texts and columns in which a database holds the model's nouns.

Pure but for two things that are passed in: the interned origins, and how a stored reference set is made.
References are not in the documents: `reference_sets` keeps a count and a digest of each set.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, Protocol

import orjson

from attrflow.model.connector_space import CSObject, Disconnection, Link, StoredError
from attrflow.model.delta import AttributeDelta, Delta, Image
from attrflow.model.errors import StoreError
from attrflow.model.metaverse import MVAttribute, MVObject, MVReferences
from attrflow.model.provenance import Basis, Origin, Provenance
from attrflow.model.references import ReferenceDelta, ReferenceSet
from attrflow.model.values import Values, from_json, reference_digest, to_json

__all__ = [
    "CS_DELTAS",
    "IMAGE_LAYER",
    "MV_LAYER",
    "MakeSet",
    "Origins",
    "cs_object",
    "cs_row",
    "json_text",
    "loaded_key",
    "mv_object",
    "mv_row",
    "parsed",
    "stored_key",
]

MV_LAYER = 0
IMAGE_LAYER = 1
CS_DELTAS = ("pending_import", "unconfirmed", "escrowed", "unapplied")
"""The deltas of a connector-space object, layers 2 to 5 of behaviour.md §1.2."""

_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS

MakeSet = Callable[[int, int, str, int, str], ReferenceSet]
"""(owner, layer, attribute, count, digest in hexadecimal) to the set."""


class Origins(Protocol):
    """The interned origins of values."""

    def id_of(self, origin: Origin) -> int:
        """The id of an origin; a new one is interned."""

    def origin(self, id_: int) -> Origin:
        """The origin of an id."""


def json_text(data: object) -> str:
    """Data as JSON text with sorted keys; bytes and references in the form of `values.to_json`.

    Raises:
        StoreError: a string is no valid Unicode, or an integer has more than 64 bits.
    """
    return _json(data).decode()


def _json(data: object) -> bytes:
    try:
        return orjson.dumps(data, default=to_json, option=_OPTIONS)
    except orjson.JSONEncodeError as error:
        raise StoreError(
            f"a value cannot be stored: {error}",
            help="strings must be valid Unicode and integers must fit 64 bits",
        ) from error


def parsed(text: str) -> Any:
    """Data of a JSON text that this module wrote. Any: the shape is known where it is used.

    Raises:
        StoreError: the text is no JSON; somebody else wrote it, or the file is damaged.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise StoreError(
            f"a document of the store is damaged: {error}",
            help="restore a copy of the store, or delete it and run full imports again",
        ) from error


def stored_key(dn_key: str) -> str:
    """A dn_key without U+0000. Order and prefixes are kept, and no two keys become one."""
    return dn_key.replace("\x01", "\x01\x02").replace("\x00", "\x01\x01")


def loaded_key(stored: str) -> str:
    """The dn_key that was stored: the opposite of `stored_key`."""
    return stored.replace("\x01\x01", "\x00").replace("\x01\x02", "\x01")


# -- connector space -----------------------------------------------------------------------------


def cs_row(cso: CSObject, origins: Origins) -> tuple[object, ...]:
    """The columns of `cs_object`, in the order of `statements.CS_COLUMNS`; the last is the hash."""
    link, disconnection = cso.link, cso.disconnection
    deltas = (cso.pending_import, cso.unconfirmed, cso.escrowed, cso.unapplied)
    columns = (
        cso.id,
        cso.connector,
        cso.partition,
        cso.object_type,
        cso.dn,
        stored_key(cso.dn_key),
        cso.anchor,
        cso.kind,
        int(cso.transient),
        cso.state,
        *((None, None, None, None) if link is None else (link.mv_id, link.origin, link.rule_id, link.since_run)),
        None if disconnection is None else json_text([disconnection.cause, disconnection.rule_id, disconnection.run]),
        _rules_text(cso.applied_rules),
        None if cso.image is None else json_text(cso.image.attributes),
        *[None if delta is None else _delta_text(delta) for delta in deltas],
        _cs_sets_text(cso.image, deltas),
        _error_text(cso.import_error),
        _error_text(cso.export_error),
        _provenances_text(cso.provenance, origins),
    )
    return (*columns, _hash(columns))


def cs_object(row: tuple[Any, ...], origins: Origins, make_set: MakeSet) -> CSObject:
    """The object of a row of `statements.CS_SELECT`: the columns but the hash, and the delta references."""
    id_ = row[0]
    image, deltas = row[16], row[17:21]
    sets: Mapping[str, Any] = {} if row[21] is None else parsed(row[21])
    shifts = _shifts(sets, row[25]) if len(sets) > ("image" in sets) else {}
    return CSObject(
        id=id_,
        connector=row[1],
        partition=row[2],
        object_type=row[3],
        dn=row[4],
        dn_key=loaded_key(row[5]),
        anchor=row[6],
        kind=row[7],
        transient=bool(row[8]),
        state=row[9],
        link=None if row[10] is None else Link(row[10], row[11], row[12], row[13]),
        disconnection=None if row[14] is None else Disconnection(*parsed(row[14])),
        applied_rules=_rules(row[15]),
        image=None
        if image is None
        else Image(
            {name: _values(data) for name, data in parsed(image).items()},
            {
                name: make_set(id_, IMAGE_LAYER, name, count, digest)
                for name, (count, digest) in sets.get("image", {}).items()
            },
        ),
        import_error=_error(row[22]),
        export_error=_error(row[23]),
        provenance=_provenances(parsed(row[24]), origins),
        **{
            layer: None if text is None else _delta(parsed(text), shifts.get(layer, {}))
            for layer, text in zip(CS_DELTAS, deltas, strict=True)
        },
    )


@lru_cache(maxsize=4096)
def _rules_text(rules: tuple[str, ...]) -> str:
    return json_text(rules)


@lru_cache(maxsize=4096)
def _rules(text: str) -> tuple[str, ...]:
    return tuple(parsed(text))


def _values(data: list[Any]) -> Values:
    for item in data:  # a loop: nearly all attributes hold one plain value, and this is the hottest line
        if item.__class__ is dict:
            return tuple([from_json(one) for one in data])
    return tuple(data)


def _delta_text(delta: Delta) -> str:
    attributes: dict[str, dict[str, object]] = {}
    for name, change in delta.attributes.items():
        shown: dict[str, object] = {"operation": change.operation}
        if change.added:
            shown["added"] = change.added
        if change.removed:
            shown["removed"] = change.removed
        attributes[name] = shown
    document: dict[str, object] = {"operation": delta.operation, "attributes": attributes}
    if delta.new_dn is not None:
        document["new_dn"] = delta.new_dn
    if delta.old_dn is not None:
        document["old_dn"] = delta.old_dn
    if delta.replaces is not None:
        document["replaces"] = delta.replaces
    return json_text(document)


def _delta(document: Mapping[str, Any], references: Mapping[str, ReferenceDelta]) -> Delta:
    attributes = {
        name: AttributeDelta(change["operation"], _values(change.get("added", [])), _values(change.get("removed", [])))
        for name, change in document["attributes"].items()
    }
    names = (document.get("new_dn"), document.get("old_dn"), document.get("replaces"))
    return Delta(document["operation"], attributes, references, *names)


def _cs_sets_text(image: Image | None, deltas: Iterable[Delta | None]) -> str | None:
    """By layer and attribute: count and digest of a set; counts and digests of what a delta adds and removes."""
    sets: dict[str, dict[str, list[object]]] = {}
    if image is not None and image.references:
        sets["image"] = {name: [held.count, f"{held.digest:032x}"] for name, held in image.references.items()}
    for layer, delta in zip(CS_DELTAS, deltas, strict=True):
        if delta is not None and delta.references:
            sets[layer] = {
                name: [len(ids) for ids in (shift.added, shift.removed)]
                + [f"{reference_digest(ids):032x}" for ids in (shift.added, shift.removed)]
                for name, shift in delta.references.items()
            }
    return json_text(sets) if sets else None


def _shifts(sets: Mapping[str, Any], rows_text: str) -> dict[str, dict[str, ReferenceDelta]]:
    """The reference deltas by layer and attribute, from rows of (layer, attribute, target, sign)."""
    found: dict[tuple[int, str, int], list[int]] = {}
    for layer, attribute, target, sign in parsed(rows_text):
        found.setdefault((layer, attribute, sign), []).append(target)
    return {
        name: {
            attribute: ReferenceDelta(
                frozenset(found.get((number, attribute, 1), ())),
                frozenset(found.get((number, attribute, -1), ())),
            )
            for attribute in sets[name]
        }
        for number, name in enumerate(CS_DELTAS, start=IMAGE_LAYER + 1)
        if name in sets
    }


def _error_text(error: StoredError | None) -> str | None:
    if error is None:
        return None
    return json_text({name: value for name in StoredError.__slots__ if (value := getattr(error, name)) is not None})


def _error(text: str | None) -> StoredError | None:
    return None if text is None else StoredError(**parsed(text))


# -- metaverse -----------------------------------------------------------------------------------


def mv_row(mvo: MVObject, origins: Origins) -> tuple[object, ...]:
    """The columns of `mv_object`, in the order of `statements.MV_COLUMNS`; the last is the hash."""
    attributes = {
        name: [held.values, *_provenance_data(held.provenance, origins)] for name, held in mvo.attributes.items()
    }
    sets = {
        name: [held.targets.count, f"{held.targets.digest:032x}", *_provenance_data(held.provenance, origins)]
        for name, held in mvo.references.items()
    }
    columns = (
        mvo.id,
        mvo.object_type,
        json_text(attributes),
        json_text(sets) if sets else None,
        json_text(sorted(mvo.retry)) if mvo.retry else None,
    )
    return (*columns, _hash(columns))


def mv_object(row: tuple[Any, ...], origins: Origins, make_set: MakeSet) -> MVObject:
    """The object of a row of `statements.MV_SELECT`."""
    id_, object_type, attributes, sets, retry = row
    references: Mapping[str, Any] = {} if sets is None else parsed(sets)
    return MVObject(
        id_,
        object_type,
        {
            name: MVAttribute(_values(data[0]), _provenance(data, 1, origins))
            for name, data in parsed(attributes).items()
        },
        {
            name: MVReferences(make_set(id_, MV_LAYER, name, data[0], data[1]), _provenance(data, 2, origins))
            for name, data in references.items()
        },
        frozenset() if retry is None else frozenset(parsed(retry)),
    )


# -- provenance ----------------------------------------------------------------------------------


def _provenances_text(provenances: Mapping[str, Provenance], origins: Origins) -> str:
    if not provenances:
        return "{}"
    return json_text({name: _provenance_data(held, origins) for name, held in provenances.items()})


def _provenances(data: Mapping[str, list[Any]], origins: Origins) -> dict[str, Provenance]:
    return {name: _provenance(held, 0, origins) for name, held in data.items()}


def _provenance_data(provenance: Provenance, origins: Origins) -> list[object]:
    """[origin, since run], then the origins of the single values and the basis, as far as there are any."""
    origin = provenance.origin
    data: list[object] = [None if origin is None else origins.id_of(origin), provenance.since_run]
    each, basis = provenance.per_value, provenance.basis
    if each is not None or basis is not None:
        data.append(None if each is None else [origins.id_of(one) for one in each])
    if basis is not None:
        data.append([f"{basis.source:032x}", f"{basis.result:032x}"])
    return data


def _provenance(data: list[Any], start: int, origins: Origins) -> Provenance:
    origin = data[start]
    each, basis = None, None
    if len(data) > start + 2 and data[start + 2] is not None:
        each = tuple([origins.origin(one) for one in data[start + 2]])
    if len(data) > start + 3:
        basis = Basis(*(int(digest, 16) for digest in data[start + 3]))
    return Provenance(None if origin is None else origins.origin(origin), data[start + 1], each, basis)


def _hash(columns: tuple[object, ...]) -> bytes:
    return hashlib.blake2b(_json(columns), digest_size=16).digest()
