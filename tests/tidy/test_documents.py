"""The documents: links lead somewhere, and what the code cites is there to be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from .source_tree import AGENT, MOCKS, ROOT, SourceFile, python_files, text_files

DOCUMENTS = ROOT / "agent" / "docs"
CITED = {
    "behaviour.md": DOCUMENTS / "behaviour.md",
    "expressions.md": DOCUMENTS / "expressions.md",
    "mocks/behaviour.md": ROOT / "mocks" / "behaviour.md",
}

_LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+\s+(.*)$", re.MULTILINE)
_NUMBER = re.compile(r"^#+\s+(?:§\s*)?(\d+(?:\.\d+)*)\b", re.MULTILINE)
_CITATION = re.compile(r"((?:mocks/)?[\w-]+\.md) §§?\s*(\d+(?:\.\d+)*)((?:,? (?:and )?§\d+(?:\.\d+)*)*)")
_DECISION = re.compile(r"\bDECISIONS? (\d+)((?:, \d+)*)")


def check(findings: Iterator[str]) -> None:
    """Fail with all findings, one a line."""
    found = list(findings)
    assert not found, "\n" + "\n".join(found)


def _slug(heading: str) -> str:
    """The anchor that a heading gets."""
    plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading.strip()).lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


def _anchors(path: Path) -> set[str]:
    return {_slug(heading) for heading in _HEADING.findall(_FENCE.sub("", path.read_text(encoding="utf-8")))}


def _sections(path: Path) -> set[str]:
    return set(_NUMBER.findall(path.read_text(encoding="utf-8")))


def _broken(file: SourceFile) -> Iterator[str]:
    for target in _LINK.findall(_FENCE.sub("", file.text)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (file.path.parent / path).resolve() if path else file.path
        if not there.exists():
            yield f"{file.name}: {target} leads nowhere"
        elif anchor and there.suffix == ".md" and anchor not in _anchors(there):
            yield f"{file.name}: {target}: there is no such heading"


def test_every_link_between_documents_leads_somewhere() -> None:
    check(finding for file in text_files() if file.path.suffix == ".md" for finding in _broken(file))


def test_every_guide_is_in_the_index() -> None:
    index = (DOCUMENTS / "index.md").read_text(encoding="utf-8")
    pages = [p for p in DOCUMENTS.rglob("*.md") if p != DOCUMENTS / "index.md"]
    check(f"index.md does not name {p.name}" for p in pages if p.relative_to(DOCUMENTS).as_posix() not in index)


def test_every_section_that_the_code_cites_is_written() -> None:
    sections = {name: _sections(path) for name, path in CITED.items()}

    def findings() -> Iterator[str]:
        for file in python_files(AGENT, MOCKS):
            for document, first, more in _CITATION.findall(file.text):
                for number in (first, *re.findall(r"\d+(?:\.\d+)*", more)):
                    if number not in sections.get(document, set()):
                        yield f"{file.name}: {document} §{number} is not written"

    check(findings())


def test_every_decision_that_the_code_cites_is_recorded() -> None:
    recorded = _sections(DOCUMENTS / "decisions" / "0002-foundations.md")

    def findings() -> Iterator[str]:
        for file in python_files(AGENT, MOCKS):
            for first, more in _DECISION.findall(file.text):
                for number in (first, *re.findall(r"\d+", more)):
                    if number not in recorded:
                        yield f"{file.name}: DECISIONS {number} is not recorded"

    check(findings())


def test_every_diagnosis_is_in_the_table() -> None:
    table = (DOCUMENTS / "behaviour.md").read_text(encoding="utf-8")
    code = "".join(f.text for f in python_files(AGENT / "explain" / "diagnoses"))
    detectors = set(re.findall(r'Detector\(\s*"(DIAG-\d+)"', code))
    written = set(re.findall(r"^\| (DIAG-\d+) \|", table, re.MULTILINE))
    assert detectors == written, f"only in the code or only in behaviour.md §8: {sorted(detectors ^ written)}"


def test_every_option_of_the_language_is_in_its_page() -> None:
    (options,) = python_files(AGENT / "expr" / "options.py")
    names = re.findall(r"^    (\w+): [^\n]* = _open\(", options.text, re.MULTILINE)
    page = CITED["expressions.md"].read_text(encoding="utf-8")
    assert names, "the options are declared in another form: this test must follow"
    check(f"expressions.md §5 does not name {n}" for n in names if f"| `{n.replace('_', '-')}` |" not in page)


def test_every_option_of_the_engine_is_in_its_section() -> None:
    (nouns,) = python_files(AGENT / "model" / "configuration.py")
    declared = nouns.text[nouns.text.index("class EngineOptions") :]
    names = re.findall(r"^    (\w+): (?:bool|int|str|Literal)\b", declared, re.MULTILINE)
    section = CITED["behaviour.md"].read_text(encoding="utf-8").partition("\n## 10.")[2]
    assert names, "the options are declared in another form: this test must follow"
    check(f"behaviour.md §10 does not name {n}" for n in names if f"| `{n.replace('_', '-')}` |" not in section)


def test_every_document_that_the_code_names_is_there() -> None:
    def findings() -> Iterator[str]:
        for file in python_files(AGENT, MOCKS):
            for path in re.findall(r"\b((?:agent|mocks)/[\w/-]+\.md)\b", file.text):
                if not (ROOT / path).is_file():
                    yield f"{file.name}: {path} is not there"

    check(findings())


def test_nothing_cites_documents_of_the_workshop() -> None:
    """The project stands alone: papers that are not in it must not be what a reader is sent to."""
    gone = re.compile(r"\b(?:engine\.md|mocks\.md|model-codebases\.md|feasibility\.md|field\.md|DESIGN\b(?:\.md)?)")

    def findings() -> Iterator[str]:
        for file in text_files():
            if file.path == Path(__file__).resolve():
                continue
            for number, line in enumerate(file.text.splitlines(), start=1):
                if match := gone.search(line):
                    yield f"{file.name}:{number}: {match.group(0)}"

    check(findings())


@pytest.mark.parametrize(
    ("heading", "slug"),
    [
        ("What works today", "what-works-today"),
        ("`attrflow init`", "attrflow-init"),
        ("3.5 Flow, precedence", "35-flow-precedence"),
    ],
)
def test_the_anchor_of_a_heading(heading: str, slug: str) -> None:
    assert _slug(heading) == slug
