"""Changing a rule file's text where it must change and nowhere else: comments, order and blanks survive.

Positions come from `positions`, so that an edit is a cut in the text and no rewriting of it. This module knows
keys and spans, not what a rule means.
"""

from __future__ import annotations

import re

from attrflow.rules.positions import Path, locate
from attrflow.rules.writing import toml_string

__all__ = ["removed", "with_flag", "with_number", "with_text", "with_value"]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def with_number(text: str, key: str, value: int) -> str:
    """The text with a whole number at a top-level key, which is there already or comes behind `precedence`."""
    return with_value(text, (key,), str(value))


def with_text(text: str, key: str, value: str) -> str:
    """The text with a string at a top-level key."""
    return with_value(text, (key,), toml_string(value))


def with_flag(text: str, key: str, *, value: bool) -> str:
    """The text with a flag at a top-level key; a flag that is false is left out.

    >>> with_flag('precedence = 5 # five', "disabled", value=True)
    'precedence = 5 # five\\ndisabled = true'
    >>> with_flag('precedence = 5\\ndisabled = true # why\\nlink = "join"', "disabled", value=False)
    'precedence = 5\\nlink = "join"'
    """
    return with_value(text, (key,), "true") if value else removed(text, (key,))


def with_value(text: str, path: Path, source: str, after: Path = ("precedence",)) -> str:
    """The text with TOML source as the value of a key.

    Args:
        text: a TOML document.
        path: a top-level key, or a key of a table such as `("flows", "mail")`.
        source: the value as TOML.
        after: the key behind whose line a new key is put; it must be there. For a key of a table it may be the
            table itself: its header.
    """
    key_span = locate(text, path, "key")
    if _is_there(text, path):
        value = locate(text, path)
        return text[: value.start] + source + text[value.end :]
    assert after != path, f"{path} is not there, and nothing to put it behind; at {key_span.line}"
    behind = locate(text, after)
    end = _end_of_line(text, behind.end)
    newline = "\r\n" if "\r\n" in text else "\n"
    line = f"{_key(str(path[-1]))} = {source}"
    if newline == "\r\n":
        line = line.replace("\r\n", "\n").replace("\n", "\r\n")
    if end == len(text) and not text.endswith("\n"):
        return f"{text}{newline}{line}"
    return f"{text[:end]}{line}{newline}{text[end:]}"


def removed(text: str, path: Path) -> str:
    """The text without a key: its line or lines, a comment at their end too. Unchanged where it is not there."""
    if not _is_there(text, path):
        return text
    key, value = locate(text, path, "key"), locate(text, path)
    start = text.rfind("\n", 0, key.start) + 1
    return text[:start] + text[_end_of_line(text, value.end) :]


def _is_there(text: str, path: Path) -> bool:
    """Whether the path itself is there, and not only something above it.

    `locate` gives the deepest part that is there; a key and what stands above it never share a span.
    """
    return len(path) > 0 and locate(text, path, "key") != locate(text, tuple(path)[:-1], "key")


def _end_of_line(text: str, offset: int) -> int:
    end = text.find("\n", offset)
    return len(text) if end < 0 else end + 1


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else toml_string(name)
