"""Images of 500 pixels: from 36 megapixels, against vipsthumbnail and thumbor; many at once, against thumbor; and how
fast they are delivered."""

import os
import queue
import shutil
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from peer import free_port, listening
from project import Project
from report import Row, first_line, median, milliseconds_range, program
from server import (
    BENCH,
    Connection,
    family,
    new_server,
    peak_memory,
    running,
    step,
    wait_until,
)
from transfer import curl

ROUNDS = 7
RATE_ROUNDS = 3
DELIVERY_ROUNDS = 5
CLIENTS = 4
WORKERS = 2
REQUESTS = 2000
SECONDS = 120

WIDTH, QUALITY = 500, 75
VENV = BENCH / "thumbor-venv" / "bin"


def measure():
    sources = source_images()
    work = BENCH / "images"
    return big_image(sources / "big.jpg", work) + many_images(sorted(sources.glob("small-*.jpg")), work)


def peers():
    """The versions of what is compared with here."""
    script = "from importlib.metadata import version as v; print('thumbor', v('thumbor'), 'with Pillow', v('pillow'))"
    return first_line(program("vipsthumbnail"), "--vips-version"), first_line(VENV / "python", "-c", script)


# MARK: One big image, and the delivery of its rendition


def big_image(source, work):
    server = new_server(work.name)
    with running(server), thumbor(source.parent, processes=1) as peer:
        project = Images(server)
        asset = project.upload(source.name, source.read_bytes())
        project.wait_until_examined([asset])
        wait_until_idle(server)
        step(f"an image of 36 megapixels, {ROUNDS} rounds")
        ours, vips, thumbors, memory, rendition = big_image_rounds(server, project, asset, source, peer)
        step(f"delivery of {REQUESTS:,} images, {DELIVERY_ROUNDS} rounds")
        content, _, _ = project.connection.fetch("GET", rendition)
        original = project.publish(project.upload("rendition.jpg", content))
        renditions, originals = deliveries([server.url + path for path in (rendition, original)], len(content))
    shutil.rmtree(work)
    return [
        Row(
            f"A JPEG of 36 megapixels to {WIDTH} pixels, against `vipsthumbnail`, median of {ROUNDS} in turn (range)",
            milliseconds_range(ours),
            milliseconds_range(vips),
            median(vips) / median(ours),
            "≥ 0.85",
        ),
        Row(
            "The same, against thumbor",
            milliseconds_range(ours),
            milliseconds_range(thumbors),
            median(thumbors) / median(ours),
            "≥ 1.5",
        ),
        Row("Peak memory of the server and its media workers in this", f"{memory:.0f} MB", target="≤ 250 MB"),
        Row(
            f"Delivery of a public rendition ({len(content) / 1000:.0f} kB), against an original of the same bytes, "
            f"{REQUESTS:,} requests over one connection, median of {DELIVERY_ROUNDS} in turn",
            f"{REQUESTS / median(renditions):,.0f}/s",
            f"{REQUESTS / median(originals):,.0f}/s",
            median(originals) / median(renditions),
        ),
    ]


def big_image_rounds(server, project, asset, source, peer):
    """Seconds of each round for each of the three, the server's peak memory, and the path of its last rendition."""
    target, other = source.with_name("vips.jpg"), Connection(peer)
    ours, vips, thumbors, memory = [], [], [], []
    for number in range(1 + ROUNDS):
        path, seconds = project.transform(project.connection, asset, key=number)
        ours.append(seconds)
        memory.append(sum(map(peak_memory, family(server.process.pid))))
        vips.append(vipsthumbnail(source, target))
        content, _, seconds = other.fetch("GET", thumbor_path(source))
        thumbors.append(seconds)
    rendition, _, _ = project.connection.fetch("GET", path)
    assert len({size(image, target) for image in (target.read_bytes(), rendition, content)}) == 1
    target.unlink()
    return ours[1:], vips[1:], thumbors[1:], max(memory), path


def vipsthumbnail(source, target):
    began = time.perf_counter()
    subprocess.run(
        [program("vipsthumbnail"), "--size", f"{WIDTH}x", "-o", f"{target}[Q={QUALITY}]", source],
        check=True,
        timeout=SECONDS,
    )
    return time.perf_counter() - began


def size(image, file):
    """What libvips says of these bytes: width, height, kind of pixels, format."""
    file.write_bytes(image)
    facts = first_line(program("vipsheader"), file).removeprefix(f"{file}: ")
    assert facts.startswith(f"{WIDTH}x") and facts.endswith("jpegload"), facts
    return facts


def deliveries(urls, size):
    """Seconds of each round of requests, for each URL; they take turns, and the first round is not counted.

    The number in the fragment is not sent: it makes curl repeat the request, over one connection."""
    times = [[] for _ in urls]
    for _ in range(1 + DELIVERY_ROUNDS):
        for url, seconds_of_url in zip(urls, times):
            command = [*curl(Connection(url)), "--output", "/dev/null"]
            command += ["--write-out", "%{time_total} %{size_download} %{num_connects}\n", f"{url}#[1-{REQUESTS}]"]
            done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
            assert done.returncode == 0, f"curl: exit {done.returncode} {done.stderr}"
            answers = [line.split() for line in done.stdout.splitlines()]
            assert len(answers) == REQUESTS and all(int(bytes) == size for _, bytes, _ in answers)
            assert sum(int(connects) for _, _, connects in answers) == 1, "more than one connection"
            seconds_of_url.append(sum(float(seconds) for seconds, _, _ in answers))
    return [seconds[1:] for seconds in times]


# MARK: Many images at once


def many_images(sources, work):
    server = new_server(work.name, {"STOCKROOM_MEDIA_WORKERS": str(WORKERS)})
    with running(server), thumbor(sources[0].parent, processes=WORKERS) as peer:
        project = Images(server)
        assets = [project.upload(source.name, source.read_bytes()) for source in sources]
        project.wait_until_examined(assets)
        wait_until_idle(server)
        step(f"{len(sources)} images at once, {RATE_ROUNDS} rounds")
        ours, thumbors = [], []
        for number in range(1 + RATE_ROUNDS):
            ours.append(
                at_once(
                    project.copy_of_connection,
                    lambda connection, asset: project.transform(connection, asset, key=number),
                    assets,
                )
            )
            thumbors.append(
                at_once(
                    lambda: Connection(peer),
                    lambda connection, source: connection.fetch("GET", thumbor_path(source)),
                    sources,
                )
            )
    shutil.rmtree(work)
    ours, thumbors = median(ours[1:]), median(thumbors[1:])
    return [
        Row(
            f"{len(sources)} JPEGs of 2000×1333 to {WIDTH} pixels, {CLIENTS} at once, {WORKERS} media workers, "
            f"against thumbor with {WORKERS} processes, median of {RATE_ROUNDS} in turn",
            f"{len(sources) / ours:.1f}/s",
            f"{len(sources) / thumbors:.1f}/s",
            thumbors / ours,
            "≥ 1.5",
        )
    ]


def at_once(connect, request, items):
    """Seconds until all items have been requested by as many clients as there may be, a connection each."""
    left = queue.SimpleQueue()
    for item in items:
        left.put(item)
    failures = []

    def client():
        connection = connect()
        try:
            while True:
                request(connection, left.get_nowait())
        except queue.Empty:
            connection.close()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=client, daemon=True) for _ in range(CLIENTS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    if failures:
        raise failures[0]
    return seconds


# MARK: The server


class Images(Project):
    """The demo project's calls on images."""

    def publish(self, asset):
        """Returns the path of its public URL."""
        envelope, _, _ = self.connection.call("GET", f"{self.dam}/publish/{asset}~1.jpg")
        return urlsplit(envelope["result"]["public_url"]).path

    def wait_until_examined(self, assets):
        """The server looks deeper into what was uploaded, in the background and some time later: `info` waits for that."""
        for asset in assets:
            self.connection.call("GET", f"{self.dam}/info/{asset}~1.jpg")

    def transform(self, connection, asset, key):
        """The path of a rendition that there was not before, and how many seconds it took."""
        path = f"{self.dam}/transform/{asset}~1.jpg/width={WIDTH}/q={QUALITY}/type=jpg/key={key}"
        envelope, _, seconds = connection.call("GET", path)
        result = envelope["result"]
        assert envelope["success"] is True and result["width"] == WIDTH, envelope
        return urlsplit(result["public_url"]).path, seconds


def wait_until_idle(server):
    """What is measured begins when the server has nothing else to do."""

    def ticks():
        sum = 0
        for pid in family(server.process.pid):
            with suppress(FileNotFoundError, ProcessLookupError):  # a worker that has just ended
                user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
                sum += int(user) + int(system)
        return sum

    def is_idle():
        before = ticks()
        time.sleep(0.5)
        return abs(ticks() - before) < 0.02 * os.sysconf("SC_CLK_TCK")

    wait_until(is_idle, SECONDS, "the server is idle")


# MARK: The sources


def source_images():
    """The folder of the images, which are made once."""
    folder, script = BENCH / "sources", Path(__file__).with_name("make_images.py")
    if not folder.exists():
        step("makes the images")
        draft = folder.with_suffix(".part")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        subprocess.run([VENV / "python", script, draft], check=True, timeout=SECONDS)
        draft.rename(folder)
    return folder


# MARK: thumbor


@contextmanager
def thumbor(sources, processes):
    """thumbor, which reads the files of that folder and keeps nothing; gives its URL."""
    folder = BENCH / "thumbor"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "thumbor.conf").write_text(f"""
LOADER = "thumbor.loaders.file_loader"
FILE_LOADER_ROOT_PATH = "{sources}"
STORAGE = "thumbor.storages.no_storage"
RESULT_STORAGE = None
PROGRESSIVE_JPEG = False
""")
    port = free_port()
    command = [VENV / "thumbor", "--ip", "127.0.0.1", "--port", str(port), "--conf", folder / "thumbor.conf"]
    with listening([*command, "--processes", str(processes)], port, folder / "thumbor.log"):
        yield f"http://127.0.0.1:{port}"
    shutil.rmtree(folder)


def thumbor_path(source):
    return f"/unsafe/{WIDTH}x0/filters:quality({QUALITY})/{source.name}"
