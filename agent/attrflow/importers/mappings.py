"""Drafted attribute flows -> mappings: kind, source, merge type, and the check of expressions."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, cast

from attrflow.expr import check, parse
from attrflow.importers.draft import DraftFlow, Word
from attrflow.importers.words import NO_NAME, Words, short
from attrflow.model.diagnostics import Diagnostic
from attrflow.model.provenance import MappingId
from attrflow.rules.positions import suggestion
from attrflow.rules.rule import AttributeMapping, FlowType, MergeType

__all__ = ["read_mapping"]

_FLOWS: Final = {"direct": "direct", "constant": "constant", "expression": "expression"}
_MERGES: Final = {
    "update": "update",
    "replace": "replace",
    "merge": "merge",
    "mergecaseinsensitive": "merge-case-insensitive",
}


def read_mapping(words: Words, flow: DraftFlow) -> AttributeMapping | None:
    """The mapping; None, told and noted as left out, where it cannot be understood."""
    destination = words.attribute(flow.destination, flow.place, "a mapping's destination")
    if destination is None:
        _drop(words, flow, "an attribute that could not be read")
        return None
    found = _source(words, flow, destination)
    if found is None:
        _drop(words, flow, destination)
        return None
    kind, source = found
    return AttributeMapping(
        MappingId(destination, 0),
        kind,
        source,
        _merge(words, flow, destination),
        words.truth(flow.once, f"execute-once of the flow to {destination}"),
    )


def _drop(words: Words, flow: DraftFlow, destination: str) -> None:
    every = [flow.expression, flow.constant, *flow.sources]
    stated = " ".join(word.text for word in every if word is not None)
    words.left_out.append(f"flow to {destination}, line {flow.place.line}: {short(stated)}")


def _merge(words: Words, flow: DraftFlow, destination: str) -> MergeType:
    word = flow.merge
    if word is None or not word.text:
        return "update"
    found = _MERGES.get(word.text.strip().casefold()) if word.resolved else None
    if found is None:
        message = f"{words.draft.label!r}, flow to {destination}: {short(word.text)} is no merge type; read as Update"
        words.findings.tell(word.place, "unknown-word", message, help=suggestion(word.text, _MERGES))
    return cast(MergeType, found or "update")


def _source(words: Words, flow: DraftFlow, destination: str) -> tuple[FlowType, str] | None:
    """The flow's kind and source text; None, told, where they cannot be made out."""
    where = f"{words.draft.label!r}, flow to {destination}"
    kind = _kind(words, flow, where)
    if kind is None:
        return None
    every = [flow.expression] if kind == "expression" else [flow.constant] if flow.constant else flow.sources
    stated = [word for word in every if word is not None]
    if len(stated) != 1:
        many = f"{len(stated)} sources" if stated else "no source"
        words.findings.tell(flow.place, "wrong-sources", f"{where}: a {kind} flow with {many}; it is left out")
        return None
    word = stated[0]
    if not word.resolved:
        message = f"{where}: {short(word.text)} needs a live server; the mapping is left out"
        words.findings.tell(word.place, "unresolved", message, help="write the value into the script in its place")
        return None
    if kind == "direct" and (not word.text.strip() or NO_NAME.search(word.text)):
        words.findings.tell(word.place, "wrong-name", f"{where}: {word.text!r} is no attribute's name; it is left out")
        return None
    if kind == "expression":
        if not word.text.strip():
            words.findings.tell(word.place, "wrong-sources", f"{where}: the expression is empty; it is left out")
            return None
        _check(words, word, where)
    return kind, word.text


def _kind(words: Words, flow: DraftFlow, where: str) -> FlowType | None:
    word = flow.flow
    if word is None or (word.resolved and not word.text.strip()):
        return "expression" if flow.expression else "direct" if flow.sources else "constant"
    if not word.resolved:
        message = f"{where}: the flow type is {short(word.text)}, which only the server knows; it is left out"
        words.findings.tell(word.place, "unresolved", message)
        return None
    found = _FLOWS.get(word.text.strip().casefold())
    if found is None:
        message = f"{where}: {word.text!r} is no flow type; it is left out"
        words.findings.tell(word.place, "unknown-word", message, help=suggestion(word.text, _FLOWS))
    elif found != "expression" and flow.expression is not None and flow.expression.text.strip():
        message = f"{where}: it is {word.text} and has an expression as well, which is passed over"
        words.findings.warn(flow.expression.place, "value-ignored", message)
    elif found == "expression" and flow.expression is None:
        words.findings.tell(
            flow.place, "wrong-sources", f"{where}: an Expression without an expression; it is left out"
        )
        return None
    return cast("FlowType | None", found)


def _check(words: Words, word: Word, where: str) -> None:
    """What is wrong with an expression in itself; the rule keeps it as it is, as the server does."""
    for found in _faults(word.text):
        line = word.place.line + (found.span.line - 1 if found.span is not None else 0)
        words.findings.tell(word.place.at(line), found.code, f"{where}: {found.message}", help=found.help)


@lru_cache(maxsize=4096)
def _faults(expression: str) -> tuple[Diagnostic, ...]:
    """The errors of an expression; the rules of several directories say the same over and over."""
    return tuple(found for found in check(parse(expression)).diagnostics if found.severity == "error")
