"""Names that refer: the value of one attribute that says which object is meant, as `memberUid` does by `uid`.

In a connector space such a reference leads to the object itself, as every other one does. While nobody bears
the name it leads to a placeholder under a name of this form, which no directory can hold as a DN: it ends in
no naming context. The form of an Entra object's DN is the model (behaviour.md §1.1).
"""

from __future__ import annotations

from attrflow.model.connector_space import CSObject, export_hologram
from attrflow.model.delta import AttributeDelta
from attrflow.model.names import InvalidName, escape_value, parse_dn
from attrflow.model.values import NO_VALUES, Values, display, folded

__all__ = ["exported_name", "name_dn", "named_by", "names_borne"]

_UNCHANGED = AttributeDelta("update")


def name_dn(attribute: str, value: str) -> str:
    """The DN of the placeholder for a name that nobody bears.

    >>> name_dn("uid", "kari")
    'CN={uid\\\\=kari}'
    """
    return f"CN={escape_value(f'{{{attribute}={value}}}')}"


def named_by(dn: str) -> tuple[str, str] | None:
    """The attribute and the value of a placeholder's DN that `name_dn` made; None for every other DN.

    >>> named_by(name_dn("uid", "kari")), named_by("CN={416263}"), named_by("uid=kari,dc=test")
    (('uid', 'kari'), None, None)
    """
    try:
        rdns = parse_dn(dn).rdns
    except InvalidName:
        return None
    if len(rdns) != 1 or len(rdns[0]) != 1:
        return None
    type_, inner = rdns[0][0]
    if type_ != "CN" or not (inner.startswith("{") and inner.endswith("}")):
        return None
    attribute, separator, value = inner[1:-1].partition("=")
    return (attribute, value) if separator else None


def names_borne(cso: CSObject | None, attribute: str) -> dict[str, str]:
    """The names by which an object can be meant: the attribute's values as its directory is known to hold them.

    By the folded form, with the spelling. A placeholder bears none, nor does an object that is on its way out of
    the connector space, or whose DN was taken by another one (§1.5): most often that one is its successor.
    """
    if cso is None or cso.kind != "staging" or cso.transient:
        return {}
    values = cso.image.attributes.get(attribute, NO_VALUES) if cso.image is not None else NO_VALUES
    pending = cso.pending_import
    if pending is not None:
        if pending.operation in ("delete", "obsolete"):
            return {}
        below = values if pending.operation == "update" else NO_VALUES
        values = pending.attributes.get(attribute, _UNCHANGED).apply(below)
    return {folded(value): display(value) for value in values}


def exported_name(cso: CSObject, attribute: str) -> str | None:
    """The name to write for a reference to the object; None where it has none.

    Of several it is the one in the object's DN (RFC 4519 lets `uid` have many values), else the first.
    """
    if cso.kind == "placeholder":
        named = named_by(cso.dn)
        return named[1] if named is not None and named[0] == attribute else None
    values: Values = export_hologram(cso).attributes.get(attribute, NO_VALUES)
    names = {folded(value): display(value) for value in values}
    if len(names) > 1:
        for type_, value in next(iter(parse_dn(cso.dn).rdns), ()):
            if type_.casefold() == attribute.casefold() and (found := names.get(value.casefold())) is not None:
                return found
    return next(iter(names.values()), None)
