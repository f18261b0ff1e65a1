"""What the journal keeps of a request: names, scopes, filters, controls and counts; never a password."""

from __future__ import annotations

from attrflow_mocks.ad.controls import DIRSYNC
from attrflow_mocks.ad.filter_nodes import filter_text
from attrflow_mocks.ad.message import (
    AbandonRequest,
    AddRequest,
    BindRequest,
    CompareRequest,
    DeleteRequest,
    ExtendedRequest,
    Message,
    ModifyDnRequest,
    ModifyRequest,
    SearchRequest,
    UnbindRequest,
)

__all__ = ["describe", "operation_of"]

_SCOPES = ("base", "one", "sub")
_KINDS = ("add", "delete", "replace")


def operation_of(message: Message) -> str:
    """The operation's name, as journal and fault scripts know it."""
    match message.request:
        case SearchRequest():
            return "dirsync" if any(control.oid == DIRSYNC for control in message.controls) else "search"
        case BindRequest():
            return "bind"
        case ModifyRequest():
            return "modify"
        case AddRequest():
            return "add"
        case DeleteRequest():
            return "delete"
        case ModifyDnRequest():
            return "modifydn"
        case CompareRequest():
            return "compare"
        case ExtendedRequest():
            return "extended"
        case AbandonRequest():
            return "abandon"
        case UnbindRequest():
            return "unbind"


def describe(message: Message) -> dict[str, object]:
    """The request for the journal."""
    detail: dict[str, object] = {}
    match message.request:
        case SearchRequest() as search:
            detail = {
                "base": search.base,
                "scope": _SCOPES[search.scope],
                "filter": filter_text(search.filter),
                "attributes": list(search.attributes),
                "size_limit": search.size_limit,
            }
        case BindRequest(_, name, method, _, mechanism):
            detail = {"name": name, "method": method}
            if mechanism:
                detail["mechanism"] = mechanism
        case ModifyRequest(dn, changes):
            detail = {
                "dn": dn,
                "changes": [[_KINDS[change.kind], change.attribute, len(change.values)] for change in changes],
            }
        case AddRequest(dn, attributes):
            detail = {"dn": dn, "attributes": [name for name, _ in attributes]}
        case DeleteRequest(dn):
            detail = {"dn": dn}
        case ModifyDnRequest(dn, new_rdn, delete_old, superior):
            detail = {"dn": dn, "new_rdn": new_rdn, "delete_old_rdn": delete_old, "new_superior": superior}
        case CompareRequest(dn, attribute, _):
            detail = {"dn": dn, "attribute": attribute}
        case ExtendedRequest(oid, _):
            detail = {"oid": oid}
        case AbandonRequest(target):
            detail = {"target": target}
        case UnbindRequest():
            pass
    if message.controls:
        detail["controls"] = [control.oid for control in message.controls]
    return detail
