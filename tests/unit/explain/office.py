"""An office for explain's tests: a laboratory with the four planted faults, and readers of its directories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from tests.unit.engine.lab import Lab
from tests.unit.engine.lab_entries import dn, user
from tests.unit.engine.lab_rules import flow, rule

from attrflow.app.library import metaverse_schema
from attrflow.connectors.memory import MemoryEntry
from attrflow.engine.program import Program, build_program
from attrflow.explain.diagnoses import Surroundings
from attrflow.explain.documents import as_data
from attrflow.explain.hops import Trace
from attrflow.explain.live import LiveRead
from attrflow.explain.resolve_object import DirectoryFind
from attrflow.explain.text import WIDTH, Line, plain
from attrflow.explain.text_trace import trace_lines
from attrflow.explain.text_why import why_lines
from attrflow.explain.trace import trace
from attrflow.explain.why import Why, why
from attrflow.model.connector_space import CSObject
from attrflow.model.entry import ReferenceTarget
from attrflow.model.errors import ConnectionFailed
from attrflow.rules.rule import Rule

LEAVERS = "OU=Leavers,DC=contoso,DC=test"
HIDDEN = "msExchHideFromAddressLists"


@cache
def _defaults() -> tuple[Rule, ...]:
    return tuple(Lab().ruleset.rules)


def rules(*more: Rule) -> tuple[Rule, ...]:
    """The default rules and more."""
    return (*_defaults(), *more)


@cache
def settled() -> Lab:
    """The office after two cycles, shared by tests that only look."""
    return office()


def with_unit(name: str) -> Lab:
    """The office, with a unit of this name that was imported, as containers are."""
    lab = office(settle=False)
    contoso = lab.configurations["contoso"]
    lab.configurations["contoso"] = replace(contoso, object_types=(*contoso.object_types, "organizationalUnit"))
    lab.use(lab.ruleset.rules)
    unit = f"OU={name},OU=People,DC=contoso,DC=test"
    lab.directories["contoso"].add(MemoryEntry(unit, "organizationalUnit", {"objectGUID": (b"unit" * 4,)}, {}))
    lab.settle()
    return lab


def office(*more: Rule, settle: bool = True) -> Lab:
    """Kari is well; Ola, Ingrid and Per have the planted faults that are about one attribute."""
    custom = rule("In from AD - employeeType", 50, flow("employeeType", "employeeType"))
    lab = Lab(rules(custom, *more))
    contoso = lab.directories["contoso"]
    contoso.add(user("Kari Nordmann", 1, telephoneNumber=("  +47 22 00 00 00 ",), title=("Boss",), sn=("Nordmann",)))
    contoso.add(user("Ola Hansen", 2, msExchHideFromAddressLists=(True,), manager=(dn("Kari Nordmann"),)))
    contoso.add(user("Ingrid Berg", 3, manager=(f"CN=Tor Vik,{LEAVERS}",)))
    contoso.add(user("Per Lund", 4, employeeType=("contractor",)))
    contoso.add(user("Harald Nygaard", 5, msExchHideFromAddressLists=(True,), mailNickname=("harald",)))
    if settle:
        lab.settle()
    return lab


_PROGRAMS: dict[tuple[object, ...], Program] = {}
"""Compiled once for all tests: a program has no state."""


def observed(lab: Lab) -> Program:
    """The laboratory's rules, compiled so that expressions tell their parts."""
    schemas = {name: directory.schema for name, directory in lab.directories.items()}
    key = (lab.ruleset.hash, lab.options, repr(schemas), tuple(lab.configurations))
    if key not in _PROGRAMS:
        _PROGRAMS[key] = build_program(
            lab.ruleset, lab.configurations, schemas, metaverse_schema(), lab.options, observed=True
        )
    return _PROGRAMS[key]


class Readers:
    """Reads the laboratory's directories as app reads real ones; `silent` ones cannot be reached."""

    def __init__(self, lab: Lab, *silent: str, cloud: Mapping[str, LiveRead] | None = None) -> None:
        self._lab = lab
        self._silent = silent
        self._cloud = cloud or {}
        """What the tenant made of attributes by itself."""

    def __call__(self, cso: CSObject, attribute: str) -> LiveRead:
        """An attribute as it is there now."""
        if cso.connector in self._silent:
            raise ConnectionFailed(f"nobody answers at {cso.connector}")
        entry = self._lab.directories[cso.connector].entries.get(cso.anchor or "")
        if entry is None:
            return LiveRead(found=False)
        if cso.connector == "entra" and attribute in self._cloud:
            return self._cloud[attribute]
        targets = tuple(ReferenceTarget(target) for target in entry.references.get(attribute, ()))
        return LiveRead(entry.attributes.get(attribute, ()), targets)

    def find(self, text: str) -> list[DirectoryFind]:
        """Nina, who was left among the leavers."""
        name = f"CN=Nina Dahl,{LEAVERS}"
        known = text.casefold() in (name.casefold(), "nina dahl", "nina.dahl@contoso.test")
        return [DirectoryFind("contoso", name, f"{LEAVERS} is excluded", "user", "Nina Dahl")] if known else []


def traced(lab: Lab, object_: str, attribute: str, *silent: str, live: bool = True) -> Trace:
    """A trace, drawn and written as data on the way, so that both are tried with everything."""
    readers = Readers(lab, *silent) if live else None
    before = (lab.world.new_id(), lab.store.highest_id(), lab.world.guid())
    found = trace(
        lab.store, observed(lab), lab.world, object_, attribute,
        directory_value=readers, cloud_value=readers, find_in_directory=readers.find if readers else None,
    )  # fmt: skip
    assert lab.world.new_id() == before[0] + 1, "a trace uses up no id"
    assert lab.store.highest_id() == before[1], "a trace writes nothing"
    for width in (80, 100, 120):
        fits(plain(trace_lines(found, width)), width)
    as_data(found)
    return found


def asked(
    lab: Lab,
    object_: str,
    attribute: str | None = None,
    *,
    live: bool = True,
    cloud: Mapping[str, LiveRead] | None = None,
    place: str = "",
) -> Why:
    """A why, drawn and written as data on the way."""
    readers = Readers(lab, cloud=cloud) if live else None
    found = why(
        lab.store, observed(lab), lab.world, object_, attribute,
        directory_value=readers, cloud_value=readers, find_in_directory=readers.find if readers else None,
        surroundings=Surroundings(place=place),
    )  # fmt: skip
    for width in (80, 100, 120):
        fits(plain(line for line in why_lines(found, width) if not _is_command(line)), width)
    as_data(found)
    return found


def _is_command(line: Line) -> bool:
    """Commands are not broken, so that they can be copied."""
    return any(style == "command" for style, _ in line)


def fits(text: str, width: int = WIDTH) -> None:
    """No line is wider than the page."""
    wide = [line for line in text.splitlines() if len(line) > width]
    assert not wide, f"wider than {width}: {wide[0]!r}"


def entry_of(lab: Lab, name: str) -> MemoryEntry:
    """A person's entry in contoso."""
    directory = lab.directories["contoso"]
    anchor = directory.find(dn(name))
    assert anchor is not None, name
    return directory.entries[anchor]
