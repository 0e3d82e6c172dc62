"""Measures servers on PostgreSQL and object storage, and prints a table. `scripts/bench-cluster` builds the program and calls this.

`bench_cluster.py [PART …]` measures some parts only. The ratios are speeds, as in `bench.py`."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / folder) for folder in ("Cluster", "Clients")]

import cluster_bulk_delete  # noqa: E402
import cluster_reads  # noqa: E402
import cluster_uploads  # noqa: E402
from parts import run  # noqa: E402

# In the order of the table.
PARTS = {"bulk_delete": cluster_bulk_delete, "reads": cluster_reads, "uploads": cluster_uploads}
LIMIT_SECONDS = 45 * 60


def peers():
    return [cluster_bulk_delete.postgres_version(), cluster_uploads.versions()]


run(PARTS, sys.argv[1:], peers, LIMIT_SECONDS)
