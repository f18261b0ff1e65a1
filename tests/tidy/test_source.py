"""What neither ruff nor import-linter sees in the source: calls, names, lengths, docstrings, excuses.

Each test lists everything that is wrong, as `file:line: what`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from .source_tree import AGENT, MOCKS, SourceFile, python_files, text_files

CORE = tuple(AGENT / name for name in ("model", "events", "ports", "expr", "rules", "engine"))
COMPILE_CALL = ("agent/attrflow/expr/pycode.py", {"compile"})
GRAPH_SDK = "agent/attrflow/connectors/entra/sdk.py"
PRINTING = {"mocks/attrflow_mocks/command.py", "mocks/attrflow_mocks/serve.py"}
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}
LINES_MAX = 400

_EXCUSE = re.compile(
    r"#\s*(noqa\b(?::\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)?|type:\s*ignore(?:\[[^\]]*\])?)(.*)$", re.MULTILINE
)
# Put together, so that this file is not the one that it looks for.
_MACHINE = re.compile(r"(?<![\w.:/-])/(?:wo" r"rk|ro" r"ot|home/\w+)/|/tm" r"p/attrflow")
_UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|X" r"XX)\b")


def check(findings: Iterator[str]) -> None:
    """Fail with all findings, one a line."""
    found = list(findings)
    assert not found, "\n" + "\n".join(found)


def _line(file: SourceFile, match: re.Match[str]) -> int:
    return file.text.count("\n", 0, match.start()) + 1


def _calls(file: SourceFile, names: set[str]) -> Iterator[tuple[str, int]]:
    if not any(f"{name}(" in file.text for name in names):
        return
    for node in file.nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            yield node.func.id, node.lineno


def _imports(file: SourceFile, of: str) -> Iterator[tuple[str, int]]:
    """Imports of modules whose names begin with `of` (a pattern), and their lines."""
    if not re.search(rf"^\s*(?:from|import)\s+(?:{of})", file.text, re.MULTILINE):
        return
    for name, line in _all_imports(file):
        if re.match(of, name):
            yield name, line


def _all_imports(file: SourceFile) -> Iterator[tuple[str, int]]:
    for node in file.nodes:
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module, node.lineno
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def test_the_core_opens_prints_and_evaluates_nothing() -> None:
    def findings() -> Iterator[str]:
        for file in python_files(*CORE):
            allowed = COMPILE_CALL[1] if file.name == COMPILE_CALL[0] else set()
            for name, line in _calls(
                file, {"open", "print", "input", "eval", "exec", "compile", "__import__"} - allowed
            ):
                yield f"{file.name}:{line}: {name}()"

    check(findings())


def test_the_core_reads_no_package_data() -> None:
    def findings() -> Iterator[str]:
        for file in python_files(*CORE):
            for module, line in _imports(file, r"importlib\b|pkgutil\b"):
                yield f"{file.name}:{line}: imports {module}"

    check(findings())


def test_only_faces_print() -> None:
    def findings() -> Iterator[str]:
        for file in python_files(AGENT, MOCKS):
            if file.within(AGENT / "cli") or file.name in PRINTING:
                continue
            for name, line in _calls(file, {"print"}):
                yield f"{file.name}:{line}: {name}()"

    check(findings())


def test_the_mocks_import_nothing_of_attrflow() -> None:
    def findings() -> Iterator[str]:
        for file in python_files(MOCKS):
            for module, line in _imports(file, r"attrflow\b"):
                yield f"{file.name}:{line}: imports {module}"

    check(findings())


def test_the_agent_imports_nothing_of_the_mocks() -> None:
    def findings() -> Iterator[str]:
        for file in python_files(AGENT):
            for module, line in _imports(file, r"attrflow_mocks\b"):
                yield f"{file.name}:{line}: imports {module}"

    check(findings())


def test_only_one_file_imports_the_graph_sdk() -> None:
    def findings() -> Iterator[str]:
        for file in python_files(AGENT):
            if file.name != GRAPH_SDK:
                for module, line in _imports(file, r"(?:msgraph|msgraph_core|kiota_\w+)\b"):
                    yield f"{file.name}:{line}: imports {module}"

    check(findings())


def test_every_module_is_named_after_what_it_is() -> None:
    def findings() -> Iterator[str]:
        for file in python_files():
            words = {file.path.stem} | ({file.path.parent.name} if file.path.stem == "__init__" else set())
            for word in words & EMPTY_NAMES:
                yield f"{file.name}: {word} says nothing"

    check(findings())


def test_no_file_is_longer_than_a_sitting() -> None:
    def findings() -> Iterator[str]:
        for file in python_files():
            lines = file.text.count("\n")
            if lines > LINES_MAX:
                yield f"{file.name}: {lines} lines, at most {LINES_MAX}"

    check(findings())


def test_every_module_says_what_it_is() -> None:
    begins = re.compile(r'(?:#.*\n|\s)*[rR]?["\']')
    check(f"{file.name}: no module docstring" for file in python_files() if not begins.match(file.text))


def test_every_module_postpones_annotations() -> None:
    def findings() -> Iterator[str]:
        for file in python_files(AGENT, MOCKS):
            defines = any(isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AnnAssign) for node in file.tree.body)
            if defines and "\nfrom __future__ import annotations\n" not in file.text:
                yield f"{file.name}: no `from __future__ import annotations`"

    check(findings())


def _documented_elsewhere(file: SourceFile) -> set[str]:
    """Handlers in a table of routes, which says in words what each does."""
    if "Route(" not in file.text:
        return set()
    return {
        argument.id
        for node in file.nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Route"
        for argument in node.args
        if isinstance(argument, ast.Name)
    }


def _promised() -> set[str]:
    """The methods that protocols describe: whoever implements one need not say it again."""
    return {
        method.name
        for file in python_files(AGENT)
        for node in file.tree.body
        if isinstance(node, ast.ClassDef) and any("Protocol" in ast.unparse(base) for base in node.bases)
        for method in node.body
        if isinstance(method, ast.FunctionDef) and ast.get_docstring(method)
    }


def _undocumented(body: list[ast.stmt], promised: set[str], prefix: str = "") -> Iterator[tuple[str, int]]:
    """Public functions and classes, and public methods of public classes, that have no docstring."""
    for node in body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        decorators = {ast.unparse(decorator) for decorator in node.decorator_list}
        exempt = decorators & {"overload", "override"} or any(d.endswith((".setter", ".deleter")) for d in decorators)
        if not ast.get_docstring(node) and not exempt and not (prefix and node.name in promised):
            yield f"{prefix}{node.name}", node.lineno
        if isinstance(node, ast.ClassDef):
            yield from _undocumented(node.body, promised, f"{node.name}.")


def test_everything_public_says_what_it_does() -> None:
    promised = _promised()

    def findings() -> Iterator[str]:
        for file in python_files(AGENT, MOCKS):
            elsewhere = _documented_elsewhere(file)
            for name, line in _undocumented(file.tree.body, promised):
                if name not in elsewhere:
                    yield f"{file.name}:{line}: {name} has no docstring"

    check(findings())


def test_every_excuse_has_its_reason_on_the_line() -> None:
    def findings() -> Iterator[str]:
        for file in python_files():
            for match in _EXCUSE.finditer(file.text):
                if not re.search(r"[A-Za-z]{3}", match.group(2)):
                    yield f"{file.name}:{_line(file, match)}: {match.group(1)} without a reason"

    check(findings())


def test_nothing_names_the_machine_it_was_written_on() -> None:
    def findings() -> Iterator[str]:
        for file in text_files():
            for match in _MACHINE.finditer(file.text):
                yield f"{file.name}:{_line(file, match)}: {match.group(0)}"

    check(findings())


def test_nothing_is_marked_as_unfinished() -> None:
    def findings() -> Iterator[str]:
        for file in text_files():
            for match in _UNFINISHED.finditer(file.text):
                yield f"{file.name}:{_line(file, match)}: {match.group(0)}"

    check(findings())
