"""For rule authors' own tests: one user in LDIF, the rules, and the value that must come of it.

    from attrflow.app.rule_testing import assert_flow

    def test_the_number_is_trimmed() -> None:
        assert_flow("rules/contoso", "kari.ldif", "telephoneNumber", "+47 22 00 00 00")

Everything happens in memory. What differs is told with the trace of the attribute. pytest is not needed;
the plugin `attrflow.app.pytest_plugin` gives the same functions as fixtures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from attrflow.app.memory_laboratory import MemoryLaboratory
from attrflow.app.operations.cases import case_files, load_case, not_here
from attrflow.cases.expectations import Expectation
from attrflow.cases.format import Case, ConnectorSpec, ObjectSpec, Step
from attrflow.cases.objects import read_ldif_objects
from attrflow.cases.reader import Reader
from attrflow.cases.runner import CaseResult, run_case
from attrflow.model.errors import SettingsError
from attrflow.model.names import InvalidName, parse_dn
from attrflow.model.values import Value, Values
from attrflow.rules.document import read_rule
from attrflow.rules.rule import Rule, named_guid

__all__ = ["assert_case", "assert_flow"]

Schema = Literal["ad", "openldap", "entra", "memory"]
Expected = Value | Sequence[Value] | None

_OPENLDAP_TYPES = {"inetorgperson", "groupofnames", "groupofuniquenames", "posixaccount"}
_ENTRA_NAMES = ("entra", "aad", "azure")
_OBJECT_TYPES: dict[Schema, tuple[str, ...]] = {
    "ad": ("user", "group", "contact", "inetOrgPerson"),
    "openldap": ("inetOrgPerson", "groupOfNames"),
    "entra": ("user", "group", "contact"),
    "memory": ("user", "group", "contact"),
}


def assert_flow(
    rules: str | Path | Iterable[Rule],
    ldif: str | Path,
    attribute: str,
    expected: Expected,
    *,
    object: str | None = None,
    connector: str | None = None,
    target: str | None = None,
) -> None:
    """Assert what comes of an attribute of one object.

    Args:
        rules: a rule file, a folder of them, or rules.
        ldif: a file, or LDIF itself: the object, and those that it refers to.
        attribute: a metaverse attribute, or with `target` one of that connector.
        expected: the value, a list of values in any order, or None for no value.
        object: which object, by the value of its RDN, where the LDIF has several.
        connector: whose directory the LDIF is, where inbound rules of several are given.
        target: a connector: what waits for export there is compared, not the metaverse.

    Raises:
        AssertionError: it is otherwise; the message says how, and shows the attribute's way.
        SettingsError: rules or LDIF cannot be used.
    """
    loaded = _rules(rules)
    text = str(ldif) if "\n" in str(ldif) else Path(ldif).read_text(encoding="utf-8")
    source = connector or _only_source(loaded)
    names = dict.fromkeys(rule.connector for rule in loaded) | {source: None}
    specs = {name: _spec(name, loaded, text if name == source else "") for name in names}
    objects = _objects(text, specs[source])
    handle = object or _only_object(objects)
    if handle not in objects:
        raise SettingsError(f"The LDIF has no object {handle!r}.", help="it has " + ", ".join(objects))
    values = _values(expected)
    wanted = Expectation("mv", handle, {attribute: values}, ())
    if target is not None:
        wanted = Expectation("cs", f"{handle}@{target}", {"attributes": {attribute: values}}, ())
    runs = (f"{source} full-import", f"{source} full-sync")
    step = Step(1, "import and synchronize", (), runs=runs, expectations=(wanted,))
    case = Case(
        title=f"{attribute} of {handle}",
        basis="assumed",
        source="the rules' own tests",
        steps=(step,),
        connectors=specs,
        default_rules=False,
        rules=loaded,
        objects=objects,
    )
    _assert(run_case(case, MemoryLaboratory(case)))


def assert_case(path: str | Path) -> None:
    """Assert that a case file (or every one in a folder) holds in memory.

    Raises:
        AssertionError: it does not; the message says what differed, and shows the way of the attribute.
        SettingsError: the file is no case, or needs servers.
    """
    for file in case_files([Path(path)]):
        case = load_case(file)
        if (reason := not_here(case, wire=False)) is not None:
            raise SettingsError(f"{file} cannot be run in memory: {reason}.")
        _assert(run_case(case, MemoryLaboratory(case)))


def _assert(result: CaseResult) -> None:
    if result.passed:
        return
    lines = []
    for failure in result.failures:
        place = f"{result.case.file}:{failure.line}: " if result.case.file is not None else ""
        lines += [f"{place}{failure.what}", f"  expected  {failure.expected}", f"  got       {failure.got}"]
        lines += [failure.trace] if failure.trace is not None else []
    raise AssertionError("\n".join(lines))


def _rules(rules: str | Path | Iterable[Rule]) -> tuple[Rule, ...]:
    if not isinstance(rules, str | Path):
        return tuple(rules)
    path = Path(rules)
    files = sorted(path.rglob("*.toml")) if path.is_dir() else [path]
    if not files:
        raise SettingsError(f"There are no rule files in {path}.")
    found = []
    for file in files:
        rule, diagnostics = read_rule(file.read_text(encoding="utf-8"), str(file))
        if rule is None:
            raise SettingsError(f"{file} is no rule.", [d for d in diagnostics if d.severity == "error"])
        found.append(rule)
    return tuple(found)


def _only_source(rules: Iterable[Rule]) -> str:
    inbound = {rule.connector for rule in rules if rule.direction == "inbound"}
    names = sorted(name for name in inbound if not name.casefold().startswith(_ENTRA_NAMES))
    if len(names) != 1:
        found = ", ".join(names) or "none"
        raise SettingsError(f"Say whose directory the LDIF is: connector=…; inbound rules belong to {found}.")
    return names[0]


def _spec(name: str, rules: Iterable[Rule], ldif: str) -> ConnectorSpec:
    """The connector that the rules speak of; its kind follows from their object types and its name."""
    own = [rule for rule in rules if rule.connector == name]
    types = {rule.source_type if rule.direction == "inbound" else rule.target_type for rule in own} - {"*"}
    schema: Schema = "ad"
    if name.casefold().startswith(_ENTRA_NAMES):
        schema = "entra"
    elif types and {type_.casefold() for type_ in types} <= _OPENLDAP_TYPES:
        schema = "openldap"
    context = "default" if schema == "entra" else _naming_context(ldif) or f"DC={name},DC=test"
    fqdn = ".".join(part.partition("=")[2] for part in context.split(","))
    netbios = fqdn.partition(".")[0].upper()
    parameters = {
        f"{kind}.{key}": value
        for kind in ("Domain", "Forest")
        for key, value in (("FQDN", fqdn), ("Netbios", netbios), ("LDAP", context))
    }
    every = tuple(dict.fromkeys((*_OBJECT_TYPES[schema], *sorted(types))))
    return ConnectorSpec(
        name, schema, named_guid("connector", name), context, object_types=every, parameters=parameters
    )


def _naming_context(ldif: str) -> str | None:
    """The part of the first DN that stands for the domain."""
    first = next((line[3:].strip() for line in ldif.splitlines() if line.casefold().startswith("dn:")), "")
    try:
        name = parse_dn(first) if first else None
    except InvalidName:
        return None
    while name is not None and not name.rdn.casefold().startswith("dc="):
        name = name.parent
    return name.text if name is not None else None


def _objects(ldif: str, spec: ConnectorSpec) -> dict[str, ObjectSpec]:
    reader = Reader()
    objects = read_ldif_objects(reader, ldif, (), spec, {})
    if reader.findings:
        raise SettingsError("The LDIF cannot be used: " + "; ".join(finding.message for finding in reader.findings))
    return objects


def _only_object(objects: dict[str, ObjectSpec]) -> str:
    if len(objects) != 1:
        raise SettingsError("Say which object of the LDIF is meant: object=….", help="it has " + ", ".join(objects))
    return next(iter(objects))


def _values(expected: Expected) -> Values:
    if expected is None:
        return ()
    if isinstance(expected, str | bytes) or not isinstance(expected, Sequence):
        return (expected,)
    return tuple(expected)
