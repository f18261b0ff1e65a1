"""The section `importers`: a folder of many exported rules, against reading as many rule files of a project.

The rules are the default ones over and over, under ids of their own: as XML, a file each, and as PowerShell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from tests.bench.rows import Row, timed
from tests.unit.importers.exports import rule_as_xml

from attrflow.app.library import default_rules
from attrflow.importers.connectors import Known, Remapping
from attrflow.importers.findings import Findings
from attrflow.importers.finishing import finish_rules
from attrflow.importers.powershell_export import write_powershell
from attrflow.importers.reading import Source, read_sources
from attrflow.rules.document import read_rule
from attrflow.rules.features import COMPLETE
from attrflow.rules.rule import Rule, named_guid
from attrflow.rules.writing import write_rule

__all__ = ["rows"]

_CONNECTORS = (("contoso", named_guid("bench", "contoso"), "ad"), ("entra", named_guid("bench", "entra"), "entra"))


def rows(objects: int) -> Sequence[Row]:
    """Seconds for `objects` rules."""
    pattern = default_rules(_CONNECTORS, COMPLETE)
    ids = {name: id_ for name, id_, _ in _CONNECTORS}
    rules = [
        replace(pattern[n % len(pattern)], id=named_guid("bench", str(n)), precedence=n, library=None)
        for n in range(objects)
    ]
    mappings = sum(len(rule.mappings) for rule in rules)
    texts = [write_rule(rule) for rule in rules]
    reference, _ = timed(lambda: [read_rule(text, None) for text in texts])
    found = [Row(f"{objects} rule files read (TOML)", reference, "s")]
    kinds: Mapping[str, Callable[[Rule], str]] = {
        "XML": partial(rule_as_xml, ids=ids),
        "PowerShell": lambda rule: write_powershell([rule], ids, Findings()),
    }
    for kind, write in kinds.items():
        octets = [write(rule).encode() for rule in rules]
        seconds, count = timed(partial(_import, octets))
        size = sum(map(len, octets)) / 1e6
        name = f"{count} rules, {mappings} mappings, {size:.1f} MB {kind}"
        found.append(Row(name, seconds, "s", "the rule files", seconds / reference))
    return found


def _import(octets: Sequence[bytes]) -> int:
    """How many rules come of the files."""
    reading = read_sources(Source(str(number), text) for number, text in enumerate(octets))
    remapping = Remapping({}, (), [Known(*one) for one in _CONNECTORS], reading.findings)
    return len(finish_rules(reading.drafts, remapping, lambda *_: None, reading.findings))
