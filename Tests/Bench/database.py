"""The server's database file, and the `sqlite3` program on it."""

import subprocess
import uuid

from report import program

SECONDS = 120

# The settings of AssetSQLite/SQLiteDatabase.swift.
PRAGMAS = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
PRAGMA cache_size = -16384;
PRAGMA temp_store = MEMORY;
"""


def database(server):
    return server.data / "stockroom.sqlite"


def sql(path, script):
    done = subprocess.run(
        [program("sqlite3"), "-bail", path], input=PRAGMAS + script, capture_output=True, text=True, timeout=SECONDS
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def literal(gid):
    return f"X'{gid.replace('-', '')}'"


def random_gids(path, count, condition="is_file"):
    """Some assets that fulfil the condition, for requests."""
    found = sql(path, f"SELECT lower(hex(gid)) FROM assets WHERE {condition} ORDER BY random() LIMIT {count};")
    return [str(uuid.UUID(gid)) for gid in found[-count:]]
