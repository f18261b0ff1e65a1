"""Values and names as a failing case shows them: as the case file would write them."""

from __future__ import annotations

import base64
from collections.abc import Iterable

from attrflow.model.values import Value, Values, canonical

__all__ = ["names_text", "value_text", "values_text"]

_LENGTH_MAX = 100


def value_text(value: Value) -> str:
    """One value.

    >>> value_text(True), value_text("a b"), value_text(b"\\x01")
    ('true', '"a b"', '{ b64 = "AQ==" }')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return f'{{ b64 = "{base64.b64encode(value).decode("ascii")}" }}'
    if isinstance(value, str):
        text = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'"{text}"' if len(text) <= _LENGTH_MAX else f'"{text[:_LENGTH_MAX]}…" ({len(value)} characters)'
    return str(value)


def values_text(values: Values) -> str:
    """An attribute's values; none are `[]`."""
    if len(values) == 1:
        return value_text(values[0])
    shown = [value_text(value) for value in sorted(values, key=lambda value: tuple(map(str, canonical(value))))[:10]]
    return f"[{', '.join(shown)}]" + (f" and {len(values) - 10} more" if len(values) > 10 else "")


def names_text(names: Iterable[str]) -> str:
    """Names as a list."""
    return "[" + ", ".join(sorted(names)) + "]"
