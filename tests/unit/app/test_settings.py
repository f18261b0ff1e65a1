"""attrflow.toml is read whole, and a faulty one is told with file, line and what was expected."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from attrflow.app.settings import (
    Settings,
    configuration_hash,
    configuration_text,
    find_project,
    load_settings,
    metaverse_of,
    option_key,
    read_settings,
)
from attrflow.connectors.entra.settings import EntraSettings
from attrflow.connectors.ldap.settings import settings_of
from attrflow.model.configuration import EngineOptions
from attrflow.model.errors import SettingsError
from attrflow.model.schema import Syntax

FOLDER = Path("/projects/lab")

AD = """\
[connectors.hq]
kind = "ad"
id = "{0F6B2A9E-5F1C-4D7E-9A53-2F4D1C8B7A60}"
url = "ldaps://dc1.contoso.test"
[[connectors.hq.partitions]]
dn = "DC=contoso,DC=test"
netbios = "CONTOSO"
"""
ENTRA = """\
[connectors.cloud]
kind = "entra"
id = "1e2feb89-414c-443c-9027-c4d1c386bbc4"
channel = "graph"
tenant = "contoso.onmicrosoft.com"
client-id = "1e2feb89-414c-443c-9027-c4d1c386bbc5"
client-secret = { env = "SECRET" }
"""


def loaded(text: str) -> Settings:
    return read_settings(text, FOLDER)


def check(text: str, *expected: str) -> str:
    """The text gives exactly these diagnostics, each as 'line:column code'; all that was said is returned."""
    try:
        found = loaded(text).warnings
    except SettingsError as error:
        found = error.diagnostics
        assert any(d.severity == "error" for d in found)
    places = []
    for diagnostic in found:
        assert diagnostic.file == str(FOLDER / "attrflow.toml")
        assert diagnostic.span is not None
        places.append(f"{diagnostic.span.line}:{diagnostic.span.column} {diagnostic.code}")
    assert places == list(expected)
    return "\n".join(str(diagnostic) for diagnostic in found)


def with_line(text: str, line: str) -> str:
    """The connector's text with a line more, which becomes line 5."""
    lines = text.splitlines()
    return "\n".join([*lines[:4], line, *lines[4:]]) + "\n"


def test_what_is_left_out_has_a_default() -> None:
    settings = loaded(AD + ENTRA)
    hq, cloud = settings.connectors.values()
    assert (settings.name, settings.staging_mode, settings.options) == ("lab", True, EngineOptions())
    assert settings.store == FOLDER / "attrflow.sqlite"
    assert (settings.rules, settings.schema) == (FOLDER / "rules", FOLDER / "schema")
    assert hq.id == "0f6b2a9e-5f1c-4d7e-9a53-2f4d1c8b7a60"
    assert hq.object_types == (
        *("user", "inetOrgPerson", "group", "contact", "foreignSecurityPrincipal"),
        *("organizationalUnit", "container", "domainDNS"),
    )
    assert hq.partitions[0].parameters["Domain.FQDN"] == "contoso.test"
    assert hq.parameters["Forest.Netbios"] == "CONTOSO"
    assert hq.settings == {"url": "ldaps://dc1.contoso.test"}
    assert [p.name for p in cloud.partitions] == ["default"]
    assert list(settings.secrets) == ["cloud"]
    assert settings.warnings == ()


def test_every_setting_reaches_the_adapter_in_its_own_words() -> None:
    text = AD.replace(
        'url = "ldaps://dc1.contoso.test"',
        'url = "ldap://dc1.contoso.test:3389"\ntls = "starttls"\naccount = "svc"\npassword = { file = "s" }\n'
        'ca-file = "ca.pem"\npage-size = 7\ntimeout-seconds = 8\nobject-security = true\nfilter = "a=b"',
    )
    settings = loaded(text)
    ldap = settings_of(settings.connectors["hq"])
    assert (ldap.tls, ldap.account, ldap.ca_file) == ("starttls", "svc", str(FOLDER / "ca.pem"))
    assert (ldap.page_size, ldap.timeout_seconds, ldap.object_security, ldap.filter) == (7, 8, True, "(a=b)")
    assert settings.secrets["hq"].name == str(FOLDER / "s")
    urls = 'ingest-url = "http://127.0.0.1:1/i"\ngraph-url = "http://127.0.0.1:1/g"\nlogin-url = "http://127.0.0.1:1"\n'
    ingest = loaded(ENTRA.replace('"graph"', '"ingest"') + urls + "page-size = 9\n").connectors["cloud"]
    entra = EntraSettings.of(ingest)
    assert (entra.channel, entra.ingest_url, entra.page_size) == ("ingest", "http://127.0.0.1:1/i", 9)
    assert (entra.graph_url, entra.login_url) == ("http://127.0.0.1:1/g", "http://127.0.0.1:1")
    assert entra.tenant_id == "contoso.onmicrosoft.com"


@pytest.mark.parametrize("field", fields(EngineOptions), ids=lambda field: field.name)
def test_every_engine_option_can_be_set(field: object) -> None:
    name = field.name  # type: ignore[attr-defined]  # a dataclass field's type is too wide to name
    default = getattr(EngineOptions(), name)
    value = not default if isinstance(default, bool) else default + 1
    written = str(value).lower()
    assert getattr(loaded(f"[engine]\n{option_key(name)} = {written}\n").options, name) == value


def test_everything_wrong_is_told_at_once_in_the_order_of_the_file() -> None:
    text = """\
[project]
staging_mode = false
[engine]
loop-limit = 0
[connectors.hq]
kind = "active-directory"
id = "1"
[conectors]
"""
    said = check(text, "2:1 unknown-key", "4:14 wrong-value", "6:8 wrong-value", "7:6 wrong-value", "8:2 unknown-key")
    assert "did you mean staging-mode?" in said
    assert "did you mean connectors?" in said
    with pytest.raises(SettingsError, match=r"5 errors, the first in line 2: 'staging_mode' is no key of \[project\]"):
        loaded(text)


def test_structure() -> None:
    check("a = [\n", "2:1 toml-syntax")
    check("", "1:1 no-connector")
    check("project = 1\n" + AD, "1:11 wrong-type")
    check("[project]\nloop-limit = 1\n" + AD, "2:1 unknown-key")
    check("[project]\nname = ''\nstore = 'postgresql://h/d'\nrules = '.'\n" + AD, *_lines("2:8 3:9 4:9", "wrong-value"))
    check("[project]\nstore = 'x'\nrules = './x'\n" + AD, "3:9 wrong-value")
    check('[project]\nstore = "a\\u0000"\n' + AD, "2:9 wrong-value")
    check("[connectors]\nhq = 1\n", "2:1 wrong-type")
    check(AD.replace(".hq", '."h q"'), "1:2 wrong-value")
    check(AD + AD.replace("hq", "HQ"), "8:2 duplicate-name", "10:6 duplicate-id")
    said = check('[connectors.contoso.test]\nkind = "ad"\n', "1:2 missing-key")
    assert '[connectors."contoso.test"]' in said


def test_connectors() -> None:
    missing = check("[connectors.hq]\n", *["1:2 missing-key"] * 2)
    assert "add: id = " in missing
    check("[connectors.hq]\nkind = 'ad'\n", *["1:2 missing-key"] * 3)
    check("[connectors.hq]\nkind = 'entra'\n", *["1:2 missing-key"] * 5)
    check(with_line(AD, "page-size = '5'"), "5:13 wrong-type")
    check(with_line(AD, "page-size = true"), "5:13 wrong-type")
    check(with_line(AD, "page-size = 0"), "5:13 wrong-value")
    check(with_line(ENTRA, "page-size = 1000"), "5:13 wrong-value")
    check(with_line(AD, "object-types = []"), "5:16 wrong-value")
    check(with_line(AD, "object-types = ['user', 'User']"), "5:25 wrong-value")
    check(with_line(ENTRA, "object-types = ['user', 'computer']"), "5:25 wrong-value")
    check(with_line(ENTRA, "object-types = ['user', 'device']"))
    check(with_line(AD, "attributes = ['a b', 1, 'c']"), "5:15 wrong-value", "5:22 wrong-type")
    check(with_line(AD, "filter = '(a=b)(c=d)'"), "5:10 wrong-value")
    check(with_line(AD, "filter = '(&(a=b)'"), "5:10 wrong-value")
    assert "only kind entra has it; here it is password" in check(
        with_line(AD, "client-secret = { env = 'A' }"), "5:1 unknown-key"
    )
    assert "only kind ad has it" in check(
        with_line(AD.replace('"ad"', '"openldap"'), "object-security = true"), "5:1 unknown-key"
    )
    check(with_line(AD, "account = 'svc'"), "1:2 missing-key")
    check(with_line(AD, "password = { env = 'A' }"), "1:2 missing-key")
    check(ENTRA.replace("contoso.onmicrosoft.com", "contoso"), "5:10 wrong-value")
    check(ENTRA.replace('"graph"', '"ingest"'), *["1:2 missing-key"] * 3)


def test_names_that_refer_and_the_filler() -> None:
    unix = AD.replace('"ad"', '"openldap"')
    assert loaded(unix).connectors["hq"].reference_by == {"memberUid": "uid"}, "the default of the kind"
    assert loaded(AD).connectors["hq"].reference_by == {}
    assert loaded(with_line(unix, "reference-by = {}")).connectors["hq"].reference_by == {}
    given = with_line(unix, "reference-by = { nisNetgroup = 'cn', memberUid = 'uid' }\nfiller-member = 'CN=No  one'")
    hq = loaded(given).connectors["hq"]
    assert hq.reference_by == {"nisNetgroup": "cn", "memberUid": "uid"}
    assert settings_of(hq).filler_member == "cn=no one\x00"
    check(with_line(unix, "reference-by = 'uid'"), "5:16 wrong-type")
    check(with_line(unix, "reference-by = { memberUid = 5 }"), "5:30 wrong-type")
    check(with_line(unix, "reference-by = { 'a b' = 'uid' }"), "5:26 wrong-value")
    assert "cannot name objects by itself" in check(
        with_line(unix, "reference-by = { uid = 'UID' }"), "5:24 wrong-value"
    )
    assert "holds names of other objects" in check(
        with_line(unix, "reference-by = { memberUid = 'uid', uid = 'cn' }"), "5:30 wrong-value"
    )
    check(with_line(unix, "filler-member = 'nobody'"), "5:17 wrong-value")
    assert "only kind openldap has it" in check(with_line(AD, "filler-member = 'cn=x'"), "5:1 unknown-key")
    assert "only kind ad and openldap has it" in check(with_line(ENTRA, "reference-by = {}"), "5:1 unknown-key")


@pytest.mark.parametrize(
    ("url", "tls", "code"),
    [
        ("ldap://127.0.0.1:3389", "none", ""),
        ("ldap://dc.test", "none", "unencrypted"),
        ("ldap://dc.test", "ldaps", "wrong-value"),
        ("ldaps://dc.test", "starttls", "wrong-value"),
        ("ldapi://%2Frun%2Fldapi", "none", ""),
        ("ldapi://%2Frun%2Fldapi", "starttls", "wrong-value"),
    ],
)
def test_tls_fits_the_address(url: str, tls: str, code: str) -> None:
    text = with_line(AD.replace("ldaps://dc1.contoso.test", url), f'tls = "{tls}"')
    check(text, *([f"5:7 {code}"] if code else []))
    if code != "wrong-value":
        assert settings_of(loaded(text).connectors["hq"]).tls == tls


@pytest.mark.parametrize(
    "url",
    ["dc1", "https://dc1", "ldap://", "ldap://h:0", "ldap://h:99999", "ldap://[::1", "ldap://h/DC=a", "ldapi://run"],
)
def test_an_ldap_address_is_checked(url: str) -> None:
    check(AD.replace("ldaps://dc1.contoso.test", url), "4:7 wrong-value")


@pytest.mark.parametrize("url", ["graph", "ftp://h", "http://graph.test", "https://h?q", "https://:5", "https://h:a"])
def test_a_service_address_is_checked(url: str) -> None:
    check(with_line(ENTRA, f"graph-url = '{url}'"), "5:13 wrong-value")


def test_partitions() -> None:
    check(AD.replace("DC=contoso,DC=test", "contoso.test"), "6:6 wrong-value")
    assert 'netbios = "CONTOSO"' in check(AD.replace('netbios = "CONTOSO"\n', ""), "5:3 missing-key")
    check(AD.replace("DC=contoso,DC=test", "O=contoso"), "5:3 missing-key")
    check(
        AD + "include = ['OU=a,DC=contoso,DC=test', 'OU=a,DC=other,DC=test', 'x']\n",
        "8:39 outside-partition",
        "8:64 wrong-value",
    )
    check(AD + "include = ['OU=a,DC=contoso,DC=test', 'ou=A, dc=contoso,dc=test']\n", "8:39 wrong-value")
    # Xdc=contoso is no container of DC=contoso, whatever the letters.
    check(AD + "include = ['OU=a,XDC=contoso,DC=test']\n", "8:12 outside-partition")
    inside = AD + "include = ['OU=a,DC=contoso,DC=test']\n"
    check(inside + "exclude = ['OU=b,OU=a,DC=contoso,DC=test']\n")
    check(inside + "exclude = ['OU=b,DC=contoso,DC=test']\n", "9:12 no-effect")
    check(inside + "exclude = ['OU=A,DC=contoso,DC=test']\n", "9:12 wrong-value")
    check(AD + "exclude = ['DC=contoso,DC=test']\n", "8:12 wrong-value")
    check(AD + "fqdn = 'a b'\n", "8:8 wrong-value")
    again = '[[connectors.hq.partitions]]\ndn = "dc=Contoso, dc=test"\nnetbios = "C"\n'
    check(AD + again, "9:6 duplicate-partition")
    child = '[[connectors.hq.partitions]]\ndn = "DC=no,DC=contoso,DC=test"\nnetbios = "NO"\n'
    third = loaded(AD + child).connectors["hq"]
    assert third.parameters["Forest.FQDN"] == "contoso.test"
    assert third.partitions[1].parameters["Domain.FQDN"] == "no.contoso.test"
    check(AD + again + again, "9:6 duplicate-partition", "12:6 duplicate-partition")
    check(AD.split("[[", maxsplit=1)[0] + "partitions = {dn = 'DC=a'}\n", "5:14 wrong-type")


def test_parameters() -> None:
    head = AD + "[connectors.hq.parameters]\n"
    both = loaded(head + "Forest.FQDN = 'a.test'\n'Site.Code' = 'OSL'\n").connectors["hq"].parameters
    assert both["Forest.FQDN"] == "a.test"
    assert both["Site.Code"] == "OSL"
    assert both["Forest.LDAP"] == "DC=contoso,DC=test"
    check(head + "x = 1\n", "9:5 wrong-type")
    check(head + "'Connector.ID' = 'x'\n", "9:1 wrong-value")
    check(head + "Domain.FQDN = 'x'\n", "9:1 wrong-value")
    check(head + "'a b' = 'x'\n", "9:1 wrong-value")
    check(head + "'a.b' = 'x'\na.b = 'y'\n", "10:1 duplicate-name")
    assert "did you mean Forest.FQDN" in check(head + "'forest.fqdn' = 'x'\n", "9:1 wrong-case")


def test_metaverse_attributes() -> None:
    head = AD + "[metaverse.attributes]\n"
    good = head + 'badge = { type = "integer", multi = true, object-types = ["person", "group"] }\n'
    added = metaverse_of(loaded(good)).attribute("group", "BADGE")
    assert added is not None
    assert (added.name, added.syntax, added.multi) == ("badge", Syntax.INTEGER, True)
    assert loaded(good).metaverse_extra["person"]["badge"] == added
    check(head + "badge = 'string'\n", "9:9 wrong-type")
    check(head + "badge = { type = 'text' }\n", "9:9 missing-key", "9:18 wrong-value")
    check(head + "displayname = { object-types = ['person'] }\n", "9:33 wrong-value")
    check(head + "badge = { object-types = ['persn', 'person', 'person'] }\n", "9:27 wrong-value", "9:46 wrong-value")
    check(head + "badge = { object-types = [] }\n", "9:26 wrong-value")
    check(good + "Badge = { object-types = ['person'] }\n", "10:1 duplicate-name")


def test_a_secret_in_the_text_is_refused_and_never_repeated() -> None:
    canary = "hunter2-Kanarie!"
    for written in (
        f"'{canary}'",
        f"{{ value = '{canary}' }}",
        f"{{ env = '{canary}' }}",
        f"{{ keyring = '{canary}' }}",
        f"['{canary}']",
        f"{{ env = 'A', file = '{canary}' }}",
    ):
        text = with_line(AD, f"account = 'a'\npassword = {written}")
        with pytest.raises(SettingsError) as caught:
            loaded(text)
        (told,) = caught.value.diagnostics
        assert told.span is not None
        assert told.span.line == 6
        assert canary not in f"{caught.value}{caught.value.help}{told}"
    said = check(AD.replace("ldaps://", f"ldaps://svc:{canary}@"), "4:7 wrong-value")
    assert canary not in said


def test_positions_hold_with_a_byte_order_mark_windows_line_ends_and_wide_letters(tmp_path: Path) -> None:
    text = "[project]\nname = 'Blåbær 🫐'\n[engine] # ø\nloop-limt = 1\n" + AD
    (tmp_path / "attrflow.toml").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path)
    (told,) = caught.value.diagnostics
    assert str(told).startswith(f"{tmp_path / 'attrflow.toml'}:4:1: error: 'loop-limt'")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no attrflow\.toml in ") as caught:
        load_settings(tmp_path / "none")
    assert caught.value.help == f"run `attrflow init {tmp_path / 'none'}`"
    (tmp_path / "attrflow.toml").write_bytes(b"[project]\nname = '\xe5'\n")
    with pytest.raises(SettingsError, match="line 2: not text in UTF-8") as caught:
        load_settings(tmp_path)
    assert caught.value.diagnostics[0].span is not None
    assert caught.value.diagnostics[0].span.column == 9


def test_a_project_is_found_from_within(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "p" / "rules" / "hq").mkdir(parents=True)
    (tmp_path / "p" / "attrflow.toml").write_text("")
    assert find_project(tmp_path / "p" / "rules" / "hq") == tmp_path / "p"
    monkeypatch.chdir(tmp_path / "p" / "rules")
    assert find_project(Path()) == tmp_path / "p"
    with pytest.raises(SettingsError, match=r"no attrflow\.toml in "):
        find_project(tmp_path)


def test_the_configuration_is_hashed_without_secrets_and_place() -> None:
    text = with_line(AD, "account = 'a'\npassword = { env = 'CANARY' }\nca-file = 'ca.pem'")
    one, other = read_settings(text, FOLDER), read_settings(text, Path("/elsewhere"))
    assert configuration_text(one) == configuration_text(other)
    assert "CANARY" not in configuration_text(one)
    moved = text.replace("CANARY", "OTHER") + "[project]\nstaging-mode = false\n"
    assert configuration_hash(loaded(moved)) == configuration_hash(one)
    for change in (
        text.replace("CONTOSO", "C"),
        text + "[engine]\nloop-limit = 9\n",
        text + "[metaverse.attributes]\nx = { object-types = ['person'] }\n",
    ):
        assert configuration_hash(loaded(change)) != configuration_hash(one)


def _lines(places: str, code: str) -> list[str]:
    return [f"{place} {code}" for place in places.split()]
