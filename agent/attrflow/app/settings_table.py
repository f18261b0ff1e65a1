"""A table of a settings file, taken apart key by key: typed values out, findings with their place kept.

What is absent or wrong comes back as None (or the default) and has been told; nothing is raised, so that
one reading tells all there is to tell. Knows TOML's types and nothing of what the keys mean.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from attrflow.model.diagnostics import Severity
from attrflow.rules.positions import Finding, suggestion

__all__ = ["Table", "kind_of"]

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def kind_of(value: object) -> str:
    """What a value is, in words, without the value: it may be a secret in the wrong place.

    >>> kind_of([])
    'a list'
    """
    names = {
        str: "a string",
        bool: "true or false",
        int: "a number",
        float: "a number",
        list: "a list",
        dict: "a table",
    }
    return names.get(type(value), "a date or time")


class Table:
    """Typed access to one table; `findings` is shared by all tables of a file."""

    def __init__(self, values: Mapping[str, Any], path: tuple[str | int, ...], findings: list[Finding]) -> None:
        self.values = values
        self.path = path
        self.findings = findings

    def __contains__(self, key: object) -> bool:
        return key in self.values

    @property
    def header(self) -> str:
        """The table as a settings file spells its header, such as `[connectors.hq]`."""
        return f"[{'.'.join(str(part) for part in self.path if not isinstance(part, int))}]"

    def tell(
        self,
        key: str | tuple[str | int, ...],
        code: str,
        message: str,
        *,
        help: str | None = None,
        severity: Severity = "error",
        at_key: bool = False,
    ) -> None:
        """Keep a finding about a key of this table (or a path below it); an empty path is the table itself."""
        below = (key,) if isinstance(key, str) else key
        part = "key" if at_key else "value"
        self.findings.append(Finding((*self.path, *below), code, message, severity, help, part))  # type: ignore[arg-type]  # mypy widens the two words to str

    def only(self, known: Collection[str], of: str, elsewhere: Mapping[str, str] | None = None) -> None:
        """Tell every key that is not known; `elsewhere` says of keys that would be right in another place."""
        for key in self.values:
            if key in known:
                continue
            if elsewhere and key in elsewhere:
                self.tell(key, "unknown-key", f"{key!r} is no key of {of}", help=elsewhere[key], at_key=True)
                continue
            near = suggestion(key, known) or "the keys are " + ", ".join(known)
            self.tell(key, "unknown-key", f"{key!r} is no key of {of}", help=near, at_key=True)

    def missing(self, key: str, help: str) -> None:
        """Tell that a key is needed."""
        self.tell((), "missing-key", f"{self.header} has no {key!r}", help=help)

    def wrong(self, key: str | tuple[str | int, ...], message: str, help: str | None = None) -> None:
        """Tell that a value is of the right type and still cannot be."""
        self.tell(key, "wrong-value", message, help=help)

    def text(self, key: str) -> str | None:
        """The string of a key, without blanks around it; None when it is absent or wrong."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            self._type(key, "a string", value)
            return None
        if not value.strip():
            self.wrong(key, f"{key!r} is empty", "give it a value, or leave the key out")
            return None
        if _CONTROL.search(value):
            # No path, address or name holds one, and file systems refuse the zero with an error of their own.
            self.wrong(key, f"{key!r} holds a line break or another control character", "write it on one line")
            return None
        return value.strip()

    def required(self, key: str, example: str) -> str | None:
        """The string of a key that must be there; `example` is the line to add."""
        if key not in self.values:
            self.missing(key, f"add: {example}")
        return self.text(key)

    def flag(self, key: str, default: bool | None = None) -> bool | None:
        """The truth value of a key."""
        value = self.values.get(key, default)
        if value is None or isinstance(value, bool):
            return value
        self._type(key, "true or false", value)
        return default

    def number(self, key: str, low: int, high: int | None = None) -> int | None:
        """The whole number of a key, which must be in [low, high]; None when it is absent or wrong."""
        value = self.values.get(key)
        if value is None:
            return None
        expected = f"a whole number from {low} " + (f"to {high}" if high is not None else "up")
        if not isinstance(value, int) or isinstance(value, bool):
            self._type(key, expected, value)
            return None
        if value < low or (high is not None and value > high):
            self.wrong(key, f"{key!r} must be {expected}, found {value}")
            return None
        return value

    def choice(self, key: str, choices: Sequence[str]) -> str | None:
        """The string of a key, which must be one of the choices; None when it is absent or wrong."""
        value = self.text(key)
        if value is None or value in choices:
            return value
        message = f"{key!r} must be one of {', '.join(choices)}; found {value!r}"
        self.wrong(key, message, suggestion(value, choices))
        return None

    def texts(self, key: str) -> Iterator[tuple[tuple[str, int], str]]:
        """The strings of a list with the place of each; what is no string has been told and is left out."""
        value = self.values.get(key, [])
        if not isinstance(value, list):
            self._type(key, "a list of strings", value)
            return
        for position, one in enumerate(value):
            if not isinstance(one, str):
                self.tell((key, position), "wrong-type", f"{key!r} must hold strings, found {kind_of(one)}")
            elif not one.strip():
                self.wrong((key, position), f"{key!r} holds an empty string")
            else:
                yield (key, position), one.strip()

    def table(self, key: str) -> Table:
        """The table of a key; empty when it is absent or wrong."""
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            whole = ".".join(str(part) for part in (*self.path, key))
            self.tell(key, "wrong-type", f"expected the table [{whole}], found {kind_of(value)}")
            value = {}
        return Table(value, (*self.path, key), self.findings)

    def tables(self, key: str) -> Iterator[Table]:
        """The tables of a key that is written `[[…]]`; what is no table has been told and is left out."""
        value = self.values.get(key, [])
        whole = ".".join(str(part) for part in (*self.path, key))
        if not isinstance(value, list):
            self.tell(key, "wrong-type", f"expected [[{whole}]] tables, found {kind_of(value)}", help="in two brackets")
            return
        for position, one in enumerate(value):
            if isinstance(one, dict):
                yield Table(one, (*self.path, key, position), self.findings)
            else:
                self.tell((key, position), "wrong-type", f"expected a [[{whole}]] table, found {kind_of(one)}")

    def _type(self, key: str, expected: str, value: object) -> None:
        self.tell(key, "wrong-type", f"{key!r} must be {expected}, found {kind_of(value)}")
