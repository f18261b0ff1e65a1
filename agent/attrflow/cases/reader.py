"""Takes the tables of a case file apart, key by key; what is wrong is kept as findings with its place.

What is absent or wrong comes back as the default and has been told, so that one reading tells all.
"""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from attrflow.model.diagnostics import Severity
from attrflow.model.values import INTEGER_MAX, INTEGER_MIN, Value, Values
from attrflow.rules.positions import Finding, suggestion

__all__ = ["Reader", "kind_of", "sid_bytes"]

Path = tuple[str | int, ...]
_SID = re.compile(r"S-1-(\d+)((?:-\d+){1,15})", re.IGNORECASE)


def kind_of(value: object) -> str:
    """What a value is, in words.

    >>> kind_of([]), kind_of(None)
    ('a list', 'nothing')
    """
    names = {
        str: "a string",
        bool: "true or false",
        int: "a number",
        float: "a number with a point",
        list: "a list",
        dict: "a table",
    }
    return "nothing" if value is None else names.get(type(value), type(value).__name__)


def sid_bytes(text: str) -> bytes:
    """A security identifier from its text.

    Raises:
        ValueError: it is none.

    >>> sid_bytes("S-1-5-32").hex()
    '010100000000000520000000'
    """
    match = _SID.fullmatch(text)
    if match is None:
        raise ValueError("no security identifier")
    parts = [int(part) for part in match[2].split("-")[1:]]
    if int(match[1]) >= 1 << 48 or any(part >= 1 << 32 for part in parts):
        raise ValueError("no security identifier")
    return (
        bytes((1, len(parts)))
        + int(match[1]).to_bytes(6, "big")
        + b"".join(part.to_bytes(4, "little") for part in parts)
    )


_BYTES: Mapping[str, Callable[[str], bytes]] = {
    "b64": lambda text: base64.b64decode(text, validate=True),
    "hex": bytes.fromhex,
    "guid": lambda text: uuid.UUID(text).bytes_le,
    "sid": sid_bytes,
}


class Reader:
    """Typed access to tables; all findings of one file are gathered here."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def tell(
        self,
        path: Path,
        code: str,
        message: str,
        *,
        help: str | None = None,
        at_key: bool = False,
        severity: Severity = "error",
    ) -> None:
        """Keep a finding."""
        self.findings.append(Finding(path, code, message, severity, help, "key" if at_key else "value"))

    def unknown(self, table: Mapping[str, Any], path: Path, known: Collection[str], of: str) -> None:
        """Tell of keys that are none of `of`'s."""
        for key in table:
            if key not in known:
                help_ = suggestion(key, known) or "the keys are " + ", ".join(known)
                self.tell((*path, key), "unknown-key", f"{key!r} is no key of {of}", help=help_, at_key=True)

    def table(self, table: Mapping[str, Any], path: Path, key: str, *, example: str) -> Mapping[str, Any]:
        """A table, empty where it is absent."""
        return self.as_table(table.get(key, {}), (*path, key), example=example)

    def as_table(self, value: object, path: Path, *, example: str) -> Mapping[str, Any]:
        """The value as a table."""
        if isinstance(value, dict):
            return value
        self.tell(path, "wrong-type", f"expected a table, found {kind_of(value)}", help=f"such as {example}")
        return {}

    def tables(self, table: Mapping[str, Any], path: Path, key: str) -> list[tuple[Mapping[str, Any], Path]]:
        """The tables of a list of tables, each with its path."""
        value = table.get(key, [])
        if not isinstance(value, list):
            self.tell((*path, key), "wrong-type", f"expected [[{key}]] tables, found {kind_of(value)}")
            return []
        found: list[tuple[Mapping[str, Any], Path]] = []
        for position, one in enumerate(value):
            here = (*path, key, position)
            if isinstance(one, dict):
                found.append((one, here))
            else:
                self.tell(here, "wrong-type", f"expected a table, found {kind_of(one)}")
        return found

    def text(self, value: object, path: Path, *, of: str, default: str = "") -> str:
        """The value as a text that is not empty."""
        if isinstance(value, str) and value.strip():
            return value
        found = "an empty one" if isinstance(value, str) else kind_of(value)
        self.tell(path, "wrong-type", f"{of} must be a string, found {found}")
        return default

    def word(self, value: object, path: Path, choices: Sequence[str], *, of: str) -> str:
        """The value as one of the words."""
        if isinstance(value, str) and value in choices:
            return value
        near = suggestion(value, choices) if isinstance(value, str) else None
        found = repr(value) if isinstance(value, str) else kind_of(value)
        self.tell(path, "wrong-value", f"{of} must be one of {', '.join(choices)}; found {found}", help=near)
        return choices[0]

    def texts(self, value: object, path: Path, *, of: str) -> tuple[str, ...]:
        """The value as texts: one string, or a list of strings."""
        if isinstance(value, str):
            return (value,)
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return tuple(value)
        self.tell(path, "wrong-type", f"{of} must be a string or a list of strings, found {kind_of(value)}")
        return ()

    def number(self, value: object, path: Path, *, of: str) -> int:
        """The value as a whole number."""
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        self.tell(path, "wrong-type", f"{of} must be a whole number, found {kind_of(value)}")
        return 0

    def flag(self, value: object, path: Path, *, of: str) -> bool:
        """The value as true or false."""
        if isinstance(value, bool):
            return value
        self.tell(path, "wrong-type", f"{of} must be true or false, found {kind_of(value)}")
        return False

    def values(self, value: object, path: Path) -> Values:
        """Attribute values: one, or a list of them; an empty list is no value."""
        if not isinstance(value, list):
            return self._several(value, path)
        return tuple(one for position, each in enumerate(value) for one in self._several(each, (*path, position)))

    def attributes(self, table: Mapping[str, Any], path: Path) -> dict[str, Values]:
        """A table of attribute values."""
        return {name: self.values(value, (*path, name)) for name, value in table.items()}

    def _several(self, value: object, path: Path) -> Values:
        """The values that one element stands for: one, but for numbered ones."""
        if isinstance(value, dict) and set(value) == {"numbered", "times"}:
            text = self.text(value["numbered"], (*path, "numbered"), of="'numbered'")
            times = self.number(value["times"], (*path, "times"), of="'times'")
            return tuple(text.replace("#", str(number)) for number in range(1, times + 1))
        one = self._value(value, path)
        return () if one is None else (one,)

    def _value(self, value: object, path: Path) -> Value | None:
        if isinstance(value, str | bool):
            return value
        if isinstance(value, int):
            if INTEGER_MIN <= value <= INTEGER_MAX:
                return value
            self.tell(path, "wrong-value", f"{value} does not fit into 64 bits")
            return None
        if isinstance(value, dict):
            return self._written(value, path)
        self.tell(
            path,
            "wrong-type",
            f"expected a string, a whole number, true or false, or bytes; found {kind_of(value)}",
            help='bytes are written { b64 = "…" }, { hex = "…" }, { guid = "…" } or { sid = "…" }',
        )
        return None

    def _written(self, table: Mapping[str, Any], path: Path) -> Value | None:
        if set(table) == {"text", "times"} and isinstance(table["text"], str) and isinstance(table["times"], int):
            return table["text"] * int(table["times"])
        if len(table) == 1:
            key, text = next(iter(table.items()))
            if key in _BYTES and isinstance(text, str):
                try:
                    return _BYTES[key](text)
                except (ValueError, binascii.Error):
                    self.tell((*path, key), "wrong-value", f"{text!r} is no {key} value")
                    return None
        known = "b64, hex, guid, sid, or text or numbered with times"
        self.tell(path, "wrong-value", f"no value: expected a table with one of {known}")
        return None
