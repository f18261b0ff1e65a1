"""Graph's URL forms brought to one form, and the table that leads from there to a handler.

`/users('a')`, `/users/a` and `/users(userPrincipalName='a')` are one address, `delta`, `delta()` and
`microsoft.graph.delta()` one function. Knows no handler's business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from attrflow_mocks.entra.answers import GraphError, Request, Response
from attrflow_mocks.entra.clients import Grant
from attrflow_mocks.entra.odata import Options
from attrflow_mocks.entra.permissions import READERS
from attrflow_mocks.entra.state import TenantState

__all__ = ["Context", "Route", "Router", "segments"]

_CALL = re.compile(r"([\w.]+)\((.*)\)")
_CAST = re.compile(r"(?:microsoft\.)?graph\.(\w+)")
_QUOTED = re.compile(r"'((?:[^']|'')*)'")
_ASKED = ("MemberGroups", "MemberObjects", "/getByIds")
_ALTERNATE = re.compile(r"(\w+)='((?:[^']|'')*)'")


@dataclass(frozen=True, slots=True)
class Context:
    """What a handler works with."""

    tenant: TenantState
    request: Request
    options: Options
    base: str
    """The path that links begin with: `/v1.0`."""
    grant: Grant | None = None
    """Whose token the request carries; None where the caller is trusted."""

    @property
    def url(self) -> str:
        """The absolute URL of the service root."""
        return self.request.origin + self.base

    def may_read(self, kind: str) -> bool:
        """Whether the token shows the properties of objects of that kind."""
        return self.grant is None or bool(READERS[kind] & self.grant.roles)


Handler = Callable[..., Response]


@dataclass(frozen=True, slots=True)
class Route:
    """One operation: its handler gets the context and the text of each `{…}` in the pattern."""

    method: str
    pattern: str
    handler: Handler
    summary: str
    differs: str = ""
    """How the answer is known to differ from the real service's; empty where it is not."""

    @property
    def reads(self) -> bool:
        """Whether it changes nothing: every GET, and the questions that are asked by POST."""
        return self.method == "GET" or self.pattern.endswith(_ASKED)

    @property
    def indexed(self) -> bool:
        """Whether a read is answered from the index that may lag: everything but objects asked for by id."""
        return self.reads and not self.pattern.endswith(("{id}", "/getByIds"))


def segments(target: str) -> tuple[str, ...]:
    """The parts of a path below the service root in their one form; keys by name become `name=value`."""
    parts: list[str] = []
    for raw in target.strip("/").split("/"):
        text = unquote(raw)
        call = _CALL.fullmatch(text)
        if call is None:
            cast = _CAST.fullmatch(text)
            parts.append(cast.group(1) if cast is not None else text)
            continue
        name, inner = call.groups()
        parts.append(name.removeprefix("microsoft.graph."))
        quoted, alternate = _QUOTED.fullmatch(inner), _ALTERNATE.fullmatch(inner)
        if quoted is not None:
            parts.append(quoted.group(1).replace("''", "'"))
        elif alternate is not None:
            parts.append(f"{alternate.group(1)}={alternate.group(2)}".replace("''", "'"))
        elif inner:
            parts.append(inner)
    return tuple(parts)


class Router:
    """A table of routes that finds one by the number of its parts first."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._by_size: dict[int, list[tuple[tuple[str, ...], Route]]] = {}
        for route in routes:
            pattern = tuple(route.pattern.split("/"))
            self._by_size.setdefault(len(pattern), []).append((pattern, route))

    def find(self, method: str, parts: Sequence[str]) -> tuple[Route, list[str]]:
        """The route for a request and the values of its placeholders.

        Raises:
            GraphError: 405 where only the method is wrong, 400 where nothing is at that path.
        """
        allowed: set[str] = set()
        for pattern, route in self._by_size.get(len(parts), ()):
            values = _match(pattern, parts)
            if values is None:
                continue
            if route.method == method:
                return route, values
            allowed.add(route.method)
        if allowed:
            raise GraphError(
                405,
                "Request_BadRequest",
                "Specified HTTP method is not allowed for the request target.",
                headers={"allow": ", ".join(sorted(allowed))},
            )
        raise GraphError(400, "BadRequest", f"Resource not found for the segment '{parts[-1] if parts else ''}'.")


def _match(pattern: Sequence[str], parts: Sequence[str]) -> list[str] | None:
    values: list[str] = []
    for expected, part in zip(pattern, parts, strict=True):
        if expected.startswith("{"):
            values.append(part)
        elif expected != part:
            return None
    return values
