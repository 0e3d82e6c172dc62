"""Components for the tests of the cluster. Everything listens on 127.0.0.1, on ports that were free."""

import os

import pytest

from live_feed import time_limit  # noqa: F401
from postgres import Postgres
from server_process import BINARY

# Traffic to this machine goes to this machine, whatever proxy the environment names.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"


def pytest_configure(config):
    if not config.option.collectonly and not BINARY.exists():
        raise pytest.UsageError(f"{BINARY} does not exist: build it first, or set STOCKROOM_BIN")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows the end of its components' logs."""
    report = yield
    if report.failed:
        for name, value in getattr(item, "funcargs", {}).items():
            if hasattr(value, "log_tail"):
                report.sections.append((f"log of {name}", value.log_tail()))
    return report


@pytest.fixture(scope="session")
def database_server(tmp_path_factory):
    """PostgreSQL, for tests that leave it running."""
    with Postgres(tmp_path_factory.mktemp("postgres")) as postgres:
        yield postgres


@pytest.fixture
def postgres(database_server):
    """The same with an empty database."""
    database_server.empty()
    return database_server
