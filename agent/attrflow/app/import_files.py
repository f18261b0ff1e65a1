"""The files that an import is given: paths -> octets, read one at a time, with what cannot be read told.

Folders are walked in the order of their names; what a file is shows in its content (`importers.reading`), and
only what no export is ever called is left out by its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from attrflow.importers.findings import Place
from attrflow.importers.reading import SIZE_MAX, Reading, Source, read_source, tell_too_large
from attrflow.model.errors import NotFound

__all__ = ["read_paths"]

_NAMED: Final = (".xml", ".ps1", ".psm1", ".txt", ".json", ".yml", ".yaml")
"""How exports are called; a file that is named on the command line is read whatever it is called."""
_LISTED_MAX: Final = 5


def read_paths(paths: Iterable[Path]) -> Reading:
    """What all files at and below the paths state.

    Raises:
        NotFound: a path is not there.
    """
    reading = Reading()
    for path in paths:
        if not path.exists():
            raise NotFound(f"There is no file or folder {path}.")
        for file in [path] if not path.is_dir() else _below(path, reading):
            _read(file, reading, asked=file == path)
    return reading


def _below(folder: Path, reading: Reading) -> Iterator[Path]:
    passed: list[str] = []
    found = False
    for path in sorted(folder.rglob("*")):
        if any(part.startswith(".") for part in path.relative_to(folder).parts) or path.is_dir():
            continue
        if path.suffix.casefold() in _NAMED:
            found = True
            yield path
        else:
            passed.append(str(path.relative_to(folder)))
    if passed:
        more = f" and {len(passed) - _LISTED_MAX} more" if len(passed) > _LISTED_MAX else ""
        message = f"not looked at, by the look of their names: {', '.join(passed[:_LISTED_MAX])}{more}"
        reading.findings.note(Place(str(folder)), "not-looked-at", message, help="name a file itself to have it read")
    if not found:
        message = "no file here is called as exports are; nothing was read"
        reading.findings.tell(Place(str(folder)), "no-export", message, help=f"exports end with {', '.join(_NAMED)}")


def _read(path: Path, reading: Reading, *, asked: bool) -> None:
    file = str(path)
    try:
        size = path.stat().st_size
        if size > SIZE_MAX:
            tell_too_large(file, size, reading)
            return
        octets = path.read_bytes()
    except OSError as error:
        reading.findings.tell(Place(file), "unreadable-file", f"the file cannot be read: {error.strerror}")
        return
    read_source(Source(file, octets), reading, asked=asked)
