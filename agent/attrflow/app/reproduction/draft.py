"""A case before it is text: objects, starting state, what is expected, what is missing. Nouns only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from attrflow.app.reproduction.rules_home import CaseConnector
from attrflow.model.values import Values

__all__ = ["Draft", "DraftObject", "Missing"]


@dataclass(frozen=True, slots=True)
class Missing:
    """What a case would be more truthful with, why, and the read-only command that gets it."""

    what: str
    why: str
    command: str
    where: str
    """`sync server`, `domain` or `Graph`: where the command runs."""
    option: str
    """The option of `case import` that takes the command's output."""


@dataclass(slots=True)
class DraftObject:
    """One object of a directory of the case."""

    handle: str
    connector: CaseConnector
    type: str
    dn: str
    attributes: dict[str, Values] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    at_start: bool = True
    quarantined: Mapping[str, Values] = field(default_factory=dict)


@dataclass(slots=True)
class Draft:
    """Everything that the case will say."""

    name: str
    title: str
    source: str
    basis: str
    objects: dict[str, DraftObject] = field(default_factory=dict)
    given_cs: dict[str, dict[str, object]] = field(default_factory=dict)
    given_mv: dict[str, dict[str, object]] = field(default_factory=dict)
    expected: dict[str, dict[str, object]] = field(default_factory=dict)
    """What the server's files say, as the first step expects it: by kind, then by short name."""
    server_mv: dict[str, Values] = field(default_factory=dict)
    """The object's metaverse values as the server has them, to compare with what the rules give."""
    server_export: dict[str, Values] | None = None
    """The server's pending export as values after it; None where no file says what waits."""
    missing: list[Missing] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def subject(self) -> str:
        """The short name of the object that the case is about: the first one."""
        return next(iter(self.objects))

    def cloud(self) -> str | None:
        """The short name of its counterpart in the tenant, or None."""
        name = f"{self.subject}-cloud"
        return name if name in self.objects else None
