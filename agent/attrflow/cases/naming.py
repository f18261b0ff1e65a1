"""Reference values by the names that the case has for their targets; others by DN or id."""

from __future__ import annotations

from collections.abc import Iterable

from attrflow.cases.session import Session
from attrflow.model.entry import ReferenceTarget
from attrflow.model.metaverse import MVObject
from attrflow.model.names import dn_key
from attrflow.model.values import Values

__all__ = ["mv_names", "space_names", "target_names", "wanted_mv_names", "wanted_space_names"]


def mv_names(session: Session, mvo: MVObject, attribute: str) -> list[str]:
    """The targets of a metaverse reference attribute."""
    held = mvo.references.get(attribute)
    return [_mv_name(session, id_) for id_ in held.targets] if held is not None else []


def _mv_name(session: Session, mv_id: int) -> str:
    for handle in session.case.objects:
        mvo = session.mv(handle)
        if mvo is not None and mvo.id == mv_id:
            return handle
    linked = [cso for cso in map(session.store.cs, session.store.linked(mv_id)) if cso is not None]
    return linked[0].dn if linked else f"#{mv_id}"


def wanted_mv_names(session: Session, values: Values) -> list[str]:
    """The names that a case wants, as `mv_names` would say them: a name of the same object counts."""
    found = []
    for value in values:
        text = str(value)
        mvo = session.mv(text) if text.partition("@")[0] in session.case.objects else None
        found.append(_mv_name(session, mvo.id) if mvo is not None else text)
    return found


def space_names(session: Session, ids: Iterable[int], connector: str) -> list[str]:
    """The targets of a connector-space reference attribute."""
    named: dict[int, str] = {}
    for handle in session.case.objects:
        id_ = session.space_name(handle, connector)
        if id_ is not None:
            named.setdefault(id_, handle)
    found = []
    for id_ in ids:
        cso = session.store.cs(id_)
        found.append(named.get(id_) or (cso.dn if cso is not None else f"#{id_}"))
    return found


def wanted_space_names(session: Session, values: Values, connector: str) -> list[str]:
    """The names that a case wants, as `space_names` would say them."""
    found = []
    for value in values:
        id_ = session.space_name(str(value), connector)
        found += space_names(session, [id_], connector) if id_ is not None else [str(value)]
    return found


def target_names(session: Session, targets: Iterable[ReferenceTarget], connector: str) -> list[str]:
    """The targets of a directory's reference attribute, by the names of the case where it has them."""
    found = []
    for target in targets:
        cso = session.store.cs_by_anchor(connector, target.anchor) if target.anchor is not None else None
        if cso is None and target.dn:
            cso = session.store.cs_by_dn(connector, dn_key(target.dn))
        found += space_names(session, [cso.id], connector) if cso is not None else [target.dn]
    return found
