"""How a project's default rules stand to the library, and how they come back to it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from attrflow.app.operations.projects import init_project
from attrflow.app.operations.rule_defaults import restore_lost, restore_rule, rules_status, upgrade_rules
from attrflow.app.operations.rule_edits import Place, clone_rule, disable_rule, set_precedence
from attrflow.app.rulebook_edits import RulesChangeDocument
from attrflow.model.errors import Ambiguous, NotFound

COMMON = "rules/contoso/106 In from AD - User Common.toml"
INETORG = "rules/contoso/107 In from AD - InetOrgPerson Common.toml"
GROUP = "rules/entra/125 Out to AAD - Group Join.toml"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "project"
    init_project(folder)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A project of the test's own."""
    return Path(shutil.copytree(made, tmp_path / "project"))


def edit(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")


def states(folder: Path) -> dict[str, str]:
    """Every default rule that is not as shipped, by its short name."""
    rows = rules_status(folder).rules
    return {row.rule.partition(" - ")[2]: row.state for row in rows if row.state != "as-shipped"}


def acts(document: RulesChangeDocument) -> list[tuple[str, str]]:
    return [(change.act, change.rule.partition(" - ")[2]) for change in document.changes]


def test_a_new_project_is_as_shipped(folder: Path) -> None:
    status = rules_status(folder)
    assert (status.states, status.own) == ({"as-shipped": 28}, 0)
    assert upgrade_rules(folder).changes == []


def test_changed_disabled_cloned_and_lost(folder: Path) -> None:
    clone_rule(folder, "100")
    disable_rule(folder, "101")
    edit(folder, COMMON, "'Trim([title])'", "'[title]'")
    (folder / INETORG).unlink()
    assert states(folder) == {"User Common": "changed", "InetOrgPerson Common": "lost"}
    rows = {row.precedence: row for row in rules_status(folder).rules}
    assert (rows[100].disabled, rows[100].cloned_as) == (True, "In from AD - User Join - Cloned")
    assert (rows[101].disabled, rows[101].cloned_as) == (True, None)
    assert rules_status(folder).own == 1


def test_a_changed_rule_is_put_back_with_its_number_and_its_comments(folder: Path) -> None:
    before = (folder / COMMON).read_text(encoding="utf-8")
    edit(folder, COMMON, "[flows]", "[flows]\n# ours")
    edit(folder, COMMON, "'Trim([title])'", "'[title]'")
    disable_rule(folder, "106")
    set_precedence(folder, "106", None, Place(number=42))
    assert acts(restore_rule(folder, "42")) == [("restored", "User Common")]
    restored = (folder / COMMON.replace("106", "42")).read_text(encoding="utf-8")
    assert restored == before.replace("precedence = 106", "precedence = 42").replace("[flows]", "[flows]\n# ours")
    assert acts(restore_rule(folder, "42")) == [("kept", "User Common")]


def test_a_lost_rule_comes_back_where_it_was(folder: Path) -> None:
    before = (folder / INETORG).read_bytes()
    (folder / INETORG).unlink()
    assert acts(restore_rule(folder, "In from AD - InetOrgPerson Common")) == [("restored", "InetOrgPerson Common")]
    assert (folder / INETORG).read_bytes() == before


def test_a_lost_rule_whose_number_is_taken_stands_behind_its_neighbour(folder: Path) -> None:
    (folder / INETORG).unlink()
    set_precedence(folder, "127", None, Place(number=107))
    document = restore_rule(folder, "In from AD - InetOrgPerson Common")
    assert acts(document)[-1] == ("restored", "InetOrgPerson Common")
    numbers = {row.rule: row.precedence for row in rules_status(folder).rules}
    assert numbers["In from AD - InetOrgPerson Common"] == 107
    assert numbers["Out to AAD - Group ExchangeOnline"] == 108


def test_names_that_fit_nothing_or_too_much(folder: Path) -> None:
    with pytest.raises(NotFound, match="no default rule 'zzz'"):
        restore_rule(folder, "zzz")
    with pytest.raises(Ambiguous):
        restore_rule(folder, "Group Join")


def test_a_feature_that_was_switched_on_asks_for_rules_and_brings_them(folder: Path) -> None:
    edit(folder, "attrflow.toml", "lync = false", "lync = true")
    assert states(folder) == dict.fromkeys(("User Lync", "InetOrgPerson Lync", "Contact Lync"), "lost")
    assert {act for act, _ in acts(restore_lost(folder))} == {"restored", "renumbered"}
    assert states(folder) == {}
    edit(folder, "attrflow.toml", "lync = true", "lync = false")
    assert set(states(folder).values()) == {"left-over"}


def test_an_upgrade_takes_what_the_library_changed_and_keeps_what_we_changed(folder: Path) -> None:
    edit(folder, "attrflow.toml", 'upn-attribute = "userPrincipalName"', 'upn-attribute = "mail"')
    edit(folder, COMMON, "title = { expression = 'Trim([title])' }", "title = 'mobile'  # ours")
    assert states(folder)["User Common"] == "changed-outdated"
    assert states(folder)["User AccountEnabled"] == "outdated"
    files = {path: path.read_bytes() for path in (folder / "rules").rglob("*.toml")}
    dry = upgrade_rules(folder, dry_run=True)
    assert {path: path.read_bytes() for path in files} == files
    assert upgrade_rules(folder).changes == dry.changes
    text = (folder / COMMON).read_text(encoding="utf-8")
    assert "title = 'mobile'  # ours" in text
    assert "IIF(IsPresent([mail])," in text
    assert states(folder) == {"User Common": "changed"}


def test_what_both_changed_stays_and_is_told(folder: Path) -> None:
    edit(folder, "attrflow.toml", "group-member-limit = 50000", "group-member-limit = 250000")
    edit(folder, GROUP, "[memberCount] > 50000", "[memberCount] > 40000")
    (change,) = upgrade_rules(folder).changes
    assert change.detail is not None
    assert "taken from the library: scope" in change.detail
    assert "changed on both sides, so that this project's stayed: flow to member" in change.detail
    text = (folder / GROUP).read_text(encoding="utf-8")
    assert "memberCount LESSTHAN 250000" in text
    assert "[memberCount] > 40000" in text


def test_a_rule_whose_base_is_unknown_is_kept(folder: Path) -> None:
    edit(folder, COMMON, "ad-user-common@1#", "ad-user-common@0#f")
    assert acts(upgrade_rules(folder)) == [("kept", "User Common")]


def test_a_customers_default_rule_is_told_apart_and_can_be_replaced(folder: Path) -> None:
    file = folder / COMMON
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("library")]
    text = "\n".join(lines).replace('tag = "ad-user-common"', 'tag = "Microsoft.InfromADUserCommon.004"')
    old = next(line for line in lines if line.startswith("id = "))
    theirs = 'id = "951424f5-f470-4ed6-b567-e7e67afaeb72"'
    file.write_text(text.replace(old, theirs).replace("Trim([title])", "[title]") + "\n", encoding="utf-8")
    assert states(folder) == {"User Common": "imported"}
    assert upgrade_rules(folder).changes == []
    assert acts(restore_rule(folder, "106")) == [("restored", "User Common")]
    assert states(folder) == {}
    assert old in file.read_text(encoding="utf-8")
