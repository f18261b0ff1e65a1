"""The commands that make synchronization rules, and the few others that their scripts use.

Each does to a draft what it would do to a rule of the server. What is given and not understood is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from attrflow.importers.draft import DraftFlow, DraftJoin, DraftRule, DraftScope, Word
from attrflow.importers.findings import Findings
from attrflow.importers.powershell.given import Given
from attrflow.importers.powershell.nodes import Node, Unread
from attrflow.importers.powershell.plain_commands import plain_command
from attrflow.importers.powershell.running import Runner
from attrflow.importers.powershell.scanner import Scanner
from attrflow.importers.powershell.unread import broken_groups, maps, opens, set_variables
from attrflow.importers.powershell.values import Condition, Opened, Table, Unresolved, listed, shown

__all__ = ["RuleScript"]

_FIELDS: Final = {
    "Name": "name",
    "Identifier": "id",
    "InternalIdentifier": "internal-id",
    "Description": "description",
    "Direction": "direction",
    "Precedence": "precedence",
    "PrecedenceAfter": "precedence-after",
    "PrecedenceBefore": "precedence-before",
    "SourceObjectType": "source-type",
    "TargetObjectType": "target-type",
    "Connector": "connector",
    "LinkType": "link",
    "SoftDeleteExpiryInterval": "soft-delete",
    "ImmutableTag": "tag",
    "EnablePasswordSync": "password-sync",
    "Disabled": "disabled",
}
_MAPPING: Final = (
    *("SynchronizationRule", "Source", "Destination", "FlowType", "ValueMergeType", "Expression", "ExecuteOnce"),
)
_LIBRARY: Final = re.compile(r"^# attrflow library: (\S+)\n\Z", re.MULTILINE)
"""What attrflow's own export says above a rule that it made of its library."""
_COMMON: Final = (
    *("OutVariable", "OV", "ErrorAction", "EA", "WarningAction", "WA", "ErrorVariable", "EV", "Verbose", "Debug"),
    *("WhatIf", "Confirm", "PassThru", "InformationAction", "OutBuffer", "PipelineVariable"),
)


class RuleScript(Runner):
    """A script and the rules that it makes."""

    def __init__(self, scanner: Scanner, findings: Findings) -> None:
        super().__init__(scanner, findings)
        self.drafts: list[DraftRule] = []
        self._opened: list[DraftRule | Unread] = []
        """Those, and the statements that open a rule and were not understood."""
        self.added: list[DraftRule] = []
        self._commands: Mapping[str, Callable[[Given], list[Any]]] = {
            "new-adsyncrule": self._new_rule,
            "add-adsyncrule": self._add_rule,
            "get-adsyncrule": self._get_rule,
            "remove-adsyncrule": self._remove_rule,
            "add-adsyncattributeflowmapping": self._add_mapping,
            "remove-adsyncattributeflowmapping": self._remove_mapping,
            "add-adsyncscopeconditiongroup": lambda given: self._add_group(given, "ScopeConditions"),
            "add-adsyncjoinconditiongroup": lambda given: self._add_group(given, "JoinConditions"),
            "new-object": self._new_object,
        }

    def cmdlet(self, name: str, given: Given) -> list[Any] | None:
        """What a command gives; None where only a server knows."""
        command = self._commands.get(name)
        if command is None:
            held = (*given.named.values(), *given.positional)
            if "adsync" in name and any(isinstance(v, Opened) for one in held for v in listed(one.value)):
                self._tell(given.node, "command-not-read", f"{name} is given a rule and is not read", "error")
            return plain_command(name, given, self)
        out = given.take("OutVariable", _COMMON) or given.take("OV")
        found = command(given)
        if out is not None and (variable := shown(out.value)):
            plain = variable.removeprefix("+")
            before = listed(self.held_by(plain)) if plain != variable else []
            self.put(plain, [*before, *found])
        return found

    # -- words ------------------------------------------------------------------------------------

    def _tell(
        self, node: Node | None, code: str, message: str, severity: str = "warning", help: str | None = None
    ) -> None:
        place = self.scanner.place(node.start if node is not None else 0)
        tell = self.findings.tell if severity == "error" else self.findings.warn
        tell(place, code, message, help=help)

    def _word(self, value: Any, node: Node) -> Word:
        """A value as a word of a draft."""
        place = self.scanner.place(node.start)
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if isinstance(value, Unresolved):
            return Word(value.text, place, resolved=False)
        text = shown(value)
        if text is None or (isinstance(value, list) and len(value) > 1):
            return Word(self.text[node.start : node.end], place, resolved=False)
        return Word(text, place)

    def _taken(self, given: Given, name: str, known: tuple[str, ...]) -> Word | None:
        held = given.take(name, known)
        return self._word(held.value, held.node) if held is not None else None

    def _rest(self, given: Given, what: str) -> None:
        """Tell what a command is given beside what is read."""
        for name in _COMMON:
            given.take(name, _COMMON)
        for name, held in given.named.items():
            if name.startswith("@"):
                message = f"{what} gets its parameters from {name}, which only a server knows"
                self._tell(held.node, "unresolved", message, "error")
                continue
            value = self._word(held.value, held.node).text if held.stated else ""
            message = f"{what}: -{name} is no parameter of the command; {value!r} is not read"
            self._tell(held.node, "unknown-parameter", message, "error")
        for held in given.positional:
            message = f"{what}: {self._word(held.value, held.node).text!r} stands behind no parameter; it is not read"
            self._tell(held.node, "unknown-parameter", message)

    def _rule_of(self, given: Given, what: str) -> DraftRule | None:
        """The rule that a command is about; None, told, where only a server has it."""
        held = given.take("SynchronizationRule", _MAPPING)
        values = listed(held.value) if held is not None else list(given.piped)
        if held is None and not values and given.positional:
            values = listed(given.positional.pop(0).value)
        opened = next((value for value in values if isinstance(value, Opened)), None)
        if opened is not None:
            return opened.draft
        named = next((value.text for value in values if isinstance(value, Unresolved)), "")
        last = self._opened[-1] if self._opened else None
        if isinstance(last, Unread):
            line = self.scanner.place(last.start).line
            message = f"{what}, on a rule that was not understood (line {line}); not imported"
            self._tell(given.node, "unresolved", message, "error")
            return None
        if last is not None and (named.startswith("$") or not named):
            if named.casefold() not in ("$syncrule[0]", "$syncrule"):
                named = named or "no rule"
                message = f"{what}: {named} is no rule that the script made; read as the last one, {last.label!r}"
                self._tell(given.node, "assumed-rule", message)
            return last
        message = f"{what}, on a rule that only the server has ({named or 'none is named'}); not imported"
        help = "export that rule from the server, or the whole configuration folder"
        self._tell(given.node, "unresolved", message, "error", help)
        return None

    # -- rules ------------------------------------------------------------------------------------

    def _new_rule(self, given: Given) -> list[Any]:
        assert given.node is not None, "a command stands somewhere"
        draft = DraftRule(self.scanner.place(given.node.start))
        before = _LIBRARY.search(self.text, max(given.node.start - 300, 0), given.node.start)
        draft.library = before[1] if before is not None else None
        for name, field in _FIELDS.items():
            word = self._taken(given, name, tuple(_FIELDS))
            if word is not None:
                draft.fields[field] = word
        self._rest(given, f"New-ADSyncRule {draft.label!r}")
        self.drafts.append(draft)
        self._opened.append(draft)
        return [Opened(draft)]

    def unread(self, node: Unread) -> None:
        """A statement that was not understood: nothing behind it may be taken for the part of another rule."""
        source = self.text[node.start : node.end]
        for name in set_variables(source):
            self.put(name, self.unresolved(node))
        if opens(source):
            self._opened.append(node)
            return
        last = self._opened[-1] if self._opened else None
        if isinstance(last, DraftRule):
            last.faults += broken_groups(source)
            if maps(source):
                last.notes.append(f"line {self.scanner.place(node.start).line}: {' '.join(source.split())}")

    def set_member(self, base: Any, name: str, value: Any, node: Node) -> None:
        """Give a property of a rule its value, or a member of another object."""
        one = base[0] if isinstance(base, list) and len(base) == 1 else base
        field = next((field for known, field in _FIELDS.items() if known.casefold() == name.casefold()), None)
        if isinstance(one, Opened) and field is not None:
            one.draft.fields[field] = self._word(value, node)
        elif isinstance(one, Opened):
            message = f"{one.draft.label!r}: its property {name} is set, which is not read"
            self._tell(node, "command-not-read", message, "error")
        else:
            super().set_member(one, name, value, node)

    def _add_rule(self, given: Given) -> list[Any]:
        held = given.named.get("SynchronizationRule")
        several = [value.draft for value in (listed(held.value) if held else given.piped) if isinstance(value, Opened)]
        if len(several) > 1:
            self.added += several
            return []
        draft = self._rule_of(given, "Add-ADSyncRule")
        if draft is not None:
            self.added.append(draft)
        return []

    def _get_rule(self, given: Given) -> list[Any]:
        held = given.take("Identifier") or (given.positional[0] if given.positional else None)
        id_ = (shown(held.value) or "").strip("{}").casefold() if held is not None else ""
        for draft in self.drafts:
            if id_ and draft.text("id").strip("{}").casefold() == id_:
                return [Opened(draft)]
        assert given.node is not None, "a command stands somewhere"
        return [self.unresolved(given.node)]

    def _remove_rule(self, given: Given) -> list[Any]:
        self._tell(given.node, "command-not-read", "a rule is removed from the server; that is not imported")
        return []

    # -- mappings ---------------------------------------------------------------------------------

    def _add_mapping(self, given: Given) -> list[Any]:
        assert given.node is not None, "a command stands somewhere"
        flow = DraftFlow(self.scanner.place(given.node.start))
        flow.destination = self._taken(given, "Destination", _MAPPING)
        what = f"the flow to {flow.destination.text if flow.destination is not None else '(no attribute)'}"
        draft = self._rule_of(given, what)
        source = given.take("Source", _MAPPING)
        if source is not None:
            values = source.value if isinstance(source.value, list) else [source.value]
            flow.sources = [self._word(value, source.node) for value in values]
        flow.flow = self._taken(given, "FlowType", _MAPPING)
        flow.expression = self._taken(given, "Expression", _MAPPING)
        flow.merge = self._taken(given, "ValueMergeType", _MAPPING)
        flow.once = self._taken(given, "ExecuteOnce", _MAPPING)
        self._rest(given, what)
        if draft is None:
            return []
        draft.flows.append(flow)
        return [Opened(draft)]

    def _remove_mapping(self, given: Given) -> list[Any]:
        draft = self._rule_of(given, "Remove-ADSyncAttributeFlowMapping")
        destination = self._taken(given, "Destination", _MAPPING)
        if draft is None:
            return []
        if destination is None or not destination.resolved:
            self._tell(
                given.node, "unresolved", f"{draft.label!r}: which mapping is removed only the server knows", "error"
            )
            return [Opened(draft)]
        name = destination.text.casefold()
        draft.flows = [f for f in draft.flows if f.destination is None or f.destination.text.casefold() != name]
        return [Opened(draft)]

    # -- conditions -------------------------------------------------------------------------------

    def _add_group(self, given: Given, name: str) -> list[Any]:
        kind = "scope" if name == "ScopeConditions" else "join"
        known = ("SynchronizationRule", name)
        draft = self._rule_of(given, f"a {kind} group")
        held = given.take(name, known)
        if draft is None:
            return []
        group: list[Any] = []
        for value in _flat(held.value) if held is not None else ():
            wanted = DraftScope if kind == "scope" else DraftJoin
            if isinstance(value, Condition) and isinstance(value.draft, wanted):
                group.append(value.draft)
                continue
            draft.faults.append(kind)
            text = value.text if isinstance(value, Unresolved) else shown(value) or type(value).__name__
            message = f"{draft.label!r}: {text} is no {kind} condition that the script made"
            self._tell(held.node if held is not None else given.node, "unknown-condition", message, "error")
        if held is None or not _flat(held.value):
            self._tell(given.node, "empty-group", f"{draft.label!r}: a {kind} group without a condition is passed over")
        if group:
            (draft.scope if kind == "scope" else draft.join).append(group)
        self._rest(given, f"{draft.label!r}, a {kind} group")
        return [Opened(draft)]

    def _new_object(self, given: Given) -> list[Any]:
        held = given.take("TypeName") or given.take("Type") or (given.positional.pop(0) if given.positional else None)
        arguments = given.take("ArgumentList") or given.take("Args")
        if arguments is None and given.positional:
            arguments = given.positional[0]
        properties = given.take("Property")
        type_name = shown(held.value) if held is not None else None
        assert given.node is not None, "a command stands somewhere"
        if properties is not None and isinstance(properties.value, Table):
            return [self._condition_of(type_name or "", properties.value, given.node) or properties.value]
        if (type_name or "").casefold() in ("psobject", "hashtable", "system.collections.hashtable", "pscustomobject"):
            return [Table()]
        if "list" in (type_name or "").casefold() and arguments is None:
            return [[]]
        values = listed(arguments.value) if arguments is not None else []
        return [self.make(type_name or "", values, given.node)]

    def make(self, type_name: str, arguments: list[Any], node: Node) -> Any:
        """A condition of a scope (attribute, value, operator) or of a join (two attributes, case); else unresolved."""
        name = type_name.rpartition(".")[2].casefold()
        words = [self._word(value, node) for value in arguments]
        place = self.scanner.place(node.start)
        padded: list[Word | None] = [*words, None, None, None]
        if name == "scopecondition":
            return Condition(DraftScope(place, padded[0], padded[2], padded[1]))
        if name == "joincondition":
            return Condition(DraftJoin(place, padded[0], padded[1], padded[2]))
        return self.unresolved(node)

    def _condition_of(self, type_name: str, table: Table, node: Node) -> Condition | None:
        """A condition from a table of its properties."""
        name = type_name.rpartition(".")[2].casefold()
        keys = {
            "scopecondition": ("Attribute", "ComparisonValue", "ComparisonOperator"),
            "joincondition": ("CSAttribute", "MVAttribute", "CaseSensitive"),
        }.get(name)
        if keys is None:
            return None
        made = self.make(type_name, [table.find(key) for key in keys], node)
        return made if isinstance(made, Condition) else None


def _flat(value: Any) -> list[Any]:
    """The items of a list, and of lists in it."""
    return [item for outer in listed(value) for item in listed(outer)]
