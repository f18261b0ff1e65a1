"""A real slapd of one's own, for as long as it is needed. The one place that starts one.

`running_slapd` makes a private folder, fills a database, starts slapd in the foreground on a free
loopback port and ends it by its own process id. It knows no LDAP: whether slapd accepts is seen on
its unix socket in the private folder, which no other process can have taken.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from attrflow_mocks.openldap_configuration import DEFINING, OVERLAYS, SlapdSettings, configuration_text
from attrflow_mocks.openldap_example import base_ldif, example_ldif

__all__ = [
    "APT_LINE",
    "RunningSlapd",
    "SlapdError",
    "SlapdMissingError",
    "available_overlays",
    "example_ldif",
    "find_slapd",
    "running_slapd",
]

APT_LINE = "sudo apt-get install --no-install-recommends slapd ldap-utils"

_PLACES = ("/usr/sbin", "/usr/local/sbin", "/usr/libexec", "/usr/local/libexec", "/usr/lib/openldap")
_MODULES = ("/usr/lib/ldap", "/usr/lib/openldap", "/usr/lib64/openldap", "/usr/local/libexec/openldap")
_SCHEMAS = ("/etc/ldap/schema", "/etc/openldap/schema", "/usr/local/etc/openldap/schema")

# Someone may take the port between finding it free and slapd's bind.
_ATTEMPTS = 5
_START_SECONDS = 20.0
_STOP_SECONDS = 10.0


class SlapdMissingError(RuntimeError):
    """There is no slapd on this machine; the text has the line that installs it."""


class SlapdError(RuntimeError):
    """slapd, slaptest or slapadd refused; the text holds its own words."""


@dataclass(frozen=True, slots=True)
class RunningSlapd:
    """A slapd that accepts connections, and how to sign in to it."""

    url: str
    host: str
    port: int
    suffix: str
    admin_dn: str
    password: str
    ldapi_url: str
    overlays: tuple[str, ...]
    pid: int
    ldaps_url: str | None = None
    ca_file: Path | None = None
    folder: Path | None = None
    """Where its files are, until it ends; None for one that was not started here."""


def find_slapd(tool: str = "slapd") -> Path:
    """The path of `tool` (slapd, slaptest, slapadd), also where PATH has no sbin.

    Raises:
        SlapdMissingError: it is not installed.
    """
    found = shutil.which(tool) or shutil.which(tool, path=":".join(_PLACES))
    if found is None:
        raise SlapdMissingError(f"{tool} is not installed on this machine; install it with: {APT_LINE}")
    return Path(found)


def available_overlays() -> tuple[str, ...]:
    """Those of syncprov, accesslog, memberof and refint whose module files are there."""
    folder = _first_folder(_MODULES)
    return tuple(name for name in OVERLAYS if folder is not None and _module(folder, name))


@contextmanager
def running_slapd(
    seed_ldif: str | None = None,
    suffix: str = "dc=example,dc=test",
    *,
    password: str = "admin",  # noqa: S107 - guards made-up data on loopback for the life of one process
    tls: bool = False,
    size_limit: int | None = None,
    overlays: Sequence[str] | None = None,
    extra_config: str = "",
) -> Iterator[RunningSlapd]:
    """A slapd with the core, cosine, inetorgperson and nis schemas and `seed_ldif` in its database.

    Args:
        seed_ldif: what slapadd loads, the suffix's entry included; None loads that entry alone.
        suffix: the root DN of the database.
        password: of `cn=admin,<suffix>`, who may do everything; anyone may read.
        tls: offer StartTLS, and ldaps on a port of its own, with a certificate made for this run.
        size_limit: entries that a search may return; None is no limit.
        overlays: of syncprov, accesslog, memberof, refint; None takes those that are installed.
        extra_config: lines for the end of slapd.conf.

    Raises:
        SlapdMissingError: slapd is not installed.
        ValueError: the password cannot be written into slapd.conf.
        SlapdError: the configuration or the LDIF was refused, or slapd did not come up.
    """
    slapd = find_slapd()
    if '"' in password or "\n" in password:
        raise ValueError("slapd.conf has no way to write this password: leave out quotes and line ends")
    chosen = available_overlays() if overlays is None else tuple(overlays)
    with tempfile.TemporaryDirectory(prefix="slapd-") as name:
        folder = Path(name)
        admin = f"cn=admin,{suffix}"
        ca_file = _write_certificates(folder) if tls else None
        settings = SlapdSettings(suffix, admin, password, chosen, tls, size_limit, extra_config)
        configuration = _configure(folder, settings)
        _load(folder, configuration, base_ldif(suffix) if seed_ldif is None else seed_ldif)
        process, port, tls_port = _start(slapd, folder, configuration, tls=tls)
        try:
            yield RunningSlapd(
                url=f"ldap://127.0.0.1:{port}",
                host="127.0.0.1",
                port=port,
                suffix=suffix,
                admin_dn=admin,
                password=password,
                ldapi_url=_ldapi(folder),
                overlays=chosen,
                pid=process.pid,
                ldaps_url=f"ldaps://127.0.0.1:{tls_port}" if tls else None,
                ca_file=ca_file,
                folder=folder,
            )
        finally:
            _stop(process)


def _write_certificates(folder: Path) -> Path:
    """An authority and a server certificate of its, made for this run; returns the authority's file."""
    from attrflow_mocks.ad.certificates import make_identity  # noqa: PLC0415 - only TLS needs cryptography

    identity = make_identity()
    key = folder / "server.key"
    key.touch(mode=0o600)
    key.write_text(identity.key, encoding="ascii")
    (folder / "server.crt").write_text(identity.certificate, encoding="ascii")
    authority = folder / "authority.pem"
    authority.write_text(identity.authority, encoding="ascii")
    return authority


def _configure(folder: Path, settings: SlapdSettings) -> Path:
    """Write slapd.conf and have slaptest read it."""
    schemas = _first_folder(_SCHEMAS)
    if schemas is None:
        raise SlapdMissingError(f"slapd has no schema files in {', '.join(_SCHEMAS)}; install it anew: {APT_LINE}")
    modules = _first_folder(_MODULES)
    wanted = ("back_mdb", *settings.overlays, *DEFINING)
    loaded = tuple([name for name in wanted if modules is not None and _module(modules, name)])
    for name in ("database", "accesslog"):
        (folder / name).mkdir()
    text = configuration_text(
        settings,
        folder=str(folder),
        schemas=str(schemas),
        modules=None if modules is None else str(modules),
        loaded=loaded,
    )
    configuration = folder / "slapd.conf"
    configuration.touch(mode=0o600)
    configuration.write_text(text, encoding="utf-8")
    _run("slaptest", "-u", "-f", str(configuration))
    return configuration


def _load(folder: Path, configuration: Path, ldif: str) -> None:
    file = folder / "seed.ldif"
    file.write_text(ldif, encoding="utf-8")
    # -w writes the contextCSN, without which syncrepl has nothing to start from.
    # -n 1: cn=accesslog is a database, too, and stays empty.
    _run("slapadd", "-q", "-w", "-n", "1", "-f", str(configuration), "-l", str(file))


def _run(tool: str, *arguments: str) -> None:
    result = subprocess.run([str(find_slapd(tool)), *arguments], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise SlapdError(f"{tool} failed with code {result.returncode}: {result.stderr.strip()}")


def _start(slapd: Path, folder: Path, configuration: Path, *, tls: bool) -> tuple[subprocess.Popen[bytes], int, int]:
    """Start slapd on free ports, on others when it could not have them."""
    errors = folder / "slapd.err"
    for _ in range(_ATTEMPTS):
        port, tls_port = _free_ports()
        urls = [
            f"ldap://127.0.0.1:{port}",
            *([f"ldaps://127.0.0.1:{tls_port}"] if tls else []),
            _ldapi(folder),
        ]
        command = [str(slapd), "-d", "0", "-f", str(configuration), "-h", " ".join(urls)]
        with errors.open("wb") as stderr:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr)
        try:
            if _accepts(process, folder / "slapd.sock"):
                return process, port, tls_port
        except BaseException:
            _stop(process)
            raise
    said = errors.read_text(encoding="utf-8", errors="replace").strip()
    raise SlapdError(f"slapd ended {_ATTEMPTS} times at its start, at last with code {process.returncode}: {said}")


def _accepts(process: subprocess.Popen[bytes], path: Path) -> bool:
    """Wait until slapd accepts on its unix socket (true) or ends (false).

    slapd opens its sockets in the order given and ends when it cannot have one; the unix socket is
    the last, so whoever answers there holds the ports too.
    """
    for _ in range(int(_START_SECONDS / 0.02)):
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(path))
                return True
            except OSError:
                pass  # not there yet: look whether the process still lives, and try again
        try:
            process.wait(timeout=0.02)
            return False
        except subprocess.TimeoutExpired:
            continue
    raise SlapdError(f"slapd did not accept connections within {_START_SECONDS:.0f} s")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_ports() -> tuple[int, int]:
    """Two ports that were free just now; slapd cannot tell which port it got for port 0."""
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


def _ldapi(folder: Path) -> str:
    return f"ldapi://{quote(str(folder / 'slapd.sock'), safe='')}"


def _first_folder(places: Sequence[str]) -> Path | None:
    return next((Path(place) for place in places if Path(place).is_dir()), None)


def _module(folder: Path, name: str) -> bool:
    return any((folder / f"{name}{suffix}").exists() for suffix in (".la", ".so"))
