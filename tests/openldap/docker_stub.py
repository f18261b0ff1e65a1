"""As much of the Docker Engine API as the container path asks for, on a unix socket, with nothing behind it."""

from __future__ import annotations

import io
import json
import socketserver
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

__all__ = ["Engine", "docker_engine"]

IMAGE = "sha256:" + "1" * 64


@dataclass
class Engine:
    """What the stub was asked, what it holds, and how it is to behave."""

    url: str
    health: list[str] = field(default_factory=lambda: ["starting", "healthy"])
    build_error: str = ""
    containers: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)

    def leave_behind(self, owner: int, label: str) -> str:
        """A container as a process leaves it that was killed."""
        identifier = f"{len(self.containers):064x}"
        self.containers[identifier] = {"Config": {"Labels": {label: str(owner)}}}
        return identifier

    def describe(self, identifier: str) -> dict[str, Any]:
        """The document of a container; its health goes one step on with each look."""
        status = self.health.pop(0) if len(self.health) > 1 else self.health[0]
        state = {"Status": "exited"} if status == "exited" else {"Status": "running", "Health": {"Status": status}}
        ports = {"389/tcp": [{"HostIp": "127.0.0.1", "HostPort": "43210"}]}
        held = self.containers[identifier]["Config"]
        base = {"Id": identifier, "Name": "/x", "Image": IMAGE, "State": state, "NetworkSettings": {"Ports": ports}}
        return {**base, **self.containers[identifier], "Config": {"Tty": False, **held}}


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    engine: Engine


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def address_string(self) -> str:
        return "unix"

    def _send(self, document: object, status: int = 200) -> None:
        body = b"" if document is None else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _route(self, method: str) -> None:
        engine = self.server.engine
        parts = urlsplit(self.path)
        words = parts.path.strip("/").split("/")
        words = words[1:] if words[0].startswith("v1") else words
        engine.requests.append(f"{method} /{'/'.join(words)}")
        body = self._body()
        match (method, *words):
            case (_, "_ping"):
                self._send("OK")
            case ("GET", "version"):
                self._send({"ApiVersion": "1.43", "MinAPIVersion": "1.24", "Version": "24"})
            case ("POST", "build"):
                with tarfile.open(fileobj=io.BytesIO(body)) as archive:
                    for name in archive.getnames():
                        held = archive.extractfile(name)
                        engine.files[name] = held.read().decode() if held is not None else ""
                error = engine.build_error
                self._send({"error": error} if error else {"stream": f"Successfully built {IMAGE[7:19]}\n"})
            case ("GET", "images", _, "json"):
                self._send({"Id": IMAGE, "RepoTags": []})
            case ("POST", "containers", "create"):
                asked = json.loads(body)
                identifier = f"{len(engine.containers):064x}"
                engine.containers[identifier] = {
                    "Config": {"Labels": asked["Labels"]},
                    "HostConfig": asked["HostConfig"],
                }
                self._send({"Id": identifier, "Warnings": []}, 201)
            case ("POST", "containers", _, "start"):
                self._send(None, 204)
            case ("GET", "containers", "json"):
                label = json.loads(parse_qs(parts.query)["filters"][0])["label"][0]
                known = engine.containers.items()
                self._send([{"Id": key} for key, value in known if label in value["Config"]["Labels"]])
            case ("GET", "containers", identifier, "json"):
                self._send(engine.describe(identifier))
            case ("GET", "containers", _, "logs"):
                self.send_response(200)
                text = b"slapd: no such module\n"
                raw = b"\x01\x00\x00\x00" + len(text).to_bytes(4, "big") + text
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)
            case ("DELETE", "containers", identifier):
                del engine.containers[identifier]
                self._send(None, 204)
            case _:
                self._send({"message": f"the stub has no {method} {self.path}"}, 404)

    def do_GET(self) -> None:
        self._route("GET")

    def do_HEAD(self) -> None:
        self._route("HEAD")

    def do_POST(self) -> None:
        self._route("POST")

    def do_DELETE(self) -> None:
        self._route("DELETE")


@contextmanager
def docker_engine(folder: Path) -> Iterator[Engine]:
    """A stub that listens on a socket in the folder."""
    path = folder / "docker.sock"
    with _Server(str(path), _Handler) as server:
        server.engine = Engine(f"unix://{path}")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server.engine
        finally:
            server.shutdown()
            thread.join()
