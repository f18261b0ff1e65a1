"""The entry point `attrflow`: the commands by name, and what happens when one of them fails.

Commands import what they need when they run, so that help and version come at once.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from attrflow.cli import (
    commands_case,
    commands_demo,
    commands_expr,
    commands_import,
    commands_look,
    commands_project,
    commands_rules,
    commands_rules_compare,
    commands_rules_defaults,
    commands_rules_edit,
    commands_rules_look,
    commands_run,
    commands_scheduler,
    commands_space,
)
from attrflow.cli.face import Face
from attrflow.cli.failures import INTERRUPTED, NOBODY_READS, tell_error, tell_interrupt, tell_nobody_reads
from attrflow.cli.options import NoColor, ProjectFolder
from attrflow.model.errors import AttrflowError

__all__ = ["app", "main"]


class _Commands(TyperGroup):
    """The commands in the order in which people need them; turns errors into messages and exit codes."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except AttrflowError as error:
            tell_error(ctx.obj or Face(), error)
            raise typer.Exit(error.exit_code) from error
        except KeyboardInterrupt as stopped:
            tell_interrupt(ctx.obj or Face())
            raise typer.Exit(INTERRUPTED) from stopped
        except BrokenPipeError as gone:
            tell_nobody_reads()
            raise typer.Exit(NOBODY_READS) from gone


app = typer.Typer(
    name="attrflow",
    cls=_Commands,
    help="Why an attribute did not reach Entra ID, answered in one command.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 100},
    rich_markup_mode="rich",
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 - only for --version

        typer.echo(f"attrflow {version('attrflow')}")
        raise typer.Exit


@app.callback()
def _main(
    context: typer.Context,
    project: ProjectFolder = None,
    no_color: NoColor = False,
    version: Annotated[  # noqa: ARG001 - its callback does it
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    context.obj = Face(project, no_color=no_color)


commands_project.add_init_to(app)
commands_demo.add_to(app)
commands_run.add_to(app)
commands_scheduler.add_to(app)
commands_look.add_to(app)
commands_space.add_to(app)
commands_case.add_to(app)
commands_rules.add_to(app)
commands_import.add_to(commands_rules.rules_group)
commands_rules_edit.add_to(commands_rules.rules_group)
commands_rules_defaults.add_to(commands_rules.rules_group)
commands_rules_look.add_to(commands_rules.rules_group)
commands_rules_compare.add_to(commands_rules.rules_group)
commands_expr.add_to(app)


def main() -> None:
    """Run the command line; ends the process with the command's exit code."""
    app()
