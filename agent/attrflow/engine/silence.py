"""Silence: expressions that give nothing for an object that has none of the attributes they read.

Most attributes of most objects are absent. Whether a mapping then contributes nothing is found once,
when rules are compiled, by evaluating it with nothing present; at run time a look at the object's
attribute names is enough.
"""

from __future__ import annotations

from datetime import datetime
from typing import NoReturn

from attrflow.expr import Compiled, Expression, ExpressionError, usage_of

__all__ = ["silence_of"]


class _Nothing:
    """An object without any attribute. Time and chance are never asked: only pure expressions are tried."""

    def attribute(self, _name: str) -> None:
        """No value."""

    def imported(self, _name: str) -> None:
        """No value."""

    def count(self, _name: str) -> int:
        """No values."""
        return 0

    def parameter(self, _name: str) -> None:
        """No parameter."""

    def now(self) -> datetime:
        """Never asked."""
        return self._impure()

    def guid(self) -> str:
        """Never asked."""
        return self._impure()

    def random(self, _low: int, _high: int) -> int:
        """Never asked."""
        return self._impure()

    def observe(self, _node_id: int, _value: object) -> None:
        """Nobody listens."""

    def _impure(self) -> NoReturn:
        raise AssertionError("a pure expression asked for time or chance")


def silence_of(tree: Expression, compiled: Compiled) -> frozenset[str] | None:
    """The attributes without which the expression gives NULL or nothing, or None where that cannot be said."""
    usage = usage_of(tree)
    reads = usage.attributes | usage.counted
    if not usage.pure or usage.imported or usage.parameters or not reads or "dn" in reads:
        return None
    try:
        result = compiled.evaluate(_Nothing())
    except ExpressionError:
        return None
    return reads if result is None or result in ("", ()) else None
