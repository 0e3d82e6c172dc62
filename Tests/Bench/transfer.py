"""A file of 1 GB: the server's peak memory, upload against plain writing, download against nginx."""

import getpass
import hashlib
import json
import os
import shutil
import subprocess
import time
from contextlib import contextmanager
from urllib.parse import quote

from database import database, sql
from peer import free_port, listening
from report import Row, median, program
from server import (
    BENCH,
    Connection,
    new_server,
    peak_memory,
    project_connection,
    running,
    segment_connection,
    step,
)

SIZE = 1_000_000_000
NAME = "large.bin"
UPLOADS = 3
DOWNLOADS = 5
SEGMENT = 27665601
SECONDS = 120


def measure():
    source, digest = large_file()
    server = new_server("transfer")
    with running(server):
        segment, (project, base) = segment_connection(server), project_connection(server)
        step(f"upload, {UPLOADS} rounds")
        media, assets, plain = uploads(server, source, segment, project, base)
        after_uploads = peak_memory(server.process.pid)
        url = f"{server.url}/api/resources/assets/{SEGMENT}?scope=pr7214&filename={quote(NAME)}"
        step(f"download, {DOWNLOADS} rounds")
        check_content(url, segment, digest)
        # nginx serves the very file that the server reads, so that both find it in the same memory.
        with nginx(stored_file(server)) as peer:
            ours, theirs = downloads([(url, segment), (peer, Connection(peer))])
        after_all = peak_memory(server.process.pid)
    shutil.rmtree(BENCH / "transfer")
    return [
        Row(
            f"Upload of a 1 GB file to `assets/upload`, against writing it with `dd conv=fsync`, median of {UPLOADS}",
            rate(assets),
            rate(plain),
            median(plain) / median(assets),
        ),
        Row(
            "Upload of the file to `/api/media/upload`, the same",
            rate(media),
            rate(plain),
            median(plain) / median(media),
        ),
        Row(
            f"Download of a segment's 1 GB file, against nginx, median of {DOWNLOADS} in turn",
            rate(ours),
            rate(theirs),
            median(theirs) / median(ours),
            "≥ 0.6",
        ),
        Row(
            "The server's peak memory in all of this (after the uploads)",
            f"{after_all:.0f} MB ({after_uploads:.0f} MB)",
            target="< 150 MB",
        ),
    ]


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


def uploads(server, source, segment, project, base):
    """Seconds for `/api/media/upload`, for `assets/upload`, and for plain writing; puts the file into a segment."""
    root = project.post(f"{base}/assets/root", {})[0]["result"]["root"]
    segment.close()
    media_call = [*curl(segment), "--form", f"file=@{source}", f"{server.url}/api/media/upload"]
    assets_call = [*curl(project), "--form", f"parent={root}", "--form", f"upload_file=@{source}"]
    assets_call.append(f"{server.url}{base}/assets/upload")
    media, assets, plain = [], [], []
    for _ in range(UPLOADS):
        for call, times in ((media_call, media), (assets_call, assets)):
            os.sync()
            seconds, _, sent = timed(call)
            assert sent > SIZE, f"curl sent {sent} bytes"
            times.append(seconds)
        plain.append(plain_write(source))
    # An upload of its own, because the answers of the others went to /dev/null.
    answer = subprocess.run(media_call, capture_output=True, check=True, timeout=SECONDS + 10).stdout
    token = json.loads(answer)["result"]["token"]
    segment.call("POST", f"/api/resources/assets/{SEGMENT}?scope=pr7214", {"filetoken": token})
    return media, assets, plain


def plain_write(source):
    target = BENCH / "transfer" / "plain.bin"
    os.sync()
    began = time.perf_counter()
    subprocess.run(
        [program("dd"), f"if={source}", f"of={target}", "bs=512K", "conv=fsync", "status=none"],
        check=True,
        timeout=SECONDS,
    )
    seconds = time.perf_counter() - began
    target.unlink()
    return seconds


def downloads(peers):
    """Seconds of each round, for each peer; they take turns, and the first round is not counted."""
    times = [[] for _ in peers]
    for _ in range(1 + DOWNLOADS):
        for (url, connection), seconds_of_peer in zip(peers, times):
            seconds, received, _ = timed([*curl(connection), url])
            assert received == SIZE, f"{received} bytes came"
            seconds_of_peer.append(seconds)
    return [seconds[1:] for seconds in times]


# MARK: nginx


@contextmanager
def nginx(file):
    """nginx with one worker and `sendfile`; gives the URL at which it serves `file`."""
    folder = BENCH / "nginx"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    port = free_port()
    # Only root may choose, and must, because the worker would otherwise run as somebody who cannot read the file.
    user = f"user {getpass.getuser()};" if os.geteuid() == 0 else ""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "\n".join(f"    {kind}_temp_path {folder}/{kind};" for kind in kinds)
    (folder / "nginx.conf").write_text(f"""
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
{temporary}
    server {{
        listen 127.0.0.1:{port};
        location = /{NAME} {{ alias {file}; }}
    }}
}}
""")
    log = folder / "error.log"
    with listening([program("nginx"), "-e", log, "-p", folder, "-c", folder / "nginx.conf"], port, log):
        yield f"http://127.0.0.1:{port}/{NAME}"
    shutil.rmtree(folder)
