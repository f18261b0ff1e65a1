"""Modifying one entry: all changes or none, with AD's rules for links, accounts and passwords."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from attrflow_mocks.ad.accounts import (
    ACCOUNT_DISABLED,
    COMPUTED_BITS,
    PASSWORD_NOT_REQUIRED,
    account_type,
    check_names,
    new_password,
    primary_group_change,
)
from attrflow_mocks.ad.directory import Directory
from attrflow_mocks.ad.entry import Entry
from attrflow_mocks.ad.errors import LdapError, attribute_error, service_error, update_error
from attrflow_mocks.ad.message import Change
from attrflow_mocks.ad.schema import Attribute
from attrflow_mocks.ad.values import equality_key, filetime
from attrflow_mocks.ad.writes import check_values, known_attribute, target_of

__all__ = ["modify"]

_ADD, _DELETE, _REPLACE = 0, 1, 2
_ACCOUNT = frozenset({"userAccountControl", "groupType"})


@dataclass(slots=True)
class _Draft:
    """The entry as it will be: only what is touched."""

    values: dict[str, list[bytes]] = field(default_factory=dict)
    links: dict[str, dict[Entry, None]] = field(default_factory=dict)
    password: str | None = None
    swap: tuple[Entry, Entry | None] | None = None


def modify(
    directory: Directory,
    entry: Entry,
    changes: Iterable[Change],
    *,
    permissive: bool = False,
    secure: bool = True,
) -> None:
    """Change attributes of a live entry.

    Args:
        directory: The directory that holds it.
        entry: The entry.
        changes: In the order of the request.
        permissive: Adding what is there and deleting what is not are no errors (control 1413).
        secure: The connection is encrypted, so passwords may be set.

    Raises:
        LdapError: what AD refuses; the entry is then as it was.
    """
    listed = list(changes)
    draft = _Draft()
    allowed = directory.schema.allowed(entry.classes)
    passwords = [change for change in listed if change.attribute.lower() == "unicodepwd"]
    if passwords:
        draft.password = _password(directory, entry, passwords, secure)
    for change in listed:
        attribute = known_attribute(directory, change.attribute)
        if attribute.name == "unicodePwd":
            continue
        _check_writable(entry, attribute)
        if attribute.name not in allowed and change.values:
            raise update_error(65, 0x2014)
        if attribute.is_reference:
            _change_links(directory, entry, draft, attribute, change, permissive)
        else:
            _change_values(entry, draft, attribute, change, permissive)
    _check_draft(directory, entry, draft)
    _commit(directory, entry, draft)


def _check_writable(entry: Entry, attribute: Attribute) -> None:
    if attribute.is_back_link:
        raise service_error(0x209A)
    if attribute.name == "name":
        raise update_error(67, 0x2016)  # it is the value of the relative name
    if attribute.system or attribute.computed or attribute.name in ("objectCategory", "isDeleted"):
        raise attribute_error(19, 0x20B1, attribute.name)
    if attribute.name == "objectClass":
        raise service_error(0x2014)
    if attribute.name.lower() == entry.rdn.type.lower() or (entry.parent is None and attribute.name == "dc"):
        raise update_error(67, 0x2016)
    if attribute.name == "nTSecurityDescriptor":
        raise LdapError(53, "00002035: this mock keeps no security descriptors of its own")


def _change_values(entry: Entry, draft: _Draft, attribute: Attribute, change: Change, permissive: bool) -> None:
    name = attribute.name
    current = draft.values.get(name)
    if current is None:
        current = list(entry.values.get(name, ()))
    key_of = equality_key(attribute.syntax)
    if change.kind == _REPLACE:
        draft.values[name] = check_values(attribute, change.values)
        return
    keys = [key_of(value) for value in current]
    if change.kind == _ADD:
        if not change.values:
            raise attribute_error(19, 0x57, name)
        fresh = check_values(attribute, change.values) if not attribute.single else list(change.values)
        for value in fresh:
            if key_of(value) in keys:
                if permissive:
                    continue
                raise attribute_error(20, 0x2083, name)
            current.append(value)
        if attribute.single and len(current) > 1:
            raise attribute_error(20, 0x2081, name)  # observed on Samba, whose tests say the same of AD
        draft.values[name] = check_values(attribute, current)
        return
    if not change.values:
        if not current and not permissive:
            raise attribute_error(16, 0x2085, name)
        current = []
    for value in change.values:
        key = key_of(value)
        if key in keys:
            index = keys.index(key)
            del keys[index], current[index]
        elif not permissive:
            raise attribute_error(16, 0x2085, name)
    draft.values[name] = current


def _change_links(
    directory: Directory, entry: Entry, draft: _Draft, attribute: Attribute, change: Change, permissive: bool
) -> None:
    name = attribute.name
    current = draft.links.get(name)
    if current is None:
        current = dict.fromkeys(entry.links.get(name, ()))
    if change.kind == _DELETE and not change.values:
        if not current and not permissive:
            raise attribute_error(16, 0x2085, name)
        current = {}
    targets = [target_of(directory, value) for value in change.values]
    if change.kind == _REPLACE:
        current = dict.fromkeys(targets)
    elif change.kind == _ADD:
        for target in targets:
            if target in current and not permissive:
                # Groups belong to the account manager, which has its own words for it.
                raise update_error(68, 0x562) if name == "member" else attribute_error(20, 0x2083, name)
            current[target] = None
    else:
        for target in targets:
            if target in current:
                del current[target]
            elif not permissive:
                raise service_error(0x561) if name == "member" else attribute_error(16, 0x2085, name)
    if attribute.single and len(current) > 1:
        raise attribute_error(19, 0x2081, name)
    draft.links[name] = current


def _password(directory: Directory, entry: Entry, changes: Sequence[Change], secure: bool) -> str:
    """The new password: a replace resets, a delete with an add changes."""
    kinds = [(change.kind, len(change.values)) for change in changes]
    if kinds == [(_REPLACE, 1)]:
        return new_password(directory, changes[0].values[0], secure=secure)
    if kinds == [(_DELETE, 1), (_ADD, 1)]:
        fresh = new_password(directory, changes[1].values[0], secure=secure, own_change=True)
        if changes[0].values[0] != f'"{directory.passwords.get(entry, "")}"'.encode("utf-16-le"):
            raise attribute_error(19, 0x56, "unicodePwd")
        return fresh
    raise service_error(0x57)


def _check_draft(directory: Directory, entry: Entry, draft: _Draft) -> None:
    required = directory.schema.required(entry.classes)
    for name, held in (*draft.values.items(), *draft.links.items()):
        if name in required and not held:
            raise update_error(65, 0x207C)
    check_names(directory, entry, draft.values)
    _check_special(directory, draft)
    control = draft.values.get("userAccountControl")
    if control:
        number = int(control[0]) & ~COMPUTED_BITS
        control[0] = str(number).encode()
        waived = number & (ACCOUNT_DISABLED | PASSWORD_NOT_REQUIRED)
        # Seeded accounts are enabled without a known password, so only the step to enabled is judged.
        was_disabled = entry.number("userAccountControl") & ACCOUNT_DISABLED
        if not waived and was_disabled and draft.password is None and entry not in directory.passwords:
            raise service_error(0x52D)
    group = draft.values.get("primaryGroupID")
    if group and int(group[0]) != entry.number("primaryGroupID"):
        draft.swap = primary_group_change(directory, entry, int(group[0]))


def _check_special(directory: Directory, draft: _Draft) -> None:
    """pwdLastSet takes 0 and -1 (now), lockoutTime takes 0."""
    last_set = draft.values.get("pwdLastSet")
    if last_set:
        if last_set[0] not in (b"0", b"-1"):
            raise attribute_error(19, 0x57, "pwdLastSet")
        if last_set[0] == b"-1":
            last_set[0] = str(filetime(directory.now())).encode()
    lockout = draft.values.get("lockoutTime")
    if lockout and lockout[0] != b"0":
        raise attribute_error(19, 0x57, "lockoutTime")


def _commit(directory: Directory, entry: Entry, draft: _Draft) -> None:
    values = {name: held for name, held in draft.values.items() if held != entry.values.get(name, [])}
    links = {name: held for name, held in draft.links.items() if held.keys() != entry.links.get(name, {}).keys()}
    if draft.password is not None:
        directory.passwords[entry] = draft.password
        if "pwdLastSet" not in values:
            values["pwdLastSet"] = [str(filetime(directory.now())).encode()]
    if not values and not links:
        return
    directory.unindex(entry)
    for name, held in values.items():
        if held:
            entry.values[name] = held
        else:
            entry.values.pop(name, None)
    names = [*values, *links]
    kind = account_type(entry)
    if kind is not None and _ACCOUNT & values.keys() and entry.values.get("sAMAccountType") != [kind]:
        entry.values["sAMAccountType"] = [kind]
        names.append("sAMAccountType")
    directory.index(entry)
    usn = directory.stamp(entry, names)
    for name, held_links in links.items():
        before = entry.links.get(name, {})
        for target in [target for target in before if target not in held_links]:
            directory.unlink(entry, name, target, usn)
        for target in held_links:
            if target not in before:
                directory.link(entry, name, target, usn)
    if draft.swap is not None:
        _swap_primary_group(directory, entry, *draft.swap)


def _swap_primary_group(directory: Directory, entry: Entry, new: Entry, old: Entry | None) -> None:
    """The new primary group no longer lists the entry; the old one, if there, now does."""
    directory.unlink(new, "member", entry, directory.stamp(new, ["member"]))
    if old is not None:
        directory.link(old, "member", entry, directory.stamp(old, ["member"]))
