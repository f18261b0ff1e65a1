"""The LDAP connector against a real slapd: imports, paging, TLS, refusals, exports."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from tests.openldap.people import ANN, ATTRIBUTES, BOB, GROUPS, PEOPLE, PHOTO, SEED, SUFFIX, TEAM

from attrflow.connectors.ldap import LdapConnector
from attrflow.connectors.retry import Retrying, RetryPolicy
from attrflow.model.configuration import ConnectorConfiguration, Partition
from attrflow.model.delta import AttributeDelta
from attrflow.model.entry import (
    ExportChange,
    ExportOutcome,
    ImportedObject,
    ImportedReferences,
    OutgoingReferences,
    Page,
    ReferenceTarget,
    WireAttempt,
)
from attrflow.model.errors import AuthenticationFailed, CertificateRejected, ConnectorError, PermissionDenied
from attrflow.model.schema import Syntax
from attrflow_mocks.openldap import (
    RunningSlapd,
    SlapdMissingError,
    example_ldif,
    find_slapd,
    running_slapd,
)

pytestmark = pytest.mark.openldap


@pytest.fixture(scope="module", autouse=True)
def _needs_slapd() -> None:
    try:
        find_slapd()
    except SlapdMissingError as error:
        if os.environ.get("ATTRFLOW_FORBID_SKIP") == "1":
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def slapd() -> Iterator[RunningSlapd]:
    """One server for the tests that only read."""
    with running_slapd(SEED, SUFFIX, tls=True) as server:
        yield server


@dataclass
class Lab:
    stack: ExitStack
    rows: list[WireAttempt] = field(default_factory=list)

    def connect(
        self,
        slapd: RunningSlapd,
        *,
        include: tuple[str, ...] = (),
        exclude: tuple[str, ...] = (),
        password: str | None = None,
        **settings: object,
    ) -> LdapConnector:
        reach = {"url": slapd.url, "account": slapd.admin_dn, "tls": "none", "timeout_seconds": 20}
        configuration = ConnectorConfiguration(
            name="people",
            id="11111111-2222-3333-4444-555555555555",
            kind="openldap",
            partitions=(Partition(SUFFIX, include, exclude),),
            object_types=tuple(ATTRIBUTES),
            attributes=(),
            settings={**reach, **settings},
        )
        retrying = Retrying(RetryPolicy(attempts=2), sleep=lambda _: None, on_attempt=self.rows.append)
        secret = slapd.password if password is None else password
        connector = LdapConnector(configuration, ATTRIBUTES, password=secret, retrying=retrying)
        self.stack.callback(connector.close)
        return connector


@pytest.fixture
def lab() -> Iterator[Lab]:
    with ExitStack() as stack:
        yield Lab(stack)


def whole_import(connector: LdapConnector, watermark: str | None = None) -> dict[str, ImportedObject]:
    pages: list[Page] = list(connector.import_pages(SUFFIX, watermark))
    assert [page.complete for page in pages] == [False] * (len(pages) - 1) + [True]
    assert pages[-1].watermark_after
    return {object_.dn: object_ for page in pages for object_ in page.objects}


def test_entries_as_they_are(lab: Lab, slapd: RunningSlapd) -> None:
    connector = lab.connect(slapd)
    objects = whole_import(connector)
    assert set(objects) == {ANN, BOB, TEAM, f"uid=deep,ou=inner,{PEOPLE}", f"cn=unique,{GROUPS}"}
    ann = objects[ANN]
    assert (ann.change, ann.object_type, ann.findings) == ("whole", "inetOrgPerson", ())
    assert ann.anchor == str(uuid.UUID(ann.anchor))
    assert ann.attributes["entryUUID"] == (uuid.UUID(ann.anchor).bytes,)
    assert ann.attributes["cn"] == ("Ann Ås",)
    assert ann.attributes["telephoneNumber"] == ("  +47 22 00 00 00 ",)
    assert ann.attributes["mail"] == ("ann@example.test", "a@example.test")
    assert ann.attributes["jpegPhoto"] == (PHOTO,)
    assert ann.attributes["userCertificate"] == (b"0" + bytes([3, 2, 1, 5]),)
    assert ann.attributes["uidNumber"] == (1001,)
    assert isinstance(ann.attributes["createTimestamp"][0], str)
    assert "commonName" not in ann.attributes
    assert objects[BOB].references == {"manager": ImportedReferences((ReferenceTarget(ANN),))}
    assert objects[TEAM].references["member"].added == (
        ReferenceTarget(ANN),
        ReferenceTarget(f"uid=gone,{PEOPLE}"),
    )
    unique = objects[f"cn=unique,{GROUPS}"].references["uniqueMember"]
    assert {target.dn for target in unique.added} == {ANN, BOB}  # the optional identifier is cut off
    assert connector.unknown_attributes == {"inetOrgPerson": ("objectGUID",)}


def test_the_schema(lab: Lab, slapd: RunningSlapd) -> None:
    schema = lab.connect(slapd).schema
    got = {
        name: (found.name, found.syntax, found.multi, found.read_only)
        for name in ("MAIL", "uidNumber", "jpegPhoto", "manager", "entryUUID", "displayName", "userPassword")
        if (found := schema.attribute("inetOrgPerson", name)) is not None
    }
    assert got == {
        "MAIL": ("mail", Syntax.STRING, True, False),
        "uidNumber": ("uidNumber", Syntax.INTEGER, False, False),  # of an auxiliary class
        "jpegPhoto": ("jpegPhoto", Syntax.BINARY, True, False),
        "manager": ("manager", Syntax.REFERENCE, True, False),
        "entryUUID": ("entryUUID", Syntax.BINARY, False, True),
        "displayName": ("displayName", Syntax.STRING, False, False),
        "userPassword": ("userPassword", Syntax.BINARY, True, False),
    }
    member = schema.attribute("groupOfUniqueNames", "uniqueMember")
    assert member is not None
    assert member.syntax is Syntax.REFERENCE


def test_a_delta_import_is_a_whole_one_and_says_why(lab: Lab, slapd: RunningSlapd) -> None:
    connector = lab.connect(slapd)
    assert "DirSync" in (connector.delta_support or "")
    assert whole_import(connector, "full") == whole_import(connector)


def test_containers(lab: Lab, slapd: RunningSlapd) -> None:
    connector = lab.connect(slapd, include=(PEOPLE,), exclude=(f"OU=Inner, {PEOPLE}",))
    assert set(whole_import(connector)) == {ANN, BOB}


def test_one_object(lab: Lab, slapd: RunningSlapd) -> None:
    connector = lab.connect(slapd, exclude=(f"ou=inner,{PEOPLE}",))
    objects = whole_import(connector)
    anchor = objects[ANN].anchor
    assert anchor is not None
    assert connector.read_object(SUFFIX, anchor) == objects[ANN]
    hidden = whole_import(lab.connect(slapd))[f"uid=deep,ou=inner,{PEOPLE}"]
    assert connector.read_object(SUFFIX, hidden.anchor or "") is None
    assert connector.read_object(SUFFIX, str(uuid.UUID(int=1))) is None
    assert connector.read_object(SUFFIX, "*") is None


@pytest.mark.parametrize("page_size", [1, 500, 1000, 5000])
def test_more_entries_than_a_page(lab: Lab, page_size: int) -> None:
    users = 40 if page_size == 1 else 2600
    with running_slapd(example_ldif(users, 2), SUFFIX, size_limit=None) as server:
        connector = lab.connect(server, page_size=page_size)
        objects = whole_import(connector)
        assert len(objects) == users + 2
        assert len({object_.anchor for object_ in objects.values()}) == users + 2


def test_a_size_limit_is_an_error_and_never_the_end(lab: Lab) -> None:
    with running_slapd(example_ldif(60, 1), SUFFIX, size_limit=20) as server:
        # The root DN has no limits, so this is somebody else.
        connector = lab.connect(server, account="", page_size=10)
        pages: list[Page] = []
        with pytest.raises(PermissionDenied, match="size limit") as caught:
            pages.extend(connector.import_pages(SUFFIX, None))
        assert "size.prtotal" in str(caught.value.help)
        assert not any(page.complete for page in pages)


@pytest.mark.parametrize("tls", ["starttls", "ldaps"])
def test_tls(lab: Lab, slapd: RunningSlapd, tls: str) -> None:
    url = slapd.ldaps_url if tls == "ldaps" else slapd.url
    assert ANN in whole_import(lab.connect(slapd, url=url, tls=tls, ca_file=str(slapd.ca_file)))
    with pytest.raises(CertificateRejected) as caught:
        lab.connect(slapd, url=url, tls=tls)
    assert url is not None
    assert url in str(caught.value)


def test_a_unix_socket(lab: Lab, slapd: RunningSlapd) -> None:
    assert ANN in whole_import(lab.connect(slapd, url=slapd.ldapi_url))


def test_a_wrong_password_is_tried_once(lab: Lab, slapd: RunningSlapd) -> None:
    with pytest.raises(AuthenticationFailed, match="the name or the password is wrong") as caught:
        lab.connect(slapd, password="Not-The-Password-3")
    assert "Not-The-Password-3" not in f"{caught.value}{caught.value.help}{caught.value.cd_error}"
    assert len(lab.rows) == 1


def test_no_starttls_where_there_is_none(lab: Lab) -> None:
    with running_slapd(None, SUFFIX) as server, pytest.raises(ConnectorError, match="StartTLS"):
        lab.connect(server, tls="starttls")


def test_a_filter_that_is_none(lab: Lab, slapd: RunningSlapd) -> None:
    connector = lab.connect(slapd, filter="(uid=ann")
    with pytest.raises(Exception, match="no LDAP filter"):
        list(connector.import_pages(SUFFIX, None))


def test_a_filter(lab: Lab, slapd: RunningSlapd) -> None:
    assert set(whole_import(lab.connect(slapd, filter="uid=ann"))) == {ANN}


def test_a_server_that_goes_away_ends_the_import_without_completing_it(lab: Lab) -> None:
    with running_slapd(example_ldif(200, 1), SUFFIX) as server:
        connector = lab.connect(server, page_size=50)
        pages = connector.import_pages(SUFFIX, None)
        assert len(next(pages).objects) > 0
    with pytest.raises(ConnectorError) as caught:
        list(pages)
    assert caught.value.status == "stopped-connectivity"


# -- exports -----------------------------------------------------------------------------------------


@pytest.fixture
def own() -> Iterator[RunningSlapd]:
    """A server of one's own, to write to."""
    with running_slapd(SEED, SUFFIX) as server:
        yield server


def change(dn: str, **fields: Any) -> ExportChange:
    return replace(ExportChange(1, "update", "inetOrgPerson", dn, None), **fields)


def export(connector: LdapConnector, *changes: ExportChange) -> list[ExportOutcome]:
    return list(connector.export(changes))


def test_writes(lab: Lab, own: RunningSlapd) -> None:
    connector = lab.connect(own)
    before = whole_import(connector)
    new = f"uid=new\\, one,{PEOPLE}"
    outcomes = export(
        connector,
        change(
            ANN,
            attributes={
                "mail": AttributeDelta("update", ("b@example.test",), ("a@example.test",)),
                "telephoneNumber": AttributeDelta("delete"),
                "title": AttributeDelta("add", ("Chief",)),
                "jpegPhoto": AttributeDelta("replace", (b"\x00\xff",)),
            },
        ),
        change(
            new,
            operation="add",
            attributes={n: AttributeDelta("add", ("new, one",)) for n in ("uid", "cn", "sn")},
            references={"manager": OutgoingReferences((ReferenceTarget(ANN),))},
        ),
        change(
            TEAM,
            object_type="groupOfNames",
            references={
                "member": OutgoingReferences((ReferenceTarget(new),), (ReferenceTarget(f"uid=gone,{PEOPLE}"),))
            },
        ),
        change(BOB, anchor=before[BOB].anchor, new_dn=f"uid=robert,ou=inner,{PEOPLE}"),
        change(f"uid=deep,ou=inner,{PEOPLE}", operation="delete"),
    )
    assert [(outcome.error, outcome.detail) for outcome in outcomes] == [(None, None)] * 5
    after = whole_import(connector)
    assert f"uid=deep,ou=inner,{PEOPLE}" not in after
    ann = after[ANN].attributes
    assert (ann["mail"], ann["jpegPhoto"]) == (("ann@example.test", "b@example.test"), (b"\x00\xff",))
    assert "telephoneNumber" not in ann
    assert after[f"uid=robert,ou=inner,{PEOPLE}"].anchor == before[BOB].anchor
    made = next(o for o in after.values() if o.anchor == outcomes[1].anchor)
    assert made.attributes["sn"] == ("new, one",)
    assert [t.dn for t in after[TEAM].references["member"].added] == [ANN, made.dn]


@pytest.mark.parametrize(
    ("wanted", "error", "word"),
    [
        (change(ANN, operation="add", attributes={"cn": AttributeDelta("add", ("x",))}), "schema-violation", "65 "),
        (
            change(ANN, operation="add", attributes={n: AttributeDelta("add", ("x",)) for n in ("cn", "sn")}),
            "cd-existing-object",
            "68 ",
        ),
        (
            change(
                f"uid=x,ou=nowhere,{SUFFIX}",
                operation="add",
                attributes={n: AttributeDelta("add", ("x",)) for n in ("uid", "cn", "sn")},
            ),
            "non-existent-parent",
            "container",
        ),
        (change(f"uid=no,{PEOPLE}", attributes={"sn": AttributeDelta("replace", ("x",))}), "cd-missing-object", ""),
        (change(ANN, attributes={"sn": AttributeDelta("delete")}), "schema-violation", "65 "),
        (change(ANN, attributes={"nonsense": AttributeDelta("replace", ("x",))}), "schema-violation", "17 "),
        (change(ANN, attributes={"uidNumber": AttributeDelta("replace", ("x",))}), "syntax-violation", "21 "),
        (change(ANN, attributes={"entryUUID": AttributeDelta("replace", ("x",))}), "syntax-violation", ""),
        (
            change(
                TEAM,
                references={
                    "member": OutgoingReferences((), (ReferenceTarget(ANN), ReferenceTarget(f"uid=gone,{PEOPLE}")))
                },
            ),
            "schema-violation",
            "left without values",
        ),
        (change(PEOPLE, operation="delete"), "cd-error", "66 "),
        (change(ANN, new_dn=BOB), "cd-existing-object", "68 "),
    ],
)
def test_refusals(lab: Lab, own: RunningSlapd, wanted: ExportChange, error: str, word: str) -> None:
    (outcome,) = export(lab.connect(own), wanted)
    assert (outcome.error, outcome.cs_id) == (error, 1), outcome
    assert word in (outcome.detail or "")


def test_an_account_that_may_not_write(lab: Lab, own: RunningSlapd) -> None:
    title = change(ANN, attributes={"title": AttributeDelta("replace", ("x",))})
    (outcome,) = export(lab.connect(own, account=""), title)
    assert outcome.error == "permission-issue", outcome
