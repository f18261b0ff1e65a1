"""What a batch names beforehand: a new object asks the store nothing by itself, and the naming decides nothing."""

from __future__ import annotations

import pytest
from tests.unit.engine.lab import Lab
from tests.unit.engine.lab_entries import contact, dn, group, user
from tests.unit.engine.lab_rules import expression, rule
from tests.unit.engine.lab_views import Views

from attrflow.engine.reads import Forecast
from attrflow.ports.view import Reads
from attrflow.stores.memory import MemoryStore
from attrflow.stores.prefetch import PrefetchedView

STEPS = (
    ("contoso", "full-import"),
    ("fabrikam", "full-import"),
    ("entra", "full-import"),
    ("contoso", "full-sync"),
    ("fabrikam", "full-sync"),
    ("entra", "full-sync"),
    ("entra", "export"),
    ("entra", "delta-import"),
    ("entra", "delta-sync"),
)


class Asked(MemoryStore):
    """A store that keeps the views it gave, to ask them what nobody had named."""

    def __init__(self) -> None:
        super().__init__()
        self.views = Views()

    def prefetch(self, reads: Reads) -> PrefetchedView:
        return self.views.keep(super().prefetch(reads))


def company() -> tuple[Lab, Asked]:
    """Two forests: people with managers, one of them in both; groups of them, one in the other; a contact."""
    store = Asked()
    lab = Lab(store=store)
    contoso, fabrikam = lab.directories["contoso"], lab.directories["fabrikam"]
    contoso.add(user("Chief", 1))
    for number in range(2, 12):
        mail = (f"p{number}@contoso.test",)
        contoso.add(user(f"P{number}", number, manager=(dn("Chief"),), mail=mail))
    contoso.add(group("Staff", 50, member=tuple(dn(f"P{n}") for n in range(2, 9))))
    contoso.add(group("All", 51, member=(dn("Staff"), dn("Chief"))))
    contoso.add(contact("Partner", 60))
    fabrikam.add(user("F1", 101, forest="fabrikam"))
    fabrikam.add(user("P2", 2, forest="fabrikam", mail=("p2@contoso.test",)))
    return lab, store


def test_new_objects_ask_the_store_nothing_by_themselves() -> None:
    lab, store = company()
    found = {}
    for connector, profile in STEPS:
        lab.run(connector, profile)
        found[connector, profile] = store.views.unannounced()
    assert found == dict.fromkeys(STEPS, 0)
    assert len(lab.directories["entra"].entries) == 15


def test_what_is_named_beforehand_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    named, _ = company()
    unnamed, store = company()
    for connector, profile in STEPS:
        named.run(connector, profile)
    monkeypatch.setattr(Forecast, "of", lambda *_: Reads())
    monkeypatch.setattr(Forecast, "of_metaverse", lambda *_: Reads())
    for connector, profile in STEPS:
        unnamed.run(connector, profile)
    assert store.views.unannounced() > 0
    assert named.directories["entra"].entries == unnamed.directories["entra"].entries
    for id_ in range(1, named.store.highest_id() + 1):
        assert repr(named.store.cs(id_)) == repr(unnamed.store.cs(id_))
        assert repr(named.store.mv(id_)) == repr(unnamed.store.mv(id_))


def test_an_object_finds_what_an_earlier_one_of_its_batch_made() -> None:
    lab, _ = company()
    lab.directories["contoso"].add(user("Twin", 2))  # the anchor of P2, which is projected before it
    lab.run("contoso", "full-import")
    lab.run("entra", "full-import")
    result = lab.run("contoso", "full-sync")
    assert lab.counters(result)["flow-failure"] == 1
    twin = lab.must("contoso", dn("Twin"))
    assert twin.import_error is not None
    assert twin.import_error.type == "ambiguous-import-flow-from-multiple-connectors"


def test_a_mapping_that_fails_fails_its_object_and_not_the_naming() -> None:
    lab, _ = company()
    failing = expression("sourceAnchor", 'Error("no anchor for " & [cn])')
    lab.use([*lab.ruleset.rules, rule("Anchor", 1, failing, scope=["cn EQUAL P3"])])
    lab.run("contoso", "full-import")
    lab.run("entra", "full-import")
    result = lab.run("contoso", "full-sync")
    assert lab.counters(result)["flow-failure"] == 1
    failed = lab.must("contoso", dn("P3"))
    assert failed.import_error is not None
    assert failed.import_error.type == "sync-rule-error-function-triggered"
