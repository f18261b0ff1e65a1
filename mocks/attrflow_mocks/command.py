"""The command `attrflow-mocks`: serve a scenario, list scenarios, read a journal, run an OpenLDAP.

A face only. Every command imports what it needs when it runs, so that help comes at once.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, NoReturn

import typer

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
    from attrflow_mocks.scenarios.loader import ScenarioNotFoundError, load, names, title  # noqa: PLC0415

    if name is None:
        listed = [{"name": one, "title": title(one)} for one in names()]
        _show(output, {"scenarios": listed}, [f"{one['name']}  {one['title']}" for one in listed])
        return
    try:
        scenario = load(name, seed)
    except ScenarioNotFoundError as error:
        _stop(str(error))
    counts = {
        directory.name: {
            kind: sum(entry.object_class == kind for entry in directory.entries)
            for kind in ("user", "group", "contact", "organizationalUnit")
        }
        for directory in scenario.directories
    }
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
    from attrflow_mocks.control_client import ControlClient, ControlError  # noqa: PLC0415

    try:
        document = ControlClient(url, token).journal(target)
    except ControlError as error:
        _stop(str(error))
    lines = [f"{document['total']} requests, {document['kept']} kept"]
    for entry in document["requests"]:
        detail = json.dumps(entry["detail"], ensure_ascii=False)
        lines.append(f"{entry['number']:>6} {entry['target']:<6} {entry['result']:>4} {entry['operation']} {detail}")
    _show(output, document, lines)


@app.command()
def openldap(
    users: Annotated[int, typer.Option(help="How many people it holds.")] = 20,
    groups: Annotated[int, typer.Option(help="How many groups.")] = 4,
    seed: Annotated[int, typer.Option(help="What they follow from.")] = 1,
    ldif: Annotated[Path | None, typer.Option(help="Holds this file instead, its suffix first.")] = None,
    suffix: Annotated[str, typer.Option(help="The root of the database.")] = "dc=example,dc=test",
    tls: Annotated[bool, typer.Option("--tls", help="Offer StartTLS and ldaps as well.")] = False,
    announce: Annotated[
        bool, typer.Option("--announce", help="Print one JSON line; end at the end of standard input.")
    ] = False,
) -> None:
    """Run a private slapd with made-up people, or with a file of yours, until Ctrl-C."""
    from attrflow_mocks.openldap import SlapdError, SlapdMissingError, example_ldif, running_slapd  # noqa: PLC0415

    # Ended by a signal, slapd is ended too: the interrupt unwinds the block below.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        content = ldif.read_text("utf-8") if ldif else example_ldif(users, groups, suffix=suffix, seed=seed)
        with running_slapd(content, suffix, tls=tls) as slapd:
            if announce:
                typer.echo(json.dumps({"schema": "attrflow-mocks.openldap/1", **asdict(slapd)}, default=str))
                while os.read(0, 65_536):
                    pass
                return
            typer.echo(f"{slapd.url}  {slapd.suffix}")
            if slapd.ldaps_url:
                typer.echo(f"{slapd.ldaps_url}  CA {slapd.ca_file}")
            typer.echo(f"sign in as {slapd.admin_dn}, password {slapd.password}; Ctrl-C ends it.")
            threading.Event().wait()
    except KeyboardInterrupt:
        return
    except (SlapdMissingError, SlapdError, ValueError, OSError) as error:
        _stop(str(error))


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
