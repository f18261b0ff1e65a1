"""A rule as a JSON object -> draft: of the wizard's settings file, and of `Get-ADSyncRule | ConvertTo-Json`.

Keys are matched in any case, with the names that exports and their readers use. A key that is not known is told
and noted on the rule. Enumerations may be numbers, which are taken in the order of the product's lists.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from attrflow.importers.draft import DraftFlow, DraftJoin, DraftRule, DraftScope, Word
from attrflow.importers.findings import Findings, Place
from attrflow.importers.json_tree import Json
from attrflow.rules.rule import OPERATORS

__all__ = ["is_rule", "read_json_rule"]

_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("name", "displayName", "ruleName"),
    "id": ("uniqueIdentifier", "identifier", "id", "guid"),
    "internal-id": ("internalIdentifier", "internalId"),
    "description": ("description",),
    "direction": ("direction",),
    "connector": ("connector", "connectorIdentifier", "connectorId"),
    "source-type": ("sourceObjectType", "source", "sourceType"),
    "target-type": ("targetObjectType", "target", "targetType"),
    "link": ("linkType", "link"),
    "precedence": ("precedence",),
    "precedence-after": ("precedenceAfter",),
    "precedence-before": ("precedenceBefore",),
    "disabled": ("disabled", "isDisabled"),
    "password-sync": ("enablePasswordSync", "passwordSync"),
    "tag": ("immutableTag", "tag"),
}
_SCOPE: Final = ("scopeFilters", "scopeFilter", "scope", "scopingFilters", "scopingFilter", "synchronizationCriteria")
_JOIN: Final = ("joinFilters", "joinFilter", "join", "joinRules", "joinConditions", "relationshipCriteria")
_FLOWS: Final = ("attributeFlowMappings", "attributeMappings", "mappings", "transformations")
_GROUPED: Final = ("scopeConditions", "scopeConditionList", "joinConditions", "joinConditionList", "conditions", "all")
_PASSED: Final = ("version", "sourceNamespaceId", "targetNamespaceId", "isStandardRule", "timestamp", "created")
_CUT: Final = re.compile(r"(?:System|Microsoft\.IdentityManagement)\.[\w.]+(?:\[.*\])?|@\{.*", re.DOTALL)
_LIMITS: Final = re.compile("scop|filter|criteri|condition|join", re.IGNORECASE)
"""Keys that speak of scope or join: one that is not known may keep objects from the rule."""
_NUMBERED: Final[Mapping[str, tuple[str, ...]]] = {
    "direction": ("Inbound", "Outbound"),
    "link": ("Provision", "Join", "StickyJoin", "JoinNoFlow"),
    "flow": ("Direct", "Constant", "Expression"),
    "merge": ("Update", "Replace", "MergeCaseInsensitive", "Merge"),
    "operator": OPERATORS,
}
_ENUMS: Final = frozenset(("direction", "link"))


def is_rule(node: Json) -> bool:
    """Whether an object is a rule with a body."""
    return node.has("direction") and (node.has(*_FLOWS) or node.has("linkType"))


def read_json_rule(
    node: Json, file: str, connector: Word | None, findings: Findings, *, stub: bool = False
) -> DraftRule | None:
    """The draft of one rule; None, told, where PowerShell cut its parts short."""
    return _Reader(node, file, findings).rule(connector, stub=stub)


class _Reader:
    def __init__(self, node: Json, file: str, findings: Findings) -> None:
        self.node = node
        self.file = file
        self.findings = findings
        self.draft = DraftRule(Place(file, node.line))
        self.numbers: list[int] = []

    def rule(self, connector: Word | None, *, stub: bool) -> DraftRule | None:
        draft = self.draft
        draft.stub = stub
        if self.node.cut:
            draft.faults.append("text")
        for field, names in _FIELDS.items():
            word = self.word(self.node.get(*names), field if field in _ENUMS else "")
            if word is not None and (word.text or field == "description"):
                draft.fields[field] = word
        self._enabled()
        self._soft_delete()
        draft.fields.setdefault("connector", connector) if connector is not None else None
        cut = self._cut_short(self.node, 0)
        if cut is not None:
            message = f"{draft.label!r}: PowerShell cut its parts short ({cut.shown()}); the rule is not imported"
            help = "export it again: Get-ADSyncRule | ConvertTo-Json -Depth 10"
            self.findings.tell(Place(self.file, cut.line), "truncated-json", message, help=help)
            return None
        self._parts()
        for name in _PASSED:
            self.node.get(name)
        self.unknown(self.node, "a rule")
        self._numbers()
        return draft

    def _parts(self) -> None:
        flows, scope, join = self.node.get(*_FLOWS), self.node.get(*_SCOPE), self.node.get(*_JOIN)
        self.draft.flows = [self.flow(flow) for flow in flows.each()] if flows is not None else []
        self.draft.scope = [[self.scope(c) for c in group] for group in self.groups(scope, "scope")]
        self.draft.join = [[self.join(c) for c in group] for group in self.groups(join, "join")]

    def place(self, node: Json) -> Place:
        return Place(self.file, node.line)

    def word(self, node: Json | None, enum: str = "") -> Word | None:
        """A plain value as a word; a number of an enumeration as its name."""
        if node is None:
            return None
        text = node.text()
        if text is None:
            return Word(node.shown(), self.place(node), resolved=False)
        names = _NUMBERED.get(enum, ())
        if isinstance(node.value, int) and not isinstance(node.value, bool) and 0 <= node.value < len(names):
            self.numbers.append(node.line)
            text = names[node.value]
            name = self.draft.text("name").casefold()
            if enum == "direction" and name.startswith(("in ", "out ")):
                text = "Inbound" if name.startswith("in ") else "Outbound"
        return Word(text, self.place(node))

    def _numbers(self) -> None:
        if self.numbers:
            message = f"{self.draft.label!r}: enumerations are numbers, taken in the order of the product's lists"
            help = "export text to be sure: … | ConvertTo-Json -Depth 10 -EnumsAsStrings (PowerShell 7)"
            self.findings.warn(Place(self.file, self.numbers[0]), "enum-numbers", message, help=help)

    def _enabled(self) -> None:
        enabled = self.node.get("enabled", "isEnabled")
        if enabled is not None and isinstance(enabled.value, bool):
            self.draft.fields["disabled"] = Word(str(not enabled.value), self.place(enabled))

    def _soft_delete(self) -> None:
        found = self.node.get("softDeleteExpiryInterval")
        ticks = found.get("ticks", "totalSeconds") if found is not None else None
        word = self.word(ticks if ticks is not None else found)
        if word is not None and word.resolved:
            self.draft.fields["soft-delete"] = word

    def _cut_short(self, node: Json, depth: int) -> Json | None:
        """The first text below the rule that is a type's name in the place of what it held."""
        if isinstance(node.value, str):
            return node if depth and _CUT.fullmatch(node.value) else None
        inner = (
            node.value.values() if isinstance(node.value, dict) else node.value if isinstance(node.value, list) else ()
        )
        return next((cut for child in inner if (cut := self._cut_short(child, depth + 1)) is not None), None)

    def unknown(self, node: Json, of: str) -> None:
        """Tell the keys that are not known, and note them on the rule."""
        for key, value in node.unasked():
            if value.value in (None, "", [], {}):
                continue
            message = f"{self.draft.label!r}: {key!r} is no known key of {of}; its value {value.shown()} is noted"
            self.findings.warn(self.place(value), "unknown-key", message)
            self.draft.notes.append(f"{key} of {of}, line {value.line}: {value.shown()}")
            if of != "a mapping" and _LIMITS.search(key):
                self.draft.faults.append(f"{key!r}")

    def flow(self, node: Json) -> DraftFlow:
        flow = DraftFlow(self.place(node))
        flow.destination = self.word(
            node.get("destination", "dest", "target", "targetAttribute", "destinationAttribute")
        )
        sources = node.get("source", "sources", "src", "sourceAttribute", "sourceAttributes")
        flow.sources = [
            w for one in (sources.each() if sources is not None else ()) if (w := self.word(one)) is not None
        ]
        flow.constant = self.word(node.get("constant", "constantValue"))
        expression = self.word(node.get("expression"))
        flow.expression = expression if expression is not None and expression.text.strip() else None
        kind = node.get("flowType", "mappingType", "type")
        if kind is not None and isinstance(kind.value, int) and flow.expression is not None:
            self.numbers.append(kind.line)
            flow.flow = Word("Expression", self.place(kind))
        else:
            flow.flow = self.word(kind, "flow")
        flow.merge = self.word(node.get("valueMergeType", "mergeType", "merge"), "merge")
        flow.once = self.word(node.get("executeOnce", "applyOnce", "once"))
        node.get("mappingSourceAsString")
        self.unknown(node, "a mapping")
        return flow

    def scope(self, node: Json) -> DraftScope:
        found = DraftScope(
            self.place(node),
            self.word(node.get("attribute", "attributeName", "csAttribute")),
            self.word(node.get("comparisonOperator", "operator", "condition", "csOperator"), "operator"),
            self.word(node.get("comparisonValue", "value", "csValue")),
        )
        self.unknown(node, "a scope condition")
        return found

    def join(self, node: Json) -> DraftJoin:
        found = DraftJoin(
            self.place(node),
            self.word(node.get("csAttribute", "connectorSpaceAttribute", "sourceAttribute")),
            self.word(node.get("mvAttribute", "metaverseAttribute", "ilmAttribute", "targetAttribute")),
            self.word(node.get("caseSensitive")),
        )
        self.unknown(node, "a join condition")
        return found

    def groups(self, node: Json | None, kind: str) -> list[list[Json]]:
        """The groups of a scope or join: lists of lists, objects that hold a list, or conditions side by side."""
        found: list[list[Json]] = []
        flat: list[Json] = []
        for one in node.each() if node is not None else ():
            inner = one.get(*_GROUPED)
            if isinstance(one.value, list):
                found.append(one.value)
            elif inner is not None:
                found.append(inner.each())
                self.unknown(one, f"a {kind} group")
            else:
                flat.append(one)
        if len(flat) > 1 and node is not None:
            many = f"{len(flat)} {kind} conditions stand side by side"
            message = f"{self.draft.label!r}: {many}; read as one group, all of which must hold"
            self.findings.warn(self.place(node), "assumed-group", message)
        return [*found, flat] if flat else found
