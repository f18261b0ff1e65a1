"""The commands about default rules: `rules status`, `restore`, `upgrade`."""

from __future__ import annotations

from typing import Annotated

import typer

from attrflow.cli.commands_rules import RuleConnector
from attrflow.cli.commands_rules_edit import show_change
from attrflow.cli.face import Face
from attrflow.cli.faced import faced
from attrflow.model.errors import SettingsError

__all__ = ["add_to"]


def _status(
    face: Face,
) -> None:
    """Tell which default rules were changed, disabled, cloned or lost, and which the library has otherwise now."""
    from attrflow.app.operations.rule_defaults import rules_status  # noqa: PLC0415 - loads the rules
    from attrflow.cli.rules_change_text import draw_status  # noqa: PLC0415 - loads rich

    document = rules_status(face.folder())
    face.show(document, lambda console: draw_status(console, document, place=face.place))


def _restore(
    face: Face,
    rule: Annotated[
        str | None,
        typer.Argument(metavar="[RULE]", help="Its name or part of it, its precedence, id or file."),
    ] = None,
    lost: Annotated[bool, typer.Option("--lost", help="Every default rule that is missing.")] = False,
    connector: RuleConnector = None,
) -> None:
    """Put one default rule back as the library has it; it keeps its number."""
    from attrflow.app.operations.rule_defaults import restore_lost, restore_rule  # noqa: PLC0415 - loads the rules

    if lost is (rule is not None):
        raise SettingsError("Name one rule, or say --lost", help="`attrflow rules status` shows them all.")
    show_change(face, restore_lost(face.folder()) if rule is None else restore_rule(face.folder(), rule, connector))


def _upgrade(
    face: Face,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
) -> None:
    """Bring default rules to what the library and [features] say now; what was changed here is merged and told."""
    from attrflow.app.operations.rule_defaults import upgrade_rules  # noqa: PLC0415 - loads the rules

    show_change(face, upgrade_rules(face.folder(), dry_run=dry_run))


def add_to(group: typer.Typer) -> None:
    """Add these commands to the group of rule commands."""
    for name, command in (("status", _status), ("restore", _restore), ("upgrade", _upgrade)):
        group.command(name)(faced(command))
