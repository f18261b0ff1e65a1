"""The views that a store gave, to ask them how many questions nobody had announced."""

from __future__ import annotations

from attrflow.stores.prefetch import PrefetchedView

__all__ = ["Views"]


class Views:
    """What a store's `prefetch` returned since the last count."""

    def __init__(self) -> None:
        self._kept: list[PrefetchedView] = []

    def keep(self, view: PrefetchedView) -> PrefetchedView:
        """The view, kept."""
        self._kept.append(view)
        return view

    def unannounced(self) -> int:
        """How many questions no batch had announced, since this was asked last."""
        found = sum(view.misses for view in self._kept)
        self._kept.clear()
        return found
