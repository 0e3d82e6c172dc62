"""The server's database file, and the `sqlite3` program on it."""

import os
import shutil
import subprocess

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


def fresh_copy(source, target):
    """Every round begins with the same file, and with a disk that is not busy with the round before."""
    for suffix in ("-wal", "-shm"):
        target.with_name(target.name + suffix).unlink(missing_ok=True)
    shutil.copyfile(source, target)
    os.sync()
