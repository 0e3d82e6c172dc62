"""What is printed: the machine, and a table of figures."""

import ctypes
import os
import platform
import re
import shutil
import statistics
import subprocess
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path


@dataclass
class Row:
    what: str
    this: str
    peer: str = "—"
    ratio: float | None = None
    target: str = "—"


def table(rows):
    lines = ["| what | this | peer | ratio | target |", "|---|---|---|---|---|"]
    for row in rows:
        ratio = "—" if row.ratio is None else f"{row.ratio:.2f}"
        lines.append(f"| {row.what} | {row.this} | {row.peer} | {ratio} | {row.target} |")
    return "\n".join(lines)


def median(values):
    return statistics.median(values)


def percentile(values, percent):
    """The smallest value that at least `percent` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def milliseconds(seconds):
    return f"{seconds * 1000:.1f} ms"


def milliseconds_range(values):
    return f"{median(values) * 1000:.0f} ms ({min(values) * 1000:.0f}–{max(values) * 1000:.0f})"


def seconds_range(values):
    return f"{median(values):.2f} s ({min(values):.2f}–{max(values):.2f})"


def program(name):
    """The path of a program that `scripts/bootstrap --bench` installs."""
    path = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    assert path, f"{name} is not installed (scripts/bootstrap --bench)"
    return path


def first_line(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    lines = (done.stdout + done.stderr).splitlines()
    return lines[0].strip() if lines else "unknown"


def sqlite_version(binary):
    """The version of the shared library that `binary` loads."""
    libraries = subprocess.run(["ldd", binary], capture_output=True, text=True, timeout=60).stdout
    found = re.search(r"libsqlite3\S* => (\S+)", libraries)
    if not found:
        return "built in"
    version = ctypes.CDLL(found[1]).sqlite3_libversion
    version.restype = ctypes.c_char_p
    return version().decode()


def machine(binary, *more_peers):
    """What the figures depend on, as a markdown list."""
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    kind = "release" if "release" in str(Path(binary).resolve()) else "debug"
    peers = [
        f"SQLite {first_line(program('sqlite3'), '--version').split()[0]}",
        first_line(program("nginx"), "-v").removeprefix("nginx version: "),
        " ".join(first_line(program("curl"), "--version").split()[:2]),
        *more_peers,
    ]
    facts = {
        "Date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
        "Machine": f"{cpu[1] if cpu else platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB, "
        f"Linux {platform.release()}",
        "Server": f"{kind} build, {first_line('swift', '--version')}, SQLite {sqlite_version(binary)}",
        "Peers": ", ".join(peers),
    }
    return "\n".join(f"* {name}: {value}" for name, value in facts.items())
