"""Secrets by reference: an environment variable, a file, or the keyring of this machine's user.

A settings file names where a secret is and never holds one. What is resolved here goes straight to a
connector; no message, `repr` or log of this module contains it.
"""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args

from attrflow.model.errors import MissingExtra, SettingsError

__all__ = ["SECRET_KINDS", "SecretKind", "SecretReference", "resolve_secret", "write_secret"]

SecretKind = Literal["env", "file", "keyring"]

SECRET_KINDS: Final[tuple[SecretKind, ...]] = get_args(SecretKind)


@dataclass(frozen=True, slots=True)
class SecretReference:
    """Where a secret is: never the secret."""

    kind: SecretKind
    name: str
    """The variable; the file's absolute path; or `service/user` in the keyring."""

    def __str__(self) -> str:
        words = {"env": "environment variable", "file": "file", "keyring": "keyring entry"}
        return f"{words[self.kind]} {self.name}"


def resolve_secret(reference: SecretReference) -> str:
    """The secret itself, never empty.

    The line break that editors put at the end of a file is no part of the secret; other white space is.

    Raises:
        SettingsError: there is nothing at the place that the reference names; the sentence names the place.
        MissingExtra: a keyring is named and the package `keyring` is not installed.
    """
    match reference.kind:
        case "env":
            return _from_environment(reference)
        case "file":
            return _from_file(reference)
        case "keyring":
            return _from_keyring(reference)


def write_secret(path: Path, secret: str) -> None:
    """Write a new file that only its owner can read; a folder made for it is closed to others as well.

    Raises:
        FileExistsError: there is a file already.
        OSError: the file cannot be written.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The mode is given when the file is made: changing it afterwards would leave a moment to read it in.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        file.write(f"{secret}\n")


def _from_environment(reference: SecretReference) -> str:
    value = os.environ.get(reference.name)
    if value:
        return value
    raise SettingsError(
        f"{reference} is {'not set' if value is None else 'empty'}, and a connector takes its secret from it.",
        help=f"Set {reference.name} in the environment of attrflow.",
    )


def _from_file(reference: SecretReference) -> str:
    path = Path(reference.name)
    remedy = f"put the secret into {path}, readable by you alone (chmod 600)"
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise SettingsError(f"the secret file {path} is not there", help=remedy) from None
    except OSError as error:
        raise SettingsError(f"the secret file {path} cannot be read: {error.strerror}", help=remedy) from error
    except UnicodeDecodeError:
        # No cause is chained: this exception holds the octets that it could not decode.
        raise SettingsError(f"the secret file {path} is not text in UTF-8", help=remedy) from None
    secret = text.removesuffix("\n").removesuffix("\r")
    if not secret:
        raise SettingsError(f"the secret file {path} is empty", help=remedy)
    return secret


def _from_keyring(reference: SecretReference) -> str:
    try:
        # By name: the package is nobody's dependency, and most installations do not have it.
        keyring: Any = importlib.import_module("keyring")
    except ModuleNotFoundError as error:
        raise MissingExtra(
            f"{reference} needs the package keyring: pip install keyring",
            help="or give the secret by { env = … } or { file = … }",
        ) from error
    service, _, user = reference.name.rpartition("/")
    remedy = f"store it: keyring set {service} {user}"
    try:
        secret = keyring.get_password(service, user)
    except Exception as error:  # backends raise what they like; whatever it is, there is no secret
        raise SettingsError(f"{reference} cannot be read: {type(error).__name__}", help=remedy) from error
    if not secret:
        raise SettingsError(f"{reference} is not there or empty", help=remedy)
    return str(secret)
