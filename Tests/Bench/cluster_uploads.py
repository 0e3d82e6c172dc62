"""A file of 1 GB through a server into object storage, against boto3 straight to the same store."""

import os
import shutil
import time
from importlib.metadata import version

from boto3.s3.transfer import TransferConfig
from cluster_set_up import empty_folder
from openstack_swift import OpenStackSwift
from project import Project
from report import Row, median
from server import peak_memory, step
from servers import Installation
from transfer import SIZE, curl, large_file, timed

ROUNDS = 3
BUCKET = "blobs"


def versions():
    return f"OpenStack Swift {version('swift')}, boto3 {version('boto3')}"


def measure():
    source, _ = large_file()
    folder = empty_folder("cluster-uploads")
    ours, theirs, ours_down, theirs_down = [], [], [], []
    with OpenStackSwift(folder) as s3:
        s3.make_bucket(BUCKET)
        installation = Installation(
            folder,
            database=f"sqlite:{folder}/stockroom.sqlite",
            blobs=s3.blobs(BUCKET, "stockroom"),
            count=1,
            environment=s3.environment,
        )
        with installation:
            server = installation.servers[0]
            server._demo = installation.demo
            project = Project(server)
            # boto3 as it is: parts of 8 MB, ten at a time.
            client = s3.client(retries={"max_attempts": 3})
            for number in range(1 + ROUNDS):
                step(f"upload of 1 GB to object storage, round {number} of {ROUNDS}")
                ours.append(upload(project, source))
                theirs.append(plain_upload(client, source))
                ours_down.append(download(project, installation))
                theirs_down.append(plain_download(client, folder))
                client.delete_object(Bucket=BUCKET, Key="plain.bin")
            memory = peak_memory(server.process.pid)
            assert installation.stop() == [0]
    shutil.rmtree(folder)
    return [
        row("Upload of a 1 GB file to `assets/upload`", ours[1:], theirs[1:], "≥ 0.8"),
        row("Download of it from a signed address", ours_down[1:], theirs_down[1:], "—"),
        Row("The server's peak memory in both", f"{memory:.0f} MB", target="< 250 MB"),
    ]


def row(what, ours, theirs, target):
    return Row(
        f"{what}, bytes in OpenStack Swift, against boto3 to the same store, median of {ROUNDS} in turn",
        f"{SIZE / 1e6 / median(ours):,.0f} MB/s",
        f"{SIZE / 1e6 / median(theirs):,.0f} MB/s",
        median(theirs) / median(ours),
        target,
    )


def upload(project, source):
    """Seconds; the asset is noted for the download."""
    call = [*curl(project.connection), "--form", f"parent={project.root}", "--form", f"upload_file=@{source}"]
    project.connection.close()
    os.sync()
    seconds, _, sent = timed([*call, f"{project.url}{project.base}/assets/upload"])
    assert sent >= SIZE, f"curl sent {sent} bytes"
    return seconds


def plain_upload(client, source):
    os.sync()
    began = time.perf_counter()
    client.upload_file(str(source), BUCKET, "plain.bin", Config=TransferConfig())
    return time.perf_counter() - began


def download(project, installation):
    children = project.call("assets/children", {"asset": project.root})["children"]
    url = project.call("assets/sign", {"asset": children[-1]})["url"]
    project.connection.close()
    seconds, received, _ = timed([*curl(project.connection), url])
    assert received == SIZE, f"{received} bytes came"
    return seconds


def plain_download(client, folder):
    target = folder / "plain.bin"
    began = time.perf_counter()
    client.download_file(BUCKET, "plain.bin", str(target), Config=TransferConfig())
    seconds = time.perf_counter() - began
    assert target.stat().st_size == SIZE
    target.unlink()
    return seconds
