"""`python -m attrflow_mocks.serve` as a child: one line, its end, its complaints."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import ldap3
import pytest

from attrflow_mocks.control_client import ControlClient, ControlError
from attrflow_mocks.scenarios.loader import names
from attrflow_mocks.servers import is_loopback

KARI = "CN=Kari Nordmann,OU=Sales,OU=People,DC=contoso,DC=test"
PATHS = os.pathsep.join(path for path in sys.path if path)


@contextmanager
def child(*options: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "attrflow_mocks.serve", *options]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": PATHS, **environment},
    )
    try:
        with process:
            yield process
            if process.stdin and not process.stdin.closed:
                process.stdin.close()
            process.wait(20)
    finally:
        if process.poll() is None:
            process.kill()


def announced(process: subprocess.Popen[str]) -> Any:
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


def taken_port() -> tuple[socket.socket, int]:
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    return taken, taken.getsockname()[1]


@contextmanager
def session(directory: Any, *, start_tls: bool = False) -> Iterator[ldap3.Connection]:
    tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_data=directory["authority"])
    server = ldap3.Server(directory["host"], port=directory["port"], get_info=ldap3.NONE, tls=tls)
    connection = ldap3.Connection(server, directory["account"], directory["password"])
    connection.open()
    if start_tls:
        assert connection.start_tls()
    wire = connection.socket
    try:
        assert connection.bind(), connection.result
        yield connection
    finally:
        connection.unbind()
        wire.close()


def search(directory: Any, base: str, search_filter: str, *attributes: str) -> list[dict[str, list[bytes]]]:
    with session(directory) as connection:
        connection.search(base, search_filter, attributes=list(attributes))
        found = [one for one in connection.response if one["type"] == "searchResEntry"]
        return [dict(one["raw_attributes"]) for one in found]


def test_the_line_says_where_everything_is_and_the_end_of_input_ends_it() -> None:
    with child("--announce", "--clock", "2026-01-31T08:00:00Z") as process:
        said = announced(process)
        assert said["schema"] == "attrflow-mocks.announce/1"
        assert (said["pid"], said["scenario"]) == (process.pid, "contoso-small")
        contoso, fabrikam = said["directories"]
        assert (contoso["name"], contoso["netbios"], contoso["profile"]) == ("contoso", "CONTOSO", "ad")
        assert fabrikam["naming_context"] == "DC=fabrikam,DC=test"
        for directory, base in ((contoso, KARI), (fabrikam, "DC=fabrikam,DC=test")):
            assert search(directory, base, "(objectClass=*)", "objectGUID")
        kari = search(contoso, KARI, "(objectClass=user)", "telephoneNumber")
        assert kari == [{"telephoneNumber": [b"  +47 22 00 00 00 "]}]

        tenant = said["tenant"]
        assert tenant["graph_url"].endswith("/v1.0")
        assert tenant["ingest_url"].endswith("/ingest/v1")
        form = {
            "grant_type": "client_credentials",
            "client_id": tenant["client_id"],
            "client_secret": tenant["client_secret"],
            "scope": "https://graph.microsoft.com/.default",
        }
        with httpx.Client() as http:
            answer = http.post(f"{tenant['login_url']}/{tenant['tenant_id']}/oauth2/v2.0/token", data=form)
            assert answer.status_code == 200, answer.text
            bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
            users = http.get(f"{tenant['graph_url']}/users", headers=bearer).json()["value"]
            assert len(users) == 3

        control = ControlClient(said["control"]["url"], said["control"]["token"])
        assert control.call("GET", "/clock") == {"now": "2026-01-31T08:00:00+00:00"}
        assert {"ldap", "graph", "token"} <= {one["target"] for one in control.journal()["requests"]}
        assert {one["target"] for one in control.journal("ldap")["requests"]} == {"ldap"}
        with pytest.raises(ControlError, match="send the token") as refused:
            ControlClient(said["control"]["url"], "guess").journal()
        assert refused.value.status == 401

        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(20) == 0
        assert process.stdout is not None
        assert process.stdout.read() == ""
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_edits_over_the_control_plane_show_over_ldap_and_reset_undoes_them() -> None:
    with child("--announce", "--part", "directories") as process:
        said = announced(process)
        assert said["tenant"] is None
        contoso = said["directories"][0]
        control = ControlClient(said["control"]["url"], said["control"]["token"])
        control.call("POST", "/directories/contoso/modify", {"dn": KARI, "changes": {"title": ["Director"]}})
        assert search(contoso, KARI, "(objectClass=user)", "title") == [{"title": [b"Director"]}]
        control.call("POST", "/reset")
        assert search(contoso, KARI, "(objectClass=user)", "title") == [{"title": [b"Account Manager"]}]


def test_a_fault_ordered_over_the_control_plane_strikes_once_over_ldap() -> None:
    with child("--announce", "--part", "directories") as process:
        said = announced(process)
        control = ControlClient(said["control"]["url"], said["control"]["token"])
        control.call("POST", "/faults", {"target": "ldap", "operation": "search", "kind": "result", "status": 51})
        with session(said["directories"][0]) as connection:
            results = []
            for _ in range(2):
                connection.search(KARI, "(objectClass=*)")
                results.append(connection.result["result"])
        assert results == [51, 0]
        assert control.call("GET", "/faults") == {"seed": 1, "faults": []}


def test_start_tls_is_verified_with_the_announced_authority() -> None:
    with child("--announce", "--part", "directories") as process:
        for directory in announced(process)["directories"]:
            with session(directory, start_tls=True) as connection:
                assert connection.tls_started


def test_it_ends_when_its_parent_dies() -> None:
    parent = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-m', 'attrflow_mocks.serve', '--announce', '--part', 'tenant'],"
        " stdin=subprocess.PIPE)\n"
        "child.wait()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", parent],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": PATHS},
    ) as process:
        announced(process)
        process.kill()
        assert process.stdout is not None
        # The grandchild holds the other end of standard output: its end is the grandchild's.
        assert process.stdout.read() == ""


def test_the_tenant_alone() -> None:
    with child("--announce", "--part", "tenant", "--seed", "5") as process:
        said = announced(process)
        assert said["directories"] == []
        assert said["tenant"]["tenant_id"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(number: signal.Signals) -> None:
    with child("--announce") as process:
        announced(process)
        process.send_signal(number)
        assert process.wait(20) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_input_that_has_ended_already_ends_it_at_once() -> None:
    command = [sys.executable, "-m", "attrflow_mocks.serve", "--announce", "--part", "tenant"]
    ended = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
        env={**os.environ, "PYTHONPATH": PATHS},
    )
    assert (ended.returncode, len(ended.stdout.splitlines()), ended.stderr) == (0, 1, "")


@pytest.mark.parametrize("option", ["--ldap-port", "--http-port", "--control-port"])
def test_a_taken_port_is_one_sentence_and_exit_code_2(option: str) -> None:
    taken, port = taken_port()
    with taken, child("--announce", option, str(port)) as process:
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (2, "")
    assert err.count("\n") == 1
    assert f"cannot listen on 127.0.0.1:{port}" in err
    assert "give another port" in err


def test_a_host_that_is_not_of_this_machine_is_one_sentence_and_exit_code_2() -> None:
    with child("--announce", "--host", "nowhere.invalid") as process:
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (2, "")
    assert err.splitlines()[-1].startswith("attrflow-mocks: cannot listen on nowhere.invalid:0: ")


def test_an_unknown_scenario_is_one_sentence_and_exit_code_2() -> None:
    with child("--scenario", "nowhere") as process:
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (2, "")
    assert err == f"attrflow-mocks: no scenario is named 'nowhere'; there are: {', '.join(names())}\n"


def test_a_host_that_others_can_reach_is_warned_about() -> None:
    with child("--announce", "--host", "0.0.0.0") as process:
        said = announced(process)
        assert said["directories"][0]["host"] == "127.0.0.1"
        _, err = process.communicate(timeout=20)
    assert err.startswith("WARNING: 0.0.0.0 is not a loopback address")


def test_for_people_it_says_how_to_sign_in_and_waits_for_a_signal() -> None:
    with child("--part", "directories") as process:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdin.close()  # the end of input does not end it here
        lines: list[str] = []
        while not lines or "Ctrl-C" not in lines[-1]:
            lines.append(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    text = "".join(lines)
    assert "svc-attrflow@contoso.test" in text
    assert "ldap://127.0.0.1:" in text


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
    ],
)
def test_what_is_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
