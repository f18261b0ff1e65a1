"""The XML that csexport writes, and that Get-ADSyncCSObject has as SerializedXml -> connector-space objects.

`cs-objects/cs-object`: images (holograms), deltas of the four layers, links, anchors, stored errors.
Elements that nothing here knows are kept with their text, and each name is told once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

from attrflow.importers.customer_state import Change, Entry, Sibling, SpaceError, SpaceObject
from attrflow.importers.entry_xml import change_of, clean_guid, entry_of
from attrflow.importers.findings import Findings, Place
from attrflow.importers.xml_records import Node, xml_records
from attrflow.model.names import InvalidName, dn_key

__all__ = ["RECORD", "read_csexport", "space_object"]

RECORD: Final = "cs-object"

_IMAGES: Final = {
    "synchronized-hologram": "synchronized",
    "hologram": "synchronized",
    "pending-import-hologram": "pending-import",
    "import-hologram": "pending-import",
    "unconfirmed-export-hologram": "unconfirmed",
    "escrowed-export-hologram": "escrowed",
    "unapplied-export-hologram": "pending-export",
    "export-hologram": "pending-export",
}
_LAYERS: Final = {
    "pending-import": "pending-import",
    "unconfirmed-export": "unconfirmed",
    "escrowed-export": "escrowed",
    "unapplied-export": "pending-export",
}
_DELTAS: Final = {**_LAYERS, **{f"{name}-delta": layer for name, layer in _LAYERS.items()}}
"""Deltas stand in an element of their layer, or are that element; clients of the sync engine know both forms."""
_KNOWN: Final = frozenset(
    {
        *_IMAGES,
        *_DELTAS,
        *[
            "account-name",
            "anchor",
            "connector",
            "connector-state",
            "cs-mv-links",
            "disconnection-id",
            "disconnection-time",
        ],
        *[
            "disconnection-type",
            "domain-name",
            "export-errordetail",
            "fully-qualified-domain-name",
            "import-errordetail",
        ],
        *[
            "last-export-delta-time",
            "last-import-delta-time",
            "ma-id",
            "ma-name",
            "mv-link",
            "partition-display-name",
            "partition-id",
        ],
        *[
            "partition-name",
            "pending-ref-delete",
            "rebuild-in-progress",
            "sequencers",
            "transient-details",
            "transient-dn",
        ],
        *[
            "user-principal-name",
            "seen-by-import",
            "need-full-sync",
            "obsoletion",
            "pending",
            "ref-retry",
            "rename-retry",
        ],
        *[
            "placeholder-parent",
            "placeholder-link",
            "placeholder-delete",
            "import-delta-operation",
            "export-delta-operation",
        ],
        *["export-delta-time", "import-delta-time", "password-sync-status", "last-password-change"],
    }
)
"""The elements of the published description and of what the product adds: read, or of no weight for a case."""
_LINKS: Final = ("projection-rules", "join-rules", "provisioning-rules", "joiner-rule")


def read_csexport(stream: BinaryIO, file: str, findings: Findings) -> Iterator[SpaceObject]:
    """The objects of a file, one by one; an object that stands there twice is told."""
    seen: dict[str, int] = {}
    told: set[str] = set()
    for node in xml_records(stream, file, findings, (RECORD,), roots=("cs-objects",)):
        found = space_object(node, Place(file), findings, told)
        if found is None:
            continue
        key = found.id or dn_key(found.dn)
        if key in seen:
            message = f"{found.dn} stands here twice, first on line {seen[key]}; the first one counts"
            findings.warn(found.place, "duplicate-object", message)
            continue
        seen[key] = found.place.line
        yield found


def space_object(node: Node, file: Place, findings: Findings, told: set[str]) -> SpaceObject | None:
    """The object of a `cs-object` element; None, told, where it has no usable DN. `told`: names told already."""
    place = file.at(node.line)
    dn = node.said("cs-dn", "dn") or ""
    try:
        dn_key(dn)
    except InvalidName as error:
        findings.tell(place, "invalid-dn", f"{error}; the object is left out")
        return None
    if not dn:
        findings.tell(place, "invalid-dn", "the object has no cs-dn; it is left out")
        return None
    images, changes = _tower(node, dn, file, findings)
    link = node.child("mv-link") or node.child("cs-mv-links")
    return SpaceObject(
        dn=dn,
        type=node.said("object-type") or _type(node),
        id=clean_guid(node.said("id")),
        connector_id=clean_guid(node.said("ma-id")),
        connector_name=node.said("ma-name"),
        anchor=_anchor(node),
        images=images,
        changes=changes,
        mv_id=_mv_id(link),
        linked=_truth(node.said("connector")),
        link=_link_type(node, link),
        link_rule=clean_guid(link.within("lineage-id")) if link is not None else None,
        siblings=tuple(_siblings(link)) if link is not None else (),
        state=_state(node.said("connector-state")),
        transient=_truth(node.said("transient")) is True,
        import_error=_error(node.child("import-errordetail")),
        export_error=_error(node.child("export-errordetail")),
        unknown=_unknown(node, file, findings, told),
        place=place,
    )


def _tower(node: Node, dn: str, file: Place, findings: Findings) -> tuple[dict[str, Entry], dict[str, Change]]:
    images: dict[str, Entry] = {}
    changes: dict[str, Change] = {}
    for child in node.children:
        if child.name in _IMAGES:
            entry = child.child("entry") or (child if child.child("attr") or child.child("dn-attr") else None)
            if entry is not None:
                images[_IMAGES[child.name]] = entry_of(entry, dn, file, findings)
        elif child.name in _DELTAS:
            delta = child if child.name.endswith("-delta") else child.child("delta")
            change = change_of(delta, dn, file, findings) if delta is not None else None
            if change is not None:
                changes[_DELTAS[child.name]] = change
    return images, changes


def _type(node: Node) -> str:
    return node.within("primary-objectclass", "primary-object-class") or ""


def _anchor(node: Node) -> str | None:
    for child in node.children:
        entry = child.child("entry") or child.child("delta")
        if entry is not None and (anchor := entry.said("anchor")) is not None:
            return anchor
    return node.said("anchor")


def _mv_id(link: Node | None) -> str | None:
    if link is None:
        return None
    plain = link.text.strip() if link.name == "mv-link" else ""
    return clean_guid(link.within("mv-guid", "mv-id", "mv-object-id") or plain)


def _link_type(node: Node, link: Node | None) -> str | None:
    """How the object itself was linked: the link's own word, else that of the entry with its GUID."""
    if link is None:
        return None
    own = clean_guid(node.said("id"))
    for one in (link, *link.children):
        word = one.said("lineage-type")
        if word in _LINKS and (one is link or clean_guid(one.said("cs-guid")) in (own, None)):
            return word
    return None


def _siblings(link: Node) -> Iterator[Sibling]:
    for one in link.all("cs-mv-value"):
        dn = one.said("cs-dn")
        if dn is not None:
            yield Sibling(
                dn,
                clean_guid(one.said("cs-guid")),
                clean_guid(one.said("ma-guid")),
                one.said("ma-name"),
                one.said("lineage-type"),
            )


def _state(word: str | None) -> str | None:
    plain = (word or "").strip().casefold()
    return plain if plain in ("normal", "explicit", "stay") else None


def _truth(word: str | None) -> bool | None:
    plain = (word or "").strip().casefold()
    return None if not plain else plain in ("1", "true")


def _error(node: Node | None) -> SpaceError | None:
    if node is None:
        return None
    type_ = node.within("error-type") or node.within("error-name")
    if type_ is None:
        return None
    retried = node.within("retry-count") or "0"
    said = [node.within("error-literal"), node.within("server-error-detail")]
    info = node.within("extension-exception-message", "exception-message", "message", "call-stack")
    said += [info.splitlines()[0] if info else None]
    return SpaceError(
        type=type_,
        step=node.within("algorithm-step") or "",
        detail=": ".join(dict.fromkeys(filter(None, said))),
        first=_time(node.within("first-occurred")),
        last=_time(node.within("date-occurred", "last-occurred")),
        retry_count=int(retried) if retried.isdecimal() else 0,
        rule=node.within("rule-name", "sync-rule-name", "rule-id"),
        attribute=node.within("attribute-name", "mv-attribute", "cd-attribute"),
        cd_error=node.within("error-code"),
    )


def _time(text: str | None) -> str | None:
    """A time as ISO 8601 writes it; the export has a blank between day and time, and UTC."""
    return text.strip().replace(" ", "T", 1) if text is not None else None


def _unknown(node: Node, file: Place, findings: Findings, told: set[str]) -> dict[str, str]:
    found = {}
    for child in node.children:
        if child.name in _KNOWN:
            continue
        found[child.name] = child.everything()
        if child.name not in told:
            told.add(child.name)
            message = (
                f"<{child.name}> is an element that is not known here: kept as {found[child.name][:60]!r}, not used"
            )
            findings.note(file.at(child.line), "unknown-element", message)
    return found
