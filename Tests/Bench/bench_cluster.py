"""Measures servers on PostgreSQL and object storage, and prints a table. `scripts/bench-cluster` builds the program and calls this.

`bench_cluster.py [PART …]` measures some parts only. The ratios are speeds, as in `bench.py`."""

import fcntl
import signal
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / folder) for folder in ("Cluster", "Clients")]

import cluster_bulk_delete  # noqa: E402
import cluster_reads  # noqa: E402
import cluster_uploads  # noqa: E402
import report  # noqa: E402
from server import BENCH, BINARY, step  # noqa: E402

# In the order of the table.
PARTS = {"bulk_delete": cluster_bulk_delete, "reads": cluster_reads, "uploads": cluster_uploads}
LIMIT_SECONDS = 45 * 60


def end(number, _frame):
    """As an exception, so that whatever was started is ended on the way out."""
    raise SystemExit(f"bench: ended by {signal.Signals(number).name}")


def main(names):
    if unknown := set(names) - set(PARTS):
        sys.exit(f"bench: no such part: {', '.join(sorted(unknown))} (there are: {', '.join(PARTS)})")
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, end)
    signal.alarm(LIMIT_SECONDS)
    BENCH.mkdir(exist_ok=True)
    with open(BENCH / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit("bench: another run is under way")
        rows = [row for name in names or PARTS for row in measure(name)]
        versions = [cluster_bulk_delete.postgres_version(), cluster_uploads.versions()]
        print(f"{report.machine(BINARY, *versions)}\n\n{report.table(rows)}")


def measure(name):
    began = time.monotonic()
    rows = PARTS[name].measure()
    step(f"{name}: {time.monotonic() - began:.0f} s")
    return rows


main(sys.argv[1:])
