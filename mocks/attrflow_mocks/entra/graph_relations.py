"""References on the strict face: manager, reports, members, owners, memberships, and the questions about them.

Group members follow the table of allowed kinds; owners and a device's people are plain references.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from attrflow_mocks.entra.answers import GraphError, Response, json_body, json_response
from attrflow_mocks.entra.expand import NAVIGATIONS, Navigation, related
from attrflow_mocks.entra.graph_objects import (
    COLLECTIONS,
    count_of,
    find,
    list_kind,
    listing,
    not_found,
    read_reference,
    typed,
)
from attrflow_mocks.entra.graph_write import MASTERED, bad_request, changeable_group, check_member
from attrflow_mocks.entra.objects import DirectoryObject
from attrflow_mocks.entra.routing import Context, Route
from attrflow_mocks.entra.store import References

__all__ = ["ROUTES"]

_CASTS = {"user": "user", "group": "group", "orgContact": "contact", "device": "device"}
_IDS_LIMIT = 20
_MOST_IDS = 11_000
"""How many ids one answer without pages holds."""


# One target


def get_manager(context: Context, kind: str, key: str) -> Response:
    """Answer with the manager of a user or a contact, 404 without one."""
    found = find(context, kind, key)
    manager = next(context.tenant.store.live_targets(found.id, "manager"), None)
    if manager is None:
        raise not_found("manager")
    where = f"{context.url}/$metadata#directoryObjects/$entity"
    return json_response(200, {"@odata.context": where, **typed(context, manager)})


def get_manager_reference(context: Context, key: str) -> Response:
    found = find(context, "user", key)
    manager = next(context.tenant.store.live_targets(found.id, "manager"), None)
    if manager is None:
        raise not_found("manager")
    where = f"{context.url}/$metadata#$ref"
    return json_response(200, {"@odata.context": where, "@odata.id": _url(context, manager)})


def put_manager(context: Context, key: str) -> Response:
    user, store = _managed(context, key), context.tenant.store
    manager = read_reference(context)
    if manager.kind not in ("user", "contact"):
        raise bad_request("Invalid value specified for property 'manager' of resource 'User'.")
    old = [("manager", t) for t in store.links.targets(user.id, "manager") if t != manager.id]
    store.commit(user, References([("manager", manager.id)], old))
    return Response(204)


def delete_manager(context: Context, key: str) -> Response:
    user, store = _managed(context, key), context.tenant.store
    old = [("manager", target) for target in store.links.targets(user.id, "manager")]
    if not old:
        raise not_found("manager")
    store.commit(user, References(remove=old))
    return Response(204)


def _managed(context: Context, key: str) -> DirectoryObject:
    user = find(context, "user", key)
    if user.synced:
        raise bad_request(MASTERED)
    return user


# Many targets


def _url(context: Context, found: DirectoryObject) -> str:
    return f"{context.url}/directoryObjects/{found.id}"


def transitive(context: Context, start: DirectoryObject, navigation: Navigation) -> Iterator[DirectoryObject]:
    """Everything that a navigation leads to, over any number of steps; each object once, circles and all."""
    seen = {start.id}
    waiting = [start]
    while waiting:
        for found in related(context.tenant.store, waiting.pop(0), navigation):
            if found.id not in seen:
                seen.add(found.id)
                waiting.append(found)
                yield found


Reached = Callable[[Context, DirectoryObject], Iterable[DirectoryObject]]


def _direct(kind: str, name: str) -> Reached:
    navigation = NAVIGATIONS[kind][name]
    return lambda context, found: related(context.tenant.store, found, navigation)


def _over_steps(kind: str, name: str) -> Reached:
    navigation = NAVIGATIONS[kind][name]
    return lambda context, found: transitive(context, found, navigation)


def _reading(kind: str, path: str, reached: Reached, casts: Iterable[str], what: str) -> Iterator[Route]:
    """The routes that read one navigation property: whole, counted, and cast to one kind."""
    collection = f"{COLLECTIONS[kind]}/{{id}}/{path}"

    def whole(context: Context, key: str) -> Response:
        return listing(context, reached(context, find(context, kind, key)), "directoryObjects", None)

    def counted(context: Context, key: str) -> Response:
        return count_of(context, None, reached(context, find(context, kind, key)))

    yield Route("GET", collection, whole, f"List {what}")
    yield Route("GET", f"{collection}/$count", counted, f"Count {what}")
    for cast in casts:
        yield from _cast_routes(kind, collection, reached, cast, what)


def _cast_routes(kind: str, collection: str, reached: Reached, cast: str, what: str) -> Iterator[Route]:
    chosen = _CASTS[cast]

    def of_kind(context: Context, key: str) -> list[DirectoryObject]:
        return [o for o in reached(context, find(context, kind, key)) if o.kind == chosen]

    def listed(context: Context, key: str) -> Response:
        return list_kind(context, chosen, of_kind(context, key))

    def counted(context: Context, key: str) -> Response:
        return count_of(context, chosen, of_kind(context, key))

    yield Route("GET", f"{collection}/{cast}", listed, f"List {what} that are {COLLECTIONS[chosen]}")
    yield Route("GET", f"{collection}/{cast}/$count", counted, f"Count {what} that are {COLLECTIONS[chosen]}")


def _references(kind: str, path: str, what: str) -> Iterator[Route]:
    """The `$ref` routes of a navigation property that can be written."""
    navigation = NAVIGATIONS[kind][path]
    attribute = navigation.attribute
    collection = f"{COLLECTIONS[kind]}/{{id}}/{path}"

    def listed(context: Context, key: str) -> Response:
        targets = context.tenant.store.live_targets(find(context, kind, key).id, attribute)
        where = f"{context.url}/$metadata#Collection($ref)"
        return json_response(
            200, {"@odata.context": where, "value": [{"@odata.id": _url(context, o)} for o in targets]}
        )

    def added(context: Context, key: str) -> Response:
        owner = _owner(context, kind, key)
        target = read_reference(context)
        if attribute == "member":
            check_member(context.tenant, owner, target)
        else:
            _check_other(context, owner, attribute, target)
        context.tenant.store.commit(owner, References([(attribute, target.id)]))
        return Response(204)

    def removed(context: Context, key: str, member: str) -> Response:
        owner = _owner(context, kind, key)
        if not context.tenant.store.links.has(owner.id, attribute, member.casefold()):
            raise not_found(member)
        context.tenant.store.commit(owner, References(remove=[(attribute, member.casefold())]))
        return Response(204)

    yield Route("GET", f"{collection}/$ref", listed, f"List references to {what}")
    yield Route("POST", f"{collection}/$ref", added, f"Add one of {what}")
    yield Route("DELETE", f"{collection}/{{id}}/$ref", removed, f"Remove one of {what}")


def _owner(context: Context, kind: str, key: str) -> DirectoryObject:
    found = find(context, kind, key)
    return changeable_group(found) if kind == "group" else found


def _check_other(context: Context, owner: DirectoryObject, attribute: str, target: DirectoryObject) -> None:
    if context.tenant.store.links.has(owner.id, attribute, target.id):
        name = {"owner": "owners", "registeredOwnerReference": "registeredOwners"}.get(attribute, "registeredUsers")
        raise bad_request(
            f"One or more added object references already exist for the following modified properties: '{name}'."
        )
    if target.kind != "user":
        raise bad_request(f"A {target.kind} cannot be one of the {attribute}s of a {owner.kind}.")


# Questions about memberships


def _groups_of(context: Context, found: DirectoryObject) -> Iterator[DirectoryObject]:
    return transitive(context, found, Navigation("member", backward=True, owners=("group",)))


def _member_ids(context: Context, kind: str | None, key: str, *, wanted: bool) -> Response:
    """`getMemberGroups` and `getMemberObjects` (`wanted` False), `checkMember…` (True)."""
    found = find(context, kind, key) if kind is not None else context.tenant.store.live(key)
    if found is None:
        raise not_found(key)
    body = json_body(context.request) if context.request.body else {}
    groups = list(_groups_of(context, found))
    if wanted:
        ids = body.get("groupIds") or body.get("ids")
        if not isinstance(ids, list) or not 1 <= len(ids) <= _IDS_LIMIT:
            raise bad_request(f"'groupIds' (or 'ids') takes a list of 1 to {_IDS_LIMIT} ids.")
        asked = {str(identifier).casefold() for identifier in ids}
        chosen = [group.id for group in groups if group.id in asked]
    else:
        secure = body.get("securityEnabledOnly", False)
        if not isinstance(secure, bool):
            raise bad_request("'securityEnabledOnly' takes true or false.")
        chosen = [group.id for group in groups if not secure or group.properties.get("securityEnabled")]
    if len(chosen) > _MOST_IDS:
        message = f"The number of results exceeds the limit of {_MOST_IDS}."
        raise GraphError(400, "Directory_ResultSizeLimitExceeded", message)
    where = f"{context.url}/$metadata#Collection(Edm.String)"
    return json_response(200, {"@odata.context": where, "value": chosen})


def _membership_questions(kind: str | None, collection: str) -> Iterator[Route]:
    for name, wanted in (("get", False), ("check", True)):
        for what in ("MemberGroups", "MemberObjects"):

            def answer(context: Context, key: str, wanted: bool = wanted) -> Response:
                return _member_ids(context, kind, key, wanted=wanted)

            summary = f"Ask for the groups that an object is in ({name}{what})"
            yield Route("POST", f"{collection}/{{id}}/{name}{what}", answer, summary)


def _routes() -> Iterator[Route]:
    for kind in ("user", "contact"):
        path = f"{COLLECTIONS[kind]}/{{id}}/manager"
        yield Route("GET", path, lambda context, key, kind=kind: get_manager(context, kind, key), "Read a manager")
        yield from _reading(kind, "directReports", _direct(kind, "directReports"), ("user",), "direct reports")
    yield Route("GET", "users/{id}/manager/$ref", get_manager_reference, "Read the reference to a manager")
    yield Route("PUT", "users/{id}/manager/$ref", put_manager, "Set a user's manager")
    yield Route("DELETE", "users/{id}/manager/$ref", delete_manager, "Remove a user's manager")
    for kind in ("user", "group", "contact", "device"):
        yield from _reading(kind, "memberOf", _direct(kind, "memberOf"), ("group",), "memberships")
        reached = _over_steps(kind, "memberOf")
        yield from _reading(kind, "transitiveMemberOf", reached, ("group",), "direct and nested memberships")
    for name in ("ownedObjects", "ownedDevices", "registeredDevices"):
        casts = ("group",) if name == "ownedObjects" else ()
        yield from _reading("user", name, _direct("user", name), casts, f"a user's {name}")
    yield from _reading("group", "members", _direct("group", "members"), tuple(_CASTS), "members")
    yield from _reading("group", "transitiveMembers", _over_steps("group", "members"), tuple(_CASTS), "nested members")
    yield from _reading("group", "owners", _direct("group", "owners"), ("user",), "owners")
    yield from _references("group", "members", "a group's members")
    yield from _references("group", "owners", "a group's owners")
    for name in ("registeredOwners", "registeredUsers"):
        yield from _reading("device", name, _direct("device", name), ("user",), f"a device's {name}")
        yield from _references("device", name, f"a device's {name}")
    for kind in ("user", "group", "contact", "device"):
        yield from _membership_questions(kind, COLLECTIONS[kind])
    yield from _membership_questions(None, "directoryObjects")


ROUTES = tuple(_routes())
