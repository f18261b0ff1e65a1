"""The container path against a stub of the Docker Engine API on a unix socket; no engine is needed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.openldap.docker_stub import Engine, docker_engine

from attrflow_mocks import openldap, openldap_choice
from attrflow_mocks.openldap import SlapdError, SlapdMissingError, find_slapd
from attrflow_mocks.openldap_choice import NoOpenLdapError, chosen_openldap
from attrflow_mocks.openldap_container import LABEL, DockerMissingError, connect, running_container, sweep
from attrflow_mocks.openldap_example import example_ldif

pytest.importorskip("docker", reason="the package docker is in the testing extra")


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    with docker_engine(tmp_path) as stub:
        monkeypatch.setenv("DOCKER_HOST", stub.url)
        yield stub


def test_a_container_is_built_awaited_labelled_and_removed(engine: Engine) -> None:
    client = connect()
    with running_container(example_ldif(3, 1), client=client) as slapd:
        (held,) = engine.containers.values()
        assert held["Config"]["Labels"] == {LABEL: str(os.getpid())}
        assert held["HostConfig"]["PortBindings"] == {"389/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}
        assert (slapd.url, slapd.admin_dn) == ("ldap://127.0.0.1:43210", "cn=admin,dc=example,dc=test")
    client.close()
    assert engine.containers == {}
    assert engine.files["seed.ldif"] == example_ldif(3, 1)
    assert "overlay accesslog" in engine.files["slapd.conf"]


@pytest.mark.openldap
def test_image_and_script_load_one_configuration_and_seed(engine: Engine, tmp_path: Path) -> None:
    """slaptest and slapadd read what the image holds, with its folder moved to here."""
    try:
        find_slapd("slaptest")
    except SlapdMissingError as error:
        pytest.skip(str(error))
    client = connect()
    with running_container(example_ldif(3, 1), client=client):
        pass
    client.close()
    folder = tmp_path / "slapd"
    for name in ("database", "accesslog"):
        (folder / name).mkdir(parents=True)
    text = engine.files["slapd.conf"].replace("/srv/slapd", str(folder))
    (folder / "slapd.conf").write_text(text)
    (folder / "seed.ldif").write_text(engine.files["seed.ldif"])
    for command in (["slaptest", "-u"], ["slapadd", "-q", "-w", "-n", "1", "-l", str(folder / "seed.ldif")]):
        tool = [str(find_slapd(command[0])), *command[1:], "-f", str(folder / "slapd.conf")]
        done = subprocess.run(tool, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("health", "words"), [(["starting", "unhealthy"], "unhealthy"), (["exited"], "exited")])
def test_a_container_that_does_not_come_up_is_told_with_its_words_and_removed(
    engine: Engine, health: list[str], words: str
) -> None:
    engine.health = health
    client = connect()
    with pytest.raises(SlapdError, match=f"{words}: slapd: no such module"), running_container(client=client):
        pass
    client.close()
    assert engine.containers == {}


def test_an_image_that_cannot_be_built_is_told(engine: Engine) -> None:
    engine.build_error = "no space left"
    client = connect()
    with pytest.raises(SlapdError, match="no space left"), running_container(client=client):
        pass
    client.close()


def test_a_failing_test_leaves_no_container(engine: Engine) -> None:
    client = connect()
    with pytest.raises(ZeroDivisionError), running_container(client=client):
        raise ZeroDivisionError
    client.close()
    assert engine.containers == {}


def test_what_a_killed_process_left_is_swept_and_nothing_else(engine: Engine) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    engine.leave_behind(gone.pid, LABEL)
    ours = engine.leave_behind(os.getpid(), LABEL)
    other = engine.leave_behind(gone.pid, "somebody.else")
    client = connect()
    assert sweep(client) == 1
    client.close()
    assert set(engine.containers) == {ours, other}


def test_auto_takes_the_container_where_there_is_no_binary(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openldap_choice, "_has_binary", lambda: False)
    with chosen_openldap("auto", lambda: example_ldif(2, 1)) as slapd:
        assert slapd.port == 43210
    with chosen_openldap("container", lambda: example_ldif(2, 1)) as slapd:
        assert slapd.port == 43210


def test_modes_by_name_fail_and_auto_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(openldap, "_PLACES", ())
    for mode, kind in (("auto", NoOpenLdapError), ("local", SlapdMissingError), ("container", DockerMissingError)):
        with pytest.raises(kind), chosen_openldap(mode, lambda: ""):
            pass
    with pytest.raises(SlapdError, match="auto, local, container or a URL"), chosen_openldap("podman", lambda: ""):
        pass


def test_a_url_is_used_as_it_is() -> None:
    with chosen_openldap("ldap://cn=root,o=x:s%40fe@ldap.test:1389/o=x", lambda: "") as slapd:
        assert (slapd.url, slapd.suffix) == ("ldap://ldap.test:1389", "o=x")
        assert (slapd.admin_dn, slapd.password) == ("cn=root,o=x", "s@fe")
    with chosen_openldap("ldaps://ldap.test", lambda: "") as slapd:
        assert (slapd.port, slapd.admin_dn) == (636, "cn=admin,dc=example,dc=test")
    with pytest.raises(SlapdError, match="is no URL"), chosen_openldap("http://x", lambda: ""):
        pass
