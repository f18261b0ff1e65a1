"""Drop files on disk: one JSON document a line, written beside their name and put there when they are whole."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from attrflow.model.errors import SettingsError

__all__ = ["DropWriter", "drop_lines", "dropping_to"]


class DropWriter:
    """Writes lines; what `keep` says in the end decides whether the file comes to its place."""

    def __init__(self, write: Callable[[bytes], int], path: Path) -> None:
        self.keep = True
        self._write = write
        self._path = path

    def __call__(self, line: Mapping[str, Any]) -> None:
        """Write one line.

        Raises:
            SettingsError: the disk does not take it.
        """
        try:
            self._write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
        except OSError as error:
            raise _unusable(self._path, "written", error) from error


@contextmanager
def dropping_to(path: Path | None) -> Iterator[DropWriter | None]:
    """A writer of lines for as long as the block lasts; None without a path. A file that was there is replaced.

    Raises:
        SettingsError: the file cannot be written.
    """
    if path is None:
        yield None
        return
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as stream:
            writer = DropWriter(stream.write, path)
            yield writer
        if writer.keep:
            partial.replace(path)
    except OSError as error:
        raise _unusable(path, "written", error) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def drop_lines(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The lines of a drop file, numbered from 1.

    Raises:
        SettingsError: the file cannot be read, or a line is no JSON document.
    """
    try:
        with path.open("rb") as stream:
            for number, text in enumerate(stream, start=1):
                try:
                    line = orjson.loads(text)
                except orjson.JSONDecodeError as error:
                    raise SettingsError(f"Line {number} of {path} is no JSON document: {error}.") from error
                if not isinstance(line, dict):
                    raise SettingsError(f"Line {number} of {path} is no JSON object.")
                yield number, line
    except OSError as error:
        raise _unusable(path, "read", error) from error


def _unusable(path: Path, verb: str, error: OSError) -> SettingsError:
    return SettingsError(f"{path} cannot be {verb}: {error.strerror or error}", help="Name another file.")
