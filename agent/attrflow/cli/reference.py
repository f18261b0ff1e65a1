"""The reference page of the commands, made from the commands themselves.

`python -m attrflow.cli.reference FILE` writes it; a test says when the file is not current.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from attrflow.cli.failures import EXIT_CODES
from attrflow.cli.main import app

__all__ = ["REGENERATE", "reference_page"]

REGENERATE = "python -m attrflow.cli.reference agent/docs/reference/commands.md"

_INTRODUCTION = f"""\
# Commands

<!-- Generated from the commands: do not edit. Write it anew with `{REGENERATE}`. -->

`attrflow COMMAND --help` says the same as this page. Options that all commands have:

- `--project DIR`, `-C DIR`: the project's folder. Without it, the nearest folder with an `attrflow.toml`, from the
  current one upwards. It may also stand before the command.
- `--output text|json`, `-o`: for people, or one JSON document `{{"schema": "attrflow.<name>/1", …}}` for programs;
  lists also `jsonl`, one document a line. Documents go to standard output, everything else to standard error.
- `--no-color`: no colours. They are left out by themselves where the output is no terminal.
"""

_EXIT_CODES = """\
## Exit codes

With `-o json` a command that fails prints the document `attrflow.error/1` on standard output, with its exit code in
it, and the same for people on standard error. A wrong command line is told on standard error only.

| code | meaning |
|-----:|---------|
"""
_EVERYWHERE = frozenset({"project", "output", "no_color", "help"})


def reference_page() -> str:
    """The whole page as Markdown."""
    root: Any = typer.main.get_command(app)
    commands = list(_commands(root, "attrflow"))
    table = "\n".join(f"| [`{name}`](#{_anchor(name)}) | {_sentence(command)} |" for name, command in commands)
    parts = [_INTRODUCTION, f"| command | what it does |\n|---|---|\n{table}\n"]
    parts += [_section(name, command) for name, command in commands]
    codes = "\n".join(f"| {code} | {meaning} |" for code, meaning in EXIT_CODES.items())
    parts.append(f"{_EXIT_CODES}{codes}\n")
    return "\n".join(parts)


def _commands(group: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every command that does something, with what is typed for it."""
    for name, command in group.commands.items():
        if not hasattr(command, "commands"):
            yield f"{path} {name}", command
            continue
        if getattr(command, "invoke_without_command", False):
            yield f"{path} {name}", command
        yield from _commands(command, f"{path} {name}")


def _anchor(name: str) -> str:
    return name.replace(" ", "-")


def _sentence(command: Any) -> str:
    return " ".join((command.help or "").split()).replace("|", "\\|")


def _section(name: str, command: Any) -> str:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and p.name not in _EVERYWHERE]
    usage = " ".join((name, *(_usage(argument) for argument in arguments), *(["[OPTIONS]"] if options else [])))
    lines = [f"## {name}", "", f"`{usage}`", "", " ".join((command.help or "").split()), ""]
    rows = [f"| `{_usage(argument)}` | {_help(argument)} |" for argument in arguments]
    rows += [f"| {_spelling(option)} | {_help(option)} |" for option in options]
    if rows:
        lines += ["| | |", "|---|---|", *rows, ""]
    return "\n".join(lines)


def _usage(argument: Any) -> str:
    return str(argument.metavar or argument.name.upper())


def _spelling(option: Any) -> str:
    spelt = [*option.opts, *option.secondary_opts]
    value = "" if option.is_flag else f" {option.metavar or option.name.upper()}"
    return ", ".join(f"`{name}{value}`" for name in spelt)


def _help(parameter: Any) -> str:
    text = " ".join((parameter.help or "").split()).replace("|", "\\|")
    default = parameter.default
    if parameter.required or default is None or isinstance(default, bool) or default in ("", (), []):
        return text
    return f"{text} Default: `{default}`."


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(reference_page(), encoding="utf-8", newline="\n")
