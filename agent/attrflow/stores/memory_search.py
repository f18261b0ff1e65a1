"""Search in the store in memory: every object is looked at, with the same keys as on disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from attrflow.model.connector_space import CSObject
from attrflow.model.metaverse import MVObject
from attrflow.model.names import is_within
from attrflow.ports.store import CSFilter, CSState, Tombstone
from attrflow.stores.keys import (
    LookupKey,
    cs_lookup_keys,
    mv_lookup_keys,
    searched_dn_key,
    searched_text,
)

__all__ = ["MemorySearch"]


class MemorySearch:
    """The search half of `MemoryStore`, and the objects that it searches."""

    def __init__(self) -> None:
        self._cs: dict[int, CSObject] = {}
        self._mv: dict[int, MVObject] = {}
        self._links: dict[int, set[int]] = {}
        self._graves: dict[int, tuple[Tombstone, str]] = {}
        """By id, in order of burial: the tombstone and the texts that find it."""

    def find_cs(self, filter_: CSFilter, *, after: int = 0, limit: int = 100) -> tuple[CSObject, ...]:
        """Connector-space objects that fit, in id order."""
        text = _Text(filter_.text, whole=filter_.whole)
        found = []
        for id_ in sorted(id_ for id_ in self._cs if id_ > after):
            cso = self._cs[id_]
            if _fits(cso, filter_) and text.finds_cs(cso):
                found.append(cso)
                if len(found) == limit:
                    break
        return tuple(found)

    def find_mv(
        self,
        text: str,
        object_type: str | None = None,
        *,
        whole: bool = False,
        after: int = 0,
        limit: int = 100,
    ) -> tuple[MVObject, ...]:
        """Metaverse objects whose keys, or whose linked objects' keys, match the text, in id order."""
        wanted = _Text(text, whole=whole)
        found = []
        for id_ in sorted(id_ for id_ in self._mv if id_ > after):
            mvo = self._mv[id_]
            if object_type in (None, mvo.object_type) and self._finds_mv(wanted, mvo):
                found.append(mvo)
                if len(found) == limit:
                    break
        return tuple(found)

    def _finds_mv(self, text: _Text, mvo: MVObject) -> bool:
        if text.finds(mv_lookup_keys(mvo)):
            return True
        return any(text.finds_cs(self._cs[id_]) for id_ in self._links.get(mvo.id, ()))

    def counts(self) -> Mapping[str, int]:
        """Objects by `cs:<connector>:<type>` and `mv:<type>`."""
        counted = Counter(f"cs:{cso.connector}:{_counted_type(cso)}" for cso in self._cs.values())
        counted.update(f"mv:{mvo.object_type}" for mvo in self._mv.values())
        return counted


class _Text:
    """A search text in the forms in which keys are compared with it."""

    def __init__(self, text: str, *, whole: bool) -> None:
        self._all = not text.strip()
        self._whole = whole
        self._folded = searched_text(text)
        self._dn_key = searched_dn_key(text)

    def finds(self, keys: Collection[LookupKey]) -> bool:
        return self._all or any(
            self._folded == key or (not self._whole and kind != "anchor" and self._folded in key) for kind, key in keys
        )

    def finds_cs(self, cso: CSObject) -> bool:
        return cso.dn_key == self._dn_key or self.finds(cs_lookup_keys(cso))


def _counted_type(cso: CSObject) -> str:
    return "placeholder" if cso.kind == "placeholder" else cso.object_type or "unknown"


def _fits(cso: CSObject, filter_: CSFilter) -> bool:
    return (
        filter_.connector in (None, cso.connector)
        and filter_.object_type in (None, cso.object_type)
        and (filter_.below is None or is_within(cso.dn_key, filter_.below))
        and all(_is_in_state(cso, state) for state in filter_.states)
    )


def _is_in_state(cso: CSObject, state: CSState) -> bool:
    return {
        "connector": cso.link is not None,
        "disconnector": cso.link is None and cso.kind == "staging",
        "pending-import": cso.pending_import is not None,
        "pending-export": cso.unapplied is not None,
        "import-error": cso.import_error is not None,
        "export-error": cso.export_error is not None,
        "placeholder": cso.kind == "placeholder",
        "transient": cso.transient and cso.kind == "staging",
        "escrowed": cso.escrowed is not None,
    }[state]
