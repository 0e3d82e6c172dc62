"""Servers and clients for the tests. Every server listens on 127.0.0.1, on a port that it picked itself."""

import os

import pytest
import unicat

import project_client
from segment_client import SegmentAssets, SegmentClient
from server_process import BINARY, Server, wait_until

# Traffic to this machine goes to this machine, whatever proxy the environment names.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"

DOCUMENT = 19641
FLEX_DOCUMENT = 19914


def pytest_addoption(parser):
    parser.addoption(
        "--s3",
        action="store_true",
        help="keep the bytes of all servers in the bucket that STOCKROOM_TEST_S3 names (scripts/with-s3 sets it)",
    )


def pytest_configure(config):
    if config.option.s3:
        Server.bucket = os.environ.get("STOCKROOM_TEST_S3")
        if not Server.bucket:
            raise pytest.UsageError("STOCKROOM_TEST_S3 names no bucket: run this by scripts/with-s3")
    if not config.option.collectonly and not BINARY.exists():
        raise pytest.UsageError(f"{BINARY} does not exist: build it first, or set STOCKROOM_BIN")
    version = os.environ.get("UNICAT_VERSION", unicat.__version__)
    if version != unicat.__version__:
        raise pytest.UsageError(f"the client is unicat {unicat.__version__}, not {version}")


def pytest_report_header():
    return f"client: unicat {unicat.__version__}"


def pytest_collection_modifyitems(config, items):
    """Tests of files on the disk have no place where the bytes are in a bucket."""
    if config.option.s3:
        disk = [item for item in items if item.get_closest_marker("disk")]
        config.hook.pytest_deselected(items=disk)
        items[:] = [item for item in items if item not in disk]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows the end of its server's log."""
    report = yield
    if report.failed:
        for value in getattr(item, "funcargs", {}).values():
            if isinstance(value, Server):
                report.sections.append((f"log of the server, {value.log}", value.log_tail()))
    return report


# Servers


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The server that most tests share, with the demo set."""
    server = Server(tmp_path_factory.mktemp("server"))
    assert server.demo
    server.start()
    yield server
    server.stop()


@pytest.fixture
def new_server(tmp_path_factory):
    """Makes servers of the test's own; none of them outlives the test."""
    servers = []

    def make(**options):
        servers.append(Server(tmp_path_factory.mktemp("own"), **options))
        return servers[-1]

    yield make
    for server in servers:
        server.kill()


@pytest.fixture
def own_server(new_server):
    """A running server of the test's own, with the demo set."""
    server = new_server()
    assert server.demo
    return server.start()


# The project dialect


@pytest.fixture(scope="session")
def project_gid(server):
    return server.demo["project"]["gid"]


@pytest.fixture
def new_client(server, project_gid, tmp_path_factory):
    """Makes connected clients, each with a store of its own."""

    def make():
        return project_client.unicat_client(
            server.url, project_gid, server.demo["project"]["apiKey"], tmp_path_factory.mktemp("downloads")
        )

    return make


@pytest.fixture
def client(new_client):
    return new_client()


@pytest.fixture(scope="session")
def calls(server, project_gid):
    """Plain calls with the project's API key."""
    return project_client.ProjectCalls.with_key(server.url, project_gid, server.demo["project"]["apiKey"])


@pytest.fixture(scope="session")
def owner_calls(server, project_gid):
    """Plain calls of the project's owner, who logged in with a password."""
    demo = server.demo
    return project_client.ProjectCalls.with_password(server.url, project_gid, demo["user"], demo["password"])


@pytest.fixture
def folder(client):
    """An empty folder of the test's own, below the root."""
    return client.mutate.create_asset(client.get_root_asset(), f"folder of {project_client.new_word()}")


@pytest.fixture
def upload(client, folder, tmp_path):
    """Uploads bytes through the real client, which reads files only."""

    def upload(name, content=b"hello", into=None):
        path = tmp_path / name
        path.write_bytes(content)
        return client.mutate.upload_asset(str(path), into or folder)

    return upload


@pytest.fixture
def own_project(server, tmp_path_factory):
    """An empty project of the test's own, in English and Dutch: for what changes a project as a whole."""
    gid = server.command(
        *("project", "create", "--account", server.demo["account"], "--owner", server.demo["user"]),
        *("--name", "Own", "--languages", "en,nl"),
    )["gid"]
    key = server.command("apikey", "create", "--project", gid, "--name", "own")["apiKey"]
    return project_client.OwnProject(server.url, gid, key, lambda: tmp_path_factory.mktemp("downloads"))


# The segment dialect


@pytest.fixture(scope="session")
def manager(server):
    return SegmentClient(server.url, server.demo["account"], server.demo["key"])


@pytest.fixture(scope="session")
def worker(server):
    return SegmentClient(server.url, server.demo["account"], server.demo["worker"]["key"])


@pytest.fixture(scope="session")
def _segment_numbers():
    # The first of the project's document has a test of its own.
    return {"project": iter(range(27665602, 27665701)), "flex": iter(range(27667801, 27667901))}


@pytest.fixture(scope="session")
def new_segment(_segment_numbers):
    """Hands out segments that no other test has used."""

    def make(assets):
        number = next(_segment_numbers["flex" if assets.is_flex else "project"], None)
        assert number, "the demo documents have no segment left: let tests share some"
        return number

    return make


@pytest.fixture(scope="session")
def project_assets(server, manager):
    return SegmentAssets(manager, scope=f"pr{server.demo['project']['number']}")


@pytest.fixture(scope="session")
def job_assets(manager):
    return SegmentAssets(manager, scope="jbs773")


@pytest.fixture(scope="session")
def flex_assets(manager):
    return SegmentAssets(manager, flex=FLEX_DOCUMENT)


@pytest.fixture(scope="session")
def flex_job_assets(server, manager):
    """The Flex document, addressed by a job of the manager's on it."""
    server.command(
        *("jobscope", "add", "--project", server.demo["project"]["number"], "--job", "c2002"),
        *("--document", FLEX_DOCUMENT, "--assignee", server.demo["user"]),
    )
    assets = SegmentAssets(manager, flex="c2002")
    wait_until(lambda: assets.list(27667801).ok, 5, "the new job is known to the running server")
    return assets


@pytest.fixture(scope="session", params=["project", "job", "flex", "flex_job"])
def assets(request):
    """A test that takes this runs for both families, and for each way to address them."""
    return request.getfixturevalue(f"{request.param}_assets")


@pytest.fixture
def segment(assets, new_segment):
    return new_segment(assets)


@pytest.fixture
def project_segment(project_assets, new_segment):
    return new_segment(project_assets)
