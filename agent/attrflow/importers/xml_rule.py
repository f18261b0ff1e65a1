"""A rule file of the product's configuration folder: element tree -> draft (root `synchronizationRule`).

The export states no flow type: an expression makes the mapping an expression whatever its sources are, a
source attribute makes it direct, and else the text of `src` is a constant. Element order and the case of
letters do not count; an element that is not known is told, not dropped.
"""

from __future__ import annotations

from typing import Final

from attrflow.importers.draft import DraftFlow, DraftJoin, DraftRule, DraftScope, Word
from attrflow.importers.findings import Findings, Place
from attrflow.importers.xml_tree import Element

__all__ = ["read_xml_rule"]

_FIELDS: Final = {
    "id": "id",
    "internal-id": "internal-id",
    "name": "name",
    "description": "description",
    "immutable-tag": "tag",
    "direction": "direction",
    "disabled": "disabled",
    "connector": "connector",
    "sourceobjecttype": "source-type",
    "targetobjecttype": "target-type",
    "linktype": "link",
    "precedence": "precedence",
    "precedence-after": "precedence-after",
    "precedence-before": "precedence-before",
    "softdeleteexpiryinterval": "soft-delete",
    "enablepasswordsync": "password-sync",
}
_PASSED: Final = frozenset({"version"})
_VERBATIM: Final = frozenset({"name", "description"})


def read_xml_rule(root: Element, file: str, findings: Findings) -> DraftRule:
    """The draft of one rule."""
    draft = DraftRule(Place(file, root.line))
    reader = _Reader(file, draft, findings)
    if root.cut:
        draft.faults.append("text")
    for element in root.children:
        key = element.name.casefold()
        if key in _FIELDS:
            text = element.text if key in _VERBATIM else element.text.strip()
            draft.fields[_FIELDS[key]] = Word(text, Place(file, element.line))
        elif key == "attribute-mappings":
            draft.flows += [reader.flow(child) for child in reader.only(element, "mapping")]
        elif key == "synchronizationcriteria":
            draft.scope += [
                [reader.scope(child) for child in reader.only(group, "scope", "scope")]
                for group in reader.only(element, "conditions", "scope")
            ]
        elif key == "relationshipcriteria":
            draft.join += [
                [reader.join(child) for child in reader.only(group, "condition", "join")]
                for group in reader.only(element, "conditions", "join")
            ]
        elif key not in _PASSED:
            reader.unknown(element, "a rule")
    return draft


class _Reader:
    def __init__(self, file: str, draft: DraftRule, findings: Findings) -> None:
        self.file = file
        self.draft = draft
        self.findings = findings

    def word(self, element: Element | None, *, verbatim: bool = False) -> Word | None:
        if element is None:
            return None
        text = element.text if verbatim else element.text.strip()
        return Word(text, Place(self.file, element.line))

    def unknown(self, element: Element, of: str, part: str = "") -> None:
        """Tell an element that is not known; `part`: of what it may be a condition, so that the rule is incomplete."""
        message = f"{self.draft.label}: <{element.name}> is no known part of {of}; it was not read"
        self.findings.warn(Place(self.file, element.line), "unknown-element", message)
        if part:
            self.draft.faults.append(part)

    def only(self, element: Element, name: str, part: str = "") -> list[Element]:
        """The children of that name; others are told."""
        for child in element.children:
            if child.name.casefold() != name:
                self.unknown(child, f"<{element.name}>", part)
        return list(element.all(name))

    def flow(self, element: Element) -> DraftFlow:
        flow = DraftFlow(Place(self.file, element.line))
        once = element.attribute("execute-once")
        flow.once = Word(once, flow.place) if once is not None else None
        for child in element.children:
            key = child.name.casefold()
            if key == "dest":
                flow.destination = self.word(child)
            elif key == "expression":
                expression = self.word(child, verbatim=True)
                flow.expression = expression if expression is not None and expression.text.strip() else None
            elif key == "valuemergetype":
                flow.merge = self.word(child)
            elif key == "src":
                flow.sources = [Word(a.text.strip(), Place(self.file, a.line)) for a in self.only(child, "attr")]
                if not flow.sources:
                    flow.constant = self.word(child, verbatim=True)
            else:
                self.unknown(child, "<mapping>")
        return flow

    def scope(self, element: Element) -> DraftScope:
        for child in element.children:
            if child.name.casefold() not in ("csattribute", "csoperator", "csvalue"):
                self.unknown(child, "<scope>", "scope")
        return DraftScope(
            Place(self.file, element.line),
            self.word(element.child("csAttribute")),
            self.word(element.child("csOperator")),
            self.word(element.child("csValue"), verbatim=True),
        )

    def join(self, element: Element) -> DraftJoin:
        for child in element.children:
            if child.name.casefold() not in ("csattribute", "ilmattribute", "casesensitive"):
                self.unknown(child, "<condition>", "join")
        return DraftJoin(
            Place(self.file, element.line),
            self.word(element.child("csAttribute")),
            self.word(element.child("ilmAttribute")),
            self.word(element.child("caseSensitive")),
        )
