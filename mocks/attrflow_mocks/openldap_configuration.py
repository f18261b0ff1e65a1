"""The text of slapd.conf, one and the same for the private slapd and for the container.

Pure: it knows which lines slapd takes, and no folder of this machine.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DEFINING", "OVERLAYS", "SCHEMAS", "SlapdSettings", "configuration_text"]

OVERLAYS = ("syncprov", "accesslog", "memberof", "refint")
"""In the order in which they are put on the database."""
DEFINING = ("ppolicy",)
"""Modules that are loaded for the attributes that they define (pwdAccountLockedTime), and put on no database."""
SCHEMAS = ("core", "cosine", "inetorgperson", "nis")


@dataclass(frozen=True, slots=True)
class SlapdSettings:
    """What a slapd is to hold and to offer."""

    suffix: str
    admin_dn: str
    password: str
    overlays: tuple[str, ...]
    tls: bool = False
    size_limit: int | None = None
    extra: str = ""


def configuration_text(
    settings: SlapdSettings, *, folder: str, schemas: str, modules: str | None, loaded: tuple[str, ...]
) -> str:
    """slapd.conf for a slapd whose files are under `folder`.

    Args:
        settings: What it holds and offers.
        folder: Where its databases (`database`, `accesslog`), certificates and pid file are.
        schemas: The folder of the schema files.
        modules: The folder of modules, or None where everything is built in.
        loaded: The modules to load.
    """
    lines = [f"include {schemas}/{name}.schema" for name in SCHEMAS]
    lines += [f"pidfile {folder}/slapd.pid", f"argsfile {folder}/slapd.args"]
    if modules is not None:
        lines += [f"modulepath {modules}", *(f"moduleload {name}" for name in loaded)]
    if settings.tls:
        lines += [f"TLSCACertificateFile {folder}/authority.pem", f"TLSCertificateFile {folder}/server.crt"]
        lines += [f"TLSCertificateKeyFile {folder}/server.key", "TLSVerifyClient never"]
    limit = "unlimited" if settings.size_limit is None else str(settings.size_limit)
    lines += [
        f"sizelimit {limit}",
        "database mdb",
        "maxsize 1073741824",
        f'suffix "{settings.suffix}"',
        f'rootdn "{settings.admin_dn}"',
        f'rootpw "{settings.password}"',
        f"directory {folder}/database",
        # A database that is thrown away need not survive a power cut.
        "dbnosync",
        "index objectClass,entryUUID,entryCSN,uid,cn,mail,member eq",
        "access to attrs=userPassword by self write by anonymous auth by * none",
        "access to * by * read",
    ]
    for overlay in settings.overlays:
        lines.append(f"overlay {overlay}")
        lines += {
            "syncprov": ["syncprov-sessionlog 10000"],
            "accesslog": ["logdb cn=accesslog", "logops writes", "logsuccess TRUE"],
            "refint": ["refint_attributes member manager"],
        }.get(overlay, [])
    if "accesslog" in settings.overlays:
        lines += [
            "database mdb",
            "maxsize 1073741824",
            "suffix cn=accesslog",
            f'rootdn "{settings.admin_dn}"',
            f"directory {folder}/accesslog",
            "dbnosync",
            "index default eq",
            "index entryCSN,objectClass,reqEnd,reqResult,reqStart",
            "access to * by * read",
        ]
    return "\n".join([*lines, settings.extra, ""])
