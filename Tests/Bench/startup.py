"""The start of a server with 1,000,000 assets, and its memory while it has nothing to do."""

import shutil
import time

import dataset
from report import Row, milliseconds_range
from server import BENCH, family, memory, running, step

ROUNDS = 5
IDLE_SECONDS = 5


def measure():
    step(f"start, {ROUNDS} rounds")
    server = dataset.tree().copy("startup")
    times, alone, together = [], [], []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        with running(server):
            times.append(time.perf_counter() - began)
            time.sleep(IDLE_SECONDS)
            alone.append(memory(server.process.pid))
            together.append(sum(map(memory, family(server.process.pid))))
    shutil.rmtree(BENCH / "startup")
    return [
        Row(
            f"Start with {dataset.ASSETS:,} assets, from the start of the process to ready, median of {ROUNDS} (range)",
            milliseconds_range(times),
            target="< 1 s",
        ),
        Row(
            f"Its memory after {IDLE_SECONDS} s without a call, worst (with its media workers)",
            f"{max(alone):.0f} MB ({max(together):.0f} MB)",
            target="< 80 MB",
        ),
    ]
