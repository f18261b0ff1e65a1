"""An engineer gets a customer's files, and has the customer's server on the table a minute later."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.cli.cli_calls import call, document, lines

from attrflow.app.library import materialise_defaults

FILES = Path(__file__).parents[1] / "unit" / "importers" / "customer"
HQ, ENTRA = "6d2c9d0a-4b6b-4c39-8c5a-0f3f6a5c1001", "b891884f-051e-4a83-95af-2544101c9083"
KARI = "CN=Kari Nordmann,OU=Gallery,DC=museum,DC=test"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what the customer sent: rules, an LDIF in UTF-16, csexport, Graph and the metaverse object."""
    for name, text in materialise_defaults([("museum", HQ, "ad"), ("entra", ENTRA, "entra")]):
        path = tmp_path / "rules" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for name in ("entra.xml", "user.json", "metaverse.json"):
        (tmp_path / name).write_bytes((FILES / name).read_bytes())
    ldif = (FILES / "users.ldif").read_text(encoding="utf-8")
    (tmp_path / "users.ldf").write_bytes(ldif.replace("\n", "\r\n").encode("utf-16"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_department_is_stale_and_a_pending_export_is_refused_every_half_hour(desk: Path) -> None:
    first = lines(
        call("case", "import", "rules", "--ldif", "users.ldf", "--object", KARI, "--into", "kari.toml").stdout
    )
    assert "28 rules; objects: 2 from the directory" in first
    assert "what the tenant shows: nothing says what is in the cloud" in first
    assert first[-1] == "kari.toml: it runs and holds; attrflow case run kari.toml"

    files = ("--ldif", "users.ldf", "--csexport", "entra.xml", "--graph", "user.json", "--mvobject", "metaverse.json")
    told = document("case", "import", "rules", *files, "--object", KARI, "--into", "kari.toml", name="case-import")
    assert [lack["what"] for lack in told["missing"]] == ["its connector-space object"]
    assert told["missing"][0]["command"].startswith("Get-ADSyncCSObject -ConnectorName 'museum.test'")
    assert [(d["where"], d["attribute"]) for d in told["differences"]] == [
        ("metaverse", "department"),
        ("pending-export", "department"),
    ]
    assert [(f["code"], f["file"], f["severity"]) for f in told["findings"]] == [
        ("unknown-element", "entra.xml", "info"),
    ]
    assert call("case", "run", "kari.toml").stdout == "1 passed, 0 failed\n"

    text = (desk / "kari.toml").read_text(encoding="utf-8")
    line = 'department = "Paintings"  # the server has "Drawings"'
    assert line in text
    (desk / "kari.toml").write_text(text.replace(line, 'department = "Drawings"'), encoding="utf-8")
    said = call("case", "run", "kari.toml", code=1).stdout
    assert 'expected  "Drawings"' in said and "In from AD - User Common" in said


def test_the_case_on_standard_output_can_be_redirected(desk: Path) -> None:
    result = call("case", "import", "rules", "--ldif", "users.ldf", "--object", "kari@museum.test")
    (desk / "piped.toml").write_text(result.stdout, encoding="utf-8")
    assert "Still missing" in result.stderr
    assert call("case", "run", "piped.toml").stdout == "1 passed, 0 failed\n"


def test_hostile_and_broken_files_are_told_and_the_rest_is_used(desk: Path) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;">]><cs-objects>&d;</cs-objects>'
    (desk / "bomb.xml").write_text(bomb, encoding="utf-8")
    (desk / "cut.json").write_text((desk / "user.json").read_text(encoding="utf-8")[:-200], encoding="utf-8")
    files = ("--ldif", "users.ldf", "--csexport", "bomb.xml", "--graph", "cut.json", "--csobject", "users.ldf")
    call_ = ("case", "import", "rules", *files, "--object", KARI, "--into", "kari.toml")
    told = document(*call_, code=1, name="case-import")
    assert sorted((f["code"], f["file"], f["line"]) for f in told["findings"] if f["severity"] == "error") == [
        ("json-syntax", "cut.json", 15),
        ("wrong-format", "users.ldf", 1),
        ("xml-refused", "bomb.xml", 1),
    ]
    assert told["passed"] and call("case", "run", "kari.toml").stdout == "1 passed, 0 failed\n"
