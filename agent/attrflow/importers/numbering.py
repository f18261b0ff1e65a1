"""The precedence of imported rules: the number that is stated, or one beside the rule that is named instead.

Numbers are unique over a server and both directions (behaviour.md §6); a tie loads, and is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from attrflow.importers.draft import DraftRule
from attrflow.importers.findings import Findings

__all__ = ["number_rules"]

_CUSTOM: Final = range(100)
"""The numbers of rules of one's own (documented)."""
_ZERO: Final = "00000000-0000-0000-0000-000000000000"


def number_rules(drafts: Sequence[DraftRule], findings: Findings) -> list[int]:
    """One number a draft, in their order; what is missing or shared is told."""
    stated = [_stated(draft, findings) for draft in drafts]
    by_id: dict[str, int] = {}
    for draft, number in zip(drafts, stated, strict=True):
        if number is not None and (id_ := _guid(draft, "id")):
            by_id.setdefault(id_, number)
    taken = {number for number in stated if number is not None}
    out: list[int] = []
    for draft, said in zip(drafts, stated, strict=True):
        number = said if said is not None else _beside(draft, by_id, taken, findings)
        taken.add(number)
        out.append(number)
    _tell_ties(drafts, out, findings)
    return out


def _guid(draft: DraftRule, key: str) -> str:
    text = draft.text(key).strip().strip("{}").casefold()
    return "" if text == _ZERO else text


def _stated(draft: DraftRule, findings: Findings) -> int | None:
    word = draft.fields.get("precedence")
    if word is None or not word.text.strip():
        return None
    text = word.text.strip()
    if word.resolved and text.isascii() and text.isdigit() and len(text) < 10:
        return int(text)
    code = "unresolved" if not word.resolved else "wrong-precedence"
    why = "which only the server knows" if not word.resolved else "which is no number from 0 up"
    findings.tell(word.place, code, f"{draft.label!r}: its precedence is {text}, {why}; it takes a free one")
    return None


def _beside(draft: DraftRule, by_id: dict[str, int], taken: set[int], findings: Findings) -> int:
    """A number next to the rule that the draft names, else the first free one of one's own rules."""
    for key, step in (("precedence-after", 1), ("precedence-before", -1)):
        anchor = by_id.get(_guid(draft, key))
        if anchor is not None:
            number = anchor + step
            while number in taken and number + step >= 0:
                number += step
            message = (
                f"{draft.label!r} has no precedence but stands {key[11:]} the rule with {anchor}: it takes {number}"
            )
            findings.note(draft.place, "precedence-made", message)
            return max(number, 0)
    number = next((free for free in _CUSTOM if free not in taken), max(taken, default=-1) + 1)
    message = f"{draft.label!r} states no precedence that can be read: it takes {number}, the first free one"
    findings.warn(draft.place, "precedence-made", message, help="set the number that it has on the server")
    return number


def _tell_ties(drafts: Sequence[DraftRule], numbers: Sequence[int], findings: Findings) -> None:
    first: dict[int, DraftRule] = {}
    for draft, number in zip(drafts, numbers, strict=True):
        other = first.setdefault(number, draft)
        if other is not draft and (_guid(other, "id") != _guid(draft, "id") or not _guid(draft, "id")):
            message = f"{draft.label!r} has precedence {number} like {other.label!r} ({other.place.file})"
            help = "the lower id goes first until one of them has another number"
            findings.warn(draft.place, "precedence-tie", message, help=help)
