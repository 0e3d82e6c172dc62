"""A mixed load on servers: uploads of both dialects, edits, bulk jobs, downloads, and followers of the feed.

    load = MixedLoad(installation)
    with load.running():
        …what happens to the servers…
    checks.check_everything(load, installation)

Every thread goes on whatever fails, and notes in the ledger what was acknowledged, and what is wrong whatever happens."""

import os
import threading
import time
from contextlib import contextmanager

import sample_files
from callers import Caller, Unavailable, pause
from followers import PollFollower, SocketFollower, StreamFollower
from ledger import ABSENT, JobRecord, Ledger, digest

SEGMENTS = range(27665601, 27665641)
MB = 1_000_000


class Worker:
    """A thread that does one kind of thing again and again."""

    kind = None
    rest = 0.02  # seconds between two of them

    def __init__(self, number, caller, ledger):
        self.number, self.caller, self.ledger = number, caller, ledger
        self.random = caller.random
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True, name=f"{self.kind} {number}")

    def prepare(self):
        """Before the load begins, while everything works."""

    def once(self):
        raise NotImplementedError

    def _run(self):
        while not self.stopping.is_set():
            try:
                self.once()
            except Unavailable as error:
                self.ledger.failed(self.kind, error)
                pause(self.random)
            except Exception as error:
                self.ledger.problem(f"{self.kind} {self.number}: {type(error).__name__}: {error}")
                pause(self.random)
            self.stopping.wait(self.rest)

    def folder(self, name):
        root = self.caller.result("assets/root")["root"]
        return self.caller.result("assets/create", {"parent": root, "name": name})["asset"]

    def content(self):
        """Bytes that nobody else sends: mostly small, now and then a picture, or several megabytes."""
        roll = self.random.random()
        if roll < 0.05:
            return sample_files.png(8, 8, self.random.randbytes(3)) + os.urandom(16)
        size = self.random.randint(1, 40_000) if roll < 0.97 else self.random.randint(MB, 7 * MB)
        return os.urandom(16) + self.random.randbytes(size)


class ProjectUploader(Worker):
    kind = "project upload"

    def prepare(self):
        self.name = f"uploads {self.number}"
        self.parent, self.sent = self.folder(self.name), 0

    def once(self):
        # A name is used once: one that was sent without an answer may be taken.
        self.sent += 1
        name, content = f"{self.sent:05d}.bin", self.content()
        place = self.ledger.place("project", f"/{self.name}/{name}")
        version = place.sends(content)
        place.gid = self.caller.upload(self.parent, name, content)
        place.acknowledge(version)
        self.ledger.count(self.kind)


class SegmentUploader(Worker):
    """Each thread has names of its own, and replaces some of what it has sent before."""

    kind = "segment upload"

    def prepare(self):
        self.sent = 0

    def once(self):
        if self.sent and self.random.random() < 0.2:
            number = self.random.randint(1, self.sent)
        else:
            self.sent += 1
            number = self.sent
        segment, name = SEGMENTS[number % len(SEGMENTS)], f"{self.number}-{number:05d}.bin"
        content = self.content()
        place = self.ledger.place("segment", segment, name)
        version = place.sends(content)
        self.caller.attach(segment, name, content)
        place.acknowledge(version)
        self.ledger.count(self.kind)


class Downloader(Worker):
    """Reads what was acknowledged, whatever happens to the servers meanwhile: it is there, and it is the same."""

    kind = "download"

    def once(self):
        places = self.ledger.stored()
        if not places:
            return
        place = self.random.choice(places)
        since = place.acknowledged
        found = self.read(place)
        if found not in place.may_be(since):
            self.ledger.problem(f"{place.key}: {found} was read, and not {place.versions[since:]}")
        self.ledger.count(self.kind)

    def read(self, place):
        dialect, *key = place.key
        body = self.caller.download(place.gid) if dialect == "project" else self.caller.download_of_segment(*key)
        return ABSENT if body is None else digest(body)


class Editor(Worker):
    """Makes folders, and renames, describes, deletes, revives and purges them, for the followers to hear of."""

    kind = "edit"
    rest = 0.05

    def prepare(self):
        self.parent, self.made, self.mine = self.folder(f"edits {self.number}"), 0, []

    def once(self):
        roll = self.random.random()
        if not self.mine or roll < 0.3:
            self.made += 1
            body = {"parent": self.parent, "name": f"folder {self.made}"}
            self.mine.append(self.caller.result("assets/create", body)["asset"])
        elif roll < 0.55:
            self.made += 1
            self.caller.result(
                "assets/update", {"asset": self.random.choice(self.mine), "name": f"renamed {self.made}"}
            )
        elif roll < 0.8:
            self.made += 1
            title = {"en": f"title {self.made}"}
            self.caller.result("assets/update", {"asset": self.random.choice(self.mine), "title": title})
        else:
            # Whatever of it fails for want of an answer, the folder is not used again.
            gid = self.mine.pop(self.random.randrange(len(self.mine)))
            self.caller.result("assets/delete", {"asset": gid})
            if roll < 0.9:
                self.caller.result("assets/permanent_delete", {"asset": gid})
            else:
                self.caller.result("assets/undelete", {"asset": gid})
        self.ledger.count(self.kind)


class BulkWorker(Worker):
    """Deletes the files of a folder, but some, by a job; then revives them by another one; and so on."""

    kind = "bulk job"
    rest = 0.2

    def __init__(self, number, caller, ledger, files):
        super().__init__(number, caller, ledger)
        # By the number of files, jobs of different workers can be told apart.
        self.files = files + 10 * number

    def prepare(self):
        self.parent = self.folder(f"bulk {self.number}")
        self.gids = [
            self.caller.upload(self.parent, f"{number:04d}.txt", b"bulk %d" % number) for number in range(self.files)
        ]
        self.kept = self.random.sample(self.gids, 3)
        self.about = set(self.gids) - set(self.kept)
        self.kinds = ["delete", "undelete"]

    def once(self):
        kind = self.kinds[0]
        cursor = self.caller.result("/sync/cursors", {"project": self.caller.gid})["cursor"]
        token = self.begin(kind)
        if token is None:
            return
        self.ledger.note_job(JobRecord(token, kind, set(self.about), cursor))
        self.kinds.reverse()
        if self.ended(token) is not None:
            self.ledger.count(self.kind)

    def begin(self, kind):
        """The token of the job; None when none was begun."""
        # What the job is about is written out for the one, and found by the server for the other.
        selection = [{"children": self.parent, "exclude": self.kept}] if kind == "delete" else sorted(self.about)
        try:
            return self.caller.result(f"assets/bulk/{kind}", {"selection": selection})["job.token"]
        except Unavailable as error:
            self.ledger.failed(self.kind, error)
        # Perhaps it was begun all the same. Then it is the only one that nobody knows and that is about so many.
        job_name = f"bulk_{kind}_assets"
        while not self.stopping.is_set():
            jobs = self.caller.retried(
                lambda: self.caller.result("jobs/list", {"page.size": 50})["jobs"], self.stopping.is_set
            )
            unknown = [job for job in jobs or [] if job["job"] == job_name and job["token"] not in self.ledger.jobs]
            if all(job["status"] == "done" for job in unknown):
                mine = [job for job in unknown if job["info"].get("total") == len(self.about)]
                if len(mine) > 1:
                    raise AssertionError(f"one call began {len(mine)} jobs")
                return mine[0]["token"] if mine else None
            self.stopping.wait(0.1)
        return None

    def ended(self, token):
        """The job at its end; None when the load ends before."""
        while not self.stopping.is_set():
            job = self.caller.retried(
                lambda: self.caller.result("jobs/get", {"job": token})["job"], self.stopping.is_set
            )
            if job and job["status"] == "done":
                return job
            self.stopping.wait(0.1)
        return None


class MixedLoad:
    """Threads of all kinds. `addresses` are those of the servers, or that of a balancer before them."""

    def __init__(
        self, installation, addresses=None, *, uploaders=2, bulk_workers=2, bulk_files=150, downloaders=2, seed=1
    ):
        self.ledger = Ledger()
        addresses = addresses or installation.addresses
        project, segment = installation.project_calls(addresses[0]), installation.segment_assets(addresses[0])
        self.calls = project
        seeds = iter(range(seed * 1000, seed * 1000 + 1000))

        def caller():
            return Caller(addresses, project, segment, next(seeds))

        self.caller = caller()
        self.workers = [
            *(ProjectUploader(number, caller(), self.ledger) for number in range(uploaders)),
            *(SegmentUploader(number, caller(), self.ledger) for number in range(uploaders)),
            *(BulkWorker(number, caller(), self.ledger, bulk_files) for number in range(bulk_workers)),
            *(Downloader(number, caller(), self.ledger) for number in range(downloaders)),
            Editor(0, caller(), self.ledger),
        ]
        self.followers = [kind(caller(), self.ledger) for kind in (PollFollower, StreamFollower, SocketFollower)]
        self.start = None  # the cursors at which everything began

    def of_kind(self, kind):
        return [worker for worker in self.workers if isinstance(worker, kind)]

    @contextmanager
    def running(self):
        """While the block runs, so does the load; the followers go on until `end`."""
        cursors = self.caller.result("/sync/cursors", {"project": self.caller.gid})
        self.start = {"cc": cursors["cc.cursor"], "project": cursors["cursor"]}
        for worker in self.workers:
            worker.prepare()
        for follower in self.followers:
            follower.start()
        try:
            for worker in self.workers:
                worker.thread.start()
            yield self
        except BaseException:
            self.end()
            raise
        finally:
            for worker in self.workers:
                worker.stopping.set()
            for worker in self.workers:
                if worker.thread.ident:
                    worker.thread.join(90)
                    if worker.thread.is_alive():
                        self.ledger.problem(f"{worker.thread.name} does not end")

    def go_on(self, seconds=0, **counts):
        """Waits until so many more of each kind were done, and so many seconds have passed."""
        began = time.monotonic()
        before = dict(self.ledger.counts)
        kinds = {name.replace("_", " "): count for name, count in counts.items()}
        deadline = began + seconds + 120
        while True:
            missing = {
                kind: count for kind, count in kinds.items() if self.ledger.counts[kind] - before.get(kind, 0) < count
            }
            if not missing and time.monotonic() - began >= seconds:
                return
            if self.ledger.problems:
                raise AssertionError("\n".join(self.ledger.problems[:5]))
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {deadline - began:.0f} s: {missing}; {self.ledger.summary()}")
            time.sleep(0.05)

    def end(self):
        for follower in self.followers:
            follower.stop()
        for follower in self.followers:
            if follower._hearing.ident:
                follower.join()
