"""What users, groups and contacts have in common on the strict face: finding, showing, listing, deltas.

Answers requests over the store; writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrflow_mocks.entra.answers import GraphError, Response, json_body, json_response
from attrflow_mocks.entra.changes import Summary
from attrflow_mocks.entra.delta import Cursor, StaleToken, Unit, begin, next_round, read_token, walk
from attrflow_mocks.entra.filters import parse_filter
from attrflow_mocks.entra.objects import GRAPH_TYPES, DirectoryObject
from attrflow_mocks.entra.odata import (
    MAX_PAGE,
    Options,
    collection_filter,
    link,
    matching,
    ordered,
    page_of,
    selected,
)
from attrflow_mocks.entra.presentation import present, value_of
from attrflow_mocks.entra.properties import DELTA_NAVIGATIONS
from attrflow_mocks.entra.routing import Context

__all__ = [
    "COLLECTIONS",
    "delta_of",
    "entity",
    "find",
    "list_kind",
    "listing",
    "not_found",
    "read_reference",
    "show",
    "typed",
]

COLLECTIONS: Mapping[str, str] = {"user": "users", "group": "groups", "contact": "contacts"}
_LINKS: Mapping[str, str] = {"members": "member", "manager": "manager"}
_DELTA_PAGE = 100
_IDS = 50


def not_found(name: str) -> GraphError:
    """The error for an object or a reference that is not there."""
    return GraphError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{name}' does not exist or one of its queried reference-property objects are not present.",
    )


def find(context: Context, kind: str, key: str) -> DirectoryObject:
    """A live object by id; users by userPrincipalName too, groups by `uniqueName=…`.

    Raises:
        GraphError: 404.
    """
    store = context.tenant.store
    name, separator, value = key.partition("=")
    found = store.live(key, kind)
    if found is None and kind == "user":
        found = store.holder("upn", value if name == "userPrincipalName" and separator else key)
    elif found is None and kind == "group" and name == "uniqueName":
        found = store.holder("uniqueName", value)
    if found is None:
        raise not_found(key)
    return found


def show(context: Context, found: DirectoryObject, status: int = 200) -> Response:
    """One object as an entity."""
    names = selected(context.options, found.kind)
    return json_response(status, entity(context, found, names))


def entity(context: Context, found: DirectoryObject, names: tuple[str, ...]) -> dict[str, object]:
    """One object with its context."""
    suffix = f"({','.join(names)})" if context.options.get("select") else ""
    where = f"{context.url}/$metadata#{COLLECTIONS[found.kind]}{suffix}/$entity"
    return {"@odata.context": where, **present(found, names)}


def typed(options: Options, found: DirectoryObject) -> dict[str, object]:
    """One object of a collection that holds several kinds."""
    return {
        "@odata.type": GRAPH_TYPES[found.kind],
        "id": found.id,
        **present(found, selected(options, found.kind)),
    }


def list_kind(context: Context, kind: str) -> Response:
    """A collection of one kind, filtered, ordered and paged."""
    names = selected(context.options, kind)
    suffix = f"({','.join(names)})" if context.options.get("select") else ""
    chosen = list(matching(context.tenant.store.all(kind), collection_filter(context.options, kind)))
    collection = COLLECTIONS[kind]
    return listing(context, chosen, f"{collection}{suffix}", kind, names)


def listing(
    context: Context,
    found: Iterable[DirectoryObject],
    where: str,
    kind: str | None,
    names: tuple[str, ...] = (),
) -> Response:
    """A page of objects; with `kind` None they are of several kinds and come with their type."""
    items = list(found)
    options = context.options
    by_creation = kind is not None and not options.get("orderby")
    arranged = ordered(items, options, kind) if kind is not None else items
    page = page_of(arranged, options, context.tenant.generation, by_creation)
    document: dict[str, object] = {"@odata.context": f"{context.url}/$metadata#{where}"}
    if options.counting:
        document["@odata.count"] = len(items)
    if page.skiptoken is not None:
        values = {**options.values, "skiptoken": page.skiptoken}
        document["@odata.nextLink"] = link(context.request, context.request.target, values)
    document["value"] = [present(o, names) if kind is not None else typed(options, o) for o in page.items]
    return json_response(200, document)


def read_reference(context: Context) -> DirectoryObject:
    """The object that a `$ref` body names by `@odata.id`.

    Raises:
        GraphError: 400 for another body, 404 for an object that is not there.
    """
    body = json_body(context.request)
    url = body.get("@odata.id")
    if not isinstance(url, str):
        raise GraphError(400, "Request_BadRequest", "A '@odata.id' that names the object is required.")
    return by_url(context, url)


def by_url(context: Context, url: str) -> DirectoryObject:
    """The object at a URL such as `…/directoryObjects/{id}` or `…/users/{id}`.

    Raises:
        GraphError: 404.
    """
    name = url.rstrip("/").rpartition("/")[2]
    if "('" in name:
        name = name.partition("('")[2].removesuffix("')")
    found = context.tenant.store.live(name)
    if found is None:
        raise not_found(name)
    return found


# Delta


def delta_of(context: Context, kind: str) -> Response:
    """One page of a delta query."""
    cursor = _cursor(context, kind)
    names = tuple(str(name) for name in _list(cursor.extra.get("names")))
    explicit = bool(cursor.extra.get("select"))
    ids = frozenset(str(item) for item in _list(cursor.extra.get("ids")))
    navigations = [n for n in DELTA_NAVIGATIONS[kind] if n in names or (kind == "group" and not explicit)]
    tracked = {kind: _LINKS[navigations[0]]} if navigations else {}

    def wanted(found: DirectoryObject, summary: Summary | None) -> bool:
        if ids and found.id not in ids:
            return False
        if summary is None or summary.events & {"created", "restored"}:
            return True
        linked = any(name in tracked.values() for name, _ in (*summary.added, *summary.removed))
        return linked or bool(summary.properties.intersection(names))

    if context.options.get("deltatoken") == "latest":
        units: list[Unit] = []
        following: Cursor | None = None
    else:
        units, following = walk(context.tenant, cursor, frozenset({kind}), _page_size(context), wanted, tracked)
    minimal = "return=minimal" in context.request.header("prefer").replace(" ", "").casefold()
    document: dict[str, object] = {"@odata.context": f"{context.url}/$metadata#{COLLECTIONS[kind]}"}
    path = f"{context.base}/{COLLECTIONS[kind]}/delta"
    if following is not None:
        document["@odata.nextLink"] = link(context.request, path, {"skiptoken": following.token()})
    else:
        token = next_round(context.tenant, cursor).token()
        document["@odata.deltaLink"] = link(context.request, path, {"deltatoken": token})
    document["value"] = [_delta_item(context, unit, names, minimal) for unit in units]
    return json_response(200, document)


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _cursor(context: Context, kind: str) -> Cursor:
    options, name = context.options, COLLECTIONS[kind]
    for refused in ("top", "orderby", "count"):
        if options.get(refused) is not None:
            message = f"'${refused}' is not supported by delta queries of {name}."
            raise GraphError(400, "Request_UnsupportedQuery", message)
    token = options.get("skiptoken") or options.get("deltatoken")
    if token and token != "latest":  # noqa: S105 - a word of the protocol
        try:
            return read_token(context.tenant, name, token)
        except StaleToken as stale:
            if not stale.expired:
                raise GraphError(400, "BadRequest", "Badly formed token.") from None
            fresh = link(context.request, f"{context.base}/{name}/delta", {"deltatoken": ""})
            message = "The delta token is no longer valid; start the query again."
            raise GraphError(410, "resyncRequired", message, headers={"location": fresh}) from None
    select = options.get("select")
    extra = {
        "names": list(selected(options, kind, navigations=True)),
        "select": bool(select),
        "ids": _ids(kind, options.get("filter")),
    }
    return begin(context.tenant, name, extra, latest=token == "latest")  # noqa: S105 - a word of the protocol


def _ids(kind: str, text: str | None) -> list[str]:
    if text is None:
        return []
    equals = parse_filter(kind, text).equals
    if not equals or any(name != "id" for name, _ in equals) or len(equals) > _IDS:
        message = f"Delta queries can be filtered by up to {_IDS} terms of the form id eq '…', joined by or."
        raise GraphError(400, "Request_UnsupportedQuery", message)
    return [str(value).casefold() for _, value in equals]


def _page_size(context: Context) -> int:
    for part in context.request.header("prefer").split(","):
        name, _, value = part.strip().partition("=")
        if name.casefold() == "odata.maxpagesize" and value.isdecimal():
            return max(1, min(int(value), MAX_PAGE))
    return _DELTA_PAGE


def _delta_item(context: Context, unit: Unit, names: tuple[str, ...], minimal: bool) -> dict[str, object]:
    if unit.found is None:
        return {"id": unit.id, "@removed": {"reason": "deleted" if unit.purged else "changed"}}
    found, summary = unit.found, unit.summary
    item: dict[str, object] = {"id": found.id}
    for name in names:
        if name in _LINKS:
            continue
        changed = summary is not None and name in summary.properties
        value = value_of(found, name)
        has_value = value is not None and value != []
        was_set = has_value or (not unit.whole and (changed or name in found.properties))
        if was_set and (unit.whole or changed or not minimal):
            item[name] = value
    for navigation, attribute in _LINKS.items():
        linked = [(target, removed) for name, target, removed in unit.links if name == attribute]
        if linked:
            item[f"{navigation}@delta"] = [_link_item(context, target, removed) for target, removed in linked]
    return item


def _link_item(context: Context, target: str, removed: bool) -> dict[str, object]:
    found = context.tenant.store.get(target)
    kind = GRAPH_TYPES[found.kind] if found is not None else "#microsoft.graph.directoryObject"
    item: dict[str, object] = {"@odata.type": kind, "id": target}
    if removed:
        item["@removed"] = {"reason": "deleted"}
    return item
