"""The provisioning service behind the ingest face: add, update and delete of synchronized objects.

Each call is all or nothing: everything is checked on a draft, which is committed last. Speaks in
values and raises `Refusal`; JSON and HTTP are the ingest face's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from attrflow_mocks.entra.bin import out_of_bin, to_bin
from attrflow_mocks.entra.mapping import cloud_entry, graph_updates
from attrflow_mocks.entra.matching import find_match
from attrflow_mocks.entra.objects import DirectoryObject, ShadowValue, parse_cloud_anchor
from attrflow_mocks.entra.settle import AddressChange, Conflict, resettle
from attrflow_mocks.entra.state import TenantState
from attrflow_mocks.entra.store import NoChange, References

__all__ = ["Incoming", "ReferenceEdit", "Refusal", "add", "delete", "update"]

_LIMITS: Mapping[str, int] = {"userCertificate": 15, "userSMIMECertificate": 15, "proxyAddresses": 332}
_EXTENSION_LIMIT = 100
_EXTENSION_LENGTH = 250
_PHOTO_LIMIT = 100 * 1024


class Refusal(Exception):
    """An object that the service does not take, whole."""

    def __init__(self, status: int, code: str, message: str, attribute: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.attribute = attribute


@dataclass(frozen=True, slots=True)
class ReferenceEdit:
    """Changes of one reference attribute; targets are cloudAnchors."""

    add: Sequence[str] = ()
    remove: Sequence[str] = ()
    replace: bool = False
    """Whether `add` is the whole new value."""
    single: bool = False


@dataclass(frozen=True, slots=True)
class Incoming:
    """One object as synchronization exports it; None clears a value."""

    kind: str
    source_anchor: str | None
    cloud_anchor: str | None
    attributes: Mapping[str, ShadowValue | None] = field(default_factory=dict)
    references: Mapping[str, ReferenceEdit] = field(default_factory=dict)


def add(tenant: TenantState, incoming: Incoming) -> tuple[DirectoryObject, bool]:
    """Take a new object: match it, or create it; the object and whether it was created.

    Raises:
        Refusal: with the product's error code.
    """
    if not incoming.source_anchor:
        raise Refusal(400, "IdentityDataValidationFailed", "An add needs a sourceAnchor.", "sourceAnchor")
    blank = tenant.store.draft(
        incoming.kind, "", created=tenant.now(), source_anchor=incoming.source_anchor, synced=True
    )
    values = {name: value for name, value in incoming.attributes.items() if value is not None}
    candidate = _mapped(tenant, blank, values)
    try:
        match = find_match(tenant, candidate)
    except Conflict as conflict:
        raise _refused(conflict) from None
    if match is None:
        if not tenant.has_room():
            message = f"The tenant holds {len(tenant.store)} objects, those in the bin counted: its quota is used up."
            raise Refusal(403, "Directory_QuotaExceeded", message)
        draft = replace(candidate, id=tenant.new_id(), properties=_new_defaults(candidate))
        return _finish(tenant, draft, incoming, AddressChange(first=True)), True
    found = match.found
    if found.cloud_managed:
        return found, False
    gone = {name: None for name in found.shadow if name not in values}
    first = not found.synced or not found.live
    draft = replace(out_of_bin(found), synced=True, source_anchor=incoming.source_anchor)
    draft = _mapped(tenant, draft, {**gone, **values})
    change = _address_change({**gone, **values}, found, first)
    return _finish(tenant, draft, incoming, change), False


def update(tenant: TenantState, incoming: Incoming) -> DirectoryObject:
    """Change a synchronized object.

    Raises:
        Refusal: with the product's error code.
    """
    found = _addressed(tenant, incoming)
    if found.cloud_managed:
        return found
    if found.kind == "device" and not found.synced and found.source_anchor is None and incoming.source_anchor:
        # It registered itself before its computer was synchronized, and is taken over as it is (assumed).
        found = replace(found, synced=True, source_anchor=incoming.source_anchor, shadow=cloud_entry(found))
    if not found.synced:
        raise Refusal(400, "UpdateOfCloudObject", f"{found.kind} {found.id} is mastered in the cloud (error 114).")
    if incoming.source_anchor and found.source_anchor != incoming.source_anchor:
        raise Refusal(
            409,
            "InvalidHardMatch",
            f"{found.kind} {found.id} has the source anchor {found.source_anchor}; it cannot change.",
            "sourceAnchor",
        )
    draft = _mapped(tenant, found, incoming.attributes)
    _refuse_foreign_sid(tenant, draft)
    return _finish(tenant, draft, incoming, _address_change(incoming.attributes, found, first=False))


def delete(tenant: TenantState, incoming: Incoming) -> DirectoryObject:
    """Delete a synchronized object: users go to the bin, groups, contacts and devices for good.

    Raises:
        Refusal: not there, or mastered in the cloud.
    """
    found = _addressed(tenant, incoming)
    if found.cloud_managed:
        return found
    if not found.synced:
        raise Refusal(400, "DeleteOfCloudObject", f"{found.kind} {found.id} is mastered in the cloud (error 114).")
    _note_sync(tenant)
    if found.kind == "user":
        return to_bin(tenant, replace(found, synced=False))
    tenant.store.purge(found.id)
    return found


def _addressed(tenant: TenantState, incoming: Incoming) -> DirectoryObject:
    found: DirectoryObject | None = None
    if incoming.cloud_anchor:
        parsed = parse_cloud_anchor(incoming.cloud_anchor)
        found = tenant.store.live(parsed[1], parsed[0]) if parsed else None
    elif incoming.source_anchor:
        found = tenant.store.holder(f"anchor:{incoming.kind}", incoming.source_anchor)
    if found is None or not found.live:
        name = incoming.cloud_anchor or incoming.source_anchor or "(no anchor given)"
        raise Refusal(404, "ResourceNotFound", f"There is no {incoming.kind} {name} in the tenant.")
    return found


def _mapped(tenant: TenantState, draft: DirectoryObject, changed: Mapping[str, ShadowValue | None]) -> DirectoryObject:
    """The draft with new shadow values and the Graph properties that follow from them.

    Values edited in the cloud (DirSyncOverrides) stay, unless overrides are bypassed: then the exported ones
    come back with the next export of the object, whichever attribute it is about.
    """
    bypassed = tenant.features["bypassDirSyncOverridesEnabled"]
    if bypassed and draft.overrides:
        changed = {**{name: draft.shadow.get(name) for name in draft.overrides}, **changed}
    shadow = {name: value for name, value in draft.shadow.items() if name not in changed}
    shadow |= {name: value for name, value in changed.items() if value is not None and value != ()}
    _check_size(shadow, tenant.object_size)
    held = frozenset() if bypassed else draft.overrides
    for name in changed:
        tenant.imply_extension(name)
    try:
        updates = graph_updates(draft, changed, held)
    except ValueError as error:
        blamed = "deviceId" if "device" in str(error) else "onPremiseSecurityIdentifier"
        raise Refusal(400, "IdentityDataValidationFailed", f"{error}.", blamed) from None
    overrides = draft.overrides - (set(changed) if not held else set())
    return replace(draft, shadow=shadow, properties={**draft.properties, **updates}, overrides=overrides)


def _check_size(shadow: Mapping[str, ShadowValue], most: int | None) -> None:
    for name, limit in _LIMITS.items():
        value = shadow.get(name)
        if isinstance(value, tuple) and len(value) > limit:
            raise Refusal(400, "LargeObject", f"{name} has {len(value)} values; at most {limit} are allowed.", name)
    extensions = [name for name in shadow if name.casefold().startswith("extension_")]
    if len(extensions) > _EXTENSION_LIMIT:
        raise Refusal(400, "LargeObject", f"{len(extensions)} directory extensions; at most {_EXTENSION_LIMIT}.")
    for name in extensions:
        value = shadow[name]
        longest = max(
            (len(one) for one in (value if isinstance(value, tuple) else (value,)) if isinstance(one, str)), default=0
        )
        if longest > _EXTENSION_LENGTH:
            message = f"{name} has {longest} characters; at most {_EXTENSION_LENGTH} are allowed."
            raise Refusal(400, "ExceededAllowedLength", message, name)
    photo = shadow.get("thumbnailPhoto")
    if isinstance(photo, bytes) and len(photo) > _PHOTO_LIMIT:
        raise Refusal(
            400,
            "LargeObject",
            f"thumbnailPhoto has {len(photo)} bytes; at most {_PHOTO_LIMIT}.",
            "thumbnailPhoto",
        )
    size = sum(map(_weight, shadow.values()))
    if most is not None and size > most:
        raise Refusal(400, "LargeObject", f"The object has {size} bytes of values; at most {most} are allowed.")


def _weight(value: ShadowValue) -> int:
    """The bytes of a value: text in UTF-8, numbers and switches as eight."""
    if isinstance(value, tuple):
        return sum(map(_weight, value))
    if isinstance(value, str):
        return len(value.encode())
    return len(value) if isinstance(value, bytes) else 8


def _new_defaults(draft: DirectoryObject) -> Mapping[str, object]:
    defaults: dict[str, object] = {}
    if draft.kind == "user":
        defaults = {"userType": "Member", "accountEnabled": True}
    elif draft.kind == "device":
        defaults = {"accountEnabled": True, "isCompliant": None, "isManaged": None, "alternativeSecurityIds": []}
    elif draft.kind == "group":
        defaults = {"mailEnabled": False, "securityEnabled": False, "groupTypes": []}
    return {**defaults, **draft.properties}


def _address_change(changed: Mapping[str, ShadowValue | None], before: DirectoryObject, first: bool) -> AddressChange:
    def differs(*names: str) -> bool:
        return any(name in changed and changed[name] != before.shadow.get(name) for name in names)

    recipient = ("proxyAddresses", "mail", "msExchRemoteRecipientType", "msExchRecipientTypeDetails")
    return AddressChange(
        first=first,
        nickname=differs("alias"),
        user_name=first or differs("userPrincipalName"),
        addresses=first or differs(*recipient),
    )


def _refuse_foreign_sid(tenant: TenantState, draft: DirectoryObject) -> None:
    sid = draft.text("onPremisesSecurityIdentifier") if draft.kind == "user" else None
    holder = tenant.store.holder("sid", sid) if sid else None
    if holder is not None and holder.id != draft.id:
        raise Refusal(
            409,
            "AttributeValueMustBeUnique",
            f"onPremiseSecurityIdentifier {sid} belongs to user {holder.id}.",
            "onPremiseSecurityIdentifier",
        )


def _refuse_foreign_device_id(tenant: TenantState, draft: DirectoryObject) -> None:
    id_ = draft.text("deviceId") if draft.kind == "device" else None
    if draft.kind == "device" and id_ is None:
        raise Refusal(400, "IdentityDataValidationFailed", "A device needs a deviceId.", "deviceId")
    holder = tenant.store.holder("deviceId", id_) if id_ else None
    if holder is not None and holder.id != draft.id:
        message = f"deviceId {id_} belongs to device {holder.id}."
        raise Refusal(409, "AttributeValueMustBeUnique", message, "deviceId")


def _finish(tenant: TenantState, draft: DirectoryObject, incoming: Incoming, change: AddressChange) -> DirectoryObject:
    """Settle names and addresses, resolve references, and only then commit."""
    _refuse_foreign_sid(tenant, draft)
    _refuse_foreign_device_id(tenant, draft)
    try:
        settled = draft if draft.kind == "device" else resettle(tenant, draft, change)
    except Conflict as conflict:
        raise _refused(conflict) from None
    references = _resolved(tenant, draft.id, incoming.references)
    _note_sync(tenant)
    # An export is confirmed by the import that follows, also where the tenant held the value already.
    return tenant.store.commit(replace(settled, last_sync=tenant.now()), references, touched=True)


def _resolved(tenant: TenantState, owner: str, edits: Mapping[str, ReferenceEdit]) -> References:
    if not edits:
        return NoChange
    added: list[tuple[str, str]] = []
    removed: list[tuple[str, str]] = []
    for name, edit in edits.items():
        wanted = [_target(tenant, name, anchor) for anchor in edit.add]
        if edit.replace or (edit.single and wanted):
            removed += [(name, old) for old in tenant.store.links.targets(owner, name) if old not in wanted]
        for anchor in edit.remove:
            parsed = parse_cloud_anchor(anchor)
            if parsed is not None and parsed[1] not in wanted:
                removed.append((name, parsed[1]))
        if edit.single and len(wanted) > 1:
            raise Refusal(400, "IdentityDataValidationFailed", f"{name} takes one reference.", name)
        added += [(name, target) for target in wanted]
    return References(added, removed)


def _target(tenant: TenantState, name: str, anchor: str) -> str:
    parsed = parse_cloud_anchor(anchor)
    found = tenant.store.live(parsed[1], parsed[0]) if parsed else None
    if found is None:
        raise Refusal(404, "ResourceNotFound", f"{name}: there is no object {anchor} in the tenant.", name)
    return found.id


def _note_sync(tenant: TenantState) -> None:
    tenant.last_sync = tenant.now()


def _refused(conflict: Conflict) -> Refusal:
    status = 400 if conflict.code == "IdentityDataValidationFailed" else 409
    return Refusal(status, conflict.code, conflict.message, conflict.attribute)
