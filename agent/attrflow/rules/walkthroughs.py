"""The documented walk-throughs as rules of one's own: what to fill in, and the rules that come of it.

Each is a page of the product's documentation on changing the default configuration; the rules are written here.
Names of attributes and values come from whoever asks; connectors, numbers and ids are given by the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from attrflow.model.provenance import MappingId
from attrflow.rules.rule import AttributeMapping, Direction, FlowType, LinkType, Rule, ScopeClause, numbered

__all__ = ["WALKTHROUGHS", "Blank", "Draft", "Walkthrough", "draft_rule", "missing_blanks"]


@dataclass(frozen=True, slots=True)
class Blank:
    """One thing to fill in."""

    name: str
    help: str
    default: str | None = None
    """None: it must be given."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule that has no connector's name, number or id yet."""

    name: str
    description: str
    direction: Direction
    source_type: str
    target_type: str
    flows: tuple[tuple[str, FlowType, str], ...]
    scope: tuple[ScopeClause, ...] = ()
    link: LinkType = "join"


@dataclass(frozen=True, slots=True)
class Walkthrough:
    """One way of changing the default configuration."""

    name: str
    title: str
    blanks: tuple[Blank, ...]
    build: Callable[[Mapping[str, str]], tuple[Draft, ...]]
    metaverse: Callable[[Mapping[str, str]], tuple[str, ...]] = field(default=lambda _: ())
    """Metaverse attributes of the type that the rules need, which a project may have to declare."""


def draft_rule(draft: Draft, *, id_: str, connector: str, precedence: int) -> Rule:
    """The draft as a rule of one connector."""
    mappings = (AttributeMapping(MappingId(to), flow, source) for to, flow, source in draft.flows)
    return Rule(
        id=id_,
        name=draft.name,
        description=draft.description,
        direction=draft.direction,
        connector=connector,
        source_type=draft.source_type,
        target_type=draft.target_type,
        link=draft.link,
        precedence=precedence,
        scope=(draft.scope,) if draft.scope else (),
        mappings=numbered(mappings),
    )


_USER_OUT: Final = (ScopeClause("sourceObjectType", "EQUAL", "User"), ScopeClause("cloudMastered", "NOTEQUAL", "True"))
"""The scope of the default outbound rules for users that do not provision (observed)."""


def _pair(name: str, source: str, metaverse: str, target: str, expression: str | None = None) -> tuple[Draft, Draft]:
    flow: tuple[str, FlowType, str] = (
        (metaverse, "direct", source) if expression is None else (metaverse, "expression", expression)
    )
    return (
        Draft(
            f"In from AD - User {name}",
            f"Brings {source} of a user into the metaverse as {metaverse}.",
            "inbound",
            "user",
            "person",
            (flow,),
        ),
        Draft(
            f"Out to AAD - User {name}",
            f"Gives {metaverse} of a person to the cloud as {target}.",
            "outbound",
            "person",
            "user",
            ((target, "direct", metaverse),),
            _USER_OUT,
        ),
    )


def _user_type(given: Mapping[str, str]) -> tuple[Draft, ...]:
    source, guests = given["attribute"], given["guest-value"]
    expression = (
        f'IIF(IsNullOrEmpty([{source}]), "Member", '
        f'IIF(LCase(Trim([{source}])) = "{guests.lower().replace(chr(34), chr(34) * 2)}", "Guest", "Member"))'
    )
    return _pair("UserType", source, "userType", "userType", expression)


def _data_location(given: Mapping[str, str]) -> tuple[Draft, ...]:
    return _pair("PreferredDataLocation", given["attribute"], "preferredDataLocation", "preferredDataLocation")


def _custom(given: Mapping[str, str]) -> tuple[Draft, ...]:
    source, metaverse = given["attribute"], _metaverse_name(given)
    return _pair(source, source, metaverse, given["target"])


def _metaverse_name(given: Mapping[str, str]) -> str:
    return given["metaverse-attribute"] or given["attribute"]


def _negative(given: Mapping[str, str]) -> tuple[Draft, ...]:
    clause = ScopeClause(given["attribute"], given["operator"], given["value"])
    said = f"{clause.attribute} {clause.operator} {clause.value}".strip()
    return (
        Draft(
            "In from AD - User DoNotSync",
            f"Keeps a user from the cloud where {said}; the object stays in the metaverse.",
            "inbound",
            "user",
            "person",
            (("cloudFiltered", "constant", "True"),),
            (clause,),
        ),
    )


def _positive(given: Mapping[str, str]) -> tuple[Draft, ...]:
    clause = ScopeClause(given["attribute"], given["operator"], given["value"])
    said = f"{clause.attribute} {clause.operator} {clause.value}".strip()
    return (
        Draft(
            "In from AD - User Sync",
            f"Lets a user into the cloud where {said}; it must stand before the rule that keeps all others out.",
            "inbound",
            "user",
            "person",
            (("cloudFiltered", "constant", "False"),),
            (clause,),
        ),
        Draft(
            "In from AD - User Catch-all Filter",
            "Keeps every user from the cloud that no rule before this one let in.",
            "inbound",
            "user",
            "person",
            (("cloudFiltered", "constant", "True"),),
        ),
    )


def _cleared(given: Mapping[str, str]) -> tuple[Draft, ...]:
    source, metaverse = given["attribute"], _metaverse_name(given)
    return (
        Draft(
            f"In from AD - User {metaverse} Authoritative",
            f"This directory decides {metaverse} alone: an empty {source} empties it, whatever others would give.",
            "inbound",
            "user",
            "person",
            ((metaverse, "expression", f"IIF(IsNullOrEmpty([{source}]), AuthoritativeNull, [{source}])"),),
        ),
    )


def _names(*blanks: str) -> Callable[[Mapping[str, str]], tuple[str, ...]]:
    return lambda _: blanks


_ATTRIBUTE = Blank("attribute", "the directory's attribute that holds the value")
_OPERATOR = Blank("operator", "how it is compared", "EQUAL")

WALKTHROUGHS: Final[Mapping[str, Walkthrough]] = {
    walkthrough.name: walkthrough
    for walkthrough in (
        Walkthrough(
            "user-type",
            "Say in the directory who is a guest: userType, in and out",
            (_ATTRIBUTE, Blank("guest-value", "the value that makes a guest; every other makes a member", "Guest")),
            _user_type,
            _names("userType"),
        ),
        Walkthrough(
            "preferred-data-location",
            "Say in the directory where a user's data lies: preferredDataLocation, in and out",
            (_ATTRIBUTE,),
            _data_location,
            _names("preferredDataLocation"),
        ),
        Walkthrough(
            "custom-attribute",
            "Carry one more attribute of users to the cloud, in and out",
            (
                _ATTRIBUTE,
                Blank("target", "the cloud's attribute, such as extensionAttribute10 or extension_<app>_<name>"),
                Blank("metaverse-attribute", "the metaverse attribute between them; empty: named as the source", ""),
            ),
            _custom,
            lambda given: (_metaverse_name(given),),
        ),
        Walkthrough(
            "negative-filter",
            "Keep users with a certain value from the cloud",
            (_ATTRIBUTE, Blank("value", "the value that keeps a user out", ""), _OPERATOR),
            _negative,
        ),
        Walkthrough(
            "positive-filter",
            "Let only users with a certain value into the cloud",
            (_ATTRIBUTE, Blank("value", "the value that lets a user in", ""), _OPERATOR),
            _positive,
        ),
        Walkthrough(
            "clear-value",
            "Let an empty value in this directory clear the attribute, where other directories have one",
            (_ATTRIBUTE, Blank("metaverse-attribute", "the metaverse attribute; empty: named as the source", "")),
            _cleared,
            lambda given: (_metaverse_name(given),),
        ),
    )
}
"""All walk-throughs by name, in the order in which they are listed."""


def missing_blanks(walkthrough: Walkthrough, given: Iterable[str]) -> list[Blank]:
    """What must be filled in and is not."""
    named = set(given)
    return [blank for blank in walkthrough.blanks if blank.default is None and blank.name not in named]
