"""Arguments and options that several commands have, each with its words in one place."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "AttributeArgument",
    "ConnectorOption",
    "LimitOption",
    "ListFormat",
    "ListOutput",
    "NoColor",
    "ObjectArgument",
    "Output",
    "OutputFormat",
    "ProgressForm",
    "ProgressOption",
    "ProjectFolder",
]


class OutputFormat(StrEnum):
    """The forms in which every command answers."""

    text = "text"
    json = "json"


class ListFormat(StrEnum):
    """The forms of lists: also one JSON document a line."""

    text = "text"
    json = "json"
    jsonl = "jsonl"


class ProgressForm(StrEnum):
    """How progress is told on standard error; `auto` is bars on a terminal and lines elsewhere."""

    auto = "auto"
    lines = "lines"
    jsonl = "jsonl"
    none = "none"


ProgressOption = Annotated[
    ProgressForm,
    typer.Option(
        "--progress",
        help="On standard error: bars on a terminal and lines elsewhere, or one JSON document a line with rate and "
        "remaining time.",
    ),
]
ProjectFolder = Annotated[
    Path | None,
    typer.Option("--project", "-C", metavar="DIR", help="The project's folder; else this one or one above it."),
]
Output = Annotated[OutputFormat | None, typer.Option("--output", "-o", help="For people, or for programs.")]
ListOutput = Annotated[
    ListFormat | None, typer.Option("--output", "-o", help="For people, or for programs; jsonl is one document a line.")
]
NoColor = Annotated[bool, typer.Option("--no-color", help="No colours; NO_COLOR in the environment says the same.")]

ObjectArgument = Annotated[
    str,
    typer.Argument(metavar="OBJECT", help="A DN, UPN, mail address, account name, GUID, part of a name, or #id."),
]
AttributeArgument = Annotated[
    str, typer.Argument(metavar="ATTRIBUTE", help="An attribute's name in a directory, in the metaverse or in Entra.")
]
ConnectorOption = Annotated[str | None, typer.Option("--connector", help="Only this connector's.")]
LimitOption = Annotated[int, typer.Option("--limit", "-n", min=1, help="How many at most.")]
