"""OData query options: reading them, choosing properties, ordering, paging and links.

Knows collections of directory objects, not what they are for; `$filter` is read by `filters`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from urllib.parse import parse_qsl, quote

from attrflow_mocks.entra.answers import GraphError, Request, small_number
from attrflow_mocks.entra.extensions import ExtensionProperty
from attrflow_mocks.entra.filters import Filter, parse_filter
from attrflow_mocks.entra.objects import DirectoryObject
from attrflow_mocks.entra.opaque import seal, unseal
from attrflow_mocks.entra.presentation import value_of
from attrflow_mocks.entra.properties import (
    DEFAULT_PROPERTIES,
    DELTA_NAVIGATIONS,
    ENTITY_NAMES,
    NOT_IN_DIRECTORY,
    Property,
    property_named,
)
from attrflow_mocks.entra.search import parse_search

__all__ = [
    "MAX_PAGE",
    "Options",
    "Page",
    "collection_filter",
    "known_property",
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
    "device": {"displayName"},
    "application": {"displayName"},
}
_PARAMETERS = 50


@dataclass(frozen=True, slots=True)
class Options:
    """The system query options of a request, names folded and without `$`."""

    values: Mapping[str, str]
    eventual: bool
    """Whether the request carries `ConsistencyLevel: eventual`."""
    extensions: Mapping[str, ExtensionProperty] = field(default_factory=dict)
    """The directory extensions that the tenant knows, by folded name."""

    def get(self, name: str) -> str | None:
        """One option's text."""
        return self.values.get(name)

    @property
    def advanced(self) -> bool:
        """Whether this is an advanced query: eventual consistency, with `$count=true` or `$search`."""
        return self.eventual and (self.counting or self.get("search") is not None)

    @property
    def counting(self) -> bool:
        """`$count=true`; without the header it counts as not given."""
        return self.eventual and (self.get("count") or "").casefold() == "true"

    def counted(self) -> Options:
        """The same options with `$count=true`."""
        return replace(self, values={**self.values, "count": "true"})

    @property
    def top(self) -> int:
        """The page size.

        Raises:
            GraphError: 400, outside 1 to 999.
        """
        text = self.get("top")
        if text is None:
            return _DEFAULT_PAGE
        number = small_number(text)
        if number is None or not 1 <= number <= MAX_PAGE:
            raise GraphError(
                400,
                "Request_BadRequest",
                f"Invalid page size specified: '{text[:20]}'. Must be between 1 and {MAX_PAGE} inclusive.",
            )
        return number


def read_options(request: Request, extensions: Mapping[str, ExtensionProperty] | None = None) -> Options:
    """The query options of a request; `$` may be missing, names go in any case.

    Raises:
        GraphError: 400 for one that directory objects do not have, or that does not go with the others.
    """
    values: dict[str, str] = {}
    try:
        given = parse_qsl(request.query, keep_blank_values=True, max_num_fields=_PARAMETERS)
    except ValueError:
        raise GraphError(400, "BadRequest", f"More than {_PARAMETERS} query parameters.") from None
    for raw, value in given:
        name = raw.removeprefix("$").casefold()
        if name in _SYSTEM:
            values[name] = value
        elif name == "skip":
            raise GraphError(400, "Request_BadRequest", "'$skip' is not supported by the service.")
        elif raw.startswith("$"):
            raise GraphError(400, "BadRequest", f"The query parameter '{raw}' is not supported.")
    eventual = request.header("consistencylevel").casefold() == "eventual"
    options = Options(values, eventual, extensions or {})
    if "search" in values and not eventual:
        message = (
            "Request with $search query parameter only works through MSGraph with a special request header: "
            "'ConsistencyLevel: eventual'"
        )
        raise GraphError(400, "Request_UnsupportedQuery", message)
    if "expand" in values and "search" in values:
        raise GraphError(400, "Request_UnsupportedQuery", "$expand is not supported with advanced queries.")
    return options


def known_property(options: Options, kind: str, name: str) -> Property | None:
    """The property of that name, None where neither the schema nor an extension for that kind has it."""
    known = property_named(kind, name)
    if known is None or known.type != "any":
        return known
    extension = options.extensions.get(name.casefold())
    if extension is None or not extension.fits(kind):
        return None
    return replace(known, name=extension.name)


def selected(options: Options, kind: str, navigations: bool = False, lenient: bool = False) -> tuple[str, ...]:
    """The properties to answer with: those of `$select`, or the type's default set.

    With `lenient`, for collections of several kinds, names that other kinds have are passed over.

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
        known = known_property(options, kind, name)
        if known is not None:
            chosen.append(known.name)
        elif name in DELTA_NAVIGATIONS[kind] and navigations:
            chosen.append(name)
        elif lenient and any(known_property(options, other, name) for other in ENTITY_NAMES):
            continue
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
    parsed = parse_filter(kind, text, lambda name: known_property(options, kind, name))
    if (parsed.advanced or options.get("orderby")) and not options.advanced:
        raise GraphError(
            400,
            "Request_UnsupportedQuery",
            "Unsupported Query. This filter needs the header 'ConsistencyLevel: eventual' and $count=true.",
        )
    return parsed


def matching(found: Iterable[DirectoryObject], options: Options, kind: str) -> Iterator[DirectoryObject]:
    """The objects that `$filter` and `$search` let through.

    Raises:
        GraphError: 400 for a filter or search that Graph does not support.
    """
    chosen = collection_filter(options, kind)
    text = options.get("search")
    search = parse_search(kind, text) if text is not None else None
    return (
        item
        for item in found
        if (chosen is None or chosen.matches(_getter(item))) and (search is None or search(_getter(item)))
    )


def _getter(found: DirectoryObject) -> Callable[[str], object]:
    return lambda path: _by_path(found, path)


def _by_path(found: DirectoryObject, path: str) -> object:
    first, *rest = path.split("/")
    value = value_of(found, first)
    for part in rest:
        if part == "$count":
            return len(value) if isinstance(value, (list, tuple)) else 0
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
    known = known_property(options, kind, name)
    sortable = known is not None and (options.advanced or known.name in _SORTABLE[kind])
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
