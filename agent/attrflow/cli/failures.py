"""Errors for people and programs: one sentence, where, what to do, and the exit code.

For people an error goes to standard error. With `-o json` it goes to standard output as well, as the
document `attrflow.error/1`, so that a program that reads results always reads a document.
"""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from attrflow.cli.face import Face
from attrflow.model.errors import AttrflowError

if TYPE_CHECKING:
    from attrflow.app.operations.failing import ErrorDocument

__all__ = ["EXIT_CODES", "INTERRUPTED", "NOBODY_READS", "tell_error", "tell_interrupt", "tell_nobody_reads"]

INTERRUPTED = 130
NOBODY_READS = 141
EXIT_CODES: dict[int, str] = {
    0: "Done; the answer is there. A `why` that found the cause is an answer.",
    1: "A run ended with errors or was stopped; the run history says which. `rules diff`: there are differences.",
    2: "The command line, the settings, a rule or an expression is wrong, or a secret or package is missing.",
    3: "What was asked for is not there, or several objects fit; the candidates are listed.",
    4: "The store cannot be used, or another run holds it.",
    5: "A directory cannot be reached, its certificate does not verify, or it refuses the account.",
    INTERRUPTED: "Stopped by Ctrl-C; what was committed stays, and the run history says how far it came.",
    NOBODY_READS: "Whoever read standard output went away, as `head` does; nothing is said.",
}
"""What every exit code means; the reference page is made from it."""


def tell_error(face: Face, error: AttrflowError, *, exit_code: int | None = None) -> None:
    """Say what went wrong, on standard error, and as a document where documents are wanted.

    `exit_code` is the command's, where it is not the error's own.
    """
    from attrflow.app.operations.failing import error_document  # noqa: PLC0415 - only where something went wrong

    document = error_document(error)
    if exit_code is not None:
        document = replace(document, exit_code=exit_code)
    if not face.for_people:
        _tell_programs(face, document)
    _tell_people(face, document)


def _tell_people(face: Face, error: ErrorDocument) -> None:
    from rich.text import Text  # noqa: PLC0415 - only where something went wrong

    from attrflow.cli.diagnostics_text import diagnostic_text, errors_first  # noqa: PLC0415 - the same
    from attrflow.cli.proposals import runnable  # noqa: PLC0415 - the same

    console = face.messages
    place = face.place
    console.print(Text.assemble(("error: ", "bold red"), (runnable(error.message, place), "bold")), soft_wrap=True)
    for diagnostic in errors_first(error.diagnostics):
        console.print(diagnostic_text(diagnostic), soft_wrap=True)
    for candidate in error.candidates:
        console.print(Text(f"  {candidate}"), soft_wrap=True)
    if error.help is not None and all(d.help != error.help for d in error.diagnostics):
        console.print(
            Text.assemble(("help: ", "cyan"), runnable(error.help, place).replace("\n", "\n      ")), soft_wrap=True
        )


def _tell_programs(face: Face, error: ErrorDocument) -> None:
    import orjson  # noqa: PLC0415 - not loaded for text

    from attrflow.app.shapes import envelope, render_json  # noqa: PLC0415 - the same

    typer.echo(orjson.dumps(envelope(error)).decode() if face.output == "jsonl" else render_json(error))


def tell_interrupt(face: Face) -> None:
    """Say that Ctrl-C was understood."""
    face.messages.print(f"Stopped. What was committed stays; `attrflow runs{face.place}` says how far it came.")


def tell_nobody_reads() -> None:
    """Whoever read standard output went away: leave without a word, also when Python flushes at its end."""
    with contextlib.suppress(OSError, ValueError):  # what stands for standard output in a test has no descriptor
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
