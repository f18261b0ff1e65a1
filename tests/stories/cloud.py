"""The tenant as the stories see it: what a person would read in Graph, and all of it for comparing."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any

import httpx

from attrflow_mocks.hosted_faces import MockTenant


class Cloud:
    """A person's look into the tenant: Graph over HTTP, and what the mock keeps in its bin."""

    def __init__(self, mock: MockTenant) -> None:
        self._mock = mock
        # No TLS here; reading the system's authorities would take longer than a request.
        self._client = httpx.Client(trust_env=False, verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        self._token = "none-yet"

    def close(self) -> None:
        self._client.close()

    def get(self, path: str) -> dict[str, Any] | None:
        """The JSON at a path of Graph, or None for 404."""
        answer = self._client.get(f"{self._mock.graph_url}/{path}", headers={"Authorization": f"Bearer {self._token}"})
        if answer.status_code == 401:  # no token yet, or one from before the tenant was reset
            self._token = self._new_token()
            return self.get(path)
        if answer.status_code == 404:
            return None
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()
        return document

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The JSON that Graph answers to a create."""
        self._token = self._new_token()
        headers = {"Authorization": f"Bearer {self._token}"}
        answer = self._client.post(f"{self._mock.graph_url}/{path}", json=dict(body), headers=headers)
        assert answer.status_code == 201, answer.text
        document: dict[str, Any] = answer.json()
        return document

    def _new_token(self) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._mock.client_id,
            "client_secret": self._mock.client_secret,
            "scope": "https://graph.microsoft.com/.default",
        }
        answer = self._client.post(f"{self._mock.login_url}/{self._mock.tenant_id}/oauth2/v2.0/token", data=form)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def listed(self, path: str) -> list[dict[str, Any]]:
        """All items of a collection, page by page."""
        items: list[dict[str, Any]] = []
        link: str | None = path
        while link is not None:
            document = self.get(link)
            assert document is not None, path
            items += document["value"]
            further = document.get("@odata.nextLink")
            link = further.removeprefix(f"{self._mock.graph_url}/") if further else None
        return items

    def user(self, name: str, *properties: str) -> dict[str, Any] | None:
        """A live user by name (`kari`, of corp.test) or user principal name; None when there is none."""
        upn = name if "@" in name else f"{name.lower()}@corp.test"
        return self.get(f"users/{upn}?$select={','.join(('id', 'displayName', *properties))}")

    def required(self, name: str, *properties: str) -> dict[str, Any]:
        """As `user`, of a user that must be there."""
        found = self.user(name, *properties)
        assert found is not None, f"{name} is not in the cloud"
        return found

    def users(self) -> list[str]:
        """The display names of the synchronized users, sorted; who is there twice is listed twice."""
        found = self.listed("users?$select=displayName,onPremisesSyncEnabled")
        return sorted(user["displayName"] for user in found if user["onPremisesSyncEnabled"])

    def manager(self, name: str) -> str | None:
        """The display name of a user's manager."""
        found = self.get(f"users/{self.required(name)['id']}/manager")
        return None if found is None else str(found["displayName"])

    def members(self, name: str) -> list[str]:
        """The display names of a group's members, sorted."""
        found = self.listed(f"groups?$filter=displayName eq '{name}'")
        assert len(found) == 1, f"{len(found)} groups are named {name}"
        return sorted(member["displayName"] for member in self.listed(f"groups/{found[0]['id']}/members"))

    def binned(self) -> list[str]:
        """The display names of the users in the bin, sorted."""
        return sorted(user["displayName"] for user in self.listed("directory/deletedItems/microsoft.graph.user"))

    def state(self) -> list[tuple[object, ...]]:
        """All that is in the tenant, without what differs from one history to the next: ids and times."""
        dumped = self._mock.mocks.call(self._mock.tenant.dump)
        names = {str(_properties(one).get("id")): str(_properties(one).get("displayName")) for one in dumped}
        rows = []
        for one in dumped:
            kept = {k: v for k, v in _properties(one).items() if k not in _PASSING and v not in (None, [])}
            references = one["references"]
            assert isinstance(references, dict)
            shown = {k: sorted(names[target] for target in v) for k, v in references.items() if v}
            rows.append((one["type"], one["deleted"], one["sourceAnchor"], sorted(kept.items()), sorted(shown.items())))
        return sorted(rows, key=repr)


_PASSING = frozenset(
    (
        "id",
        "createdDateTime",
        "deletedDateTime",
        "lastPasswordChangeDateTime",
        "onPremisesLastSyncDateTime",
        "refreshTokensValidFromDateTime",
        "renewedDateTime",
        "securityIdentifier",
        "signInSessionsValidFromDateTime",
    )
)


def _properties(one: Mapping[str, object]) -> Mapping[str, object]:
    found = one["properties"]
    assert isinstance(found, dict)
    return found
