"""Looking names up anywhere in a directory, whatever is selected."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from attrflow.connectors.ldap.lookup import FOUND_MAX
from attrflow_mocks.scenarios.seed import EntrySeed

from .ldap_lab import NC, Lab, domain, lab_on, person

PEOPLE = f"OU=People,{NC}"


@pytest.fixture
def lab() -> Iterator[Lab]:
    entries = (
        person("Ann", sAMAccountName="ann", userPrincipalName="ann@corp.test", displayName="Ann (Sales) *"),
        person("Tor", "OU=Away", mail="tor@corp.test", displayName="Tor"),
        EntrySeed(f"CN=PC1,{PEOPLE}", "computer", {"sAMAccountName": ("PC1$",)}),
        *(person(f"Twin{n}", displayName="Twin") for n in range(FOUND_MAX + 5)),
    )
    with lab_on(domain(*entries)) as lab:
        yield lab


def check(lab: Lab, text: str, *expected: tuple[str, str, bool]) -> None:
    """What is found under a name: DN, object type, and whether the type is selected."""
    connector = lab.connect(lab.configuration(include=(PEOPLE,)))
    assert [(one.dn, one.object_type, one.selected) for one in connector.find(text)] == list(expected)


@pytest.mark.parametrize("text", ["tor@corp.test", "TOR@corp.test", "Tor", f"CN=Tor,OU=Away,{NC}", " Tor "])
def test_what_stands_in_no_selected_container_is_found(lab: Lab, text: str) -> None:
    check(lab, text, (f"CN=Tor,OU=Away,{NC}", "user", True))


def test_what_is_of_no_selected_type_is_found_as_what_it_is(lab: Lab) -> None:
    check(lab, "PC1$", (f"CN=PC1,{PEOPLE}", "computer", False))


@pytest.mark.parametrize("text", ["", "  ", "nobody", "An", f"CN=Nobody,{NC}", "CN=Ann,DC=elsewhere,DC=test", "a=,=b"])
def test_what_is_not_there_is_not_found(lab: Lab, text: str) -> None:
    check(lab, text)


def test_characters_of_filters_are_characters(lab: Lab) -> None:
    check(lab, "Ann (Sales) *", (f"CN=Ann,{PEOPLE}", "user", True))
    check(lab, "*")


def test_a_guid_is_found(lab: Lab) -> None:
    connector = lab.connect()
    ann = next(o for page in connector.import_pages(NC, None) for o in page.objects if o.dn.startswith("CN=Ann,"))
    assert ann.anchor is not None
    for text in (ann.anchor, f"{{{ann.anchor.upper()}}}"):
        assert [one.dn for one in connector.find(text)] == [ann.dn]


def test_no_more_come_than_can_be_chosen_from(lab: Lab) -> None:
    assert len(lab.connect().find("Twin")) == FOUND_MAX
