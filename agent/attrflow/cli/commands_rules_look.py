"""The commands that look at what rules do: `rules coverage`, `rules graph`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from attrflow.cli.face import Face
from attrflow.cli.faced import faced
from attrflow.cli.options import ConnectorOption
from attrflow.model.errors import SettingsError

__all__ = ["add_to"]


class _GraphFormat(StrEnum):
    svg = "svg"
    dot = "dot"


def _coverage(
    face: Face,
    rule: Annotated[
        str | None, typer.Argument(metavar="[RULE]", help="Show the flows and branches of this rule alone.")
    ] = None,
    connector: ConnectorOption = None,
    sample: Annotated[
        int | None, typer.Option("--sample", metavar="N", min=1, help="At most so many objects of each connector.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many lines of each kind at most.")] = 20,
) -> None:
    """Tell which rules, flows and branches the objects of the store hit, and which never win; changes nothing."""
    from attrflow.app.operations.rule_coverage import rules_coverage  # noqa: PLC0415 - loads the engine
    from attrflow.cli.rules_coverage_text import counting, draw_coverage, one_rule  # noqa: PLC0415 - loads rich

    with face.opened(read_only=True) as opened, counting(face.messages) as progress:
        document = rules_coverage(opened, connector=connector, limit=sample, progress=progress)
    if rule is not None:
        document = one_rule(document, rule)
    face.show(document, lambda console: draw_coverage(console, document, limit=limit, details=rule is not None))


def _graph(
    face: Face,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", metavar="FILE", help="Where to; .svg or .dot. Else standard output.")
    ] = None,
    form: Annotated[_GraphFormat | None, typer.Option("--format", help="svg, or dot for Graphviz.")] = None,
    attribute: Annotated[
        list[str] | None,
        typer.Option("--attribute", metavar="NAME", help="Only what flows into or out of this attribute."),
    ] = None,
    object_type: Annotated[
        str | None, typer.Option("--object-type", metavar="TYPE", help="Only flows of this object type of either side.")
    ] = None,
    connector: ConnectorOption = None,
) -> None:
    """Draw which attribute flows where: directories, metaverse, cloud, and the rules between them."""
    from attrflow.app.operations.rule_graph import rules_graph  # noqa: PLC0415 - loads the rules

    chosen = form.value if form is not None else _form_of(file)
    document = rules_graph(
        face.folder(), form=chosen, attributes=attribute or (), object_type=object_type, connector=connector
    )
    if not face.for_people:
        face.show(document, lambda _console: None)
        return
    if file is None:
        typer.echo(document.drawing)
        return
    try:
        file.write_text(document.drawing, encoding="utf-8", newline="\n")
    except OSError as error:
        raise SettingsError(f"{file} cannot be written: {error.strerror}") from error
    face.messages.print(f"{len(document.flows)} flows drawn into {file}", soft_wrap=True)


def _form_of(file: Path | None) -> str:
    suffix = file.suffix.casefold() if file is not None else ".svg"
    if suffix not in (".svg", ".dot", ".gv"):
        raise SettingsError(f"{file} ends neither with .svg nor with .dot", help="or say --format svg|dot")
    return "svg" if suffix == ".svg" else "dot"


def add_to(group: typer.Typer) -> None:
    """Add these commands to the group of rule commands."""
    group.command("coverage")(faced(_coverage))
    group.command("graph")(faced(_graph))
