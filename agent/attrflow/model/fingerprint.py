"""Fingerprints: one word for a configuration of nouns, the same in every process and on every machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

__all__ = ["fingerprint"]


def fingerprint(*parts: object) -> str:
    """A digest (32 hexadecimal digits) of frozen nouns, equal for equal content.

    Mappings and sets are taken in order of their texts, which Python's own `repr` does not promise.

    >>> fingerprint({"a": 1, "b": frozenset("xy")}) == fingerprint({"b": frozenset("yx"), "a": 1})
    True
    >>> fingerprint("1") == fingerprint(1)
    False
    """
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        for word in _words(part):
            digest.update(word.encode("utf-8", "surrogatepass"))
            digest.update(b"\x00")
    return digest.hexdigest()


def _words(value: object) -> Iterator[str]:
    if is_dataclass(value) and not isinstance(value, type):
        yield type(value).__name__
        for field in fields(value):
            if field.compare:
                yield field.name
                yield from _words(getattr(value, field.name))
    elif isinstance(value, Mapping):
        yield "{"
        for key in sorted(value, key=repr):
            yield from _words(key)
            yield from _words(value[key])
        yield "}"
    elif isinstance(value, frozenset | set):
        yield "<"
        yield from sorted("\x01".join(_words(item)) for item in value)
        yield ">"
    elif isinstance(value, tuple | list):
        yield "["
        for item in value:
            yield from _words(item)
        yield "]"
    else:
        yield f"{type(value).__name__}:{value!r}"
