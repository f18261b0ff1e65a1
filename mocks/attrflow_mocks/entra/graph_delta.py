"""Delta queries of the strict face: one page of what changed, in Graph's shape.

The walk over changes is `delta`'s; here are the options, the tokens' errors, and how an entry looks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from attrflow_mocks.entra.answers import GraphError, Response, json_response, small_number
from attrflow_mocks.entra.changes import Summary
from attrflow_mocks.entra.delta import Cursor, StaleToken, Unit, begin, next_round, read_token, walk
from attrflow_mocks.entra.filters import parse_filter
from attrflow_mocks.entra.graph_objects import COLLECTIONS
from attrflow_mocks.entra.objects import GRAPH_TYPES, DirectoryObject
from attrflow_mocks.entra.odata import MAX_PAGE, Options, link, selected
from attrflow_mocks.entra.presentation import value_of
from attrflow_mocks.entra.properties import DEFAULT_PROPERTIES, DELTA_NAVIGATIONS, property_named
from attrflow_mocks.entra.routing import Context

__all__ = ["delta_of", "delta_of_all"]

_LINKS: Mapping[str, str] = {"members": "member", "manager": "manager"}
_DELTA_PAGE = 100
_IDS = 50
_MIXED = "directoryObjects"
_MIXED_KINDS = ("user", "group", "contact", "device", "application")
_ISOF = re.compile(r"isof\('(?:microsoft\.)?graph\.(\w+)'\)", re.IGNORECASE)


def delta_of(context: Context, kind: str) -> Response:
    """One page of a delta query over one kind."""
    cursor = _cursor(context, COLLECTIONS[kind], kind)
    return _page(context, cursor, COLLECTIONS[kind], frozenset({kind}))


def delta_of_all(context: Context) -> Response:
    """One page of a delta query over `directoryObjects`, of the kinds that an `isof` filter names."""
    cursor = _cursor(context, _MIXED, None)
    kinds = frozenset(str(kind) for kind in _list(cursor.extra.get("kinds")))
    return _page(context, cursor, _MIXED, kinds)


def _page(context: Context, cursor: Cursor, name: str, kinds: frozenset[str]) -> Response:
    explicit = bool(cursor.extra.get("select"))
    chosen = tuple(str(item) for item in _list(cursor.extra.get("names")))
    ids = frozenset(str(item) for item in _list(cursor.extra.get("ids")))
    names = {kind: _names(kind, chosen, explicit, mixed=name == _MIXED) for kind in kinds}
    tracked: dict[str, str] = {}
    for kind in kinds:
        wanted_links = DELTA_NAVIGATIONS[kind] if kind == "group" and not explicit else ()
        navigations = [n for n in DELTA_NAVIGATIONS[kind] if n in chosen] or wanted_links
        if navigations:
            tracked[kind] = _LINKS[navigations[0]]

    def wanted(found: DirectoryObject, summary: Summary | None) -> bool:
        if ids and found.id not in ids:
            return False
        if summary is None or summary.events & {"created", "restored"}:
            return True
        linked = any(link in tracked.values() for link, _ in (*summary.added, *summary.removed))
        return linked or bool(summary.properties.intersection(names[found.kind]))

    if context.options.get("deltatoken") == "latest":
        units: list[Unit] = []
        following: Cursor | None = None
    else:
        units, following = walk(context.tenant, cursor, kinds, _page_size(context), wanted, tracked)
    minimal = "return=minimal" in context.request.header("prefer").replace(" ", "").casefold()
    document: dict[str, object] = {"@odata.context": f"{context.url}/$metadata#{name}"}
    path = f"{context.base}/{name}/delta"
    if following is not None:
        document["@odata.nextLink"] = link(context.request, path, {"skiptoken": following.token()})
    else:
        token = next_round(context.tenant, cursor).token()
        document["@odata.deltaLink"] = link(context.request, path, {"deltatoken": token})
    document["value"] = [_delta_item(context, unit, names[unit.kind], minimal, typed=name == _MIXED) for unit in units]
    return json_response(200, document)


def _names(kind: str, chosen: tuple[str, ...], explicit: bool, *, mixed: bool) -> tuple[str, ...]:
    """The properties that a delta gives of one kind."""
    if not mixed:
        return chosen
    if not explicit:
        return DEFAULT_PROPERTIES[kind]
    known = (property_named(kind, name) for name in chosen)
    return tuple(item.name for item in known if item is not None)


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _cursor(context: Context, name: str, kind: str | None) -> Cursor:
    options = context.options
    for refused in ("top", "orderby", "count", "search"):
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
            code = "syncStateNotFound" if stale.aged else "resyncRequired"
            message = f"The delta token {'is expired' if stale.aged else 'is no longer valid'}; start the query again."
            raise GraphError(410, code, message, headers={"location": fresh}) from None
    extra = _one_kind(options, kind) if kind is not None else _all_kinds(options)
    return begin(context.tenant, name, extra, latest=token == "latest")  # noqa: S105 - a word of the protocol


def _one_kind(options: Options, kind: str) -> dict[str, object]:
    # The older `$expand=members` means what `$select=members` does today.
    expanded = [part for part in (options.get("expand") or "").split(",") if part]
    unknown = [part for part in expanded if part not in DELTA_NAVIGATIONS[kind]]
    if unknown:
        message = f"'$expand={unknown[0]}' is not supported by delta queries of {COLLECTIONS[kind]}."
        raise GraphError(400, "Request_UnsupportedQuery", message)
    names = [*selected(options, kind, navigations=True), *expanded]
    select = bool(options.get("select"))
    return {"names": names, "select": select, "ids": _ids(kind, options.get("filter"))}


def _all_kinds(options: Options) -> dict[str, object]:
    for refused in ("expand",):
        if options.get(refused) is not None:
            raise GraphError(400, "Request_UnsupportedQuery", f"'${refused}' is not supported here.")
    kinds = list(_MIXED_KINDS)
    text = options.get("filter")
    if text is not None:
        backward = {GRAPH_TYPES[kind].rpartition(".")[2].casefold(): kind for kind in _MIXED_KINDS}
        kinds = [backward.get(name.casefold(), "") for name in _ISOF.findall(text)]
        rest = re.sub(r"\s+|\bor\b", "", _ISOF.sub("", text), flags=re.IGNORECASE)
        if rest or not kinds or "" in kinds:
            message = "Delta queries of directoryObjects are filtered by isof('microsoft.graph.…') joined by or."
            raise GraphError(400, "Request_UnsupportedQuery", message)
    select = options.get("select")
    names = [part.strip() for part in select.split(",")] if select else []
    return {"names": names, "select": bool(select), "ids": [], "kinds": kinds}


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
        number = small_number(value)
        if name.casefold() == "odata.maxpagesize" and number is not None:
            return max(1, min(number, MAX_PAGE))
    return _DELTA_PAGE


def _delta_item(
    context: Context, unit: Unit, names: tuple[str, ...], minimal: bool, *, typed: bool
) -> dict[str, object]:
    kind: dict[str, object] = {"@odata.type": GRAPH_TYPES[unit.kind]} if typed else {}
    if unit.found is None:
        return {**kind, "id": unit.id, "@removed": {"reason": "deleted" if unit.purged else "changed"}}
    found, summary = unit.found, unit.summary
    item: dict[str, object] = {**kind, "id": found.id}
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
