"""The ingest face: the mock's own stand-in for the private service that directory synchronization writes to.

JSON in and out over `provision`; whole entries with shadow values on import, up to 100 objects per
export request. Public Graph has nothing like it.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs, quote

import orjson

from attrflow_mocks.entra.answers import Request, Response, small_number
from attrflow_mocks.entra.attributes import CodingError, attribute_named, decode, encode, schema_document
from attrflow_mocks.entra.changes import Summary
from attrflow_mocks.entra.delta import StaleToken, Unit, begin, next_round, read_token, walk
from attrflow_mocks.entra.history import BEFORE_LAST_CHANGE
from attrflow_mocks.entra.mapping import cloud_entry
from attrflow_mocks.entra.objects import ANCHOR_PREFIXES, DirectoryObject, ShadowValue, cloud_anchor, parse_cloud_anchor
from attrflow_mocks.entra.provision import Incoming, ReferenceEdit, Refusal, add, delete, update
from attrflow_mocks.entra.state import TenantState

__all__ = ["ROOT", "answer_ingest"]

ROOT = "/ingest/v1"
_PAGE = 500
_MAX_PAGE = 5000
_BATCH = 100
_KINDS = frozenset({"user", "group", "contact", "device"})
_IDENTITY = frozenset({"sourceAnchor", "cloudAnchor", "cloudMastered", "blockOnPremisesSync"})


def answer_ingest(tenant: TenantState, request: Request, *, stale: bool = False) -> Response:
    """Answer one request to the ingest face; a `stale` read shows objects as before their last change.

    Raises:
        Refusal: where the request as a whole is wrong.
    """
    path = request.path.removeprefix(ROOT).rstrip("/")
    handlers = {
        ("GET", "/schema"): lambda: _json(200, schema_document()),
        ("GET", "/delta"): lambda: _delta(tenant, request),
        ("GET", "/objects"): lambda: _lookup(tenant, request),
        ("POST", "/objects:batch"): lambda: _batch(tenant, request),
    }
    handler = handlers.get((request.method, path))
    if handler is not None:
        with tenant.store.as_of(BEFORE_LAST_CHANGE if stale and request.method == "GET" else None):
            return handler()
    if any(known == path for _, known in handlers):
        raise Refusal(405, "MethodNotAllowed", f"{request.method} is not allowed here.")
    raise Refusal(404, "ResourceNotFound", f"The ingest face has no {request.path}.")


def _json(status: int, document: object) -> Response:
    return Response(status, orjson.dumps(document), {"content-type": "application/json"})


def _parameters(request: Request) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(request.query).items()}


# Import


def _delta(tenant: TenantState, request: Request) -> Response:
    given = _parameters(request)
    token = given.get("pageToken") or given.get("deltaToken")
    try:
        cursor = read_token(tenant, "ingest", token) if token else begin(tenant, "ingest", {})
    except StaleToken as stale:
        if not stale.expired:
            raise Refusal(400, "InvalidToken", "The token is not one of this service.") from None
        raise Refusal(410, "resyncRequired", "The token is no longer valid; start a first round.") from None
    kept = cursor.extra.get("size")
    size = _page_size(given["pageSize"]) if "pageSize" in given else kept if isinstance(kept, int) else _PAGE
    units, following = walk(tenant, cursor, _KINDS, size, _wanted, {})
    document: dict[str, object] = {"value": [_delta_entry(tenant, unit) for unit in units]}
    link = f"{request.origin}{ROOT}/delta?pageSize={size}"
    if following is not None:
        document["nextLink"] = f"{link}&pageToken={quote(following.token())}"
    else:
        document["deltaLink"] = f"{link}&deltaToken={quote(next_round(tenant, cursor).token())}"
    return _json(200, document)


def _page_size(text: str) -> int:
    number = small_number(text)
    if number is None or not 1 <= number <= _MAX_PAGE:
        raise Refusal(400, "InvalidPageSize", f"pageSize must be between 1 and {_MAX_PAGE}, not {text[:20]!r}.")
    return number


def _wanted(_: DirectoryObject, __: Summary | None) -> bool:
    return True


def _delta_entry(tenant: TenantState, unit: Unit) -> dict[str, object]:
    if unit.found is None:
        return {"id": cloud_anchor(unit.kind, unit.id), "type": unit.kind, "removed": True}
    return entry(tenant, unit.found)


def entry(tenant: TenantState, found: DirectoryObject) -> dict[str, object]:
    """An object as import gets it: what was exported where it is synchronized, else what the cloud has."""
    anchor = cloud_anchor(found.kind, found.id)
    shadowed = found.synced or found.cloud_managed
    values: dict[str, ShadowValue] = dict(found.shadow) if shadowed else cloud_entry(found)
    location = found.properties.get("usageLocation")
    if isinstance(location, str):
        values.setdefault("usageLocation", location)
    attributes = {name: encode(value) for name, value in values.items()}
    attributes |= _references(tenant, found)
    if found.source_anchor is not None:
        attributes["sourceAnchor"] = found.source_anchor
    attributes["cloudAnchor"] = anchor
    attributes["cloudMastered"] = found.synced is not True
    if found.cloud_managed:
        attributes["blockOnPremisesSync"] = True
    return {"id": anchor, "type": found.kind, "attributes": attributes}


def _references(tenant: TenantState, found: DirectoryObject) -> dict[str, object]:
    references: dict[str, object] = {}
    for name in tenant.store.reference_attributes(found.id):
        values = [
            {"ref": cloud_anchor(o.kind, o.id)}
            for o in tenant.store.live_targets(found.id, name)
            if o.kind in ANCHOR_PREFIXES
        ]
        known = attribute_named(found.kind, name) if found.kind in _KINDS else None
        if values:
            references[name] = values if known is None or known.multi else values[0]
    return references


def _lookup(tenant: TenantState, request: Request) -> Response:
    given = _parameters(request)
    kind, anchor, cloud = given.get("type", "user"), given.get("sourceAnchor"), given.get("cloudAnchor")
    if kind not in _KINDS or not (anchor or cloud):
        raise Refusal(
            400, "InvalidRequest", "Give sourceAnchor=… or cloudAnchor=…, and type=user, group, contact or device."
        )
    found = tenant.store.holder(f"anchor:{kind}", anchor) if anchor else _by_cloud_anchor(tenant, cloud or "")
    if found is None or not found.live or found.kind != kind:
        raise Refusal(404, "ResourceNotFound", f"There is no {kind} with the anchor {anchor or cloud}.")
    return _json(200, entry(tenant, found))


def _by_cloud_anchor(tenant: TenantState, text: str) -> DirectoryObject | None:
    named = parse_cloud_anchor(text)
    return tenant.store.get(named[1]) if named is not None else None


# Export


def _batch(tenant: TenantState, request: Request) -> Response:
    try:
        document = orjson.loads(request.body)
    except orjson.JSONDecodeError as error:
        raise Refusal(400, "InvalidRequest", f"The body is not JSON: {error}.") from None
    requests = document.get("requests") if isinstance(document, dict) else None
    if not isinstance(requests, list):
        raise Refusal(400, "InvalidRequest", "The body needs a list 'requests'.")
    if len(requests) > _BATCH:
        raise Refusal(400, "TooManyRequests", f"{len(requests)} requests; at most {_BATCH} go in one batch.")
    names = [item.get("id") if isinstance(item, dict) else None for item in requests]
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise Refusal(400, "InvalidRequest", "Each request needs an 'id' of its own, as text.")
    return _json(200, {"responses": [_item(tenant, item) for item in requests]})


def _item(tenant: TenantState, item: Mapping[str, object]) -> dict[str, object]:
    answer: dict[str, object] = {"id": item["id"]}
    try:
        found, status = _carry_out(tenant, item)
    except Refusal as refusal:
        error = {"code": refusal.code, "message": refusal.message}
        if refusal.attribute is not None:
            error["attribute"] = refusal.attribute
        return {**answer, "status": refusal.status, "error": error}
    if found.cloud_managed:
        # The source of authority is the cloud: nothing was written, and nothing is wrong.
        answer["skipped"] = "source-of-authority-is-cloud"
    return {**answer, "status": status, "cloudAnchor": cloud_anchor(found.kind, found.id)}


def _carry_out(tenant: TenantState, item: Mapping[str, object]) -> tuple[DirectoryObject, int]:
    operation = item.get("operation")
    try:
        incoming = _incoming(item)
    except CodingError as error:
        raise Refusal(400, "IdentityDataValidationFailed", error.message, error.attribute) from None
    if operation == "add":
        found, created = add(tenant, incoming)
        return found, 201 if created else 200
    if operation == "update":
        return update(tenant, incoming), 200
    if operation == "delete":
        return delete(tenant, incoming), 204
    raise Refusal(400, "InvalidRequest", f"operation is {operation!r}; it must be add, update or delete.")


def _incoming(item: Mapping[str, object]) -> Incoming:
    kind = item.get("type")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise Refusal(400, "InvalidRequest", f"type is {kind!r}; it must be user, group, contact or device.")
    source, cloud = _text(item, "sourceAnchor"), _text(item, "cloudAnchor")
    attributes: dict[str, ShadowValue | None] = {}
    references: dict[str, ReferenceEdit] = {}
    for name, raw in _mapping(item, "attributes").items():
        known = attribute_named(kind, name)
        if known is None:
            message = f"A {kind} of the Entra connector space has no attribute {name}."
            raise Refusal(400, "UnknownAttribute", message, name)
        if known.name in _IDENTITY:
            source = raw if known.name == "sourceAnchor" and isinstance(raw, str) and not source else source
            continue
        value = decode(known, raw) if raw is not None else None
        if known.type == "reference" or (known.type == "any" and _is_reference(raw)):
            targets = () if value is None else value if isinstance(value, tuple) else (value,)
            edit = ReferenceEdit([str(t) for t in targets], replace=True, single=not known.multi)
            references[known.name] = edit
        else:
            attributes[known.name] = value
    for name, raw in _mapping(item, "references").items():
        known = attribute_named(kind, name)
        if known is None or known.type not in ("reference", "any"):
            raise Refusal(400, "UnknownAttribute", f"A {kind} has no reference attribute {name}.", name)
        if not isinstance(raw, dict):
            raise Refusal(400, "InvalidRequest", f"references.{name} takes an object with add and remove.", name)
        single = known.type == "reference" and not known.multi
        references[known.name] = ReferenceEdit(_anchors(name, raw, "add"), _anchors(name, raw, "remove"), single=single)
    return Incoming(kind, source, cloud, attributes, references)


def _is_reference(raw: object) -> bool:
    first = raw[0] if isinstance(raw, list) and raw else raw
    return isinstance(first, dict) and "ref" in first


def _text(item: Mapping[str, object], name: str) -> str | None:
    value = item.get(name)
    if value is not None and not isinstance(value, str):
        raise Refusal(400, "InvalidRequest", f"{name} must be text.", name)
    return value or None


def _mapping(item: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = item.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Refusal(400, "InvalidRequest", f"{name} must be an object.")
    return value


def _anchors(attribute: str, raw: Mapping[str, object], name: str) -> list[str]:
    values = raw.get(name) or []
    if not isinstance(values, list):
        raise Refusal(400, "InvalidRequest", f"references.{attribute}.{name} takes a list.", attribute)
    anchors = [value.get("ref") if isinstance(value, dict) else value for value in values]
    if not all(isinstance(anchor, str) for anchor in anchors):
        message = f"references.{attribute}.{name} takes cloudAnchors."
        raise Refusal(400, "InvalidRequest", message, attribute)
    return [str(anchor) for anchor in anchors]
