"""Flow: one mapping of one object gives a contribution (behaviour.md §3.5).

An expression's result becomes values of the destination's type; NULL, AuthoritativeNull and
IgnoreThisFlow become their words; references are translated to the other side, and those without a
counterpart there are held. An error fails the object as a whole.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

from attrflow.engine.plan import ObjectFailure
from attrflow.engine.program import CompiledMapping
from attrflow.engine.reading import CSReading, Reading
from attrflow.engine.reference import NOTHING_HELD, Flowed, Held, Translation, flow_difference, flow_whole
from attrflow.events import Status
from attrflow.expr import ExpressionError, FlowWord, Many, Scalar
from attrflow.model.names import DistinguishedName
from attrflow.model.provenance import Basis
from attrflow.model.references import NO_REFERENCES, ReferenceSet
from attrflow.model.schema import AttributeType, Syntax
from attrflow.model.values import INTEGER_MAX, INTEGER_MIN, NO_VALUES, Reference, Value, Values

__all__ = ["Contribution", "contribute"]

Word = Literal["value", "null", "authoritative-null", "ignore"]


class Contribution(NamedTuple):
    """What one mapping offers: a word, values or references with it, and the status word if it loses nothing."""

    word: Word
    values: Values = NO_VALUES
    references: ReferenceSet = NO_REFERENCES
    held: Held = NOTHING_HELD
    basis: Basis | None = None
    status: Status = "applied-changed"
    detail: str | None = None


_NULL = Contribution("null", status="null-no-contribution")
_ABSENT = Contribution("null", status="source-absent")
_IGNORE = Contribution("ignore", status="ignored-this-flow")
_STOP = Contribution("authoritative-null", status="authoritative-null")


def contribute(
    mapping: CompiledMapping,
    reading: Reading,
    translation: Translation,
    length_limit: int,
    step: str,
    given: tuple[ReferenceSet, Basis] | None = None,
) -> Contribution:
    """Evaluate a mapping for one object.

    `given` is what the same mapping gave before, and on which basis, where references may flow by what changed.

    Raises:
        ObjectFailure: the expression fails, or its result does not fit the destination.
    """
    target = mapping.target
    if target is not None and target.syntax is Syntax.REFERENCE and mapping.mapping.flow == "direct":
        source = reading.references(mapping.mapping.source)
        if not source.count:
            return _ABSENT
        flowed = flow_difference(mapping.mapping.source, source, translation, *given) if given is not None else None
        return _referred(flowed or flow_whole(source, translation))
    try:
        result = mapping.evaluate(reading)
    except ExpressionError as error:
        where = f" at {error.span.line}:{error.span.column}" if error.span is not None else ""
        raise ObjectFailure(
            _error_type(error.code),
            step,
            f"{error.message}{where}",
            rule_id=mapping.rule.id,
            attribute=mapping.mapping.destination,
        ) from error
    if result is None:
        return _absence(mapping, reading)
    if isinstance(result, FlowWord):
        return _IGNORE if result is FlowWord.IGNORE_THIS_FLOW else _STOP
    return _typed(result, mapping, reading, translation, length_limit, step)


def _error_type(code: str) -> str:
    return code if code.startswith("sync-rule-error") else f"sync-rule-error-{code}"


def _absence(mapping: CompiledMapping, reading: Reading) -> Contribution:
    """NULL, told apart for people: nothing there, or something that no import has confirmed yet."""
    if mapping.mapping.flow == "direct":
        return _ABSENT
    if isinstance(reading, CSReading) and "ImportedValue(" in mapping.mapping.source:
        name = mapping.mapping.source.split('"')[1] if '"' in mapping.mapping.source else ""
        if name and reading.awaits_confirmation(name):
            return Contribution("null", status="awaiting-confirmation", detail=name)
    return _NULL


def _referred(flowed: Flowed) -> Contribution:
    if not flowed.references.count:
        holds = any(flowed.held.targets.values())
        return Contribution("null", held=flowed.held, status="reference-held" if holds else "source-absent")
    return Contribution("value", references=flowed.references, held=flowed.held, basis=flowed.basis)


def _typed(
    result: Scalar | Many,
    mapping: CompiledMapping,
    reading: Reading,
    translation: Translation,
    length_limit: int,
    step: str,
) -> Contribution:
    target = mapping.target
    if isinstance(result, str) and result and _takes_text(target, len(result), mapping, length_limit):
        return Contribution("value", (result,))  # what most attributes of most objects are
    items: Many = (result,) if not isinstance(result, tuple) else result
    if "" in items or None in items:
        items = tuple(item for item in items if item is not None and item != "")
    if not items:
        return _NULL
    name, rule_id = mapping.mapping.destination, mapping.rule.id
    if target is not None and target.syntax is Syntax.REFERENCE:
        return _named(items, mapping, reading, translation, step)
    if len(items) > 1 and target is not None and not target.multi:
        raise ObjectFailure(
            "flow-multi-values-to-single-value",
            step,
            f"{len(items)} values for {name}, which holds one: take one with Item(…, 1)",
            rule_id=rule_id,
            attribute=name,
        )
    values = tuple(_value(item, target, mapping, step) for item in items)
    if mapping.rule.direction == "inbound" and target is not None and not target.multi:
        (only,) = values
        if isinstance(only, str) and len(only) > length_limit:
            raise ObjectFailure(
                "mv-constraint-violation",
                step,
                f"{name} has {len(only)} characters, {length_limit} fit: cut it with Left(…, {length_limit})",
                rule_id=rule_id,
                attribute=name,
            )
    return Contribution("value", values)


def _takes_text(target: AttributeType | None, length: int, mapping: CompiledMapping, length_limit: int) -> bool:
    """Whether a text of that length fits without a further look."""
    if target is None or target.syntax is not Syntax.STRING:
        return False
    return length <= length_limit or target.multi or mapping.rule.direction == "outbound"


def _named(
    items: Many, mapping: CompiledMapping, reading: Reading, translation: Translation, step: str
) -> Contribution:
    """References that an expression gives: ids as they are, names by looking them up.

    A name that nothing in the connector space has refers to nothing yet, as a reference that is held.
    """
    ids: list[int] = []
    unknown: str | None = None
    for item in items:
        if isinstance(item, Reference):
            ids.append(item.id)
            continue
        outbound = mapping.rule.direction == "outbound"
        if not isinstance(item, DistinguishedName) or outbound:
            what = "a name: outbound, only a reference attribute gives one" if outbound else "text (CRef makes one)"
            raise ObjectFailure(
                "sync-rule-error-type-mismatch",
                step,
                f"{mapping.mapping.destination} holds references, not {what}",
                rule_id=mapping.rule.id,
                attribute=mapping.mapping.destination,
            )
        if (found := reading.reference_of(item)) is None:
            unknown = unknown or item.text
        else:
            ids.append(found)
    contribution = _referred(flow_whole(ids, translation))
    if unknown is None:
        return contribution
    status: Status = "reference-held" if contribution.word == "null" else contribution.status
    return contribution._replace(status=status, detail=f"nothing here is called {unknown}")


def _value(item: object, target: AttributeType | None, mapping: CompiledMapping, step: str) -> Value:
    syntax = target.syntax if target is not None else None
    if isinstance(item, DistinguishedName):
        item = item.text
    if isinstance(item, bool):
        if syntax in (None, Syntax.BOOLEAN):
            return item
    elif isinstance(item, int):
        if syntax in (None, Syntax.INTEGER) and INTEGER_MIN <= item <= INTEGER_MAX:
            return item
    elif isinstance(item, str):
        if syntax in (None, Syntax.STRING):
            return item
    elif isinstance(item, bytes) and syntax in (None, Syntax.BINARY):
        return item
    kind = "a date (use FormatDateTime)" if isinstance(item, datetime) else f"a {_KINDS.get(type(item), 'reference')}"
    wanted = syntax.value if syntax is not None else "value"
    raise ObjectFailure(
        "sync-rule-error-type-mismatch",
        step,
        f"{mapping.mapping.destination} holds a {wanted}, but {mapping.mapping.source} gives {kind}",
        rule_id=mapping.rule.id,
        attribute=mapping.mapping.destination,
    )


_KINDS: dict[type, str] = {str: "string", int: "number", bool: "boolean", bytes: "binary value"}
