"""Sorted lists and windows of them: server-side sorting (473) and virtual list views."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from attrflow_mocks.ad.controls import Sort, Window
from attrflow_mocks.ad.directory import Directory
from attrflow_mocks.ad.entry import Entry
from attrflow_mocks.ad.errors import LdapError
from attrflow_mocks.ad.schema import Attribute
from attrflow_mocks.ad.values import Key, order_key

__all__ = ["in_order", "window_of"]

_NO_SUCH_ATTRIBUTE, _UNWILLING, _INAPPROPRIATE = 16, 53, 18


def in_order(directory: Directory, sort: Sort, entries: Iterable[Entry]) -> tuple[int, list[Entry]]:
    """The sort control's result code, and the entries, sorted where it is 0.

    AD takes one key alone. Entries without the attribute come last, reversed or not.
    """
    listed = list(entries)
    attribute = directory.schema.attribute(sort.attribute)
    if sort.keys > 1:
        return _UNWILLING, listed
    if attribute is None:
        return _NO_SUCH_ATTRIBUTE, listed
    if attribute.computed or order_key(attribute.syntax) is None:
        return _INAPPROPRIATE, listed
    keyed = [(_key(entry, attribute), entry) for entry in listed]
    present = [(key, entry) for key, entry in keyed if key is not None]
    present.sort(key=lambda pair: pair[0], reverse=sort.reverse)
    return 0, [entry for _, entry in present] + [entry for key, entry in keyed if key is None]


def _key(entry: Entry, attribute: Attribute) -> Key | None:
    key_of = order_key(attribute.syntax)
    values = entry.values.get(attribute.name)
    return key_of(values[0]) if values and key_of is not None else None


def window_of(directory: Directory, sort: Sort, window: Window, ordered: list[Entry]) -> tuple[list[Entry], int]:
    """The entries in a window, and the place of its middle, counted from 1.

    Raises:
        LdapError: 61 the place lies outside the list.
    """
    total = len(ordered)
    if window.offset is None:
        position = _place_of(directory, sort, window.value, ordered)
    else:
        position = window.offset
        if window.content_count and window.content_count != total:
            position = max(1, round(window.offset * total / window.content_count))
        if position < 1:
            raise LdapError(61, "00000057: LdapErr: the window's place is counted from 1")
        position = min(position, total + 1)
    start = max(0, position - 1 - window.before)
    return ordered[start : position + window.after], position


def _place_of(directory: Directory, sort: Sort, value: bytes, ordered: list[Entry]) -> int:
    """Where the first entry stands that is not before the value; one beyond the last where there is none."""
    attribute = directory.schema.attribute(sort.attribute)
    key_of = None if attribute is None else order_key(attribute.syntax)
    wanted = None if key_of is None else key_of(value)
    if attribute is None or wanted is None:
        raise LdapError(61, "00000057: LdapErr: the window's value is none of the sorted attribute's")
    keys = [_key(entry, attribute) for entry in ordered]
    present = [key for key in keys if key is not None]
    if not sort.reverse:
        return bisect_left(present, wanted) + 1
    not_before = [index for index, key in enumerate(present) if key <= wanted]  # type: ignore[operator]  # the same
    return (not_before[0] if not_before else len(present)) + 1
