"""Causes at the cloud's door: what it refuses, holds back, changes or drops. DIAG-50 to 63 (behaviour.md §8.4)."""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Iterator

from attrflow.explain.diagnoses.after_metaverse import waiting_export
from attrflow.explain.diagnoses.case import Case, Found
from attrflow.explain.diagnoses.limits import over_limits
from attrflow.explain.diagnoses.words import joined
from attrflow.explain.hops import CloudHop
from attrflow.explain.text import time_text
from attrflow.model.connector_space import CSObject, export_hologram
from attrflow.model.values import NO_VALUES

__all__ = ["dropped_characters", "export_failed", "limit_exceeded", "quarantined", "unverified_domain"]

_IN_NAMES = re.compile(r"[A-Za-z0-9'.\-_!#^~]")
_ADDRESSES = ("proxyAddresses", "userPrincipalName", "mail")
_LOOKED_THROUGH = 20_000
"""Objects that are looked through for whoever has a quarantined value."""
_LOOK = (
    "look for the other object in the tenant itself: "
    f"it is not among the first {_LOOKED_THROUGH:,} objects of {{}} that attrflow knows"
)
_TOO_LARGE = frozenset({"LargeObject", "ExceededAllowedLength"})


def export_failed(case: Case) -> Found | None:
    """DIAG-50: the cloud refused the object's last export; that blocks every attribute of it."""
    failed = [cso for cso in case.cloud() if cso.export_error is not None]
    if not failed:
        return None
    cso = failed[0]
    error = cso.export_error
    assert error is not None, "only such objects failed"
    code = f" ({error.cd_error_code})" if error.cd_error_code not in (None, error.type) else ""
    over = list(over_limits(export_hologram(cso))) if error.type in _TOO_LARGE else []
    why = f" {' '.join(one.text for one in over)}" if over else f" {error.detail.rstrip('.')}." if error.detail else ""
    fix = [one.fix for one in over] or [
        _EXPORT_FIXES.get(error.type, "remove what the error names, in the directory that the value comes from")
    ]
    return Found(
        f"{cso.connector} refuses the object: {error.type}{code}.{why} "
        "An export error blocks every attribute of the object, not only the one that it names.",
        (
            f"{error.type}: {error.detail}",
            f"It failed {_times(error.retry_count + 1)}, first {time_text(error.first_occurred)}, "
            f"last {time_text(error.last_occurred)}.",
            f"Blocked with it: {waiting_export(cso)}" if cso.unapplied is not None else "Nothing else is pending.",
        ),
        tuple(fix),
        (*(f"attrflow trace {case.key} {one.attribute}" for one in over), "attrflow cycle --delta", case.again),
    )


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def limit_exceeded(case: Case) -> Found | None:
    """DIAG-63: the object has more values, or longer ones, than the tenant takes."""
    over = [one for cso in case.cloud() for one in over_limits(export_hologram(cso))]
    if not over:
        return None
    return Found(
        " ".join(one.text for one in over),
        tuple(f"{one.attribute}: {one.found}; the limit is {one.limit}." for one in over),
        tuple(dict.fromkeys(one.fix for one in over)),
        (*(f"attrflow trace {case.key} {one.attribute}" for one in over), "attrflow cycle --delta", case.again),
    )


# -- exported, and not shown as it was exported --------------------------------------------------------


def quarantined(case: Case) -> Found | None:
    """DIAG-51: the service holds a value back, because another object of the tenant has it."""
    hop = _cloud(case)
    if hop is None:
        return _exported_twice(case)
    if not hop.quarantined:
        return None
    values = list(dict.fromkeys(_address(one.value) for one in hop.quarantined))
    others = [name for name, held in _others(case, hop) if held & set(values)]
    has = joined(others) if others else "another object of the tenant"
    shown = joined(v.text for v in hop.value.values) if hop.value.values else "no value"
    is_ = "is" if len(values) == 1 else "are"
    return Found(
        f"{joined(values)} of {case.name} {is_} in quarantine: {has} has the same value, and a tenant gives it to one "
        "object only. The export succeeds all the same, so that no run shows an error.",
        (
            *(f"{hop.connector} holds {_address(q.value)} back: {q.category}." for q in hop.quarantined),
            f"{hop.connector} shows {hop.name or hop.attribute}: {shown}.",
        ),
        (
            f"take {joined(values)} from the one that should not have {'it' if len(values) == 1 else 'them'}, in its "
            "directory; the service gives the value back within an hour of its becoming free",
            *(() if others else (_LOOK.format(hop.connector),)),
        ),
        (
            *(f"attrflow trace {shlex.quote(name)} {case.attribute}" for name in others),
            "attrflow cycle --delta",
            case.again,
        ),
    )


def unverified_domain(case: Case) -> Found | None:
    """DIAG-52: the domain of a name or address is not verified, so that the cloud changes or drops it."""
    hop = _cloud(case)
    if hop is None:
        return None
    verified = hop.verified_domains
    lost = [
        value
        for value in _lost(case, hop)
        if not any(_odd(value, name=_is_name(hop)))
        and (_domain(value) not in verified if verified is not None else _renamed(hop, value))
    ]
    if not lost:
        return None
    domains = list(dict.fromkeys(map(_domain, lost)))
    shown = joined(v.text for v in hop.value.values) if hop.value.values else "no value"
    usable = [name for name in verified or () if not name.endswith(".onmicrosoft.com")]
    sources = joined(dict.fromkeys(c.connector for c in case.sources())) if case.sources() else "the directory"
    such = f", such as {usable[0]}" if usable else ""
    return Found(
        f"{joined(domains)} is no verified domain of {hop.connector}, so the cloud "
        f"{'makes a name of its own from' if _is_name(hop) else 'drops'} {joined(lost)}: it shows {shown}.",
        (
            f"{hop.connector} was sent {joined(lost)}.",
            f"Verified are {joined(verified)}."
            if verified is not None
            else "The account may not read which domains are verified.",
        ),
        (
            f"verify {joined(domains)} in the tenant; the cloud then puts the value right by itself",
            f"or change the value in {sources} to a verified domain{such}",
        ),
        ("attrflow cycle --delta", case.again),
    )


def dropped_characters(case: Case) -> Found | None:
    """DIAG-55: the value has a blank or a character that the cloud does not take, so that it is dropped."""
    hop = _cloud(case)
    lost = [(value, tuple(_odd(value, name=_is_name(hop)))) for value in _lost(case, hop)] if hop is not None else []
    odd = [(value, marks) for value, marks in lost if marks]
    if hop is None or not odd:
        return None
    sources = joined(dict.fromkeys(c.connector for c in case.sources())) if case.sources() else "the directory"
    return Found(
        f"{joined(repr(value) for value, _ in odd)} is not a value that the cloud takes: it has "
        f"{joined(dict.fromkeys(mark for _, marks in odd for mark in marks))}. The cloud drops it and tells nobody.",
        tuple(f"{value!r} has {joined(marks)}." for value, marks in odd),
        (f"write the value anew in {sources}, without that character",),
        ("attrflow cycle --delta", case.again),
    )


def _cloud(case: Case) -> CloudHop | None:
    """The trace's cloud hop, where the tenant was read."""
    hops = case.trace.hops if case.trace is not None else ()
    found = next((hop for hop in hops if isinstance(hop, CloudHop)), None)
    return found if found is not None and found.unread is None else None


def _is_name(hop: CloudHop) -> bool:
    return (hop.attribute or "").casefold() == "userprincipalname"


def _lost(case: Case, hop: CloudHop) -> Iterator[str]:
    """Names and addresses that were exported, are not shown, and are not in quarantine."""
    if (hop.attribute or "").casefold() not in ("userprincipalname", "mail", "proxyaddresses"):
        return
    cso = next((c for c in case.cloud() if c.connector == hop.connector), None)
    image = export_hologram(cso) if cso is not None else None
    # what still waits for export cannot be missed yet
    if cso is None or image is None or (cso.unapplied is not None and hop.attribute in cso.unapplied.attributes):
        return
    shown = {_address(value.text) for value in hop.value.values}
    held = {_address(one.value) for one in hop.quarantined}
    for value in image.attributes.get(hop.attribute or "", NO_VALUES):
        if not isinstance(value, str) or value[:5].casefold() in ("x500:", "x400:"):
            continue
        if _address(value) not in shown | held:
            yield value


def _address(value: str) -> str:
    """A name or address without what says which kind of address it is, in lower case."""
    prefix, colon, rest = value.partition(":")
    return (rest if colon and prefix.isalnum() else value).casefold()


def _domain(value: str) -> str:
    return _address(value).rpartition("@")[2]


def _renamed(hop: CloudHop, value: str) -> bool:
    """Whether a name came out at another domain: what is known where the verified domains are not."""
    return _is_name(hop) and any(_domain(shown.text) != _domain(value) for shown in hop.value.values)


def _odd(value: str, *, name: bool) -> Iterator[str]:
    """What no address may hold and, with `name`, no user principal name, in words."""
    for character in dict.fromkeys(_address(value)):
        if character.isspace() or unicodedata.category(character) in ("Cc", "Cf", "Zs"):
            called = unicodedata.name(character, "a control character").lower()
            yield "a blank" if character == " " else f"U+{ord(character):04X} ({called})"
        elif name and character != "@" and _IN_NAMES.fullmatch(character) is None:
            yield f'the character "{character}"'
    local, at, domain = _address(value).partition("@")
    if not at or not local or not domain or "@" in domain:
        yield "no single @ between a name and a domain"


def _exported_twice(case: Case) -> Found | None:
    """DIAG-51 where the tenant was not asked: a value was exported for two objects, and can be one's only."""
    hops = case.trace.hops if case.trace is not None else ()
    hop = next((hop for hop in hops if isinstance(hop, CloudHop)), None)
    cso = next((c for c in case.cloud() if hop is not None and c.connector == hop.connector), None)
    if hop is None or cso is None or (hop.attribute or "").casefold() not in ("userprincipalname", "proxyaddresses"):
        return None
    own = export_hologram(cso).attributes.get(hop.attribute or "", NO_VALUES)
    unique = {_address(v) for v in own if isinstance(v, str) and (_is_name(hop) or v[:5].casefold() == "smtp:")}
    others = [(name, held & unique) for name, held in _others(case, hop) if held & unique] if unique else []
    if not others:
        return None
    values = sorted({value for _, shared in others for value in shared})
    names = joined(name for name, _ in others)
    silence = (hop.unread or "the tenant was not asked").rstrip(".")
    return Found(
        f"{joined(values)} was exported for {case.name} and for {names}, and a tenant gives it to one object only: it "
        "holds it back from whoever comes second. The export succeeds all the same, so that no run shows an error.",
        (
            *(f"{hop.connector}: {joined(sorted(shared))} also belongs to {name}." for name, shared in others),
            f"{hop.connector} did not say which of them has it: {silence}.",
        ),
        (f"take {joined(values)} from the one that should not have it, in its directory",),
        (
            *(f"attrflow trace {shlex.quote(n)} {case.attribute}" for n, _ in others),
            "attrflow cycle --delta",
            case.again,
        ),
    )


def _others(case: Case, hop: CloudHop) -> Iterator[tuple[str, set[str]]]:
    """Other objects of the tenant, as commands name them, with the names and addresses that they have."""
    own = {cso.id for cso in case.cloud()}
    for cso in _objects(case, hop.connector):
        if cso.id not in own:
            image = export_hologram(cso)
            held = (v for name in _ADDRESSES for v in image.attributes.get(name, NO_VALUES))
            yield _typed(case, cso), {_address(v) for v in held if isinstance(v, str)}


def _objects(case: Case, connector: str) -> Iterator[CSObject]:
    """The tenant's objects as far as they are looked through: addresses have no index of their own."""
    after, looked = 0, 0
    while looked < _LOOKED_THROUGH and (ids := case.facts.store.cs_ids(connector, after=after)):
        after, looked = ids[-1], looked + len(ids)
        yield from (cso for cso in map(case.facts.store.cs, ids) if cso is not None)


def _typed(case: Case, cso: CSObject) -> str:
    mvo = case.facts.store.mv(cso.link.mv_id) if cso.link is not None else None
    upn = mvo.attributes.get("userPrincipalName") if mvo is not None else None
    if upn is not None and upn.values:
        return str(upn.values[0])
    linked = case.facts.linked(mvo.id) if mvo is not None else ()
    return next((one.dn for one in linked if not case.facts.is_cloud(one.connector)), cso.dn)


_EXPORT_FIXES = {
    "AttributeValueMustBeUnique": "find the other object that has the value, and change one of the two",
    "InvalidSoftMatch": "another object in the cloud has the same address or name and an anchor of its own: "
    "change one of the two, or remove the cloud object",
    "InvalidHardMatch": "the cloud refuses to hand the object over: see whether hard-match takeover is blocked",
    "LargeObject": "the object has too many values: remove certificates, addresses or a large photo",
    "permission-issue": "give the connector's account the right to write the object",
    "DataValidationFailed": "correct the value that the cloud finds invalid",
    "IdentityDataValidationFailed": "correct the value that the cloud finds invalid, often the UPN",
    "duplicate-anchor": "two objects claim one object in the cloud: correct the one that should not be linked to it",
}
