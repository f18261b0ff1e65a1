"""The command `attrflow-mocks`: serve a scenario, list scenarios, read a journal, run an OpenLDAP.

A face only. Every command imports what it needs when it runs, so that help comes at once.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from attrflow_mocks.command_servers import openldap, samba

if TYPE_CHECKING:
    from attrflow_mocks.scenarios.seed import DirectorySeed

__all__ = ["app", "main"]

app = typer.Typer(
    name="attrflow-mocks",
    help="Mock directories to try things on: Active Directory over LDAP, an Entra tenant over HTTP.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def serve(context: typer.Context) -> None:
    """Serve a scenario until Ctrl-C; `serve --help` lists the options."""
    from attrflow_mocks.serve import main as serve_main  # noqa: PLC0415 - servers are not loaded for help

    raise typer.Exit(serve_main(context.args))


@app.command()
def scenarios(
    name: Annotated[str | None, typer.Argument(help="Show what is in this one, and what is wrong on purpose.")] = None,
    seed: Annotated[int, typer.Option(help="What people follow from.")] = 1,
    output: Annotated[str, typer.Option("--output", "-o", help="text or json")] = "text",
) -> None:
    """List the scenarios, or show one."""
    from attrflow_mocks.scenarios.loader import ScenarioNotFoundError, load, names, title  # noqa: PLC0415 - help comes at once

    if name is None:
        listed = [{"name": one, "title": title(one)} for one in names()]
        _show(output, {"scenarios": listed}, [f"{one['name']}  {one['title']}" for one in listed])
        return
    try:
        scenario = load(name, seed)
    except ScenarioNotFoundError as error:
        _stop(str(error))
    counts = {directory.name: _counted(directory) for directory in scenario.directories}
    lines = [scenario.title, ""]
    lines += [
        f"{one}: " + ", ".join(f"{number} {kind}" for kind, number in kinds.items()) for one, kinds in counts.items()
    ]
    lines += [f"tenant: {scenario.tenant.initial_domain}, {len(scenario.tenant.users)} cloud-only users"]
    for fault in scenario.planted:
        lines += ["", f"{fault['diagnosis']} {fault['object']} {fault['attribute']}: {fault['symptom']}"]
        lines += [f"  cause: {fault['cause']}", f"  fix:   {fault['fix']}"]
    document = {"name": name, "title": scenario.title, "objects": counts, "planted": list(scenario.planted)}
    _show(output, document, lines)


@app.command()
def journal(
    url: Annotated[str, typer.Option(help="Control URL, as `serve` prints it.", envvar="ATTRFLOW_MOCKS_CONTROL_URL")],
    token: Annotated[str, typer.Option(help="Its token.", envvar="ATTRFLOW_MOCKS_CONTROL_TOKEN")],
    target: Annotated[str | None, typer.Option(help="Only ldap, graph, ingest or token.")] = None,
    output: Annotated[str, typer.Option("--output", "-o", help="text or json")] = "text",
) -> None:
    """Show what clients sent to running mocks."""
    from attrflow_mocks.control_client import ControlClient, ControlError  # noqa: PLC0415 - help comes at once

    try:
        document = ControlClient(url, token).journal(target)
    except ControlError as error:
        _stop(str(error))
    lines = [f"{document['total']} requests, {document['kept']} kept"]
    for entry in document["requests"]:
        detail = json.dumps(entry["detail"], ensure_ascii=False)
        lines.append(f"{entry['number']:>6} {entry['target']:<6} {entry['result']:>4} {entry['operation']} {detail}")
    _show(output, document, lines)


_KINDS = {
    "ad": ("user", "group", "contact", "organizationalUnit"),
    "openldap": ("inetOrgPerson", "groupOfNames", "groupOfUniqueNames", "posixGroup", "organizationalUnit"),
}


def _counted(directory: DirectorySeed) -> dict[str, int]:
    """How many entries of each class a directory starts with."""
    classes = Counter(entry.object_class for entry in directory.entries)
    return {kind: classes[kind] for kind in _KINDS[directory.profile]}


app.command()(openldap)
app.command()(samba)


def _show(output: str, document: object, lines: list[str]) -> None:
    if output == "json":
        typer.echo(json.dumps(document, ensure_ascii=False))
    elif output == "text":
        typer.echo("\n".join(lines))
    else:
        _stop(f"--output is text or json, not {output!r}")


def _stop(text: str) -> NoReturn:
    typer.echo(f"attrflow-mocks: {text}", err=True)
    raise typer.Exit(2)


def main() -> None:
    """The entry point of the console script."""
    app()
