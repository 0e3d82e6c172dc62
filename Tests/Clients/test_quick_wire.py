"""Requests that are answered before the web framework, mixed with all others on the same connections: bytes cut anywhere, pipelined or
not. Every answer is the right one, in its place, and whole. `STOCKROOM_WIRE_SEED` repeats a run."""

import json
import os
import random
import signal
import socket

import pytest

import raw_http
from project_client import ProjectCalls
from segment_client import SegmentAssets, SegmentClient

SEED = int(os.environ.get("STOCKROOM_WIRE_SEED", random.randrange(1 << 32)))
CONNECTIONS = 60
REQUESTS = 25


class Answers:
    """Reads answers from a socket, one after the other."""

    def __init__(self, connection):
        self.connection = connection
        self.received = b""

    def _more(self):
        piece = self.connection.recv(1 << 16)
        self.received += piece
        return piece

    def next(self, method="GET"):
        """(status, headers, body); None when the connection has ended where an answer would begin."""
        while b"\r\n\r\n" not in self.received:
            if not self._more():
                assert not self.received, f"the answer ends in its head: {self.received[:200]}"
                return None
        head, _, self.received = self.received.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        status = int(first.split()[1])
        length = 0 if method == "HEAD" or status == 304 else int(headers.get("content-length", 0))
        while len(self.received) < length:
            assert self._more(), f"the answer ends after {len(self.received)} of {length} bytes"
        body, self.received = self.received[:length], self.received[length:]
        return status, headers, body


class Wire:
    """Requests as bytes, and what must be answered to each."""

    def __init__(self, server, new_segment=lambda _: 27665601):
        self.url = server.url
        project = server.demo["project"]
        calls = ProjectCalls.with_key(server.url, project["gid"], project["apiKey"])
        assets = SegmentAssets(SegmentClient(server.url, server.demo["account"], server.demo["key"]), scope="pr7214")
        self.segment = new_segment(assets)
        self.files = {f"wire-{size}.txt": os.urandom(size) for size in (0, 1, 1000, 20_000, 100_000)}
        for name, content in self.files.items():
            assets.upload(self.segment, name, content)
        self.root = calls.result("assets/root")["root"]
        self.get = f"/api/p/{calls.gid}/assets/get"
        self.project_headers = {"Authorization": f"Bearer {calls.token}"}
        self.segment_headers = assets.client.auth_headers

    def file(self, name, method="GET", **headers):
        path = f"/api/resources/assets/{self.segment}?scope=pr7214&filename={name}"
        return method, self.request(method, path, {**self.segment_headers, **headers})

    def asset(self, body, **headers):
        return "POST", self.request("POST", self.get, {**self.project_headers, **headers}, json.dumps(body).encode())

    def request(self, method, path, headers, body=None):
        if body is not None:
            headers = {**headers, "Content-Length": len(body)}
        return raw_http.request_head(method, path, "localhost", headers) + (body or b"")

    def chunked(self):
        body = json.dumps({"asset": self.root}).encode()
        head = raw_http.request_head(
            "POST", self.get, "localhost", {**self.project_headers, "Transfer-Encoding": "chunked"}
        )
        return "POST", head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)

    def any(self, choice):
        """A request, and a function that looks at its answer."""
        name = choice.choice(list(self.files))

        def is_file(status, headers, body):
            assert (status, body) == (200, self.files[name]), (name, status)
            assert headers["x-content-type-options"] == "nosniff" and headers["x-request-id"]

        def is_root(status, headers, body):
            answer = json.loads(body)
            assert status == 200 and answer["success"] and list(answer["data"]["assets"]) == [self.root]
            assert headers["authorization"] and headers["cache-control"] == "no-store"

        def has_status(expected, content=None):
            def look(status, headers, body):
                assert status == expected and headers["x-request-id"]
                assert content is None or body == content

            return look

        whole = f"bytes=0-{max(len(self.files[name]) - 1, 0)}"
        return choice.choice(
            [
                (self.file(name), is_file),
                (self.asset({"asset": self.root}), is_root),
                (self.file(name), is_file),
                (self.asset({"asset": self.root}), is_root),
                (self.file(name, "HEAD"), has_status(200)),
                (self.file("wire-1000.txt", Range=whole), lambda status, headers, body: None),
                (self.file(name, **{"If-None-Match": "*"}), has_status(304, b"")),
                (self.file("none.txt"), has_status(404)),
                (self.asset({"asset": "00000000-0000-4000-8000-000000000000"}), has_status(422)),
                (self.asset({"assets": [self.root]}), is_root),
                (self.asset({"asset": self.root}, Authorization="Bearer x"), has_status(401)),
                (("PUT", self.request("PUT", "/healthz", {}, os.urandom(choice.randrange(5000)))), has_status(405)),
                (("GET", self.request("GET", "/healthz", {})), has_status(200)),
                (self.chunked(), is_root),
            ]
        )


@pytest.fixture(scope="module")
def wire(server, new_segment):
    return Wire(server, new_segment)


def pieces(data, choice):
    """The same bytes, cut at random."""
    cuts = sorted(choice.randrange(len(data) + 1) for _ in range(choice.choice([0, 1, 3])))
    return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)]) if start < end]


def open_connection(url):
    connection, _ = raw_http.connect(url)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


@pytest.mark.parametrize("is_pipelined", [False, True])
@pytest.mark.parametrize("is_cut", [False, True])
def test_every_request_gets_its_answer(wire, is_pipelined, is_cut):
    print(f"seed {SEED}")
    choice = random.Random(SEED)
    for _ in range(CONNECTIONS):
        with open_connection(wire.url) as connection:
            answers, waiting = Answers(connection), []

            def read():
                (method, _), look = waiting.pop(0)
                answer = answers.next(method)
                assert answer, "the connection has ended"
                look(*answer)

            for _ in range(REQUESTS):
                waiting.append(wire.any(choice))
                (_, data), _ = waiting[-1]
                for piece in pieces(data, choice) if is_cut else [data]:
                    connection.sendall(piece)
                # A server may stop reading while its answers are not taken.
                while waiting and not (is_pipelined and len(waiting) < 8):
                    read()
            while waiting:
                read()
            assert not answers.received


def test_a_client_that_closes_its_end_gets_its_answer(wire):
    (_, data), look = wire.file("wire-100000.txt"), None
    for _ in range(20):
        with open_connection(wire.url) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            answers = Answers(connection)
            status, _, body = answers.next()
            assert (status, body) == (200, wire.files["wire-100000.txt"])
            assert answers.next() is None


def test_a_server_that_stops_cuts_no_answer_off(own_server):
    wire = Wire(own_server)
    _, data = wire.file("wire-100000.txt")
    connections = []
    for _ in range(10):
        # So small that much of what is answered waits in the server.
        connection, _ = raw_http.connect(own_server.url, receive_buffer=4096)
        answers = Answers(connection)
        connection.sendall(data)
        answers.next()
        connection.sendall(data)
        # Its beginning shows that the request has arrived.
        answers.received = connection.recv(1)
        connections.append(answers)
    own_server.process.send_signal(signal.SIGTERM)
    for answers in connections:
        status, _, body = answers.next()
        assert (status, body) == (200, wire.files["wire-100000.txt"])
        assert answers.next() is None
        answers.connection.close()
    own_server.wait_for_exit()
