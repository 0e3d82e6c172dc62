"""Backups and restores survive `kill -9`: each is there whole, or not at all."""

import time

import pytest

from project_client import ProjectCalls, upload_many
from server_process import wait_until

FILES = 400


def project_calls(server):
    project = server.demo["project"]
    return ProjectCalls.with_key(server.url, project["gid"], project["apiKey"])


def tree(calls, gid):
    found = {}
    for asset in calls.children(gid):
        found[asset["pathname"]] = (asset["gid"], asset["status"], asset["version"], asset["childcount"])
        if asset["childcount"]:
            found |= tree(calls, asset["gid"])
    return found


def killed_and_done(server, token, seconds):
    """Kills the server `seconds` after the call, starts it again, and waits for the job's end."""
    time.sleep(seconds)  # nothing to await: the moment is what is tried
    server.kill()
    server.start()
    calls = project_calls(server)

    def ended():
        job = calls.result("jobs/get", {"job": token})["job"]
        return job if job["status"] == "done" else None

    job = wait_until(ended, 60, "the job goes on after the start")
    assert "error" not in job["info"], job
    return calls


@pytest.mark.parametrize("seconds", [0, 0.03, 0.1, 0.3])
def test_kill_in_a_backup_and_in_a_restore(own_server, seconds):
    calls = project_calls(own_server)
    root = calls.result("assets/root")["root"]
    folder = calls.result("assets/create", {"parent": root, "name": "many"})["asset"]
    upload_many(calls, folder, [f"file {number}.txt" for number in range(FILES)])
    file = calls.upload(folder, "changed.txt", b"old")
    before = tree(calls, root)

    backup = calls.result("backups/create", {"created_by": "test"})
    calls = killed_and_done(own_server, backup["job.token"], seconds)

    calls.result("assets/upload_update", data={"asset": file}, files={"upload_file": ("changed.txt", b"new")})
    calls.result("assets/delete", {"asset": folder})
    calls.upload(root, "later.txt", b"later")
    changed = tree(calls, root)
    restore = calls.result("backups/restore", {"version": backup["version"]})
    calls = killed_and_done(own_server, restore["job.token"], seconds)

    after = tree(calls, root)
    version = after.pop("/many/changed.txt")[2]
    assert version == 3, "the old bytes are a new version"
    before.pop("/many/changed.txt")
    assert after == before
    # The backup that the restore made is whole as well.
    again = calls.result("backups/restore", {"version": backup["version"] + 1})
    calls = killed_and_done(own_server, again["job.token"], seconds)
    taken_back = tree(calls, root)
    assert taken_back.pop("/many/changed.txt")[2] == 4
    changed.pop("/many/changed.txt")
    assert taken_back == changed
