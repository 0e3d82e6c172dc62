"""PostgreSQL and servers on it, for measurements; and a database with 1,000,000 assets, made once in a run."""

import shutil
from contextlib import contextmanager
from types import SimpleNamespace

from dataset import GENERATE_SECONDS, SEED
from postgres import Postgres
from server import BENCH, step
from servers import Installation

ASSETS = 1_000_000

# As docs/deploy.md sets it: what was acknowledged survives a power cut.
SETTINGS = {"shared_buffers": "'512MB'", "max_wal_size": "'4GB'"}


def empty_folder(name):
    folder = BENCH / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


class Tree:
    """The database `tree` with a project of so many assets, which measurements copy to `stockroom`."""

    def __init__(self, postgres, folder):
        step(f"makes a tree of {ASSETS:,} assets on PostgreSQL")
        self.postgres = postgres
        (folder / "shared").mkdir()
        self.blobs = f"file:{folder}/shared"
        self.installation = Installation(folder, database=postgres.url, blobs=self.blobs, count=1)
        self.demo = dict(self.installation.demo)
        made = self.installation.command("generate", "--assets", ASSETS, "--seed", SEED, seconds=GENERATE_SECONDS)
        key = self.installation.command("apikey", "create", "--project", made["gid"], "--name", "Benchmark")["apiKey"]
        self.demo["project"] = {"gid": made["gid"], "number": made["number"], "apiKey": key}
        self.top, self.assets = made["folder"], made["assets"]
        postgres.psql("VACUUM ANALYZE")
        postgres.psql("ALTER DATABASE stockroom RENAME TO tree", "postgres")

    def restore(self):
        """Makes the database what it was, for the next round."""
        self.postgres.psql("DROP DATABASE IF EXISTS stockroom WITH (FORCE)", "postgres")
        # By copying files, so that a round begins with the same pages, and none of them to be written.
        self.postgres.psql("CREATE DATABASE stockroom TEMPLATE tree STRATEGY file_copy", "postgres")
        self.postgres.psql("CHECKPOINT", "postgres")

    @contextmanager
    def servers(self, folder, count=1, cores=None):
        """Running servers on the database; each has what `Project` of the other measurements asks for."""
        installation = Installation(folder, database=self.postgres.url, blobs=self.blobs, count=count, cores=cores)
        # The database was made with the first installation's secret.
        for server in installation.servers:
            server.environment["STOCKROOM_SECRET"] = self.installation.servers[0].environment["STOCKROOM_SECRET"]
        try:
            for server in installation.servers:
                server.start()
            yield [
                SimpleNamespace(url=one.address, demo=self.demo, process=one.process) for one in installation.servers
            ]
            assert set(installation.stop()) == {0}
        finally:
            installation.kill()


@contextmanager
def tree(name):
    folder = empty_folder(name)
    with Postgres(folder / "postgres", SETTINGS) as postgres:
        yield Tree(postgres, folder)
    shutil.rmtree(folder)
