"""The draft -> the text of a case file, with what an engine run gave where it has been run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from attrflow.app.case_schemas import memory_type
from attrflow.app.library import metaverse_schema
from attrflow.app.reproduction.draft import Draft, DraftObject
from attrflow.app.reproduction.rules_home import CaseConnector, RulesHome, parent_context
from attrflow.app.reproduction.toml_text import Inline, table_text, toml_key, toml_value
from attrflow.cases.document import default_object_types
from attrflow.model.schema import Syntax
from attrflow.model.values import Values
from attrflow.rules.writing import toml_string

__all__ = ["Outcome", "case_text", "run_lines"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a full synchronization with the rules gave, as the case's second step expects it."""

    mv: Mapping[str, Values] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    """By metaverse attribute: what the server has instead."""
    cloud: Mapping[str, object] = field(default_factory=dict)
    own: Mapping[str, object] = field(default_factory=dict)
    results: Mapping[str, str] = field(default_factory=dict)
    linked: bool = True


def case_text(home: RulesHome, draft: Draft, rules: str, outcome: Outcome | None) -> str:
    """The whole text; `rules` is the path of the rule files from the case's folder."""
    connectors = {one.name: one for one in home.connectors.values()}
    parts = [_head(draft, rules)]
    parts += [table_text(f"connectors.{toml_key(c.name)}", _connector(c, draft)) for c in connectors.values()]
    for type_, table in sorted(home.metaverse.items()):
        parts.append(table_text(f"metaverse.{toml_key(type_)}", {k: list(v) for k, v in table.items()}))
    parts += [_object(one) for one in draft.objects.values()]
    parts += [table_text(f"given.cs.{toml_key(name)}", given) for name, given in draft.given_cs.items()]
    parts += [table_text(f"given.mv.{toml_key(name)}", given) for name, given in draft.given_mv.items()]
    if draft.given_cs:
        parts.append(_step("as the server's files show it", [], _kinds(draft.expected), {}))
    if outcome is None:
        expected: dict[str, dict[str, object]] = {"links": {draft.subject: []}}  # not run: what comes is recorded
        parts.append(_step("a full synchronization with these rules", run_lines(home, draft), expected, {}))
    else:
        parts.append(_after(home, draft, outcome))
        parts += _refused(draft, outcome)
    return "\n".join(parts)


def _head(draft: Draft, rules: str) -> str:
    lines = [
        "# Written by `attrflow case import` from a customer's files. Run it: attrflow case run FILE",
        *(f"# {note}" for note in draft.notes),
        f"title = {toml_value(draft.title)}",
        f"basis = {toml_value(draft.basis)}",
        f"source = {toml_value(draft.source)}",
        'needs = ["memory"]',
        f"rules = {toml_string(rules)}",
    ]
    return "".join(f"{line}\n" for line in lines)


def _connector(connector: CaseConnector, draft: Draft) -> dict[str, object]:
    table: dict[str, object] = {"schema": connector.schema}
    if connector.id is not None and connector.schema != "entra":
        table["id"] = connector.id
    own = [one for one in draft.objects.values() if one.connector is connector]
    if connector.schema != "entra":
        dn = own[0].dn if own else None
        context = connector.context_of(dn) if dn is not None else (connector.contexts or (None,))[0]
        if context is not None:
            table["naming-context"] = context.name
            table |= {"containers": list(context.containers)} if context.containers else {}
            table |= {"exclude": list(context.exclude)} if context.exclude else {}
        elif dn is not None:
            table["naming-context"] = parent_context(dn)
        parameters = {**(context.parameters if context is not None else {}), **connector.parameters}
        if parameters:
            table["parameters"] = dict(parameters)
    usual = default_object_types(connector.schema)
    types = [one.type for one in own]
    if connector.object_types and connector.schema != "entra":
        table["object-types"] = list(connector.object_types)
    elif not set(types) <= set(usual):
        table["object-types"] = list(dict.fromkeys((*types, *usual)))
    if connector.selected:
        table["selected"] = list(connector.selected)
    kinds = _kinds_of_attributes(connector, own)
    if kinds:
        table["attributes"] = kinds
    return table


def _kinds_of_attributes(connector: CaseConnector, own: Sequence[DraftObject]) -> dict[str, str]:
    """The types of attributes that the short schema would take for something else."""
    found: dict[str, str] = {}
    default = metaverse_schema()
    for one in own:
        for name, values in one.attributes.items():
            usual = memory_type(connector.schema, name, default)
            known = connector.known.attribute(one.type, name)
            if known is not None and (known.syntax, known.multi) != (usual.syntax, usual.multi):
                word = known.syntax.value
                found[name] = {"binary": "binaries"}.get(word, f"{word}s") if known.multi else word
            elif known is None and not usual.multi and len(values) > 1:
                found[name] = "binaries" if usual.syntax is Syntax.BINARY else f"{usual.syntax.value}s"
            elif known is None and values and usual.syntax is Syntax.STRING and isinstance(values[0], bytes):
                found[name] = "binaries" if usual.multi or len(values) > 1 else "binary"
            elif known is None and values and usual.syntax is Syntax.STRING and isinstance(values[0], bool):
                found[name] = "boolean"
            elif known is None and values and usual.syntax is Syntax.STRING and isinstance(values[0], int):
                found[name] = "integers" if usual.multi or len(values) > 1 else "integer"
    return found


def _object(one: DraftObject) -> str:
    table: dict[str, object] = {"connector": one.connector.name, "type": one.type, "dn": one.dn}
    if not one.at_start:
        table["at-start"] = False
    if one.without:
        table["without"] = list(one.without)
    if one.attributes:
        table["attributes"] = dict(sorted(one.attributes.items(), key=lambda item: item[0].casefold()))
    if one.quarantined:
        table["quarantined"] = Inline(one.quarantined)
    return table_text(f"objects.{toml_key(one.handle)}", table)


def run_lines(home: RulesHome, draft: Draft) -> list[str]:
    """The runs of a full synchronization: everything is imported first, and the tenant comes last."""
    own = {one.connector.name for one in draft.objects.values()}
    forests = [c.name for c in home.connectors.values() if c.schema != "entra" and c.name in own]
    tenant = [c.name for c in home.connectors.values() if c.schema == "entra"]
    imports = [f"{name} full-import" for name in (*forests, *tenant)]
    return imports + [f"{name} full-sync" for name in (*forests, *tenant)]


def _kinds(expected: Mapping[str, Mapping[str, object]]) -> dict[str, dict[str, object]]:
    return {kind: dict(by_name) for kind, by_name in expected.items()}


def _step(
    title: str, runs: Sequence[str], expected: Mapping[str, Mapping[str, object]], notes: Mapping[str, str], *more: str
) -> str:
    lines = ["[[step]]", f"title = {toml_value(title)}", *more]
    if runs:
        lines.append(f"run = {toml_value(list(runs))}")
    text = "".join(f"{line}\n" for line in lines)
    for kind, by_name in expected.items():
        flat = {name: value for name, value in by_name.items() if not isinstance(value, Mapping)}
        if flat or not by_name:
            text += "\n" + table_text(f"step.expect.{kind}", flat)
        for name, value in by_name.items():
            if isinstance(value, Mapping):
                text += "\n" + table_text(
                    f"step.expect.{kind}.{toml_key(name)}", value, notes if kind == "mv" else None
                )
    return text


def _after(home: RulesHome, draft: Draft, outcome: Outcome) -> str:
    expected: dict[str, dict[str, object]] = {}
    subject = draft.subject
    if outcome.results:
        expected["result"] = dict(outcome.results)
    if outcome.linked and outcome.mv:
        expected["mv"] = {subject: dict(outcome.mv)}
    elif not outcome.linked:
        expected["mv"] = {subject: False}
    spaces: dict[str, object] = {}
    if outcome.own:
        spaces[subject] = dict(outcome.own)
    if outcome.cloud:
        spaces[draft.cloud() or f"{subject}@{_tenant(home)}"] = dict(outcome.cloud)
    if spaces:
        expected["cs"] = spaces
    return _step("a full synchronization with these rules", run_lines(home, draft), expected, outcome.notes)


def _tenant(home: RulesHome) -> str:
    return next((c.name for c in home.connectors.values() if c.schema == "entra"), "entra")


def _refused(draft: Draft, outcome: Outcome) -> list[str]:
    """Where an export error is stored and an export still waits: the next one is refused in the same way."""
    cloud = draft.cloud()
    error = draft.given_cs.get(cloud or "", {}).get("export-error")
    waiting = outcome.cloud.get("pending-export") not in (None, "none")
    if cloud is None or not isinstance(error, Mapping) or not waiting:
        return []
    type_ = str(error["type"])
    connector = draft.objects[cloud].connector.name
    more = f"refuse = {toml_value(Inline({cloud: type_}))}"
    expected: dict[str, dict[str, object]] = {
        "result": {f"{connector} export": "completed-export-errors"},
        "cs": {cloud: {"export-error": type_}},
    }
    return [_step("the tenant refuses the next export again", [f"{connector} export"], expected, {}, more)]
