"""Run profiles and guards in attrflow.toml: what they say, and what is wrong with them, with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from attrflow.app.settings import Settings, read_settings
from attrflow.app.settings_template import example_connectors, settings_text
from attrflow.model.configuration import GuardLimit, RunStep
from attrflow.model.errors import SettingsError

HQ, CHILD = "DC=contoso,DC=test", "DC=child,DC=contoso,DC=test"
AD = f"""\
[connectors.hq]
kind = "ad"
id = "0f6b2a9e-5f1c-4d7e-9a53-2f4d1c8b7a60"
url = "ldaps://dc1.contoso.test"
[[connectors.hq.partitions]]
dn = "{HQ}"
netbios = "CONTOSO"
[[connectors.hq.partitions]]
dn = "{CHILD}"
netbios = "CHILD"
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
    return read_settings(text, Path("/projects/lab"))


def steps(text: str, name: str) -> tuple[RunStep, ...]:
    return loaded(AD + text).connectors["hq"].profiles[name]


def test_each_table_is_a_step_with_its_limits() -> None:
    text = f"""\
[[connectors.hq.profiles.nightly]]
type = "full-import"
partition = "dc=CONTOSO,dc=test"
batch-size = 50
page-size = 200
timeout-seconds = 120
object-limit = 1000
error-limit = 10
[[connectors.hq.profiles.nightly]]
type = "delta-sync"
partition = "{CHILD}"
"""
    assert steps(text, "nightly") == (
        RunStep("full-import", HQ, 50, 200, 120, 1000, 10),
        RunStep("delta-sync", CHILD),
    )


def test_a_step_without_a_partition_is_one_for_each() -> None:
    text = '[[connectors.hq.profiles."Full Import"]]\ntype = "full-import"\nobject-limit = 5\n'
    assert steps(text, "Full Import") == (
        RunStep("full-import", HQ, object_limit=5),
        RunStep("full-import", CHILD, object_limit=5),
    )


def test_a_partition_that_a_profile_leaves_out_is_told_and_stops_nothing() -> None:
    text = f'[[connectors.hq.profiles.delta-import]]\ntype = "delta-import"\npartition = "{HQ}"\n'
    (warning,) = loaded(AD + text).warnings
    assert (warning.code, warning.severity) == ("partition-without-step", "warning")
    assert CHILD in warning.message
    assert warning.span is not None
    assert warning.span.line == 12


@pytest.mark.parametrize(
    ("text", "code", "word"),
    [
        ('[[connectors.hq.profiles.x]]\ntype = "import"\n', "wrong-value", "must be one of full-import"),
        ("[[connectors.hq.profiles.x]]\nobject-limit = 5\n", "missing-key", "has no 'type'"),
        ('[[connectors.hq.profiles.x]]\ntype = "export"\npartition = "DC=else"\n', "wrong-value", "no partition"),
        ('[[connectors.hq.profiles.x]]\ntype = "export"\nobject-limit = -1\n', "wrong-value", "object-limit"),
        ('[[connectors.hq.profiles.x]]\ntype = "export"\npages = 1\n', "unknown-key", "'pages'"),
        ('[[connectors.hq.profiles."a/b"]]\ntype = "export"\n', "wrong-value", "cannot be a profile's name"),
        (
            "[[connectors.hq.profiles.a-b]]\ntype = 'export'\n[[connectors.hq.profiles.'A B']]\ntype = 'export'\n",
            "duplicate-name",
            "are one",
        ),
        ("[connectors.hq.profiles]\nx = []\n", "wrong-value", "has no step"),
        ("[connectors.hq.guards]\ndeletes = -1\n", "wrong-value", "deletes"),
        ("[connectors.hq.guards]\ndeletes-percent = 101\n", "wrong-value", "from 0 to 100"),
        ("[connectors.hq.guards]\ndelete = 1\n", "unknown-key", "deletes"),
    ],
)
def test_what_is_wrong_is_told(text: str, code: str, word: str) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(AD + text)
    told = [d for d in caught.value.diagnostics if d.severity == "error"]
    assert [d.code for d in told] == [code]
    assert word in f"{told[0].message} {told[0].help}"
    assert told[0].span is not None
    assert told[0].span.line > 10


def test_entra_takes_pages_up_to_its_own_limit_and_no_timeout() -> None:
    text = '[[connectors.cloud.profiles.x]]\ntype = "full-import"\npage-size = 999\n'
    assert loaded(ENTRA + text).connectors["cloud"].profiles["x"] == (RunStep("full-import", "default", page_size=999),)
    for line in ("page-size = 1000", "timeout-seconds = 5"):
        with pytest.raises(SettingsError):
            loaded(ENTRA + f'[[connectors.cloud.profiles.x]]\ntype = "full-import"\n{line}\n')


def test_guards_are_counts_and_shares() -> None:
    text = "[connectors.cloud.guards]\ndeletes = 200\ndisables-percent = 5\nidentity-changes = 0\n"
    assert loaded(ENTRA + text).connectors["cloud"].guards == {
        "deletes": GuardLimit(200, 0),
        "disables": GuardLimit(None, 5),
        "identity-changes": GuardLimit(0, 0),
    }


def test_what_a_new_settings_file_shows_as_an_example_loads_when_its_marks_are_taken_away() -> None:
    text = settings_text("x", example_connectors(), guid=lambda: "0f6b2a9e-5f1c-4d7e-9a53-2f4d1c8b7a60")
    lines, inside = [], False
    for line in text.splitlines():
        begins = line.startswith(("# [[connectors.contoso.profiles", "# [connectors.contoso.guards"))
        inside = begins or (inside and line.startswith("# ") and " = " in line)
        lines.append(line.removeprefix("# ") if inside else line)
    settings = loaded("\n".join(lines).replace('id = "0f6b', 'id = "1f6b', 1))
    contoso = settings.connectors["contoso"]
    assert contoso.profiles == {"nightly": (RunStep("full-import-delta-sync", HQ, object_limit=1000),)}
    assert contoso.guards == {"deletes": GuardLimit(500, 10)}
