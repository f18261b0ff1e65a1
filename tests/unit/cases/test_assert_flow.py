"""`assert_flow` and `assert_case`: rules and one user in LDIF, and the value that comes of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from attrflow.app.library import default_rules
from attrflow.app.rule_testing import assert_case, assert_flow
from attrflow.model.errors import SettingsError
from attrflow.rules.writing import write_rule

KARI = """dn: CN=Kari,OU=People,DC=contoso,DC=test
objectClass: user
sAMAccountName: kari
mail:: IGthcmlAY29udG9zby50ZXN0IA==
otherTelephone: 1
otherTelephone: 2
"""
RULES = default_rules([("contoso", "11111111-0000-0000-0000-000000000001", "ad"), ("entra", "2", "entra")])


def test_a_value_a_list_and_none() -> None:
    assert_flow(RULES, KARI, "mail", "kari@contoso.test")
    assert_flow(RULES, KARI, "otherTelephone", ["2", "1"])
    assert_flow(RULES, KARI, "title", None)


def test_in_a_target() -> None:
    assert_flow(RULES, KARI, "onPremisesSamAccountName", "kari", target="entra")


def test_a_difference_is_told_with_the_trace() -> None:
    with pytest.raises(AssertionError, match="import attribute flow") as caught:
        assert_flow(RULES, KARI, "mail", " kari@contoso.test ")
    assert 'got       "kari@contoso.test"' in str(caught.value)


def test_from_files(tmp_path: Path) -> None:
    for rule in RULES:
        (tmp_path / f"{rule.precedence}.toml").write_text(write_rule(rule), encoding="utf-8")
    (tmp_path / "kari.ldif").write_text(KARI, encoding="utf-8")
    assert_flow(tmp_path, tmp_path / "kari.ldif", "mail", "kari@contoso.test")
    assert_flow(str(tmp_path), str(tmp_path / "kari.ldif"), "accountName", "kari")


def test_one_of_several_objects() -> None:
    two = KARI + "\ndn: CN=Ola,OU=People,DC=contoso,DC=test\nobjectClass: user\nsAMAccountName: ola\n"
    with pytest.raises(SettingsError, match="which object"):
        assert_flow(RULES, two, "accountName", "ola")
    with pytest.raises(SettingsError, match="no object 'Per'"):
        assert_flow(RULES, two, "accountName", "ola", object="Per")
    assert_flow(RULES, two, "accountName", "ola", object="Ola")


def test_whose_directory_it_is_must_be_known() -> None:
    more = default_rules([("fabrikam", "11111111-0000-0000-0000-000000000002", "ad")])
    with pytest.raises(SettingsError, match="contoso, fabrikam"):
        assert_flow((*RULES, *more), KARI, "mail", "kari@contoso.test")


def test_faulty_files_are_told(tmp_path: Path) -> None:
    (tmp_path / "rule.toml").write_text('name = "x"', encoding="utf-8")
    with pytest.raises(SettingsError, match="is no rule"):
        assert_flow(tmp_path / "rule.toml", KARI, "mail", "x")
    with pytest.raises(SettingsError, match="LDIF cannot be used"):
        assert_flow(RULES, "nonsense\n", "mail", "x")


def test_a_case_file(tmp_path: Path) -> None:
    file = tmp_path / "case.toml"
    text = 'title = "t"\nbasis = "assumed"\nsource = "s"\n[objects.a]\n[[step]]\ncycle = "initial"\n'
    file.write_text(text + "expect.count = { mv = 1 }\n", encoding="utf-8")
    assert_case(tmp_path)
    file.write_text(text + "expect.count = { mv = 2 }\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="the number of objects in mv"):
        assert_case(file)
    file.write_text('needs = ["wire"]\n' + text + "expect.count = { mv = 1 }\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="--wire"):
        assert_case(file)


def test_the_plugin_gives_the_same_functions() -> None:
    from attrflow.app import pytest_plugin  # noqa: PLC0415 - the plugin under test

    made: list[Callable[..., None]] = [
        fixture.__wrapped__() if hasattr(fixture, "__wrapped__") else fixture._get_wrapped_function()()
        for fixture in (pytest_plugin._assert_flow, pytest_plugin._assert_case)
    ]
    assert made == [assert_flow, assert_case]
