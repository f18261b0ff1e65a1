"""The commands that run real servers, `openldap` and `samba`: in the foreground, or `up`, `down`, `logs`.

A face only; everything is imported when a command runs.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

__all__ = ["openldap", "samba"]

_ACTIONS = ("run", "up", "down", "logs")
Action = Annotated[str, typer.Argument(help="run (until Ctrl-C), up (in the background), down, or logs")]
State = Annotated[Path | None, typer.Option("--state", hidden=True)]


def openldap(
    action: Action = "run",
    users: Annotated[int, typer.Option(help="How many people it holds.")] = 20,
    groups: Annotated[int, typer.Option(help="How many groups.")] = 4,
    seed: Annotated[int, typer.Option(help="What they follow from.")] = 1,
    ldif: Annotated[Path | None, typer.Option(help="Holds this file instead, its suffix first.")] = None,
    suffix: Annotated[str, typer.Option(help="The root of the database.")] = "dc=example,dc=test",
    scenario: Annotated[str, typer.Option(help="Holds the OpenLDAP directory of this scenario instead.")] = "",
    tls: Annotated[bool, typer.Option("--tls", help="Offer StartTLS and ldaps as well.")] = False,
    announce: Annotated[
        bool, typer.Option("--announce", help="Print one JSON line; end at the end of standard input.")
    ] = False,
    state: State = None,
) -> None:
    """Run a private slapd with made-up people, with a scenario's directory, or with a file of yours."""
    if scenario and ldif:
        _stop("--scenario and --ldif both say what it holds: give one of them")
    options = ["--users", str(users), "--groups", str(groups), "--seed", str(seed), "--suffix", suffix]
    options += [*(["--ldif", str(ldif.resolve())] if ldif else []), *(["--tls"] if tls else [])]
    options += ["--scenario", scenario] if scenario else []
    if _standing("openldap", action, options):
        return
    from attrflow_mocks.openldap import SlapdError, SlapdMissingError, example_ldif, running_slapd  # noqa: PLC0415 - help comes at once
    from attrflow_mocks.openldap_seed import openldap_seed, seed_ldif  # noqa: PLC0415 - the same

    # Ended by a signal, slapd is ended too: the interrupt unwinds the block below.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        password = "admin"  # noqa: S105 - public, as all passwords of the mocks
        if scenario:
            chosen = openldap_seed(scenario, seed=seed)
            suffix, content = chosen.naming_context, seed_ldif(chosen)
            password = chosen.accounts.get(f"cn=admin,{suffix}", password)
        else:
            content = ldif.read_text("utf-8") if ldif else example_ldif(users, groups, suffix=suffix, seed=seed)
        with running_slapd(content, suffix, password=password, tls=tls) as slapd:
            document = {"schema": "attrflow-mocks.openldap/1", **asdict(slapd)}
            lines = [f"{slapd.url}  {slapd.suffix}"]
            lines += [f"{slapd.ldaps_url}  CA {slapd.ca_file}"] if slapd.ldaps_url else []
            lines.append(f"sign in as {slapd.admin_dn}, password {slapd.password}; Ctrl-C ends it.")
            _hold(document, lines, announce=announce, state=state)
    except KeyboardInterrupt:
        return
    except (SlapdMissingError, SlapdError, LookupError, ValueError, OSError) as error:
        _stop(str(error))


def samba(
    action: Action = "run",
    scenario: Annotated[str, typer.Option(help="Whose directory it holds; an empty text for none.")] = "contoso-small",
    directory: Annotated[str, typer.Option(help="Which of them; the first without.")] = "",
    seed: Annotated[int, typer.Option(help="What the people follow from.")] = 1,
    announce: Annotated[
        bool, typer.Option("--announce", help="Print one JSON line; end at the end of standard input.")
    ] = False,
    state: State = None,
) -> None:
    """Run a private Samba domain controller with the directory of a scenario. Needs root."""
    options = ["--scenario", scenario, "--directory", directory, "--seed", str(seed)]
    if _standing("samba", action, options):
        return
    from attrflow_mocks.samba import SambaError, SambaMissingError, running_samba  # noqa: PLC0415 - help comes at once
    from attrflow_mocks.scenarios.loader import load  # noqa: PLC0415 - the same

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        chosen = None
        if scenario:
            named = {one.name: one for one in load(scenario, seed).directories if one.profile == "ad"}
            chosen = named.get(directory) if directory else next(iter(named.values()), None)
            if chosen is None:
                what = f"Active Directory of {scenario}" + (f" is named {directory!r}" if directory else "")
                _stop(f"no {what}; there are: {', '.join(named) or 'none'}")
        with running_samba(chosen) as running:
            document = {"schema": "attrflow-mocks.samba/1", **asdict(running), "url": running.url}
            lines = [f"{running.url}  {running.naming_context}", f"unix socket {running.ldapi}"]
            if running.left_out:
                lines.append(f"left out, as Samba's schema lacks them: {', '.join(running.left_out)}")
            lines.append(f"sign in as {running.account}, password {running.password}; Ctrl-C ends it.")
            _hold(document, lines, announce=announce, state=state)
    except KeyboardInterrupt:
        return
    except (SambaMissingError, SambaError, LookupError, ValueError, OSError) as error:
        _stop(str(error))


def _standing(kind: str, action: str, options: list[str]) -> bool:
    """Carry out what concerns a server in the background; false when one is to run here."""
    from attrflow_mocks.standing import StandingError, down, logs, up  # noqa: PLC0415 - help comes at once

    if action not in _ACTIONS:
        _stop(f"{kind} takes {', '.join(_ACTIONS)}, not {action!r}")
    try:
        if action == "up":
            typer.echo(json.dumps(up(kind, options)))
        elif action == "down":
            typer.echo(f"{kind} is down." if down(kind) else f"{kind} was not up.")
        elif action == "logs":
            typer.echo(logs(kind), nl=False)
    except StandingError as error:
        _stop(str(error))
    return action != "run"


def _hold(document: dict[str, Any], lines: list[str], *, announce: bool, state: Path | None) -> None:
    """Say where the server is, in the way that was asked for, and stay until the end."""
    if state is not None:
        from attrflow_mocks.standing import announce as say  # noqa: PLC0415 - only in the background

        say(state, document)
    if announce:
        typer.echo(json.dumps(document, default=str))
        while os.read(0, 65_536):
            pass
        return
    typer.echo("\n".join(lines))
    threading.Event().wait()


def _stop(text: str) -> NoReturn:
    typer.echo(f"attrflow-mocks: {text}", err=True)
    raise typer.Exit(2)
