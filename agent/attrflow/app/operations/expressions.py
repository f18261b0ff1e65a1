"""Operations on expressions: evaluate one, check one, and tell what the functions are."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from attrflow.app.operations.expression_trees import NodeRow, explained
from attrflow.app.operations.expression_values import GivenObject, encoded, shown, type_name
from attrflow.app.operations.failing import DiagnosticDocument, diagnostic_document
from attrflow.app.project import Project
from attrflow.app.shapes import shape
from attrflow.engine.reading import CSReading, Moment, MVReading
from attrflow.explain.facts import Facts
from attrflow.explain.resolve_object import resolve_object
from attrflow.expr import (
    DEFAULT_OPTIONS,
    FAMILIES,
    FUNCTIONS,
    ExpressionError,
    ExpressionOptions,
    Function,
    Many,
    Scalar,
    check,
    compile_expression,
    parse,
)
from attrflow.expr.resolve import closest
from attrflow.model.errors import NotFound, SettingsError

__all__ = [
    "CheckDocument",
    "EvaluationDocument",
    "FunctionDocument",
    "FunctionsDocument",
    "check_expression",
    "evaluate_expression",
    "functions",
    "known_attributes",
    "stored_object",
]


@dataclass(frozen=True, slots=True)
class EvaluationDocument:
    """What an expression gives for an object. Without `error` there is a value, as case files write it."""

    expression: str
    type: str | None
    value: Any = None
    shown: str | None = None
    error: DiagnosticDocument | None = None
    subject: str | None = None
    """The stored object that was read."""
    nodes: list[NodeRow] = field(default_factory=list)
    """Every part with its value, where that was asked for."""
    warnings: list[DiagnosticDocument] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CheckDocument:
    """What is wrong or doubtful in an expression, and what it reads."""

    expression: str
    ok: bool
    diagnostics: list[DiagnosticDocument]
    attributes: list[str]
    counted: list[str]
    """Attributes of which only the number of values is asked."""
    imported: list[str]
    parameters: list[str]
    pure: bool


@dataclass(frozen=True, slots=True)
class FunctionDocument:
    """One function of the language."""

    name: str
    family: str
    signature: str
    meaning: str
    example: str
    null: list[str]
    """What NULL does, by parameter."""
    lifted: bool
    pure: bool
    options: list[str]
    detail: str


@dataclass(frozen=True, slots=True)
class FunctionsDocument:
    """Functions, by family."""

    functions: list[FunctionDocument]


shape("expression-value", EvaluationDocument)
shape("expression-check", CheckDocument)
shape("expression-functions", FunctionsDocument)


def stored_object(
    project: Project,
    text: str,
    *,
    connector: str | None = None,
    metaverse: bool = False,
    attributes: Mapping[str, Scalar | Many] | None = None,
    parameters: Mapping[str, str] | None = None,
) -> tuple[GivenObject, str]:
    """A stored object as an expression reads it, and its name; given values stand over the stored ones.

    Without a choice it is the object of a directory, as inbound rules read it; one that is only in the
    metaverse is read there.

    Raises:
        NotFound: there is no such object, or it has nothing in that connector or in the metaverse.
        Ambiguous: several objects have that name.
    """
    program = project.program()
    facts = Facts(project.store, program)
    subject = resolve_object(facts, text)
    moment = Moment(project.world.now(), project.world, 0)
    objects = subject.objects if connector is None else [o for o in subject.objects if o.connector == connector]
    if connector is not None and not objects:
        raise NotFound(f"{text!r} has no object in the connector {connector!r}.")
    if metaverse or (not objects and subject.mv is not None):
        if subject.mv is None:
            raise NotFound(f"{text!r} is not in the metaverse.", help="without --mv, its connector space is read")
        outbound = connector or (program.outbound_connectors[0] if program.outbound_connectors else "")
        known = program.parameters(outbound) if outbound else {}
        reading: CSReading | MVReading = MVReading(subject.mv, program.mv_type(subject.mv.object_type), known, moment)
        name = f"metaverse: {facts.mv_name(subject.mv)}"
    else:
        if not objects:
            raise NotFound(f"{text!r} is in no connector space.")
        cso = min(objects, key=lambda one: facts.is_cloud(one.connector))
        type_ = program.cs_type(cso.connector, cso.object_type)
        reading = CSReading(cso, type_, program.parameters(cso.connector, cso.partition), moment, project.store)
        name = f"{cso.connector}: {cso.dn}"
    return GivenObject(attributes or {}, parameters or {}, None, reading), name


def evaluate_expression(
    expression: str,
    given: GivenObject,
    *,
    explain: bool = False,
    options: ExpressionOptions = DEFAULT_OPTIONS,
    object_name: str | None = None,
) -> EvaluationDocument:
    """Evaluate an expression for one object; a failing evaluation is an answer, with the place in `error`.

    Raises:
        SettingsError: the text is no valid expression; its diagnostics are all that is wrong.
    """
    parsed = parse(expression, options)
    checked = check(parsed)
    if parsed.tree is None or not checked.ok:
        errors = [diagnostic for diagnostic in checked.diagnostics if diagnostic.severity == "error"]
        count = "one error" if len(errors) == 1 else f"{len(errors)} errors"
        raise SettingsError(f"The expression cannot be used: {count}.", checked.diagnostics)
    warnings = [diagnostic_document(diagnostic) for diagnostic in checked.diagnostics]
    compiled = compile_expression(parsed.tree, observed=explain, options=options)
    try:
        result = compiled.evaluate(given)
    except ExpressionError as error:
        place = error.span
        told = DiagnosticDocument(
            error.code, "error", error.message, None, place.line if place else None, place.column if place else None
        )
        nodes = explained(compiled, given.seen, error) if explain else []
        return EvaluationDocument(expression, None, None, None, told, object_name, nodes, warnings)
    nodes = explained(compiled, given.seen) if explain else []
    return EvaluationDocument(
        expression, type_name(result), encoded(result), shown(result), None, object_name, nodes, warnings
    )


def known_attributes(project: Project, *, connector: str | None, object_type: str) -> frozenset[str]:
    """The attributes that an expression on such objects can read: of a connector, or of the metaverse.

    Raises:
        NotFound: there is no such connector or object type, or its schema is not known yet.
    """
    if connector is None:
        schema = project.program().metaverse
        whose = "The metaverse"
    else:
        schema = project.schema(project.require_connector(connector))
        whose = f"The connector {connector!r}"
    found = schema.object_types.get(object_type)
    if found is None:
        known = ", ".join(sorted(schema.object_types)) or "none; an import learns the schema"
        raise NotFound(f"{whose} has no object type {object_type!r}.", help=f"It has: {known}.")
    return frozenset(found.attributes)


def check_expression(
    expression: str,
    *,
    attributes: Collection[str] | None = None,
    parameters: Collection[str] | None = None,
    notes: bool = False,
    options: ExpressionOptions = DEFAULT_OPTIONS,
) -> CheckDocument:
    """Check an expression; `attributes` and `parameters` are the known names, None leaves them unchecked."""
    checked = check(parse(expression, options), attributes=attributes, parameters=parameters, notes=notes)
    return CheckDocument(
        expression,
        checked.ok,
        [diagnostic_document(diagnostic) for diagnostic in checked.diagnostics],
        sorted(checked.attributes_read),
        sorted(checked.counted),
        sorted(checked.imported),
        sorted(checked.parameters_read),
        checked.pure,
    )


def functions(name: str | None = None) -> FunctionsDocument:
    """All functions, or one by its name, whatever its case.

    Raises:
        NotFound: there is no such function; the help names what comes near.
    """
    if name is None:
        return FunctionsDocument([_document(family, f) for family, rows in FAMILIES.items() for f in rows])
    meant = closest(name, FUNCTIONS)
    if meant is None or meant.casefold() != name.casefold():
        help_ = f"did you mean {meant}?" if meant else "`attrflow expr functions` lists them"
        raise NotFound(f"There is no function {name!r}.", help=help_)
    family = next(family for family, rows in FAMILIES.items() if any(row.name == meant for row in rows))
    return FunctionsDocument([_document(family, FUNCTIONS[meant])])


def _document(family: str, function: Function) -> FunctionDocument:
    detail = inspect.getdoc(function.implementation) or ""
    own = function.form.name in ("CALL",)
    return FunctionDocument(
        function.name,
        family,
        function.signature,
        function.meaning,
        function.example,
        [f"{parameter.name}: {parameter.null.value}" for parameter in function.parameters] if own else [],
        function.lifted,
        function.pure,
        [option.replace("_", "-") for option in function.options],
        detail.partition(">>>")[0].partition("\nRaises:")[0].strip() if own else function.meaning,
    )
