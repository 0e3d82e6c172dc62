"""The built program under measurement, and calls to it over one kept-alive connection."""

import http.client
import json
import shutil
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Clients"))
from server_process import BINARY, REPOSITORY, Server  # noqa: E402

BENCH = REPOSITORY / ".bench"
TIMEOUT = 60

__all__ = ["BENCH", "BINARY", "Connection", "new_server", "project_connection", "running", "segment_connection", "step"]


def step(text):
    """Tells the person who waits. The table alone goes to the standard output."""
    print(f"bench: {text}", file=sys.stderr, flush=True)


def new_server(name):
    """A server on an empty data folder with the demo project; not started."""
    folder = BENCH / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    server = Server(folder)
    assert server.demo
    return server


@contextmanager
def running(server):
    """The started server; it has ended when the block has, however the block ends."""
    try:
        yield server.start()
        code = server.stop()
        assert code == 0, f"the server exited with {code}\n{server.log_tail()}"
    finally:
        server.kill()


class Connection:
    """One connection, kept open; every request has the same headers."""

    def __init__(self, url, headers=None):
        self.headers = headers or {}
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT)

    def close(self):
        """Before a pause: the server ends connections that are idle for long. The next call opens a new one."""
        self._connection.close()

    def call(self, method, path, body=None, content_type="application/json"):
        """Returns the JSON of the answer, its headers, and how many seconds it took."""
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        headers = {**self.headers, **({"Content-Type": content_type} if body is not None else {})}
        began = time.perf_counter()
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        seconds = time.perf_counter() - began
        assert answer.status == 200, f"{method} {path}: {answer.status} {content[:500]}"
        return json.loads(content), answer.headers, seconds

    def post(self, path, body):
        """The answer of a call in the project dialect, and how many seconds it took."""
        envelope, _, seconds = self.call("POST", path, body)
        assert envelope["success"] is True, f"{path}: {envelope}"
        return envelope, seconds


def project_connection(server):
    """A connection that is authenticated for the demo project, and the path below which that project's calls lie."""
    project = server.demo["project"]
    base = f"/api/p/{project['gid']}"
    connection = Connection(server.url)
    _, headers, _ = connection.call("POST", f"{base}/auth", {"api_key": project["apiKey"]})
    connection.headers["Authorization"] = f"Bearer {headers['Authorization']}"
    return connection, base


def segment_connection(server):
    """A connection that is authenticated for the segment dialect."""
    demo = server.demo
    connection = Connection(server.url, {"X-Auth-AccountId": demo["account"]})
    connection.headers["X-Auth-Token"], _, _ = connection.call(
        "POST", "/api/auth/token", {"accountid": demo["account"], "key": demo["key"]}
    )
    return connection
