"""The processes in which a server decodes pictures, as /proc shows them."""

import os
import signal
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple


class Worker(NamedTuple):
    """A process id may be used again, but not with the same time of birth."""

    pid: int
    born: int

    def _fields_of_stat(self):
        fields = _stat(self.pid)
        return fields if fields and int(fields[19]) == self.born else None

    @property
    def state(self):
        """R, S, T …; None when it has ended, even if nobody has asked for its exit code yet."""
        fields = self._fields_of_stat()
        if fields is None or fields[0] in "ZX" and not self._has_other_threads():
            return None
        return fields[0]

    def _has_other_threads(self):
        """The first thread may have ended while others still hold what is open."""
        try:
            return len(os.listdir(f"/proc/{self.pid}/task")) > 1
        except (FileNotFoundError, ProcessLookupError):
            return False

    @property
    def is_running(self):
        return self.state is not None

    @property
    def ticks(self):
        """Processor time so far, in hundredths of a second."""
        fields = self._fields_of_stat()
        return int(fields[11]) + int(fields[12]) if fields else 0

    def send(self, number):
        assert self.is_running
        os.kill(self.pid, number)

    def stop(self):
        self.send(signal.SIGSTOP)

    def go_on(self):
        self.send(signal.SIGCONT)

    def open_files(self):
        """What its descriptors name: paths, sockets, pipes."""
        names = set()
        for link in Path(f"/proc/{self.pid}/fd").iterdir():
            try:
                names.add(os.readlink(link))
            except FileNotFoundError:  # closed meanwhile
                pass
        return names

    def threads(self):
        """What the kernel says of each thread, by name."""
        texts = [(thread / "status").read_text() for thread in Path(f"/proc/{self.pid}/task").iterdir()]
        return [dict(line.split(":", 1) for line in text.splitlines()) for text in texts]


def _stat(pid):
    """The fields behind the name of the program: state, parent, …"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def workers(server):
    """The server's workers that run now, at any depth below it."""
    children = defaultdict(list)
    for folder in Path("/proc").glob("[0-9]*"):
        fields = _stat(folder.name)
        if fields and fields[0] not in "ZX":
            children[int(fields[1])].append(Worker(int(folder.name), int(fields[19])))
    found, unseen = [], [server.process.pid]
    while unseen:
        below = children[unseen.pop()]
        unseen += [child.pid for child in below]
        found += [child for child in below if b"media-worker" in _command_line(child.pid)]
    return found


def _command_line(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
