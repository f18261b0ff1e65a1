"""The functions on distinguished names (expressions.md §3, Directory). Positions count from 1."""

from __future__ import annotations

import re

from attrflow.expr.errors import ExpressionError
from attrflow.expr.functions.binding import Function, Parameter
from attrflow.expr.limits import spend_text
from attrflow.expr.options import DEFAULT_OPTIONS, ExpressionOptions
from attrflow.model.names import DistinguishedName, escape_value
from attrflow.model.values import Reference

__all__ = ["DIRECTORY"]


def _known(name: str, reference: DistinguishedName | Reference) -> DistinguishedName:
    if isinstance(reference, Reference):
        raise ExpressionError(
            "type-mismatch", f"{name} needs the distinguished name of this reference, which is not known here"
        )
    return reference


def _missing(name: str, number: int, options: ExpressionOptions) -> str | None:
    if options.dn_component_missing == "error":
        raise ExpressionError("out-of-bounds", f"{name}: the name has no component {number}")
    return "" if options.dn_component_missing == "empty" else None


def dn_component(
    reference: DistinguishedName | Reference, number: int, options: ExpressionOptions = DEFAULT_OPTIONS
) -> str | None:
    """The value of the `number`-th component from the left, still escaped.

    NULL when there is none (option `dn_component_missing`).

    >>> from attrflow.model.names import parse_dn
    >>> dn_component(parse_dn("CN=Eve,OU=Users,DC=fabrikam,DC=com"), 2)
    'Users'
    """
    name = _known("DNComponent", reference)
    if number == 1 and (leaf := _leaf(name.text)) is not None:
        return leaf
    component = name.component(number)
    return _missing("DNComponent", number, options) if component is None else component[1]


def _leaf(text: str) -> str | None:
    """The leaf's value in a name without escapes there, which nearly all are; None for any other.

    The usual question by itself, because rules ask it of every object.
    """
    leaf = text.partition(",")[0]
    if "\\" in leaf or '"' in leaf or ";" in leaf:
        return None
    _, separator, value = leaf.partition("=")
    return value.strip(" ") if separator else None


def dn_component_rev(
    reference: DistinguishedName | Reference,
    number: int,
    skip: str = "",
    options: ExpressionOptions = DEFAULT_OPTIONS,
) -> str | None:
    """The value of the `number`-th component from the right; with `DC`, domain components do not count.

    >>> from attrflow.model.names import parse_dn
    >>> dn = parse_dn("CN=Eve,OU=Users, dc=fabrikam,DC=com")
    >>> dn_component_rev(dn, 1), dn_component_rev(dn, 1, "DC"), dn_component_rev(dn, 9)
    ('com', 'Users', None)
    """
    name = _known("DNComponentRev", reference)
    position = 0
    for place in range(1, len(name.rdns) + 1):
        component = name.component(place, from_root=True)
        assert component is not None, "it has as many components as RDNs"
        if skip == "DC" and component[0].lower() == "dc":
            continue
        position += 1
        if position == number:
            return component[1]
    return _missing("DNComponentRev", number, options)


def escape_dn_component(text: str, options: ExpressionOptions = DEFAULT_OPTIONS) -> str:
    """One component, type included, with its value escaped so that it can stand in a DN.

    The first `=` separates type and value; a text without one is escaped as a whole.

    >>> escape_dn_component("CN=Doe, Jane")
    'CN=Doe\\\\, Jane'
    """
    type_, separator, value = text.partition("=")
    spend_text(20 * len(text))
    escaped = escape_value(value if separator else text)
    if options.escape_hash == "always":
        escaped = _HASH.sub(r"\\#", escaped)
    return f"{type_}={escaped}" if separator else escaped


_HASH = re.compile(r"(?<!\\)#")
_REFERENCE = Parameter("dn", "ref")
DIRECTORY: tuple[Function, ...] = (
    Function(
        "DNComponent",
        (_REFERENCE, Parameter("number", "num")),
        "str",
        dn_component,
        "The value of a component, counted from the left.",
        "DNComponent(CRef([dn]),1)",
        options=("dn_component_missing",),
    ),
    Function(
        "DNComponentRev",
        (_REFERENCE, Parameter("number", "num"), Parameter("options", "str", optional=True, words=("DC",))),
        "str",
        dn_component_rev,
        "The value of a component, counted from the right.",
        'DNComponentRev(CRef([dn]),1,"DC")',
        options=("dn_component_missing",),
    ),
    Function(
        "EscapeDNComponent",
        (Parameter("text", "str"),),
        "str",
        escape_dn_component,
        "A component with its value escaped.",
        'EscapeDNComponent("CN=" & [displayName])',
        grows=True,
        options=("escape_hash",),
    ),
)
