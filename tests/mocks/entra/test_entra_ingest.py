"""The ingest face: schema, value coding, all-or-nothing items, shadow values on import, references."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

import pytest

from attrflow_mocks.entra.direct import DirectClient, object_id, source_anchor

DELTA = "/ingest/v1/delta"


def check(client: DirectClient, attributes: dict[str, object], code: str, attribute: str) -> None:
    """The add is refused as a whole, naming the attribute."""
    before = client.tenant.counts()
    answer = client.add("bad", "user", **{"userPrincipalName": "bad@contoso.com", **attributes})
    assert answer["status"] == 400
    assert (answer["error"]["code"], answer["error"]["attribute"]) == (code, attribute), answer
    assert client.tenant.counts() == before


def entry(client: DirectClient, name: str, kind: str = "user") -> dict[str, Any]:
    answer = client.send("GET", f"/ingest/v1/objects?sourceAnchor={quote(source_anchor(name))}&type={kind}")
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.json
    return found


def test_the_schema_names_types_and_multiplicity(client: DirectClient) -> None:
    types = client.send("GET", "/ingest/v1/schema").json["objectTypes"]
    assert set(types) == {"user", "group", "contact", "device"}
    assert types["device"]["attributes"]["deviceId"] == {"type": "binary", "multi": False}
    user = types["user"]["attributes"]
    assert user["proxyAddresses"] == {"type": "string", "multi": True}
    assert user["onPremiseSecurityIdentifier"] == {"type": "binary", "multi": False}
    assert user["manager"] == {"type": "reference", "multi": False}
    assert types["group"]["attributes"]["member"] == {"type": "reference", "multi": True}
    assert "member" not in user


def test_graph_shows_exported_values_under_its_own_names(client: DirectClient) -> None:
    client.add(
        "kari",
        userPrincipalName="kari@contoso.com",
        displayName="Kari",
        telephoneNumber="+47 22 00 00 00",
        title="Engineer",
        physicalDeliveryOfficeName="B2",
        company="Contoso",
        mobile="+47 90",
        facsimileTelephoneNumber="+47 23",
        msExchHideFromAddressLists=True,
        extensionAttribute7="seven",
        onPremisesSamAccountName="kari",
        dnsDomainName="contoso.test",
        lastPasswordChangeTimestamp="20260102030405.0Z",
        extension_0123456789abcdef0123456789abcdef_badge="B-7",
    )
    found = client.user(
        "kari@contoso.com",
        *("businessPhones", "jobTitle", "officeLocation", "companyName", "mobilePhone", "faxNumber"),
        *("showInAddressList", "onPremisesExtensionAttributes", "onPremisesSamAccountName"),
        *("onPremisesDomainName", "lastPasswordChangeDateTime", "onPremisesImmutableId"),
        *(
            "onPremisesSyncEnabled",
            "onPremisesLastSyncDateTime",
            "extension_0123456789abcdef0123456789abcdef_badge",
            "userType",
        ),
    )
    extended = found.pop("onPremisesExtensionAttributes")
    del found["@odata.context"], found["id"]
    assert (len(extended), extended["extensionAttribute7"]) == (15, "seven")
    assert found == {
        "businessPhones": ["+47 22 00 00 00"],
        "jobTitle": "Engineer",
        "officeLocation": "B2",
        "companyName": "Contoso",
        "mobilePhone": "+47 90",
        "faxNumber": "+47 23",
        "showInAddressList": False,
        "onPremisesSamAccountName": "kari",
        "onPremisesDomainName": "contoso.test",
        "lastPasswordChangeDateTime": "2026-01-02T03:04:05Z",
        "onPremisesImmutableId": source_anchor("kari"),
        "onPremisesSyncEnabled": True,
        "onPremisesLastSyncDateTime": "2026-11-22T07:00:00Z",
        "extension_0123456789abcdef0123456789abcdef_badge": "B-7",
        "userType": "Member",
    }


def test_import_gives_back_what_was_exported_not_what_graph_shows(client: DirectClient) -> None:
    proxies = ["SMTP:o@corp.example", "smtp:o@contoso.onmicrosoft.com", "X400:c=no"]
    client.add("ola", userPrincipalName="ola@corp.example", proxyAddresses=proxies, displayName="Ola")
    attributes = entry(client, "ola")["attributes"]
    assert attributes["userPrincipalName"] == "ola@corp.example"
    assert attributes["proxyAddresses"] == proxies
    assert attributes["cloudMastered"] is False
    assert "alias" not in attributes, "the calculated mailNickname is no shadow value"


def test_values_of_every_type_come_back_as_they_went(client: DirectClient) -> None:
    certificate = {"b64": base64.b64encode(b"\x00\x01certificate").decode()}
    sent: dict[str, object] = {
        "userPrincipalName": "t@contoso.com",
        "accountEnabled": False,
        "msExchRecipientTypeDetails": 2147483648,
        "userCertificate": [certificate],
        "otherTelephone": ["1", "2"],
        "description": "",
        "msExchMadeUp": [1, 2],
    }
    client.add("types", "user", **sent)
    attributes = entry(client, "types")["attributes"]
    assert {name: attributes[name] for name in sent} == sent


def test_cloud_objects_are_imported_under_connector_space_names(client: DirectClient) -> None:
    entries, _ = client.drain(f"{DELTA}?pageSize=1")
    cloud = next(e for e in entries if e["attributes"]["userPrincipalName"] == "cloud@contoso.com")
    assert cloud["attributes"] == {
        "userPrincipalName": "cloud@contoso.com",
        "displayName": "Cloud Only",
        "mail": "cloud@contoso.com",
        "alias": "cloud",
        "department": "Sales",
        "proxyAddresses": ["SMTP:cloud@contoso.com"],
        "accountEnabled": True,
        "userType": "Member",
        "cloudAnchor": cloud["id"],
        "cloudMastered": True,
    }


@pytest.mark.parametrize(
    ("attributes", "code", "attribute"),
    [
        ({"userCertificate": [{"b64": "AA=="}] * 16}, "LargeObject", "userCertificate"),
        ({"noSuchThing": "x"}, "UnknownAttribute", "noSuchThing"),
        ({"accountEnabled": "yes"}, "IdentityDataValidationFailed", "accountEnabled"),
        ({"title": ["a", "b"]}, "IdentityDataValidationFailed", "title"),
        ({"userCertificate": [{"b64": "%%"}]}, "IdentityDataValidationFailed", "userCertificate"),
        (
            {"onPremiseSecurityIdentifier": {"b64": "AQ=="}},
            "IdentityDataValidationFailed",
            "onPremiseSecurityIdentifier",
        ),
        ({"manager": {"ref": "somebody"}}, "IdentityDataValidationFailed", "manager"),
    ],
)
def test_an_error_refuses_the_whole_object(
    client: DirectClient, attributes: dict[str, object], code: str, attribute: str
) -> None:
    check(client, attributes, code, attribute)


def test_a_refused_update_changes_nothing_and_its_neighbours_go_on(client: DirectClient) -> None:
    first = client.add("a", userPrincipalName="a@contoso.com", department="old")["cloudAnchor"]
    update = {"operation": "update", "type": "user", "cloudAnchor": first}
    answers = client.export(
        {**update, "attributes": {"department": "new", "userCertificate": [{"b64": "AA=="}] * 16}},
        {**update, "attributes": {"city": "Oslo"}},
        {**update, "attributes": {}, "references": {"manager": {"add": ["User_nobody"]}}},
    )
    assert [a["status"] for a in answers] == [400, 200, 404]
    attributes = entry(client, "a")["attributes"]
    assert (attributes["department"], attributes["city"]) == ("old", "Oslo")


def test_null_clears_a_value_on_both_faces(client: DirectClient) -> None:
    anchor = client.add("a", userPrincipalName="a@contoso.com", department="x")["cloudAnchor"]
    client.update(anchor, department=None)
    assert "department" not in entry(client, "a")["attributes"]
    assert client.user("a@contoso.com", "department")["department"] is None


def test_members_and_manager_are_edited_by_reference(client: DirectClient) -> None:
    a, b = (client.add(n, userPrincipalName=f"{n}@contoso.com")["cloudAnchor"] for n in "ab")
    group = client.add("g", "group", displayName="G", securityEnabled=True)["cloudAnchor"]
    edit = {"operation": "update", "type": "group", "cloudAnchor": group}
    answers = client.export(
        {**edit, "references": {"member": {"add": [a, b]}}},
        {**edit, "references": {"member": {"add": [a], "remove": [b]}}},
        {
            "operation": "update",
            "type": "user",
            "cloudAnchor": a,
            "references": {"manager": {"add": [b], "remove": []}},
        },
    )
    assert [x["status"] for x in answers] == [200, 200, 200], answers
    assert entry(client, "g", "group")["attributes"]["member"] == [{"ref": a}]
    assert entry(client, "a")["attributes"]["manager"] == {"ref": b}
    assert client.graph("GET", f"users/{object_id(a)}/manager").json["id"] == object_id(b)
    client.export({"operation": "delete", "type": "user", "cloudAnchor": b})
    assert "manager" not in entry(client, "a")["attributes"]


def test_a_contact_and_a_mail_enabled_group_exist_only_through_ingest(client: DirectClient) -> None:
    contact = client.add(
        "c",
        "contact",
        displayName="Guest",
        mail="guest@partner.example",
        city="Bergen",
        telephoneNumber="1",
        mobile="2",
    )
    shown = client.graph("GET", f"contacts/{object_id(contact['cloudAnchor'])}").json
    assert shown["proxyAddresses"] == ["SMTP:guest@partner.example"]
    assert shown["addresses"][0]["city"] == "Bergen"
    assert shown["phones"] == [{"number": "2", "type": "mobile"}, {"number": "1", "type": "business"}]
    delete = {"operation": "delete", "type": "contact", "cloudAnchor": contact["cloudAnchor"]}
    assert client.export(delete)[0]["status"] == 204
    assert client.tenant.counts()["deleted"] == 0, "contacts go for good"


def test_delta_round_gives_whole_changed_entries_and_removals(client: DirectClient) -> None:
    a, b = (client.add(n, userPrincipalName=f"{n}@contoso.com", city="X")["cloudAnchor"] for n in "ab")
    group = client.add("g", "group", displayName="G")["cloudAnchor"]
    _, link = client.drain(DELTA)
    assert client.drain(link)[0] == []
    client.update(a, department="new")
    client.export(
        {"operation": "update", "type": "group", "cloudAnchor": group, "references": {"member": {"add": [a]}}},
        {"operation": "delete", "type": "user", "cloudAnchor": b},
    )
    entries, after = client.drain(link)
    assert {e["id"] for e in entries} == {a, b, group}
    by_id = {e["id"]: e for e in entries}
    assert by_id[a]["attributes"]["city"] == "X"
    assert by_id[b] == {"id": b, "type": "user", "removed": True}
    assert by_id[group]["attributes"]["member"] == [{"ref": a}]
    assert client.drain(after)[0] == []
    assert len(client.drain(link)[0]) == 3, "a delta link may be used again"


def test_an_export_of_what_the_tenant_holds_already_comes_back_and_confirms_it(client: DirectClient) -> None:
    boss, anchor = (client.add(n, userPrincipalName=f"{n}@contoso.com", city="X")["cloudAnchor"] for n in "ba")
    manager = {"operation": "update", "type": "user", "cloudAnchor": anchor, "references": {"manager": {"add": [boss]}}}
    client.export(manager)
    _, link = client.drain(DELTA)
    client.export(manager)
    entries, after = client.drain(link)
    assert [e["id"] for e in entries] == [anchor]
    client.update(anchor, city="X")
    assert [e["id"] for e in client.drain(after)[0]] == [anchor]


def test_a_value_that_graph_has_no_name_for_is_a_change_too(client: DirectClient) -> None:
    anchor = client.add("a", userPrincipalName="a@contoso.com")["cloudAnchor"]
    _, link = client.drain(DELTA)
    client.update(anchor, commonName="A")
    assert [e["id"] for e in client.drain(link)[0]] == [anchor]


def test_a_reset_makes_tokens_stale(client: DirectClient) -> None:
    _, link = client.drain(DELTA)
    client.tenant.reset()
    answer = client.send("GET", link)
    assert (answer.status, answer.error["code"]) == (410, "resyncRequired")
    assert client.send("GET", f"{DELTA}?deltaToken=rubbish").status == 400


def test_mobile_edited_in_the_cloud_overrides_until_bypassed(client: DirectClient) -> None:
    anchor = client.add("m", userPrincipalName="m@contoso.com", mobile="1")["cloudAnchor"]
    assert client.graph("PATCH", "users/m@contoso.com", {"mobilePhone": "cloud"}).status == 204
    client.update(anchor, mobile="2")
    assert client.user("m@contoso.com", "mobilePhone")["mobilePhone"] == "cloud"
    assert entry(client, "m")["attributes"]["mobile"] == "2"
    client.tenant.features["bypassDirSyncOverridesEnabled"] = True
    client.update(anchor, mobile="3")
    assert client.user("m@contoso.com", "mobilePhone")["mobilePhone"] == "3"


def test_an_alternate_mobile_written_in_the_portal_overrides_until_bypassed(client: DirectClient) -> None:
    anchor = client.add("m", userPrincipalName="m@contoso.com", mobile="1", otherMobile=["11", "12"])["cloudAnchor"]

    def shown() -> tuple[object, object]:
        found = next(one for one in client.tenant.dump() if one["sourceAnchor"] == source_anchor("m"))
        return found["alternateMobilePhones"], found["overrides"]

    assert shown() == (["11", "12"], [])
    client.tenant.override_other_mobile("m@contoso.com", ["cloud"])
    client.update(anchor, otherMobile=["2"], mobile="2")
    assert shown() == (["cloud"], ["otherMobile"])
    assert entry(client, "m")["attributes"]["otherMobile"] == ["2"], "import gives what was exported"
    assert client.user("m@contoso.com", "mobilePhone")["mobilePhone"] == "2", "the mobile itself is not overridden"
    client.tenant.features["bypassDirSyncOverridesEnabled"] = True
    client.update(anchor, department="x")
    assert shown() == (["2"], [])
    client.tenant.override_other_mobile("cloud@contoso.com", ["5"])
    entries, _ = client.drain(DELTA)
    cloud = next(e["attributes"] for e in entries if e["attributes"]["userPrincipalName"] == "cloud@contoso.com")
    assert cloud["otherMobile"] == ["5"]


@pytest.mark.parametrize(("bytes_", "code"), [(40, None), (41, "LargeObject")])
def test_the_values_of_one_object_have_a_limit_together(client: DirectClient, bytes_: int, code: str | None) -> None:
    client.tenant.object_size = 40
    # 13 for the name, 2 for å, 8 for the switch, the rest in a certificate.
    raw = {"b64": base64.b64encode(b"x" * (bytes_ - 23)).decode()}
    answer = client.add("l", userPrincipalName="l@contoso.com", city="å", accountEnabled=True, userCertificate=[raw])
    assert answer.get("error", {}).get("code") == code, answer
    client.tenant.object_size = None
    assert client.add("l", userPrincipalName="l@contoso.com", city="å" * 99)["status"] in (200, 201)


def test_a_full_tenant_takes_no_new_object_but_changes_and_matches(client: DirectClient) -> None:
    anchor = client.add("a", userPrincipalName="a@contoso.com")["cloudAnchor"]
    client.tenant.object_quota = 3
    answer = client.add("b", userPrincipalName="b@contoso.com")
    assert (answer["status"], answer["error"]["code"]) == (403, "Directory_QuotaExceeded")
    assert client.update(anchor, department="x")["status"] == 200
    assert client.add("c", userPrincipalName="cloud@contoso.com")["status"] == 200
    client.export({"operation": "delete", "type": "user", "cloudAnchor": anchor})
    assert client.add("b", userPrincipalName="b@contoso.com")["status"] == 403, "the bin counts"
    client.graph("DELETE", f"directory/deletedItems/{object_id(anchor)}")
    assert client.add("b", userPrincipalName="b@contoso.com")["status"] == 201


def test_a_batch_holds_at_most_100(client: DirectClient) -> None:
    with pytest.raises(ValueError, match="at most 100"):
        client.export(*[{"operation": "add", "type": "user"}] * 101)


def test_a_look_up_without_a_result_is_404(client: DirectClient) -> None:
    answer = client.send("GET", "/ingest/v1/objects?sourceAnchor=AAAA&type=group")
    assert (answer.status, answer.error["code"]) == (404, "ResourceNotFound")


@pytest.mark.parametrize(("length", "code"), [(250, None), (251, "ExceededAllowedLength")])
def test_a_directory_extension_holds_250_characters(client: DirectClient, length: int, code: str | None) -> None:
    name = "extension_0123456789abcdef0123456789abcdef_note"
    answer = client.add("e", userPrincipalName="e@contoso.com", **{name: "x" * length})
    error = answer.get("error", {})
    assert (error.get("code"), error.get("attribute")) == (code, name if code else None)
    assert client.tenant.counts()["user"] == (2 if code else 3)
