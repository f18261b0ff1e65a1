"""A connector file of the product's configuration folder (root `ma-data`) -> exported connector.

What signs in or says how far imports came is passed over: encrypted values, cookies and watermarks are in no
noun and no message.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attrflow.importers.connectors import Container, ExportedConnector, ExportedPartition
from attrflow.importers.dsml import has_content_rules, read_dsml
from attrflow.importers.findings import Findings, Place
from attrflow.importers.xml_profiles import read_run_profiles
from attrflow.importers.xml_tree import Element
from attrflow.model.schema import AttributeType, ObjectType, Schema

__all__ = ["read_xml_connector"]

_NAMED: Final = ("forest.", "domain.", "connector.")
"""The parameters that expressions may read; others are the connector's own affair."""
_READ: Final = frozenset(
    (
        *("id", "name", "category", "subtype", "ma-listname", "schema", "private-configuration"),
        *("attribute-inclusion", "ma-partition-data", "ma-run-data"),
    )
)
_OF_NO_WEIGHT: Final = frozenset(
    (
        *("format-version", "description", "ma-companyname", "creation-time", "last-modification-time", "version"),
        *("internal-version", "password-sync-allowed", "password-sync", "encrypted-attributes", "dn-construction"),
        *("syncconfig-refresh-schema", "capabilities-mask", "export-type", "controller-configuration"),
    )
)
"""Who made the connector and when, how passwords travel, and what the connector's kind decides."""
_OWN_RULES: Final = (
    *("join", "projection", "export-attribute-flow", "import-attribute-flow", "stay-disconnector", "extension"),
    *("component_mappings", "provisioning-cleanup"),
)
"""Where a connector of Identity Manager has rules of its own; they are empty where rules are rule files."""
_ENTRA: Final = ("azure active directory", "entra")


def read_xml_connector(root: Element, file: str, findings: Findings) -> ExportedConnector | None:
    """The connector of a file; None, told, where it has no id to be known by."""
    id_ = (root.said("id") or "").strip("{}").casefold()
    name = root.said("name") or id_
    if not id_:
        findings.tell(Place(file, root.line), "missing-field", "the connector file states no id; it is not read")
        return None
    kind = _kind(root)
    if kind is None:
        category = " ".join(filter(None, (root.said("category"), root.said("subtype"))))
        message = f"connector {name!r} is of the kind {category!r}, which attrflow does not import"
        help = "its rules are read; give them a connector with --map"
        findings.warn(Place(file, root.line), "unknown-connector-kind", message, help=help)
    _tell_rest(root, name, file, findings)
    attributes = _attributes(root)
    partitions = tuple(_partitions(root))
    schema = Schema()
    schema_element = root.child("schema")
    if schema_element is not None:
        chosen = {name for partition in partitions for name in partition.object_types}
        schema, types = read_dsml(schema_element, file, findings, chosen)
        if not has_content_rules(schema_element):
            schema = _with_selected(schema, attributes, types)
    private = root.child("private-configuration")
    forest, account = _forest(private)
    return ExportedConnector(
        id=id_,
        name=name,
        kind=kind,
        partitions=partitions,
        attributes=attributes,
        parameters=dict(_parameters(private, "domain.")) if private is not None else {},
        forest=forest,
        account=account,
        schema=schema,
        run_profiles=tuple(read_run_profiles(root)),
        file=file,
        line=root.line,
    )


def _tell_rest(root: Element, name: str, file: str, findings: Findings) -> None:
    """Say which elements hold something that is not read."""
    for element in root.children:
        folded = element.name.casefold()
        if folded in _READ or folded in _OF_NO_WEIGHT or not (element.children or element.text.strip()):
            continue
        place = Place(file, element.line)
        if folded in _OWN_RULES:
            message = f"connector {name!r} has a <{element.name}> of its own, beside the rule files; it is not read"
            findings.warn(place, "no-counterpart", message, help="rules of connectors are those of Identity Manager")
        else:
            message = f"connector {name!r}: <{element.name}> is no known part of a connector file; it was not read"
            findings.note(place, "unknown-element", message)


def _kind(root: Element) -> str | None:
    category = (root.said("category") or "").casefold()
    if category == "ad":
        return "ad"
    words = f"{root.said('subtype') or ''} {root.said('ma-listname') or ''}".casefold()
    return "entra" if any(word in words for word in _ENTRA) else None


def _attributes(root: Element) -> tuple[str, ...]:
    inclusion = root.child("attribute-inclusion")
    if inclusion is None:
        return ()
    return tuple(dict.fromkeys(text for a in inclusion.all("attribute") if (text := a.text.strip())))


def _with_selected(schema: Schema, selected: tuple[str, ...], types: dict[str, AttributeType]) -> Schema:
    """The schema in which every class also has the selected attributes: which class has which is not in the file."""
    chosen = [types[name.casefold()] for name in selected if name.casefold() in types]
    return Schema(
        {
            name: ObjectType(name, {**{a.name: a for a in chosen}, **found.attributes})
            for name, found in schema.object_types.items()
        }
    )


def _forest(private: Element | None) -> tuple[str | None, str | None]:
    """The forest's name, and the account that reads it, as DOMAIN\\name where a domain is stated."""
    if private is None:
        return None, None
    configuration = private.child("adma-configuration")
    if configuration is None:
        return None, None
    forest = configuration.said("forest-name") or None
    user = configuration.said("forest-login-user") or None
    domain = configuration.said("forest-login-domain")
    return forest, f"{domain}\\{user}" if user and domain and "\\" not in user and "@" not in user else user


def _partitions(root: Element) -> Iterator[ExportedPartition]:
    data = root.child("ma-partition-data")
    for partition in data.all("partition") if data is not None else ():
        filter_ = partition.child("filter")
        classes = filter_.child("object-classes") if filter_ is not None else None
        yield ExportedPartition(
            name=partition.said("name") or "",
            selected=(partition.said("selected") or "").casefold() in ("1", "true"),
            containers=tuple(_containers(filter_)),
            object_types=tuple(c.text.strip() for c in classes.all("object-class")) if classes is not None else (),
            parameters=dict(_parameters(partition, "forest.")),
            id=(partition.said("id") or "").strip("{}").casefold(),
            line=partition.line,
        )


def _containers(filter_: Element | None) -> Iterator[Container]:
    containers = filter_.child("containers") if filter_ is not None else None
    if containers is None:
        return
    for plural, single, selected in (("inclusions", "inclusion", True), ("exclusions", "exclusion", False)):
        group = containers.child(plural)
        for element in group.all(single) if group is not None else ():
            if element.text.strip():
                yield Container(element.text.strip(), selected)


def _parameters(above: Element, but: str) -> Iterator[tuple[str, str]]:
    """The parameters that expressions may read and that have a value, of whatever depth, but those of one kind."""
    for element in _descendants(above):
        name = element.attribute("name") or ""
        plain = name.casefold().startswith(_NAMED) and not name.casefold().startswith(but)
        text = element.text.strip()
        if element.name.casefold() == "parameter" and plain and text and element.attribute("encrypted") in (None, "0"):
            yield name, text


def _descendants(element: Element) -> Iterator[Element]:
    for child in element.children:
        yield child
        yield from _descendants(child)
