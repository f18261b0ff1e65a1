"""Which entries are imported, and as what: object type, container, partition. Pure decisions.

The object type of an entry is the most specific included class that it has. In AD a class is not
taken for one of its superiors unless both have the same objectCategory, so that a computer, whose
class derives from user, is no user. Filters built here are for the server, to send less; what they
let through is decided again on each entry.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from attrflow.connectors.ldap.schema import ServerSchema
from attrflow.model.configuration import ConnectorConfiguration, Partition
from attrflow.model.names import dn_key, is_within

__all__ = ["Scope"]

_PERSONS = frozenset(("user", "contact", "inetorgperson", "person", "organizationalperson"))
"""Classes whose default objectCategory is Person."""


class Scope:
    """The scope of one connector."""

    def __init__(self, configuration: ConnectorConfiguration, schema: ServerSchema, extra_filter: str | None) -> None:
        self._configuration = configuration
        self._schema = schema
        self._extra_filter = extra_filter
        self._is_ad = configuration.kind == "ad"
        # Most specific first: the class with the most superiors.
        self._types = sorted(
            (self._spelt(name) for name in configuration.object_types),
            key=lambda name: -len(schema.superiors(name)),
        )
        self._remembered: dict[tuple[bytes, ...], tuple[str | None, bool]] = {}

    def _spelt(self, name: str) -> str:
        definition = self._schema.classes.get(name.casefold())
        return definition.names[0] if definition is not None else name

    # -- object types ------------------------------------------------------------------------------

    def object_type(self, object_class: Sequence[bytes], category: bytes | None = None) -> str | None:
        """The object type of an entry with these objectClass values, or None when it is not included.

        Args:
            object_class: the values as the server sent them, in any order.
            category: AD's objectCategory, a DN; None where it is not known.
        """
        key = tuple(object_class)
        known = self._remembered.get(key)
        if known is None:
            known = self._remembered[key] = self._by_class(key)
        found, exact = known
        if found is None or exact or category is None or not self._is_ad:
            return found
        return found if _category_name(category) == _category_of(found) else None

    def _by_class(self, object_class: tuple[bytes, ...]) -> tuple[str | None, bool]:
        """The included type, and whether it is the entry's own class and not a superior of that."""
        classes: set[str] = set()
        for value in object_class:
            classes |= self._schema.superiors(value.decode("utf-8", "replace"))
        for name in self._types:
            if (folded := name.casefold()) in classes:
                below = [c for c in classes if c != folded and folded in self._schema.superiors(c)]
                return name, not below
        return None, False

    # -- containers --------------------------------------------------------------------------------

    def holds(self, partition: Partition, key: str) -> bool:
        """Whether the object of this dn_key belongs to the partition and stands in a selected container."""
        if not partition.in_scope(key):
            return False
        owner = self._configuration.partition_of(key)
        return owner is None or owner.name == partition.name

    def bases(self, partition: Partition) -> tuple[str, ...]:
        """Where to search: the outermost included containers, or the partition's root."""
        root = dn_key(partition.name)
        keyed = [(dn_key(container), container) for container in partition.include]
        inside = [(key, container) for key, container in keyed if is_within(key, root)]
        if not partition.include:
            return (partition.name,)
        return tuple(
            dict.fromkeys(
                container
                for key, container in inside
                if not any(is_within(key, other) and other != key for other, _ in keyed)
            )
        )

    # -- filters -----------------------------------------------------------------------------------

    def search_filter(self) -> str:
        """The filter of a full import."""
        types = self.type_filter()
        return f"(&{types}{self._extra_filter})" if self._extra_filter else types

    def type_filter(self) -> str:
        """Included classes only, by objectClass: AD's deleted objects keep it and lose objectCategory."""
        clauses = [self._type_clause(name) for name in self._types]
        return clauses[0] if len(clauses) == 1 else f"(|{''.join(clauses)})"

    def _type_clause(self, name: str) -> str:
        clause = f"(objectClass={name})"
        included: Collection[str] = {type_.casefold() for type_ in self._types}
        if self._is_ad and name.casefold() == "user" and "computer" not in included:
            return f"(&{clause}(!(objectClass=computer)))"
        return clause


def _category_name(category: bytes) -> str:
    """The name in an objectCategory DN (plain or extended), folded and without dashes."""
    text = category.decode("utf-8", "replace").rpartition(">;")[2]
    return text.partition("=")[2].partition(",")[0].replace("-", "").casefold()


def _category_of(object_type: str) -> str:
    folded = object_type.casefold()
    return "person" if folded in _PERSONS else folded.replace("-", "")
