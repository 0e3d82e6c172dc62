"""Pages of a folder of 1,000,000 files, searches among 1,000,000 assets, and a walk through all of them."""

import shutil

import dataset
from project import Project
from report import Row, milliseconds, percentile
from server import BENCH, running, step

REQUESTS = 200
WARM_UP = 20
DEEP = 900_000
QUERY = {"language": "en", "q": "+cms 225"}
PAGE = 1000


def measure():
    flat, tree = dataset.flat(), dataset.tree()
    rows = []
    server = flat.copy("browsing")
    with running(server):
        step("pages of a folder, and a walk through it")
        project = Project(server)
        rows += [pages(project, flat, 0, "p50 < 5 ms"), pages(project, flat, DEEP, "p50 < 50 ms"), walk(project, flat)]
    server = tree.copy("browsing")
    with running(server):
        step("searches")
        rows += searches(Project(server), tree)
    shutil.rmtree(BENCH / "browsing")
    return rows


def latencies(project, name, body):
    """Seconds of each request, after some that do not count; and the result of the last."""
    for _ in range(WARM_UP):
        project.post(name, body)
    answers = [project.post(name, body) for _ in range(REQUESTS)]
    return [seconds for _, seconds in answers], answers[-1][0]["result"]


def row(what, times, target):
    return Row(
        f"{what}, {REQUESTS} requests over one connection: p50 (p99)",
        f"{milliseconds(percentile(times, 50))} ({milliseconds(percentile(times, 99))})",
        target=target,
    )


def pages(project, flat, top, target):
    times, result = latencies(project, "assets/children", {"asset": flat.top, "page.top": top, "page.size": 100})
    assert len(result["children"]) == 100 and result["children.size"] == flat.files, result
    return row(f"`assets/children`, 100 of {flat.files:,} files from {top:,} on", times, target)


def walk(project, flat):
    """The time is that of the calls, up to the last byte of each answer; reading its JSON is the client's."""
    body, count, times = {"selection": [{"children": flat.top}], "page.size": PAGE}, 0, []
    while "page.cursor" not in body or body["page.cursor"]:
        answer, seconds = project.post("assets/bulk/get", body)
        times.append(seconds)
        count += len(answer["result"]["assets"])
        body["page.cursor"] = answer["result"]["page.cursor"]
    assert count == flat.files, count
    page = f"{milliseconds(percentile(times, 50))} ({milliseconds(percentile(times, 99))})"
    return Row(
        f"`assets/bulk/get` of {count:,} assets in pages of {PAGE}; until the first page; of a page, p50 (p99)",
        f"{count / sum(times):,.0f}/s; {times[0]:.2f} s; {page}",
        target="≥ 50,000/s",
    )


def searches(project, tree):
    department = project.call("assets/children", {"asset": tree.top})["children"][0]
    path = project.post("assets/get", {"asset": department})[0]["data"]["assets"][department]["pathname"]
    kinds = {
        "": QUERY,
        ", images only": {**QUERY, "filter": ["type", "is", "image"]},
        f", below `{path}` only": {**QUERY, "filter": ["path", "under", path]},
    }
    rows = []
    for what, body in kinds.items():
        times, result = latencies(project, "assets/search", body)
        found = result["assets.size"]
        assert found >= 10 and len(result["assets"]) == 10, result
        rows.append(row(f"`assets/search` for `{QUERY['q']}`{what}, first 10 of {found}", times, "p50 < 30 ms"))
    return rows
