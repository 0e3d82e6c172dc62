"""Runs the parts of a benchmark, one run at a time on a machine, and prints the table."""

import fcntl
import signal
import sys
import time

import report
from server import BENCH, BINARY, step


def run(parts, names, peers, limit_seconds):
    """`parts` in the order of the table, by name; `names` of those to measure, or none for all; `peers` gives their versions."""
    if unknown := set(names) - set(parts):
        sys.exit(f"bench: no such part: {', '.join(sorted(unknown))} (there are: {', '.join(parts)})")
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, end)
    signal.alarm(limit_seconds)
    BENCH.mkdir(exist_ok=True)
    with open(BENCH / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit("bench: another run is under way")
        rows = [row for name in names or parts for row in measure(name, parts[name])]
        print(f"{report.machine(BINARY, *peers())}\n\n{report.table(rows)}")


def measure(name, part):
    began = time.monotonic()
    rows = part.measure()
    step(f"{name}: {time.monotonic() - began:.0f} s")
    return rows


def end(number, _frame):
    """As an exception, so that whatever was started is ended on the way out."""
    raise SystemExit(f"bench: ended by {signal.Signals(number).name}")
