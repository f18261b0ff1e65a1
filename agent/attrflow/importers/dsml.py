"""The schema in a connector file or in MV.xml: DSML directory schema -> schema noun.

Classes name attributes by id; in AD's export the ids are shortened and the name stands inside. A class has
what it lists, what its superiors list, and what AD's content rules add to any of them: attributes, and the
auxiliary classes with theirs.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from attrflow.importers.findings import Findings, Place
from attrflow.importers.xml_tree import Element
from attrflow.model.schema import AttributeType, Schema, Syntax

__all__ = ["has_content_rules", "read_dsml"]

_STANDARD: Final = "1.3.6.1.4.1.1466.115.121.1."
_MICROSOFT: Final = "1.2.840.113556.1.4."
_SYNTAXES: Final = {
    _STANDARD + "27": Syntax.INTEGER,
    _MICROSOFT + "906": Syntax.INTEGER,
    _STANDARD + "7": Syntax.BOOLEAN,
    _STANDARD + "12": Syntax.REFERENCE,
    _MICROSOFT + "1221": Syntax.REFERENCE,  # OR-Name: lists of allowed and refused senders, as DNs
    **{_STANDARD + number: Syntax.BINARY for number in ("4", "5", "8", "9", "10", "23", "28", "40", "49")},
    _MICROSOFT + "907": Syntax.BINARY,
}
"""RFC 4517 §3.3 and MS-ADTS 3.1.1.2.2.2, as exports name them; every other syntax is text."""


_CONTENT_RULE: Final = "dit-content-rule"
_Parts = tuple[list[tuple[str, int]], list[Element]]


def read_dsml(
    above: Element, file: str, findings: Findings, only: Collection[str] = ()
) -> tuple[Schema, dict[str, AttributeType]]:
    """The schema below an element, and every attribute type by its name in lower case.

    `only`: names of the classes that are wanted, of the hundreds that AD has; all without it.
    """
    root = _directory_schema(above)
    if root is None:
        return Schema(), {}
    types: dict[str, AttributeType] = {}
    by_id: dict[str, AttributeType] = {}
    for element in root.all("attribute-type"):
        id_ = element.attribute("id") or ""
        name = element.said("name") or id_
        if not name:
            findings.warn(
                Place(file, element.line), "schema-attribute", "an attribute type has no name; it is left out"
            )
            continue
        syntax = _SYNTAXES.get((element.said("syntax") or "").strip(), Syntax.STRING)
        multi = (element.attribute("single-value") or "false").casefold() != "true"
        read_only = (element.attribute("user-modification") or "true").casefold() == "false"
        attribute = AttributeType(name, syntax, multi, read_only)
        types[name.casefold()] = by_id[id_.casefold()] = attribute
    classes = {(c.attribute("id") or c.said("name") or "").casefold(): c for c in root.all("class")}
    content = {(rule.attribute("id") or "").casefold(): rule for rule in root.all(_CONTENT_RULE)}
    found: dict[str, list[AttributeType]] = {}
    parts: dict[int, _Parts] = {}
    wanted = {name.casefold() for name in only}
    for key, element in classes.items():
        name = element.said("name") or key
        if wanted and name.casefold() not in wanted:
            continue
        attributes: dict[str, AttributeType] = {}
        for reference, line in _references(element, classes, content, parts):
            attribute_type = by_id.get(reference) or types.get(reference)
            if attribute_type is None:
                message = f"the class {name!r} names the attribute {reference!r}, which the schema does not define"
                findings.warn(Place(file, line), "schema-attribute", message)
                continue
            attributes.setdefault(attribute_type.name.casefold(), attribute_type)
        found[name] = list(attributes.values())
    return Schema.of(found), types


def has_content_rules(above: Element) -> bool:
    """Whether the schema says which auxiliary classes go with which class: AD's does, the tenant's has none."""
    root = _directory_schema(above)
    return root is not None and root.child(_CONTENT_RULE) is not None


def _directory_schema(above: Element) -> Element | None:
    """The `directory-schema` at most two levels below."""
    for element in (above, *above.children, *(grandchild for child in above.children for grandchild in child.children)):
        if element.name.casefold() == "directory-schema":
            return element
    return None


def _references(
    element: Element, classes: dict[str, Element], content: dict[str, Element], parts: dict[int, _Parts]
) -> list[tuple[str, int]]:
    """The ids of the attributes that an object of a class may have, each with the line that names it.

    `parts`: what was read of elements already, since classes share most of what is above them.
    """
    found: list[tuple[str, int]] = []
    seen: set[int] = set()
    queue = [element]
    while queue:
        one = queue.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        if id(one) not in parts:
            parts[id(one)] = _parts(one, classes, content)
        own, further = parts[id(one)]
        found += own
        queue += further
    return found


def _parts(element: Element, classes: dict[str, Element], content: dict[str, Element]) -> _Parts:
    """What a class or a content rule names itself, and the elements that it leads to."""
    own = [(reference, attribute.line) for attribute in element.all("attribute") if (reference := _id(attribute))]
    superior = (element.attribute("superior") or element.said("superior") or "").removeprefix("#").casefold()
    names = [superior, *(_id(auxiliary) for auxiliary in element.all("aux-class"))]
    further = [classes[name] for name in names if name in classes]
    rule = content.get((element.attribute("id") or "").casefold()) if element.name.casefold() == "class" else None
    return own, [*further, *([rule] if rule is not None else [])]


def _id(element: Element) -> str:
    return (element.attribute("ref") or "").removeprefix("#").casefold()
