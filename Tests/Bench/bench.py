"""Measures speed and memory, and prints a table. `scripts/bench` builds the program and calls this.

`bench.py [PART …]` measures some parts only. The ratios are speeds: 1 is as fast as the peer, 0.5 half as fast. They are
figures, not assertions: the exit code is 0 unless something did not work."""

import fcntl
import signal
import sys
import time

import beside_job
import browsing
import bulk_delete
import images
import live
import report
import s3
import small_files
import startup
import transfer
from server import BENCH, BINARY, step

# In the order of the table.
PARTS = {
    "bulk_delete": bulk_delete,
    "beside_job": beside_job,
    "browsing": browsing,
    "small_files": small_files,
    "transfer": transfer,
    "s3": s3,
    "live": live,
    "startup": startup,
    "images": images,
}
LIMIT_SECONDS = 30 * 60


def end(number, _frame):
    """As an exception, so that whatever was started is ended on the way out."""
    raise SystemExit(f"bench: ended by {signal.Signals(number).name}")


def main(names):
    if unknown := set(names) - set(PARTS):
        sys.exit(f"bench: no such part: {', '.join(sorted(unknown))} (there are: {', '.join(PARTS)})")
    parts = names or list(PARTS)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, end)
    signal.alarm(LIMIT_SECONDS)
    BENCH.mkdir(exist_ok=True)
    with open(BENCH / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit("bench: another run is under way")
        rows = [row for name in parts for row in measure(name)]
        print(f"{report.machine(BINARY, *images.peers())}\n\n{report.table(rows)}")


def measure(name):
    began = time.monotonic()
    rows = PARTS[name].measure()
    step(f"{name}: {time.monotonic() - began:.0f} s")
    return rows


main(sys.argv[1:])
