"""Drafts -> rules: what the words of every format mean, and what is said where they mean nothing.

A mapping that cannot be understood is left out of its rule with a finding and noted on the rule; a scope or
join condition that cannot be understood would let the rule reach other objects, so such a rule is disabled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final, TypeVar, cast

from attrflow.importers.conditions import read_join, read_scope
from attrflow.importers.connectors import Remapping
from attrflow.importers.draft import DraftRule
from attrflow.importers.findings import Findings, Place
from attrflow.importers.mappings import read_mapping
from attrflow.importers.numbering import number_rules
from attrflow.importers.words import Words
from attrflow.rules.positions import suggestion
from attrflow.rules.rule import Direction, LinkType, Rule, named_guid, numbered

__all__ = ["ImportedRule", "Standard", "finish_rules"]

Clause = TypeVar("Clause")

Standard = Callable[[str, str, str, Direction | None], "Rule | None"]
"""The library's rule for a tag, a name and a connector's name; None where the library has none."""

_GUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_ZERO: Final = "00000000-0000-0000-0000-000000000000"
_DIRECTIONS: Final = {"inbound": "inbound", "outbound": "outbound"}
_LINKS: Final = {
    "provision": "provision",
    "join": "join",
    "stickyjoin": "sticky-join",
    "joinnoflow": "join-no-flow",
}


@dataclass(frozen=True, slots=True)
class ImportedRule:
    """A rule that was read, where, and what of it could not be taken over."""

    rule: Rule
    place: Place
    left_out: tuple[str, ...] = ()
    from_library: bool = False
    """The export names a standard rule, and its body is the library's."""


def finish_rules(
    drafts: Iterable[DraftRule], connectors: Remapping, standard: Standard, findings: Findings
) -> list[ImportedRule]:
    """The rules of all drafts whose connector is known, in order of precedence."""
    every = list(drafts)
    numbers = number_rules(every, findings)
    ids: dict[str, ImportedRule] = {}
    out: list[ImportedRule] = []
    for draft, number in zip(every, numbers, strict=True):
        made = _Finisher(draft, connectors, standard, findings).rule(number)
        if made is None:
            continue
        made = _with_own_id(made, ids, findings)
        if made is not None:
            out.append(made)
    return sorted(out, key=lambda imported: (imported.rule.precedence, imported.rule.id))


def _with_own_id(made: ImportedRule, ids: dict[str, ImportedRule], findings: Findings) -> ImportedRule | None:
    """The rule, under another id where its own is taken; None where it is the same rule again."""
    first = ids.get(made.rule.id)
    if first is None:
        ids[made.rule.id] = made
        return made
    where = f"{first.rule.name!r} ({first.place.file}{f':{first.place.line}' if first.place.line else ''})"
    if made.rule == first.rule:
        findings.note(made.place, "duplicate-rule", f"{made.rule.name!r} was read already: {where}")
        return None
    id_ = named_guid(made.rule.id, made.rule.name, str(len(ids)))
    message = f"{made.rule.name!r} has the id of {where}; it is imported with the id {id_}"
    findings.tell(
        made.place, "duplicate-id", message, help="two rules of one server never share an id: see which is meant"
    )
    other = replace(made, rule=replace(made.rule, id=id_))
    ids[id_] = other
    return other


class _Finisher:
    """Makes one rule of one draft."""

    def __init__(self, draft: DraftRule, connectors: Remapping, standard: Standard, findings: Findings) -> None:
        self.draft = draft
        self.connectors = connectors
        self.standard = standard
        self.findings = findings
        self.words = Words(draft, findings)

    def rule(self, precedence: int) -> ImportedRule | None:
        draft = self.draft
        name = self._name()
        direction = cast("Direction | None", self._choice("direction", _DIRECTIONS, required=not draft.stub))
        link = cast("LinkType | None", self._choice("link", _LINKS, required=not draft.stub))
        connector = self.connectors.name(draft.fields.get("connector"))
        if draft.stub:
            return self._from_library(name, connector, direction, precedence)
        types = [self._type("source-type"), self._type("target-type")]
        mappings = [mapping for flow in draft.flows if (mapping := read_mapping(self.words, flow)) is not None]
        scope = _groups([[read_scope(self.words, one) for one in group] for group in draft.scope])
        join = _groups([[read_join(self.words, one) for one in group] for group in draft.join])
        if direction is None or link is None or connector is None or not all(types):
            return None
        disabled = self._flag("disabled") or bool(self.words.broken)
        if self.words.broken:
            parts = " and ".join(dict.fromkeys(self.words.broken))
            message = f"{name!r} is imported disabled: its {parts} could not be read whole"
            help = "complete it in its file, then take `disabled` away"
            self.findings.tell(draft.place, "incomplete-rule", message, help=help)
            self.words.left_out.append(message)
        if not all(draft.scope) or not all(draft.join):
            message = f"{name!r}: a group without a condition is passed over"
            self.findings.warn(draft.place, "empty-group", message)
        self._remarks(name)
        rule = Rule(
            id=self._id(name, connector),
            name=name,
            description=draft.text("description"),
            direction=direction,
            connector=connector,
            source_type=types[0],
            target_type=types[1],
            link=link,
            precedence=precedence,
            scope=scope,
            join=join,
            mappings=numbered(mappings),
            disabled=disabled,
            tag=draft.text("tag").strip() or None,
            library=draft.library,
            password_sync=self._flag("password-sync"),
        )
        return ImportedRule(rule, draft.place, (*self.words.left_out, *draft.notes))

    # -- fields -----------------------------------------------------------------------------------

    def _name(self) -> str:
        word = self.draft.fields.get("name")
        if word is not None and not word.resolved:
            self.words.unresolved(word, "its name", "the source text stands in its place")
        if word is not None and word.text.strip():
            return word.text
        place = self.draft.place
        name = f"Unnamed rule of {place.file.rpartition('/')[2]}, line {place.line}"
        self.findings.tell(place, "missing-name", f"a rule has no name; it is imported as {name!r}")
        return name

    def _choice(self, key: str, known: dict[str, str], *, required: bool) -> str | None:
        word = self.draft.fields.get(key)
        if word is None or (word.resolved and not word.text.strip()):
            if required:
                message = f"{self.draft.label!r} states no {_spoken(key)}: the rule is not imported"
                self.findings.tell(self.draft.place, "missing-field", message)
            return None
        if not word.resolved:
            self.words.unresolved(word, f"its {_spoken(key)}", "the rule is not imported")
            return None
        found = known.get(word.text.strip().casefold())
        if found is None:
            message = f"{self.draft.label!r}: {word.text!r} is no {_spoken(key)}; the rule is not imported"
            self.findings.tell(word.place, "unknown-word", message, help=suggestion(word.text, known))
        return found

    def _type(self, key: str) -> str:
        word = self.draft.fields.get(key)
        if word is not None and word.resolved and word.text.strip():
            return word.text.strip()
        if word is not None and not word.resolved:
            self.words.unresolved(word, f"its {_spoken(key)}", "the rule is not imported")
        else:
            message = f"{self.draft.label!r} states no {_spoken(key)}: the rule is not imported"
            self.findings.tell(self.draft.place, "missing-field", message)
        return ""

    def _flag(self, key: str) -> bool:
        return self.words.truth(self.draft.fields.get(key), _spoken(key))

    def _id(self, name: str, connector: str) -> str:
        word = self.draft.fields.get("id")
        text = word.text.strip().strip("{}").casefold() if word is not None else ""
        if word is not None and word.resolved and _GUID.fullmatch(text) and text != _ZERO:
            return text
        made = named_guid("imported", connector, name)
        place = word.place if word is not None else self.draft.place
        if word is not None and text and word.resolved:
            message = f"{name!r}: {word.text!r} is no GUID; it is imported with the id {made}"
            self.findings.warn(place, "wrong-id", message)
        else:
            message = f"{name!r} states no id of its own; it is imported with the id {made}"
            self.findings.note(place, "id-made", message)
        return made

    def _remarks(self, name: str) -> None:
        """What is stated and has no place in a rule here."""
        internal = self.draft.text("internal-id").strip("{}").casefold()
        id_ = self.draft.text("id").strip("{}").casefold()
        if internal and id_ and internal != id_:
            message = f"{name!r} has the internal id {internal} beside its id; only the id is kept"
            self.findings.note(self.draft.fields["internal-id"].place, "not-kept", message)
        expiry = self.draft.text("soft-delete").strip()
        if expiry and expiry.strip("0:.") != "":
            message = f"{name!r}: the soft-delete interval {expiry} has no counterpart here and is not kept"
            self.findings.warn(self.draft.fields["soft-delete"].place, "not-kept", message)

    # -- the library ------------------------------------------------------------------------------

    def _from_library(
        self, name: str, connector: str | None, direction: Direction | None, precedence: int
    ) -> ImportedRule | None:
        if connector is None:
            return None
        tag = self.draft.text("tag").strip()
        found = self.standard(tag, name, connector, direction)
        if found is None:
            message = (
                f"{name!r} ({tag or 'no tag'}) is a standard rule: its body is not in the file, nor in the library"
            )
            help = "export the server's configuration folder (Get-ADSyncServerConfiguration): it holds every rule whole"
            self.findings.tell(self.draft.place, "body-not-in-file", message, help=help)
            return None
        message = f"{name!r}: the body is not in the file, and was taken from the library ({found.tag})"
        self.findings.note(self.draft.place, "filled-from-library", message)
        rule = replace(
            found,
            id=self._id(name, connector),
            name=name,
            precedence=precedence,
            disabled=self._flag("disabled"),
        )
        return ImportedRule(rule, self.draft.place, tuple(self.draft.notes), from_library=True)


def _groups(groups: list[list[Clause | None]]) -> tuple[tuple[Clause, ...], ...]:
    """The clauses that could be read; a group of which none could is left out."""
    read = (tuple(clause for clause in group if clause is not None) for group in groups)
    return tuple(group for group in read if group)


def _spoken(key: str) -> str:
    words = {"source-type": "source object type", "target-type": "target object type", "link": "link type"}
    return words.get(key, key)
