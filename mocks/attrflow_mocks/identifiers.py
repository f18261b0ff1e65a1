"""The mocks' one source of identifiers and chance: everything follows from one seed."""

from __future__ import annotations

import random
import uuid

__all__ = ["Identifiers"]


class Identifiers:
    """GUIDs, tokens and random numbers from one seed, so that one script gives one outcome."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)  # noqa: S311 - repeatable, not secret: nothing real is guarded by it

    def guid(self) -> uuid.UUID:
        """A new version-4 GUID."""
        return uuid.UUID(int=self._random.getrandbits(128), version=4)

    def token(self, size: int = 24) -> str:
        """A new opaque token of `size` bytes, as hexadecimal text."""
        return self._random.getrandbits(size * 8).to_bytes(size, "big").hex()

    def integer(self, low: int, high: int) -> int:
        """A random integer in [low, high], both included."""
        return self._random.randint(low, high)
