"""For how long the steps of long jobs, and what comes between them, hold SQLite's writer: each kind of job, on 1,000,000 assets."""

import re
import shutil
import time

import dataset
from database import database, literal, sql
from project import Project
from report import Row
from server import BENCH, Connection, running, step

LIMIT_SECONDS = 600
QUIET_SECONDS = 1.5
LANGUAGE = {"language": "fr"}

# What the server's log tells at level `debug` when it ends (Sources/AssetSQLite/WriterTurns.swift).
TURNS = re.compile(r"count=(\d+) kind=(\w+) long=(\d+) longest_milliseconds=(\d+).*The writer's turns")


def measure():
    tree = dataset.tree()
    server = tree.copy("jobs")
    server.environment["STOCKROOM_LOG_LEVEL"] = "debug"
    jobs = Jobs(server, tree.top)
    table = []
    # One after the other on the same project, so that each finds what it needs.
    for name, works in jobs.in_order().items():
        step(f"the writer's turns: {name}")
        if jobs.remove_project in works:
            tree.restore(server)
        server.log.unlink(missing_ok=True)
        with running(server):
            began = time.perf_counter()
            for work in works:
                work(Project(server))
            seconds = time.perf_counter() - began
        table.append(row(name, seconds, server.log.read_text(errors="replace")))
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


def row(name, seconds, log):
    turns = [tuple(map(int, match.group(1, 3, 4))) for match in TURNS.finditer(log)]
    assert turns, "the log does not tell of the writer's turns"
    count, long, longest = (list(figures) for figures in zip(*turns))
    return Row(
        f"The writer's longest turn in {name}, {dataset.ASSETS:,} assets, {seconds:.0f} s (longer than 50 ms)",
        f"{max(longest)} ms ({sum(long)} of {sum(count):,})",
        target="< 50 ms",
    )
