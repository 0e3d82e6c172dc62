"""A file of 1 GB into S3-compatible storage: through the server, against boto3, to the same store.

The store is the one that STOCKROOM_TEST_S3 names, or else moto, which is started for this."""

import os
import shutil
import subprocess
import uuid

from project import Project
from report import Row, median
from s3_server import BUCKET, S3Server
from server import BENCH, REPOSITORY, new_server, peak_memory, running, step
from transfer import ROUNDS, SECONDS, SIZE, curl, large_file, timed

PYTHON = REPOSITORY / ".venv" / "bin" / "python"
BOTO3 = REPOSITORY / "Tests" / "Bench" / "s3_boto3.py"


def measure():
    subprocess.run([REPOSITORY / "scripts" / "python-env"], check=True)
    source, _ = large_file()
    url = os.environ.get("STOCKROOM_TEST_S3")
    if url:
        return rounds(source, url, os.environ, url.split("?")[0])
    s3 = S3Server(python=PYTHON)
    try:
        # The checksum that boto3 sends too. Without one, moto computes another one of the whole object, with 2 GB of copies.
        blobs = s3.blobs("", checksum="crc32")
        return rounds(source, blobs, {**os.environ, **s3.credentials}, f"moto, s3://{BUCKET}")
    finally:
        s3.stop()


def rounds(source, bucket, environment, name):
    step(f"upload of 1 GB to {name}, {ROUNDS} rounds")
    keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    credentials = {key: environment[key] for key in keys if key in environment}
    blobs = bucket.replace("?", f"bench-{uuid.uuid4()}?", 1)
    server = new_server("s3", {**credentials, "STOCKROOM_BLOBS": blobs})
    ours, theirs = [], []
    with running(server):
        project = Project(server)
        call = [*curl(project.connection), "--form", f"parent={project.root}", "--form", f"upload_file=@{source}"]
        call.append(f"{project.url}{project.base}/assets/upload")
        for _ in range(1 + ROUNDS):
            seconds, _, sent = timed(call)
            assert sent >= SIZE, f"curl sent {sent} bytes"
            ours.append(seconds)
            theirs.append(boto3(source, blobs, environment))
        memory = peak_memory(server.process.pid)
    boto3(None, blobs, environment)
    shutil.rmtree(BENCH / "s3")
    ours, theirs = ours[1:], theirs[1:]
    return [
        Row(
            f"Upload of a 1 GB file to `assets/upload`, kept in S3 ({name.split(',')[0]}), against boto3's `upload_file` "
            f"to the same store, median of {ROUNDS} in turn",
            rate(ours),
            rate(theirs),
            median(theirs) / median(ours),
            "≥ 0.8",
        ),
        Row("The server's peak memory in this", f"{memory:.0f} MB"),
    ]


def rate(seconds):
    return f"{SIZE / 1e6 / median(seconds):,.0f} MB/s"


def boto3(source, blobs, environment):
    """Seconds for one upload; without a source, removes everything below the prefix."""
    command = [PYTHON, BOTO3, blobs, *([source] if source else [])]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=10 * SECONDS)
    assert done.returncode == 0, done.stderr
    return float(done.stdout)
