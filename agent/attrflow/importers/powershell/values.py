"""What a script's expressions come to while it is read: plain values, rules, conditions, and what stays unresolved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from attrflow.importers.draft import DraftJoin, DraftRule, DraftScope
from attrflow.importers.powershell.nodes import ScriptBlock

__all__ = ["Closure", "Condition", "Opened", "Table", "TypeValue", "Unresolved", "listed", "shown", "truth"]


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A value that needs a live server, or that is not read; its source text and where that stands."""

    text: str
    offset: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A rule that the script opened with New-ADSyncRule."""

    draft: DraftRule


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that the script made, for a scope or a join."""

    draft: DraftScope | DraftJoin


@dataclass(frozen=True, slots=True)
class TypeValue:
    """A .NET type."""

    name: str


@dataclass(frozen=True, slots=True)
class Closure:
    """A block of the script as a value."""

    block: ScriptBlock


class Table(dict[str, Any]):
    """A hash table: keys as written, found in any case."""

    def find(self, key: str) -> Any:
        """The value of a key in any case; None where there is none."""
        folded = key.casefold()
        return next((value for name, value in self.items() if name.casefold() == folded), None)

    def put(self, key: str, value: Any) -> None:
        """Set the value of a key, in whatever case it stands already."""
        folded = key.casefold()
        name = next((name for name in self if name.casefold() == folded), key)
        self[name] = value


def listed(value: Any) -> list[Any]:
    """The value as PowerShell enumerates it: a list is its items, nothing is none, all else is one."""
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def truth(value: Any) -> bool | None:
    """Whether a condition holds; None where only a server knows."""
    if isinstance(value, Unresolved):
        return None
    if isinstance(value, list):
        return truth(value[0]) if len(value) == 1 else bool(value)
    return bool(value)


def shown(value: Any) -> str | None:
    """The value as text, as PowerShell puts it into a string; None where it has no text that is known."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, bool | str | int | float):
        return str(value)
    if isinstance(value, list):
        parts = [shown(item) for item in value]
        return " ".join(part for part in parts if part is not None) if all(p is not None for p in parts) else None
    return None
