"""Pictures are decoded in processes of their own: what happens to these does not happen to the server."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading

import pytest

import media_files
from media_client import Media, fetch
from media_files import CAPTION, noise
from project_client import ProjectCalls, assert_error
from server_process import BINARY, wait_until
from worker_processes import workers

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")

SECONDS = 60  # for what the server does by itself


@pytest.fixture
def caged(new_server):
    """Makes a server with one worker, or as many as wanted, and a client of it."""

    def make(**environment):
        server = new_server(environment={"STOCKROOM_MEDIA_WORKERS": "1", **environment})
        assert server.demo
        server.start()
        return server, Media.of_server(server)

    return make


def uploaded(media, name, image=None):
    """A file that nothing is to be found out about any more, and of which a picture has been made."""
    asset = media.upload(name, media_files.jpg_with_texts(image))
    media.inspected(asset, lambda info: CAPTION in str(info["metadata"]), "it has been looked at")
    assert media.transform(asset, width=9)["width"] == 9
    return asset


def running(server):
    """The workers; there is one as soon as a picture has been made."""
    return wait_until(lambda: workers(server), SECONDS, "there is a worker")


def all_ended(ended):
    wait_until(lambda: not any(worker.is_running for worker in ended), SECONDS, "the workers have ended")


def in_background(call, *arguments, **options):
    """Calls it in a thread; returns the thread and the list that its result is put in."""
    results = []
    thread = threading.Thread(target=lambda: results.append(call(*arguments, **options)))
    thread.start()
    return thread, results


def another(media):
    """The same user on another connection: a session is for one thread."""
    return media.as_user(ProjectCalls(media.url, media.gid, media.calls.token))


def stopped(server):
    """All workers, stopped as if they would never end."""
    found = running(server)
    for worker in found:
        worker.stop()
    wait_until(lambda: all(worker.state == "T" for worker in found), SECONDS, "the workers are stopped")
    return found


def test_a_worker_that_does_not_answer_is_replaced(caged):
    server, media = caged(STOCKROOM_MEDIA_TIMEOUT="2")
    photo = uploaded(media, "photo.jpg")
    for width in (20, 30):
        hanging = stopped(server)
        media.assert_refused(photo, width=width)
        all_ended(hanging)
        assert media.picture(photo, width=width).width == width, "the failure is not remembered"
        assert not set(running(server)) & set(hanging)


def test_a_worker_that_does_not_answer_holds_up_no_other_call(caged):
    server, media = caged()
    photo = uploaded(media, "photo.jpg")
    (hanging,) = stopped(server)
    thread, results = in_background(another(media).try_transform, photo, width=20)
    for _ in range(5):
        assert media.publish(photo) and media.asset(photo["gid"]) and fetch(media.source_url(photo)).ok
        assert fetch(f"{media.url}/healthz").status_code == 200
    assert thread.is_alive()
    hanging.go_on()
    thread.join()
    assert results[0].status_code == 200


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL], ids=lambda number: number.name)
def test_a_worker_that_crashes_fails_its_picture_only(caged, number):
    server, media = caged(STOCKROOM_MEDIA_TIMEOUT="55")
    photo, large = uploaded(media, "photo.jpg"), uploaded(media, "large.jpg", noise(4000, 3000))
    (worker,) = running(server)
    before = worker.ticks
    thread, results = in_background(another(media).try_transform, large, type="avif")
    # The request has reached the worker when that computes; the picture takes it seconds.
    wait_until(lambda: worker.ticks >= before + 10, SECONDS, "the worker computes")
    worker.stop()
    wait_until(lambda: worker.state == "T", SECONDS, "it is stopped")
    assert thread.is_alive() and fetch(f"{server.url}/healthz").status_code == 200
    worker.send(number)
    if worker.is_running:
        worker.go_on()
    thread.join()
    assert_error(results[0], 1003)
    all_ended([worker])
    assert media.picture(photo, width=20).width == 20
    assert media.picture(large, width=20).width == 20, "the file is not blamed for it"


def test_idle_workers_may_die(caged):
    server, media = caged(STOCKROOM_MEDIA_WORKERS="2")
    photo = uploaded(media, "photo.jpg")
    for width in range(20, 25):
        dead = running(server)
        for worker in dead:
            worker.send(signal.SIGKILL)
        all_ended(dead)
        assert media.picture(photo, width=width).width == width
    assert media.call("preview", photo).status_code == 200


def test_what_is_too_much_to_wait_is_turned_away(caged):
    server, media = caged(STOCKROOM_MEDIA_QUEUE="1", STOCKROOM_MEDIA_TIMEOUT="55")
    photo = uploaded(media, "photo.jpg")
    (worker,) = stopped(server)
    calls = [in_background(another(media).try_transform, photo, width=width) for width in range(20, 28)]
    wait_until(
        lambda: any(answer.status_code == 429 for _, results in calls for answer in results), SECONDS, "one has no room"
    )
    worker.go_on()
    for thread, _ in calls:
        thread.join()
    answers = [answer for _, results in calls for answer in results]
    assert len(answers) == len(calls)
    for answer in answers:
        if answer.status_code != 200:
            assert_error(answer, 429)
            assert "Retry-After" not in answer.headers, "the client would repeat it by itself"
    assert 1 <= sum(answer.ok for answer in answers) < len(answers)
    assert [media.picture(photo, width=width).width for width in range(20, 28)] == list(range(20, 28))


def test_workers_end_with_a_server_that_is_killed(caged):
    server, media = caged(STOCKROOM_MEDIA_WORKERS="2")
    large = uploaded(media, "large.jpg", noise(4000, 3000))
    before = {worker: worker.ticks for worker in running(server)}

    def lost():
        with pytest.raises(OSError):  # every error of `requests` is one
            another(media).try_transform(large, type="avif")
        return True

    thread, results = in_background(lost)
    wait_until(
        lambda: any(worker.ticks >= before.get(worker, 0) + 10 for worker in workers(server)),
        SECONDS,
        "a worker computes",
    )
    orphans = workers(server)
    server.kill()
    thread.join()
    assert results == [True]
    all_ended(orphans)

    # What it had begun leaves nothing behind.
    media = Media.of_server(server.start())
    assert media.renditions(server, large) and all(row["width"] == 9 for row in media.renditions(server, large))
    wait_until(lambda: server.temporary_files() == [], SECONDS, "no temporary file is left")
    assert media.picture(large, width=20).width == 20


def test_workers_end_with_a_server_that_is_stopped(caged):
    server, media = caged()
    uploaded(media, "photo.jpg")
    found = running(server)
    assert server.stop() == 0
    all_ended(found)


def test_an_idle_worker_holds_nothing_of_the_data(caged):
    server, media = caged()
    uploaded(media, "photo.jpg")

    def held(worker):
        try:
            return [name for name in worker.open_files() if name.startswith(str(server.data))]
        except PermissionError:
            pytest.skip("the worker lets nobody but root look at it")

    for worker in running(server):
        wait_until(lambda worker=worker: not held(worker), SECONDS, "no file of the data folder is open")


def test_every_thread_of_a_worker_is_locked_in(caged):
    server, media = caged()
    uploaded(media, "photo.jpg")
    for worker in running(server):
        threads = worker.threads()
        assert threads and all(thread["NoNewPrivs"].strip() == "1" for thread in threads)
        assert all(thread["Seccomp"].strip() == "2" for thread in threads)


@pytest.mark.parametrize("program", ["cat", "chmod", "curl", "fork", "sh", "touch"])
def test_a_program_in_the_cage_reaches_nothing(tmp_path, program):
    """The cage itself, with programs that do what hostile bytes would like to."""
    secret, new = tmp_path / "secret", tmp_path / "new"
    secret.write_text("a secret")
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    arguments = {
        "cat": [secret],
        "chmod": ["666", secret],
        "fork": ["-c", "(echo reached); (echo reached)"],
        "curl": ["--silent", "--max-time", "5", url],
        "sh": ["-c", f"kill -0 {os.getpid()} && echo reached"],
        "touch": [new],
    }[program]
    command = [shutil.which("sh" if program == "fork" else program), *map(str, arguments)]
    mode = secret.stat().st_mode

    def run(*before):
        return subprocess.run([*before, *command], stdin=subprocess.DEVNULL, capture_output=True, timeout=60)

    cage = [BINARY, "media-worker", "--parent", str(os.getpid()), "--memory", str(1 << 30), "--run"]
    caged = run(*cage, command.pop(0), "--")
    assert caged.returncode != 0 and caged.stdout == b"", caged
    assert not new.exists() and secret.stat().st_mode == mode
    listener.settimeout(0)
    with pytest.raises(BlockingIOError):
        listener.accept()
    listener.close()


def test_one_picture_that_many_ask_for_is_made_once(caged):
    server, media = caged(STOCKROOM_MEDIA_WORKERS="4")
    photo = media.upload("photo.jpg", media_files.jpg_with_texts(noise(1500, 1000)))
    start = threading.Barrier(12)

    def ask(media):
        start.wait()
        return media.transform(photo, width=700, type="webp", name="once", key="k")

    calls = [in_background(ask, another(media)) for _ in range(12)]
    for thread, _ in calls:
        thread.join()
    results = [result for _, results in calls for result in results]
    assert len(results) == 12 and all(result == results[0] for result in results)
    assert media.downloaded(results[0]).width == 700
    (row,) = media.renditions(server, photo)
    assert (row["asset"], row["file"], row["version"]) == (photo["gid"], "once@k.webp", photo["version"])
    assert (row["format"], row["width"], row["filesize"]) == ("webp", 700, results[0]["filesize"])
    assert row["public"] is True and row["created_on"] > 0
