"""Deltas of the connector space as LDAP modifications. Pure: it builds, it sends nothing.

`add` and `replace` replace, `delete` replaces by nothing: both say the same when they are said twice.
Only value changes (`update`, and references) are adds and deletes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ldap3

from attrflow.connectors.ldap.schema import ServerSchema
from attrflow.connectors.ldap.values import encode_value
from attrflow.model.delta import AttributeDelta
from attrflow.model.entry import OutgoingReferences, ReferenceTarget

__all__ = ["Modifications", "add_attributes", "is_idempotent", "modification_batches"]

Modifications = dict[str, list[tuple[str, list[bytes]]]]

_VALUES_MAX = 1000
"""Values in one modify: AD takes about 5,000 in one request, and a smaller one blocks others less."""


def modification_batches(
    schema: ServerSchema,
    attributes: Mapping[str, AttributeDelta],
    references: Mapping[str, OutgoingReferences],
) -> list[Modifications]:
    """The modifies of one object: all in one, but for references beyond the first thousand."""
    first: Modifications = {name: _operations(delta) for name, delta in attributes.items()}
    batches = [first]
    room = _VALUES_MAX
    for name, outgoing in references.items():
        type_ = schema.attribute(name)
        if type_ is not None and not type_.multi:
            first[name] = [(ldap3.MODIFY_REPLACE, _names(outgoing.added))]
            continue
        for operation, targets in (
            (ldap3.MODIFY_DELETE, outgoing.removed),
            (ldap3.MODIFY_ADD, outgoing.added),
        ):
            names = _names(targets)
            while names:
                if room == 0:
                    batches.append({})
                    room = _VALUES_MAX
                part, names = names[:room], names[room:]
                batches[-1].setdefault(name, []).append((operation, part))
                room -= len(part)
    return [batch for batch in batches if batch]


def _operations(delta: AttributeDelta) -> list[tuple[str, list[bytes]]]:
    added, removed = _encoded(delta.added), _encoded(delta.removed)
    if delta.operation in ("add", "replace"):
        return [(ldap3.MODIFY_REPLACE, added)]
    if delta.operation == "delete":
        return [(ldap3.MODIFY_REPLACE, [])]
    operations = []
    if removed:
        operations.append((ldap3.MODIFY_DELETE, removed))
    if added:
        operations.append((ldap3.MODIFY_ADD, added))
    return operations


def add_attributes(
    object_type: str,
    attributes: Mapping[str, AttributeDelta],
    references: Mapping[str, OutgoingReferences],
) -> dict[str, list[bytes]]:
    """The attributes of a new entry; objectClass is the object type unless the export sets it itself."""
    values = {name: _encoded(delta.added) for name, delta in attributes.items() if delta.added}
    values.update({name: _names(outgoing.added) for name, outgoing in references.items() if outgoing.added})
    if not any(name.casefold() == "objectclass" for name in values):
        values["objectClass"] = [object_type.encode("utf-8")]
    return values


def is_idempotent(modifications: Modifications) -> bool:
    """Whether the modify may be sent twice on a server without the permissive control."""
    return all(op == ldap3.MODIFY_REPLACE for operations in modifications.values() for op, _ in operations)


def _encoded(values: Sequence[object]) -> list[bytes]:
    return [encode_value(value) for value in values]  # type: ignore[arg-type]  # AttributeDelta's Values


def _names(targets: Sequence[ReferenceTarget]) -> list[bytes]:
    return [target.dn.encode("utf-8") for target in targets]
