"""Small answers and small files, by 32 clients: `assets/get`, downloads and uploads, against nginx."""

import os
import shutil

import dataset
from database import database, random_gids, sql
from nginx import nginx
from project import BOUNDARY, Project
from report import Row, median, milliseconds
from segment import store
from server import BENCH, running, segment_connection, step
from wrk import CLIENTS, load

ROUNDS = 3
GIDS = 10_000
DOWNLOADS = {"1 KB": (1000, "≥ 0.45"), "100 KB": (100_000, "≥ 0.7")}
UPLOAD = 10_000


def measure():
    server = dataset.tree().copy("small")
    files = BENCH / "small" / "files"
    files.mkdir()
    with running(server), nginx(files) as peer:
        project = Project(server)
        rows = [get_assets(server, project, files, peer)]
        rows += [download(server, files, peer, what) for what in DOWNLOADS]
        rows.append(upload(project, peer))
    shutil.rmtree(BENCH / "small")
    return rows


def row(what, ours, theirs, target):
    return Row(
        f"{what}, {CLIENTS} clients, against nginx, median of {ROUNDS} in turn: requests a second; p50 (p99)",
        rate(ours),
        rate(theirs),
        median([load.rate for load in ours]) / median([load.rate for load in theirs]),
        target,
    )


def rate(loads):
    p50, p99 = median([load.p50 for load in loads]), median([load.p99 for load in loads])
    return f"{median([load.rate for load in loads]):,.0f}/s; {milliseconds(p50)} ({milliseconds(p99)})"


def in_turn(ours, theirs):
    """Both are called in each round, with its number; the first round does not count."""
    loads = [(ours(number), theirs(number)) for number in range(1 + ROUNDS)]
    return zip(*loads[1:])


def get_assets(server, project, files, peer):
    step("assets/get")
    gids = BENCH / "small" / "gids.txt"
    gids.write_text("".join(f"{gid}\n" for gid in random_gids(database(server), GIDS)))
    (files / "1k.bin").write_bytes(bytes(1000))
    ours, theirs = in_turn(
        lambda _: load(f"{project.url}{project.base}/assets/get", "assets", gids, headers=json_headers(project)),
        lambda _: load(f"{peer}/1k.bin", "get"),
    )
    return row("`assets/get` of random assets against a file of 1 KB", ours, theirs, "≥ 0.3")


def json_headers(project):
    return {**project.connection.headers, "Content-Type": "application/json"}


def download(server, files, peer, what):
    """The file of a segment; nginx serves the very file that the server reads."""
    step(f"downloads of {what}")
    size, target = DOWNLOADS[what]
    name = f"file-{size}.bin"
    segment = segment_connection(server)
    url = server.url + store(segment, name, bytes(size))
    location = sql(database(server), f"SELECT location FROM blobs WHERE size = {size};")[-1]
    (files / name).symlink_to(server.data / "blobs" / location)
    ours, theirs = in_turn(
        lambda _: load(url, "get", headers=segment.headers), lambda _: load(f"{peer}/{name}", "get")
    )
    return row(f"Download of a segment's file of {what}", ours, theirs, target)


def upload(project, peer):
    step("uploads of 10 KB")

    def ours(number):
        os.sync()
        project.connection.close()
        parent = project.create(f"uploads {number}")
        url = f"{project.url}{project.base}/assets/upload"
        headers = project.connection.headers
        return load(url, "upload", f"r{number}", str(UPLOAD), BOUNDARY, parent, headers=headers)

    def theirs(number):
        os.sync()
        return load(f"{peer}/put/", "put", f"r{number}", str(UPLOAD))

    ours, theirs = in_turn(ours, theirs)
    return row("Upload of different files of 10 KB, against PUT, which does not sync", ours, theirs, "≥ 0.5")
