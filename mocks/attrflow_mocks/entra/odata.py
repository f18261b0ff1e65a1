"""OData query options: reading them, choosing properties, ordering, paging and links.

Knows collections of directory objects, not what they are for; `$filter` is read by `filters`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from urllib.parse import parse_qsl, quote

from attrflow_mocks.entra.answers import GraphError, Request
from attrflow_mocks.entra.filters import Filter, parse_filter
from attrflow_mocks.entra.objects import DirectoryObject
from attrflow_mocks.entra.opaque import seal, unseal
from attrflow_mocks.entra.presentation import value_of
from attrflow_mocks.entra.properties import (
    DEFAULT_PROPERTIES,
    DELTA_NAVIGATIONS,
    ENTITY_NAMES,
    NOT_IN_DIRECTORY,
    property_named,
)

__all__ = [
    "MAX_PAGE",
    "Options",
    "Page",
    "collection_filter",
    "link",
    "matching",
    "ordered",
    "page_of",
    "read_options",
    "selected",
]

MAX_PAGE = 999
_DEFAULT_PAGE = 100
_QUERY_SAFE = "(),'/:"
_SYSTEM = frozenset(
    {"select", "filter", "top", "skiptoken", "deltatoken", "orderby", "count", "search", "expand", "format"}
)
_SORTABLE = {
    "user": {"displayName", "userPrincipalName"},
    "group": {"displayName"},
    "contact": {"displayName"},
}


@dataclass(frozen=True, slots=True)
class Options:
    """The system query options of a request, names folded and without `$`."""

    values: Mapping[str, str]
    eventual: bool
    """Whether the request carries `ConsistencyLevel: eventual`."""

    def get(self, name: str) -> str | None:
        """One option's text."""
        return self.values.get(name)

    @property
    def counting(self) -> bool:
        """`$count=true`; without the header it counts as not given."""
        return self.eventual and (self.get("count") or "").casefold() == "true"

    @property
    def top(self) -> int:
        """The page size.

        Raises:
            GraphError: 400, outside 1 to 999.
        """
        text = self.get("top")
        if text is None:
            return _DEFAULT_PAGE
        if not text.isdecimal() or not 1 <= int(text) <= MAX_PAGE:
            raise GraphError(
                400,
                "Request_BadRequest",
                f"Invalid page size specified: '{text}'. Must be between 1 and {MAX_PAGE} inclusive.",
            )
        return int(text)


def read_options(request: Request) -> Options:
    """The query options of a request; `$` may be missing, names go in any case.

    Raises:
        GraphError: 400 for one that directory objects do not have.
    """
    values: dict[str, str] = {}
    for raw, value in parse_qsl(request.query, keep_blank_values=True):
        name = raw.removeprefix("$").casefold()
        if name in _SYSTEM:
            values[name] = value
        elif name == "skip":
            raise GraphError(400, "Request_BadRequest", "'$skip' is not supported by the service.")
        elif raw.startswith("$"):
            raise GraphError(400, "BadRequest", f"The query parameter '{raw}' is not supported.")
    eventual = request.header("consistencylevel").casefold() == "eventual"
    options = Options(values, eventual)
    if "search" in values:
        message = (
            "Request with $search query parameter only works through MSGraph with a special request header: "
            "'ConsistencyLevel: eventual'"
        )
        if not eventual:
            raise GraphError(400, "Request_UnsupportedQuery", message)
        raise GraphError(501, "NotImplemented", "This mock does not carry out $search; use $filter.")
    if "expand" in values:
        raise GraphError(501, "NotImplemented", "This mock does not carry out $expand; ask for the reference.")
    return options


def selected(options: Options, kind: str, navigations: bool = False) -> tuple[str, ...]:
    """The properties to answer with: those of `$select`, or the type's default set.

    Raises:
        GraphError: 400 for an unknown name, 501 for one that is not kept in the directory.
    """
    text = options.get("select")
    if not text:
        return DEFAULT_PROPERTIES[kind]
    chosen: list[str] = []
    for item in text.split(","):
        name = item.strip()
        if name == "*":
            return DEFAULT_PROPERTIES[kind]
        known = property_named(kind, name)
        if known is not None:
            chosen.append(known.name)
        elif name in DELTA_NAVIGATIONS[kind] and navigations:
            chosen.append(name)
        elif kind == "user" and name in NOT_IN_DIRECTORY:
            raise GraphError(501, "NotImplemented", "This operation target is not yet supported.")
        else:
            raise GraphError(
                400,
                "BadRequest",
                f"Parsing OData Select and Expand failed: Could not find a property named '{name}' on type "
                f"'microsoft.graph.{ENTITY_NAMES[kind]}'.",
            )
    return tuple(dict.fromkeys(chosen))


def collection_filter(options: Options, kind: str) -> Filter | None:
    """The parsed `$filter`, checked against what a plain (not advanced) query may ask.

    Raises:
        GraphError: 400.
    """
    text = options.get("filter")
    if text is None:
        return None
    parsed = parse_filter(kind, text)
    if (parsed.advanced or options.get("orderby")) and not options.counting:
        raise GraphError(
            400,
            "Request_UnsupportedQuery",
            "Unsupported Query. This filter needs the header 'ConsistencyLevel: eventual' and $count=true.",
        )
    return parsed


def matching(found: Iterable[DirectoryObject], chosen: Filter | None) -> Iterator[DirectoryObject]:
    """The objects that a filter lets through."""
    if chosen is None:
        return iter(found)
    return (item for item in found if chosen.matches(lambda path, item=item: _by_path(item, path)))  # type: ignore[misc]  # mypy does not infer a lambda with a bound default


def _by_path(found: DirectoryObject, path: str) -> object:
    first, *rest = path.split("/")
    value = value_of(found, first)
    for part in rest:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def ordered(found: Iterable[DirectoryObject], options: Options, kind: str) -> Iterable[DirectoryObject]:
    """The objects in the order of `$orderby`; as they come without one.

    Raises:
        GraphError: 400 for a property that cannot be sorted by.
    """
    text = options.get("orderby")
    if not text:
        return found
    name, _, direction = text.strip().partition(" ")
    known = property_named(kind, name)
    sortable = known is not None and (options.counting or known.name in _SORTABLE[kind])
    if known is None or not sortable or direction.strip().casefold() not in ("", "asc", "desc"):
        raise GraphError(400, "Request_UnsupportedQuery", "Sorting not supported for current query.")
    chosen = known.name
    reverse = direction.strip().casefold() == "desc"
    return sorted(found, key=lambda item: str(value_of(item, chosen) or "").casefold(), reverse=reverse)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a collection."""

    items: Sequence[DirectoryObject]
    skiptoken: str | None
    """For the next page; None on the last one."""


def page_of(found: Iterable[DirectoryObject], options: Options, generation: int, created_order: bool = False) -> Page:
    """The page that `$skiptoken` asks for, in pages of `$top`.

    With `created_order` (the objects come in the order of creation) a page continues behind the last
    object of the one before, so that deletions in between hide nothing; otherwise by position.

    Raises:
        GraphError: 400 for a token that is not ours or of a tenant since reset.
    """
    name = "n" if created_order else "o"
    start = 0
    token = options.get("skiptoken")
    if token is not None:
        state = unseal(token) or {}
        offset = state.get(name)
        if not isinstance(offset, int) or state.get("g") != generation:
            raise GraphError(
                400,
                "Directory_ExpiredPageToken",
                "The specified page token value has expired and can no longer be included in your request.",
            )
        start = offset
    size = options.top
    if created_order:
        found = (item for item in found if item.ordinal >= start)
    first = 0 if created_order else start
    items = list(islice(found, first, first + size + 1))
    if len(items) <= size:
        return Page(items, None)
    following = items[size].ordinal if created_order else start + size
    return Page(items[:size], seal({name: following, "g": generation}))


def link(request: Request, path: str, options: Mapping[str, str]) -> str:
    """An absolute URL at the host that the client used."""
    query = "&".join(f"${name}={quote(value, safe=_QUERY_SAFE)}" for name, value in options.items())
    return f"{request.origin}{path}?{query}"
