"""Faults that three servers survive under a mixed load. After each: every acknowledged upload is there with the right hash, no job
is lost or done twice, the cache of every follower is what the database has, and `fsck` is clean."""

import time
from contextlib import ExitStack, contextmanager

import pytest
import requests

import checks
from fault_proxy import FaultProxy
from full_disk import SmallDisk
from live_feed import within
from load import MixedLoad
from moto_s3 import MotoS3
from nginx_balancer import Nginx
from postgres import Postgres
from project_client import ProjectCalls
from server_process import wait_until
from servers import Installation

MINUTES = 60
READY_SECONDS = 60


@contextmanager
def three_servers(folder, postgres, blobs, **options):
    """Three servers on the database, with their bytes in a folder or where `blobs` says."""
    with Installation(folder / "servers", database=postgres.url, blobs=blobs, **options) as installation:
        yield installation
        assert installation.stop() == [0, 0, 0]


@pytest.fixture
def shared(tmp_path):
    """The URL of a folder for the bytes of all servers."""
    (tmp_path / "shared").mkdir()
    return f"file:{tmp_path}/shared"


@pytest.fixture
def own_postgres(tmp_path):
    """A database server that the test may kill."""
    with Postgres(tmp_path / "database") as postgres:
        yield postgres


def settle(load):
    """Everything works: some more of each kind is done."""
    load.go_on(seconds=2, project_upload=10, segment_upload=10, bulk_job=2, download=20, edit=10)


def answers(address, path="/readyz"):
    """The status; None when there is no answer in time."""
    try:
        return requests.get(address + path, timeout=5).status_code
    except requests.RequestException:
        return None


def are_ready(installation):
    wait_until(
        lambda: all(answers(server.address) == 200 for server in installation.servers), READY_SECONDS, "all are ready"
    )


# Servers


@within(6 * MINUTES)
def test_one_server_after_the_other_is_killed_during_bulk_jobs(tmp_path, postgres, shared):
    """Behind nginx, as it is deployed. Whichever server runs the jobs, it is killed among them."""
    with three_servers(tmp_path, postgres, shared) as installation, Nginx(tmp_path, installation.ports) as nginx:
        load = MixedLoad(installation, [nginx.url], bulk_files=300)
        with load.running():
            settle(load)
            for server in installation.servers:
                during_a_job(load, server.kill)
                load.go_on(seconds=1, project_upload=5, segment_upload=5, download=10)
                server.start()
                settle(load)
        checks.check_everything(load, installation, postgres)


def during_a_job(load, act):
    """Acts when a bulk job has been begun that has not ended yet."""
    known = set(load.ledger.jobs)
    wait_until(lambda: set(load.ledger.jobs) - known, 60, "another bulk job is begun")
    act()


@within(6 * MINUTES)
def test_all_servers_are_killed_at_once(tmp_path, postgres, shared):
    with three_servers(tmp_path, postgres, shared) as installation:
        load = MixedLoad(installation)
        with load.running():
            for _ in range(2):
                settle(load)
                during_a_job(load, installation.kill)
                for server in installation.servers:
                    server.start()
            settle(load)
        checks.check_everything(load, installation, postgres)


@within(6 * MINUTES)
def test_a_server_that_stops_in_order_is_noticed_by_nobody(tmp_path, postgres, shared):
    """As in an upgrade, one after the other. Behind nginx, only what is under way may fail; bulk jobs go on elsewhere."""
    with three_servers(tmp_path, postgres, shared) as installation, Nginx(tmp_path, installation.ports) as nginx:
        load = MixedLoad(installation, [nginx.url])
        with load.running():
            settle(load)
            for server in installation.servers:
                assert server.stop() == 0
                load.go_on(project_upload=5, segment_upload=5, download=10)
                server.start()
                settle(load)
        checks.check_everything(load, installation, postgres)


@within(6 * MINUTES)
def test_a_job_of_a_server_that_dies_goes_on_within_30_seconds(tmp_path, postgres, shared):
    with FaultProxy(postgres.port) as proxy, FaultProxy(postgres.port) as other:
        through = [postgres.url_at(proxy.port), postgres.url_at(other.port)]
        with Installation(
            tmp_path / "servers", database=postgres.url, blobs=shared, databases=through, count=2
        ) as installation:
            first, second = installation.servers
            second.stop()
            made = installation.command("generate", "--assets", 5000, seconds=5 * MINUTES)
            key = installation.command("apikey", "create", "--project", made["gid"], "--name", "bulk")
            calls = ProjectCalls.with_key(first.address, made["gid"], key["apiKey"])
            token = calls.result("assets/bulk/delete", {"selection": [made["folder"]]})["job.token"]

            def state():
                rows = postgres.sql("SELECT lease_owner, succeeded, total, status FROM jobs WHERE kind = 'bulk_delete_assets'")
                return rows[0] if rows and rows[0][2] else None

            # In its midst, and no further.
            owner = wait_until(state, 60, "the job runs")[0]
            proxy.hold()
            found = state()
            assert found[0] == owner and found[3] == "processing" and int(found[1]) < int(found[2]), found
            second.start()
            first.kill()
            died = time.monotonic()
            proxy.cut()
            wait_until(lambda: state()[0] not in (owner, None) or state()[3] == "done", 60, "another server has taken it")
            assert time.monotonic() - died < 30
            calls = ProjectCalls.with_key(second.address, made["gid"], key["apiKey"])
            job = wait_until(
                lambda: next(
                    (job for job in [calls.result("jobs/get", {"job": token})["job"]] if job["status"] == "done"), None
                ),
                2 * MINUTES,
                "the job has ended",
            )
            assert job["info"]["total"] == 5000 and job["info"]["remaining"] == 0 and not job["info"].get("failed")
            rows = postgres.sql("SELECT COUNT(*) FROM assets WHERE status = 'deleted'")
            assert rows == [["5000"]]
            assert checks.fsck(installation) == []


# PostgreSQL


@within(6 * MINUTES)
@pytest.mark.parametrize("way", ["restarted", "killed"])
def test_postgres_restarts(tmp_path, own_postgres, shared, way):
    with three_servers(tmp_path, own_postgres, shared) as installation:
        load = MixedLoad(installation)
        with load.running():
            settle(load)
            during_a_job(load, own_postgres.stop if way == "restarted" else own_postgres.kill)
            for server in installation.servers:
                assert answers(server.address, "/healthz") == 200
            own_postgres.start()
            are_ready(installation)
            settle(load)
        checks.check_everything(load, installation, own_postgres)


@within(8 * MINUTES)
@pytest.mark.parametrize("way", ["silent", "refused"])
def test_postgres_cannot_be_reached_for_20_seconds(tmp_path, postgres, shared, way):
    with FaultProxy(postgres.port) as proxy:
        through = [postgres.url_at(proxy.port)] * 3
        with three_servers(tmp_path, postgres, shared, databases=through) as installation:
            load = MixedLoad(installation)
            with load.running():
                settle(load)
                during_a_job(load, proxy.hold if way == "silent" else proxy.refuse)
                ends = time.monotonic() + 20
                # Or says nothing, where nobody knows yet.
                away = (503,) if way == "refused" else (503, None)
                for server in installation.servers:
                    wait_until(lambda: answers(server.address) in away, 18, "it says that it is not ready")
                while time.monotonic() < ends:
                    assert all(answers(server.address, "/healthz") == 200 for server in installation.servers)
                    time.sleep(1)
                proxy.heal()
                are_ready(installation)
                settle(load)
            checks.check_everything(load, installation, postgres)


@within(6 * MINUTES)
def test_connections_to_postgres_are_cut(tmp_path, postgres, shared):
    """Of one server after the other, again and again, amidst whatever they carry."""
    with ExitStack() as stack:
        proxies = [stack.enter_context(FaultProxy(postgres.port, seed=number)) for number in range(3)]
        through = [postgres.url_at(proxy.port) for proxy in proxies]
        with three_servers(tmp_path, postgres, shared, databases=through) as installation:
            load = MixedLoad(installation)
            with load.running():
                settle(load)
                for turn in range(12):
                    proxies[turn % 3].cut()
                    load.go_on(seconds=0.5, project_upload=2, download=2)
                settle(load)
            checks.check_everything(load, installation, postgres)


# Object storage


@contextmanager
def store_with_faults(tmp_path, postgres):
    """Three servers on an S3 server, each through a proxy."""
    with MotoS3(tmp_path) as s3, ExitStack() as stack:
        s3.make_bucket("blobs")
        proxies = [stack.enter_context(FaultProxy(s3.port, http=True, seed=number)) for number in range(3)]
        stores = [s3.blobs("blobs", "a/b", proxy.port) for proxy in proxies]
        with three_servers(
            tmp_path, postgres, s3.blobs("blobs", "a/b"), stores=stores, environment=s3.environment
        ) as installation:
            yield installation, proxies


def each(proxies, act):
    for proxy in proxies:
        act(proxy)


@within(8 * MINUTES)
@pytest.mark.parametrize("fault", ["answers 503", "is slow", "cuts connections", "is away"])
def test_object_storage(tmp_path, postgres, fault):
    acts = {
        # Now and then, and for some seconds always.
        "answers 503": [lambda proxy: proxy.fail(0.3), lambda proxy: proxy.fail(1)],
        "is slow": [lambda proxy: proxy.slow(200_000)],
        "cuts connections": [lambda proxy: proxy.cut_after(1000, 0.3), lambda proxy: proxy.cut()],
        "is away": [lambda proxy: proxy.refuse(), lambda proxy: proxy.hold()],
    }
    with store_with_faults(tmp_path, postgres) as (installation, proxies):
        load = MixedLoad(installation)
        with load.running():
            settle(load)
            for act in acts[fault]:
                each(proxies, act)
                # What was on its way arrives.
                load.go_on(seconds=3, edit=2)
                uploads = load.ledger.counts["project upload"]
                # What needs no bytes goes on.
                load.go_on(seconds=5, edit=3, bulk_job=1)
                if fault == "is away":
                    assert load.ledger.counts["project upload"] == uploads
                each(proxies, FaultProxy.heal)
                settle(load)
            seen = {"answers 503": "failed", "is slow": "slowed", "cuts connections": "broken"}.get(fault)
            assert seen is None or all(getattr(proxy, seen) for proxy in proxies)
        checks.check_everything(load, installation, postgres)


# Full disks


@within(6 * MINUTES)
def test_the_disk_of_the_bytes_is_full(tmp_path, postgres):
    with SmallDisk(tmp_path / "small", 400) as disk:
        with three_servers(tmp_path, postgres, f"file:{disk.path}/shared") as installation:
            load = MixedLoad(installation)
            with load.running():
                settle(load)
                disk.fill()
                uploads = load.ledger.counts["project upload"]
                # What takes no room goes on.
                load.go_on(seconds=5, download=20, edit=10, bulk_job=2)
                assert any("upload" in kind for kind, _ in load.ledger.failures), load.ledger.summary()
                assert all(answers(server.address) == 200 for server in installation.servers)
                disk.relieve()
                settle(load)
                assert load.ledger.counts["project upload"] > uploads
            checks.check_everything(load, installation, postgres)


@within(6 * MINUTES)
def test_the_disk_of_the_database_is_full(tmp_path, shared):
    postgres = Postgres(tmp_path / "database")
    with SmallDisk(postgres.data, 700, postgres.user) as disk, postgres:
        with three_servers(tmp_path, postgres, shared) as installation:
            load = MixedLoad(installation)
            with load.running():
                settle(load)
                disk.fill()
                # PostgreSQL gives up when it cannot write its log, and starts again by itself as long as it can.
                wait_until(
                    lambda: (
                        sum(count for (kind, _), count in load.ledger.failures.items() if "follower" not in kind) > 20
                    ),
                    60,
                    "calls fail",
                )
                disk.relieve()
                if not postgres.runs:
                    postgres.start()
                are_ready(installation)
                settle(load)
            checks.check_everything(load, installation, postgres)
