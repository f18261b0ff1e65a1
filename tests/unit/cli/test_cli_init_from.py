"""`init --from`: a project made of a server's exported configuration."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.unit.importers.exports import BOOKS, CLOUD, ad_connector, entra_connector, mapping, metaverse, xml_rule

from attrflow.app.settings import load_settings
from attrflow.model.configuration import RunStep
from attrflow.model.schema import Syntax

from .cli_calls import call, document


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    folder = tmp_path / "export"
    outbound = xml_rule(
        2, mapping("surname", "<attr>sn</attr>"), name="Out to AAD - Reader", direction="Outbound",
        connector=CLOUD.id, sourceObjectType="person", targetObjectType="user",
    )  # fmt: skip
    for name, text in {
        "Connectors/1.xml": ad_connector(),
        "Connectors/2.xml": entra_connector(),
        "GlobalSettings/MV.xml": metaverse(),
        "SynchronizationRules/1.xml": xml_rule(1, mapping("sn", "<attr>sn</attr>")),
        "SynchronizationRules/2.xml": outbound,
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_the_project_has_what_the_export_states(tmp_path: Path, exported: Path) -> None:
    project = tmp_path / "p"
    found = document("init", project, "--from", exported, "--map", f"{BOOKS}=library", name="project-import")
    assert found["names"] == {BOOKS: "library", CLOUD.id: "entra"}
    assert (found["imported"]["rules"], found["imported"]["errors"]) == (2, 0)
    settings = load_settings(project)
    library, entra = settings.connectors["library"], settings.connectors["entra"]
    assert (library.id, library.kind, library.object_types) == (BOOKS, "ad", ("user", "container"))
    assert library.attributes == ("sn", "badges", "manager")
    (partition,) = library.partitions
    assert partition.include == ("OU=Readers,DC=books,DC=test",)
    assert partition.exclude == ("OU=Gone,OU=Readers,DC=books,DC=test",)
    assert partition.parameters["Domain.Netbios"] == "BKS"
    assert library.parameters["Forest.FQDN"] == "books.test"
    assert (library.settings["url"], library.settings["account"]) == ("ldap://books.test:389", "BOOKS\\svc_sync")
    assert (entra.settings["tenant_id"], entra.object_types) == ("books.onmicrosoft.com", ("user", "device"))
    assert settings.staging_mode
    assert settings.options.export_deletion_threshold == 25
    assert (settings.features.anchor, settings.features.join) == ("mS-DS-ConsistencyGuid", "mail")
    assert settings.metaverse_extra["person"]["shelf"].syntax is Syntax.INTEGER
    schema = json.loads((project / "schema" / "library.json").read_text())["object-types"]
    assert schema["user"]["badges"] == {"syntax": "integer", "multi": True, "read-only": False}
    assert schema["user"]["senders"] == {"syntax": "reference", "multi": True, "read-only": False}
    assert schema["user"]["memberOf"] == {"syntax": "reference", "multi": True, "read-only": True}
    assert list(schema) == ["container", "user"]
    assert not {"guessed", "map-not-used"} & {f["code"] for f in found["imported"]["findings"]}
    call("rules", "check", "-C", project)


def test_what_has_no_home_is_told_and_no_secret_is_written(tmp_path: Path, exported: Path) -> None:
    found = document("init", tmp_path / "p", "--from", exported, name="project-import")
    messages = "\n".join(f["message"] for f in found["imported"]["findings"])
    for part in ("printQueue", "Nightly", "publicFolder", "PasswordHashSync", "client-id", "the server exports"):
        assert part in messages
    written = "\n".join(path.read_text() for path in (tmp_path / "p").rglob("*") if path.is_file())
    assert not [secret for secret in ("c2VjcmV0", "Y29va2ll") if secret in written + messages]


def test_every_finding_says_where(tmp_path: Path, exported: Path) -> None:
    values = {"Microsoft.Synchronize.TimeInterval": "soon", "Microsoft.OptionalFeature.UserWriteBack": "True"}
    (exported / "GlobalSettings" / "MV.xml").write_text(metaverse(values).replace("<parameter ", "\n<parameter "))
    found = document("init", tmp_path / "p", "--from", exported, name="project-import")
    findings = found["imported"]["findings"]
    assert not [f for f in findings if f["line"] is None or not f["file"]]
    assert len({f["line"] for f in findings if f["file"].endswith("MV.xml")}) > 3


def test_times_and_profiles_are_those_of_the_server(tmp_path: Path, exported: Path) -> None:
    parameters = {"TimeInterval": "02:00:00", "RunHistoryPurgeInterval": "14.00:00:00", "SchedulerSuspended": "True"}
    (exported / "GlobalSettings" / "MV.xml").write_text(
        metaverse({f"Microsoft.Synchronize.{name}": text for name, text in parameters.items()})
    )
    found = document("init", tmp_path / "p", "--from", exported, "--map", f"{BOOKS}=library", name="project-import")
    settings = load_settings(tmp_path / "p")
    assert (settings.interval_minutes, settings.history_days) == (120, 14)
    assert settings.connectors["library"].profiles == {
        "Nightly": (RunStep("full-import-delta-sync", "DC=books,DC=test"),)
    }
    assert settings.connectors["entra"].profiles == {}
    helps = [f["help"] or "" for f in found["imported"]["findings"]]
    command = next(one for one in helps if "attrflow scheduler suspend" in one).partition("attrflow ")[2]
    call(*command.split())
    call("rules", "check", "-C", tmp_path / "p")


def test_an_import_of_rules_says_what_it_leaves(tmp_path: Path, exported: Path) -> None:
    call("init", tmp_path / "p")
    found = document(
        "rules", "import", exported, "--into", tmp_path / "p", "--map", f"{BOOKS}=contoso", name="rules-import"
    )
    told = {f["code"]: f for f in found["findings"]}
    assert {"rules-only", "metaverse-attribute"} <= set(told)
    assert told["metaverse-attribute"]["help"] == (
        'under [metaverse.attributes]: shelf = { type = "integer", multi = false, object-types = ["person"] }'
    )


def test_a_connector_without_rules_is_no_wrong_map(tmp_path: Path, exported: Path) -> None:
    (exported / "SynchronizationRules" / "2.xml").unlink()
    maps = ("--map", f"{{{CLOUD.id.upper()}}}=cloud", "--map", "books.test=library", "--map", "nobody=elsewhere")
    found = document("init", tmp_path / "p", "--from", exported, *maps, name="project-import")
    assert found["names"] == {BOOKS: "library", CLOUD.id: "cloud"}
    told = [f["message"] for f in found["imported"]["findings"] if f["code"] == "map-not-used"]
    assert told == ["--map nobody: no rule belongs to such a connector"]


def test_what_of_a_connector_is_not_read_is_told(tmp_path: Path, exported: Path) -> None:
    also = "<join><join-profile/></join><projection/><comet>1</comet><password-sync>x</password-sync>"
    (exported / "Connectors" / "1.xml").write_text(ad_connector(also))
    found = document("init", tmp_path / "p", "--from", exported, name="project-import")
    told = {f["code"]: f["message"] for f in found["imported"]["findings"] if "<" in f["message"]}
    assert ("<join>" in told["no-counterpart"], "<comet>" in told["unknown-element"], len(told)) == (True, True, 2)


def test_a_connector_without_a_file_is_made_with_examples(tmp_path: Path, exported: Path) -> None:
    (exported / "Connectors" / "1.xml").unlink()
    found = document("init", tmp_path / "p", "--from", exported, name="project-import")
    assert found["names"][BOOKS] == f"directory-{BOOKS[:8]}"
    assert "connector-made" in [f["code"] for f in found["imported"]["findings"]]
    assert found["imported"]["rules"] == 2
    call("rules", "check", "-C", tmp_path / "p")


def test_the_wizards_settings_file_makes_a_project_too(tmp_path: Path) -> None:
    policy = {
        "PolicyMetadata": {},
        "onPremisesDirectoryPolicy": {
            "FriendlyName": "books.test",
            "FullyQualifiedDomainName": "books.test",
            "UniqueIdentifier": BOOKS,
            "partitionFilters": {
                "distinguishedName": "DC=books,DC=test",
                "containerInclusions": "OU=Readers,DC=books,DC=test",
            },
            "standardSynchronizationRules": [
                {"Name": "In from AD - User Join", "immutableTag": "Microsoft.InfromADUserJoin.006", "Precedence": 100}
            ],
        },
    }
    (tmp_path / "policy.json").write_text(json.dumps(policy))
    found = document("init", tmp_path / "p", "--from", tmp_path / "policy.json", name="project-import")
    codes = [f["code"] for f in found["imported"]["findings"]]
    assert "filled-from-library" in codes
    assert (found["imported"]["rules"], found["imported"]["errors"]) == (1, 0)
    (partition,) = load_settings(tmp_path / "p").connectors["books.test"].partitions
    assert partition.include == ("OU=Readers,DC=books,DC=test",)
    call("rules", "check", "-C", tmp_path / "p")


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--from", "nowhere"], 3, "There is no file or folder nowhere."),
        (["--from", "empty"], 2, "empty holds no exported configuration."),
        (["--map", "a=b"], 2, "--map goes with --from"),
        (["--from", "empty", "--feature", "lync"], 2, "--feature does not go with --from"),
    ],
)
def test_a_wrong_command_line_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    assert sentence in call("init", "p", *arguments, code=code).stderr
    assert not (tmp_path / "p").exists()
