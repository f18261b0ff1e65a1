"""Secret references as a settings file writes them: `{ env = … }`, `{ file = … }` or `{ keyring = … }`.

Whatever stands in the place of a reference may be the secret itself, so no finding repeats it.
"""

from __future__ import annotations

import re
import stat
from pathlib import Path

from attrflow.app.secrets import SECRET_KINDS, SecretReference
from attrflow.app.settings_table import Table, kind_of

__all__ = ["read_secret", "variable_for"]

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def variable_for(connector: str, what: str) -> str:
    """The environment variable that is proposed for a connector's secret.

    >>> variable_for("contoso-test", "password")
    'ATTRFLOW_CONTOSO_TEST_PASSWORD'
    """
    return re.sub(r"[^A-Z0-9_]", "_", f"attrflow_{connector}_{what}".upper(), flags=re.ASCII)


def read_secret(table: Table, key: str, variable: str, folder: Path) -> SecretReference | None:
    """The reference of a key; None when it is absent or wrong, which has been told.

    `variable` is what the help proposes. The path of a file is taken from `folder`.
    """
    if key not in table:
        return None
    value = table.values[key]
    propose = f'{key} = {{ env = "{variable}" }} or {{ file = "secrets/{variable.lower()}" }}'
    if isinstance(value, str):
        message = f"{key!r} holds the secret itself; this file is copied, compared and sent around, so name its place"
        table.tell(key, "secret-in-text", message, help=f"{propose}; and change the secret if others saw the file")
        return None
    if not isinstance(value, dict):
        table.tell(key, "wrong-type", f"{key!r} must say where the secret is, found {kind_of(value)}", help=propose)
        return None
    inner = table.table(key)
    inner.only(SECRET_KINDS, "a secret's place")
    given = [kind for kind in SECRET_KINDS if kind in inner]
    if len(given) != 1:
        if not inner.values or given:
            table.tell(key, "wrong-value", f"{key!r} must name one place: env, file or keyring", help=propose)
        return None
    kind = given[0]
    name = inner.text(kind)
    if name is None:
        return None
    if kind == "env" and not _VARIABLE.fullmatch(name):
        message = "'env' must be the name of an environment variable: letters, digits and '_'"
        inner.wrong(kind, message, f"such as {variable}; the secret itself does not belong here")
        return None
    if kind == "keyring" and not all(name.rpartition("/")[::2]):
        inner.wrong(kind, "'keyring' must be of the form service/user", "such as attrflow/svc@contoso.test")
        return None
    if kind == "file":
        path = folder / name
        _check_mode(inner, path, folder)
        return SecretReference(kind, str(path))
    return SecretReference(kind, name)


def _check_mode(inner: Table, path: Path, folder: Path) -> None:
    """Warn of a secret in the project that others on this machine can read.

    Files elsewhere are left alone: what a container mounts is readable by all, and closed by other means.
    """
    try:
        mode = path.stat().st_mode
    except OSError:
        return  # that it is missing is told when it is needed: much can be done without the secret
    if mode & (stat.S_IRWXG | stat.S_IRWXO) and path.is_relative_to(folder):
        message = f"the secret file {path} can be read by others on this machine"
        inner.tell("file", "exposed-secret", message, help=f"chmod 600 {path}", severity="warning")
