"""References between objects (member, manager and the like), forward and backward, in insertion order.

Holds ids only; whether a target is live is the caller's question, so that links of a soft-deleted
object can be hidden and come back with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

__all__ = ["Links"]


class Links:
    """Who refers to whom, per attribute."""

    def __init__(self) -> None:
        self._forward: dict[str, dict[str, dict[str, None]]] = {}
        self._backward: dict[str, dict[tuple[str, str], None]] = {}

    def add(self, owner: str, attribute: str, target: str) -> bool:
        """Link two objects; False where they were linked already."""
        targets = self._forward.setdefault(owner, {}).setdefault(attribute, {})
        if target in targets:
            return False
        targets[target] = None
        self._backward.setdefault(target, {})[owner, attribute] = None
        return True

    def remove(self, owner: str, attribute: str, target: str) -> bool:
        """Undo a link; False where there was none."""
        targets = self._forward.get(owner, {}).get(attribute, {})
        if target not in targets:
            return False
        del targets[target]
        del self._backward[target][owner, attribute]
        return True

    def targets(self, owner: str, attribute: str) -> Iterable[str]:
        """The targets of one attribute, oldest link first."""
        return self._forward.get(owner, {}).get(attribute, {}).keys()

    def has(self, owner: str, attribute: str, target: str) -> bool:
        """Whether the link exists."""
        return target in self._forward.get(owner, {}).get(attribute, {})

    def attributes(self, owner: str) -> tuple[str, ...]:
        """The attributes of an object that hold at least one link."""
        return tuple(name for name, targets in self._forward.get(owner, {}).items() if targets)

    def referrers(self, target: str) -> Iterator[tuple[str, str]]:
        """Owner and attribute of every link to the target."""
        return iter(tuple(self._backward.get(target, {})))

    def forget(self, identifier: str) -> list[tuple[str, str, str]]:
        """Drop every link from and to an object that is gone for good; gives owner, attribute and target of each."""
        gone = [(owner, attribute, identifier) for owner, attribute in self.referrers(identifier)]
        gone += [(identifier, name, target) for name in self.attributes(identifier)
                 for target in self.targets(identifier, name) if target != identifier]  # fmt: skip
        for link in gone:
            self.remove(*link)
        self._forward.pop(identifier, None)
        self._backward.pop(identifier, None)
        return gone
