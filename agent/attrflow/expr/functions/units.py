"""Lengths and positions in UTF-16 units, as the product counts them, on Python's text.

Nearly all text has one unit a character and takes the short way. A cut through a surrogate pair drops
the half, because half a character cannot be stored anywhere.
"""

from __future__ import annotations

from attrflow.expr.limits import LARGE, spend

__all__ = ["cut", "find", "find_last", "fold", "length"]


def _plain(text: str) -> bool:
    if text.isascii():
        return True
    if len(text) > LARGE:
        # Looking at every character is the one slow thing that is done to large texts.
        spend(len(text))
    return max(text) <= "\uffff"


def length(text: str) -> int:
    """How many UTF-16 units the text has.

    >>> length("Zoë"), length("a\U0001f600")
    (3, 3)
    """
    return len(text) if _plain(text) else len(text) + sum(character > "\uffff" for character in text)


def cut(text: str, start: int, end: int) -> str:
    """The units from `start` (0-based) up to `end`, both within the text.

    >>> cut("Redmond", 3, 5), cut("a\U0001f600b", 0, 2), cut("a\U0001f600b", 3, 4)
    ('mo', 'a', 'b')
    """
    if _plain(text):
        if end - start > LARGE:
            spend((end - start) // 10)
        return text[start:end]
    data = text.encode("utf-16-le", "surrogatepass")[2 * start : 2 * end]
    return data.decode("utf-16-le", "surrogatepass") if _whole(data) else _trimmed(data)


def _unit(data: bytes, index: int) -> int:
    return int.from_bytes(data[index : index + 2], "little")


def _whole(data: bytes) -> bool:
    return not data or (not 0xDC00 <= _unit(data, 0) <= 0xDFFF and not 0xD800 <= _unit(data, len(data) - 2) <= 0xDBFF)


def _trimmed(data: bytes) -> str:
    if data and 0xDC00 <= _unit(data, 0) <= 0xDFFF:
        data = data[2:]
    if data and 0xD800 <= _unit(data, len(data) - 2) <= 0xDBFF:
        data = data[:-2]
    return data.decode("utf-16-le", "surrogatepass")


def find(text: str, match: str, start: int) -> int:
    """The first position (1-based, in units) at or after `start` where `match` stands, or 0.

    >>> find("fabrikam", "a", 3), find("\U0001f600x", "x", 1)
    (7, 3)
    """
    if len(text) > LARGE:
        spend(len(text) // 10)
    if _plain(text):
        return text.find(match, start - 1) + 1
    characters = len(cut(text, 0, min(start - 1, length(text))))
    index = text.find(match, characters)
    return 0 if index < 0 else length(text[:index]) + 1


def find_last(text: str, match: str, start: int) -> int:
    """The last position (1-based, in units) where `match` stands and ends at or before `start`, or 0.

    >>> find_last("fabrikam", "a", 8), find_last("fabrikam", "a", 6)
    (7, 2)
    """
    if len(text) > LARGE:
        spend(len(text) // 10)
    if _plain(text):
        return text.rfind(match, 0, start) + 1
    index = text.rfind(match, 0, len(cut(text, 0, min(start, length(text)))))
    return 0 if index < 0 else length(text[:index]) + 1


def fold(text: str) -> str:
    """The text for comparing without regard to case, of the same length.

    >>> fold("Straße") == fold("STRAßE")
    True
    """
    return "".join(upper if len(upper := character.upper()) == 1 else character for character in text)
