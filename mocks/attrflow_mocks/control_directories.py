"""The control plane's routes for directories: edits of entries, rights and other options.

Routes over `World` and nothing more. The options are those of a scenario's `options.toml`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Awaitable, Callable, Mapping

import msgspec
import orjson
from starlette.requests import Request

from attrflow_mocks.control_values import SeedRequest, decode
from attrflow_mocks.directory_options import apply_options, options_document, parse_options
from attrflow_mocks.world import World

__all__ = ["DIRECTORY_ROUTES", "seed_request"]

Handler = Callable[[World, Request], Awaitable[Mapping[str, object]]]


def seed_request(content_type: str, directory: str, body: bytes) -> SeedRequest:
    """What to add: a JSON or TOML document, or LDIF for the directory named beside it.

    Raises:
        ValueError: the body is not of the kind that it says it is.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind in ("text/plain", "text/ldif"):
        return SeedRequest(directory=directory, ldif=body.decode())
    if kind in ("application/toml", "text/toml"):
        try:
            return msgspec.convert(tomllib.loads(body.decode()), SeedRequest)
        except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
            raise ValueError(f"the body is not what this route takes: {error}") from error
    return decode(body, SeedRequest)


async def _options(world: World, request: Request) -> Mapping[str, object]:
    """A directory's rights, its Recycle Bin, and who may replicate; a database's size limit."""
    return options_document(world.any_directory(request.path_params["name"]))


async def _set_options(world: World, request: Request) -> Mapping[str, object]:
    """Sets those options that the document names; `rights` takes the place of all rules."""
    directory = world.any_directory(request.path_params["name"])
    try:
        document = orjson.loads(await request.body())
    except orjson.JSONDecodeError as error:
        raise ValueError(f"the body is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise ValueError("the body is an object with `rights`, `recycle-bin`, `replicators` or `size-limit`")
    apply_options(directory, parse_options(document))
    return await _options(world, request)


DIRECTORY_ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/directories/{name}/options", _options),
    ("POST", "/directories/{name}/options", _set_options),
)
