"""What of a change Graph can be sent: a JSON body, and what must stay behind with the reason.

Decides by the table in `capabilities` alone; sends nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from attrflow.connectors.entra.capabilities import Capability, capability
from attrflow.connectors.entra.graph_values import property_value
from attrflow.model.entry import ExportChange, ExportOutcome
from attrflow.model.schema import Schema, Syntax
from attrflow.model.values import NO_VALUES

__all__ = ["Content", "content_of"]

_CREATE_ONLY = "Graph takes it only when the user is created"
_IDENTITY = frozenset({"sourceAnchor", "cloudAnchor"})


@dataclass(slots=True)
class Content:
    """The body of a POST or PATCH, and the attributes that it leaves out, by reason."""

    body: dict[str, object] = field(default_factory=dict)
    left_out: dict[str, list[str]] = field(default_factory=dict)

    def leave(self, attribute: str, reason: str) -> None:
        """Note an attribute that is not written."""
        self.left_out.setdefault(reason, []).append(attribute)

    def outcome(self, change: ExportChange, *, anchor: str | None) -> ExportOutcome:
        """The outcome once the body was accepted."""
        names = tuple(sorted(name for group in self.left_out.values() for name in group))
        reasons = [f"{', '.join(sorted(group))}: {reason}" for reason, group in self.left_out.items()]
        return ExportOutcome(change.cs_id, anchor=anchor, not_written=names, detail=". ".join(reasons) or None)


def content_of(change: ExportChange, schema: Schema, *, creating: bool, unwritable: str | None = None) -> Content:
    """What Graph can be sent of a user's change.

    Args:
        change: the change; its attributes carry whole values.
        schema: syntax of the attributes, one or many values.
        creating: for a POST: values that are cleared are left away, create-only ones are sent.
        unwritable: why only what Graph takes for synchronized users is sent, where that is so.
    """
    content = Content()
    for name, delta in change.attributes.items():
        assert delta.operation != "update", f"the Entra connector needs the whole value of {name}, not an update"
        row = capability("user", name)
        if creating and row.attribute in _IDENTITY:
            continue  # the sourceAnchor is sent as the key of the create, the cloudAnchor comes back
        if reason := _why_not(row, creating=creating, unwritable=unwritable):
            content.leave(row.attribute, reason)
            continue
        known = schema.attribute("user", name)
        values = NO_VALUES if delta.operation == "delete" else delta.added
        try:
            value = property_value(
                row,
                values,
                known.syntax if known is not None else Syntax.STRING,
                multi=known.multi if known is not None else len(values) > 1,
            )
        except ValueError as error:
            content.leave(row.attribute, str(error))
            continue
        if values or not creating:
            _put(content.body, row, value)
    for name in change.references:
        row = capability("user", name)
        if reason := _why_not(row, creating=creating, unwritable=unwritable):
            content.leave(row.attribute, reason)
    return content


def _why_not(row: Capability, *, creating: bool, unwritable: str | None) -> str | None:
    if row.write == "no":
        return row.reason
    if row.write == "create-only" and not creating:
        return _CREATE_ONLY
    if unwritable is not None and not row.writable_when_synced:
        return unwritable
    return None


def _put(body: dict[str, object], row: Capability, value: object) -> None:
    assert row.property is not None, f"{row.attribute} is declared writable without a property"
    outer, _, inner = row.property.partition(".")
    if not inner:
        body[outer] = value
        return
    nested = body.setdefault(outer, {})
    assert isinstance(nested, dict)
    nested[inner] = value
