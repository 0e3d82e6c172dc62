"""The built program as a process: started, stopped, killed; and its administration commands."""

import json
import os
import queue
import subprocess
import threading
import time
import uuid
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("STOCKROOM_BIN", REPOSITORY / ".build" / "debug" / "stockroom"))

# A PostgreSQL to run all servers on, each in a schema of its own (scripts/with-postgres); otherwise each has its SQLite.
POSTGRES = os.environ.get("STOCKROOM_TEST_POSTGRES") if os.environ.get("STOCKROOM_CLIENTS_ON") == "postgres" else None

START_SECONDS = 60  # a debug build on a busy machine
STOP_SECONDS = 60  # longer than the limit within which a server drains


def wait_until(condition, seconds, what):
    """Polls until `condition()` is true and returns what it gave. For where nothing can be awaited."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


def files_below(folder):
    return sorted(path for path in Path(folder).rglob("*") if path.is_file())


def new_schema(url):
    """An empty database, as good as: a schema of its own. Returns its URL."""
    name = f"server_{uuid.uuid4().hex}"
    subprocess.run(["psql", "-qX", "-c", f"CREATE SCHEMA {name}", url], check=True, stdout=subprocess.DEVNULL)
    return f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3D{name}"


class Server:
    """One data folder, and the process that serves it now."""

    # The URL of a bucket for the bytes of all servers, each below a prefix of its own; None = the data folder.
    bucket = None
    prefix = ()  # what runs the program: nothing, or the beginning of a command line
    port = 0

    def __init__(self, folder, environment=None):
        self.folder = Path(folder)
        self.data = self.folder / "data"
        self.log = self.folder / "server.log"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("STOCKROOM_")},
            **(environment or {}),
        }
        if POSTGRES:
            self.environment["STOCKROOM_DATABASE"] = new_schema(POSTGRES)
        if self.bucket:
            self.environment.setdefault("STOCKROOM_BLOBS", self.bucket.replace("?", f"{uuid.uuid4()}?", 1))
        self.process = None
        self.url = None
        self._demo = None

    def command(self, *arguments, seconds=START_SECONDS):
        """Runs an administration command on the data folder and returns the object that it prints."""
        done = subprocess.run(
            [BINARY, *map(str, arguments), "--json", "--data", self.data],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=seconds,
        )
        assert done.returncode == 0, f"stockroom {arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return json.loads(done.stdout)

    @property
    def demo(self):
        """Account, users, keys and project of the demo set, which is made when first asked for."""
        if self._demo is None:
            self._demo = self.command("demo")
        return self._demo

    def start(self):
        assert self.process is None, "runs already"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, BINARY, "serve", "--json", "--data", self.data, "--port", str(self.port)],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        lines = queue.SimpleQueue()
        threading.Thread(target=self._pass_on, args=(self.process.stdout, lines), daemon=True).start()
        try:
            line = lines.get(timeout=START_SECONDS)
        except queue.Empty:
            line = None
        if not line:
            self.kill()
            raise AssertionError(f"the server did not become ready\n{self.log_tail()}")
        self.url = json.loads(line)["url"]
        return self

    @staticmethod
    def _pass_on(stdout, lines):
        with stdout:
            for line in stdout:
                lines.put(line)
        lines.put("")  # the end

    def stop(self):
        """SIGTERM; returns the exit code."""
        self.process.terminate()
        return self.wait_for_exit()

    def wait_for_exit(self):
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"still running {STOP_SECONDS} s after SIGTERM\n{self.log_tail()}") from None
        finally:
            self.process = None

    def kill(self):
        """SIGKILL, as by a power cut: nothing is written or closed."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def temporary_files(self):
        return files_below(self.data / "tmp")

    def blob_files(self):
        return files_below(self.data / "blobs")

    def log_tail(self, lines=40):
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])
