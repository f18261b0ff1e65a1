"""What objects of all kinds have in common on the strict face: finding, showing, listing, expanding.

Answers requests over the store; writes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from attrflow_mocks.entra.answers import GraphError, Response, json_body, json_response
from attrflow_mocks.entra.expand import EXPAND_LIMIT, Expansion, parse_expand, related
from attrflow_mocks.entra.objects import GRAPH_TYPES, DirectoryObject
from attrflow_mocks.entra.odata import link, matching, ordered, page_of, selected
from attrflow_mocks.entra.presentation import present
from attrflow_mocks.entra.properties import ENTITY_NAMES, property_named
from attrflow_mocks.entra.routing import Context

__all__ = [
    "COLLECTIONS",
    "by_url",
    "count_of",
    "entity",
    "find",
    "list_kind",
    "listing",
    "not_found",
    "read_reference",
    "show",
    "typed",
]

COLLECTIONS: Mapping[str, str] = {
    "user": "users",
    "group": "groups",
    "contact": "contacts",
    "device": "devices",
    "application": "applications",
}
_KEYS: Mapping[str, Mapping[str, str]] = {
    "user": {"userPrincipalName": "upn"},
    "group": {"uniqueName": "uniqueName"},
    "contact": {},
    "device": {"deviceId": "deviceId"},
    "application": {"appId": "appId", "uniqueName": "uniqueName"},
}
"""Alternate keys by kind: the property in the URL, and the store's name of it."""
_GUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_SHOWN = 100
"""How much of a key an error repeats."""


def not_found(name: str) -> GraphError:
    """The error for an object or a reference that is not there."""
    return GraphError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{name}' does not exist or one of its queried reference-property objects are not present.",
    )


def find(context: Context, kind: str, key: str) -> DirectoryObject:
    """A live object by id or alternate key (`uniqueName=…`); users by their bare userPrincipalName too.

    Raises:
        GraphError: 404, or 400 for a key that can be none of that kind.
    """
    store = context.tenant.store
    name, separator, value = key.partition("=")
    found = store.live(key, kind)
    if found is None and separator and name in _KEYS[kind]:
        found = store.holder(_KEYS[kind][name], value)
    elif found is None and kind == "user":
        found = store.holder("upn", key)
    if found is None or found.kind != kind:
        if not separator and kind != "user" and _GUID.fullmatch(key) is None:
            raise GraphError(400, "Request_BadRequest", f"Invalid object identifier '{key[:_SHOWN]}'.")
        raise not_found(key)
    return found


def show(context: Context, found: DirectoryObject, status: int = 200) -> Response:
    """One object as an entity."""
    names = selected(context.options, found.kind)
    return json_response(status, entity(context, found, names))


def _selection(context: Context, names: Iterable[str]) -> str:
    parts = list(names) if context.options.get("select") else []
    text = context.options.get("expand")
    parts += [f"{text.partition('(')[0]}()"] if text else []
    return f"({','.join(parts)})" if parts else ""


def entity(context: Context, found: DirectoryObject, names: tuple[str, ...]) -> dict[str, object]:
    """One object with its context, and what the request expands."""
    where = f"{context.url}/$metadata#{COLLECTIONS[found.kind]}{_selection(context, names)}/$entity"
    expansion = _expansion(context, found.kind)
    return {"@odata.context": where, **present(found, names), **_expanded(context, found, expansion)}


def _expansion(context: Context, kind: str) -> Expansion | None:
    text = context.options.get("expand")
    if text is None:
        return None
    if context.options.advanced and "$levels" not in text:
        raise GraphError(400, "Request_UnsupportedQuery", "$expand is not supported with advanced queries.")
    return parse_expand(kind, text, context.options.eventual)


def _expanded(
    context: Context, found: DirectoryObject, expansion: Expansion | None, depth: int = 1
) -> dict[str, object]:
    """The expanded navigation property; a single one without a target is left out, as in Graph."""
    if expansion is None or depth > expansion.levels:
        return {}
    targets = islice(related(context.tenant.store, found, expansion.navigation), EXPAND_LIMIT)
    items = [
        {**_typed(context, target, expansion.select), **_expanded(context, target, expansion, depth + 1)}
        if expansion.navigation.single
        else _typed(context, target, expansion.select)
        for target in targets
    ]
    if expansion.navigation.single:
        return {expansion.name: items[0]} if items else {}
    return {expansion.name: items}


def _typed(context: Context, found: DirectoryObject, names: Iterable[str]) -> dict[str, object]:
    if not names:
        return typed(context, found)
    known = [item.name for item in (property_named(found.kind, name) for name in names) if item is not None]
    return {"@odata.type": GRAPH_TYPES[found.kind], "id": found.id, **_shown(context, found, known)}


def _shown(context: Context, found: DirectoryObject, names: Iterable[str]) -> dict[str, object]:
    """Properties, or nulls where the token may not read objects of that kind."""
    shown = present(found, names)
    if context.may_read(found.kind):
        return shown
    return {name: found.id if name == "id" else [] if isinstance(value, list) else None
            for name, value in shown.items()}  # fmt: skip


def typed(context: Context, found: DirectoryObject) -> dict[str, object]:
    """One object of a collection that holds several kinds."""
    names = selected(context.options, found.kind, lenient=True)
    return {"@odata.type": GRAPH_TYPES[found.kind], "id": found.id, **_shown(context, found, names)}


def list_kind(context: Context, kind: str, found: Iterable[DirectoryObject] | None = None) -> Response:
    """A collection of one kind (by default all of it), filtered, searched, ordered and paged."""
    names = selected(context.options, kind)
    all_of_it = found is None
    objects = context.tenant.store.all(kind) if found is None else found
    chosen = list(matching(objects, context.options, kind))
    where = f"{COLLECTIONS[kind]}{_selection(context, names)}"
    return listing(context, chosen, where, kind, names, by_creation=all_of_it)


def count_of(context: Context, kind: str | None, found: Iterable[DirectoryObject] | None = None) -> Response:
    """The number of objects as plain text, for callers that asked for eventual consistency.

    Raises:
        GraphError: 400 without `ConsistencyLevel: eventual`.
    """
    if not context.options.eventual:
        raise GraphError(400, "Request_BadRequest", "$count is not currently supported.")
    objects = context.tenant.store.all(kind) if found is None else found
    # A `$count` segment is an advanced query by itself: the option is not needed beside it.
    options = context.options.counted()
    chosen = matching(objects, options, kind) if kind is not None else mixed(context, objects)
    return Response(200, str(sum(1 for _ in chosen)).encode(), {"content-type": "text/plain"})


def mixed(context: Context, found: Iterable[DirectoryObject]) -> Iterator[DirectoryObject]:
    """What `$filter` and `$search` leave of objects of several kinds; a kind without the property drops out.

    Raises:
        GraphError: 400 where no kind has the property, or the query is not an advanced one.
    """
    options = context.options
    if options.get("filter") is None and options.get("search") is None:
        yield from found
        return
    if not options.advanced and not options.counted().advanced:
        raise GraphError(
            400,
            "Request_UnsupportedQuery",
            "Unsupported Query. This needs the header 'ConsistencyLevel: eventual' and $count=true.",
        )
    items, errors = list(found), []
    fitting: set[str] = set()
    for kind in ENTITY_NAMES:
        try:
            chosen = matching([o for o in items if o.kind == kind], options, kind)
            fitting.update(o.id for o in chosen)
        except GraphError as error:
            errors.append(error)
    if len(errors) == len(ENTITY_NAMES):
        raise errors[0]
    yield from (o for o in items if o.id in fitting)


def listing(
    context: Context,
    found: Iterable[DirectoryObject],
    where: str,
    kind: str | None,
    names: tuple[str, ...] = (),
    *,
    by_creation: bool = False,
) -> Response:
    """A page of objects; with `kind` None they are of several kinds and come with their type.

    `by_creation` says that they come in the order of creation, so that pages survive deletions.
    """
    options = context.options
    items = list(found) if kind is not None else list(mixed(context, found))
    arranged = ordered(items, options, kind) if kind is not None else items
    page = page_of(arranged, options, context.tenant.generation, by_creation and not options.get("orderby"))
    document: dict[str, object] = {"@odata.context": f"{context.url}/$metadata#{where}"}
    if options.counting:
        document["@odata.count"] = len(items)
    if page.skiptoken is not None:
        values = {**options.values, "skiptoken": page.skiptoken}
        document["@odata.nextLink"] = link(context.request, context.request.target, values)
    if kind is None:
        document["value"] = [typed(context, o) for o in page.items]
    else:
        expansion = _expansion(context, kind)
        document["value"] = [{**present(o, names), **_expanded(context, o, expansion)} for o in page.items]
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
    tenant = context.tenant
    found = tenant.store.live(name)
    if found is None or (tenant.lag > 0 and (tenant.now() - found.created).total_seconds() < tenant.lag):
        # With a lag, an object just created cannot be referred to yet.
        raise not_found(name)
    return found
