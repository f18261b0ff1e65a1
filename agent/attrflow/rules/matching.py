"""Which rule of one set is which rule of another: by tag and name, never by GUID, whatever their order.

A default rule keeps its tag when it is renamed and its name when it is revised; a rule of one's own has its name.
Connectors are matched by name; where two sets call theirs differently, by the default rules they share.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from attrflow.rules.rule import Rule

__all__ = ["Pairs", "match_connectors", "match_rules", "tag_stem"]

Pairs = list[tuple[Rule, Rule]]

_REVISION = re.compile(r"\.\d+$")


def tag_stem(tag: str | None) -> str:
    """What kind of default rule a tag names, without its revision; empty for none.

    >>> tag_stem("Microsoft.InfromADUserJoin.003")
    'microsoft.infromaduserjoin'
    """
    return _REVISION.sub("", (tag or "").casefold())


def match_connectors(left: Sequence[Rule], right: Sequence[Rule]) -> dict[str, str]:
    """What the right set calls the connectors of the left one; a connector without a counterpart keeps its name.

    Names that both have are taken first. The others are paired where they share most names of rules.
    """
    lefts, rights = _by_connector(left), _by_connector(right)
    found = {name: name for name in lefts if name in rights}
    open_left = [name for name in lefts if name not in found]
    open_right = [name for name in rights if name not in found]
    shared = sorted(
        ((len(lefts[a] & rights[b]), a, b) for a in open_left for b in open_right), key=lambda s: (-s[0], s[1], s[2])
    )
    for count, a, b in shared:
        if count and a not in found and b not in found.values():
            found[a] = b
    return {name: found.get(name, name) for name in lefts}


def _by_connector(rules: Iterable[Rule]) -> dict[str, set[str]]:
    names: dict[str, set[str]] = {}
    for rule in rules:
        names.setdefault(rule.connector, set()).add(f"{rule.direction} {rule.name.casefold()}")
    return names


def match_rules(left: Sequence[Rule], right: Sequence[Rule], connectors: dict[str, str]) -> Pairs:
    """The pairs of rules that are the same rule, in the order of the left set."""
    there = {name: name for name in {rule.connector for rule in right}}
    rest_left, rest_right = list(left), list(right)
    partner: dict[str, Rule] = {}
    for key in _KEYS:
        keys_left = Counter(key(rule, connectors) for rule in rest_left)
        by_key: dict[tuple[str, ...], list[Rule]] = {}
        for rule in rest_right:
            by_key.setdefault(key(rule, there), []).append(rule)
        for rule in list(rest_left):
            identity = key(rule, connectors)
            same = by_key.get(identity, [])
            # Only where there is no doubt: two rules of one name are told apart by the next key.
            if all(identity) and keys_left[identity] == 1 and len(same) == 1:
                partner[rule.id] = same[0]
                rest_left.remove(rule)
                rest_right.remove(same[0])
    for rule in list(rest_left):
        # Several of one name and connector: in their order.
        same = [r for r in rest_right if _name(r, there) == _name(rule, connectors)]
        if same:
            partner[rule.id] = same[0]
            rest_right.remove(same[0])
    return [(rule, partner[rule.id]) for rule in left if rule.id in partner]


Key = Callable[[Rule, dict[str, str]], tuple[str, ...]]


def _name(rule: Rule, connectors: dict[str, str]) -> tuple[str, ...]:
    return rule.direction, connectors[rule.connector], " ".join(rule.name.casefold().split())


def _tag(rule: Rule, connectors: dict[str, str]) -> tuple[str, ...]:
    return rule.direction, connectors[rule.connector], tag_stem(rule.tag)


def _name_and_types(rule: Rule, connectors: dict[str, str]) -> tuple[str, ...]:
    return *_name(rule, connectors), rule.source_type.casefold(), rule.target_type.casefold()


_KEYS: tuple[Key, ...] = (_name_and_types, _name, _tag)
