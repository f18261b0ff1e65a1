"""What of an entry goes out: the requested attributes, ranges of long ones, and the form of DNs.

Reads entries, changes nothing. On the hot path of every import.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from attrflow_mocks.ad.ber import octets
from attrflow_mocks.ad.constructed import computed_values, security_descriptor
from attrflow_mocks.ad.controls import Asked
from attrflow_mocks.ad.directory import Directory
from attrflow_mocks.ad.entry import Entry
from attrflow_mocks.ad.errors import ldap_error
from attrflow_mocks.ad.filter import Sight
from attrflow_mocks.ad.responses import Projected
from attrflow_mocks.ad.schema import Attribute
from attrflow_mocks.ad.values import sid_text

__all__ = ["HIDDEN", "MAX_VALUE_RANGE", "Projection"]

MAX_VALUE_RANGE = 1500
"""AD's MaxValRange: so many values of one attribute go out at a time."""

HIDDEN = frozenset({"unicodePwd", "userPassword", "nTSecurityDescriptor"})
"""Not among all attributes; passwords never go out at all."""

_UNIVERSAL = 0x8
"""The bit of groupType whose groups have their members in the Global Catalog."""

_RANGE = re.compile(r"range=(\d{1,9})-(\d{1,9}|\*)\Z", re.IGNORECASE)
_Range = tuple[int, int | None]


class Projection:
    """One request's choice of attributes, made once and applied to every entry."""

    def __init__(
        self,
        directory: Directory,
        requested: Sequence[str],
        asked: Asked,
        *,
        types_only: bool,
        sight: Sight | None = None,
    ) -> None:
        """Read the list of requested attributes; unknown names are passed over, as AD does."""
        self._directory = directory
        self._extended = asked.extended_dn
        self._sd_flags = asked.sd_flags
        self._range_no_error = asked.range_no_error
        self._types_only = types_only
        access = sight.access if sight is not None else None
        self._access = None if access is None or access.reads_all else access
        self._catalog = sight is not None and sight.catalog
        self._sleeping = asked.deactivated_links
        self.always: set[str] = set()
        """Attributes that DirSync is to send with every object, changed or not."""
        self.everything = not requested or "*" in requested
        self.named: dict[str, tuple[Attribute, bytes, _Range | None]] = {}
        for description in requested:
            self._choose(description)

    def _choose(self, description: str) -> None:
        name, *options = description.split(";")
        attribute = self._directory.schema.attribute(name)
        if attribute is None or (self._catalog and not attribute.in_catalog):
            return
        wire, span = attribute.wire_name, None
        for option in options:
            match = _RANGE.match(option)
            if match is not None:
                span = (int(match[1]), None if match[2] == "*" else int(match[2]))
            elif option.lower() == "dirsyncalwaysreturn":
                self.always.add(attribute.name)
            elif option.lower() == "binary":
                wire = octets(f"{attribute.name};binary")
            else:
                return
        self.named[attribute.name] = (attribute, wire, span)

    def name(self, entry: Entry) -> bytes:
        """The entry's DN in the form that was asked for."""
        plain = self._directory.dn(entry)
        return plain if self._extended is None else extended_dn(entry, plain, self._extended)

    def values(self, entry: Entry, attribute: Attribute) -> Sequence[bytes]:
        """All values of an attribute in the form that was asked for."""
        stored = entry.values.get(attribute.name)
        if stored is not None and attribute.name not in HIDDEN:
            return stored
        if attribute.computed:
            return computed_values(self._directory, entry, attribute.name)
        if attribute.name in HIDDEN:
            if attribute.name != "nTSecurityDescriptor":
                return ()
            return [security_descriptor(self._directory, 7 if self._sd_flags is None else self._sd_flags)]
        if self._extended is not None:
            if attribute.name == "distinguishedName":
                return [self.name(entry)]
            return [self.name(target) for target in self.targets(entry, attribute)]
        if attribute.link_id is not None or attribute.is_reference:
            return [self.name(target) for target in self.targets(entry, attribute)]
        return self._directory.values(entry, attribute)

    def targets(self, entry: Entry, attribute: Attribute) -> Mapping[Entry, object]:
        """Where a link leads, deactivated values too where they are asked for; in the catalog, universal groups'."""
        if self._catalog and attribute.name == "member" and not entry.number("groupType") & _UNIVERSAL:
            return {}
        found = self._directory.targets(entry, attribute)
        if self._sleeping and attribute.name in entry.sleeping:
            return {**found, **entry.sleeping[attribute.name]}
        return found

    def may_read(self, entry: Entry, attribute: Attribute) -> bool:
        """Whether rights leave the asker this attribute of the entry."""
        return self._access is None or self._access.reads(entry, attribute.name)

    def project(self, entry: Entry) -> list[Projected]:
        """The attributes of one entry, ready to be encoded.

        Raises:
            LdapError: 1 an explicit range starts beyond the last value.
        """
        found: list[Projected] = []
        if self.everything:
            for attribute in self._present(entry):
                if attribute.name not in self.named:
                    self._append(found, entry, attribute, attribute.wire_name, None)
        for attribute, wire, span in self.named.values():
            if self._access is None or self._access.reads(entry, attribute.name):
                self._append(found, entry, attribute, wire, span)
        if self._types_only:
            return [(name, ()) for name, _ in found]
        return found

    def _present(self, entry: Entry) -> Iterable[Attribute]:
        """All attributes that `*` stands for."""
        attributes = self._directory.schema.attributes
        names = [name for name in entry.values if name not in HIDDEN]
        names += entry.links
        names += [pair for name in entry.back if (pair := attributes[name].pair) is not None and entry.back[name]]
        if "distinguishedName" not in entry.values:
            names.append("distinguishedName")
        if self._sd_flags is not None:
            names.append("nTSecurityDescriptor")
        if self._sleeping:
            names += [name for name in entry.sleeping if name not in entry.links]
        chosen = [attributes[name] for name in names]
        if self._catalog:
            chosen = [attribute for attribute in chosen if attribute.in_catalog]
        return chosen if self._access is None else [a for a in chosen if self._access.reads(entry, a.name)]

    def _append(
        self, found: list[Projected], entry: Entry, attribute: Attribute, wire: bytes, span: _Range | None
    ) -> None:
        if span is None:
            stored = entry.values.get(attribute.name)  # the common case, without a call
            if stored is None or attribute.name in HIDDEN:
                if self._append_long(found, entry, attribute):
                    return
                stored_or_made = self.values(entry, attribute)
                if stored_or_made:
                    found.append((wire, stored_or_made))
            elif len(stored) <= MAX_VALUE_RANGE:
                found.append((wire, stored))
            else:
                found.append((attribute.wire_name, ()))
                found.append((_range_name(attribute, 0, MAX_VALUE_RANGE - 1), stored[:MAX_VALUE_RANGE]))
            return
        self._append_range(found, entry, attribute, *span)

    def _append_long(self, found: list[Projected], entry: Entry, attribute: Attribute) -> bool:
        """References beyond the limit: the bare name without values, and the first range."""
        targets = self.targets(entry, attribute)
        if len(targets) <= MAX_VALUE_RANGE:
            return False
        found.append((attribute.wire_name, ()))
        first = [self.name(target) for target in islice(targets, MAX_VALUE_RANGE)]
        found.append((_range_name(attribute, 0, MAX_VALUE_RANGE - 1), first))
        return True

    def _append_range(
        self, found: list[Projected], entry: Entry, attribute: Attribute, low: int, high: int | None
    ) -> None:
        targets = self.targets(entry, attribute)
        values: Sequence[bytes] = () if targets else self.values(entry, attribute)
        total = len(targets) or len(values)
        if total == 0:
            return
        if low >= total or (high is not None and high < low):
            if attribute.link_id is not None and not self._range_no_error:
                raise ldap_error(1, 0x57, f"Error in attribute conversion operation ({attribute.name};range={low})")
            return
        stop = min(total, low + MAX_VALUE_RANGE, total if high is None else high + 1)
        if targets:
            values = [self.name(target) for target in islice(targets, low, stop)]
        else:
            values = values[low:stop]
        found.append((_range_name(attribute, low, None if stop == total else stop - 1), values))


def _range_name(attribute: Attribute, low: int, high: int | None) -> bytes:
    return octets(f"{attribute.name};range={low}-{'*' if high is None else high}")


def extended_dn(entry: Entry, plain: bytes, form: str) -> bytes:
    """`<GUID=…>;<SID=…>;DN`, with hexadecimal or readable identifiers."""
    sid = entry.values.get("objectSid")
    if form == "string":
        head = f"<GUID={entry.guid}>;" + (f"<SID={sid_text(sid[0])}>;" if sid else "")
    else:
        head = f"<GUID={entry.guid.bytes_le.hex()}>;" + (f"<SID={sid[0].hex()}>;" if sid else "")
    return head.encode() + plain
