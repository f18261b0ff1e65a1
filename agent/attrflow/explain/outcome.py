"""The outcome of a trace: how far the value came, in a word and a sentence."""

from __future__ import annotations

from attrflow.explain.documents import Shown
from attrflow.explain.facts import Facts
from attrflow.explain.hops import CloudHop, DirectoryHop, FlowHop, Hop, MetaverseHop, Outcome, SpaceHop

__all__ = ["outcome_of", "short"]


def outcome_of(facts: Facts, hops: tuple[Hop, ...]) -> Outcome:
    """How far the value came on its way to the tenant, or, where there is none, to the metaverse."""
    target = next(
        (h for h in hops if isinstance(h, SpaceHop) and h.side == "target" and facts.is_cloud(h.connector)), None
    )
    cloud = next((h for h in hops if isinstance(h, CloudHop)), None)
    metaverse = next((h for h in hops if isinstance(h, MetaverseHop)), None)
    here = target.attributes[0] if target is not None and target.attributes else None
    if cloud is not None and cloud.unread is None and not cloud.value.absent and not cloud.differs:
        return Outcome("in-the-cloud", f"{cloud.attribute} is {short(cloud.value)} in the cloud.")
    if here is not None and here.state == "confirmed":
        if cloud is not None and cloud.differs:
            return Outcome(
                "unknown", f"The tenant shows {short(cloud.value)}, not what was confirmed: {short(here.value)}."
            )
        return Outcome("in-the-cloud", f"{here.name} is {short(here.value)} in the cloud, confirmed by an import.")
    if here is not None and here.state == "unconfirmed" and here.pending is not None:
        text = f"{here.name} was exported as {short(here.pending)}; no import has confirmed it yet."
        return Outcome("on-its-way" if not here.pending.absent else "no-value", text)
    if here is not None and here.state in ("pending-export", "in-flight") and here.pending is not None:
        if target is not None and target.error is not None:
            return Outcome(
                "stopped", f"The way ends at the export: {target.error.type} keeps the object from the cloud."
            )
        return Outcome("on-its-way", f"{here.name} waits for export as {short(here.pending)}.")
    return _stopped(hops, metaverse, target)


def _stopped(hops: tuple[Hop, ...], metaverse: MetaverseHop | None, target: SpaceHop | None) -> Outcome:
    if metaverse is not None and not metaverse.value.absent:
        flow = [h for h in hops if isinstance(h, FlowHop) and h.direction == "outbound"]
        if target is not None and target.cs_id is None:
            return Outcome("stopped", f"The way ends after the metaverse: {target.note}")
        if flow and not flow[-1].rows:
            return Outcome("stopped", f"The way ends in the metaverse: {flow[-1].note}")
        if target is None:
            return Outcome("unknown", "The value is in the metaverse; no tenant is configured.")
        return Outcome("stopped", "The way ends at the export attribute flow: no mapping gives a value.")
    inbound = next((h for h in hops if isinstance(h, FlowHop) and h.direction == "inbound"), None)
    if inbound is not None and not inbound.rows and metaverse is not None and metaverse.mv_id is not None:
        return Outcome("stopped", f"The way ends in the connector space: {inbound.note}")
    if not _at_source(hops):
        return Outcome("no-value", "There is no value at the source, so none flows.")
    if metaverse is not None and metaverse.mv_id is None:
        return Outcome("stopped", f"The way ends before the metaverse. {metaverse.note}")
    if metaverse is not None and metaverse.held:
        held = metaverse.held[0]
        return Outcome("stopped", f"The way ends before the metaverse: the reference to {held.target.text} is held.")
    statuses = {row.status for row in inbound.rows} if inbound is not None else set()
    if statuses <= {"rule-out-of-scope", "rule-disabled"}:
        return Outcome("stopped", "The way ends at the import attribute flow: no rule that carries it is in scope.")
    if statuses <= {"rule-out-of-scope", "rule-disabled", "source-absent", "null-no-contribution"}:
        return Outcome("no-value", "The mappings in scope give no value for this object.")
    return Outcome("stopped", "The way ends at the import attribute flow: no mapping gives a value.")


def _at_source(hops: tuple[Hop, ...]) -> bool:
    for hop in hops:
        if isinstance(hop, DirectoryHop) and any(not a.value.absent for a in hop.attributes):
            return True
        if isinstance(hop, SpaceHop) and hop.side == "source":
            for attribute in hop.attributes:
                if attribute.name != "dn" and (
                    not attribute.value.absent or (attribute.pending is not None and not attribute.pending.absent)
                ):
                    return True
    return False


def short(shown: Shown, limit: int = 2) -> str:
    """Values in a sentence: the first ones, strings in quotes."""
    if shown.absent:
        return "no value"
    texts = [f'"{v.text}"' if v.kind == "text" else v.text for v in shown.values[:limit]]
    more = shown.total - len(texts)
    return ", ".join(texts) + (f" and {more} more" if more > 0 else "")
