"""Load by wrk: many connections at once, each sending its next request when the answer before has come."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from report import program

CLIENTS = 32
THREADS = 2
SECONDS = 5


@dataclass
class Load:
    rate: float
    p50: float
    p99: float


def load(url, *arguments, headers=None, seconds=SECONDS, clients=CLIENTS):
    """Requests a second, and their latencies in seconds; `arguments` go to `wrk.lua`."""
    command = [program("wrk"), f"-t{THREADS}", f"-c{clients}", f"-d{seconds}s", "--timeout", "30s"]
    command += ["-s", Path(__file__).with_suffix(".lua")]
    for name, value in (headers or {}).items():
        command += ["-H", f"{name}: {value}"]
    done = subprocess.run([*command, url, "--", *arguments], capture_output=True, text=True, timeout=seconds + 60)
    assert done.returncode == 0, f"wrk: exit {done.returncode} {done.stdout} {done.stderr}"
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["errors"] == 0 and result["requests"] > 0, done.stdout
    return Load(result["requests"] / result["seconds"], result["p50"] / 1e6, result["p99"] / 1e6)
