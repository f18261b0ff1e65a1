"""Text <-> rule: the rule file as people read, write and review it (one rule a file, TOML).

    name = "In from AD - User Common"
    id = "3f0c…"                                   a GUID
    direction = "inbound"                          inbound | outbound
    connector = "contoso"
    source-type = "user"
    target-type = "person"
    link = "join"                                  provision | join | sticky-join | join-no-flow
    precedence = 106                               lower wins

    [[scope]]                                      groups are OR, the lines of a group AND
    all = ["adminDescription NOTSTARTSWITH User_"]

    [[join]]                                       groups are tried in turn, the lines of a group AND
    all = ["objectSid = objectSid"]                connector-space attribute = metaverse attribute

    [flows]                                        destination = source
    manager = "manager"                            direct
    sourceObjectType = { constant = "User" }
    mail = { expression = 'Trim([mail])', merge = "update", once = false }
    url = ["url", { expression = '[wWWHomePage]' }]     several flows to one destination

What is wrong with a text is told as diagnostics with file, line and what was expected; nothing is
raised. This module knows the form, not what attributes exist.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any, cast, get_args

from attrflow.model.diagnostics import Diagnostic
from attrflow.model.provenance import MappingId
from attrflow.rules.clauses import ClauseError, read_join_clause, read_scope_clause
from attrflow.rules.positions import Finding, Path, locate, placed, suggestion, syntax_error
from attrflow.rules.rule import (
    VALUELESS_OPERATORS,
    AttributeMapping,
    Direction,
    FlowType,
    JoinClause,
    JoinGroup,
    LinkType,
    MergeType,
    Rule,
    ScopeClause,
    ScopeGroup,
    named_guid,
)
from attrflow.rules.writing import write_rule, write_rules

__all__ = ["RULE_KEYS", "locate", "read_rule", "read_rule_table", "read_rules", "write_rule", "write_rules"]

RULE_KEYS = (
    "name",
    "id",
    "direction",
    "connector",
    "source-type",
    "target-type",
    "link",
    "precedence",
    "disabled",
    "password-sync",
    "tag",
    "library",
    "description",
    "scope",
    "join",
    "flows",
)
"""The keys of a rule, in the order in which they are written."""

_FLOW_KINDS = get_args(FlowType)
_FLOW_KEYS = (*_FLOW_KINDS, "merge", "once")
_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def read_rule(text: str, file: str | None) -> tuple[Rule | None, tuple[Diagnostic, ...]]:
    """The rule of a file's text, and what is wrong with it.

    The rule is None when at least one diagnostic is an error. `file` is kept on the rule and named in
    the diagnostics; nothing is opened.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return None, (syntax_error(text, file, error),)
    rule, findings = read_rule_table(table, (), file)
    return rule, placed(findings, text, file)


def read_rules(text: str, file: str | None = None) -> tuple[tuple[Rule, ...], tuple[Diagnostic, ...]]:
    """The rules of a document of `[[rule]]` tables, such as a stored rule set; a faulty rule is left out."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return (), (syntax_error(text, file, error),)
    rules: list[Rule] = []
    findings: list[Finding] = [
        Finding((key,), "unknown-key", f"{key!r} is unknown beside [[rule]]", part="key")
        for key in document
        if key != "rule"
    ]
    tables = document.get("rule", [])
    if not isinstance(tables, list):
        findings.append(Finding(("rule",), "wrong-type", "expected [[rule]] tables"))
        tables = []
    for position, table in enumerate(tables):
        rule, found = read_rule_table(table, ("rule", position), file)
        findings += found
        if rule is not None:
            rules.append(rule)
    return tuple(rules), placed(findings, text, file)


def read_rule_table(
    table: Mapping[str, Any], path: Path = (), file: str | None = None
) -> tuple[Rule | None, list[Finding]]:
    """The rule of a parsed table that stands at `path` of its document, and findings by path."""
    reader = _Reader(table, tuple(path))
    rule = reader.rule(file)
    wrong = any(finding.severity == "error" for finding in reader.findings)
    return (None if wrong else rule), reader.findings


class _Reader:
    """Takes a rule's table apart key by key and collects what is wrong."""

    def __init__(self, table: Mapping[str, Any], path: tuple[str | int, ...]) -> None:
        self.table = table
        self.path = path
        self.findings: list[Finding] = []

    def rule(self, file: str | None) -> Rule:
        self._unknown(self.table, self.path, RULE_KEYS, "a rule")
        return Rule(
            id=self._guid(),
            name=self._text("name"),
            description=self._text("description", ""),
            direction=cast(Direction, self._choice("direction", get_args(Direction))),
            connector=self._text("connector"),
            source_type=self._text("source-type"),
            target_type=self._text("target-type"),
            link=cast(LinkType, self._choice("link", get_args(LinkType))),
            precedence=self._precedence(),
            scope=self._scope(),
            join=self._join(),
            mappings=self._mappings(),
            disabled=self._flag(self.table, self.path, "disabled"),
            tag=self._text("tag", "") or None,
            library=self._text("library", "") or None,
            password_sync=self._flag(self.table, self.path, "password-sync"),
            file=file,
        )

    def _add(self, path: Path, code: str, message: str, **more: Any) -> None:
        self.findings.append(Finding(tuple(path), code, message, **more))

    def _unknown(self, table: Mapping[str, Any], path: Path, known: Sequence[str], of: str) -> None:
        for key in table:
            if key not in known:
                near = suggestion(key, known)
                self._add(
                    (*path, key),
                    "unknown-key",
                    f"{key!r} is no key of {of}",
                    help=near or "the keys are " + ", ".join(known),
                    part="key",
                )

    def _text(self, key: str, default: str | None = None) -> str:
        value = self.table.get(key, default)
        if isinstance(value, str):
            if not value.strip() and default is None:
                self._add((*self.path, key), "wrong-value", f"{key!r} is empty")
            return value
        if value is None:
            self._missing(key)
        else:
            self._add((*self.path, key), "wrong-type", f"{key!r} must be a string, found {_kind(value)}")
        return ""

    def _missing(self, key: str, help: str | None = None) -> None:
        self._add(self.path, "missing-key", f"the rule has no {key!r}", help=help or f"add: {_EXAMPLES[key]}")

    def _guid(self) -> str:
        value = self.table.get("id")
        if value is None:
            made = named_guid(str(self.table.get("connector", "")), str(self.table.get("name", "")))
            self._missing("id", f'add: id = "{made}"')
            return ""
        text = value.strip("{}").lower() if isinstance(value, str) else ""
        if not _GUID.fullmatch(text):
            self._add(
                (*self.path, "id"),
                "wrong-value",
                f"'id' must be a GUID, found {value!r}",
                help="such as 0f6b2a9e-5f1c-4d7e-9a53-2f4d1c8b7a60",
            )
        return text

    def _choice(self, key: str, choices: Sequence[str]) -> str:
        value = self.table.get(key)
        if value is None:
            self._missing(key)
            return choices[0]
        if value not in choices:
            near = suggestion(value, choices) if isinstance(value, str) else None
            self._add(
                (*self.path, key),
                "wrong-value",
                f"{key!r} must be one of {', '.join(choices)}; found {value!r}",
                help=near,
            )
            return choices[0]
        return str(value)

    def _precedence(self) -> int:
        value = self.table.get("precedence")
        if value is None:
            self._missing("precedence")
            return 0
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            found = repr(value) if isinstance(value, int) else _kind(value)
            message = f"'precedence' must be a whole number from 0 up, found {found}"
            self._add((*self.path, "precedence"), "wrong-type", message)
            return 0
        return value

    def _flag(self, table: Mapping[str, Any], path: Path, key: str) -> bool:
        value = table.get(key, False)
        if not isinstance(value, bool):
            self._add((*path, key), "wrong-type", f"{key!r} must be true or false, found {_kind(value)}")
            return False
        return value

    def _groups(self, key: str) -> list[tuple[tuple[str | int, ...], list[str]]]:
        """The groups of `scope` or `join`: the path of each one's lines, and the lines."""
        groups = self.table.get(key, [])
        path = (*self.path, key)
        form = f'expected [[{key}]] with all = ["…"]'
        if not isinstance(groups, list):
            self._add(path, "wrong-type", f"{form}, found {_kind(groups)}", help=f"write [[{key}]] twice bracketed")
            return []
        out = []
        for position, group in enumerate(groups):
            here = (*path, position)
            if not isinstance(group, dict):
                self._add(here, "wrong-type", f"{form}, found {_kind(group)}")
                continue
            self._unknown(group, here, ("all",), f"a {key} group")
            lines = group.get("all")
            if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
                self._add((*here, "all"), "wrong-type", f"'all' must be a list of strings, found {_kind(lines)}")
                continue
            if not lines:
                self._add(here, "empty-group", f"a {key} group without a line holds always", severity="warning")
            out.append(((*here, "all"), lines))
        return out

    def _scope(self) -> tuple[ScopeGroup, ...]:
        groups: list[ScopeGroup] = []
        for path, lines in self._groups("scope"):
            clauses: list[ScopeClause] = []
            for position, line in enumerate(lines):
                try:
                    clause = read_scope_clause(line)
                except ClauseError as error:
                    self._add((*path, position), error.code, error.message, help=error.help)
                    continue
                if clause.value and clause.operator in VALUELESS_OPERATORS:
                    message = f"{clause.operator} takes no value; {clause.value!r} is ignored"
                    self._add((*path, position), "value-ignored", message, severity="warning")
                clauses.append(clause)
            groups.append(tuple(clauses))
        return tuple(groups)

    def _join(self) -> tuple[JoinGroup, ...]:
        groups: list[JoinGroup] = []
        for path, lines in self._groups("join"):
            clauses: list[JoinClause] = []
            for position, line in enumerate(lines):
                try:
                    clauses.append(read_join_clause(line))
                except ClauseError as error:
                    self._add((*path, position), error.code, error.message, help=error.help)
            groups.append(tuple(clauses))
        return tuple(groups)

    def _mappings(self) -> tuple[AttributeMapping, ...]:
        flows = self.table.get("flows", {})
        path = (*self.path, "flows")
        if not isinstance(flows, dict):
            self._add(path, "wrong-type", f"expected the table [flows], found {_kind(flows)}")
            return ()
        spelling: dict[str, str] = {}
        out: list[AttributeMapping] = []
        for destination, flow in flows.items():
            here = (*path, destination)
            first = spelling.setdefault(destination.casefold(), destination)
            if first != destination or not destination.strip():
                message = f"{destination!r} is the same attribute as {first!r}" if destination.strip() else "no name"
                many = "attribute names ignore case; several flows to one attribute are a list"
                self._add(here, "duplicate-destination", message, help=many, part="key")
                continue
            if isinstance(flow, list) and not flow:
                self._add(here, "wrong-value", f"the list of flows to {destination!r} is empty")
            for ordinal, one in enumerate(flow if isinstance(flow, list) else [flow]):
                place = (*here, ordinal) if isinstance(flow, list) else here
                mapping = self._mapping(MappingId(destination, ordinal), one, place)
                if mapping is not None:
                    out.append(mapping)
        # A faulty flow leaves a gap, and the rule is refused; without faults the ordinals are complete.
        return tuple(out) if not any(f.severity == "error" for f in self.findings) else ()

    def _mapping(self, id_: MappingId, flow: object, path: tuple[str | int, ...]) -> AttributeMapping | None:
        if isinstance(flow, str):
            flow = {"direct": flow}
        if not isinstance(flow, dict):
            self._add(
                path,
                "wrong-type",
                f"expected an attribute, {{ constant = … }} or {{ expression = … }}, found {_kind(flow)}",
                help=f"a fixed value is written {{ constant = {_toml_like(flow)} }}",
            )
            return None
        self._unknown(flow, path, _FLOW_KEYS, "a flow")
        kinds = [kind for kind in _FLOW_KINDS if kind in flow]
        if len(kinds) != 1:
            found = " and ".join(kinds) or "none of them"
            self._add(path, "wrong-value", f"a flow has one of direct, constant, expression; found {found}")
            return None
        kind = cast(FlowType, kinds[0])
        source = flow[kind]
        if kind == "constant" and isinstance(source, (bool, int)):
            source = str(source)
        if not isinstance(source, str):
            self._add((*path, kind), "wrong-type", f"{kind!r} must be a string, found {_kind(source)}")
            return None
        if kind != "constant" and not source.strip():
            self._add((*path, kind), "wrong-value", f"{kind!r} is empty")
        merge = flow.get("merge", "update")
        if merge not in get_args(MergeType):
            near = suggestion(merge, get_args(MergeType)) if isinstance(merge, str) else None
            choices = ", ".join(get_args(MergeType))
            self._add(
                (*path, "merge"),
                "wrong-value",
                f"'merge' must be one of {choices}; found {merge!r}",
                help=near,
            )
            return None
        return AttributeMapping(id_, kind, source, merge, self._flag(flow, path, "once"))


_EXAMPLES = {
    "name": 'name = "In from AD - User Badge"',
    "direction": 'direction = "inbound" or "outbound"',
    "connector": 'connector = "…", the name of a connector of attrflow.toml',
    "source-type": 'source-type = "user"',
    "target-type": 'target-type = "person"',
    "link": 'link = "join"',
    "precedence": "precedence = 50 (lower wins; the default rules begin at 100)",
}


def _kind(value: object) -> str:
    names = {str: "a string", bool: "true or false", int: "a number", list: "a list", dict: "a table"}
    return "nothing" if value is None else names.get(type(value), type(value).__name__)


def _toml_like(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value) if isinstance(value, (int, str)) else "…"
