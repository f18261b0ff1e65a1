"""The project's own files, read once for all tidiness tests: texts, lines and syntax trees.

It knows where files are and what is nobody's to check (caches, environments); what is tidy is the tests' to say.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

__all__ = ["AGENT", "MOCKS", "ROOT", "SourceFile", "python_files", "text_files"]

ROOT = Path(__file__).resolve().parents[2]
AGENT = ROOT / "agent" / "attrflow"
MOCKS = ROOT / "mocks" / "attrflow_mocks"

_TREES = ("agent", "mocks", "tests", "scripts", "compose", ".ci")
_SUFFIXES = {"", ".css", ".csv", ".html", ".js", ".json", ".ldif", ".md", ".py", ".sh", ".sql", ".toml", ".txt", ".xml"}
_SUFFIXES |= {".yaml", ".yml"}


@dataclass(frozen=True)
class SourceFile:
    """One file; what is derived from its text is derived once."""

    path: Path

    @property
    def name(self) -> str:
        """The path below the project, with forward slashes."""
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        """What is in it."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree; the file must be Python."""
        return ast.parse(self.text, self.name)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the tree."""
        return tuple(ast.walk(self.tree))

    def within(self, folder: Path) -> bool:
        """Whether the file lies below a folder."""
        return self.path.is_relative_to(folder)


def _walk(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            if path.name != "__pycache__" and not path.name.endswith((".egg-info", "_cache")):
                yield from _walk(path)
        elif path.suffix in _SUFFIXES:
            yield path


def _all_files() -> Iterator[Path]:
    yield from (path for path in sorted(ROOT.iterdir()) if path.suffix in (".md", ".toml"))
    for tree in _TREES:
        if (ROOT / tree).is_dir():
            yield from _walk(ROOT / tree)


_FILES = tuple(SourceFile(path) for path in _all_files())


def text_files() -> tuple[SourceFile, ...]:
    """Every file of the project that people write."""
    return _FILES


def python_files(*folders: Path) -> tuple[SourceFile, ...]:
    """The Python files, all or those below one of the folders."""
    return tuple(f for f in _FILES if f.path.suffix == ".py" and (not folders or any(f.within(d) for d in folders)))
