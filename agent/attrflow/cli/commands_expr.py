"""The commands of the expression language: `expr eval`, `expr check`, `expr functions`, `expr test`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attrflow.cli.face import Face, face_of
from attrflow.cli.options import NoColor, Output, ProjectFolder

if TYPE_CHECKING:
    from attrflow.app.operations.expression_values import GivenObject
    from attrflow.expr import ExpressionOptions

__all__ = ["add_to"]

_expr = typer.Typer(no_args_is_help=True, help="Evaluate, check and test expressions, and look functions up.")

_Expression = Annotated[str, typer.Argument(metavar="EXPR", help="The expression, as a rule holds it; - reads it.")]
_Attributes = Annotated[
    list[str] | None,
    typer.Option("--attr", "-a", metavar="NAME=VALUE", help="An attribute; NAME:number=5, NAME[]=one of several."),
]
_Parameters = Annotated[
    list[str] | None, typer.Option("--param", metavar="NAME=VALUE", help="A %parameter%, such as Domain.FQDN=a.test.")
]


@_expr.command("eval")
def evaluate(
    context: typer.Context,
    expression: _Expression,
    object_: Annotated[
        str | None, typer.Option("--object", metavar="OBJECT", help="A stored object, by DN, UPN, mail, name or #id.")
    ] = None,
    connector: Annotated[str | None, typer.Option("--connector", help="Its object in this connector.")] = None,
    metaverse: Annotated[bool, typer.Option("--mv", help="The metaverse object, as outbound rules read it.")] = False,
    attributes: _Attributes = None,
    parameters: _Parameters = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show what every part of it gives.")] = False,
    project: ProjectFolder = None,
    output: Output = None,
    no_color: NoColor = False,
) -> None:
    """What an expression gives: for a stored object, for attributes that you name, or for both together."""
    face = face_of(context, project, output, no_color=no_color)
    from attrflow.app.operations.expression_values import GivenObject, given_attributes  # noqa: PLC0415 - loads expr
    from attrflow.app.operations.expressions import evaluate_expression, stored_object  # noqa: PLC0415 - the same
    from attrflow.cli.expr_text import draw_evaluation  # noqa: PLC0415 - loads rich

    given, named = given_attributes(attributes or ()), _parameters(parameters)
    text = _read(expression)
    if object_ is None:
        document = evaluate_expression(text, GivenObject(given, named), explain=explain, options=_options(face))
    else:
        with face.opened(read_only=True) as opened:
            subject: GivenObject
            subject, name = stored_object(
                opened, object_, connector=connector, metaverse=metaverse, attributes=given, parameters=named
            )
            document = evaluate_expression(
                text, subject, explain=explain, options=opened.settings.expression_options, object_name=name
            )
    face.show(document, lambda console: draw_evaluation(console, document))
    raise typer.Exit(1 if document.error is not None else 0)


@_expr.command("check")
def check(
    context: typer.Context,
    expression: _Expression,
    connector: Annotated[str | None, typer.Option("--connector", help="It reads objects of this connector.")] = None,
    type_: Annotated[
        str | None, typer.Option("--type", help="The type of the objects; without --connector, of the metaverse.")
    ] = None,
    notes: Annotated[bool, typer.Option("--notes/--no-notes", help="Name the options its result rests on.")] = True,
    project: ProjectFolder = None,
    output: Output = None,
    no_color: NoColor = False,
) -> None:
    """What is wrong or doubtful in an expression, and what it reads; nothing is evaluated."""
    face = face_of(context, project, output, no_color=no_color)
    from attrflow.app.operations.expressions import check_expression, known_attributes  # noqa: PLC0415 - loads expr
    from attrflow.cli.expr_text import draw_check  # noqa: PLC0415 - loads rich

    text = _read(expression)
    if type_ is None and connector is None:
        document = check_expression(text, notes=notes, options=_options(face))
    else:
        with face.opened(read_only=True) as opened:
            names = known_attributes(opened, connector=connector, object_type=type_ or "user")
            parameters = opened.program().parameters(connector) if connector is not None else None
            document = check_expression(
                text,
                attributes=names,
                parameters=parameters,
                notes=notes,
                options=opened.settings.expression_options,
            )
    face.show(document, lambda console: draw_check(console, document))
    raise typer.Exit(0 if document.ok else 2)


@_expr.command("functions")
def functions(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="One function; else all.")] = None,
    output: Output = None,
    no_color: NoColor = False,
) -> None:
    """The functions of the language: signature, meaning, example; with a name, all about one."""
    face = face_of(context, None, output, no_color=no_color)
    from attrflow.app.operations import expressions  # noqa: PLC0415 - loads the language
    from attrflow.cli.expr_text import draw_function, draw_functions  # noqa: PLC0415 - loads rich

    document = expressions.functions(name)
    if name is None:
        face.show(document, lambda console: draw_functions(console, document))
    else:
        face.show(document, lambda console: draw_function(console, document.functions[0]))


@_expr.command("test")
def test(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Case files, TOML or JSON; or folders.")],
    project: ProjectFolder = None,
    output: Output = None,
    no_color: NoColor = False,
) -> None:
    """Run case files: each case says what an expression must give for an object. Exit 1 where one fails."""
    face = face_of(context, project, output, no_color=no_color)
    from attrflow.app.operations.expression_cases import read_cases, run_cases  # noqa: PLC0415 - loads the language
    from attrflow.cli.expr_text import draw_cases  # noqa: PLC0415 - loads rich

    options = _options(face)
    paths = [found for path in files for found in (sorted(path.rglob("*.toml")) if path.is_dir() else [path])]
    document = run_cases([(str(path), case) for path in paths for case in read_cases(path, options)])
    face.show(document, lambda console: draw_cases(console, document))
    raise typer.Exit(1 if document.failed else 0)


def _read(expression: str) -> str:
    """The expression, from standard input where it is a dash: shells read $ and & themselves."""
    return typer.get_text_stream("stdin").read() if expression == "-" else expression


def _options(face: Face) -> ExpressionOptions:
    """The project's expression options; the defaults outside a project."""
    from attrflow.app.settings import find_project, load_settings  # noqa: PLC0415 - not loaded for help
    from attrflow.expr import DEFAULT_OPTIONS  # noqa: PLC0415 - the same
    from attrflow.model.errors import SettingsError  # noqa: PLC0415 - the same

    if face.project is not None:
        return load_settings(face.folder()).expression_options
    try:
        folder = find_project(Path.cwd())
    except SettingsError:
        return DEFAULT_OPTIONS
    return load_settings(folder).expression_options


def _parameters(texts: list[str] | None) -> dict[str, str]:
    from attrflow.model.errors import SettingsError  # noqa: PLC0415 - not loaded for help

    found = {}
    for text in texts or ():
        name, separator, value = text.partition("=")
        if not separator or not name.strip():
            raise SettingsError(f"{text!r} is no parameter", help="NAME=VALUE, such as Domain.FQDN=contoso.test")
        found[name.strip().strip("%")] = value
    return found


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(_expr, name="expr")
