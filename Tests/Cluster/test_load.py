"""The load and the checks themselves, on one server with SQLite: that they pass when all is well, and see what is wrong."""

import random

import pytest

import checks
from callers import Wrong
from ledger import Ledger
from live_feed import within
from load import Downloader, MixedLoad
from server_process import wait_until
from servers import Installation


@pytest.fixture
def single(tmp_path):
    """One server on SQLite and a folder."""
    shared = tmp_path / "shared"
    shared.mkdir()
    with Installation(
        tmp_path, database=f"sqlite:{shared}/stockroom.sqlite", blobs=f"file:{shared}", count=1
    ) as installation:
        installation.shared = shared
        yield installation


@within(300)
def test_a_load_with_kills_passes_the_checks(single):
    load = MixedLoad(single, bulk_files=80)
    with load.running():
        load.go_on(project_upload=20, segment_upload=20, bulk_job=2, download=20, edit=10)
        for _ in range(2):
            single.servers[0].kill()
            single.servers[0].start()
            load.go_on(seconds=1, project_upload=10, segment_upload=10, bulk_job=1, download=10)
    checks.check_everything(load, single)
    assert all(follower.visits > 1 for follower in load.followers if follower.kind != "long poll")
    print(load.ledger.summary())


@within(300)
def test_the_checks_see_what_is_wrong(single):
    load = MixedLoad(single, bulk_files=20, bulk_workers=1, downloaders=1)
    with load.running():
        load.go_on(project_upload=5, segment_upload=5, bulk_job=1)
    tree = checks.quiet_listing(load)
    assert checks.jobs(load) == checks.uploads(load, tree) == checks.followers(load, tree) == []

    # A follower that has missed a change, and one that keeps what is gone.
    poll, stream, socket = load.followers
    (gid, asset), *_ = poll.cache.items()
    poll.cache[gid] = {**asset, "updated_on": 0}
    stream.cache["nowhere"] = {**asset, "pathname": "/nowhere"}
    del socket.cache[gid]
    found = checks.followers(load, tree)
    assert len(found) == 3 and all(follower.kind in text for follower, text in zip(load.followers, found)), found

    # A job that was done twice, and one that was forgotten.
    token, record = next(iter(load.ledger.jobs.items()))
    del load.ledger.jobs[token]
    assert any("nobody" in text for text in checks.jobs(load))
    load.ledger.jobs[token] = record
    record.gids.add("another")
    assert any("says" in text for text in checks.jobs(load))
    record.gids.remove("another")

    # Bytes that are others, or gone, and a file that nobody has sent.
    first, second, *_ = [place for place in load.ledger.stored() if place.key[0] == "project"]
    first.versions[-1] = "other bytes"
    assert any(str(first.key) in text for text in checks.uploads(load, tree))
    del tree[second.gid]
    assert any(str(second.key) in text for text in checks.uploads(load, tree))
    load.ledger.places.pop(second.key)
    load.end()


def test_a_reader_that_finds_old_bytes_says_so():
    ledger = Ledger()
    place = ledger.place("segment", 1, "a")
    place.acknowledge(place.sends(b"old"))
    place.acknowledge(place.sends(b"new"))

    class Answers:
        random = random.Random(1)

        def __init__(self, body):
            self.body = body

        def download_of_segment(self, segment, name):
            return self.body

    for body, is_right in ((b"new", True), (b"old", False), (None, False)):
        ledger.problems.clear()
        Downloader(0, Answers(body), ledger).once()
        assert (ledger.problems == []) is is_right
    # While a newer upload is under way, both are right.
    place.sends(b"newest")
    for body in (b"new", b"newest"):
        ledger.problems.clear()
        Downloader(0, Answers(body), ledger).once()
        assert ledger.problems == []


def test_a_thread_that_fails_fails_the_load():
    ledger = Ledger()

    class Answers:
        random = random.Random(1)

        def download_of_segment(self, segment, name):
            raise Wrong("422")

    place = ledger.place("segment", 1, "a")
    place.acknowledge(place.sends(b"x"))
    worker = Downloader(0, Answers(), ledger)
    worker.thread.start()
    wait_until(lambda: ledger.problems, 10, "the failure is noted")
    worker.stopping.set()
    worker.thread.join()
    assert "422" in ledger.problems[0]
