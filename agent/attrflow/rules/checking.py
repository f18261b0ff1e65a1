"""From rules to a rule set that may run: all that can be said against them before any object is seen.

Spelling, how the rules stand together, expressions against schemas and parameters, and lint, in one
call; every finding with its file and line where the texts are given.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from attrflow.expr import DEFAULT_OPTIONS, ExpressionOptions, check, parse
from attrflow.model.diagnostics import Diagnostic, Severity
from attrflow.rules.lint import lint
from attrflow.rules.positions import Finding, Path, locate, locate_inside, placed, suggestion
from attrflow.rules.rule import AttributeMapping, Rule
from attrflow.rules.ruleset import RuleSet, build
from attrflow.rules.sides import Schemas, canonicalise

__all__ = ["check_expressions", "checked_ruleset", "mapping_path"]

_DOUBTS = frozenset(("constant-condition", "depends-on-option", "unreachable"))
_PARAMETER = re.compile(r"%([^%\s]+)%")


def checked_ruleset(
    rules: Iterable[Rule],
    *,
    connectors: Collection[str] | None = None,
    schemas: Schemas | None = None,
    parameters: Mapping[str, Collection[str]] | None = None,
    texts: Mapping[str, str] | None = None,
    expression_options: ExpressionOptions = DEFAULT_OPTIONS,
) -> tuple[RuleSet, tuple[Diagnostic, ...]]:
    """The rule set and all findings.

    `connectors` are the project's connector names, `parameters` the names of each one's parameters
    (`Connector.ID` included), `texts` the rule files' texts by name, `expression_options` the project's.
    What is not given is not checked.
    """
    schemas = schemas or Schemas()
    texts = texts or {}
    told: list[Diagnostic] = []
    spelt: list[Rule] = []
    for rule in rules:
        right, notes = canonicalise(rule, schemas)
        told += placed(notes, texts.get(rule.file or ""), rule.file)
        spelt.append(right)
    ruleset, together = build(spelt, connectors=connectors, texts=texts)
    told += together
    for rule in ruleset.rules:
        known = parameters.get(rule.connector) if parameters is not None else None
        found = [*check_expressions(rule, schemas, known, texts.get(rule.file or ""), expression_options)]
        told += (_milder(diagnostic) for diagnostic in found) if rule.disabled else found
    for rule, finding in lint(ruleset, schemas):
        told += placed([finding], texts.get(rule.file or ""), rule.file)
    return ruleset, tuple(told)


def check_expressions(
    rule: Rule,
    schemas: Schemas,
    parameters: Collection[str] | None = None,
    text: str | None = None,
    options: ExpressionOptions = DEFAULT_OPTIONS,
) -> Iterator[Diagnostic]:
    """What is wrong with a rule's expressions and with the parameters in its scope.

    A name that the metaverse lacks is an error. One that the directory's schema lacks reads as absent
    for every object: a warning, and for a rule from the library, which asks for Exchange's attributes
    everywhere, a note. A wrong case is an error, in the product's own rules a warning (DECISIONS 10).
    """
    source = schemas.source(rule)
    names = frozenset(source.attributes) if source is not None else None
    wrong_case: Severity = "warning" if (rule.tag or "").startswith("Microsoft.") else "error"
    for mapping in rule.mappings:
        if mapping.flow != "expression":
            continue
        checked = check(
            parse(mapping.source, options), attributes=names, parameters=parameters, severity_wrong_case=wrong_case
        )
        for found in checked.diagnostics:
            path = (*mapping_path(rule, mapping), "expression")
            severity = found.severity
            if found.code in _DOUBTS and rule.library:
                # Whoever uses the product's own rules cannot answer for them.
                severity = "info"
            if found.code == "unknown-attribute" and rule.direction == "inbound":
                severity = "info" if rule.library else "warning"
            span = None
            if text is not None:
                span = locate_inside(text, path, found.span) if found.span else locate(text, path)
            message = f"{rule.name!r}, flow to {mapping.destination}: {found.message}"
            yield replace(found, message=message, severity=severity, span=span, file=rule.file)
    yield from placed(_scope_parameters(rule, parameters), text, rule.file)


def mapping_path(rule: Rule, mapping: AttributeMapping) -> Path:
    """Where the mapping stands in the rule's document."""
    path = ("flows", mapping.destination)
    several = sum(other.destination == mapping.destination for other in rule.mappings) > 1
    return (*path, mapping.id.ordinal) if several else path


def _scope_parameters(rule: Rule, parameters: Collection[str] | None) -> Iterator[Finding]:
    if parameters is None:
        return
    for g, group in enumerate(rule.scope):
        for c, clause in enumerate(group):
            for name in _PARAMETER.findall(clause.value):
                if name not in parameters:
                    near = suggestion(name, parameters) or "add it to the connector's parameters"
                    message = f"{rule.name!r}, scope: there is no parameter %{name}%"
                    yield Finding(("scope", g, "all", c), "unknown-parameter", message, help=near)


def _milder(diagnostic: Diagnostic) -> Diagnostic:
    """A disabled rule stops nobody."""
    return replace(diagnostic, severity="warning") if diagnostic.severity == "error" else diagnostic
