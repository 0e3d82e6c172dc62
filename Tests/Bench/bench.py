"""Measures speed and memory, and prints a table. `scripts/bench` builds the program and calls this.

The ratios are speeds: 1 is as fast as the peer, 0.5 half as fast. They are figures, not assertions: the exit code is 0
unless something did not work."""

import fcntl
import signal
import sys

import bulk_delete
import images
import report
import transfer
from server import BENCH, BINARY

LIMIT_SECONDS = 20 * 60


def end(number, _frame):
    """As an exception, so that whatever was started is ended on the way out."""
    raise SystemExit(f"bench: ended by {signal.Signals(number).name}")


def main():
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, end)
    signal.alarm(LIMIT_SECONDS)
    BENCH.mkdir(exist_ok=True)
    with open(BENCH / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit("bench: another run is under way")
        rows = bulk_delete.measure() + transfer.measure() + images.measure()
        print(f"{report.machine(BINARY, *images.peers())}\n\n{report.table(rows)}")


main()
