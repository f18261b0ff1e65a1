"""The short names of a case's objects, by the DNs that the files have for them."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Final

from attrflow.app.reproduction.circle import key_of
from attrflow.app.reproduction.selection import Person
from attrflow.importers.customer_state import attribute_of
from attrflow.model.names import parse_dn

__all__ = ["Names"]

_NOT_SAID: Final = re.compile(r"[^a-z0-9]+")
_LENGTH_MAX: Final = 40


class Names:
    """Short names of people and of their counterparts in the tenant."""

    def __init__(self, people: Sequence[Person]) -> None:
        self.people = people
        self._by_key: dict[str, str] = {}
        self._taken: Counter[str] = Counter()
        for person in people:
            self._by_key[key_of(person.dn) or person.dn] = self._made(person)

    def _made(self, person: Person) -> str:
        component = parse_dn(person.dn).component(1)
        text = component[1] if component is not None else person.dn
        if person.connector is None:
            space = person.cloud_space
            shown = attribute_of(space.image("pending-export").attributes, "displayName") if space is not None else ()
            text = str(shown[0]) if shown else "object"
        plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
        name = _NOT_SAID.sub("-", plain.casefold()).strip("-")[:_LENGTH_MAX] or "object"
        self._taken[name] += 1
        return name if self._taken[name] == 1 else f"{name}-{self._taken[name]}"

    def of(self, person: Person) -> str:
        """The short name of an on-premises object (or of one that is in the tenant only)."""
        return self._by_key[key_of(person.dn) or person.dn]

    def in_cloud(self, person: Person) -> str:
        """The short name of its counterpart in the tenant."""
        return f"{self.of(person)}-cloud" if person.connector is not None else self.of(person)

    def known(self, dn: str) -> str | None:
        """The short name of what has that DN, or None."""
        return self._by_key.get(key_of(dn) or "")

    def target(self, dn: str) -> str:
        """A reference as the case has it: a short name, or the DN."""
        if dn.upper().startswith("CN={"):
            for person in self.people:
                if person.connector is not None and key_of(person.cloud_dn or "") == key_of(dn):
                    return self.in_cloud(person)
        return self.known(dn) or dn
