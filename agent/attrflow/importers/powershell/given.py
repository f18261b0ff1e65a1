"""What a command is given: named, by position, splatted and through the pipeline."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from attrflow.importers.powershell.nodes import Argument, Command, Node, Parameter
from attrflow.importers.powershell.values import Table, Unresolved

if TYPE_CHECKING:
    from attrflow.importers.powershell.evaluation import Evaluator

__all__ = ["Given", "Held", "bound"]


@dataclass(frozen=True, slots=True)
class Held:
    """One value that a command is given, and where."""

    value: Any
    node: Node
    stated: bool = True
    """Whether a value stands behind the parameter; a switch has none and is true."""


@dataclass(slots=True)
class Given:
    """Everything that one command is given; what is used is taken, so that the rest can be told."""

    node: Node | None = None
    named: dict[str, Held] = field(default_factory=dict)
    """By the parameter's name as written."""
    positional: list[Held] = field(default_factory=list)
    piped: list[Any] = field(default_factory=list)

    def take(self, name: str, known: Collection[str] = ()) -> Held | None:
        """The value of a parameter, whose name may be cut short where that fits only one known name."""
        folded = name.casefold()
        for key in list(self.named):
            short = key.casefold()
            if short == folded or (
                folded.startswith(short) and known and sum(other.casefold().startswith(short) for other in known) == 1
            ):
                return self.named.pop(key)
        return None


def bound(node: Command, piped: list[Any], evaluator: Evaluator) -> Given:
    """The values of what stands behind a command's name."""
    given = Given(node, piped=piped)
    for element in node.elements:
        if isinstance(element, Parameter):
            if element.value is None:
                given.named[element.name] = Held(value=True, node=element, stated=False)
            else:
                given.named[element.name] = Held(evaluator.value(element.value), element.value)
        elif isinstance(element, Argument):
            given.positional.append(Held(evaluator.value(element.value), element.value))
        else:
            try:
                table = evaluator.lookup(element.name.casefold())
            except KeyError:
                table = Unresolved(f"@{element.name}", element.start)
            if isinstance(table, Table):
                for name, value in table.items():
                    given.named[name] = Held(value, element)
            elif isinstance(table, list):
                given.positional += [Held(value, element) for value in table]
            else:
                given.named[f"@{element.name}"] = Held(table, element)
    return given
