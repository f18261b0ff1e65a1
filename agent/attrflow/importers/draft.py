"""What an export states of rules, word by word, before the words are understood.

Every format gives drafts; `finishing` makes rules of them, so that what the words mean is said once. A word
that needs a live server, such as a variable read from one, is unresolved and keeps its source text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from attrflow.importers.findings import Place

__all__ = ["FIELDS", "DraftFlow", "DraftJoin", "DraftRule", "DraftScope", "Word"]

FIELDS: Final = (
    "name",
    "id",
    "internal-id",
    "description",
    "direction",
    "connector",
    "source-type",
    "target-type",
    "link",
    "precedence",
    "precedence-after",
    "precedence-before",
    "soft-delete",
    "disabled",
    "password-sync",
    "tag",
)
"""The simple fields of a rule that exports state."""


@dataclass(frozen=True, slots=True)
class Word:
    """One stated value and where it stands."""

    text: str
    """The value; of an unresolved one the source text that would give it."""
    place: Place
    resolved: bool = True


@dataclass(slots=True)
class DraftFlow:
    """One attribute mapping."""

    place: Place
    destination: Word | None = None
    flow: Word | None = None
    """Direct, Constant or Expression; None where the format does not say it (the XML does not)."""
    sources: list[Word] = field(default_factory=list)
    constant: Word | None = None
    """The fixed value, where the format keeps it apart from source attributes."""
    expression: Word | None = None
    merge: Word | None = None
    once: Word | None = None


@dataclass(slots=True)
class DraftScope:
    """One condition of a scope filter."""

    place: Place
    attribute: Word | None = None
    operator: Word | None = None
    value: Word | None = None


@dataclass(slots=True)
class DraftJoin:
    """One condition of a join."""

    place: Place
    cs: Word | None = None
    mv: Word | None = None
    case_sensitive: Word | None = None


@dataclass(slots=True)
class DraftRule:
    """One rule as an export states it."""

    place: Place
    fields: dict[str, Word] = field(default_factory=dict)
    """By the names of `FIELDS`; what is not stated is not there."""
    scope: list[list[DraftScope]] = field(default_factory=list)
    join: list[list[DraftJoin]] = field(default_factory=list)
    flows: list[DraftFlow] = field(default_factory=list)
    stub: bool = False
    """The format names a standard rule and leaves its body to the product."""
    faults: list[str] = field(default_factory=list)
    """What of scope or join could not be read at all; told already, and reason not to let the rule run."""

    def text(self, name: str) -> str:
        """The text of a field that is stated and resolved; else empty."""
        word = self.fields.get(name)
        return word.text if word is not None and word.resolved else ""

    library: str | None = None
    """The library template that an export of attrflow itself names."""
    notes: list[str] = field(default_factory=list)
    """What the export states of the rule beside what is known, for a reviewer to read."""

    @property
    def label(self) -> str:
        """The rule's name for messages."""
        word = self.fields.get("name")
        return word.text if word is not None and word.text else "(a rule without a name)"
