"""Two configurations compared: exit code 0 for the same, 1 for different, 2 for trouble."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from .cli_calls import call, document


def test_diff_says_what_differs_and_by_its_exit_code(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    call("init", one)
    shutil.copytree(one, other)
    same = document("rules", "diff", one, other / "rules", name="rules-diff")
    assert (same["same"], same["rules"], same["unchanged"]) == (True, [], same["left"]["rules"])
    file = other / "rules/contoso/106 In from AD - User Common.toml"
    text = file.read_text(encoding="utf-8").replace("'Trim([telephoneNumber])'", "'[mobile]'")
    file.write_text(text, encoding="utf-8")
    (other / "rules/contoso/115 In from AD - ForeignSecurityPrincipal Join User.toml").unlink()
    found = document("rules", "diff", one, other, code=1, name="rules-diff")
    assert [(r["change"], r["precedence_before"]) for r in found["rules"]] == [("changed", 106), ("removed", 115)]
    assert found["rules"][0]["words"] == "flow to telephoneNumber was Trim([telephoneNumber]), is [mobile]"
    said = call("rules", "diff", one, other, code=1).stdout
    assert "~ 106 In from AD - User Common" in said
    assert "2 rules differ" in said


def test_trouble_is_no_difference(tmp_path: Path) -> None:
    call("init", tmp_path / "one")
    missing = call("rules", "diff", tmp_path / "one", tmp_path / "none", "-o", "json", code=2)
    assert json.loads(missing.stdout)["exit_code"] == 2
    (tmp_path / "bad.toml").write_text("name = 1", encoding="utf-8")
    assert "bad.toml:1:8" in call("rules", "diff", tmp_path / "bad.toml", tmp_path / "one", code=2).stderr
