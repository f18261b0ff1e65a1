"""What a benchmark reports: rows with a value, its reference in the same run, and their ratio."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import TypeVar

T = TypeVar("T")

__all__ = ["Row", "as_json", "as_text", "timed"]


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `ratio` is value over reference; `target` is what the ratio should be at most."""

    name: str
    value: float
    unit: str
    reference: str | None = None
    ratio: float | None = None
    target: float | None = None


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """Seconds on the wall, and what the work returned."""
    started = perf_counter()
    result = work()
    return perf_counter() - started, result


def as_json(rows: Sequence[Row]) -> dict[str, object]:
    """The machine-readable form."""
    return {"rows": [asdict(row) for row in rows]}


def as_text(rows: Sequence[Row]) -> str:
    """A table for people."""
    lines = []
    for row in rows:
        ratio = f"{row.ratio:8.2f} × {row.reference}" if row.ratio is not None else ""
        target = f" (target ≤ {row.target:g})" if row.target is not None else ""
        lines.append(f"{row.name:<44} {row.value:10.3f} {row.unit:<10} {ratio}{target}")
    return "\n".join(lines)
