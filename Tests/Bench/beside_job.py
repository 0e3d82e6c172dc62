"""How long other calls take while a bulk delete of a tree of 1,000,000 assets runs."""

import multiprocessing
import random
import shutil
import time

import dataset
from bulk_delete import bulk
from database import database, random_gids
from project import MULTIPART, Project, upload_body
from report import Row, milliseconds, percentile
from server import BENCH, running, step

CLIENTS = 4
CALM_SECONDS = 10
FILES = 50
SAMPLE = 2000
KINDS = ("get", "children", "upload", "update", "sync")
NAMES = {
    "get": "`assets/get`",
    "children": "`assets/children`, 100",
    "upload": "`assets/upload`, 10 KB",
    "update": "`assets/update` of a title",
    "sync": "`sync/get`, 1000 lines",
}


def measure():
    tree = dataset.tree()
    server = tree.copy("beside")
    step("other calls while a bulk delete runs")
    with running(server):
        project = Project(server)
        targets = Targets(server, project)
        calm, _ = beside(project, targets, lambda: time.sleep(CALM_SECONDS))
        busy, job = beside(project, targets, lambda: bulk(project, "delete", tree.top)[1])
    shutil.rmtree(BENCH / "beside")
    return rows(calm, busy, job)


def rows(calm, busy, job):
    what = f"while a bulk delete of {dataset.ASSETS:,} assets runs ({job:.1f} s), {CLIENTS} clients"
    table = [
        Row(
            f"All kinds of calls {what}: p50, p99, max (without the job)",
            figures([seconds for kind in KINDS for seconds in busy[kind]]),
            f"({figures([seconds for kind in KINDS for seconds in calm[kind]])})",
            target="p99 < 100 ms",
        )
    ]
    return table + [Row(f"… {NAMES[kind]}", figures(busy[kind]), f"({figures(calm[kind])})") for kind in KINDS]


def figures(values):
    figures = ", ".join(milliseconds(value) for value in (percentile(values, 50), percentile(values, 99), max(values)))
    return f"{figures}; {len(values):,} calls"


class Targets:
    """What the clients work on: assets of the tree that is deleted, and a folder beside it."""

    def __init__(self, server, project):
        self.files = random_gids(database(server), SAMPLE)
        self.folders = random_gids(database(server), SAMPLE, "NOT is_file AND file_count > 0")
        self.parent = project.create("beside")
        self.own = [project.upload(f"file {number}.txt", b"text", self.parent) for number in range(FILES)]


def beside(project, targets, work):
    """What `work` answers; and while it runs, seconds of each call by its kind."""
    # Processes, because threads would wait for each other's Python.
    context = multiprocessing.get_context("fork")
    stop, answers = context.Event(), context.SimpleQueue()
    cursors = project.cursors()
    clients = [
        context.Process(
            target=client, args=(number, project.copy_of_connection(), project.base, targets, dict(cursors), stop, answers)
        )
        for number in range(CLIENTS)
    ]
    for process in clients:
        process.start()
    try:
        result = work()
    finally:
        stop.set()
        collected = [answers.get() for _ in clients]
        for process in clients:
            process.join()
    assert all(collected), "a client failed"
    return {kind: [seconds for one in collected for seconds in one[kind]] for kind in KINDS}, result


def client(number, connection, base, targets, cursors, stop, answers):
    times = {kind: [] for kind in KINDS}
    pick = random.Random(number)
    try:
        while not stop.is_set():
            kind = pick.choice(KINDS)
            if kind == "get":
                _, seconds = connection.post(f"{base}/assets/get", {"asset": pick.choice(targets.files)})
            elif kind == "children":
                _, seconds = connection.post(f"{base}/assets/children", {"asset": pick.choice(targets.folders)})
            elif kind == "update":
                title = {"title": {"en": f"Title {pick.random()}"}}
                _, seconds = connection.post(f"{base}/assets/update", {"asset": pick.choice(targets.own), **title})
            elif kind == "sync":
                answer, seconds = connection.post("/sync/get", cursors)
                for item in answer["result"]["sync"]:
                    cursors["cc_cursor" if item["type"] == "cc" else "cursor"] = item["cursor"]
            else:
                body = upload_body(f"{number}-{pick.random()}.bin", pick.randbytes(10_000), targets.parent)
                _, _, seconds = connection.call("POST", f"{base}/assets/upload", body, MULTIPART)
            times[kind].append(seconds)
        answers.put(times)
    except BaseException:
        answers.put(None)
        raise
