"""A customer's state in forms that few files have, and parts that nothing here knows: kept, or told."""

from __future__ import annotations

import io
import json

from attrflow.importers.customer_state import CustomerState
from attrflow.importers.findings import Findings
from attrflow.importers.state_files import StateKind, read_state_file

NAMED = {"DistinguishedName": "CN=a,DC=x", "ObjectType": "user", "ConnectorName": "hq"}


def check(kind: StateKind, content: str, *told: str) -> CustomerState:
    """What a file gives; exactly findings of these codes are made."""
    state, findings = CustomerState(), Findings()
    read_state_file(kind, io.BytesIO(content.encode()), "F", findings, state)
    assert [finding.code for finding in findings.all] == list(told), [str(finding) for finding in findings.all]
    return state


def test_an_object_of_which_only_the_name_is_known_has_no_image() -> None:
    (found,) = check(
        "csobject", json.dumps({**NAMED, "IsTransient": True, "HasExportError": True}), "incomplete"
    ).spaces
    assert not found.images
    assert found.transient


def test_properties_that_are_not_known_are_told_once() -> None:
    item = {**NAMED, "Comet": "tail", "PSComputerName": "SYNC1", "Nothing": None}
    text = json.dumps([item, {**item, "DistinguishedName": "CN=b,DC=x"}])
    check("csobject", text, "incomplete", "unknown-key", "incomplete")
    check("mvobject", json.dumps({"ObjectId": "AB", "Attributes": [], "Comet": 1}), "unknown-key")


def test_layers_may_be_deltas_and_images_entries_themselves() -> None:
    text = """<cs-objects><cs-object cs-dn='CN={AA}' object-type='user'>
<synchronized-hologram><attr name='sn' type='string'><value>Old</value></attr></synchronized-hologram>
<unapplied-export-delta operation='update'><attr name='sn' operation='replace'><value>New</value></attr>
</unapplied-export-delta></cs-object></cs-objects>"""
    (found,) = check("csexport", text).spaces
    assert found.image("synchronized").attributes == {"sn": ("Old",)}
    assert found.image("pending-export").attributes == {"sn": ("New",)}
