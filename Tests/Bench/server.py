"""The built program under measurement, and calls to it over one kept-alive connection."""

import http.client
import json
import re
import shutil
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

sys.path.append(str(Path(__file__).resolve().parents[1] / "Clients"))
from server_process import BINARY, REPOSITORY, Server, wait_until  # noqa: E402

BENCH = REPOSITORY / ".bench"
TIMEOUT = 60

__all__ = [
    "BENCH",
    "BINARY",
    "Connection",
    "Server",
    "family",
    "memory",
    "new_server",
    "peak_memory",
    "project_connection",
    "running",
    "segment_connection",
    "step",
    "wait_until",
]


def step(text):
    """Tells the person who waits. The table alone goes to the standard output."""
    print(f"bench: {text}", file=sys.stderr, flush=True)


def new_server(name, environment=None):
    """A server on an empty data folder with the demo project; not started."""
    folder = BENCH / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    server = Server(folder, environment)
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


def peak_memory(pid):
    """The most memory that the process has ever had, in MB (10⁶ bytes)."""
    return status(pid, "VmHWM")


def memory(pid):
    """The memory that the process has now, in MB (10⁶ bytes)."""
    return status(pid, "VmRSS")


def status(pid, name):
    text = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"{name}:\s+(\d+) kB", text)[1]) * 1024 / 1e6


def family(pid):
    """The ids of the process, of its children, and of theirs."""
    members = [pid]
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that has just ended
            members += [member for child in path.read_text().split() for member in family(int(child))]
    return members


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
        content, headers, seconds = self.fetch(method, path, body, content_type)
        return json.loads(content), headers, seconds

    def fetch(self, method, path, body=None, content_type="application/json"):
        """As `call`, for an answer that need not be JSON: returns its bytes."""
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        headers = {**self.headers, **({"Content-Type": content_type} if body is not None else {})}
        began = time.perf_counter()
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        seconds = time.perf_counter() - began
        assert answer.status == 200, f"{method} {path}: {answer.status} {content[:500]}"
        return content, answer.headers, seconds

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
