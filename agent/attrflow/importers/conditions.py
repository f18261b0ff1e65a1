"""Conditions of scope and join -> clauses. One that cannot be read makes its rule broken: it would reach others."""

from __future__ import annotations

from attrflow.importers.draft import DraftJoin, DraftScope
from attrflow.importers.words import Words
from attrflow.rules.positions import suggestion
from attrflow.rules.rule import OPERATOR_ALIASES, OPERATORS, JoinClause, ScopeClause, canonical_operator

__all__ = ["read_join", "read_scope"]


def read_scope(words: Words, draft: DraftScope) -> ScopeClause | None:
    """The scope clause; None, told and noted as broken, where it is none."""
    attribute = words.attribute(draft.attribute, draft.place, "a scope condition's attribute")
    word = draft.operator
    operator = canonical_operator(word.text.strip()) if word is not None and word.resolved else None
    if operator is None:
        text = word.text if word is not None else ""
        message = f"{words.draft.label!r}, scope on {attribute}: {text!r} is no operator"
        help = suggestion(text, (*OPERATORS, *OPERATOR_ALIASES)) if text else None
        words.findings.tell(word.place if word is not None else draft.place, "unknown-operator", message, help=help)
    value = draft.value
    if value is not None and not value.resolved:
        words.unresolved(value, f"the value of the scope condition on {attribute}", "it is left out")
    if attribute is None or operator is None or (value is not None and not value.resolved):
        words.broken.append("scope")
        return None
    return ScopeClause(attribute, operator, value.text if value is not None else "")


def read_join(words: Words, draft: DraftJoin) -> JoinClause | None:
    """The join clause; None, told and noted as broken, where it is none."""
    cs = words.attribute(draft.cs, draft.place, "a join condition's connector-space attribute")
    mv = words.attribute(draft.mv, draft.place, "a join condition's metaverse attribute")
    if cs is None or mv is None:
        words.broken.append("join")
        return None
    return JoinClause(cs, mv, words.truth(draft.case_sensitive, f"case of the join {cs} = {mv}"))
