"""1,000 live connections: how long a change of an asset takes to reach all of them, and the server's memory."""

import asyncio
import shutil
import time

import dataset
from live_sockets import TRANSPORTS
from project import Project
from report import Row, milliseconds, percentile
from server import BENCH, peak_memory, running, step

CONNECTIONS = 1000
CHANGES = 30
INTERVAL = 1
# How many connect at the same time.
CONNECTING = 50
SECONDS = 60


def measure():
    server = dataset.tree().copy("live")
    rows = []
    for transport in TRANSPORTS:
        with running(server):
            rows += delivery(server, transport)
    shutil.rmtree(BENCH / "live")
    return rows


def delivery(server, transport):
    step(f"{CONNECTIONS:,} connections, {transport}")
    project = Project(server)
    # An asset for each change, so that its item tells which change it was.
    assets = [project.upload(f"{transport} {number}.txt", b"text") for number in range(CHANGES)]
    times = asyncio.run(follow(project, TRANSPORTS[transport], assets))
    memory = peak_memory(server.process.pid)
    p50, p99 = (milliseconds(percentile(times, percent)) for percent in (50, 99))
    what = f"{CONNECTIONS:,} live connections ({transport})"
    return [
        Row(
            f"{what}, {CHANGES} changes, one a second: from a change's request until a connection has it, p50, p99, max",
            f"{p50}, {p99}, {milliseconds(max(times))}",
            target="p99 < 250 ms",
        ),
        Row(f"{what}: the server's peak memory until then", f"{memory:.0f} MB", target="< 150 MB"),
    ]


async def follow(project, connect, assets):
    """Seconds of each change to each connection."""
    cursors, began, times = project.cursors(), {}, []
    complete = asyncio.Event()

    async def listen(connection):
        awaited = set(assets)
        async for items in connection:
            now = time.perf_counter()
            for item in items:
                if item["data_key"] in awaited and item["action"] == "UPDATE":
                    awaited.remove(item["data_key"])
                    times.append(now - began[item["data_key"]])
            if not awaited:
                break
        assert not awaited, f"a connection ended before {len(awaited)} changes had come"
        if len(times) == CONNECTIONS * CHANGES:
            complete.set()

    gate = asyncio.Semaphore(CONNECTING)

    async def open_one():
        async with gate:
            return await connect(project, cursors)

    connections = await asyncio.gather(*(open_one() for _ in range(CONNECTIONS)))
    try:
        async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as group:
            for connection in connections:
                group.create_task(listen(connection))
            for asset in assets:
                change = {"asset": asset, "title": {"en": f"Changed at {time.time()}"}}
                began[asset] = time.perf_counter()
                await asyncio.gather(
                    asyncio.to_thread(project.post, "assets/update", change), asyncio.sleep(INTERVAL)
                )
            await complete.wait()
    finally:
        for connection in connections:
            await connection.aclose()
    return times
