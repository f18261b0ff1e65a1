"""What a statement that was not understood would have done, by its words: which variables, rules and parts.

It is told where it is given up. This is so that nothing that follows is taken for the part of another rule.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["broken_groups", "maps", "opens", "set_variables"]

_SETS: Final = re.compile(r"-(?:OutVariable|OV)\s+\+?['\"]?(\w+)|\$(\w+)\s*\+?=", re.IGNORECASE)
_OPENS: Final = re.compile(r"\bNew-ADSyncRule\b", re.IGNORECASE)
_MAPS: Final = re.compile(r"-ADSyncAttributeFlowMapping\b", re.IGNORECASE)
_GROUPS: Final = re.compile(r"\bAdd-ADSync(Scope|Join)ConditionGroup\b", re.IGNORECASE)


def set_variables(source: str) -> list[str]:
    """The variables that the statement gives a value.

    >>> set_variables("$r = New-ADSyncRule -Name (x -OutVariable +all")
    ['r', 'all']
    """
    return [found[1] or found[2] for found in _SETS.finditer(source)]


def opens(source: str) -> bool:
    """Whether it begins a rule."""
    return _OPENS.search(source) is not None


def maps(source: str) -> bool:
    """Whether it adds a mapping to a rule, or takes one from it."""
    return _MAPS.search(source) is not None


def broken_groups(source: str) -> list[str]:
    """Of what it adds a group to a rule: `scope`, `join`."""
    return [found[1].casefold() for found in _GROUPS.finditer(source)]
