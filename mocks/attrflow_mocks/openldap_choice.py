"""Which OpenLDAP a test gets: the local binary, a container, or one that runs already.

`auto` takes the first that there is and says what is missing where there is none; a mode asked for by name
fails rather than fall back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

from attrflow_mocks.openldap import APT_LINE, RunningSlapd, SlapdError, SlapdMissingError, find_slapd, running_slapd
from attrflow_mocks.openldap_container import DockerMissingError, connect, running_container

__all__ = ["ENVIRONMENT", "NoOpenLdapError", "chosen_openldap"]

ENVIRONMENT = "ATTRFLOW_OPENLDAP"
"""The environment variable that says the mode where no option does."""


class NoOpenLdapError(RuntimeError):
    """`auto` found neither a slapd nor a container engine; the text says how to get either."""


@contextmanager
def chosen_openldap(mode: str, ldif: Callable[[], str], suffix: str = "dc=example,dc=test") -> Iterator[RunningSlapd]:
    """The OpenLDAP that `mode` asks for: `auto`, `local`, `container`, or a URL.

    A URL is `ldap://[admin-dn:password@]host:port[/suffix]`, percent-encoded; the server is used as it is, and
    nothing is put into it.

    Raises:
        NoOpenLdapError: `auto`, and there is none.
        SlapdMissingError: `local` without slapd.
        DockerMissingError: `container` without an engine.
        SlapdError: it was there and did not start, or the mode is none.
    """
    if "://" in mode:
        yield _elsewhere(mode, suffix)
        return
    if mode not in ("auto", "local", "container"):
        raise SlapdError(
            f"--attrflow-openldap is auto, local, container or a URL such as ldap://host:389, not {mode!r}"
        )
    if mode == "local" or (mode == "auto" and _has_binary()):
        with running_slapd(ldif(), suffix) as slapd:
            yield slapd
        return
    try:
        client = connect()
    except DockerMissingError as error:
        if mode == "container":
            raise
        raise NoOpenLdapError(f"no slapd on this machine, and {error}. Install one: {APT_LINE}") from error
    try:
        with running_container(ldif(), suffix, client=client) as slapd:
            yield slapd
    finally:
        client.close()


def _has_binary() -> bool:
    try:
        find_slapd()
    except SlapdMissingError:
        return False
    return True


def _elsewhere(url: str, suffix: str) -> RunningSlapd:
    parts = urlsplit(url)
    if parts.scheme not in ("ldap", "ldaps") or not parts.hostname:
        raise SlapdError(
            f"{url!r} is no URL such as ldap://cn=admin,dc=example,dc=test:secret@host:389/dc=example,dc=test"
        )
    base = unquote(parts.path.lstrip("/")) or suffix
    port = parts.port or (636 if parts.scheme == "ldaps" else 389)
    admin = unquote(parts.username) if parts.username else f"cn=admin,{base}"
    return RunningSlapd(
        url=f"{parts.scheme}://{parts.hostname}:{port}",
        host=parts.hostname,
        port=port,
        suffix=base,
        admin_dn=admin,
        password=unquote(parts.password or "admin"),
        ldapi_url="",
        overlays=(),
        pid=0,
    )
