"""A program that the tests start: on loopback, in a folder of its own, ended when its parent ends, however that ends."""

import os
import queue
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

START_SECONDS = 60
STOP_SECONDS = 30

# The system's programs that are in nobody's PATH, and where Debian puts PostgreSQL's.
PLACES = [Path("/usr/sbin"), Path("/sbin"), *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]


class CannotRun(Exception):
    """Something that this machine lacks or does not permit; the words say what."""


def program(name, first_in=()):
    """The path of a program that `scripts/bootstrap --cluster` installs."""
    places = [str(place) for place in (*first_in, *os.environ["PATH"].split(":"), *PLACES)]
    path = shutil.which(name, path=":".join(places))
    if not path:
        raise CannotRun(f"{name} is not installed (scripts/bootstrap --cluster)")
    return path


_given = set()


def free_port():
    """A port that nobody listens on, and that this process has not given before.

    It lies below those that the system takes for outgoing connections, so that none of these takes it meanwhile."""
    first_outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    low, high = (10_000, first_outgoing) if first_outgoing > 12_000 else (20_000, 60_000)
    while True:
        port = low + int.from_bytes(os.urandom(4)) % (high - low)
        with socket.socket() as probe:
            # As servers do: a port on which connections of a former server are still being forgotten is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in _given:
            _given.add(port)
            return port


def is_listening(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def log_tail(path, lines=40):
    text = Path(path).read_text(errors="replace") if Path(path).exists() else ""
    return "\n".join(text.splitlines()[-lines:])


# MARK: Ending with the parent


class _Starter:
    """A thread that lives as long as this process, and starts all others.

    The kernel sends the signal of the parent's death when the *thread* ends that started the child."""

    def __init__(self):
        self._work = queue.SimpleQueue()
        threading.Thread(target=self._run, daemon=True, name="starts processes").start()

    def _run(self):
        while True:
            function, answer = self._work.get()
            try:
                answer.put((function(), None))
            except BaseException as error:
                answer.put((None, error))

    def __call__(self, function):
        answer = queue.SimpleQueue()
        self._work.put((function, answer))
        value, error = answer.get()
        if error:
            raise error
        return value


_starter = None
_lock = threading.Lock()


def in_lasting_thread(function):
    """What `function()` gives; the processes that it starts do not lose their parent when the calling thread ends."""
    global _starter
    with _lock:
        _starter = _starter or _Starter()
    return _starter(function)


def ending_with_parent(signal_name="KILL", user=None, cores=None):
    """The beginning of a command line: what follows gets the signal when its parent dies; as another user, on some cores only."""
    command = [program("setpriv"), "--pdeathsig", signal_name]
    if user is not None:
        command += ["--reuid", str(user), "--regid", str(user), "--clear-groups"]
    if cores is not None:
        command += [program("taskset"), "--cpu-list", ",".join(map(str, cores))]
    return command


class Process:
    """A program that listens on a port. It can be stopped, killed, paused and started again.

    - parent_signal: what it gets when the tests die; one by which it ends its children too.
    - stop_signal: by which it ends in order."""

    def __init__(
        self, command, port, folder, *, parent_signal="KILL", stop_signal=signal.SIGTERM, user=None, environment=None
    ):
        self.command = [*ending_with_parent(parent_signal, user), *map(str, command)]
        self.port, self.folder = port, Path(folder)
        self.log = self.folder / f"{Path(str(command[0])).name}.log"
        self.stop_signal = stop_signal
        self.environment = {**os.environ, **(environment or {})}
        self.process = None

    def start(self):
        assert self.process is None, "runs already"

        def launch():
            with open(self.log, "ab") as log:
                # A group of its own, so that its children can be killed and paused with it.
                return subprocess.Popen(
                    self.command,
                    cwd=self.folder,
                    env=self.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    process_group=0,
                )

        self.process = in_lasting_thread(launch)
        deadline = time.monotonic() + START_SECONDS
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"{self.command} did not start\n{log_tail(self.log)}")
            time.sleep(0.02)
        return self

    def is_ready(self):
        return is_listening(self.port)

    def stop(self):
        if self.process is not None:
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(STOP_SECONDS)
            finally:
                self.kill()

    def kill(self):
        """With its children, as by a power cut."""
        if self.process is not None:
            self._signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def pause(self):
        """It keeps its connections and does nothing: the others wait."""
        self._signal(signal.SIGSTOP)

    def resume(self):
        self._signal(signal.SIGCONT)

    def _signal(self, number):
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.kill()
