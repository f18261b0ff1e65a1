"""Groups on the strict face: read, create, patch, delete. Members and owners are `graph_relations`'.

Mail-enabled groups of the classic kinds and synchronized groups are read-only here, as in Graph.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from attrflow_mocks.entra.addresses import SMTP
from attrflow_mocks.entra.answers import Response, json_body
from attrflow_mocks.entra.bin import to_bin
from attrflow_mocks.entra.graph_delta import delta_of
from attrflow_mocks.entra.graph_objects import by_url, count_of, find, list_kind, show
from attrflow_mocks.entra.graph_write import (
    bad_request,
    changeable_group,
    check_member,
    check_room,
    conflict,
    is_unified,
    required,
    writable,
)
from attrflow_mocks.entra.objects import DirectoryObject
from attrflow_mocks.entra.routing import Context, Route
from attrflow_mocks.entra.settle import conflict_of
from attrflow_mocks.entra.store import References

__all__ = ["ROUTES"]

_BIND_LIMIT = 20
_KINDS = frozenset({"Unified", "DynamicMembership"})


def list_groups(context: Context) -> Response:
    return list_kind(context, "group")


def get_group(context: Context, key: str) -> Response:
    return show(context, find(context, "group", key))


def create_group(context: Context) -> Response:
    tenant, body = context.tenant, json_body(context.request)
    required("group", body, "displayName", "mailEnabled", "mailNickname", "securityEnabled")
    values = writable(tenant, "group", body, None)
    types = values.setdefault("groupTypes", [])
    if not isinstance(types, list) or not set(types) <= _KINDS:
        raise bad_request("Invalid value specified for property 'groupTypes' of resource 'Group'.")
    if values["mailEnabled"] and "Unified" not in types:
        raise bad_request("Cannot create a mail-enabled security group or distribution list through Graph.")
    if "Unified" in types and not values["mailEnabled"]:
        raise bad_request("The mailEnabled property of a Microsoft 365 group must be true.")
    if "DynamicMembership" in types and not values.get("membershipRule"):
        raise bad_request("A value is required for property 'membershipRule' of resource 'Group'.")
    unique = values.get("uniqueName")
    holder = tenant.store.holder("uniqueName", unique) if isinstance(unique, str) else None
    if holder is not None:
        raise conflict("uniqueName", holder)
    if "Unified" in types:
        values |= _mailbox(context, str(values["mailNickname"]))
    check_room(tenant)
    draft = tenant.store.draft("group", tenant.new_id(), created=tenant.now(), properties=values)
    members = _bound(context, body, "members@odata.bind", draft)
    owners = _bound(context, body, "owners@odata.bind", None)
    links = [("member", found.id) for found in members] + [("owner", found.id) for found in owners]
    found = tenant.store.commit(draft, References(links))
    created = show(context, found, status=201)
    return Response(201, created.body, {**created.headers, "location": f"{context.url}/groups/{found.id}"})


def _mailbox(context: Context, nickname: str) -> dict[str, object]:
    domains = context.tenant.domains.values()
    default = next((domain.name for domain in domains if domain.default), context.tenant.initial_domain)
    mail = f"{nickname}@{default}"
    holder = conflict_of(context.tenant, "", "proxy", SMTP + mail)
    if holder is not None:
        raise conflict("mailNickname", holder)
    return {"mail": mail, "proxyAddresses": [f"SMTP:{mail}"]}


def _bound(
    context: Context, body: Mapping[str, object], name: str, group: DirectoryObject | None
) -> list[DirectoryObject]:
    """The objects of an `…@odata.bind` list; with `group` given they must be fit to be its members."""
    urls = body.get(name, [])
    if not isinstance(urls, list):
        raise bad_request(f"'{name}' takes a list of URLs.")
    if len(urls) > _BIND_LIMIT:
        raise bad_request(f"'{name}' takes up to {_BIND_LIMIT} references in one request.")
    found = [by_url(context, str(url)) for url in urls]
    for target in found:
        if group is not None:
            check_member(context.tenant, group, target)
    return found


def patch_group(context: Context, key: str) -> Response:
    tenant, body = context.tenant, json_body(context.request)
    found = changeable_group(find(context, "group", key))
    values = writable(tenant, "group", body, found)
    members = _bound(context, body, "members@odata.bind", found)
    links = References([("member", target.id) for target in members])
    draft = replace(found, properties={**found.properties, **values})
    tenant.store.commit(draft, links)
    if "return=representation" in context.request.header("prefer").casefold():
        return show(context, draft)
    return Response(204)


def delete_group(context: Context, key: str) -> Response:
    found = find(context, "group", key)
    if found.synced:
        raise bad_request("Unable to delete the object: it is an on-premises mastered Directory Sync object.")
    if is_unified(found):
        to_bin(context.tenant, found)
    else:
        context.tenant.store.purge(found.id)
    return Response(204)


def groups_delta(context: Context) -> Response:
    return delta_of(context, "group")


ROUTES = (
    Route("GET", "groups", list_groups, "List groups"),
    Route("POST", "groups", create_group, "Create a security or Microsoft 365 group"),
    Route("GET", "groups/delta", groups_delta, "Track changes of groups and members"),
    Route("GET", "groups/$count", lambda context: count_of(context, "group"), "Count groups"),
    Route("GET", "groups/{id}", get_group, "Read a group by id or uniqueName"),
    Route("PATCH", "groups/{id}", patch_group, "Change a group, or add up to 20 members"),
    Route("DELETE", "groups/{id}", delete_group, "Delete a group: Microsoft 365 to the bin, others for good"),
)
