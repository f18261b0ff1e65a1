"""Operations that make rules: from what is said on the command line, and from the documented walk-throughs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from attrflow.app.operations.rule_edits import ANYWHERE, Place, new_guid, place_in
from attrflow.app.rulebook import Rulebook, open_rulebook
from attrflow.app.rulebook_edits import RuleEdits, RulesChangeDocument
from attrflow.app.shapes import shape
from attrflow.model.errors import NotFound, SettingsError
from attrflow.model.provenance import MappingId
from attrflow.model.schema import Schema, Syntax
from attrflow.rules.clauses import ClauseError, read_join_clause, read_scope_clause
from attrflow.rules.editing import with_value
from attrflow.rules.numbering import LAST_OWN
from attrflow.rules.positions import locate, suggestion
from attrflow.rules.rule import AttributeMapping, Direction, FlowType, LinkType, Rule, numbered
from attrflow.rules.walkthroughs import WALKTHROUGHS, Draft, Walkthrough, draft_rule, missing_blanks

__all__ = [
    "BlankDocument",
    "NewRule",
    "WalkthroughDocument",
    "WalkthroughsDocument",
    "new_from_walkthrough",
    "new_rule",
    "walkthroughs",
]


@dataclass(frozen=True, slots=True)
class BlankDocument:
    """One thing to fill in of a walk-through."""

    name: str
    help: str
    default: str | None


@dataclass(frozen=True, slots=True)
class WalkthroughDocument:
    """A documented way of changing the default configuration."""

    name: str
    title: str
    blanks: list[BlankDocument]


@dataclass(frozen=True, slots=True)
class WalkthroughsDocument:
    """All walk-throughs."""

    templates: list[WalkthroughDocument]


shape("rules-templates", WalkthroughsDocument)


@dataclass(frozen=True, slots=True)
class NewRule:
    """What is said of a new rule; texts as a rule file has them."""

    name: str
    direction: Direction
    connector: str
    source_type: str
    target_type: str
    link: LinkType = "join"
    description: str = ""
    scope: Sequence[str] = ()
    """Clauses that must all hold."""
    join: Sequence[str] = ()
    """Join groups of one clause each, tried in turn."""
    flows: Sequence[tuple[FlowType, str]] = field(default_factory=tuple)
    """Flow type and `destination=source`."""


def walkthroughs() -> WalkthroughsDocument:
    """The documented walk-throughs, and what each needs to be told."""
    return WalkthroughsDocument(
        [
            WalkthroughDocument(w.name, w.title, [BlankDocument(b.name, b.help, b.default) for b in w.blanks])
            for w in WALKTHROUGHS.values()
        ]
    )


def new_rule(folder: Path, said: NewRule, place: Place = ANYWHERE) -> RulesChangeDocument:
    """Write a rule of one's own.

    Raises:
        NotFound: there is no such connector; SettingsError: what is said makes no rule, or as `RuleEdits.save`.
    """
    edits = RuleEdits(open_rulebook(folder))
    edits.book.require_connector(said.connector)
    number = place_in(edits, place)
    try:
        scope = tuple(read_scope_clause(line) for line in said.scope)
        join = tuple((read_join_clause(line),) for line in said.join)
    except ClauseError as error:
        raise SettingsError(error.message, help=error.help) from None
    rule = Rule(
        id=new_guid(),
        name=said.name,
        description=said.description,
        direction=said.direction,
        connector=said.connector,
        source_type=said.source_type,
        target_type=said.target_type,
        link=said.link,
        precedence=number,
        scope=(scope,) if scope else (),
        join=join,
        mappings=numbered(_mapping(flow, text) for flow, text in said.flows),
    )
    edits.tell("made", rule, f"precedence {number}", file=edits.add(rule))
    return edits.save()


def _mapping(flow: FlowType, text: str) -> AttributeMapping:
    destination, equals, source = text.partition("=")
    if not equals or not destination.strip() or (flow != "constant" and not source.strip()):
        raise SettingsError(
            f"{text!r} is no flow: expected destination=source", help="such as telephoneNumber=telephoneNumber"
        )
    return AttributeMapping(MappingId(destination.strip()), flow, source if flow == "constant" else source.strip())


def new_from_walkthrough(
    folder: Path,
    template: str,
    given: Mapping[str, str],
    *,
    connector: str | None = None,
    tenant: str | None = None,
    place: Place = ANYWHERE,
) -> RulesChangeDocument:
    """Write the rules of a documented walk-through, and declare the metaverse attribute that they need.

    Args:
        folder: the project's.
        template: the walk-through's name.
        given: what fills its blanks.
        connector: the directory; needed where the project has several.
        tenant: the Entra connector, likewise.
        place: of the first rule; further ones come right behind it.

    Raises:
        NotFound: no such walk-through or connector; SettingsError: a blank is empty or unknown, or as
            `RuleEdits.save`.
    """
    walkthrough = _walkthrough(template, given)
    edits = RuleEdits(open_rulebook(folder))
    filled = {blank.name: given.get(blank.name, blank.default or "").strip() for blank in walkthrough.blanks}
    drafts = walkthrough.build(filled)
    directory = _connector(edits.book, connector, ("ad", "openldap"), "--connector")
    for name in walkthrough.metaverse(filled):
        _declare(edits, name, _source_syntax(edits.book, directory, filled.get("attribute", "")))
    numbers = _numbers(edits, place, drafts)
    for draft, number in zip(drafts, numbers, strict=True):
        inbound = draft.direction == "inbound"
        home = directory if inbound else _connector(edits.book, tenant, ("entra",), "--tenant")
        rule = draft_rule(draft, id_=new_guid(), connector=home, precedence=number)
        edits.tell("made", rule, f"precedence {number}", file=edits.add(rule))
    return edits.save()


def _walkthrough(name: str, given: Mapping[str, str]) -> Walkthrough:
    walkthrough = WALKTHROUGHS.get(name)
    if walkthrough is None:
        near = suggestion(name, WALKTHROUGHS) or "the templates are " + ", ".join(WALKTHROUGHS)
        raise NotFound(f"There is no template {name!r}.", help=near[0].upper() + near[1:])
    known = [blank.name for blank in walkthrough.blanks]
    for key in given:
        if key not in known:
            near = suggestion(key, known) or "it takes " + ", ".join(known)
            raise SettingsError(f"the template {name} has no blank {key!r}", help=near)
    missing = missing_blanks(walkthrough, (key for key, value in given.items() if value.strip()))
    if missing:
        lines = "\n".join(f"--set {blank.name}=…   {blank.help}" for blank in missing)
        raise SettingsError(f"the template {name} needs to be told {' and '.join(b.name for b in missing)}", help=lines)
    return walkthrough


def _numbers(edits: RuleEdits, place: Place, drafts: Sequence[Draft]) -> list[int]:
    """The first rule's place, and free numbers behind it for the others; the last ones free below 100 otherwise."""
    if place.is_said:
        numbers = [place_in(edits, place)]
    else:
        taken = {rule.precedence for rule in edits.book.ruleset.rules}
        free = [number for number in range(LAST_OWN, -1, -1) if number not in taken]
        if len(free) < len(drafts):
            raise SettingsError(f"Fewer than {len(drafts)} numbers from 0 to {LAST_OWN} are free.")
        return sorted(free[: len(drafts)])
    now = {change.detail for change in edits.changes if change.act == "renumbered"}
    taken = {rule.precedence for rule in edits.book.ruleset.rules} | set(numbers)
    taken |= {int(detail.rpartition(" ")[2]) for detail in now if detail is not None}
    while len(numbers) < len(drafts):
        numbers.append(next(number for number in range(numbers[-1] + 1, numbers[-1] + 10_000) if number not in taken))
        taken.add(numbers[-1])
    return numbers


def _connector(book: Rulebook, named: str | None, kinds: tuple[str, ...], option: str) -> str:
    if named is not None:
        return book.require_connector(named)
    fitting = [c.name for c in book.settings.connectors.values() if c.kind in kinds]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        raise NotFound(f"The project has no connector of kind {' or '.join(kinds)}.")
    raise SettingsError(f"The project has several connectors: {', '.join(fitting)}.", help=f"Name one with {option}.")


def _source_syntax(book: Rulebook, connector: str, attribute: str) -> tuple[Syntax, bool]:
    """As the directory's schema has it for users, where it was imported from."""
    schema = book.schemas.connectors.get(connector) or Schema()
    for object_type in schema.object_types.values():
        found = object_type.attribute(attribute)
        if found is not None and object_type.name.casefold() in ("user", "inetorgperson"):
            return found.syntax, found.multi
    return Syntax.STRING, False


def _declare(edits: RuleEdits, name: str, kind: tuple[Syntax, bool]) -> None:
    """Declare a metaverse attribute of persons in the settings, unless there is one of that name."""
    person = edits.book.schemas.metaverse.object_types["person"] if edits.book.schemas.metaverse is not None else None
    if person is None or person.attribute(name) is not None:
        return
    syntax, multi = kind
    value = f'{{ type = "{syntax.value}", multi = {str(multi).lower()}, object-types = ["person"] }}'
    file = edits.book.settings.file
    text = edits.settings_text or file.read_bytes().decode("utf-8-sig")
    header = locate(text, ("metaverse", "attributes"))
    if text[header.start : header.end] == "metaverse.attributes":
        edits.settings_text = with_value(
            text, ("metaverse", "attributes", name), value, after=("metaverse", "attributes")
        )
    else:
        ending = "" if text.endswith("\n") else "\n"
        edits.settings_text = f"{text}{ending}\n[metaverse.attributes]\n{name} = {value}\n"
    edits.notes.append(f"attrflow.toml declares the metaverse attribute {name} ({syntax.value}) now.")
