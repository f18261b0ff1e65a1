"""A real Samba AD domain controller of one's own, for as long as it is needed. The one place that starts one.

`running_samba` provisions a domain in a private folder, fills it from a seed, starts Samba's LDAP service in
the foreground on a loopback address of its own, and ends it by its own process id. It knows no LDAP: that
Samba accepts is seen on its unix socket in the private folder.
"""

from __future__ import annotations

import base64
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from attrflow_mocks.ad.names import parse_dn
from attrflow_mocks.ad.schema import load_schema
from attrflow_mocks.ldif import format_record
from attrflow_mocks.scenarios.seed import DirectorySeed, EntrySeed, SeedValue

__all__ = ["APT_LINE", "RunningSamba", "SambaError", "SambaMissingError", "find_samba", "running_samba"]

APT_LINE = (
    "sudo apt-get install --no-install-recommends samba samba-dsdb-modules samba-vfs-modules winbind "
    "python3-samba samba-ad-provision samba-ad-dc ldb-tools"
)
_PLACES = "/usr/sbin:/usr/local/sbin:/usr/local/samba/sbin:/usr/local/samba/bin:/usr/bin"
_START_SECONDS = 60.0
_STOP_SECONDS = 10.0
_PASSWORD = "Passw0rd!2345"  # noqa: S105 - guards made-up data on loopback for the life of one process


class SambaMissingError(RuntimeError):
    """There is no Samba domain controller on this machine; the text has the line that installs it."""


class SambaError(RuntimeError):
    """Samba, or what provisions and fills it, refused; the text holds its own words."""


@dataclass(frozen=True, slots=True)
class RunningSamba:
    """A Samba that accepts connections, and how to sign in to it. Its ports cannot be chosen, its address is."""

    host: str
    ldapi: str
    """The path of its unix socket."""
    naming_context: str
    account: str
    password: str
    pid: int
    folder: Path
    left_out: tuple[str, ...]
    """Attributes of the seed that Samba's schema does not have."""

    @property
    def url(self) -> str:
        """LDAP in the clear; 636, 3268 and 3269 are open at the same address."""
        return f"ldap://{self.host}:389"


def find_samba(tool: str = "samba") -> Path:
    """The path of `tool` (samba, samba-tool, ldbadd, ldbmodify, ldbsearch).

    Raises:
        SambaMissingError: it is not installed.
    """
    found = shutil.which(tool) or shutil.which(tool, path=_PLACES)
    if found is None:
        raise SambaMissingError(f"{tool} is not installed on this machine; install it with: {APT_LINE}")
    return Path(found)


@contextmanager
def running_samba(
    seed: DirectorySeed | None = None, *, naming_context: str = "DC=contoso,DC=test"
) -> Iterator[RunningSamba]:
    """A Samba AD DC with the domain of `seed`, or an empty one of `naming_context`. Needs root, as Samba does.

    Raises:
        SambaMissingError: Samba is not installed.
        SambaError: it could not be provisioned, filled or started.
    """
    samba = find_samba()
    if os.geteuid() != 0:
        raise SambaError("a Samba domain controller binds port 389 and sets file owners: run this as root")
    root = seed.naming_context if seed is not None else naming_context
    domain = ".".join([rdn.value for rdn in parse_dn(root)])
    netbios = seed.netbios if seed is not None else parse_dn(root)[0].value.upper()
    with tempfile.TemporaryDirectory(prefix="samba-") as name:
        folder = Path(name)
        host = _free_address()
        _provision(folder, domain, netbios, host)
        left_out = _fill(folder, seed) if seed is not None else ()
        process = _start(samba, folder, host)
        try:
            yield RunningSamba(
                host=host,
                ldapi=str(folder / "private" / "ldapi"),
                naming_context=root,
                account=f"Administrator@{domain}",
                password=_PASSWORD,
                pid=process.pid,
                folder=folder,
                left_out=left_out,
            )
        finally:
            _stop(process)


def _free_address() -> str:
    """A loopback address on which nobody has port 389, away from 127.0.0.1."""
    for third in range(1, 255):
        address = f"127.77.{third}.1"
        with socket.socket() as probe:
            try:
                probe.bind((address, 389))
            except OSError:
                continue
            return address
    raise SambaError("every address from 127.77.1.1 to 127.77.254.1 has its port 389 taken")


def _provision(folder: Path, domain: str, netbios: str, host: str) -> None:
    interfaces = f"{host}/8"
    _run(
        [
            str(find_samba("samba-tool")),
            "domain",
            "provision",
            f"--realm={domain.upper()}",
            f"--domain={netbios}",
            "--server-role=dc",
            "--dns-backend=NONE",
            f"--adminpass={_PASSWORD}",
            "--host-name=dc1",
            f"--host-ip={host}",
            f"--targetdir={folder}",
            "--use-rfc2307",
            "--option=bind interfaces only=yes",
            f"--option=interfaces={interfaces}",
        ]
    )
    written = (folder / "etc" / "smb.conf").read_text(encoding="utf-8")
    lines = [line for line in written.splitlines() if not line.strip().startswith(("interfaces", "server services"))]
    own = [
        "server services = ldap",
        "ldap server require strong auth = no",
        f"interfaces = {interfaces}",
        "bind interfaces only = yes",
        "disable netbios = yes",
        f"pid directory = {folder}",
        f"ncalrpc dir = {folder}/ncalrpc",
        f"winbindd socket directory = {folder}/winbindd",
        f"log file = {folder}/log.samba",
    ]
    at = lines.index("[global]") + 1
    text = "\n".join([*lines[:at], *[f"\t{line}" for line in own], *lines[at:], ""])
    (folder / "etc" / "smb-run.conf").write_text(text, encoding="utf-8")


def _fill(folder: Path, seed: DirectorySeed) -> tuple[str, ...]:
    """Add a seed's entries offline, links after everything else; returns the attributes left out."""
    database = str(folder / "private" / "sam.ldb")
    known = _known_attributes(database, seed.naming_context)
    schema = load_schema()
    missing: dict[str, None] = {}
    records, links = [], []
    for entry in sorted(seed.entries, key=lambda item: len(parse_dn(item.dn))):
        plain: dict[str, Sequence[SeedValue]] = {"objectClass": [entry.object_class]}
        for name, values in entry.attributes.items():
            attribute = schema.attribute(name)
            if attribute is None or name.lower() not in known:
                missing[name] = None
            elif attribute.is_reference:
                links.append(_modification(entry, name, values))
            elif attribute.name == "unicodePwd":
                plain["unicodePwd"] = [f'"{value!s}"'.encode("utf-16-le") for value in values]
            elif not (attribute.system or attribute.name == "objectClass"):
                plain[name] = values
        records.append(format_record(entry.dn, plain))
    for tool, text in (("ldbadd", "".join(records)), ("ldbmodify", "".join(links))):
        if text:
            file = folder / f"{tool}.ldif"
            file.write_text(text, encoding="utf-8")
            _run([str(find_samba(tool)), "-H", database, str(file)])
    return tuple(missing)


def _modification(entry: EntrySeed, name: str, values: Iterable[SeedValue]) -> str:
    def line(key: str, value: SeedValue) -> str:
        raw = value.encode() if isinstance(value, str) else value
        return f"{key}:: {base64.b64encode(raw).decode('ascii')}"

    return "\n".join(
        [line("dn", entry.dn), "changetype: modify", f"add: {name}", *[line(name, v) for v in values], "-", "", ""]
    )


def _known_attributes(database: str, root: str) -> frozenset[str]:
    listed = _run(
        [
            str(find_samba("ldbsearch")),
            "-H",
            database,
            "-b",
            f"CN=Schema,CN=Configuration,{root}",
            "(objectClass=attributeSchema)",
            "lDAPDisplayName",
        ]
    )
    return frozenset([line.partition(": ")[2].lower() for line in listed.splitlines() if line.startswith("lDAPD")])


def _run(command: list[str], environment: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode != 0:
        words = (done.stderr.strip() or done.stdout.strip())[-2000:]
        raise SambaError(f"{Path(command[0]).name} failed with code {done.returncode}: {words}")
    return done.stdout


def _start(samba: Path, folder: Path, host: str) -> subprocess.Popen[bytes]:
    log = folder / "samba.out"
    command = [str(samba), "-F", "--no-process-group", "-M", "single", "-s", str(folder / "etc" / "smb-run.conf")]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, "--debug-stdout", "-d1"], stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=folder
        )
    try:
        _await(process, folder / "private" / "ldapi", host, log)
    except BaseException:
        _stop(process)
        raise
    return process


def _await(process: subprocess.Popen[bytes], path: Path, host: str, log: Path) -> None:
    """Wait until Samba accepts, on its unix socket and at its address."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            words = log.read_text(encoding="utf-8", errors="replace")[-2000:]
            raise SambaError(f"samba ended at its start with code {process.returncode}: {words}")
        with socket.socket(socket.AF_UNIX) as probe, socket.socket() as wire:
            try:
                probe.connect(str(path))
                wire.connect((host, 389))
                return
            except OSError:
                pass  # not there yet: wait a little for it to end, and try again
        try:
            process.wait(timeout=0.05)
        except subprocess.TimeoutExpired:
            continue
    raise SambaError(f"samba did not accept connections within {_START_SECONDS:.0f} s")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
