"""What a load has sent and what was acknowledged, so that it can be said afterwards what must be there."""

import hashlib
import threading
from collections import Counter
from dataclasses import dataclass, field


def digest(content):
    return hashlib.sha256(content).hexdigest()


ABSENT = "absent"


@dataclass
class Place:
    """A file's name in a folder or at a segment, and all contents that it was sent, by their hashes.

    An upload that was not answered may have been carried out or not. So whoever looks finds what was acknowledged last, or
    something that was sent after it: `versions[acknowledged:]`."""

    key: tuple  # ("project", pathname) or ("segment", number, name)
    versions: list = field(default_factory=lambda: [ABSENT])
    acknowledged: int = 0
    gid: str | None = None  # of the project dialect, once it was acknowledged

    def sends(self, content):
        """The number of the version that is being sent."""
        self.versions.append(digest(content))
        return len(self.versions) - 1

    def acknowledge(self, version):
        self.acknowledged = max(self.acknowledged, version)

    def may_be(self, since):
        """What a look may find that began when version `since` was acknowledged."""
        return set(self.versions[since:])


@dataclass
class JobRecord:
    """A bulk job that was begun: the assets that it is about, all of them in the right state for it."""

    token: str
    kind: str
    gids: set
    begun_at: int  # the project's cursor


class Ledger:
    """Shared by all threads of a load."""

    def __init__(self):
        self._lock = threading.Lock()
        self.places = {}
        self.jobs = {}
        self.problems = []
        self.counts = Counter()  # of everything that was done, by kind
        self.failures = Counter()  # calls that the servers could not answer, by kind and reason

    def place(self, *key):
        with self._lock:
            return self.places.setdefault(key, Place(key))

    def stored(self):
        """Places where something was acknowledged."""
        with self._lock:
            return [place for place in self.places.values() if place.acknowledged]

    def note_job(self, job):
        with self._lock:
            assert job.token not in self.jobs, f"two calls began one job: {job}"
            self.jobs[job.token] = job

    def problem(self, text):
        with self._lock:
            self.problems.append(text)

    def count(self, kind):
        with self._lock:
            self.counts[kind] += 1

    def failed(self, kind, error):
        with self._lock:
            self.failures[kind, str(error)[:80]] += 1

    def summary(self):
        with self._lock:
            done = ", ".join(f"{count} {kind}" for kind, count in sorted(self.counts.items()))
            failed = ", ".join(f"{count} × {kind}: {why}" for (kind, why), count in self.failures.most_common(10))
        return f"{done}; could not be answered: {failed or 'nothing'}"
