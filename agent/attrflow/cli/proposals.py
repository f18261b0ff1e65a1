"""Commands that texts propose, completed so that they run as printed: they name the project where one must."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from pathlib import Path

from attrflow.model.errors import SettingsError

__all__ = ["not_on_the_path", "place_of", "runnable"]

_PROPOSED = re.compile(r"`(attrflow (?!init\b|demo\b)[^`]*)`")


def place_of(folder: Path) -> str:
    """What a command needs behind it to find the project: nothing where it is found from here, else ` -C DIR`."""
    from attrflow.app.settings import find_project  # noqa: PLC0415 - not loaded for help

    try:
        if find_project(Path.cwd()).resolve() == folder.resolve():
            return ""
    except SettingsError:
        pass  # there is none from here on, so that a command must name it
    return f" -C {shlex.quote(str(folder))}"


def not_on_the_path() -> str | None:
    """Where this program is, when the shell would not find it under the name that texts propose; else None."""
    program = Path(sys.argv[0])
    if program.name != "attrflow" or shutil.which("attrflow") is not None:
        return None
    program = program.absolute()
    here = Path.cwd()
    return str(program.relative_to(here)) if program.is_relative_to(here) else str(program)


def runnable(text: str, place: str) -> str:
    """A text whose commands, in backticks, find the project.

    >>> runnable("Run `attrflow cycle --initial` first.", " -C demo")
    'Run `attrflow cycle --initial -C demo` first.'
    """
    return _PROPOSED.sub(lambda found: f"`{found[1]}{place}`", text)
