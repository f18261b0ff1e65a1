"""One difference between what a case expects and what is, and the comparisons that find it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from attrflow.cases.shown import names_text, values_text
from attrflow.model.values import Values, same_values

__all__ = ["Difference", "differ", "differ_names", "differ_values"]


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs, as people read it; `name` and `attribute` say what a trace can be shown of."""

    what: str
    expected: str
    got: str
    name: str | None = None
    attribute: str | None = None


def differ(what: str, expected: object, got: object, name: str | None = None) -> Iterator[Difference]:
    """A difference where two words or numbers are not equal."""
    if expected != got:
        yield Difference(what, _word(expected), _word(got), name)


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def differ_values(what: str, expected: Values, got: Values, name: str, attribute: str) -> Iterator[Difference]:
    """A difference where two attributes do not hold the same values, in whatever order."""
    if not same_values(expected, got):
        yield Difference(what, values_text(expected), values_text(got), name, attribute)


def differ_names(
    what: str, expected: Collection[str], got: Collection[str], name: str | None = None, attribute: str | None = None
) -> Iterator[Difference]:
    """A difference where two lists of names are not the same, in whatever order."""
    if sorted(expected) != sorted(got):
        yield Difference(what, names_text(expected), names_text(got), name, attribute)
