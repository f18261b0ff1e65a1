"""The docs page of cases: every key of the reader's table with its sentence, and an example that runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from attrflow.app.memory_laboratory import MemoryLaboratory
from attrflow.cases.document import read_case
from attrflow.cases.keys import TABLES
from attrflow.cases.runner import run_case

PAGE = (Path(__file__).parents[2] / "agent" / "docs" / "cases.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("heading", TABLES)
def test_every_key_stands_under_its_heading(heading: str) -> None:
    section = PAGE.partition(f"\n### {heading}\n")[2].partition("\n### ")[0]
    rows = re.findall(r"^\| `([^`]+)` \| (.*) \|$", section, re.MULTILINE)
    assert rows == list(TABLES[heading].items())


@pytest.mark.parametrize("text", re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL))
def test_the_examples_run(text: str) -> None:
    head = "" if "title" in text else 'title = "t"\nbasis = "assumed"\nsource = "the page"\n'
    case, diagnostics = read_case(head + text, "example.toml", lambda _name: [])
    assert case is not None, [str(d) for d in diagnostics]
    assert run_case(case, MemoryLaboratory(case)).failures == ()
