"""A file of 1 GB: upload and download against nginx, and the server's peak memory."""

import hashlib
import json
import os
import shutil
import subprocess

from database import database, sql
from nginx import nginx
from project import Project
from report import Row, median, program
from segment import attach
from server import BENCH, Connection, new_server, peak_memory, running, segment_connection, step

SIZE = 1_000_000_000
NAME = "large.bin"
ROUNDS = 3
SECONDS = 120


def measure():
    source, digest = large_file()
    server = new_server("transfer")
    files = BENCH / "transfer" / "files"
    files.mkdir()
    with running(server), nginx(files) as peer:
        step(f"upload of 1 GB, {ROUNDS} rounds")
        ours_up, theirs_up = uploads(source, Project(server), peer, files)
        after_uploads = peak_memory(server.process.pid)
        segment = segment_connection(server)
        url = put_into_segment(server, segment, source)
        check_content(url, segment, digest)
        # nginx serves the very file that the server reads, so that both find it in the same memory.
        (files / NAME).symlink_to(stored_file(server))
        step(f"download of 1 GB, {ROUNDS} rounds")
        ours_down, theirs_down = downloads([(url, segment), (f"{peer}/{NAME}", Connection(peer))])
        after_all = peak_memory(server.process.pid)
    shutil.rmtree(BENCH / "transfer")
    return [
        row("Upload of a 1 GB file to `assets/upload`, against nginx (PUT, which does not sync)", ours_up, theirs_up, "≥ 0.7"),
        row("Download of a segment's 1 GB file, against nginx", ours_down, theirs_down, "≥ 0.9"),
        Row(
            "The server's peak memory in both (after the uploads)",
            f"{after_all:.0f} MB ({after_uploads:.0f} MB)",
            target="< 150 MB",
        ),
    ]


def row(what, ours, theirs, target):
    return Row(f"{what}, median of {ROUNDS} in turn", rate(ours), rate(theirs), median(theirs) / median(ours), target)


def rate(seconds):
    return f"{SIZE / 1e6 / median(seconds):,.0f} MB/s"


# MARK: The file


def large_file():
    """Random content, made once; and its hash."""
    path = BENCH / NAME
    if not path.exists() or path.stat().st_size != SIZE:
        step("makes a file of 1 GB")
        draft = path.with_suffix(".part")
        with open("/dev/urandom", "rb") as random, open(draft, "wb") as file:
            for _ in range(SIZE // 1_000_000):
                file.write(random.read(1_000_000))
        draft.rename(path)
    with open(path, "rb") as file:
        return path, hashlib.file_digest(file, "sha256").hexdigest()


def stored_file(server):
    """Where the server keeps the file. What was uploaded again may still lie beside it."""
    location = sql(database(server), f"SELECT location FROM blobs WHERE size = {SIZE};")[-1]
    return server.data / "blobs" / location


def check_content(url, connection, digest):
    """One whole download that is looked at; the ones that are measured are only counted."""
    hash = hashlib.sha256()
    with subprocess.Popen([*curl(connection), url], stdout=subprocess.PIPE) as process:
        while block := process.stdout.read(1 << 20):
            hash.update(block)
    assert process.returncode == 0 and hash.hexdigest() == digest, "the download differs from the file"


# MARK: Transfers


def curl(connection):
    """The command up to the URL, with the headers of the connection."""
    command = [program("curl"), "--silent", "--show-error", "--fail", "--noproxy", "*", "--max-time", str(SECONDS)]
    for name, value in connection.headers.items():
        command += ["--header", f"{name}: {value}"]
    return command


def timed(command):
    """Seconds that curl says it took, and how many bytes came and went."""
    command = [*command, "--output", "/dev/null", "--write-out", "%{time_total} %{size_download} %{size_upload}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS + 10)
    assert done.returncode == 0, f"curl: exit {done.returncode} {done.stderr}"
    seconds, down, up = done.stdout.split()
    return float(seconds), int(down), int(up)


def uploads(source, project, peer, files):
    """Seconds for `assets/upload`, and for PUT to nginx. The first round does not count."""
    call = [*curl(project.connection), "--form", f"parent={project.root}", "--form", f"upload_file=@{source}"]
    call.append(f"{project.url}{project.base}/assets/upload")
    put = [*curl(Connection(peer)), "--upload-file", str(source), f"{peer}/put/{NAME}"]
    ours, theirs = [], []
    for _ in range(1 + ROUNDS):
        for command, times in ((call, ours), (put, theirs)):
            os.sync()
            seconds, _, sent = timed(command)
            assert sent >= SIZE, f"curl sent {sent} bytes"
            times.append(seconds)
        shutil.rmtree(files / "put")
    return ours[1:], theirs[1:]


def put_into_segment(server, segment, source):
    """The file's URL in the segment dialect."""
    command = [*curl(segment), "--form", f"file=@{source}", f"{server.url}/api/media/upload"]
    answer = subprocess.run(command, capture_output=True, check=True, timeout=SECONDS).stdout
    segment.close()
    return server.url + attach(segment, NAME, json.loads(answer))


def downloads(peers):
    """Seconds of each round, for each peer; they take turns, and the first round is not counted."""
    times = [[] for _ in peers]
    for _ in range(1 + ROUNDS):
        for (url, connection), seconds_of_peer in zip(peers, times):
            seconds, received, _ = timed([*curl(connection), url])
            assert received == SIZE, f"{received} bytes came"
            seconds_of_peer.append(seconds)
    return [seconds[1:] for seconds in times]
