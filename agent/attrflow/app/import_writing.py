"""Imported rules -> files of a project or of a bare folder, one a rule, over what is there already.

A rule's identity is its id (DECISIONS 12). A default rule that the project has from the library gives way to the
imported rule of its connector and name, or every default rule would stand there twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from attrflow.app.library import rule_file_name
from attrflow.importers.findings import Findings, Place
from attrflow.importers.finishing import ImportedRule
from attrflow.rules.document import read_rule
from attrflow.rules.rule import Rule
from attrflow.rules.template import is_edited
from attrflow.rules.writing import write_rule

_NAME_MAX: Final = 200
"""Octets of a file's name, within what every file system takes; a rule's name may be longer."""

__all__ = ["Written", "write_imported"]


@dataclass(slots=True)
class Written:
    """What writing came to; paths are relative to the folder that was named."""

    files: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    """Files of rules that an imported one took the place of; those with another name are gone."""
    unchanged: int = 0
    """Rules that were there already, word for word."""


def write_imported(imported: Sequence[ImportedRule], rules: Path, folder: Path, findings: Findings) -> Written:
    """Write the rules below the rules folder of `folder`.

    Raises:
        OSError: something cannot be written; what was written before stays.
    """
    present = _present(rules)
    by_id = {rule.id: (path, rule) for path, rule in present.items()}
    by_name = {(rule.connector, rule.direction, rule.name.casefold()): (path, rule) for path, rule in present.items()}
    taken = {str(path).casefold() for path in present}
    told = Written()
    for one in imported:
        key = (one.rule.connector, one.rule.direction, one.rule.name.casefold())
        before = by_id.get(one.rule.id)
        if before is None and key in by_name and by_name[key][1].library is not None:
            before = by_name[key]
            _tell_replaced(one, before[1], findings)
        text = _text(one)
        if before is not None:
            path, rule = before
            if replace(rule, file=None) == one.rule and not one.left_out:
                told.unchanged += 1
                continue
            path.unlink(missing_ok=True)
            taken.discard(str(path).casefold())
            told.replaced.append(str(path.relative_to(folder)))
        path = _free(rules / rule_file_name(one.rule), one.rule, taken)
        taken.add(str(path).casefold())
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        told.files.append(str(path.relative_to(folder)))
    return told


def _present(rules: Path) -> dict[Path, Rule]:
    """The rules that are there, as far as they can be read; `rules check` tells of the others."""
    found: dict[Path, Rule] = {}
    for path in sorted(rules.rglob("*.toml")) if rules.is_dir() else ():
        try:
            rule, _ = read_rule(path.read_text(encoding="utf-8"), None)
        except (OSError, UnicodeDecodeError):
            continue
        if rule is not None:
            found[path] = rule
    return found


def _free(path: Path, rule: Rule, taken: set[str]) -> Path:
    stem = path.name.removesuffix(".toml")
    cut = stem.encode("utf-8")[:_NAME_MAX].decode("utf-8", "ignore").rstrip()
    if cut == stem and str(path).casefold() not in taken:
        return path
    return path.with_name(f"{cut} {rule.id[:8]}.toml")


def _tell_replaced(one: ImportedRule, before: Rule, findings: Findings) -> None:
    message = f"{one.rule.name!r} takes the place of the project's default rule of that name"
    place = Place(one.place.file, one.place.line)
    if is_edited(before):
        findings.warn(place, "replaces-edited", f"{message}, which was edited in the project")
    else:
        findings.note(place, "replaces-default", message)


def _text(one: ImportedRule) -> str:
    """The rule's file; what could not be taken over stands above it as comments, so that a reviewer sees it."""
    where = f"{one.place.file.rpartition('/')[2]}"
    notes = [f"# Not imported from {where}: {' '.join(left.split())}\n" for left in one.left_out]
    return "".join(notes) + write_rule(one.rule)
