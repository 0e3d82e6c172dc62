"""Measures speed and memory, and prints a table. `scripts/bench` builds the program and calls this.

`bench.py [PART …]` measures some parts only. The ratios are speeds: 1 is as fast as the peer, 0.5 half as fast. They are
figures, not assertions: the exit code is 0 unless something did not work."""

import sys

import beside_job
import browsing
import bulk_delete
import images
import live
import long_jobs
import s3
import small_files
import startup
import transfer
from parts import run

# In the order of the table.
PARTS = {
    "bulk_delete": bulk_delete,
    "long_jobs": long_jobs,
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

run(PARTS, sys.argv[1:], images.peers, LIMIT_SECONDS)
