"""The domain that most tests of the LDAP connector begin with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from attrflow_mocks.scenarios.seed import EntrySeed

from .ldap_lab import NC, Lab, domain, group, lab_on, person


@pytest.fixture
def lab() -> Iterator[Lab]:
    """Ann, Bob (Ann's report), a computer, and a group with both people."""
    entries = (
        person("Ann", telephoneNumber="  +47 22 00 00 00 ", proxyAddresses=("SMTP:ann@corp.test", "smtp:a@corp.test")),
        person("Bob", manager=f"CN=Ann,OU=People,{NC}", userAccountControl="512"),
        EntrySeed(f"CN=PC1,OU=People,{NC}", "computer"),
        group("Staff", f"CN=Ann,OU=People,{NC}", f"CN=Bob,OU=People,{NC}"),
    )
    with lab_on(domain(*entries)) as lab:
        yield lab
