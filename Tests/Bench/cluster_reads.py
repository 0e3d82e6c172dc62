"""How reads scale: one server on a processor of its own, and two, on one database of 1,000,000 assets."""

import os
import threading
import time
import uuid
from pathlib import Path

import wrk
from cluster_set_up import tree
from project import Project
from report import Row, median, milliseconds
from server import BENCH, family, step

ROUNDS = 3
SECONDS = 8
CLIENTS = 32
SAMPLE = 5000
TICKS = os.sysconf("SC_CLK_TCK")


def measure():
    rates, figures = {1: [], 2: []}, {}
    with tree("cluster-reads") as data:
        data.restore()
        gids = BENCH / "cluster-reads" / "gids"
        found = data.postgres.sql(
            f"SELECT encode(gid, 'hex') FROM assets WHERE is_file::int = 1 ORDER BY random() LIMIT {SAMPLE}"
        )
        gids.write_text("".join(f"{uuid.UUID(row[0])}\n" for row in found))
        for number in range(ROUNDS):
            for count in rates:
                step(f"reads by {count} server{'s' if count > 1 else ''}, round {number + 1} of {ROUNDS}")
                cores = [[core] for core in range(count)]
                with data.servers(BENCH / "cluster-reads" / f"{number}-{count}", count, cores) as servers:
                    loads, shares = under_load(data.postgres, servers, gids)
                rates[count].append(sum(load.rate for load in loads))
                figures[count] = (max(load.p99 for load in loads), shares)
    return rows(rates, figures)


def under_load(postgres, servers, gids):
    """The load on each server; and how much of all processors the servers, PostgreSQL and wrk have used meanwhile."""
    projects = [Project(server) for server in servers]
    url = f"{projects[0].base}/assets/get"
    headers = [{"Authorization": project.connection.headers["Authorization"]} for project in projects]
    clients = CLIENTS // len(servers)
    loads = [None] * len(servers)

    def run(number):
        loads[number] = wrk.load(
            servers[number].url + url, "assets", gids, headers=headers[number], seconds=SECONDS, clients=clients
        )

    for server in servers:  # warm
        wrk.load(server.url + url, "assets", gids, headers=headers[servers.index(server)], seconds=1, clients=4)
    before, began = used(postgres, servers), time.perf_counter()
    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(servers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    whole = (time.perf_counter() - began) * os.cpu_count()
    after = used(postgres, servers)
    shares = {name: (after[name] - before[name]) / whole for name in before}
    shares["wrk and the rest"] = shares.pop("machine") - sum(
        share for name, share in shares.items() if name != "machine"
    )
    return loads, shares


def used(postgres, servers):
    """Seconds of processors used until now."""
    machine = [int(number) for number in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
    return {
        "servers": sum(seconds(pid) for server in servers for pid in family(server.process.pid)),
        "PostgreSQL": sum(seconds(pid) for pid in family(postgres.pid)),
        "machine": (sum(machine[:8]) - machine[3] - machine[4]) / TICKS,
    }


def seconds(pid):
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:  # a process that has just ended
        return 0
    return (int(fields[11]) + int(fields[12])) / TICKS


def rows(rates, figures):
    ratio = median(rates[2]) / median(rates[1])
    table = []
    for count in rates:
        p99, shares = figures[count]
        text = ", ".join(f"{name} {share:.0%}" for name, share in shares.items())
        table.append(
            Row(
                f"`assets/get` of random assets by {count} server{'s' if count > 1 else ''} on "
                f"{'a core' if count == 1 else 'cores'} of {'its' if count == 1 else 'their'} own, {CLIENTS} clients, "
                f"median of {ROUNDS}; p99; of all {os.cpu_count()} processors: {text}",
                f"{median(rates[count]):,.0f}/s; {milliseconds(p99)}",
                ratio=ratio if count == 2 else None,
                target="≥ 1.7 × one" if count == 2 else "—",
            )
        )
    return table
