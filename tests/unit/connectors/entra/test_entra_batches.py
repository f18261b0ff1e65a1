"""Batches and listings of the ingest channel against a service in memory: what is sent, and sent again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import httpx
import orjson
import pytest

from attrflow.connectors.entra.coding import Selection
from attrflow.connectors.entra.ingest import IngestReader
from attrflow.connectors.entra.ingest_export import IngestWriter
from attrflow.connectors.entra.wire import HttpSender, Wire
from attrflow.connectors.retry import Retrying, RetryPolicy
from attrflow.model.delta import AttributeDelta
from attrflow.model.entry import ExportChange, ExportOutcome, WireAttempt
from attrflow.model.errors import ConnectionLost, ConnectorError
from attrflow_mocks.entra.attributes import schema_document

ALL = Selection(frozenset({"user", "group", "contact"}), {})


class Token:
    """A token source without a login host."""

    def bearer(self) -> str:
        return "t"

    def forget(self) -> None: ...

    def close(self) -> None: ...


class Service:
    """Answers batches from a script; keeps what it was sent."""

    def __init__(
        self,
        *script: Callable[[list[dict[str, object]]], httpx.Response],
        handler: Callable[[httpx.Request], httpx.Response] | None = None,
    ) -> None:
        self.handler = handler
        self.script = list(script)
        self.batches: list[list[dict[str, object]]] = []
        self.holders: dict[str, Mapping[str, object]] = {}
        self.look_ups = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/schema"):
            return httpx.Response(200, json=schema_document())
        if self.handler is not None:
            return self.handler(request)
        if request.method == "GET":
            self.look_ups += 1
            found = self.holders.get(request.url.params["sourceAnchor"])
            return httpx.Response(200, json=found) if found else httpx.Response(404, json={})
        requests = orjson.loads(request.content)["requests"]
        self.batches.append(requests)
        return self.script.pop(0)(requests)

    def wire(self, tries: int = 3) -> Wire:
        self.attempts: list[WireAttempt] = []
        retrying = Retrying(RetryPolicy(tries), on_attempt=self.attempts.append, sleep=lambda _: None)
        client = httpx.Client(transport=httpx.MockTransport(self))
        return Wire("the ingest face", "http://127.0.0.1:4/ingest/v1", HttpSender(client), Token(), retrying)

    def reader(self) -> IngestReader:
        return IngestReader(self.wire(), ALL, 500)

    def writer(self) -> IngestWriter:
        wire = self.wire()
        return IngestWriter(wire, IngestReader(wire, ALL, 500))


def answered(**statuses: int) -> Callable[[list[dict[str, object]]], httpx.Response]:
    """Answers with a status for each id (`_1=429`), 200 for the others."""

    def answer(requests: list[dict[str, object]]) -> httpx.Response:
        responses = [
            {"id": r["id"], "status": statuses.get(f"_{r['id']}", 200), "cloudAnchor": f"User_{r['id']}"}
            for r in requests
            if statuses.get(f"_{r['id']}") != 0
        ]
        return httpx.Response(200, json={"responses": responses})

    return answer


def lost(requests: list[dict[str, object]]) -> httpx.Response:
    raise httpx.ReadError("hung up")


def add(cs_id: int) -> ExportChange:
    values = {"displayName": AttributeDelta("add", (f"n{cs_id}",))}
    return ExportChange(cs_id, "add", "user", "x", None, values, source_anchor=f"anchor{cs_id}")


def ids(batch: list[dict[str, object]]) -> list[object]:
    return [request["id"] for request in batch]


def errors(outcomes: list[ExportOutcome]) -> dict[int, str | None]:
    return {outcome.cs_id: outcome.error for outcome in outcomes}


def test_only_items_that_were_put_off_are_sent_again() -> None:
    service = Service(answered(_2=429), answered())
    outcomes = list(service.writer().export([add(1), add(2), add(3)]))
    assert errors(outcomes) == {1: None, 2: None, 3: None}
    assert [ids(batch) for batch in service.batches] == [["1", "2", "3"], ["2"]]
    assert service.look_ups == 0


def test_an_item_that_is_put_off_for_ever_fails_alone() -> None:
    service = Service(*[answered(_2=503)] * 3)
    outcomes = list(service.writer().export([add(1), add(2)]))
    assert errors(outcomes) == {1: None, 2: "cd-error"}
    assert outcomes[1].cd_error_code == "503"


def test_what_the_service_is_silent_about_is_unknown() -> None:
    outcomes = list(Service(answered(_2=0)).writer().export([add(1), add(2)]))
    assert errors(outcomes) == {1: None, 2: "unexpected-error"}


def test_after_a_lost_answer_adds_that_arrived_become_updates() -> None:
    service = Service(lost, answered())
    service.holders = {
        "anchor1": {"id": "User_c1", "attributes": {"cloudMastered": False}},
        "anchor2": {"id": "User_c2", "attributes": {"cloudMastered": True}},
    }
    outcomes = list(service.writer().export([add(1), add(2), add(3)]))
    assert service.look_ups == 3
    again = {r["id"]: (r["operation"], r.get("cloudAnchor")) for r in service.batches[1]}
    assert again == {"1": ("update", "User_c1"), "2": ("add", None), "3": ("add", None)}, (
        "a cloud user with the same anchor was there before: its add has not been carried out"
    )
    assert errors(outcomes) == {1: None, 2: None, 3: None}
    assert [a.operation for a in service.attempts].count("GET ingest object (look-up)") == 3


def test_an_add_of_unknown_outcome_is_looked_up_before_it_is_sent() -> None:
    service = Service(answered())
    service.holders = {"anchor1": {"id": "User_c1", "attributes": {"cloudMastered": False}}}
    changes = [replace(add(1), uncertain=True), replace(add(2), uncertain=True), add(3)]
    assert errors(list(service.writer().export(changes))) == {1: None, 2: None, 3: None}
    assert service.look_ups == 2
    assert [request["operation"] for request in service.batches[0]] == ["update", "add", "add"]


def test_a_delete_of_unknown_outcome_may_find_nothing() -> None:
    change = ExportChange(1, "delete", "user", "x", "User_1")
    assert errors(list(Service(answered(_1=404)).writer().export([change]))) == {1: "cd-missing-object"}
    certain = replace(change, uncertain=True)
    assert errors(list(Service(answered(_1=404)).writer().export([certain]))) == {1: None}


def test_a_lost_run_tells_what_is_known_first() -> None:
    service = Service(answered(_2=429), lost, lost)
    outcomes = []
    with pytest.raises(ConnectionLost):
        for outcome in service.writer().export([add(1), add(2)]):
            outcomes.append(outcome)
    assert errors(outcomes) == {1: None}


def test_a_refused_batch_is_an_error_of_each_of_its_objects() -> None:
    def refuse(requests: list[dict[str, object]]) -> httpx.Response:
        return httpx.Response(413, json={"error": {"code": "RequestTooLarge", "message": "Too big."}})

    outcomes = list(Service(refuse).writer().export([add(1), add(2)]))
    assert errors(outcomes) == {1: "RequestTooLarge", 2: "RequestTooLarge"}
    assert "whole batch" in str(outcomes[0].detail)


def test_a_delete_add_whose_delete_is_refused_adds_nothing() -> None:
    service = Service(answered(_1=409))
    change = ExportChange(1, "delete-add", "user", "x", "User_c1", add(1).attributes, source_anchor="anchor1")
    assert errors(list(service.writer().export([change]))) == {1: "cd-existing-object"}
    assert len(service.batches) == 1


def test_a_delete_add_that_could_not_be_added_deletes_nothing() -> None:
    service = Service()
    change = ExportChange(1, "delete-add", "user", "x", "User_c1", add(1).attributes)
    assert errors(list(service.writer().export([change]))) == {1: "missing-anchor-component"}
    assert service.batches == []


def test_a_rename_alone_is_nothing_to_send() -> None:
    service = Service()
    change = ExportChange(1, "update", "user", "CN={User_1}", "User_1", new_dn="CN={4B}")
    assert errors(list(service.writer().export([change]))) == {1: None}
    assert service.batches == []


def test_entries_that_are_none_are_findings_of_the_page() -> None:
    def listing(_: httpx.Request) -> httpx.Response:
        value = [{"id": "User_1", "type": "user", "attributes": {}}, {"id": "device-7"}]
        return httpx.Response(
            200, json={"value": value, "deltaLink": "http://127.0.0.1:4/ingest/v1/delta?deltaToken=7"}
        )

    [page] = Service(handler=listing).reader().import_pages(None)
    assert [found.anchor for found in page.objects] == ["User_1"]
    assert [finding.code for finding in page.findings] == ["parse-error"]
    assert (page.complete, page.watermark_after) == (True, "delta?deltaToken=7")


def test_a_listing_that_goes_in_a_circle_is_an_error() -> None:
    def circle(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"value": [], "nextLink": "http://127.0.0.1:4/ingest/v1/delta?a=1"})

    reader = Service(handler=circle).reader()
    with pytest.raises(ConnectorError, match="circle"):
        list(reader.import_pages(None))
