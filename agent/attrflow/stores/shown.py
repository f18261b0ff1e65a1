"""What a tombstone keeps: an object's last document, as the views for people show it.

Plain JSON data (strings, numbers, lists, mappings), made from the model's nouns; shared by all stores.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrflow.model.connector_space import CSObject, export_hologram
from attrflow.model.metaverse import MVObject
from attrflow.model.provenance import Provenance
from attrflow.model.values import values_to_json
from attrflow.ports.store import Tombstone
from attrflow.stores.keys import cs_lookup_keys, mv_lookup_keys, mv_name

__all__ = ["cs_tombstone", "mv_tombstone", "tombstone_texts"]


def cs_tombstone(cso: CSObject, run: int) -> Tombstone:
    """The tombstone of a connector-space object that `run` deleted."""
    return Tombstone(cso.id, "cs", cso.dn, cso.connector, cso.object_type, run, _cs_document(cso))


def mv_tombstone(mvo: MVObject, run: int) -> Tombstone:
    """The tombstone of a metaverse object that `run` deleted."""
    return Tombstone(mvo.id, "mv", mv_name(mvo), None, mvo.object_type, run, _mv_document(mvo))


def tombstone_texts(gone: CSObject | MVObject, name: str) -> str:
    """The folded texts by which a tombstone is searched, one on a line: its name and its look-up keys."""
    keys = cs_lookup_keys(gone) if isinstance(gone, CSObject) else mv_lookup_keys(gone)
    return "\n".join([name.casefold(), *sorted({text for _, text in keys})])


def _cs_document(cso: CSObject) -> Mapping[str, object]:
    """The image as last synchronised or, for an object that never was, as it would have become."""
    image = cso.image if cso.image is not None else export_hologram(cso)
    return {
        "connector": cso.connector,
        "partition": cso.partition,
        "dn": cso.dn,
        "anchor": cso.anchor,
        "object_type": cso.object_type,
        "kind": cso.kind,
        "metaverse": None if cso.link is None else cso.link.mv_id,
        "applied_rules": list(cso.applied_rules),
        "attributes": {name: values_to_json(values) for name, values in sorted(image.attributes.items())},
        "references": {name: sorted(targets) for name, targets in sorted(image.references.items())},
    }


def _mv_document(mvo: MVObject) -> Mapping[str, object]:
    return {
        "object_type": mvo.object_type,
        "attributes": {
            name: {"values": values_to_json(held.values), **_contributor(held.provenance)}
            for name, held in sorted(mvo.attributes.items())
        },
        "references": {
            name: {"targets": sorted(held.targets), **_contributor(held.provenance)}
            for name, held in sorted(mvo.references.items())
        },
    }


def _contributor(provenance: Provenance) -> Mapping[str, object]:
    origin = provenance.origin
    return {
        "connector": None if origin is None else origin.connector,
        "rule": None if origin is None else origin.rule_id,
        "since_run": provenance.since_run,
    }
