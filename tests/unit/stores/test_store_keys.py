"""Keys: what a dn_key becomes in a file, and by which texts objects are found."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attrflow.model.connector_space import CSObject
from attrflow.model.delta import AttributeDelta, Delta, Image
from attrflow.model.references import ReferenceDelta
from attrflow.model.values import Values
from attrflow.stores.codec import loaded_key, stored_key
from attrflow.stores.keys import cs_join_keys, cs_lookup_keys
from attrflow.stores.sqlite_view import after_prefix

names = st.text(st.sampled_from("\x00\x01\x02\x03a\U0010ffff"), max_size=6)


@given(names, names)
def test_a_stored_key_keeps_identity_and_order(left: str, right: str) -> None:
    assert loaded_key(stored_key(left)) == left
    assert (left < right) == (stored_key(left) < stored_key(right))


@given(names, names)
def test_a_subtree_is_one_range(container: str, key: str) -> None:
    low = stored_key(container + "\x00")
    inside = low <= stored_key(key) < after_prefix(low)
    assert inside == key.startswith(container + "\x00")


def found_by(**attributes: Values) -> set[str]:
    """The texts that find an object with these attributes, but for its leaf name."""
    cso = CSObject(1, "ad", "p", "CN=x", "dc=test\x00cn=x\x00", image=Image(attributes))
    return {text for _, text in cs_lookup_keys(cso)} - {"x"}


@pytest.mark.parametrize(
    ("attribute", "value", "texts"),
    [
        ("displayName", "Kåre", {"kåre"}),
        ("USERPRINCIPALNAME", "A@b", {"a@b"}),
        ("onPremisesSamAccountName", "a", {"a"}),
        ("mail", "", set()),
        ("description", "a", set()),
        ("objectGUID", b"", set()),
        ("objectGUID", b"\x01\x02", {"aqi="}),
        ("objectGUID", bytes(range(16)), {str(UUID(bytes_le=bytes(range(16)))), "aaecawqfbgcicqolda0odw=="}),
        ("sourceAnchor", "AbC=", {"abc="}),
        ("uid", 7, {"7"}),
    ],
)
def test_what_people_search_by(attribute: str, value: str | bytes | int, texts: set[str]) -> None:
    assert found_by(**{attribute: (value,)}) == texts


class Unreadable:
    """A reference set that says its count and digest and gives nothing else away."""

    count = 1
    digest = 1

    def __contains__(self, id_: object) -> bool:
        raise AssertionError("a key needs no reference")

    def __iter__(self) -> Iterator[int]:
        raise AssertionError("a key needs no reference")


def test_keys_never_read_references() -> None:
    change = Delta("update", {"mail": AttributeDelta("add", ("m",))}, {"member": ReferenceDelta(frozenset([3]))})
    cso = CSObject(1, "ad", "p", "CN=x", "cn=x\x00", image=Image({}, {"member": Unreadable()}), pending_import=change)
    assert ("name", "m") in cs_lookup_keys(cso)
    assert cs_join_keys(cso, {"mail"}) == {("mail", "m")}
