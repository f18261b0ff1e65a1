"""The methods of strings that scripts build names and expressions with."""

from __future__ import annotations

from typing import Any

__all__ = ["string_method"]


def string_method(text: str, name: str, arguments: list[Any]) -> Any:
    """What a method of a string gives; None where it is not read.

    >>> string_method("a-b", "split", ["-"]), string_method("abc", "substring", [1, 1])
    (['a', 'b'], 'b')
    """
    if not all(isinstance(argument, str | int) for argument in arguments):
        return None
    match name, arguments:
        case ("toupper" | "toupperinvariant", []):
            return text.upper()
        case ("tolower" | "tolowerinvariant", []):
            return text.lower()
        case ("trim", []):
            return text.strip()
        case ("trimstart", []):
            return text.lstrip()
        case ("trimend", []):
            return text.rstrip()
        case ("trim", [str() as ends]):
            return text.strip(ends)
        case ("replace", [str() as old, str() as new]) if old:
            return text.replace(old, new) if len(text) * max(len(new), 1) <= 100_000 else None
        case ("split", [str() as between]) if len(between) == 1:
            return text.split(between)
        case ("substring", [int() as start]) if 0 <= start <= len(text):
            return text[start:]
        case ("substring", [int() as start, int() as length]) if 0 <= start <= start + length <= len(text):
            return text[start : start + length]
        case ("startswith", [str() as start]):
            return text.startswith(start)
        case ("endswith", [str() as end]):
            return text.endswith(end)
        case ("contains", [str() as part]):
            return part in text
        case ("indexof", [str() as part]):
            return text.find(part)
        case ("padleft", [int() as width]) if width <= 1000:
            return text.rjust(width)
        case ("padleft", [int() as width, str() as with_]) if width <= 1000 and len(with_) == 1:
            return text.rjust(width, with_)
        case _:
            return None
