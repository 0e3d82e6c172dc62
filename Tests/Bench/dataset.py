"""Two projects of 1,000,000 assets, made once and kept for later runs of the same program: a tree, and one flat folder.

Measurements work on copies."""

import hashlib
import json
import os
import shutil
from dataclasses import dataclass

from database import database
from server import BENCH, BINARY, Server, new_server, step

ASSETS = 1_000_000
SEED = 225
GENERATE_SECONDS = 15 * 60


@dataclass
class Dataset:
    """A data folder that is not served, the project that was made in it, and the gid of the folder that holds all of it."""

    server: Server
    project: dict
    top: str
    files: int

    def copy(self, name):
        """A server on a copy of its own; not started."""
        target = BENCH / name
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self.server.folder, target)
        os.sync()
        server = Server(target)
        # The project takes the place of the one of the demonstration.
        server.demo["project"] = self.project
        return server

    def restore(self, server):
        """Makes the copy's database what it was, for the next round."""
        for suffix in ("-wal", "-shm"):
            database(server).with_name(database(server).name + suffix).unlink(missing_ok=True)
        shutil.copyfile(database(self.server), database(server))
        os.sync()


def tree():
    """Folders on five levels, files in the deepest; titles in two languages, some metadata, four types."""
    return dataset("dataset-tree", is_flat=False)


def flat():
    """One folder that holds all files itself."""
    return dataset("dataset-flat", is_flat=True)


def dataset(name, is_flat):
    facts = BENCH / name / "facts.json"
    version = digest(BINARY)
    if facts.exists():
        made = json.loads(facts.read_text())
        if made["version"] == version:
            return Dataset(Server(BENCH / name), made["project"], made["folder"], made["files"])
    step(f"makes a {'folder' if is_flat else 'tree'} of {ASSETS:,} assets")
    server = new_server(name)
    options = ["--flat"] if is_flat else []
    made = server.command(
        "generate", "--assets", ASSETS, "--seed", SEED, *options, seconds=GENERATE_SECONDS
    )
    key = server.command("apikey", "create", "--project", made["gid"], "--name", "Benchmark")
    project = {"gid": made["gid"], "number": made["number"], "apiKey": key["apiKey"]}
    facts.write_text(json.dumps({**made, "project": project, "version": version}))
    return Dataset(server, project, made["folder"], made["files"])


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
