"""What an image of slapd holds: the configuration and the seed that `attrflow-mocks openldap` loads without options.

`python -m attrflow_mocks.openldap_image FOLDER OUT` writes both files into OUT, for a slapd whose files are under
FOLDER in the image; `compose/openldap/Dockerfile` does so while it builds. Knows Debian's folders and starts nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path

from attrflow_mocks.openldap_configuration import DEFINING, OVERLAYS, SlapdSettings, configuration_text
from attrflow_mocks.openldap_example import example_ldif

__all__ = ["PASSWORD", "SUFFIX", "image_configuration", "image_seed"]

SUFFIX = "dc=example,dc=test"
PASSWORD = "admin"  # noqa: S105 - public, as all passwords of the mocks


def image_configuration(settings: SlapdSettings, folder: str) -> str:
    """slapd.conf for Debian's slapd, with its modules and schemas where the package puts them."""
    modules = ("back_mdb", *settings.overlays, *DEFINING)
    return configuration_text(
        settings, folder=folder, schemas="/etc/ldap/schema", modules="/usr/lib/ldap", loaded=modules
    )


def image_seed() -> str:
    """LDIF of the people and groups that the command makes up by itself."""
    return example_ldif(20, 4, suffix=SUFFIX, seed=1)


def main(folder: str, out: str) -> None:
    """Write slapd.conf and seed.ldif into the folder `out`."""
    settings = SlapdSettings(SUFFIX, f"cn=admin,{SUFFIX}", PASSWORD, OVERLAYS)
    Path(out, "slapd.conf").write_text(image_configuration(settings, folder), "utf-8")
    Path(out, "seed.ldif").write_text(image_seed(), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
