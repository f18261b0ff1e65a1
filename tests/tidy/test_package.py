"""The distribution: what is installed holds everything that it reads, and nothing that it should not."""

from __future__ import annotations

import re
import tomllib
from fnmatch import fnmatch

from .source_tree import AGENT, MOCKS, ROOT, python_files

_RESOURCES = re.compile(r"""\bfiles\(\s*["']([\w.]+)["']""")


def _packages() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages: list[str] = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    return packages


def test_the_wheel_holds_both_packages() -> None:
    assert sorted(_packages()) == ["agent/attrflow", "mocks/attrflow_mocks"]


def test_the_source_roots_hold_no_code_of_their_own() -> None:
    for root, package in ((ROOT / "agent", AGENT), (ROOT / "mocks", MOCKS)):
        stray = [p.name for p in root.iterdir() if p.suffix == ".py" or ((p / "__init__.py").exists() and p != package)]
        assert not stray, f"{root.name}/ holds {stray}"


def test_every_folder_with_python_is_a_package() -> None:
    missing = {f.path.parent for f in python_files(AGENT, MOCKS) if not (f.path.parent / "__init__.py").exists()}
    assert not missing, f"no __init__.py in {sorted(str(p.relative_to(ROOT)) for p in missing)}"


def test_data_is_read_from_packages_that_are_installed() -> None:
    for file in python_files(AGENT, MOCKS):
        for package in _RESOURCES.findall(file.text):
            top = AGENT if package.partition(".")[0] == "attrflow" else MOCKS
            assert top.parent.joinpath(*package.split(".")).is_dir(), f"{file.name} reads from {package}"


def test_no_data_file_is_left_out_of_the_wheel_by_gitignore() -> None:
    """The build leaves out whatever git ignores: a pattern must not hit a file that the packages read."""
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    patterns = [line.strip("/") for line in lines if line and not line.startswith(("#", "/"))]
    for package in (AGENT, MOCKS):
        for path in package.rglob("*"):
            parts = path.relative_to(package).parts
            if path.is_dir() or any(part == "__pycache__" or part.startswith(".") for part in parts):
                continue
            hit = [pattern for pattern in patterns for part in parts if fnmatch(part, pattern)]
            assert not hit, f"{path.relative_to(ROOT)} is ignored by {hit}"


def test_both_packages_tell_type_checkers_that_they_are_typed() -> None:
    for package in (AGENT, MOCKS):
        assert (package / "py.typed").is_file(), f"{package.name}/py.typed is missing"


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *(d for group in project["optional-dependencies"].values() for d in group)]
    names = {re.split(r"[\[<>=~! ;]", requirement)[0] for requirement in wanted} - {"attrflow"}
    record = (ROOT / "agent" / "docs" / "decisions" / "0001-libraries.md").read_text(encoding="utf-8")
    missing = sorted(name for name in names if f"`{name}`" not in record)
    assert not missing, f"0001-libraries.md gives no reason for {missing}"
