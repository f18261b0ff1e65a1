"""Runs the list of operations on one server through ldap3, and says what came back in comparable words."""

from __future__ import annotations

import re
import socket
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ldap3
from ldap3.protocol.microsoft import dir_sync_control, extended_dn_control, show_deleted_control

from attrflow_mocks.ad.ber import Reader, integer, octets, sequence

__all__ = ["OPERATIONS", "Target", "run_operations"]

OPERATIONS: Sequence[Mapping[str, Any]] = tomllib.loads(
    Path(__file__).with_name("operations.toml").read_text(encoding="utf-8")
)["operation"]

_SCOPES = {"base": ldap3.BASE, "one": ldap3.LEVEL, "sub": ldap3.SUBTREE}
_CHANGES = {"add": ldap3.MODIFY_ADD, "delete": ldap3.MODIFY_DELETE, "replace": ldap3.MODIFY_REPLACE}
_AD = "1.2.840.113556.1.4."
_CONTROLS = {
    "show-deleted": show_deleted_control(),
    "tree-delete": (_AD + "805", True, None),
    "permissive": (_AD + "1413", True, None),
    "domain-scope": (_AD + "1339", True, None),
    "unknown": ("1.2.3.4.5", True, None),
    "unknown-harmless": ("1.2.3.4.5", False, None),
    "extended-dn": extended_dn_control(),
    "sort": (_AD + "473", True, sequence(sequence(octets("cn")))),
    "dirsync-critical": dir_sync_control(True, False, False, False, False, 2**20, b""),
}
_GUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_PLACE = re.compile(r"<(GUID|SID)=[^>]*>", re.IGNORECASE)


@dataclass(slots=True)
class Target:
    """A server, how to sign in to it, and the words that stand for its classes."""

    host: str
    port: int
    kind: str
    base: str
    account: str
    password: str
    cookies: dict[str, bytes] = field(default_factory=lambda: {"garbage": b"garbage"})

    @property
    def words(self) -> Mapping[str, str]:
        """What the list's placeholders stand for."""
        ad = self.kind == "ad"
        return {
            "base": self.base,
            "lab": f"OU=Lab,{self.base}",
            "person": "user" if ad else "inetOrgPerson",
            "group": "group" if ad else "groupOfNames",
            "account": self.account,
            "nobody": "nobody@contoso.test" if ad else f"cn=nobody,{self.base}",
        }


def run_operations(target: Target) -> dict[str, dict[str, object]]:
    """The outcome of each operation that is for this kind of server, by its name."""
    found = {}
    with _connected(target, target.account, target.password) as connection:
        assert connection.bind(), connection.result
        for operation in OPERATIONS:
            if operation.get("on", target.kind) == target.kind:
                found[operation["name"]] = _outcome(target, connection, _filled(operation, target.words))
    return found


@contextmanager
def _connected(target: Target, account: str | None, password: str | None) -> Iterator[ldap3.Connection]:
    server = ldap3.Server(target.host, target.port, get_info=ldap3.NONE)
    connection = ldap3.Connection(server, account, password, check_names=False, auto_referrals=False)
    connection.open()
    wire = connection.socket
    try:
        yield connection
    finally:
        connection.unbind()
        wire.close()


def _filled(value: Any, words: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for word, text in words.items():
            value = value.replace(f"{{{word}}}", text)
        return value
    if isinstance(value, list):
        return [_filled(item, words) for item in value]
    return {key: _filled(item, words) for key, item in value.items()} if isinstance(value, dict) else value


def _outcome(target: Target, connection: ldap3.Connection, operation: Mapping[str, Any]) -> dict[str, object]:
    if "mechanism" in operation:
        return {"result": _refused_mechanism(target, operation["mechanism"])}
    if operation["do"] == "bind":
        with _connected(target, operation["account"], operation["password"]) as other:
            other.bind()
            return {"result": other.result["result"]}
    if operation.get("anonymous"):
        with _connected(target, None, None) as other:
            return _carried_out(target, other, operation)
    return _carried_out(target, connection, operation)


def _refused_mechanism(target: Target, mechanism: str) -> int:
    """The result code of a SASL bind, sent by hand: ldap3 knows four mechanisms only."""
    bind = sequence(integer(3), octets(""), sequence(octets(mechanism), tag=0xA3), tag=0x60)
    with socket.create_connection((target.host, target.port), timeout=10) as wire:
        wire.sendall(sequence(integer(1), bind))
        answer = Reader(wire.recv(4096)).enter(0x30)
    answer.integer()
    return answer.enter(0x61).integer(0x0A)


def _carried_out(target: Target, connection: ldap3.Connection, operation: Mapping[str, Any]) -> dict[str, object]:
    controls = [_CONTROLS[name] for name in operation.get("controls", ())] or None
    dn = operation.get("dn", "")
    match operation["do"]:
        case "add":
            attributes = dict(operation.get("attributes", {}))
            connection.add(dn, operation["classes"] or None, attributes, controls)
        case "modify":
            changes: dict[str, list[tuple[str, list[str]]]] = {}
            for kind, name, *values in operation["changes"]:
                changes.setdefault(name, []).append((_CHANGES[kind], values))
            connection.modify(dn, changes, controls)
        case "rename":
            superior = operation.get("superior")
            connection.modify_dn(dn, operation["rdn"], not operation.get("keep", False), superior, controls)
        case "delete":
            connection.delete(dn, controls)
        case "compare":
            connection.compare(dn, operation["attribute"], operation["value"])
        case "search":
            return _settled(connection, operation, controls)
        case "dirsync":
            return _dirsync(target, connection, operation)
    return {"result": connection.result["result"]}


def _settled(connection: ldap3.Connection, operation: Mapping[str, Any], controls: object) -> dict[str, object]:
    """A search; one that settles is asked again until it finds something, for two seconds."""
    deadline = time.monotonic() + 2.0
    while True:
        found = _search(connection, operation, controls)
        if found["entries"] or not operation.get("settles") or time.monotonic() > deadline:
            return found


def _search(connection: ldap3.Connection, operation: Mapping[str, Any], controls: object) -> dict[str, object]:
    connection.search(
        operation["base"],
        operation["filter"],
        _SCOPES[operation["scope"]],
        dereference_aliases=ldap3.DEREF_NEVER,
        attributes=operation.get("attributes"),
        controls=controls,
        paged_size=operation.get("page"),
    )
    found: dict[str, object] = {"result": connection.result["result"]}
    if operation.get("count"):
        found["entries"] = len([one for one in connection.response if "dn" in one])
    else:
        found["entries"] = _entries(connection, operation["base"] == "" or operation["base"].startswith("<"))
    if operation.get("references"):
        found["refers"] = any(one["type"] == "searchResRef" for one in connection.response)
    found["controls"] = sorted(connection.result.get("controls", {}))
    return found


def _entries(connection: ldap3.Connection, nameless: bool) -> dict[str, list[str]]:
    found = {}
    for entry in connection.response or []:
        if entry["type"] == "searchResEntry":
            present = {name.lower(): values for name, values in entry["raw_attributes"].items()}
            names = sorted([name if values else f"{name} (no values)" for name, values in present.items()])
            found["" if nameless else _dn(entry["dn"])] = names
    return found


def _dn(text: str) -> str:
    return _PLACE.sub(r"<\1>", _GUID.sub("<guid>", text)).lower()


def _dirsync(target: Target, connection: ldap3.Connection, operation: Mapping[str, Any]) -> dict[str, object]:
    cookie = target.cookies.get(operation.get("cookie", ""), b"")
    incremental = operation.get("incremental", False)
    control = dir_sync_control(True, False, False, False, incremental, 2**20, cookie)
    connection.search(
        operation["base"],
        operation.get("filter", "(objectClass=*)"),
        attributes=operation["attributes"],
        controls=[control],
    )
    answer = connection.result.get("controls", {}).get(_AD + "841")
    if answer is not None and "keep" in operation:
        value = answer["value"]
        target.cookies[operation["keep"]] = value["cookie"] if isinstance(value, dict) else _cookie_in(value)
    return {"result": connection.result["result"], "entries": _entries(connection, nameless=False)}


def _cookie_in(raw: bytes) -> bytes:
    inner = Reader(raw).enter(0x30)
    inner.integer()
    inner.integer()
    return inner.octets()
