"""slapd in a container, for machines without the binary: built, started, awaited, removed.

The image holds the configuration and the seed that the private slapd of `openldap` would load. The package
`docker` is imported when a container is asked for. What was tested is this module against a stub of the
Docker Engine API on a unix socket, not against an engine.
"""

from __future__ import annotations

import io
import os
import socket
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from attrflow_mocks.openldap import RunningSlapd, SlapdError
from attrflow_mocks.openldap_configuration import OVERLAYS, SlapdSettings
from attrflow_mocks.openldap_example import base_ldif
from attrflow_mocks.openldap_image import image_configuration

if TYPE_CHECKING:
    from docker import DockerClient  # type: ignore[import-untyped]  # the package ships no types

__all__ = ["DOCKERFILE", "LABEL", "DockerMissingError", "build_context", "connect", "running_container", "sweep"]

LABEL = "test.attrflow.mocks.openldap"
"""On every container of ours; its value is the process that started it."""
_FOLDER = "/srv/slapd"
_IMAGE = "attrflow-mocks-openldap"
_HEALTH_SECONDS = 60.0

DOCKERFILE = """\
FROM debian:bookworm-slim
RUN apt-get update -qq \\
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slapd ldap-utils \\
 && rm -rf /var/lib/apt/lists/*
COPY slapd.conf seed.ldif /srv/slapd/
RUN mkdir /srv/slapd/database /srv/slapd/accesslog \\
 && slaptest -u -f /srv/slapd/slapd.conf \\
 && slapadd -q -w -n 1 -f /srv/slapd/slapd.conf -l /srv/slapd/seed.ldif
EXPOSE 389
HEALTHCHECK --interval=1s --timeout=3s --retries=60 CMD ldapsearch -x -H ldap://127.0.0.1 -s base -b "" 1.1
CMD ["slapd", "-d", "0", "-f", "/srv/slapd/slapd.conf", "-h", "ldap:///"]
"""


class DockerMissingError(RuntimeError):
    """No container can be started here; the text says what is missing."""


def connect() -> DockerClient:
    """A client of the engine that DOCKER_HOST names, or of the local one.

    Raises:
        DockerMissingError: the package is not installed, or no engine answers.
    """
    try:
        import docker  # noqa: PLC0415 - only containers need it
    except ImportError as error:
        raise DockerMissingError("the package `docker` is not installed: pip install 'attrflow[testing]'") from error
    _probe(os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock")
    try:
        client = docker.from_env()
        client.ping()
    except docker.errors.DockerException as error:
        raise DockerMissingError(f"no container engine answers: {error}") from error
    return client


def _probe(host: str) -> None:
    """See whether anybody listens on a unix socket: the client would leave its own end open where nobody does."""
    scheme, _, path = host.partition("://")
    if scheme != "unix":
        return
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except OSError as error:
            raise DockerMissingError(f"no container engine answers at {host}: {error.strerror or error}") from error


@contextmanager
def running_container(
    seed_ldif: str | None = None,
    suffix: str = "dc=example,dc=test",
    *,
    password: str = "admin",  # noqa: S107 - guards made-up data on loopback for the life of one container
    client: DockerClient | None = None,
) -> Iterator[RunningSlapd]:
    """A slapd in a container with `seed_ldif` in its database, on a free port of 127.0.0.1.

    Containers that a killed process left behind are removed first.

    Raises:
        DockerMissingError: there is no engine.
        SlapdError: the image could not be built, or the container did not become healthy.
    """
    if client is None:
        client = connect()
    import docker  # noqa: PLC0415 - only containers need it

    sweep(client)
    admin = f"cn=admin,{suffix}"
    settings = SlapdSettings(suffix, admin, password, OVERLAYS)
    context = build_context(settings, base_ldif(suffix) if seed_ldif is None else seed_ldif)
    container: Any = None
    try:
        image, _ = client.images.build(fileobj=context, custom_context=True, tag=_IMAGE, rm=True)
        container = client.containers.run(
            image.id, detach=True, ports={"389/tcp": ("127.0.0.1", None)}, labels={LABEL: str(os.getpid())}
        )
        port = _await(container)
        yield RunningSlapd(
            url=f"ldap://127.0.0.1:{port}",
            host="127.0.0.1",
            port=port,
            suffix=suffix,
            admin_dn=admin,
            password=password,
            ldapi_url="",
            overlays=OVERLAYS,
            pid=0,
        )
    except (docker.errors.BuildError, docker.errors.APIError) as error:
        raise SlapdError(f"the container engine refused: {error}") from error
    finally:
        if container is not None:
            container.remove(force=True, v=True)


def build_context(settings: SlapdSettings, ldif: str) -> io.BytesIO:
    """What the image is built from: Dockerfile, slapd.conf and seed as a tar file."""
    configuration = image_configuration(settings, _FOLDER)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, text in (("Dockerfile", DOCKERFILE), ("slapd.conf", configuration), ("seed.ldif", ldif)):
            raw = text.encode()
            member = tarfile.TarInfo(name)
            member.size = len(raw)
            archive.addfile(member, io.BytesIO(raw))
    packed.seek(0)
    return packed


def _await(container: Any) -> int:
    """Wait until the container is healthy; the port that it has on this machine."""
    deadline = time.monotonic() + _HEALTH_SECONDS
    while time.monotonic() < deadline:
        container.reload()
        state = container.attrs["State"]
        health = state.get("Health", {}).get("Status", "")
        if health == "healthy":
            return int(container.attrs["NetworkSettings"]["Ports"]["389/tcp"][0]["HostPort"])
        if health == "unhealthy" or state.get("Status") in ("exited", "dead"):
            said = container.logs(tail=20).decode("utf-8", "replace").strip()
            raise SlapdError(f"the container is {health or state['Status']}: {said}")
        time.sleep(0.1)  # an engine has no event to wait for that is cheaper than asking
    raise SlapdError(f"the container was not healthy within {_HEALTH_SECONDS:.0f} s")


def sweep(client: DockerClient) -> int:
    """Remove containers of ours whose process is gone; returns how many."""
    removed = 0
    for container in client.containers.list(all=True, filters={"label": LABEL}):
        owner = container.labels.get(LABEL, "")
        if not (owner.isdigit() and _alive(int(owner))):
            container.remove(force=True, v=True)
            removed += 1
    return removed


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
