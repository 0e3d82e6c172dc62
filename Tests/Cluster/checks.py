"""What must be true when a fault is over and everything is quiet."""

from callers import Unavailable
from followers import listing
from ledger import ABSENT, digest
from server_process import wait_until

QUIET_SECONDS = 90

# Up to so many lines nothing is taken out of a feed, so that every line can be counted.
UNCOMPACTED = 10_000


def check_everything(load, installation, postgres=None):
    """Fails with all that is wrong. Without PostgreSQL, its log is not looked at."""
    problems = load.ledger.problems
    problems += jobs(load)
    tree = quiet_listing(load)
    problems += uploads(load, tree)
    problems += followers(load, tree)
    load.end()
    problems += fsck(installation)
    if postgres:
        problems += [f"PostgreSQL: {line}" for line in postgres.unexpected_errors()[:5]]
    assert not problems, f"{len(problems)} problems:\n" + "\n".join(problems[:20]) + f"\n({load.ledger.summary()})"


# MARK: Jobs


def jobs(load):
    """Each job that was begun has ended once, has done all of its work, and nothing twice."""
    call = load.caller

    def states():
        return {token: call.result("jobs/get", {"job": token})["job"] for token in load.ledger.jobs}

    def all_ended():
        try:
            found = states()
        except Unavailable:
            return None
        # In a list: where no job was begun, there is nothing to wait for.
        return [found] if all(job["status"] == "done" for job in found.values()) else None

    (ended,) = wait_until(all_ended, QUIET_SECONDS, "every job has ended")
    reports = reports_of_jobs(load)
    problems = []
    for token, record in load.ledger.jobs.items():
        total = len(record.gids)
        expected = {"total": total, "remaining": 0}
        for source, info in [
            ("jobs/get", ended[token]["info"]),
            *(("feed", report["info"]) for report in done(reports, token)),
        ]:
            said = {name: info.get(name) for name in expected}
            if said != expected or info.get("failed") or "error" in info:
                problems.append(f"job {token} ({record.kind}): {source} says {info}, and not {expected}")
        if (count := len(done(reports, token))) != 1:
            problems.append(f"job {token} ({record.kind}): {count} ends in the feed")
    return (
        problems
        + lines_of_jobs(load)
        + [f"a job that nobody begun: {token}" for token in set(reports) - set(load.ledger.jobs)]
    )


def done(reports, token):
    return [report for report in reports.get(token, []) if report["status"] == "done"]


def reports_of_jobs(load):
    """What the feed says of bulk jobs since the load began: {token: [data]}."""
    found, cursor = {}, load.start["cc"]
    while True:
        result = load.caller.result("/sync/get", {"cc_cursor": cursor})
        for item in result["sync"]:
            cursor = item["cursor"]
            if item["data_type"] == "jobs" and item["data"]["job"].startswith("bulk_"):
                found.setdefault(item["data_key"], []).append(item["data"])
        if "warning" not in result:
            return found


def lines_of_jobs(load):
    """An asset that a job changed has one line of it in the feed: no more, and no less while nothing is compacted."""
    last = load.caller.result("/sync/cursors", {"project": load.caller.gid})["cursor"]
    expected = {}
    for record in load.ledger.jobs.values():
        for gid in record.gids:
            expected[gid] = expected.get(gid, 0) + 1
    problems, cursor, lines = [], load.start["project"], {}
    for item in changes(load, cursor):
        if item["data_key"] in expected and item["action"] == "UPDATE":
            lines[item["data_key"]] = lines.get(item["data_key"], 0) + 1
    for gid, count in expected.items():
        found = lines.get(gid, 0)
        if found > count or (last <= UNCOMPACTED and found < count):
            problems.append(f"asset {gid}: {found} lines of {count} jobs")
    return problems[:5]


def changes(load, cursor):
    while True:
        body = {"cc_cursor": 2**53, "project": load.caller.gid, "cursor": cursor}
        result = load.caller.result("/sync/get", body)
        for item in result["sync"]:
            if item["type"] != "cc":
                cursor = item["cursor"]
                yield item
        if "warning" not in result:
            return


# MARK: Uploads


def quiet_listing(load):
    """All assets, when nothing changes any more: files may still be looked at in the background."""

    def unchanged():
        try:
            before = load.caller.result("/sync/cursors", {"project": load.caller.gid})
            tree = listing(load.caller.call)
            after = load.caller.result("/sync/cursors", {"project": load.caller.gid})
        except Unavailable:
            return None
        return tree if before["cursor"] == after["cursor"] else None

    return wait_until(unchanged, QUIET_SECONDS, "nothing changes any more")


def uploads(load, tree):
    """What was acknowledged is there, byte by byte; what was not is there in full, or not at all."""
    gids = {asset["pathname"]: gid for gid, asset in tree.items()}
    problems, known = [], set()
    for place in list(load.ledger.places.values()):
        dialect, *key = place.key
        if dialect == "project":
            known.add(key[0])
            gid = gids.get(key[0])
            body = load.caller.download(gid) if gid else None
        else:
            body = load.caller.download_of_segment(*key)
        found = ABSENT if body is None else digest(body)
        if found not in place.may_be(place.acknowledged):
            problems.append(f"{place.key}: {found} is there, and not {place.versions[place.acknowledged :]}")
        if place.gid and place.gid != gids.get(key[0]):
            problems.append(f"{place.key}: another asset is there")
    strangers = [path for path in gids if path.startswith("/uploads ") and path.count("/") == 2 and path not in known]
    return problems + [f"nobody has uploaded {path}" for path in strangers]


# MARK: Followers


def followers(load, tree):
    """The cache of each follower is what the database has."""
    cursors = load.caller.result("/sync/cursors", {"project": load.caller.gid})
    last = {"cc": cursors["cc.cursor"], "project": cursors["cursor"]}
    problems = []
    for follower in load.followers:
        name = f"follower by {follower.kind}"
        try:
            wait_until(
                lambda: follower.has_applied(last) or load.ledger.problems,
                QUIET_SECONDS,
                f"{name}: hears of everything up to {last}, and not only {follower.feed.cursors}",
            )
        except AssertionError as error:
            problems.append(str(error))
        problems += [f"{name}: {text}" for text in differences(follower.cache, tree)]
    return problems


def differences(cache, tree):
    found = [f"has {asset['pathname']}, which is gone" for gid, asset in cache.items() if gid not in tree]
    found += [f"lacks {asset['pathname']}" for gid, asset in tree.items() if gid not in cache]
    for gid in cache.keys() & tree.keys():
        if cache[gid] != tree[gid]:
            names = [name for name in tree[gid] if cache[gid].get(name) != tree[gid][name]]
            was = {name: cache[gid].get(name) for name in names}
            found.append(f"{tree[gid]['pathname']}: {was}, and not { {name: tree[gid][name] for name in names} }")
    return found[:5]


# MARK: The database against the store


def fsck(installation):
    """What `stockroom fsck` finds wrong, with all bytes read. It exits with an error when there is something."""
    try:
        report = installation.fsck("--hashes")
    except AssertionError as error:
        return [f"fsck: {error}"]
    return [] if report["clean"] else [f"fsck: {report}"]
