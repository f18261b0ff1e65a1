"""The points that no source decides, as switches with the proposed reading as their default.

Only what is implemented as switchable stands here; the rest of the open points are written down beside
the functions that they concern.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["DEFAULT_OPTIONS", "ExpressionOptions"]


@dataclass(frozen=True, slots=True)
class ExpressionOptions:
    """How to read what the documentation leaves open.

    `string_equality`: whether `=` and `<>` look at case. `null_concat`: whether NULL beside `&` acts as
    an empty string (as in VBA) or makes the whole NULL. `null_equals_null`: the value of `NULL = NULL`;
    `<>` is always the negation of `=`.
    """

    string_equality: Literal["case-sensitive", "case-insensitive"] = "case-sensitive"
    null_concat: Literal["empty", "null"] = "empty"
    null_equals_null: bool = False


DEFAULT_OPTIONS = ExpressionOptions()
