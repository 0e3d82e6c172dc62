"""For how long the steps of long jobs, and what comes between them, hold SQLite's writer: each kind of job, on 1,000,000 assets.

Meanwhile somebody changes a title in another project, again and again."""

import re
import shutil
import threading
import time
from contextlib import contextmanager

import dataset
from database import database, literal, sql
from project import Project
from report import Row, milliseconds, percentile
from server import BENCH, Connection, running, step

LIMIT_SECONDS = 600
QUIET_SECONDS = 1.5
TITLE_SECONDS = 0.01
LANGUAGE = {"language": "fr"}

# What the server's log tells at level `debug` when it ends (Sources/AssetSQLite/WriterTurns.swift).
TURNS = re.compile(r"count=(\d+) kind=(\w+) long=(\d+) longest_milliseconds=(\d+).*The writer's turns")


def measure():
    tree = dataset.tree()
    server = tree.copy("jobs")
    server.environment["STOCKROOM_LOG_LEVEL"] = "debug"
    other = server.command("demo")["project"]
    jobs = Jobs(server, tree.top)
    table = []
    # One after the other on the same project, so that each finds what it needs.
    for name, works in jobs.in_order().items():
        step(f"the writer's turns: {name}")
        if jobs.remove_project in works:
            tree.restore(server)
        server.log.unlink(missing_ok=True)
        with running(server):
            with changing_titles(server, other) as times:
                began = time.perf_counter()
                for work in works:
                    work(Project(server))
                seconds = time.perf_counter() - began
        table += rows(name, seconds, server.log.read_text(errors="replace"), times)
    shutil.rmtree(BENCH / "jobs")
    return table


class Jobs:
    def __init__(self, server, top):
        self.server = server
        self.top = {"selection": [top]}
        self.backup = None
        self.deletion = None

    def in_order(self):
        return {
            "a backup": [self.make_backup],
            "a bulk delete": [self.delete],
            "the undo of a bulk delete": [self.undo],
            "a move of the folder that holds all": [self.move],
            "adding a language": [lambda project: follow(project, "languages/add", LANGUAGE)],
            "removing a language": [lambda project: follow(project, "languages/remove", LANGUAGE)],
            "a bulk delete and a restore of everything": [self.delete, self.restore],
            "a bulk delete and a permanent delete": [self.delete, self.purge],
            "removing a project for good": [self.remove_project],
        }

    def make_backup(self, project):
        self.backup = follow(project, "backups/create", {"name": "Before", "created_by": "bench"})["version"]

    def delete(self, project):
        self.deletion = follow(project, "assets/bulk/delete", self.top)["job.token"]

    def undo(self, project):
        follow(project, "jobs/undo", {"job": self.deletion})

    def move(self, project):
        follow(project, "assets/bulk/move", {**self.top, "parent": project.create("elsewhere")})
        # The lines of all that lies in it follow in the background.
        wait_for_quiet(project)

    def restore(self, project):
        follow(project, "backups/restore", {"version": self.backup})

    def purge(self, project):
        follow(project, "assets/bulk/permanent_delete", self.top)

    def remove_project(self, project):
        demo = self.server.demo
        owner = Connection(self.server.url)
        password = {"username": demo["user"], "password": demo["password"]}
        _, headers, _ = owner.call("POST", f"{project.base}/login", password)
        owner.headers["Authorization"] = f"Bearer {headers['Authorization']}"
        for call in ("delete", "permanent_delete"):
            owner.post(f"/api/projects/{call}", {"project": project.gid})
        # Nobody can see it any more; what is left of it goes in the background.
        is_left = f"SELECT COUNT(*) FROM projects WHERE gid = {literal(project.gid)};"
        deadline = time.monotonic() + LIMIT_SECONDS
        while sql(database(self.server), is_left)[-1] != "0":
            assert time.monotonic() < deadline, f"the project was not gone within {LIMIT_SECONDS} s"
            time.sleep(1)


def follow(project, call, body):
    """The answer of a call that begins a job, when that is done."""
    answer = project.call(call, body)
    deadline = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < deadline:
        job = project.call("jobs/get", {"job": answer["job.token"]})["job"]
        if job["status"] == "done":
            assert not job["info"]["failed"], job
            return answer
        time.sleep(0.1)
    raise AssertionError(f"{call} was not done within {LIMIT_SECONDS} s")


def wait_for_quiet(project):
    """Until the project's feed has not grown for a while."""
    cursor, since = None, time.monotonic()
    while time.monotonic() - since < QUIET_SECONDS:
        now = project.cursors()["cursor"]
        if now != cursor:
            cursor, since = now, time.monotonic()
        time.sleep(0.1)


@contextmanager
def changing_titles(server, other):
    """Seconds of each call of a client that does nothing else, in the project `other`."""
    demo = server.demo
    server.demo["project"], of_jobs = other, demo["project"]
    project = Project(server)
    server.demo["project"] = of_jobs
    asset = project.upload("title.txt", b"text")
    times, stop = [], threading.Event()

    def work():
        while not stop.wait(TITLE_SECONDS):
            body = {"asset": asset, "title": {"en": f"Title {len(times)}"}}
            times.append(project.post("assets/update", body)[1])

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield times
    finally:
        stop.set()
        thread.join()


def rows(name, seconds, log, times):
    turns = {match[2]: tuple(map(int, match.group(1, 3, 4))) for match in TURNS.finditer(log)}
    assert "write" in turns, "the log does not tell of the writer's turns"
    _, _, quiet = turns.pop("quietMerge", (0, 0, 0))
    count, long, longest = (list(figures) for figures in zip(*turns.values()))
    figures = ", ".join(milliseconds(value) for value in (percentile(times, 50), percentile(times, 99), max(times)))
    return [
        Row(
            f"The writer's longest turn in {name}, {dataset.ASSETS:,} assets, {seconds:.0f} s (longer than 50 ms; the longest "
            "merge that nobody waited for)",
            f"{max(longest)} ms ({sum(long)} of {sum(count):,}; {quiet} ms)",
            target="< 50 ms",
        ),
        Row("… `assets/update` of a title in another project meanwhile: p50, p99, max", f"{figures}; {len(times):,} calls"),
    ]
