"""The commands that change rules in their files: `rules new`, `clone`, `disable`, `enable`, `set precedence`."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from attrflow.cli.commands_rules import Direction, RuleArgument, RuleConnector
from attrflow.cli.face import Face
from attrflow.cli.faced import faced
from attrflow.model.errors import SettingsError

if TYPE_CHECKING:
    from attrflow.app.operations.rule_edits import Place
    from attrflow.app.rulebook_edits import RulesChangeDocument

__all__ = ["add_to", "show_change"]

_set = typer.Typer(no_args_is_help=True, help="Change one thing about a rule.")

Before = Annotated[str | None, typer.Option("--before", metavar="RULE", help="Right before this rule.")]
After = Annotated[str | None, typer.Option("--after", metavar="RULE", help="Right after this rule.")]
Number = Annotated[
    int | None,
    typer.Option("--precedence", metavar="N", min=0, help="This number; else the highest free one from 0 to 99."),
]


class _Link(StrEnum):
    PROVISION = "provision"
    JOIN = "join"
    STICKY_JOIN = "sticky-join"
    JOIN_NO_FLOW = "join-no-flow"


def show_change(face: Face, document: RulesChangeDocument) -> None:
    """What was done to rule files."""
    from attrflow.cli.rules_change_text import draw_change  # noqa: PLC0415 - loads rich

    face.show(document, lambda console: draw_change(console, document, place=face.place))


def _place(number: int | None, before: str | None, after: str | None) -> Place:
    from attrflow.app.operations.rule_edits import Place  # noqa: PLC0415 - loads the rules

    return Place(number, before, after)


def _clone(
    face: Face,
    rule: RuleArgument,
    name: Annotated[
        str | None, typer.Option("--name", help="The copy's name; else the rule's with \" - Cloned\".")
    ] = None,
    precedence: Number = None,
    before: Before = None,
    after: After = None,
    connector: RuleConnector = None,
) -> None:
    """Copy a rule to change the copy, and disable the original, as the rule editor does with a default rule."""
    from attrflow.app.operations.rule_edits import clone_rule  # noqa: PLC0415 - loads the rules

    place = _place(precedence, before, after)
    show_change(face, clone_rule(face.folder(), rule, connector, new_name=name, place=place))


def _disable(
    face: Face,
    rule: RuleArgument,
    connector: RuleConnector = None,
) -> None:
    """Disable a rule; the rest of its file stays as it is."""
    from attrflow.app.operations.rule_edits import disable_rule  # noqa: PLC0415 - loads the rules

    show_change(face, disable_rule(face.folder(), rule, connector))


def _enable(
    face: Face,
    rule: RuleArgument,
    connector: RuleConnector = None,
) -> None:
    """Enable a rule that is disabled."""
    from attrflow.app.operations.rule_edits import enable_rule  # noqa: PLC0415 - loads the rules

    show_change(face, enable_rule(face.folder(), rule, connector))


def _precedence(
    face: Face,
    rule: RuleArgument,
    number: Annotated[int | None, typer.Argument(metavar="[N]", min=0, help="The new number, if it is free.")] = None,
    before: Before = None,
    after: After = None,
    connector: RuleConnector = None,
) -> None:
    """Give a rule a number, or put it before or after another; rules that must make room move down by one."""
    from attrflow.app.operations.rule_edits import set_precedence  # noqa: PLC0415 - loads the rules

    show_change(face, set_precedence(face.folder(), rule, connector, _place(number, before, after)))


def _new(
    face: Face,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="The rule's name; without --template.")] = None,
    template: Annotated[
        str | None,
        typer.Option("--template", metavar="NAME", help="Write the rules of a documented walk-through instead."),
    ] = None,
    blanks: Annotated[
        list[str] | None, typer.Option("--set", metavar="BLANK=VALUE", help="Fill in a blank of the template.")
    ] = None,
    templates: Annotated[bool, typer.Option("--templates", help="List the templates and their blanks.")] = False,
    direction: Annotated[Direction | None, typer.Option("--direction", help="Which way it flows.")] = None,
    connector: Annotated[str | None, typer.Option("--connector", help="The connector it belongs to.")] = None,
    tenant: Annotated[
        str | None, typer.Option("--tenant", help="With --template: the Entra connector, where there are several.")
    ] = None,
    source_type: Annotated[str | None, typer.Option("--source-type", metavar="TYPE", help="Such as user.")] = None,
    target_type: Annotated[str | None, typer.Option("--target-type", metavar="TYPE", help="Such as person.")] = None,
    link: Annotated[_Link, typer.Option("--link", help="The link type.")] = _Link.JOIN,
    description: Annotated[str, typer.Option("--description", help="What it is for.")] = "",
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", metavar="CLAUSE", help="Such as 'department EQUAL Sales'; all of them must hold."),
    ] = None,
    join: Annotated[
        list[str] | None, typer.Option("--join", metavar="CLAUSE", help="Such as 'mail = mail'; tried in turn.")
    ] = None,
    direct: Annotated[
        list[str] | None, typer.Option("--direct", metavar="TO=FROM", help="Flow an attribute as it is.")
    ] = None,
    constant: Annotated[
        list[str] | None, typer.Option("--constant", metavar="TO=TEXT", help="Flow a fixed value.")
    ] = None,
    expression: Annotated[
        list[str] | None, typer.Option("--expression", metavar="TO=EXPR", help="Flow what an expression gives.")
    ] = None,
    precedence: Number = None,
    before: Before = None,
    after: After = None,
) -> None:
    """Write a rule of one's own, or the rules of a documented walk-through (--template)."""
    from attrflow.app.operations.rule_new import (  # noqa: PLC0415 - loads the rules
        NewRule,
        new_from_walkthrough,
        new_rule,
        walkthroughs,
    )

    if templates:
        from attrflow.cli.rules_change_text import draw_walkthroughs  # noqa: PLC0415 - loads rich

        listed = walkthroughs()
        face.show(listed, lambda console: draw_walkthroughs(console, listed))
        return
    place = _place(precedence, before, after)
    if template is not None:
        given = dict(_blank(text) for text in blanks or ())
        made = new_from_walkthrough(face.folder(), template, given, connector=connector, tenant=tenant, place=place)
        show_change(face, made)
        return
    needed = {
        "NAME": name,
        "--direction": direction,
        "--connector": connector,
        "--source-type": source_type,
        "--target-type": target_type,
    }
    missing = [option for option, value in needed.items() if not value]
    if missing:
        raise SettingsError(
            f"a new rule needs {', '.join(missing)}",
            help="or start from a documented walk-through: attrflow rules new --templates",
        )
    assert name and direction and connector and source_type and target_type
    said = NewRule(
        name=name,
        direction=direction.value,
        connector=connector,
        source_type=source_type,
        target_type=target_type,
        link=link.value,
        description=description,
        scope=scope or (),
        join=join or (),
        flows=[
            *(("direct", text) for text in direct or ()),
            *(("constant", text) for text in constant or ()),
            *(("expression", text) for text in expression or ()),
        ],
    )
    show_change(face, new_rule(face.folder(), said, place))


def _blank(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise SettingsError(f"--set {text}: expected BLANK=VALUE", help="such as --set attribute=employeeType")
    return name.strip(), value


def add_to(group: typer.Typer) -> None:
    """Add these commands to the group of rule commands."""
    for name, command in (("new", _new), ("clone", _clone), ("disable", _disable), ("enable", _enable)):
        group.command(name)(faced(command))
    _set.command("precedence")(faced(_precedence))
    group.add_typer(_set, name="set")
