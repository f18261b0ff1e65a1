"""A mock tenant on loopback for the Entra connector's tests, and connectors to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack

import pytest

from attrflow.connectors.entra.connector import EntraConnector
from attrflow.connectors.retry import Retrying, RetryPolicy
from attrflow.model.configuration import ConnectorConfiguration, Partition
from attrflow.model.entry import WireAttempt
from attrflow_mocks.entra.server import Running, running
from attrflow_mocks.scenarios.seed import TenantSeed

TENANT = "7b0a6c0e-5d8d-4f0a-9f53-0c7f6d1f2a11"
APPLICATION = "2f1c8a52-3c89-4c1e-9b64-6c2f3de0a001"
SECRET = "not-a-real-secret"
SEED = TenantSeed(
    TENANT, "Contoso", "contoso.onmicrosoft.test", ("contoso.onmicrosoft.test", "contoso.test"), {APPLICATION: SECRET}
)

Connect = Callable[..., EntraConnector]


class _Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.time = 0.0

    def sleep(self, seconds: float) -> None:
        self.time += seconds


@pytest.fixture
def tenant() -> Iterator[Running]:
    with running(SEED) as served:
        yield served


@pytest.fixture
def attempts() -> list[WireAttempt]:
    """Every attempt of the test's connectors."""
    return []


@pytest.fixture
def connect(tenant: Running, attempts: list[WireAttempt]) -> Iterator[Connect]:
    """Makes connectors to the tenant that wait without sleeping; closes them."""
    with ExitStack() as stack:

        def open_connector(
            channel: str = "ingest",
            *,
            attributes: Mapping[str, tuple[str, ...]] | None = None,
            object_types: tuple[str, ...] = ("user", "group", "contact"),
            secret: str = SECRET,
            tries: int = 5,
            **settings: object,
        ) -> EntraConnector:
            configuration = ConnectorConfiguration(
                name="cloud",
                id="b891884f-051e-4a83-95af-2544101c9083",
                kind="entra",
                partitions=(Partition("default"),),
                object_types=object_types,
                attributes=(),
                settings={
                    "channel": channel,
                    "tenant_id": TENANT,
                    "client_id": APPLICATION,
                    "graph_url": tenant.graph_url,
                    "ingest_url": tenant.ingest_url,
                    "login_url": tenant.url,
                    **settings,
                },
            )
            clock = _Clock()
            retrying = Retrying(
                RetryPolicy(attempts=tries),
                on_attempt=attempts.append,
                sleep=clock.sleep,
                monotonic=lambda: clock.time,
            )
            connector = EntraConnector(configuration, attributes or {}, client_secret=secret, retrying=retrying)
            stack.callback(connector.close)
            return connector

        yield open_connector
