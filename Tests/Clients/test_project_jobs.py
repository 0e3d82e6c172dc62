"""Jobs of the project dialect: tried out before they run, listed, looked up, cancelled, undone."""

from collections import Counter

import pytest
from unicat.utils import gid as new_gid
from unicat.utils import maybe_gid

from project_client import assert_error, follow_job, run_job, statuses, upload_many

KINDS = ["delete", "undelete", "permanent_delete", "move"]
JOB_KEYS = {"token", "project_gid", "job", "user", "status", "info", "can_undo", "created_on", "updated_on"}

# All files of the project by the name of ….txt, found so many times that the next call finds the job at work.
SLOW_SELECTION = [{"search": {"language": "en", "q": " ".join(f"txt {number}" for number in range(20))}}] * 1000


@pytest.fixture
def new_client(own_project):
    return own_project.client


@pytest.fixture
def calls(own_project):
    return own_project.calls


@pytest.fixture
def grove(client, folder, upload):
    """Two folders, one below the other, with files: {name: gid}."""
    outer = client.mutate.create_asset(folder, "outer")
    inner = client.mutate.create_asset(outer, "inner")
    gids = {"outer": outer.gid, "inner": inner.gid}
    for parent, names in ((inner, ["deep.txt"]), (outer, ["a.txt", "b.txt"]), (folder, ["alone.txt", "other.txt"])):
        gids |= {name: upload(name, into=parent).gid for name in names}
    return gids


def token_of(reports):
    return reports[-1]["gid"]


def job_of(calls, token):
    return calls.result("jobs/get", {"job": token})["job"]


def start(calls, kind, **body):
    return calls.result(f"assets/bulk/{kind}", body)["job.token"]


def all_errors(calls, token, size):
    errors, total = [], None
    while total is None or len(errors) < total:
        page = calls.result("jobs/errors", {"job": token, "page.top": len(errors), "page.size": size})
        assert total in (None, page["errors.size"]) and 0 < len(page["errors"]) <= size
        total = page["errors.size"]
        errors += page["errors"]
    return errors


# Trying out


def assert_dry_run_tells_what_happens(client, calls, kind, **body):
    """Calls twice, in earnest the second time, and returns what the first call foretold and the job's errors."""
    everything, cursors = calls.assets(client.assets), calls.cursors()
    jobs = calls.result("jobs/list", {})["jobs.size"]
    told = calls.result(f"assets/bulk/{kind}", {**body, "dry_run": True})
    assert set(told) == {"dry_run", "total", "succeeded", "failed", "reasons"} and told["dry_run"] is True
    assert all(type(told[key]) is int for key in ("total", "succeeded", "failed"))
    assert calls.assets(client.assets) == everything, "nothing has changed"
    assert calls.cursors() == cursors, "and nothing is to be heard of"
    assert calls.result("jobs/list", {})["jobs.size"] == jobs

    reports = run_job(client, f"/assets/bulk/{kind}", **body)
    info = reports[-1]["info"]
    assert (info["total"], info["remaining"], info["failed"]) == (told["total"], 0, told["failed"])
    errors = all_errors(calls, token_of(reports), size=100) if told["failed"] else []
    assert Counter(error["reason"] for error in errors) == told["reasons"]
    return told, errors


def test_dry_run_of_a_delete(client, calls, grove):
    calls.result("assets/delete", {"asset": grove["alone.txt"]})
    selection = [grove["outer"], grove["alone.txt"], grove["other.txt"], new_gid()]
    told, errors = assert_dry_run_tells_what_happens(client, calls, "delete", selection=selection)
    # The folders and three files below, the other file; and the one that lies in the trash already.
    assert (told["total"], told["succeeded"], told["failed"]) == (7, 6, 1)
    assert [error["asset"] for error in errors] == [grove["alone.txt"]]
    assert set(statuses(calls, grove.values()).values()) == {"deleted"}


def test_dry_run_of_an_undelete(client, calls, grove):
    for name in ("outer", "alone.txt"):
        calls.result("assets/delete", {"asset": grove[name]})
    selection = [grove["other.txt"], grove["outer"], grove["alone.txt"]]
    told, errors = assert_dry_run_tells_what_happens(client, calls, "undelete", selection=selection)
    assert (told["total"], told["succeeded"], told["failed"]) == (7, 6, 1)
    assert [error["asset"] for error in errors] == [grove["other.txt"]]
    assert set(statuses(calls, grove.values()).values()) == {"published"}


def test_dry_run_of_a_permanent_delete(client, calls, grove, folder):
    for name in ("outer", "alone.txt"):
        calls.result("assets/delete", {"asset": grove[name]})
    told, errors = assert_dry_run_tells_what_happens(
        client, calls, "permanent_delete", selection=[{"children": folder.gid}]
    )
    assert (told["total"], told["succeeded"], told["failed"]) == (7, 6, 1)
    assert [error["asset"] for error in errors] == [grove["other.txt"]]
    assert statuses(calls, grove.values()) == {"other.txt": "published"}


def test_dry_run_of_a_move(client, calls, grove, folder):
    # A folder cannot go below itself.
    selection = [grove["outer"], grove["alone.txt"], grove["other.txt"]]
    told, errors = assert_dry_run_tells_what_happens(client, calls, "move", parent=grove["inner"], selection=selection)
    assert told["failed"] == 1 and [error["asset"] for error in errors] == [grove["outer"]]
    paths = {asset["name"]: asset["path"] for asset in calls.assets(grove.values()).values()}
    assert paths["outer"] == folder.pathname
    assert paths["alone.txt"] == paths["other.txt"] == f"{folder.pathname}/outer/inner"


def test_dry_run_with_nothing_to_do_and_with_several_failures(client, calls, grove, folder):
    empty = {"children": client.mutate.create_asset(folder, "empty").gid}
    for kind in ("delete", "undelete", "permanent_delete"):
        told, _ = assert_dry_run_tells_what_happens(client, calls, kind, selection=[empty])
        assert (told["total"], told["succeeded"], told["failed"], told["reasons"]) == (0, 0, 0, {})
    files = [grove["alone.txt"], grove["other.txt"], grove["a.txt"]]
    told, errors = assert_dry_run_tells_what_happens(client, calls, "undelete", selection=files)
    assert (told["total"], told["succeeded"], told["failed"]) == (3, 0, 3)
    assert sum(told["reasons"].values()) == 3 and all(told["reasons"])
    assert sorted(error["asset"] for error in errors) == sorted(files)


def test_dry_run_of_what_is_refused(calls, grove):
    for kind in KINDS:
        parent = {"parent": grove["outer"]} if kind == "move" else {}
        for selection in ([], ["no gid"], [{"children": "no gid"}]):
            body = {**parent, "selection": selection, "dry_run": True}
            assert_error(calls.post(f"assets/bulk/{kind}", body), 1006)
        for wrong in ("yes", {}):
            body = {**parent, "selection": [grove["alone.txt"]], "dry_run": wrong}
            assert_error(calls.post(f"assets/bulk/{kind}", body), 400, mentions="dry_run")
    body = {"parent": new_gid(), "selection": [grove["alone.txt"]], "dry_run": True}
    assert_error(calls.post("assets/bulk/move", body), 422)
    assert_error(calls.post("assets/bulk/move", {**body, "parent": grove["other.txt"]}), 422)
    assert set(statuses(calls, grove.values()).values()) == {"published"}
    assert calls.result("jobs/list", {})["jobs"] == []


def test_no_dry_run(client, calls, grove):
    reports = run_job(client, "/assets/bulk/delete", selection=[grove["alone.txt"]], dry_run=False)
    assert reports[-1]["info"]["total"] == 1
    assert statuses(calls, [grove["alone.txt"]]) == {"alone.txt": "deleted"}


# Listing and looking up


def test_jobs_are_listed_newest_first(client, calls, grove):
    assert calls.result("jobs/list", {"page.top": 0, "page.size": 20}) == {"jobs": [], "jobs.size": 0}
    kinds = ["delete", "undelete", "delete", "permanent_delete"]
    reports = [run_job(client, f"/assets/bulk/{kind}", selection=[grove["outer"]]) for kind in kinds]
    tokens = [token_of(steps) for steps in reversed(reports)]

    result = calls.result("jobs/list", {"page.top": 0, "page.size": 20})
    assert [job["token"] for job in result["jobs"]] == tokens and result["jobs.size"] == 4
    assert [job["job"] for job in result["jobs"]] == [f"bulk_{kind}_assets" for kind in reversed(kinds)]
    assert calls.result("jobs/list", {}) == result
    for top, expected in ((0, tokens[:3]), (1, tokens[1:]), (3, tokens[3:]), (4, [])):
        page = calls.result("jobs/list", {"page.top": top, "page.size": 3})
        assert [job["token"] for job in page["jobs"]] == expected and page["jobs.size"] == 4

    user = calls.result("init")["user"]
    for job, steps in zip(result["jobs"], reversed(reports)):
        assert JOB_KEYS <= set(job) and job == job_of(calls, job["token"])
        assert (job["project_gid"], job["user"], job["status"]) == (calls.gid, user, "done")
        assert job["info"] == steps[-1]["info"] and {"total", "remaining", "failed"} <= set(job["info"])
        assert (job["info"]["total"], job["info"]["remaining"], job["info"]["failed"]) == (5, 0, 0)
        assert (job["created_on"], job["updated_on"]) == (steps[-1]["created_on"], steps[-1]["updated_on"])
        assert job["can_undo"] is (job["job"] != "bulk_permanent_delete_assets")


def test_a_job_that_is_looked_up_while_it_runs(client, calls, folder):
    upload_many(calls, folder.gid, [f"{number}.txt" for number in range(60)])
    cursor = client.api.prepare_for_job()
    token = start(calls, "delete", selection=SLOW_SELECTION)
    early = job_of(calls, token)
    assert early["status"] in ("queued", "processing") and early["can_undo"] is False
    assert early["created_on"] <= early["updated_on"] and isinstance(early["info"], dict)
    assert_error(calls.post("jobs/undo", {"job": token}), 422)
    assert calls.result("jobs/list", {})["jobs"][0]["token"] == token

    follow_job(client, cursor, token)
    done = job_of(calls, token)
    assert (done["status"], done["can_undo"]) == ("done", True)
    assert done["created_on"] == early["created_on"] and done["updated_on"] >= early["updated_on"]


def test_the_errors_of_a_job(client, calls, folder):
    upload_many(calls, folder.gid, [f"{number}.txt" for number in range(7)])
    files = [asset["gid"] for asset in calls.children(folder.gid)]
    good = token_of(run_job(client, "/assets/bulk/delete", selection=files[:5]))
    assert calls.result("jobs/errors", {"job": good}) == {"errors": [], "errors.size": 0}

    bad = token_of(run_job(client, "/assets/bulk/delete", selection=files))
    assert job_of(calls, bad)["info"]["failed"] == 5
    for size in (2, 100):
        errors = all_errors(calls, bad, size)
        assert sorted(error["asset"] for error in errors) == sorted(files[:5])
        assert all(isinstance(error["reason"], str) and error["reason"] for error in errors)
    assert calls.result("jobs/errors", {"job": bad, "page.top": 5}) == {"errors": [], "errors.size": 5}


def test_jobs_that_are_unknown_or_belong_elsewhere(client, calls, owner_calls, grove):
    token = token_of(run_job(client, "/assets/bulk/delete", selection=[grove["alone.txt"]]))
    for path in ("jobs/get", "jobs/errors", "jobs/cancel", "jobs/undo"):
        assert_error(calls.post(path, {"job": new_gid()}), 422)
        assert_error(owner_calls.post(path, {"job": token}), 422)  # of another project
        for body in ({}, {"job": 5}):
            assert_error(calls.post(path, body), 400, mentions="job")
    for path, body in (("jobs/list", {"page.size": 0}), ("jobs/errors", {"job": token, "page.top": -1})):
        assert_error(calls.post(path, body), 400, mentions="page")
    assert token not in {job["token"] for job in owner_calls.result("jobs/list", {})["jobs"]}
    assert statuses(calls, [grove["alone.txt"]]) == {"alone.txt": "deleted"}


# Cancelling


def test_cancelling(client, calls, folder):
    upload_many(calls, folder.gid, [f"{number}.txt" for number in range(60)])
    cursor = client.api.prepare_for_job()
    token = start(calls, "delete", selection=SLOW_SELECTION)
    answer = calls.result("jobs/cancel", {"job": token})
    assert JOB_KEYS <= set(answer["job"]) and answer["job"]["token"] == token

    reports = follow_job(client, cursor, token)  # ends, as for a job that did all its work
    children = calls.children(folder.gid)
    states = Counter(asset["status"] for asset in children)
    assert states["published"] > 0, "it was stopped"
    job = job_of(calls, token)
    assert job["status"] == reports[-1]["status"] == "done" and job["info"] == reports[-1]["info"]
    assert_error(calls.post("jobs/cancel", {"job": token}), 422)

    # Nothing of it goes on later: the next job finds everything as it is now.
    assert calls.children(folder.gid) == children
    run_job(client, "/assets/bulk/undelete", selection=[{"children": folder.gid}])
    run_job(client, "/assets/bulk/delete", selection=[{"children": folder.gid}])
    assert {asset["status"] for asset in calls.children(folder.gid)} == {"deleted"}


def test_a_job_that_is_done_cannot_be_cancelled(client, calls, grove):
    token = token_of(run_job(client, "/assets/bulk/delete", selection=[grove["alone.txt"]]))
    before = job_of(calls, token)
    assert_error(calls.post("jobs/cancel", {"job": token}), 422)
    assert job_of(calls, token) == before
    assert statuses(calls, [grove["alone.txt"]]) == {"alone.txt": "deleted"}


# Undoing


def undo(client, reports):
    reports = run_job(client, "/jobs/undo", job=token_of(reports))
    assert "error" not in reports[-1]["info"] and reports[-1]["info"]["remaining"] == 0
    return reports


def test_undoing_a_delete(client, calls, grove):
    calls.result("assets/delete", {"asset": grove["b.txt"]})
    calls.result("assets/delete", {"asset": grove["other.txt"]})
    selection = [grove["outer"], grove["alone.txt"], grove["other.txt"]]
    reports = run_job(client, "/assets/bulk/delete", selection=selection)
    assert set(statuses(calls, grove.values()).values()) == {"deleted"}

    undone = undo(client, reports)
    assert maybe_gid(token_of(undone)) and token_of(undone) != token_of(reports)
    published = dict.fromkeys(("outer", "inner", "deep.txt", "a.txt", "alone.txt"), "published")
    assert statuses(calls, grove.values()) == {**published, "b.txt": "deleted", "other.txt": "deleted"}
    assert token_of(undone) in {job["token"] for job in calls.result("jobs/list", {})["jobs"]}


def test_undoing_a_delete_leaves_alone_what_was_revived_since(client, calls, grove):
    reports = run_job(client, "/assets/bulk/delete", selection=[grove["alone.txt"], grove["other.txt"], grove["outer"]])
    for name in ("alone.txt", "other.txt"):
        calls.result("assets/undelete", {"asset": grove[name]})
    calls.result("assets/delete", {"asset": grove["other.txt"]})  # by hand now, no longer by the job
    calls.result("assets/permanent_delete", {"asset": grove["b.txt"]})
    before = calls.assets([grove["alone.txt"], grove["other.txt"]])

    undo(client, reports)
    left = {name: "published" for name in grove if name not in ("other.txt", "b.txt")}
    assert statuses(calls, grove.values()) == {**left, "other.txt": "deleted"}
    assert calls.assets(before) == before, "they were not even touched"


def test_undoing_an_undelete(client, calls, grove):
    for name in ("outer", "alone.txt", "other.txt"):
        calls.result("assets/delete", {"asset": grove[name]})
    selection = [grove["outer"], grove["alone.txt"]]
    reports = run_job(client, "/assets/bulk/undelete", selection=selection)
    assert statuses(calls, grove.values()) == {**dict.fromkeys(grove, "published"), "other.txt": "deleted"}

    undo(client, reports)
    assert set(statuses(calls, grove.values()).values()) == {"deleted"}
    calls.result("assets/undelete", {"asset": grove["other.txt"]})
    reports = run_job(client, "/assets/bulk/undelete", selection=[*selection, grove["other.txt"]])
    assert reports[-1]["info"]["failed"] == 1
    undo(client, reports)
    expected = {**dict.fromkeys(grove, "deleted"), "other.txt": "published"}
    assert statuses(calls, grove.values()) == expected, "what had failed is none of its work"


def test_undoing_a_move(client, calls, folder, upload, grove):
    target = client.mutate.create_asset(folder, "target")
    taken = upload("alone.txt", b"was there before", into=target)
    everything = [*grove.values(), target.gid, taken.gid, folder.gid]
    before = calls.assets(everything)
    selection = [grove["alone.txt"], {"children": grove["outer"]}]
    reports = run_job(client, "/assets/bulk/move", parent=target.gid, selection=selection)
    moved = calls.assets(everything)
    assert moved[grove["alone.txt"]]["pathname"] == f"{target.pathname}/alone 2.txt"
    assert moved[grove["deep.txt"]]["pathname"] == f"{target.pathname}/inner/deep.txt"
    added = upload("added.txt", into=target)
    assert job_of(calls, token_of(reports))["can_undo"] is True

    undo(client, reports)
    after = calls.assets(everything)
    for key in ("pathname", "path", "name", "status", "title", "metadata", "created_on"):
        assert {gid: asset[key] for gid, asset in after.items()} == {gid: asset[key] for gid, asset in before.items()}
    assert after[folder.gid]["info"] == before[folder.gid]["info"]
    assert [asset["gid"] for asset in calls.children(target.gid)] == [added.gid, taken.gid]


def test_undoing_a_move_from_several_folders(client, calls, folder, grove):
    before = {gid: asset["pathname"] for gid, asset in calls.assets(grove.values()).items()}
    selection = [grove["deep.txt"], grove["a.txt"], grove["outer"], grove["other.txt"]]
    reports = run_job(client, "/assets/bulk/move", parent=client.get_root_asset().gid, selection=selection)
    paths = {asset["name"]: asset["path"] for asset in calls.assets(grove.values()).values()}
    assert paths == {
        **dict.fromkeys(("deep.txt", "a.txt", "outer", "other.txt"), "/"),
        **{"inner": "/outer", "b.txt": "/outer", "alone.txt": folder.pathname},
    }
    undo(client, reports)
    assert {gid: asset["pathname"] for gid, asset in calls.assets(grove.values()).items()} == before


def test_what_cannot_be_undone(client, calls, grove):
    run_job(client, "/assets/bulk/delete", selection=[grove["outer"]])
    purge = token_of(run_job(client, "/assets/bulk/permanent_delete", selection=[grove["outer"]]))
    assert_error(calls.post("jobs/undo", {"job": purge}), 422)
    assert sorted(statuses(calls, grove.values())) == ["alone.txt", "other.txt"]
    assert calls.result("jobs/list", {})["jobs.size"] == 2
