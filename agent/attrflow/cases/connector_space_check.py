"""The expectation `cs`: one connector-space object, its values, its link, what waits and what went wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from attrflow.cases.differences import Difference, differ, differ_names, differ_values
from attrflow.cases.naming import space_names, wanted_space_names
from attrflow.cases.objects import absolute_dn
from attrflow.cases.session import Session
from attrflow.model.connector_space import AppliedRule, CSObject, export_hologram, import_hologram
from attrflow.model.delta import Delta, Image
from attrflow.model.names import dn_key
from attrflow.model.references import NO_REFERENCES
from attrflow.model.schema import Syntax
from attrflow.model.values import NO_VALUES, Values

__all__ = ["check_connector_space"]

_WORDS: Mapping[str, Callable[[CSObject], object]] = {
    "pending-export": lambda cso: _operation(cso.unapplied),
    "pending-import": lambda cso: _operation(cso.pending_import),
    "unconfirmed": lambda cso: _operation(cso.unconfirmed),
    "linked": lambda cso: cso.link is not None,
    "link": lambda cso: cso.link.origin if cso.link is not None else "none",
    "error": lambda cso: cso.import_error.type if cso.import_error is not None else "none",
    "retry-count": lambda cso: cso.import_error.retry_count if cso.import_error is not None else 0,
    "export-error": lambda cso: cso.export_error.type if cso.export_error is not None else "none",
    "placeholder": lambda cso: cso.kind == "placeholder",
    "transient": lambda cso: cso.transient,
    "type": lambda cso: cso.object_type or "none",
    "anchored": lambda cso: cso.anchor is not None,
}


def _operation(delta: Delta | None) -> str:
    return delta.operation if delta is not None else "none"


def check_connector_space(session: Session, name: str, wanted: bool | Mapping[str, Any]) -> Iterator[Difference]:
    """What differs of the object that a name means."""
    cso = session.cs(name)
    if isinstance(wanted, bool):
        if wanted != (cso is not None):
            text = ("no object", "an object")
            yield Difference(f"{name} in its connector space", text[wanted], text[not wanted], name)
        return
    if cso is None:
        yield Difference(f"{name} in its connector space", "an object", "there is none", name)
        return
    for key, value in wanted.items():
        what = f"{key} of {name} in {cso.connector}"
        if key in _WORDS:
            got = _WORDS[key](cso)
            for difference in differ(what, value, got, name):
                yield Difference(difference.what, difference.expected, difference.got + _why(cso, key), name)
        elif key == "attributes":
            yield from _image(session, name, cso, export_hologram(cso), value, "with exports")
        elif key == "imported":
            yield from _image(session, name, cso, import_hologram(cso), value, "as imported")
        elif key == "export":
            yield from _export(session, name, cso, value)
        elif key in ("dn", "new-dn"):
            yield from _dn(session, name, cso, key, value)
        elif key == "error-detail":
            detail = cso.import_error.detail if cso.import_error is not None else "no error"
            if value not in detail:
                yield Difference(what, f"… {value} …", detail, name)
        else:
            yield from _applied(session, name, cso, value, applied=key == "applied")


def _why(cso: CSObject, key: str) -> str:
    error = cso.import_error if key != "export-error" else cso.export_error
    return f" ({error.type}: {error.detail})" if error is not None and key not in ("retry-count",) else ""


def _image(
    session: Session, name: str, cso: CSObject, image: Image, wanted: Mapping[str, Values], which: str
) -> Iterator[Difference]:
    schema = session.laboratory.schema(cso.connector)
    for attribute, values in wanted.items():
        type_ = schema.attribute(cso.object_type or "", attribute)
        spelt = type_.name if type_ is not None else attribute
        what = f"{spelt} of {name} in {cso.connector} {which}"
        if type_ is not None and type_.syntax is Syntax.REFERENCE:
            got = space_names(session, image.references.get(spelt, NO_REFERENCES), cso.connector)
            yield from differ_names(what, wanted_space_names(session, values, cso.connector), got, name, spelt)
        else:
            yield from differ_values(what, values, image.attributes.get(spelt, NO_VALUES), name, spelt)


def _export(session: Session, name: str, cso: CSObject, wanted: Mapping[str, Values]) -> Iterator[Difference]:
    delta = cso.unapplied or Delta("update")
    changed = {*delta.attributes, *delta.references}
    for attribute in sorted(changed - wanted.keys()):
        what = f"the pending export of {name} in {cso.connector}"
        yield Difference(what, ", ".join(sorted(wanted)) or "no attribute", f"{attribute} too", name, attribute)
    for attribute in sorted(wanted.keys() - changed):
        yield Difference(f"{attribute} in the pending export of {name}", "a change", "none", name, attribute)
    image = export_hologram(cso)
    yield from _image(session, name, cso, image, {a: v for a, v in wanted.items() if a in changed}, "with exports")


def _dn(session: Session, name: str, cso: CSObject, key: str, wanted: str) -> Iterator[Difference]:
    got = cso.dn if key == "dn" else (cso.unapplied.new_dn if cso.unapplied is not None else None)
    if got is None and wanted == "none":
        return
    expected = absolute_dn(wanted, session.case.connectors[cso.connector])
    if got is None or dn_key(expected) != dn_key(got):
        yield Difference(f"{key} of {name} in {cso.connector}", expected, got or "none", name)


def _applied(
    session: Session, name: str, cso: CSObject, wanted: tuple[str, ...], *, applied: bool
) -> Iterator[Difference]:
    names = [session.rule_name(AppliedRule.parse(text).id) for text in cso.applied_rules]
    for rule in wanted:
        if (rule in names or any(full.endswith(f": {rule}") for full in names)) != applied:
            what = f"the rules that are applied to {name} in {cso.connector}"
            yield Difference(what, rule if applied else f"not {rule}", ", ".join(names) or "none", name)
