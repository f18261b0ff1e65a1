"""The commands about synchronization rules: `rules check`, `defaults`, `list`, `show`.

Further commands of the group stand in files of their own and are hung on `rules_group`.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from attrflow.cli.face import Face
from attrflow.cli.faced import faced
from attrflow.cli.options import ConnectorOption
from attrflow.model.errors import SettingsError

__all__ = ["Direction", "RuleArgument", "RuleConnector", "add_to", "rules_group"]

rules_group = typer.Typer(no_args_is_help=True, help="The project's synchronization rules.")
"""Every command about rules hangs on this group."""

_WRONG = 2

RuleArgument = Annotated[
    str, typer.Argument(metavar="RULE", help="A rule's name or part of it, its precedence, id or file.")
]
RuleConnector = Annotated[
    str | None, typer.Option("--connector", help="The connector, where several have a rule of that name.")
]


class Direction(StrEnum):
    """Which way a rule flows."""

    inbound = "inbound"
    outbound = "outbound"


class _Severity(StrEnum):
    error = "error"
    warning = "warning"
    info = "info"


def _list(
    face: Face,
    direction: Annotated[Direction | None, typer.Option("--direction", help="Only this direction.")] = None,
    connector: ConnectorOption = None,
    connector_type: Annotated[
        str | None, typer.Option("--connector-type", metavar="TYPE", help="Only of this object type of the connector.")
    ] = None,
    metaverse_type: Annotated[
        str | None, typer.Option("--metaverse-type", metavar="TYPE", help="Only of this object type of the metaverse.")
    ] = None,
    attribute: Annotated[
        str | None,
        typer.Option("--attribute", metavar="NAME", help="Only rules that flow, join on or ask for this attribute."),
    ] = None,
    disabled: Annotated[
        bool | None, typer.Option("--disabled/--enabled", help="Only disabled ones, or only enabled ones.")
    ] = None,
    password_sync: Annotated[
        bool | None,
        typer.Option("--password-sync/--no-password-sync", help="Only with, or only without, password sync."),
    ] = None,
) -> None:
    """List rules by precedence, narrowed by the filters of the product's rule editor."""
    from attrflow.app.operations.rule_list import list_rules  # noqa: PLC0415 - loads the rules
    from attrflow.cli.rules_text import draw_rules  # noqa: PLC0415 - loads rich
    from attrflow.rules.selecting import RuleFilter  # noqa: PLC0415 - loads the rules

    filter_ = RuleFilter(
        direction.value if direction is not None else None,
        connector,
        connector_type,
        metaverse_type,
        attribute,
        disabled,
        password_sync,
    )
    document = list_rules(face.folder(), filter_)
    face.show_list(document, document.rules, lambda console: draw_rules(console, document))


def _show(
    face: Face,
    rule: RuleArgument,
    connector: RuleConnector = None,
) -> None:
    """Show one rule as the rule editor's pages: description, scoping filter, join rules, transformations."""
    from attrflow.app.operations.rule_list import show_rule  # noqa: PLC0415 - loads the rules
    from attrflow.cli.rules_text import draw_rule  # noqa: PLC0415 - loads rich

    document = show_rule(face.folder(), rule, connector)
    face.show(document, lambda console: draw_rule(console, document))


def _check(
    face: Face,
) -> None:
    """Check settings and rules and print every finding, with file, line and column; exit code 2 for errors."""
    from attrflow.app.operations.checking import rules_check  # noqa: PLC0415 - loads the rules
    from attrflow.cli.project_text import draw_rules_check  # noqa: PLC0415 - loads rich

    document = rules_check(face.folder())
    face.show(document, lambda console: draw_rules_check(console, document, place=face.place))
    raise typer.Exit(_WRONG if document.errors else 0)


def _lint(
    face: Face,
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATH...]", help="Rule files or folders; else the project's rules.")
    ] = None,
    severity: Annotated[_Severity, typer.Option("--severity", help="List nothing milder than this.")] = _Severity.info,
    strict: Annotated[bool, typer.Option("--strict", help="Exit code 2 for warnings too.")] = False,
) -> None:
    """Tell what rules will not do that their author meant: flows that never win, scopes nobody fits, and more."""
    from attrflow.app.operations.rule_lint import (  # noqa: PLC0415 - loads the rules
        lint_files,
        lint_project,
        project_around,
    )
    from attrflow.cli.rules_text import draw_lint  # noqa: PLC0415 - loads rich

    folder = project_around(paths) if paths else face.folder()
    if paths and folder is None:
        document = lint_files(paths, at_least=severity.value)
    else:
        document = lint_project(folder or face.folder(), only=paths or (), at_least=severity.value)
    face.show(document, lambda console: draw_lint(console, document))
    raise typer.Exit(_WRONG if document.errors or (strict and document.warnings) else 0)


def _defaults(
    face: Face,
) -> None:
    """Write the default rules of connectors that have none, as after one was added to attrflow.toml."""
    from attrflow.app.operations.projects import add_default_rules  # noqa: PLC0415 - loads the rule library
    from attrflow.cli.project_text import draw_default_rules  # noqa: PLC0415 - loads rich

    folder = face.folder()
    try:
        document = add_default_rules(folder)
    except OSError as error:
        raise SettingsError(f"{error.filename or folder} cannot be written: {error.strerror}") from error
    face.show(document, lambda console: draw_default_rules(console, document))


def add_to(app: typer.Typer) -> None:
    """Add `rules` with all its commands."""
    rules_group.command("list")(faced(_list, lists=True))
    for name, command in (("show", _show), ("check", _check), ("lint", _lint), ("defaults", _defaults)):
        rules_group.command(name)(faced(command))
    app.add_typer(rules_group, name="rules")
