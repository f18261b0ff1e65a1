"""The table [features]: read, written, and told where it is wrong."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from attrflow.app.default_rules import features_of
from attrflow.app.settings import metaverse_of, read_settings
from attrflow.app.settings_features import FEATURE_KEYS, features_text, read_features
from attrflow.app.settings_table import Table
from attrflow.model.errors import SettingsError
from attrflow.model.schema import Syntax
from attrflow.rules.features import ALL_APPS, COMPLETE, Extension, Features
from attrflow.rules.positions import Finding

APP = "0f3c2c5a-6e8a-4d9f-9d53-5b8a1f0c7e11"
EVERYTHING = Features(
    exchange=False,
    lync=True,
    hybrid_exchange=True,
    devices=True,
    anchor="mS-DS-ConsistencyGuid",
    upn_attribute="mail",
    join="employeeID",
    group_member_limit=250_000,
    apps=ALL_APPS,
    excluded_attributes=("mobile", "pager"),
    group_filter={"hq": 'CN=A\\, "b",DC=x', "lab": "CN=B,DC=y"},
    extension_app=APP,
    extensions=(Extension("user", "badges", Syntax.STRING, multi=True), Extension("group", "info")),
    ldap_groups=("posixGroup",),
)


def read(text: str, *connectors: str) -> tuple[Features, list[Finding]]:
    findings: list[Finding] = []
    table = tomllib.loads(text).get("features", {})
    return read_features(Table(table, ("features",), findings), connectors), findings


@pytest.mark.parametrize("features", [Features(), COMPLETE, EVERYTHING, Features(group_filter={"*": "CN=A,DC=x"})])
def test_what_is_written_reads_back(features: Features) -> None:
    text = features_text(features)
    assert read(text, "hq", "lab") == (features, [])
    assert all(f"{key} = " in text and "#" in text for key in FEATURE_KEYS)
    assert all(len(line) < 200 for line in text.splitlines())


def test_all_services_in_one_word() -> None:
    assert read('[features]\napps = "all"')[0].apps == read('[features]\napps = ["all"]')[0].apps == ALL_APPS
    assert read("[features]\napps = []")[0].apps == ()


@pytest.mark.parametrize(
    ("line", "message", "help_"),
    [
        ("lnyc = true", "'lnyc' is no key of [features]", "lync"),
        ("lync = 1", "'lync' must be true or false", None),
        ("group-member-limit = 300000", "from 1 to 250000", None),
        ('apps = ["intunes"]', "'apps' has no 'intunes'", "intune"),
        ('anchor = "object guid"', "'anchor' must be an attribute's name", "objectGUID"),
        (
            f'extension-app = "{APP}"\nextensions = ["employeeType"]',
            "'employeeType' is no directory extension",
            "user.employeeType",
        ),
        (f'extension-app = "{APP}"\nextensions = ["user.x: decimal"]', "is no directory extension", "strings"),
        (f'extension-app = "{APP}"\nextensions = ["user.x", "user.X"]', "stands twice", None),
        ('extensions = ["user.x"]', "[features] has no 'extension-app'", "extension-app ="),
        ('extension-app = "my app"', "must be a GUID", None),
        ('group-filter = { hx = "CN=A" }', "names 'hx', which is no connector", "hq"),
        ("group-filter = 5", "must be the DN of a group", None),
        ('ldap-groups = ["groupOfNames"]', "'ldap-groups' has no 'groupOfNames'", "groupOfUniqueNames"),
    ],
)
def test_what_is_wrong_is_told(line: str, message: str, help_: str | None) -> None:
    _, findings = read(f"[features]\n{line}", "hq")
    assert len(findings) == 1
    assert message in findings[0].message
    assert help_ is None or help_ in (findings[0].help or "")


def test_directory_extensions_are_metaverse_attributes(tmp_path: Path) -> None:
    text = f'[features]\nextension-app = "{APP}"\nextensions = ["user.badges: strings"]\n'
    settings = read_settings(text, tmp_path)
    attribute = metaverse_of(settings).object_types["person"].attribute(f"extension_{APP.replace('-', '')}_badges")
    assert attribute is not None
    assert (attribute.syntax, attribute.multi) == (Syntax.STRING, True)


def test_features_as_a_command_line_says_them() -> None:
    given = {
        "lync": "",
        "devices": "no",
        "apps": "intune, azure-rms",
        "anchor": "employeeID",
        "group-filter": "CN=A,DC=x",
    }
    found = features_of(given)
    assert (found.lync, found.devices, found.anchor) == (True, False, "employeeID")
    assert found.apps == ("intune", "azure-rms")
    assert found.group_filter == {"*": "CN=A,DC=x"}
    with pytest.raises(SettingsError, match="no feature 'jion'"):
        features_of({"jion": "mail"})
    with pytest.raises(SettingsError, match="from 1 to 250000"):
        features_of({"group-member-limit": "0"})


def test_users_are_matched_by_what_a_person_of_the_metaverse_has() -> None:
    assert features_of({"join": "employeeID"}).join == "employeeID"
    with pytest.raises(SettingsError, match="by 'emploieeID': a person of the metaverse has no such") as refused:
        features_of({"join": "emploieeID"})
    assert "employeeID" in str(refused.value.help)
