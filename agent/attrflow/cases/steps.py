"""The steps of a case file: reading what happens and in which order. Nothing is done here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from attrflow.cases.expectations import read_expectations
from attrflow.cases.format import Edit, EditVerb, RuleChange, Step
from attrflow.cases.keys import RULE_CHANGE_KEYS, STEP_KEYS
from attrflow.cases.options import read_options
from attrflow.cases.reader import Path, Reader
from attrflow.rules.positions import suggestion
from attrflow.rules.rule import Rule
from attrflow.runs.profile import STEP_TYPES

__all__ = ["StepReader"]

RuleReader = Callable[[Mapping[str, Any], Path], Rule | None]

_EXAMPLE: Final = 'set.kari = { mail = "kari@contoso.test" }'
_CYCLES: Final = ("initial", "delta")
_VALUED: Final[tuple[EditVerb, ...]] = ("set", "add-values", "remove-values")
_MOVED: Final[tuple[EditVerb, ...]] = ("rename", "move")


class StepReader:
    """Reads the `[[step]]` tables of one case, whose connectors and objects it knows by name."""

    def __init__(self, reader: Reader, connectors: Collection[str], objects: Collection[str], rule: RuleReader) -> None:
        self._reader = reader
        self._connectors = tuple(connectors)
        self._objects = tuple(objects)
        self._rule = rule

    def step(self, table: Mapping[str, Any], path: Path, number: int) -> Step:
        """One step."""
        reader = self._reader
        reader.unknown(table, path, STEP_KEYS, "a step")
        title = reader.text(table["title"], (*path, "title"), of="'title'") if "title" in table else ""
        advance = table.get("advance", 0)
        if isinstance(advance, bool) or not isinstance(advance, int | float) or advance < 0:
            reader.tell((*path, "advance"), "wrong-type", "'advance' must be a number of seconds from 0 up")
            advance = 0
        expect = reader.table(table, path, "expect", example='expect.mv.kari = { mail = "…" }')
        return Step(
            number=number,
            title=title or f"step {number}",
            path=path,
            edits=tuple(self._edits(table, path)),
            advance=float(advance),
            rules=self._rules(table, path),
            options=read_options(reader, table, path),
            containers=self._named(table, path, "containers"),
            selected=self._named(table, path, "selected"),
            lose_connection=self._losses(table, path),
            refuse=self._refusals(table, path),
            forget=reader.flag(table["forget"], (*path, "forget"), of="'forget'") if "forget" in table else False,
            runs=(*self._runs(table, path), *self._cycles(table, path)),
            expectations=read_expectations(reader, expect, (*path, "expect"), self.known_object),
        )

    def known_object(self, name: str, path: Path) -> None:
        """Tell where no object has that short name, or its counterpart's connector is unknown."""
        handle, at, connector = name.partition("@")
        if handle not in self._objects:
            near = suggestion(handle, self._objects) or "the objects are " + (", ".join(self._objects) or "none")
            self._reader.tell(path, "unknown-object", f"no object is named {handle!r}", help=near, at_key=True)
        if at:
            self.known_connector(connector, path)

    def own_object(self, name: str, path: Path) -> None:
        """Tell where no object has that short name; a counterpart is none of the case's objects."""
        if "@" in name:
            help_ = "add an object with connector = … for it, and name that one"
            message = f"{name!r} is the counterpart of an object, and cannot be given"
            self._reader.tell(path, "wrong-value", message, help=help_, at_key=True)
        else:
            self.known_object(name, path)

    def known_connector(self, name: str, path: Path) -> None:
        """Tell where no connector has that name."""
        if name not in self._connectors:
            near = suggestion(name, self._connectors) or "the connectors are " + ", ".join(self._connectors)
            self._reader.tell(path, "unknown-connector", f"no connector is named {name!r}", help=near, at_key=True)

    # -- edits ------------------------------------------------------------------------------------

    def _edits(self, table: Mapping[str, Any], path: Path) -> list[Edit]:
        reader = self._reader
        edits = [Edit("add", name) for name in self._names(table, path, "add")]
        edits += [Edit("undelete", name) for name in self._names(table, path, "undelete")]
        for verb in _VALUED:
            for name, wanted in reader.table(table, path, verb, example=_EXAMPLE).items():
                here = (*path, verb, name)
                self.known_object(name, here)
                values = reader.attributes(reader.as_table(wanted, here, example=_EXAMPLE), here)
                edits.append(Edit(verb, name, values))
        for name, wanted in reader.table(table, path, "clear", example='clear.kari = ["mail"]').items():
            here = (*path, "clear", name)
            self.known_object(name, here)
            edits.append(Edit("set", name, dict.fromkeys(reader.texts(wanted, here, of="'clear'"), ())))
        for verb in _MOVED:
            example = 'rename.kari = "CN=Kari Hansen"' if verb == "rename" else 'move.kari = "OU=Leavers"'
            for name, wanted in reader.table(table, path, verb, example=example).items():
                here = (*path, verb, name)
                self.known_object(name, here)
                edits.append(Edit(verb, name, dn=reader.text(wanted, here, of=f"the target of {verb!r}")))
        return edits + [Edit("delete", name) for name in self._names(table, path, "delete")]

    def _names(self, table: Mapping[str, Any], path: Path, key: str) -> tuple[str, ...]:
        if key not in table:
            return ()
        names = self._reader.texts(table[key], (*path, key), of=f"{key!r}")
        for name in names:
            self.known_object(name, (*path, key))
        return names

    # -- the project ------------------------------------------------------------------------------

    def _rules(self, table: Mapping[str, Any], path: Path) -> RuleChange | None:
        if "rules" not in table:
            return None
        reader, here = self._reader, (*path, "rules")
        change = reader.as_table(table["rules"], here, example='rules.disable = ["In from AD - User Join"]')
        reader.unknown(change, here, RULE_CHANGE_KEYS, "a change of rules")

        def names(key: str) -> tuple[str, ...]:
            return reader.texts(change[key], (*here, key), of=f"{key!r}") if key in change else ()

        def rules(key: str) -> tuple[Rule, ...]:
            found = (self._rule(one, place) for one, place in reader.tables(change, here, key))
            return tuple(rule for rule in found if rule is not None)

        return RuleChange(names("disable"), names("enable"), names("remove"), rules("add"), rules("replace"))

    def _named(self, table: Mapping[str, Any], path: Path, key: str) -> dict[str, tuple[str, ...]]:
        named = self._reader.table(table, path, key, example=f'{key}.contoso = ["…"]')
        for name in named:
            self.known_connector(name, (*path, key, name))
        return {name: self._reader.texts(value, (*path, key, name), of=f"{key!r}") for name, value in named.items()}

    def _losses(self, table: Mapping[str, Any], path: Path) -> dict[str, int]:
        key = "lose-connection"
        lost = self._reader.table(table, path, key, example="lose-connection.contoso = 2")
        for name in lost:
            self.known_connector(name, (*path, key, name))
        return {name: self._reader.number(value, (*path, key, name), of=f"{key!r}") for name, value in lost.items()}

    def _refusals(self, table: Mapping[str, Any], path: Path) -> dict[str, str]:
        refused = self._reader.table(table, path, "refuse", example='refuse."kari@entra" = "permission-issue"')
        found = {}
        for name, word in refused.items():
            here = (*path, "refuse", name)
            self.known_object(name, here)
            if not isinstance(word, str):
                self._reader.tell(here, "wrong-type", "'refuse' must be an error type, or empty to take it back")
            found[name] = str(word)
        return found

    # -- runs -------------------------------------------------------------------------------------

    def _runs(self, table: Mapping[str, Any], path: Path) -> list[str]:
        if "run" not in table:
            return []
        here = (*path, "run")
        found = []
        for line in self._reader.texts(table["run"], here, of="'run'"):
            connector, *profiles = line.split() or [""]
            self.known_connector(connector, here)
            if not profiles:
                message = f"{line!r} names no profile"
                self._reader.tell(here, "wrong-value", message, help="the profiles are " + ", ".join(STEP_TYPES))
            for profile in profiles:
                self._reader.word(profile, here, STEP_TYPES, of="a run profile")
                found.append(f"{connector} {profile}")
        return found

    def _cycles(self, table: Mapping[str, Any], path: Path) -> list[str]:
        if "cycle" not in table:
            return []
        here = (*path, "cycle")
        kinds = self._reader.texts(table["cycle"], here, of="'cycle'")
        return [f"cycle {self._reader.word(kind, here, _CYCLES, of='a cycle')}" for kind in kinds]
