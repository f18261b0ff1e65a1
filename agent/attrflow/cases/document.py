"""Text -> case: the file as people write it, and every fault of it with file, line and what was expected.

Files that a case names (rules, LDIF) are handed in by a callable; nothing is opened here. The keys are
in `keys`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, Literal, cast, get_args

from attrflow.cases.format import Case, ConnectorSpec, ObjectSpec, Step
from attrflow.cases.given import Given, read_given
from attrflow.cases.keys import BASES, CASE_KEYS, CONNECTOR_KEYS, NEEDS, SCHEMAS
from attrflow.cases.objects import read_ldif_objects, read_objects
from attrflow.cases.options import read_options
from attrflow.cases.reader import Path, Reader
from attrflow.cases.steps import StepReader
from attrflow.model.diagnostics import Diagnostic
from attrflow.model.names import InvalidName, dn_key
from attrflow.model.schema import AttributeType, Schema, Syntax
from attrflow.rules.document import read_rule, read_rule_table
from attrflow.rules.positions import Finding, placed, syntax_error
from attrflow.rules.rule import Rule, named_guid
from attrflow.rules.schema_document import read_schema

__all__ = ["Files", "default_object_types", "read_case"]

Files = Callable[[str], Sequence[tuple[str, str]]]
"""The files at a path that a case names, as (name, text): one file, or the TOML files below a folder.

Raises OSError or UnicodeDecodeError where there is nothing to read.
"""

_ENTRA_ID: Final = "b891884f-051e-4a83-95af-2544101c9083"
"""The id that the Entra connector has everywhere (behaviour.md §9.1)."""

_OBJECT_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "ad": ("user", "group", "contact"),
    "openldap": ("inetOrgPerson", "groupOfNames"),
    "entra": ("user", "group", "contact"),
    "memory": ("user", "group", "contact"),
}
_SYNTAXES: Final = {
    **{syntax.value: (syntax, False) for syntax in Syntax},
    "strings": (Syntax.STRING, True),
    "integers": (Syntax.INTEGER, True),
    "booleans": (Syntax.BOOLEAN, True),
    "binaries": (Syntax.BINARY, True),
    "references": (Syntax.REFERENCE, True),
}
_FIRST_PRECEDENCE: Final = 10


def default_object_types(schema: str) -> tuple[str, ...]:
    """The object types of a case's connector that names none, by its schema's word."""
    return _OBJECT_TYPES[schema]


def read_case(text: str, file: str | None, files: Files) -> tuple[Case | None, tuple[Diagnostic, ...]]:
    """The case of a file's text, and what is wrong with it; None where at least one thing is an error."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return None, (syntax_error(text, file, error),)
    document = _Document(table, file, text, files)
    case = document.case()
    diagnostics = (*document.elsewhere, *placed(document.reader.findings, text, file))
    wrong = any(d.severity == "error" for d in diagnostics)
    return (None if wrong else case), diagnostics


class _Document:
    """One reading of one file."""

    def __init__(self, table: Mapping[str, Any], file: str | None, text: str, files: Files) -> None:
        self.table = table
        self.file = file
        self.text = text
        self.files = files
        self.reader = Reader()
        self.elsewhere: list[Diagnostic] = []
        """Findings about other files that the case names."""
        self._precedence = _FIRST_PRECEDENCE - 1

    def case(self) -> Case:
        reader, table = self.reader, self.table
        reader.unknown(table, (), CASE_KEYS, "a case")
        connectors = self._connectors()
        objects = read_objects(
            reader, reader.table(table, (), "objects", example="[objects.kari]"), ("objects",), connectors
        )
        objects |= self._ldif(connectors, objects)
        default_rules, rules = self._rules()
        steps, given = self._steps(connectors, objects)
        seed = reader.number(table["seed"], ("seed",), of="'seed'") if "seed" in table else 1
        needs = reader.texts(table.get("needs", []), ("needs",), of="'needs'")
        for need in needs:
            reader.word(need, ("needs",), NEEDS, of="each of 'needs'")
        return Case(
            title=self._required("title"),
            basis=reader.word(table["basis"], ("basis",), BASES, of="'basis'") if self._there("basis") else "",
            source=self._required("source"),
            steps=steps,
            needs=frozenset(needs),
            seed=seed,
            clock=self._clock(),
            connectors=connectors,
            metaverse=self._metaverse(),
            options=read_options(reader, table, ()),
            default_rules=default_rules,
            rules=rules,
            disable=reader.texts(table.get("disable", []), ("disable",), of="'disable'"),
            objects=objects,
            given=given,
            file=self.file,
            text=self.text,
        )

    # -- the head ---------------------------------------------------------------------------------

    def _there(self, key: str) -> bool:
        if key in self.table:
            return True
        self.reader.tell((), "missing-key", f"the case has no {key!r}", help=f"add: {_EXAMPLES[key]}")
        return False

    def _required(self, key: str) -> str:
        return self.reader.text(self.table[key], (key,), of=f"{key!r}") if self._there(key) else ""

    def _clock(self) -> datetime | None:
        value = self.table.get("clock")
        if value is None:
            return None
        if not isinstance(value, datetime):
            self.reader.tell(("clock",), "wrong-type", "'clock' must be a time such as 2026-01-05T08:00:00Z")
            return None
        return value.astimezone(UTC) if value.tzinfo is not None else value.replace(tzinfo=UTC)

    def _metaverse(self) -> Schema | None:
        if "metaverse" not in self.table:
            return None
        table = self.reader.table(self.table, (), "metaverse", example='metaverse.person.string = ["badge"]')
        # The form is the one of the default metaverse; what is wrong is told at the table.
        lines = []
        for type_, content in table.items():
            here: Path = ("metaverse", type_)
            lines.append(f"['{type_}']")
            for key, names in self.reader.as_table(content, here, example='string = ["badge"]').items():
                lines.append(f"{key} = {list(self.reader.texts(names, (*here, key), of=f'{key!r}'))!r}")
        schema, diagnostics = read_schema("\n".join(lines))
        for diagnostic in diagnostics:
            self.reader.tell(("metaverse",), diagnostic.code, diagnostic.message, help=diagnostic.help)
        return schema

    # -- connectors -------------------------------------------------------------------------------

    def _connectors(self) -> dict[str, ConnectorSpec]:
        reader = self.reader
        table = self.table.get("connectors", {"contoso": "ad", "entra": "entra"})
        found: dict[str, ConnectorSpec] = {}
        for name, content in reader.as_table(table, ("connectors",), example='connectors.contoso = "ad"').items():
            here: Path = ("connectors", name)
            one: Mapping[str, Any] = {"schema": content} if isinstance(content, str) else {}
            if not isinstance(content, str):
                one = reader.as_table(content, here, example='connectors.contoso = "ad"')
            reader.unknown(one, here, CONNECTOR_KEYS, "a connector")
            found[name] = self._connector(name, one, here if isinstance(content, str) else (*here, "schema"), here)
        if sum(connector.schema == "entra" for connector in found.values()) > 1:
            reader.tell(("connectors",), "wrong-value", "a case has one tenant at most")
        return found

    def _connector(self, name: str, table: Mapping[str, Any], schema_path: Path, path: Path) -> ConnectorSpec:
        reader = self.reader
        schema = cast(
            Literal["ad", "openldap", "entra", "memory"],
            reader.word(table.get("schema"), schema_path, SCHEMAS, of="'schema'"),
        )
        entra = schema == "entra"
        context = "default" if entra else f"DC={name},DC=test"
        if "naming-context" in table:
            context = self._dn(table["naming-context"], (*path, "naming-context"), context)
        id_ = _ENTRA_ID if entra else named_guid("connector", name)
        if "id" in table:
            id_ = reader.text(table["id"], (*path, "id"), of="'id'", default=id_).strip("{}").lower()

        def texts(key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
            return reader.texts(table[key], (*path, key), of=f"{key!r}") if key in table else default

        fqdn = ".".join(part.partition("=")[2] for part in context.split(","))
        netbios = fqdn.partition(".")[0].upper()
        known = (
            {}
            if entra
            else {
                f"{kind}.{key}": value
                for kind in ("Domain", "Forest")
                for key, value in (("FQDN", fqdn), ("Netbios", netbios), ("LDAP", context))
            }
        )
        given = reader.table(table, path, "parameters", example='parameters = { "Forest.FQDN" = "contoso.test" }')
        own = {k: reader.text(v, (*path, "parameters", k), of="a parameter") for k, v in given.items()}
        return ConnectorSpec(
            name=name,
            schema=schema,
            id=id_,
            naming_context=context,
            containers=texts("containers"),
            exclude=texts("exclude"),
            object_types=texts("object-types", default_object_types(schema)),
            selected=texts("selected"),
            attributes=self._attribute_types(table, path),
            parameters=known | own,
        )

    def _attribute_types(self, table: Mapping[str, Any], path: Path) -> tuple[AttributeType, ...]:
        given = self.reader.table(table, path, "attributes", example='attributes = { badge = "string" }')
        words = tuple(_SYNTAXES)
        return tuple(
            AttributeType(name, *_SYNTAXES[self.reader.word(word, (*path, "attributes", name), words, of="a syntax")])
            for name, word in given.items()
        )

    def _dn(self, value: object, path: Path, default: str) -> str:
        text = self.reader.text(value, path, of="a DN", default=default)
        try:
            dn_key(text)
        except InvalidName as error:
            self.reader.tell(path, "invalid-dn", str(error))
            return default
        return text

    # -- objects, rules, steps --------------------------------------------------------------------

    def _ldif(self, connectors: Mapping[str, ConnectorSpec], taken: Mapping[str, ObjectSpec]) -> dict[str, ObjectSpec]:
        found: dict[str, ObjectSpec] = {}
        for name, content in self.reader.table(self.table, (), "ldif", example='ldif.contoso = "users.ldif"').items():
            path: Path = ("ldif", name)
            text = self.reader.text(content, path, of="'ldif'")
            if name not in connectors:
                self.reader.tell(path, "unknown-connector", f"no connector is named {name!r}", at_key=True)
            elif text:
                texts = [text] if "\n" in text else [one for _, one in self._read(text, path)]
                for one in texts:
                    found |= read_ldif_objects(self.reader, one, path, connectors[name], {**taken, **found})
        return found

    def _read(self, name: str, path: Path) -> Sequence[tuple[str, str]]:
        try:
            found = self.files(name)
        except (OSError, UnicodeDecodeError) as error:
            self.reader.tell(path, "unreadable-file", f"{name} cannot be read: {error}")
            return ()
        if not found:
            self.reader.tell(path, "unreadable-file", f"there is no file at {name}")
        return found

    def _rules(self) -> tuple[bool, tuple[Rule, ...]]:
        default = False
        rules: list[Rule] = []
        for word in self.reader.texts(self.table.get("rules", "default"), ("rules",), of="'rules'"):
            if word == "default":
                default = True
            elif word != "none":
                for name, text in self._read(word, ("rules",)):
                    rule, diagnostics = read_rule(text, name)
                    self.elsewhere += diagnostics
                    rules += [rule] if rule is not None else []
        read = (self._rule(table, path) for table, path in self.reader.tables(self.table, (), "rule"))
        return default, (*rules, *(rule for rule in read if rule is not None))

    def _rule(self, table: Mapping[str, Any], path: Path) -> Rule | None:
        """A rule written in the case; its id follows from its name, its precedence from its place."""
        self._precedence += 1
        name = f"{table.get('connector', '')}: {table.get('name', '')}"
        whole = {"id": named_guid("case-rule", name), "precedence": self._precedence, **table}
        rule, findings = read_rule_table(whole, path, self.file)
        self.reader.findings += [Finding(f.path, f.code, f.message, f.severity, f.help, f.part) for f in findings]
        return rule

    def _steps(
        self, connectors: Mapping[str, ConnectorSpec], objects: Mapping[str, ObjectSpec]
    ) -> tuple[tuple[Step, ...], Given]:
        """The steps, and the state that they begin with."""
        steps = StepReader(self.reader, connectors, objects, self._rule)
        read = tuple(
            steps.step(table, path, number)
            for number, (table, path) in enumerate(self.reader.tables(self.table, (), "step"), start=1)
        )
        if not read:
            self.reader.tell(
                (), "missing-key", "the case has no step", help="add: [[step]] with run or cycle, and expect"
            )
        elif not any(step.expectations for step in read):
            self.reader.tell(("step",), "missing-key", "no step expects anything", help="add: expect.mv.kari = { … }")
        given = read_given(self.reader, self.table, steps.own_object)
        return tuple(replace(step, number=position) for position, step in enumerate(read, start=1)), given


_EXAMPLES = {
    "title": 'title = "What the case decides, as a sentence"',
    "basis": f'basis = "documented" ({", ".join(BASES)})',
    "source": 'source = "behaviour.md §3.1"',
}
assert set(get_args(Literal["ad", "openldap", "entra", "memory"])) == set(SCHEMAS)
