"""Search entries to imported objects: anchors, selected attributes, references, findings.

It is told which attributes each object type needs, and finds them under whatever spelling and
options the server sends. Ranges must have been completed before (`ranges`), or be the value changes
of DirSync. It sends nothing and decides no scope.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from attrflow.connectors.ldap.ranges import split_range
from attrflow.connectors.ldap.schema import ServerSchema
from attrflow.connectors.ldap.values import guid_of, read_names, read_references, read_uuids, read_values
from attrflow.model.entry import ImportedObject, ImportedReferences, ImportFinding, ReferenceTarget
from attrflow.model.names import InvalidName, dn_key
from attrflow.model.schema import AttributeType, Syntax
from attrflow.model.values import NO_VALUES, Values

__all__ = ["EntryReader", "values_of"]

Octets = Mapping[str, Sequence[bytes]]

_ADDED, _REMOVED = (1, 1), (0, 0)
"""The ranges under which DirSync sends values added and removed (MS-ADTS 3.1.1.3.4.1.3)."""
_EXTENSIONS = re.compile(r"(?:<[^>]*>;)+")
"""What stands before the DN in an extended one; within a DN no angle bracket stands unescaped."""


def values_of(attributes: Octets, name: str) -> Sequence[bytes]:
    """The values under a name in any case; empty when there are none."""
    found = attributes.get(name)
    if found is not None:
        return found
    folded = name.casefold()
    return next((values for key, values in attributes.items() if key.casefold() == folded), ())


class EntryReader:
    """Reads entries of one connector."""

    def __init__(
        self,
        kind: Literal["ad", "openldap"],
        schema: ServerSchema,
        selected: Mapping[str, Collection[str]],
        *,
        named_by: Mapping[str, str] | None = None,
        filler: str | None = None,
    ) -> None:
        """`named_by`: attributes whose values name their target, by which attribute; `filler`: the key of a DN that
        stands for no member, and is read nowhere."""
        self._is_ad = kind == "ad"
        self._schema = schema
        self._named_by = named_by or {}
        self._filler = filler
        self.anchor_attribute = "objectGUID" if self._is_ad else "entryUUID"
        anchor = schema.attribute(self.anchor_attribute)
        self._selected: dict[str, frozenset[str]] = {}
        unknown: dict[str, tuple[str, ...]] = {}
        for object_type, names in selected.items():
            types = {name: schema.attribute(name) for name in names}
            known = {t.name for t in types.values() if t is not None}
            self._selected[object_type.casefold()] = frozenset(known | ({anchor.name} if anchor else set()))
            if missing := tuple(sorted(name for name, type_ in types.items() if type_ is None)):
                unknown[object_type] = missing
        self.unknown: Mapping[str, tuple[str, ...]] = unknown
        """By object type: selected attributes that the server's schema does not have."""
        self._any = frozenset[str]().union(*self._selected.values())
        self._plan: dict[tuple[str | None, str], AttributeType | None] = {}
        self._textual_names = schema.textual_names
        own_name = schema.attribute("distinguishedName") if self._is_ad else None
        self._own_name = own_name.name if own_name is not None else None

    @property
    def requested(self) -> tuple[str, ...]:
        """The attributes to ask the server for, whatever type an entry turns out to have."""
        own = {self.anchor_attribute, "objectClass", *(("objectCategory",) if self._is_ad else ())}
        return tuple(sorted(self._any | own, key=str.casefold))

    def anchor(self, attributes: Octets, guid: str | None) -> str | None:
        """The anchor: the GUID of the extended DN, objectGUID or entryUUID; None when there is none."""
        values = values_of(attributes, self.anchor_attribute)
        if not values:
            return guid
        try:
            return guid_of(values[0]) if self._is_ad else values[0].decode("ascii").lower()
        except ValueError:
            return guid

    def whole(self, dn: str, anchor: str | None, object_type: str, attributes: Octets) -> ImportedObject:
        """An object with all its selected attributes; what is missing has no value."""
        values, references, findings = self._read(dn, object_type, attributes, partial=False)
        return ImportedObject("whole", dn, anchor, object_type, values, references, findings)

    def partial(self, dn: str, anchor: str | None, object_type: str | None, attributes: Octets) -> ImportedObject:
        """A change of an object: only what changed, a cleared attribute with no values."""
        values, references, findings = self._read(dn, object_type, attributes, partial=True)
        return ImportedObject("partial", dn, anchor, object_type, values, references, findings)

    # -- inside --------------------------------------------------------------------------------------

    def _type(self, object_type: str | None, name: str) -> AttributeType | None:
        """The type of an attribute that is selected, by the name as the server sent it; None to pass it over.

        A language variant (`cn;lang-nb`) is an attribute of its own that no rule can name.
        """
        key = (object_type, name)
        if key in self._plan:
            return self._plan[key]
        base, *options = name.split(";")
        type_ = self._schema.attribute(base)
        chosen = self._any if object_type is None else self._selected.get(object_type.casefold(), frozenset())
        if type_ is not None and type_.name not in chosen and base != self.anchor_attribute:
            type_ = None
        if any(option.lower() != "binary" for option in options):
            type_ = None
        self._plan[key] = type_
        return type_

    def _read(
        self, dn: str, object_type: str | None, attributes: Octets, *, partial: bool
    ) -> tuple[dict[str, Values], dict[str, ImportedReferences], tuple[ImportFinding, ...]]:
        values: dict[str, Values] = {}
        references: dict[str, ImportedReferences] = {}
        findings: list[ImportFinding] = []
        for sent_name, octets in attributes.items():
            name, span = split_range(sent_name)
            type_ = self._type(object_type, name)
            if type_ is None or not (octets or partial):
                continue
            if type_.syntax is not Syntax.REFERENCE:
                read = self._values(type_, octets) if octets else NO_VALUES
                if type_.name in self._textual_names and not isinstance(read, ImportFinding):
                    read = tuple([_EXTENSIONS.sub("", str(value)) for value in read])
                if isinstance(read, ImportFinding):
                    findings.append(replace(read, dn=dn))
                else:
                    values[type_.name] = read
                continue
            by = self._named_by.get(type_.name)
            targets = read_references(type_, octets) if by is None else read_names(type_, octets, by)
            if isinstance(targets, ImportFinding):
                findings.append(replace(targets, dn=dn))
                continue
            if by is None and not self._is_ad:
                targets = tuple([target for target in targets if not self._is_filler(target)])
                if not (targets or partial):
                    continue
            if (merged := _merge(references.get(type_.name), span, targets)) is not None:
                references[type_.name] = merged
        if self._own_name is not None and self._type(object_type, self._own_name) is not None:
            values[self._own_name] = (dn,)  # DirSync never sends it, since it is not replicated
        return values, references, tuple(findings)

    def _is_filler(self, target: ReferenceTarget) -> bool:
        """Whether a value stands only because a group must have a member: the empty DN names no entry at all."""
        key = dn_key(target.dn)
        return not key or key == self._filler

    def _values(self, type_: AttributeType, octets: Sequence[bytes]) -> Values | ImportFinding:
        return read_uuids(type_, octets) if type_.name in self._schema.uuid_names else read_values(type_, octets)


def _merge(
    before: ImportedReferences | None,
    span: tuple[int, int | None] | None,
    targets: tuple[ReferenceTarget, ...],
) -> ImportedReferences | None:
    """What an attribute's references are with one more of the forms in which the server sends them.

    Beside a range an attribute without one is the empty shell that AD sends with it, and says nothing.
    """
    if span is None:
        if before is not None and not before.whole and not targets:
            return before
        return ImportedReferences(added=targets, whole=True)
    changes = before if before is not None and not before.whole else ImportedReferences(whole=False)
    if span == _ADDED:
        return replace(changes, added=changes.added + targets)
    if span == _REMOVED:
        return replace(changes, removed=changes.removed + targets)
    raise InvalidName(f"range {span}", 0, "a range that was completed")
