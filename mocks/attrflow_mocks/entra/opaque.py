"""Page and delta tokens: state that the client carries and cannot read at a glance.

A checksum tells a mistyped token from a real one; nothing secret is in them.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping

import orjson

__all__ = ["seal", "unseal"]


def seal(state: Mapping[str, object]) -> str:
    """A token that holds the state, safe in a URL."""
    text = orjson.dumps(state)
    return base64.urlsafe_b64encode(zlib.crc32(text).to_bytes(4, "big") + text).decode("ascii").rstrip("=")


def unseal(token: str) -> dict[str, object] | None:
    """The state in a token, None where the token is not one of ours."""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return None
    if zlib.crc32(raw[4:]).to_bytes(4, "big") != raw[:4]:
        return None
    try:
        state = orjson.loads(raw[4:])
    except orjson.JSONDecodeError:
        return None
    return state if isinstance(state, dict) else None
