"""The functions on distinguished names (expressions.md §3, Directory). Positions count from 1."""

from __future__ import annotations

from attrflow.expr.errors import ExpressionError
from attrflow.expr.functions.binding import Function, Parameter
from attrflow.model.names import DistinguishedName, escape_value
from attrflow.model.values import Reference

__all__ = ["DIRECTORY"]


def _known(name: str, reference: DistinguishedName | Reference) -> DistinguishedName:
    if isinstance(reference, Reference):
        raise ExpressionError(
            "type-mismatch", f"{name} needs the distinguished name of this reference, which is not known here"
        )
    return reference


def dn_component(reference: DistinguishedName | Reference, number: int) -> str | None:
    """The value of the `number`-th component from the left, still escaped; NULL when there is none.

    >>> from attrflow.model.names import parse_dn
    >>> dn_component(parse_dn("CN=Eve,OU=Users,DC=fabrikam,DC=com"), 2)
    'Users'
    """
    component = _known("DNComponent", reference).component(number)
    return None if component is None else component[1]


def dn_component_rev(reference: DistinguishedName | Reference, number: int, options: str = "") -> str | None:
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
        if component is None:
            return None
        if options == "DC" and component[0].lower() == "dc":
            continue
        position += 1
        if position == number:
            return component[1]
    return None


def escape_dn_component(text: str) -> str:
    """One component, type included, with its value escaped so that it can stand in a DN.

    The first `=` separates type and value; a text without one is escaped as a whole.

    >>> escape_dn_component("CN=Doe, Jane")
    'CN=Doe\\\\, Jane'
    """
    type_, separator, value = text.partition("=")
    return f"{type_}={escape_value(value)}" if separator else escape_value(text)


_REFERENCE = Parameter("dn", "ref")
DIRECTORY: tuple[Function, ...] = (
    Function(
        "DNComponent",
        (_REFERENCE, Parameter("number", "num")),
        "str",
        dn_component,
        "The value of a component, counted from the left.",
        "DNComponent(CRef([dn]),1)",
    ),
    Function(
        "DNComponentRev",
        (_REFERENCE, Parameter("number", "num"), Parameter("options", "str", optional=True, words=("DC",))),
        "str",
        dn_component_rev,
        "The value of a component, counted from the right.",
        'DNComponentRev(CRef([dn]),1,"DC")',
    ),
    Function(
        "EscapeDNComponent",
        (Parameter("text", "str"),),
        "str",
        escape_dn_component,
        "A component with its value escaped.",
        'EscapeDNComponent("CN=" & [displayName])',
        grows=True,
    ),
)
