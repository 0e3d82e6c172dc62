"""PostgreSQL from Debian, with files of its own and its log in a folder: `with Postgres(folder) as postgres: postgres.url`."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from component import Process, free_port, log_tail, program

SECONDS = 120

# Committed is durable, as in service: servers and databases are killed here. The rest only makes it start quicker, and lets
# three servers and the tests connect.
SETTINGS = {
    "listen_addresses": "'127.0.0.1'",
    "unix_socket_directories": "''",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_connections": 200,
    "shared_buffers": "'128MB'",
    "logging_collector": "off",
    "log_min_duration_statement": 1000,
}

EXPECTED_ERRORS = (
    *("deadlock detected", "could not serialize access", "canceling statement", "No space left on device"),
    *("terminating connection", "duplicate key value violates unique constraint", "the database system is"),
)


class Postgres:
    """A database server with the empty database `stockroom`, for the user of the same name, without a password."""

    def __init__(self, folder, settings=None):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        # Not in `folder`: temporary folders of tests are for their owner alone, which is somebody else.
        self.data = Path(tempfile.mkdtemp(prefix="stockroom-postgres-"))
        self.port = free_port()
        self.settings = {**SETTINGS, **(settings or {})}
        # PostgreSQL refuses to run as root, and as somebody whom the system does not know. Debian's package makes the user.
        self.user = pwd.getpwnam("postgres").pw_uid if os.geteuid() == 0 else None
        self._process = None
        self._emptied_at = 0  # how long the log was

    @property
    def url(self):
        return self.url_at(self.port)

    @staticmethod
    def url_at(port, database="stockroom"):
        """Of the same database through another port, such as one of a proxy."""
        return f"postgres://stockroom@127.0.0.1:{port}/{database}"

    def make(self):
        """The files of a new database server, not started."""
        if self.user is not None:
            os.chown(self.data, self.user, self.user)
        self._run(
            program("initdb"),
            "--pgdata",
            self.data,
            "--username",
            "stockroom",
            "--auth",
            "trust",
            "--encoding",
            "UTF8",
            "--locale",
            "C.UTF-8",
            "--no-sync",
            "--no-instructions",
        )
        with open(self.data / "postgresql.conf", "a") as file:
            file.writelines(f"{name} = {value}\n" for name, value in self.settings.items())
        os.sync()

    def start(self):
        if not (self.data / "PG_VERSION").exists():
            self.make()
        # By SIGINT the server ends its sessions and itself, in order; by SIGQUIT at once.
        self._process = Process(
            [program("postgres"), "-D", self.data, "-p", self.port],
            self.port,
            self.folder,
            parent_signal="QUIT",
            stop_signal=signal.SIGINT,
            user=self.user,
        )
        self._process.is_ready = self._is_ready
        self._process.start()
        if not self.sql("SELECT 1 FROM pg_database WHERE datname = 'stockroom'", database="postgres"):
            self.sql("CREATE DATABASE stockroom", database="postgres")
        return self

    def _is_ready(self):
        asked = [
            program("pg_isready"),
            "-q",
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-U",
            "stockroom",
            "-d",
            "postgres",
        ]
        return subprocess.run(asked, timeout=SECONDS).returncode == 0

    def stop(self):
        """In order, as a restart for an update does: sessions are told, and end."""
        self._process.stop()

    def kill(self):
        """As by a power cut."""
        if self._process is not None:
            self._process.kill()

    @property
    def runs(self):
        return self._process is not None and self._process.process is not None and self._process.process.poll() is None

    def restart(self):
        self.stop()
        self.start()

    def pause(self):
        self._process.pause()

    def resume(self):
        self._process.resume()

    @property
    def log(self):
        return self._process.log

    def log_tail(self):
        return log_tail(self.log)

    def unexpected_errors(self):
        """What it was asked that makes no sense: lines of its log. Errors that belong to its end, to a full disk, and to two
        writers who meet, are expected: whoever gets these tries again."""
        lines = self.log.read_text(errors="replace")[self._emptied_at :].splitlines()
        return [line for line in lines if " ERROR: " in line and not any(text in line for text in EXPECTED_ERRORS)]

    @property
    def pid(self):
        return self._process.process.pid

    def psql(self, script, database="stockroom", seconds=SECONDS):
        """What the script prints, as text; it stops at the first error."""
        command = [
            *(program("psql"), "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1"),
            *("-h", "127.0.0.1", "-p", str(self.port), "-U", "stockroom", "-d", database),
        ]
        done = subprocess.run(command, input=script, capture_output=True, text=True, timeout=seconds)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def sql(self, statement, database="stockroom"):
        """The rows of one statement, each a list of texts."""
        return [line.split("|") for line in self.psql(statement, database).splitlines()]

    def empty(self):
        """A new database in the place of the old one, whose errors are forgotten."""
        self.psql("DROP DATABASE stockroom WITH (FORCE)", "postgres")
        self.psql("CREATE DATABASE stockroom", "postgres")
        self._emptied_at = len(self.log.read_text(errors="replace"))

    def listeners(self):
        """The sessions that wait for notifications."""
        return [int(row[0]) for row in self.sql("SELECT pid FROM pg_stat_activity WHERE query ILIKE 'listen%'")]

    def end_session(self, number):
        return self.sql(f"SELECT pg_terminate_backend({number})") == [["t"]]

    def _run(self, *command):
        options = {"user": self.user, "group": self.user, "extra_groups": []} if self.user is not None else {}
        done = subprocess.run(
            list(map(str, command)), cwd="/", capture_output=True, text=True, timeout=SECONDS, **options
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.data, ignore_errors=True)
