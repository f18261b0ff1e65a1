"""An opened project: what it learns of a directory reaches rules, programs and the store's index alike."""

from __future__ import annotations

from pathlib import Path

from attrflow.app.operations.projects import init_project
from attrflow.app.project import opened_project
from attrflow.model.schema import AttributeType, Schema

DERIVED = ("mail", "onPremiseSecurityIdentifier")
"""What the rules of the graph channel join groups and contacts by, besides."""


def test_a_schema_that_spells_a_join_attribute_otherwise_reaches_the_index_too(tmp_path: Path) -> None:
    """Rules take the schema's spelling (DECISIONS 10), and a join looks up what its rule then says."""
    init_project(tmp_path / "project")
    for file in (tmp_path / "project" / "rules" / "entra").glob("*.toml"):
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("sourceAnchor = sourceAnchor", "SOURCEANCHOR = sourceAnchor"), encoding="utf-8")
    with opened_project(tmp_path / "project") as project:
        project.environment()
        assert project.joins.cs["entra"] == {"SOURCEANCHOR", *DERIVED}
        names = [AttributeType("sourceAnchor")]
        project.learn_schema("entra", Schema.of({"user": names, "group": names, "contact": names}))
        assert project.joins.cs["entra"] == {"sourceAnchor", *DERIVED}
        assert project.program().joins.cs["entra"] == {"sourceAnchor", *DERIVED}
        assert project.store.cs_by_value("entra", None, "sourceAnchor", "x") == ()


def test_a_cycle_follows_the_schema_that_it_learns_and_no_edit_on_disk(tmp_path: Path) -> None:
    """What runs are given is the rules of the start in the schema's spelling, whatever their files say by then."""
    init_project(tmp_path / "project")
    files = sorted((tmp_path / "project" / "rules" / "entra").glob("*.toml"))
    for file in files:
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("sourceAnchor = sourceAnchor", "SOURCEANCHOR = sourceAnchor"), encoding="utf-8")
    with opened_project(tmp_path / "project") as project:
        environment = project.environment()
        started = environment.ruleset()
        for file in files:
            file.write_text("this is no rule", encoding="utf-8")
        names = [AttributeType("sourceAnchor")]
        project.learn_schema("entra", Schema.of({"user": names, "group": names, "contact": names}))
        now = environment.ruleset()
        assert (now.hash, now.text) == (project.rules.ruleset.hash, project.rules.ruleset.text)
        assert now.hash != started.hash
        assert [rule.id for rule in now.rules] == [rule.id for rule in started.rules]
        assert environment.joins.cs["entra"] == project.program().joins.cs["entra"]
