"""What three servers on one database know of each other: log-ins, rights, jobs, changes, limits, duties, versions."""

import itertools
import threading
import time
from contextlib import contextmanager

import pytest
import requests

import raw_http
import sample_files
from fault_proxy import FaultProxy
from live_client import AsyncSocket, EventStream, SyncSocket, new_socket  # noqa: F401
from live_feed import feed_from_now, new_folder, within
from nginx_balancer import Nginx
from project_client import TIMEOUT, ProjectCalls, upload_many
from segment_client import SegmentClient
from server_process import wait_until
from servers import Installation

KNOWN_SECONDS = 2
JOB_SECONDS = 60
numbers = itertools.count(1)


@contextmanager
def installed(folder, postgres, **options):
    (folder / "shared").mkdir(parents=True, exist_ok=True)
    blobs = f"file:{folder}/shared"
    with Installation(folder / "servers", database=postgres.url, blobs=blobs, **options) as installation:
        yield installation


@pytest.fixture(scope="module")
def three(database_server, tmp_path_factory):
    """Three servers that the tests of this file share, and leave running."""
    database_server.empty()
    with installed(tmp_path_factory.mktemp("three"), database_server) as installation:
        yield installation


def within_seconds(began, seconds, what):
    """Asserts that what began then has not taken longer."""
    assert time.monotonic() - began <= seconds, f"{what}: after {time.monotonic() - began:.2f} s"


# Who may do what


def test_a_log_in_on_one_is_good_on_all(three):
    token = three.project_calls(0).token
    for address in three.addresses:
        assert ProjectCalls(address, three.project["gid"], token).result("assets/root")["root"]
    manager = SegmentClient(three.addresses[1], three.demo["account"], three.demo["key"])
    for address in three.addresses:
        answer = requests.get(
            f"{address}/api/resources/assets/27665601/list",
            params={"scope": f"pr{three.project['number']}"},
            headers=manager.auth_headers,
            timeout=TIMEOUT,
        )
        assert answer.status_code == 200 and answer.json() == []


def new_member(three, role="member"):
    name = f"member{next(numbers)}"
    made = three.command("user", "create", "--account", three.demo["account"], "--username", name)
    three.command("member", "add", "--project", three.project["number"], "--user", name, "--role", role)
    return name, ProjectCalls.with_password(three.addresses[0], three.project["gid"], name, made["password"]), made


def may_read(three, token):
    """On each server."""
    return [
        ProjectCalls(address, three.project["gid"], token).post("assets/root").status_code == 200
        for address in three.addresses
    ]


def test_a_member_that_is_removed_by_a_call_is_out_everywhere(three):
    name, guest, made = new_member(three)
    assert may_read(three, guest.token) == [True] * 3
    owner = ProjectCalls.with_password(
        three.addresses[0], three.project["gid"], three.demo["user"], three.demo["password"]
    )
    owner.result("members/remove", {"user": made["gid"]})
    began = time.monotonic()
    wait_until(lambda: may_read(three, guest.token) == [False] * 3, KNOWN_SECONDS, "the member is out everywhere")
    # And stays so: nobody remembers anything else.
    within_seconds(began, KNOWN_SECONDS, "the member is out")
    assert may_read(three, guest.token) == [False] * 3


def test_a_member_that_is_removed_by_a_command_is_out_everywhere(three):
    name, guest, _ = new_member(three)
    assert may_read(three, guest.token) == [True] * 3
    three.command("member", "remove", "--project", three.project["number"], "--user", name)
    wait_until(lambda: may_read(three, guest.token) == [False] * 3, KNOWN_SECONDS, "the member is out everywhere")


def test_a_new_key_opens_all(three):
    key = three.command("apikey", "create", "--project", three.project["number"], "--name", "new")["apiKey"]
    began = time.monotonic()
    for address in three.addresses:
        wait_until(
            lambda: (
                requests.post(f"{address}/api/p/{three.project['gid']}/auth", json={"api_key": key}, timeout=TIMEOUT).ok
            ),
            KNOWN_SECONDS,
            "the key is known",
        )
    within_seconds(began, KNOWN_SECONDS + 1, "the key is known")


# Jobs, files


def test_a_job_that_was_begun_on_one_is_seen_on_all(three):
    first, second, third = (three.project_calls(number) for number in range(3))
    folder = new_folder(first, f"job {next(numbers)}")
    upload_many(first, folder, [f"{number}.txt" for number in range(200)])
    cursor = third.cursors()[0]
    token = first.result("assets/bulk/delete", {"selection": [folder]})["job.token"]
    for calls in (second, third):
        assert calls.result("jobs/get", {"job": token})["job"]["job"] == "bulk_delete_assets"
        assert token in [job["token"] for job in calls.result("jobs/list")["jobs"]]
    job = wait_until(
        lambda: (found := second.result("jobs/get", {"job": token})["job"])["status"] == "done" and found,
        JOB_SECONDS,
        "the job is done",
    )
    assert job["info"]["total"] == 201 and job["info"]["remaining"] == 0 and not job["info"].get("failed")
    reports = [item for item in third.result("/sync/get", {"cc_cursor": cursor})["sync"] if item["data_key"] == token]
    assert [item["data"]["status"] for item in reports].count("done") == 1
    assert {asset["status"] for asset in third.children(folder)} == {"deleted"}


def test_a_job_is_cancelled_from_another_server(three):
    calls = [three.project_calls(number) for number in range(3)]
    folder = new_folder(calls[0], f"cancelled {next(numbers)}")
    upload_many(calls[0], folder, [f"{number}.txt" for number in range(100)])
    selection = [{"children": folder}] + [{"search": {"language": "en", "q": "txt"}}] * 300
    token = calls[0].result("assets/bulk/delete", {"selection": selection})["job.token"]
    answer = calls[1].post("jobs/cancel", {"job": token})
    job = wait_until(
        lambda: (found := calls[2].result("jobs/get", {"job": token})["job"])["status"] == "done" and found,
        JOB_SECONDS,
        "the job has ended",
    )
    # 422: it was quicker than the call.
    assert answer.status_code == 422 or "error" in job["info"], (answer.text, job)
    calls[0].result("assets/bulk/undelete", {"selection": [{"search": {"language": "en", "q": "txt"}}]})


def test_bytes_that_one_has_taken_all_can_send(three):
    content = bytes(range(256)) * 1000
    assets = [three.segment_assets(number) for number in range(3)]
    # The token of the media store comes from one server, and is used at another one.
    token = assets[0].client.media_token("file.bin", content)
    assert assets[1].attach(27665650, token).status_code == 200
    for one in assets:
        answer = one.download(27665650, "file.bin")
        assert answer.status_code == 200 and answer.content == content
    new = content[::-1]
    assets[2].upload(27665650, "file.bin", new)
    assert all(one.download(27665650, "file.bin").content == new for one in assets), "nobody has kept the old bytes"


# The live feed


@pytest.fixture
def heard(three, new_socket):  # noqa: F811
    """Makes followers on a server, by socket.io."""

    def make(number, kind=SyncSocket):
        calls = three.project_calls(number)
        feed = feed_from_now(calls)
        socket = new_socket(kind, calls.url, calls.token, "websocket")
        socket.connect()
        socket.start(feed)
        return feed

    return make


def delay(three, feeds, word):
    """The longest time until all followers have heard of a change on the first server."""
    gid = new_folder(three.project_calls(0), f"{word} {next(numbers)}")
    began = time.monotonic()
    for feed in feeds:
        feed.wait_for_key(gid, "INSERT")
    return time.monotonic() - began


@pytest.mark.parametrize("kind", [SyncSocket, AsyncSocket])
def test_a_change_on_one_is_heard_on_the_others(three, heard, kind):
    feeds = [heard(number, kind) for number in (1, 2)]
    delays = sorted(delay(three, feeds, "heard") for _ in range(9))
    assert delays[4] < 0.5, f"well within a second: {delays}"


def test_a_change_on_one_ends_the_long_poll_of_another(three):
    calls = three.project_calls(2)
    cc, cursor = calls.cursors()
    answers = []

    def poll():
        body = {"cc_cursor": cc, "project": calls.gid, "cursor": cursor, "wait": 30}
        answers.append((calls.result("/sync/get", body)["sync"], time.monotonic()))

    waiting = threading.Thread(target=poll)
    waiting.start()
    time.sleep(0.5)  # so that it waits: there is nothing to see from outside
    gid = new_folder(three.project_calls(0), f"polled {next(numbers)}")
    changed = time.monotonic()
    waiting.join(30)
    ((items, came),) = answers
    assert gid in [item["data_key"] for item in items] and came - changed < 1


def test_an_event_stream_goes_on_at_another_server(three):
    first, second = three.project_calls(0), three.project_calls(1)
    events = EventStream(first.url, first.token, project=first.gid)
    where = events.next_event().id
    gid = new_folder(second, f"stream {next(numbers)}")
    event = events.next_event()
    while gid not in [item["data_key"] for item in event.data]:
        where = event.id
        event = events.next_event()
    events.close()
    again = EventStream(second.url, second.token, where, project=second.gid)
    assert again.next_event().event == "init"
    assert gid in [item["data_key"] for item in again.next_event().data]
    again.close()


@within(120)
def test_changes_are_heard_when_nobody_is_told(three, heard, database_server):
    """The sessions that listen to the database are ended, again and again: a look once a second finds what was not told."""
    feeds = [heard(number) for number in (1, 2)]
    assert delay(three, feeds, "before") < WAIT_FOR_A_LOOK
    assert len(database_server.listeners()) >= 3
    for _ in range(5):
        for session in database_server.listeners():
            database_server.end_session(session)
        assert delay(three, feeds, "unheard") < WAIT_FOR_A_LOOK
    wait_until(lambda: len(database_server.listeners()) >= 3, 30, "all listen again")
    delays = sorted(delay(three, feeds, "again") for _ in range(5))
    assert delays[2] < 0.5, delays


WAIT_FOR_A_LOOK = 3  # seconds: a look each second, on a busy machine


# Limits, duties


@within(120)
def test_the_hourly_allowance_is_one_for_all_servers(tmp_path, postgres):
    allowed = 60
    with installed(tmp_path, postgres, environment={"STOCKROOM_RATE_LIMIT": str(allowed)}) as installation:
        assets = [installation.segment_assets(number) for number in range(3)]
        # What two of them have counted, the third one hears of within moments.
        for turn in range(allowed):
            assert assets[turn % 2].list(27665601).status_code in (200, 429)
        wait_until(
            lambda: [one.list(27665601).status_code for one in assets] == [429] * 3,
            20,
            "the allowance is used up everywhere",
        )


@within(240)
def test_each_duty_is_one_servers(tmp_path, postgres):
    with installed(tmp_path, postgres) as installation:

        def duties():
            rows = postgres.sql("SELECT name, owner FROM duties")
            return dict(rows) if {"sweeping", "compaction", "examining"} <= {name for name, _ in rows} else None

        first = wait_until(duties, 60, "every duty is somebody's")
        # Two of three servers end: what they held, the third one takes over when the lease has run out.
        installation.servers[0].kill()
        installation.servers[1].kill()
        postgres.sql("UPDATE duties SET lease_until = 0")
        gid = installation.project_calls(2).upload(
            installation.project_calls(2).result("assets/root")["root"], "picture.png", sample_files.png(5, 5)
        )
        assert gid
        wait_until(
            lambda: postgres.sql("SELECT COUNT(*) FROM duties WHERE lease_until > 0") == [[str(len(first))]],
            120,
            "the last server does all of it",
        )
        wait_until(
            lambda: postgres.sql("SELECT COUNT(*) FROM examinations") == [["0"]], 60, "the picture has been looked at"
        )


# Starting, stopping, versions


@within(120)
def test_a_server_that_drains_says_so_and_ends_what_runs(tmp_path, postgres):
    options = {"environment": {"STOCKROOM_DRAIN_SECONDS": "5"}}
    with installed(tmp_path, postgres, **options) as installation, Nginx(tmp_path, installation.ports) as nginx:
        server = installation.servers[0]
        assets = installation.segment_assets(0)
        content = bytes(range(256)) * 200_000
        assets.upload(27665601, "large.bin", content)
        path = f"/api/resources/assets/27665601?scope=pr{installation.project['number']}&filename=large.bin"
        connection, status, headers, body = raw_http.begin_download(server.address, path, assets.client.auth_headers)
        assert status == 200
        server.process.terminate()
        wait_until(lambda: state_of(server.address) == 503, 5, "it says that it is stopping")
        # To who has not heard it yet, it is a server like the others.
        assets.upload(27665601, "late.txt", b"late")
        assert assets.download(27665601, "late.txt").content == b"late"
        # The others work, and nginx finds them.
        for _ in range(10):
            assert installation.project_calls(nginx.url).result("assets/root")["root"]
        received = len(body)
        while piece := connection.recv(1 << 20):
            received += len(piece)
        assert received == len(content), "the download has ended in order"
        assert server.wait_for_exit() == 0


def state_of(address):
    try:
        return requests.get(f"{address}/readyz", timeout=5).status_code
    except requests.RequestException:
        return None


@within(120)
def test_readyz_is_503_while_the_database_is_away(tmp_path, postgres):
    with FaultProxy(postgres.port) as proxy:
        way = [postgres.url_at(proxy.port)]
        with installed(tmp_path, postgres, count=1, databases=way) as installation:
            address = installation.addresses[0]
            assert state_of(address) == 200
            proxy.refuse()
            wait_until(lambda: state_of(address) == 503, 20, "not ready")
            assert requests.get(f"{address}/healthz", timeout=5).status_code == 200
            proxy.heal()
            wait_until(lambda: state_of(address) == 200, 20, "ready again")


@within(120)
def test_a_schema_that_is_newer_is_refused(tmp_path, postgres):
    with installed(tmp_path, postgres, count=2) as installation:
        last = int(postgres.sql("SELECT MAX(number) FROM schema_versions")[0][0])
        first, second = installation.servers
        first.stop()
        # One that programs of today can work with: servers are replaced one by one.
        postgres.sql(f"INSERT INTO schema_versions (number, name, works_with) VALUES ({last + 1}, '9999_Adds', {last})")
        first.start()
        assert installation.project_calls(0).result("assets/root")["root"]
        first.stop()
        # And one that they cannot.
        postgres.sql(f"UPDATE schema_versions SET works_with = {last + 1} WHERE number = {last + 1}")
        with pytest.raises(AssertionError, match="newer version"):
            first.start()
        # The one that runs goes on.
        assert installation.project_calls(1).result("assets/root")["root"]


@within(120)
def test_servers_that_start_at_once_on_an_empty_database_all_succeed(tmp_path, postgres):
    (tmp_path / "shared").mkdir()
    installation = Installation(tmp_path, database=postgres.url, blobs=f"file:{tmp_path}/shared")
    problems = []

    def start(server):
        try:
            server.start()
        except AssertionError as error:
            problems.append(error)

    try:
        threads = [threading.Thread(target=start, args=(server,)) for server in installation.servers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not problems, problems
        assert [state_of(address) for address in installation.addresses] == [200] * 3
        numbers = [int(row[0]) for row in postgres.sql("SELECT number FROM schema_versions ORDER BY 1")]
        assert numbers == list(range(1, len(numbers) + 1))
        assert installation.project_calls(2).result("assets/root")["root"]
        assert installation.stop() == [0, 0, 0]
    finally:
        installation.kill()


@within(120)
def test_a_server_with_another_secret_is_refused(tmp_path, postgres):
    with installed(tmp_path, postgres, count=2) as installation:
        second = installation.servers[1]
        second.stop()
        second.environment["STOCKROOM_SECRET"] = "0" * 64
        with pytest.raises(AssertionError, match="(?i)secret"):
            second.start()
