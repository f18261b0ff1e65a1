"""The laboratory on the wire: the same case against mock servers over LDAP and HTTP (DECISIONS 5).

The servers are a child process that starts empty; the case's objects are put into it over its control plane.
Cases of one seed and time have one process, emptied for each. Ids and times come from the case as far as the
wire allows: an object's GUID and SID are the same as in memory, those of the tenant are the tenant's own.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

import httpx

from attrflow.app.case_schemas import reference_attributes
from attrflow.app.laboratory import AnnouncedDirectory, Announcement, mock_process
from attrflow.app.library import metaverse_schema
from attrflow.app.memory_laboratory import case_configuration, case_default_rules
from attrflow.app.world import SeededWorld
from attrflow.cases.format import Case, ConnectorSpec, Edit, ObjectSpec
from attrflow.cases.laboratory import CaseError, DirectoryEntry, Target
from attrflow.cases.objects import absolute_dn
from attrflow.connectors.entra.connector import EntraConnector
from attrflow.connectors.ldap.connector import LdapConnector
from attrflow.connectors.ldap.values import guid_of
from attrflow.connectors.retry import Retrying, RetryPolicy
from attrflow.model.configuration import ConnectorConfiguration, Partition
from attrflow.model.entry import WireAttempt
from attrflow.model.names import dn_key, is_within, parse_dn
from attrflow.model.schema import Schema
from attrflow.model.values import Value, Values
from attrflow.ports.connector import Connector
from attrflow.rules.reading import attributes_needed
from attrflow.rules.rule import Rule
from attrflow.rules.ruleset import RuleSet
from attrflow.stores.memory import MemoryStore

__all__ = ["SCENARIO", "WireLaboratory", "WireServers", "wire_servers"]

SCENARIO: Final = "blank"
"""Two empty forests, `DC=contoso,DC=test` and `DC=fabrikam,DC=test`, and an empty tenant."""

_PATIENCE_SECONDS = 30.0


@contextmanager
def wire_servers() -> Iterator[WireServers]:
    """The servers of any number of cases, started when the first of them needs them; they end with the block."""
    with ExitStack() as stack:
        yield WireServers(stack)


class WireServers:
    """Servers that run; made by `wire_servers`."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._running: dict[tuple[int, datetime], tuple[Announcement, httpx.Client]] = {}

    def laboratory(self, case: Case) -> WireLaboratory:
        """Servers that hold the case's objects and nothing else; the laboratory before it is over.

        Raises:
            LaboratoryError: the servers did not start.
            CaseError: the case has a connector or an object that they cannot serve.
        """
        key = (case.seed, SeededWorld(case.seed, case.clock).now())
        if key in self._running:
            announced, control = self._running[key]
            control.post("/reset").raise_for_status()
        else:
            announced = self._stack.enter_context(mock_process(SCENARIO, "all", *key))
            client = httpx.Client(
                base_url=announced.control_url,
                headers={"Authorization": f"Bearer {announced.control_token}"},
                timeout=_PATIENCE_SECONDS,
                trust_env=False,
            )
            control = self._stack.enter_context(client)
            self._running[key] = announced, control
        return WireLaboratory(case, announced, control)


class _Clock(SeededWorld):
    """The case's world; where it moves on, the servers' clock does too."""

    def __init__(self, case: Case, call: Callable[[str, object], Any]) -> None:
        super().__init__(case.seed, case.clock)
        self._call = call

    def advance(self, seconds: float) -> None:
        """Move both clocks on."""
        super().advance(seconds)
        self._call("/clock/advance", {"seconds": seconds})


class WireLaboratory:
    """A case's world on the wire; made by `WireServers`."""

    def __init__(self, case: Case, announced: Announcement, control: httpx.Client) -> None:
        self._case = case
        self._control = control
        self._secrets: dict[str, str] = {}
        self.world = _Clock(case, self._call)
        self.store = MemoryStore()
        self.metaverse = metaverse_schema()
        self.configurations: Mapping[str, ConnectorConfiguration] = {
            name: self._reached(spec, announced) for name, spec in case.connectors.items()
        }
        self._schemas: dict[str, Schema] = {}
        self._dns = {handle: spec.dn for handle, spec in case.objects.items()}
        self._ruleset: RuleSet | None = None
        for name in case.connectors:
            self._seed(name, [o for o in case.objects.values() if o.connector == name and o.at_start])

    # -- where the servers are --------------------------------------------------------------------

    def _reached(self, spec: ConnectorSpec, announced: Announcement) -> ConnectorConfiguration:
        configuration = case_configuration(spec)
        if spec.schema == "entra":
            tenant = announced.tenant
            assert tenant is not None, "all parts of the scenario were asked for"
            self._secrets[spec.name] = tenant.client_secret
            settings: dict[str, object] = {
                "channel": "ingest",
                "tenant_id": tenant.tenant_id,
                "client_id": tenant.client_id,
                "graph_url": tenant.graph_url,
                "login_url": tenant.login_url,
                "ingest_url": tenant.ingest_url,
            }
            return replace(configuration, settings=settings)
        there = self._directory(spec, announced)
        self._secrets[spec.name] = there.password
        return replace(configuration, settings={"url": there.url, "account": there.account})

    def _directory(self, spec: ConnectorSpec, announced: Announcement) -> AnnouncedDirectory:
        if spec.schema == "ad":
            for directory in announced.directories:
                if dn_key(directory.naming_context) == dn_key(spec.naming_context) and directory.name == spec.name:
                    return directory
        known = ", ".join(directory.name for directory in announced.directories)
        raise CaseError(
            f"The mock servers have no {spec.schema} directory {spec.name} with {spec.naming_context}.",
            help=f"On the wire there are the forests {known} and a tenant; other connectors run in memory only.",
        )

    # -- rules and schemas ------------------------------------------------------------------------

    def default_rules(self) -> tuple[Rule, ...]:
        """The default rules of the case's connectors."""
        return case_default_rules(self._case)

    def use_rules(self, ruleset: RuleSet) -> None:
        """From now on these rules say which attributes are read; with the first ones the schemas are read."""
        self._ruleset = ruleset
        for name, configuration in self.configurations.items():
            if name not in self._schemas:
                connector = self._open(configuration, lambda _attempt: None)
                try:
                    self._schemas[name] = connector.schema
                finally:
                    connector.close()

    def configure(self, configuration: ConnectorConfiguration) -> None:
        """From now on this is the configuration of the connector of that name."""
        self.configurations = {**self.configurations, configuration.name: configuration}

    def forget(self) -> None:
        """Go on with an empty store."""
        self.store = MemoryStore()

    def schema(self, connector: str) -> Schema:
        """What the directory said of its schema, last at an import."""
        return self._schemas.get(connector, Schema())

    def learn_schema(self, connector: str, schema: Schema) -> None:
        """Keep what a directory said of its schema."""
        self._schemas[connector] = schema

    # -- directories ------------------------------------------------------------------------------

    def open_connector(self, connector: str, told: Callable[[WireAttempt], None]) -> Connector:
        """Connect to a server."""
        return self._open(self.configurations[connector], told)

    def _open(self, configuration: ConnectorConfiguration, told: Callable[[WireAttempt], None]) -> Connector:
        assert self._ruleset is not None, "rules come before connections"
        needed = attributes_needed(self._ruleset, configuration.name)
        if configuration.attributes:
            chosen = {attribute.casefold() for attribute in configuration.attributes}
            needed = {t: frozenset(a for a in names if a.casefold() in chosen) for t, names in needed.items()}
        retrying = Retrying(RetryPolicy(), on_attempt=told)
        secret = self._secrets[configuration.name]
        if configuration.kind == "entra":
            return EntraConnector(configuration, needed, client_secret=secret, retrying=retrying)
        return LdapConnector(configuration, needed, password=secret, retrying=retrying)

    def entry(self, target: Target) -> DirectoryEntry | None:
        """What a directory holds, read through its connector past the selected containers."""
        configuration = self.configurations[target.connector]
        anchor = self.anchor(target.handle) if target.handle is not None else target.anchor
        if anchor is None:
            return None
        whole = replace(configuration, partitions=(Partition(configuration.partitions[0].name),))
        connector = self._open(whole, lambda _attempt: None)
        try:
            found = connector.read_object(whole.partitions[0].name, anchor)
        finally:
            connector.close()
        if found is None:
            return None
        references = {name: one.added for name, one in found.references.items()}
        return DirectoryEntry(found.dn, found.object_type or "", found.attributes, references)

    def dn(self, handle: str) -> str:
        """The DN that an object has now, or had last."""
        return self._dns[handle]

    def anchor(self, handle: str) -> str | None:
        """The GUID that the case gave the object, as the connector writes it."""
        guids = self._case.objects[handle].attributes.get("objectGUID", ())
        return guid_of(guids[0]) if guids and isinstance(guids[0], bytes) else None

    # -- edits ------------------------------------------------------------------------------------

    def edit(self, target: Target, edit: Edit) -> None:
        """Change a directory over the control plane.

        Raises:
            CaseError: the servers cannot do that, or refuse.
        """
        handle = target.handle
        if handle is None or self._case.connectors[target.connector].schema != "ad":
            raise CaseError("On the wire only the case's own objects in AD forests can be edited.", help=_MEMORY_ONLY)
        if edit.verb == "add":
            self._seed(target.connector, [self._case.objects[handle]])
            return
        directory, dn = f"/directories/{quote(target.connector)}", self._dns[handle]
        if edit.verb == "delete":
            self._call(f"{directory}/delete", {"dn": dn})
        elif edit.verb in ("rename", "move"):
            self._move(directory, dn, _new_dn(dn, edit, self._case.connectors[target.connector]))
        elif edit.verb == "undelete":
            raise CaseError("The control plane of the mock servers undeletes nothing.", help=_MEMORY_ONLY)
        else:
            changes = {name: self._after(target, edit, name, values) for name, values in edit.attributes.items()}
            self._call(f"{directory}/modify", {"dn": dn, "changes": changes})

    def _after(self, target: Target, edit: Edit, name: str, values: Values) -> list[object]:
        """An attribute's values after an edit: the control plane replaces whole attributes."""
        given = [self._written(target.connector, name, value) for value in values]
        if edit.verb == "set":
            return given
        now = self._now(target.connector, self._dns[target.handle or ""], name)
        kept = [value for value in now if _folded(value) not in {_folded(one) for one in given}]
        return kept + given if edit.verb == "add-values" else kept

    def _now(self, connector: str, dn: str, name: str) -> list[object]:
        for entry in self._call("/dump")["directories"][connector]:
            if not entry["deleted"] and dn_key(entry["dn"]) == dn_key(dn):
                attributes: Mapping[str, list[object]] = entry["attributes"]
                return next((values for key, values in attributes.items() if key.casefold() == name.casefold()), [])
        raise CaseError(f"{connector} holds no entry {dn}.")

    def _move(self, directory: str, dn: str, new_dn: str) -> None:
        self._call(f"{directory}/move", {"dn": dn, "new_dn": new_dn})
        above = dn_key(dn)
        for handle, before in self._dns.items():
            if is_within(dn_key(before), above):
                self._dns[handle] = before[: len(before) - len(dn)] + new_dn

    def _seed(self, connector: str, objects: Sequence[ObjectSpec]) -> None:
        if not objects:
            return
        spec = self._case.connectors[connector]
        if spec.schema != "ad":
            raise CaseError(f"The mock servers let no case put objects into {connector}.", help=_MEMORY_ONLY)
        entries = [*self._containers(spec, objects)]
        entries += [{"dn": o.dn, "object_class": o.type, "attributes": self._attributes(o)} for o in _downward(objects)]
        self._call("/seed", {"directory": connector, "entries": entries})

    def _containers(self, spec: ConnectorSpec, objects: Sequence[ObjectSpec]) -> Iterator[dict[str, object]]:
        """The organizational units above the objects that neither the case nor the directory has, top down."""
        there = {dn_key(e["dn"]) for e in self._call("/dump")["directories"][spec.name] if not e["deleted"]}
        there |= {dn_key(one.dn) for one in objects}
        missing: dict[str, str] = {}
        for one in objects:
            parent = parse_dn(one.dn).parent
            while parent is not None and parent.key not in there and parent.key != dn_key(spec.naming_context):
                missing.setdefault(parent.key, parent.text)
                parent = parent.parent
        for key in sorted(missing, key=len):
            yield {"dn": missing[key], "object_class": "organizationalUnit"}

    def _attributes(self, one: ObjectSpec) -> dict[str, list[object]]:
        return {
            name: [self._written(one.connector, name, value) for value in values]
            for name, values in one.attributes.items()
        }

    def _written(self, connector: str, name: str, value: Value) -> object:
        """A value as LDAP writes it; a short name in a reference attribute is the DN of its object."""
        if isinstance(value, bytes):
            return {"b64": base64.b64encode(value).decode("ascii")}
        if isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        spec = self._case.connectors[connector]
        if name.casefold() not in reference_attributes(spec):
            return str(value)
        return self._dns.get(str(value)) or absolute_dn(str(value), spec)

    def _call(self, path: str, body: object = None) -> Any:
        response = self._control.get(path) if body is None else self._control.post(path, json=body)
        if response.status_code >= httpx.codes.BAD_REQUEST:
            raise CaseError(f"The mock servers refuse: {response.json().get('error', response.text)}.")
        return response.json()

    # -- faults -----------------------------------------------------------------------------------

    def lose_connection(self, connector: str, after: int) -> None:
        """Not on the wire.

        Raises:
            CaseError: always.
        """
        raise CaseError(f"{connector} cannot be made to hang up after {after} objects.", help=_MEMORY_ONLY)

    def refuse(self, target: Target, error: str) -> None:
        """Not on the wire.

        Raises:
            CaseError: always.
        """
        raise CaseError(f"{target.connector} cannot be made to refuse with {error}.", help=_MEMORY_ONLY)


_MEMORY_ONLY: Final = 'Say needs = ["memory"] in the case, and run it without --wire.'


def _downward(objects: Sequence[ObjectSpec]) -> list[ObjectSpec]:
    """Containers before what stands in them."""
    return sorted(objects, key=lambda one: len(parse_dn(one.dn).rdns))


def _folded(value: object) -> str:
    return str(value).casefold()


def _new_dn(dn: str, edit: Edit, spec: ConnectorSpec) -> str:
    """The whole DN after a rename (a new RDN) or a move (a new container, or a whole new DN)."""
    name = parse_dn(dn)
    if edit.verb == "rename":
        return f"{edit.dn},{name.parent.text}" if name.parent is not None else edit.dn
    wanted = absolute_dn(edit.dn, spec)
    return wanted if parse_dn(edit.dn).rdn.casefold().startswith("cn=") else f"{name.rdn},{wanted}"
