"""The command behind `scripts/bench`: the sections by name."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.bench import cycle, engine, expr, importers, mocks, mocks_ad
from tests.bench.rows import Row, as_json, as_text


def _mocks(objects: int) -> Sequence[Row]:
    return [*mocks.rows(objects), *mocks_ad.rows(objects)]


SECTIONS: Mapping[str, Callable[[int], Sequence[Row]]] = {
    "cycle": cycle.rows,
    "engine": engine.rows,
    "expr": expr.rows,
    "importers": importers.rows,
    "mocks": _mocks,
}

OBJECTS = {"expr": 10_000, "importers": 1_000}


def main() -> int:
    """Run the sections asked for and print their rows."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("section", nargs="*", choices=[*SECTIONS, []], help="which; all without one")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows to FILE")
    parser.add_argument(
        "--objects", type=int, default=None, help="objects (default: 5000; expr: 10000; importers: 1000 rules)"
    )
    options = parser.parse_args()
    rows = [
        row
        for name in options.section or SECTIONS
        for row in SECTIONS[name](options.objects or OBJECTS.get(name, 5000))
    ]
    sys.stdout.write(as_text(rows) + "\n")
    if options.json is not None:
        options.json.write_text(json.dumps(as_json(rows), indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
