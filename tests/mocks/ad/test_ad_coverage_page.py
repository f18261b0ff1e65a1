"""`mocks/coverage-ad.md` says what the code does, and the schema's computed attributes are all computed."""

from __future__ import annotations

from pathlib import Path

from attrflow_mocks.ad.constructed import COMPUTED
from attrflow_mocks.ad.coverage import page
from attrflow_mocks.ad.schema import load_schema


def test_the_page_is_not_stale() -> None:
    file = Path(__file__).parents[3] / "mocks" / "coverage-ad.md"
    assert file.read_text(encoding="utf-8") == page(), (
        "run: python -m attrflow_mocks.ad.coverage > mocks/coverage-ad.md"
    )


def test_every_computed_attribute_has_its_maker() -> None:
    computed = {name for name, attribute in load_schema().attributes.items() if attribute.computed}
    assert computed == COMPUTED
