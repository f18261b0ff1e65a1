"""The control plane: a script's hands on the running mocks, on a port of its own, behind a token.

Routes over `World` and nothing more: no wire format of a mock is known here. Errors are JSON with one
sentence: 400 what the request got wrong, 401 no token, 404 no such thing, 409 the directory's refusal.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from attrflow_mocks.administration import RefusedError
from attrflow_mocks.control_directories import DIRECTORY_ROUTES, seed_request
from attrflow_mocks.control_values import (
    Advance,
    DeleteRequest,
    ModifyRequest,
    MoveRequest,
    SignInRequest,
    SnapshotRequest,
    TenantRequest,
    decode,
    decode_faults,
    entry_from_document,
    seed_values,
    to_json,
)
from attrflow_mocks.ldif import parse_ldif
from attrflow_mocks.world import World

__all__ = ["control_application"]

Handler = Callable[[World, Request], Awaitable[Mapping[str, object]]]


def control_application(world: World, token: str) -> Starlette:
    """The application; every route wants `Authorization: Bearer <token>`."""
    routes = [Route(path, _endpoint(world, handler), methods=[method]) for method, path, handler in ROUTES]
    return Starlette(
        routes=routes,
        middleware=[Middleware(_BearerToken, token=token)],
        exception_handlers={
            HTTPException: _http_error,
            ValueError: _bad,
            LookupError: _missing,
            RefusedError: _refused,
        },
    )


class _BearerToken:
    """Lets in who has the token."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        if hmac.compare_digest(given, self._expected):
            await self._app(scope, receive, send)
        else:
            text = "send the token of the announce line as `Authorization: Bearer TOKEN`"
            await _json({"error": text}, 401)(scope, receive, send)


def _endpoint(world: World, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return _json(await handler(world, request))

    return endpoint


def _json(document: Mapping[str, object], status: int = 200) -> Response:
    return Response(orjson.dumps(to_json(document)), status, media_type="application/json")


async def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _json({"error": f"{error.detail}; GET / lists the routes"}, error.status_code)


async def _bad(_: Request, error: Exception) -> Response:
    return _json({"error": str(error)}, 400)


async def _missing(_: Request, error: Exception) -> Response:
    return _json({"error": str(error.args[0] if error.args else error)}, 404)


async def _refused(_: Request, error: Exception) -> Response:
    return _json({"error": str(error)}, 409)


async def _index(world: World, _: Request) -> Mapping[str, object]:
    """What runs here, and the routes."""
    return {
        "scenario": world.scenario.name,
        "seed": world.seed,
        "directories": list(world.directories),
        "tenant": world.tenant is not None,
        "routes": [f"{method} {path}" for method, path, _handler in ROUTES],
        "planted": world.scenario.planted,
    }


async def _reset(world: World, _: Request) -> Mapping[str, object]:
    """Everything as it was at the start: contents, clock, faults, journal."""
    world.reset()
    return {"reset": True}


async def _take(world: World, request: Request) -> Mapping[str, object]:
    """Keeps the state of now under a name."""
    world.take_snapshot(decode(await request.body(), SnapshotRequest).name)
    return {"snapshots": list(world.snapshots)}


async def _snapshots(world: World, _: Request) -> Mapping[str, object]:
    """The names of kept states."""
    return {"snapshots": list(world.snapshots)}


async def _restore(world: World, request: Request) -> Mapping[str, object]:
    """Goes back to a kept state."""
    world.restore_snapshot(request.path_params["name"])
    return {"restored": request.path_params["name"]}


async def _dump(world: World, _: Request) -> Mapping[str, object]:
    """All directories and the tenant."""
    return world.dump()


async def _clock(world: World, _: Request) -> Mapping[str, object]:
    """The time that the mocks tell."""
    return {"now": world.clock.now().isoformat()}


async def _advance(world: World, request: Request) -> Mapping[str, object]:
    """Moves the clock on."""
    advance = decode(await request.body(), Advance)
    return {"now": world.clock.advance(advance.seconds).isoformat()}


async def _faults(world: World, _: Request) -> Mapping[str, object]:
    """The faults still to strike, and what their chances follow from."""
    return {"seed": world.faults.seed, "faults": [asdict(fault) for fault in world.faults.pending()]}


async def _add_faults(world: World, request: Request) -> Mapping[str, object]:
    """Orders one fault, a list of them, or a script with its seed."""
    seed, faults = decode_faults(await request.body())
    if seed is not None:
        world.faults.reseed(seed)
    for fault in faults:
        world.faults.add(fault)
    return await _faults(world, request)


async def _clear_faults(world: World, request: Request) -> Mapping[str, object]:
    """Takes back what has not struck."""
    world.faults.clear()
    return await _faults(world, request)


async def _journal(world: World, request: Request) -> Mapping[str, object]:
    """What clients sent, oldest first; `total` counts also what the journal no longer holds."""
    target = request.query_params.get("target")
    kept = [asdict(entry) for entry in world.journal if target is None or entry.target == target]
    return {"total": world.journal.total, "kept": len(world.journal), "requests": kept}


async def _clear_journal(world: World, _: Request) -> Mapping[str, object]:
    """Starts counting at one again."""
    world.journal.clear()
    return {"total": 0}


async def _seed(world: World, request: Request) -> Mapping[str, object]:
    """Adds entries and users. LDIF may be the whole body when `?directory=` names where it goes."""
    kind = request.headers.get("content-type", "")
    asked = seed_request(kind, request.query_params.get("directory", ""), await request.body())
    entries = [*parse_ldif(asked.ldif), *map(entry_from_document, asked.entries)]
    if entries and not asked.directory:
        raise ValueError(f"say which directory the entries are for: one of {', '.join(world.directories)}")
    added = world.add_entries(asked.directory, entries) if entries else 0
    return {"entries": added, "users": world.add_users(asked.users)}


async def _modify(world: World, request: Request) -> Mapping[str, object]:
    """Replaces attributes of one entry."""
    asked = decode(await request.body(), ModifyRequest)
    changes = {name: seed_values(values or ()) for name, values in asked.changes.items()}
    world.modify(request.path_params["name"], asked.dn, changes)
    return {"modified": asked.dn}


async def _move(world: World, request: Request) -> Mapping[str, object]:
    """Renames or moves one entry and what is below it."""
    asked = decode(await request.body(), MoveRequest)
    world.move(request.path_params["name"], asked.dn, asked.new_dn)
    return {"moved": asked.new_dn}


async def _delete(world: World, request: Request) -> Mapping[str, object]:
    """Deletes one entry as a client would: it becomes a tombstone."""
    asked = decode(await request.body(), DeleteRequest)
    world.delete(request.path_params["name"], asked.dn, tree=asked.tree)
    return {"deleted": asked.dn}


async def _acts(world: World, _: Request) -> Mapping[str, object]:
    """What can happen in this scenario."""
    return {"acts": [{"name": act.name, "story": act.story} for act in world.scenario.acts]}


async def _perform(world: World, request: Request) -> Mapping[str, object]:
    """Lets one act happen."""
    return {"happened": world.perform(request.path_params["name"])}


async def _tenant(world: World, request: Request) -> Mapping[str, object]:
    """What an administrator of the tenant does: domains, switches, licences, roles."""
    asked = decode(await request.body(), TenantRequest)
    world.administer(asked)
    return {"tenant": world.required_tenant().counts()}


async def _sign_in(world: World, request: Request) -> Mapping[str, object]:
    """A token as after the sign-in of an administrator, for what no application may do by itself."""
    asked = decode(await request.body(), SignInRequest)
    tenant = world.required_tenant()
    if world.sign_in is None:
        raise LookupError("the tenant is not served yet")
    user = tenant.user(asked.user)
    if user is None or not user.admin:
        raise LookupError(f"{asked.user!r} is no administrator of the tenant; give a userPrincipalName")
    return {"access_token": world.sign_in(asked.client, user.id)}


ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/", _index),
    ("POST", "/reset", _reset),
    ("GET", "/snapshots", _snapshots),
    ("POST", "/snapshots", _take),
    ("POST", "/snapshots/{name}/restore", _restore),
    ("GET", "/dump", _dump),
    ("GET", "/clock", _clock),
    ("POST", "/clock/advance", _advance),
    ("GET", "/faults", _faults),
    ("POST", "/faults", _add_faults),
    ("DELETE", "/faults", _clear_faults),
    ("GET", "/journal", _journal),
    ("DELETE", "/journal", _clear_journal),
    ("POST", "/seed", _seed),
    ("POST", "/directories/{name}/modify", _modify),
    ("POST", "/directories/{name}/move", _move),
    ("POST", "/directories/{name}/delete", _delete),
    *DIRECTORY_ROUTES,
    ("GET", "/acts", _acts),
    ("POST", "/acts/{name}", _perform),
    ("POST", "/tenant", _tenant),
    ("POST", "/tenant/sign-in", _sign_in),
)
