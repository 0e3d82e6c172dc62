"""Bulk work of the project dialect: selections, jobs from `prepare_for_job` to `done`, the effect file by file."""

import pytest
from unicat.utils import DuckObject, maybe_gid
from unicat.utils import gid as new_gid

from project_client import assert_error, new_word, run_job, statuses, upload_many
from sample_files import png


def final_info(reports, job):
    assert {report["job"] for report in reports} == {job}
    assert "error" not in reports[-1]["info"]
    return reports[-1]["info"]


@pytest.fixture
def orchard(client, calls, folder, upload):
    """Folders and files for a selection of all three kinds."""
    word = new_word()
    crate, basket = client.mutate.create_asset(folder, "crate"), client.mutate.create_asset(folder, "basket")
    gids = {}
    for name in ("1.txt", "2.txt", "3.txt", f"{word} in crate.png"):
        gids[name] = upload(name, png(), into=crate).gid
    for name in (f"{word} a.png", f"{word} b.png", f"{word} c.txt", "plain.txt"):
        gids[name] = upload(name, png() if name.endswith(".png") else b"text", into=basket).gid
    gids["alone.txt"] = upload("alone.txt").gid
    gids["neighbour.txt"] = upload("neighbour.txt").gid
    return DuckObject(word=word, crate=crate, basket=basket, gids=gids)


def selection_of_all_kinds(orchard):
    gids, word = orchard.gids, orchard.word
    return [
        gids["alone.txt"],
        {"children": orchard.crate.gid, "exclude": [gids["2.txt"]]},
        {
            "search": {"language": "en", "q": f"+{word}", "filter": ["type", "is", "image"]},
            # An exclude counts for its own entry alone: the crate's file is still selected as a child.
            "exclude": [gids[f"{word} b.png"], gids[f"{word} in crate.png"]],
        },
        gids["alone.txt"],
    ]


def selected_names(orchard):
    return {"alone.txt", "1.txt", "3.txt", f"{orchard.word} in crate.png", f"{orchard.word} a.png"}


def test_bulk_delete_and_undelete_of_a_selection(client, calls, orchard):
    selected = selected_names(orchard)
    reports = run_job(client, "/assets/bulk/delete", selection=selection_of_all_kinds(orchard))
    assert reports[0]["status"] == "queued"
    info = final_info(reports, "bulk_delete_assets")
    assert (info["total"], info["remaining"]) == (len(selected), 0)
    expected = {name: "deleted" if name in selected else "published" for name in orchard.gids}
    assert statuses(calls, orchard.gids.values()) == expected
    assert statuses(calls, [orchard.crate.gid, orchard.basket.gid]) == {"crate": "published", "basket": "published"}

    back = [gid for name, gid in orchard.gids.items() if name == "alone.txt"]
    back += [{"search": {"language": "en", "q": f"+{orchard.word}", "filter": ["type", "is", "image"]}}]
    final_info(run_job(client, "/assets/bulk/undelete", selection=back), "bulk_undelete_assets")
    expected.update(dict.fromkeys(["alone.txt", f"{orchard.word} in crate.png", f"{orchard.word} a.png"], "published"))
    assert statuses(calls, orchard.gids.values()) == expected


def test_a_job_that_is_tracked_from_prepare_for_job_to_done(client, calls, folder):
    upload_many(calls, folder.gid, [f"{number}.txt" for number in range(150)])
    kept = [asset["gid"] for asset in calls.children(folder.gid)[:2]]

    cursor = client.api.prepare_for_job()
    assert type(cursor) is int
    success, result = client.api.call("/assets/bulk/delete", {"selection": [{"children": folder.gid, "exclude": kept}]})
    assert success and set(result) >= {"job.token"} and maybe_gid(result["job.token"])
    progress = list(client.api.track_job(cursor, result["job.token"], 60, 0.02))

    assert progress[-1]["status"] == "done" and progress[-1]["gid"] == result["job.token"]
    assert progress[-1]["info"]["total"] == 148 and progress[-1]["info"]["remaining"] == 0
    assert progress[-1]["project_gid"] == client.project.gid
    assert progress[-1]["updated_on"] >= progress[-1]["created_on"] > 0
    assert client.api.cc_cursor > cursor
    states = {asset["gid"]: asset["status"] for asset in calls.children(folder.gid)}
    assert {gid for gid, status in states.items() if status == "published"} == set(kept)
    assert len(states) == 150


def test_bulk_delete_of_a_folder_takes_the_subtree_along(client, calls, folder, upload):
    outer = client.mutate.create_asset(folder, "outer")
    file = upload("deep.txt", into=client.mutate.create_asset(outer, "inner"))
    beside = upload("beside.txt")
    info = final_info(run_job(client, "/assets/bulk/delete", selection=[outer.gid]), "bulk_delete_assets")
    assert info["total"] >= 1 and info["remaining"] == 0
    assert client.get_asset(file.gid, force=True).is_deleted and client.get_asset(outer.gid, force=True).is_deleted
    assert not client.get_asset(beside.gid, force=True).is_deleted

    final_info(run_job(client, "/assets/bulk/undelete", selection=[outer.gid]), "bulk_undelete_assets")
    assert statuses(calls, [outer.gid, file.gid]) == {"outer": "published", "deep.txt": "published"}


def test_bulk_move(client, calls, orchard, folder):
    target = client.mutate.create_asset(folder, "target")
    gids = orchard.gids
    selection = [gids["alone.txt"], {"children": orchard.crate.gid, "exclude": [gids["2.txt"]]}, orchard.basket.gid]
    info = final_info(run_job(client, "/assets/bulk/move", parent=target.gid, selection=selection), "bulk_move_assets")
    assert info["remaining"] == 0
    paths = {asset["name"]: asset["path"] for asset in calls.assets(gids.values()).values()}
    assert paths == {
        **dict.fromkeys(["alone.txt", "1.txt", "3.txt", f"{orchard.word} in crate.png"], target.pathname),
        **dict.fromkeys(
            [f"{orchard.word} a.png", f"{orchard.word} b.png", f"{orchard.word} c.txt", "plain.txt"],
            f"{target.pathname}/basket",
        ),
        "2.txt": orchard.crate.pathname,
        "neighbour.txt": folder.pathname,
    }
    parents = calls.assets([target.gid, orchard.crate.gid, folder.gid])
    assert parents[target.gid]["info"] == {"filecount": 4, "foldercount": 1}
    assert parents[orchard.crate.gid]["info"] == {"filecount": 1, "foldercount": 0}
    assert parents[folder.gid]["info"] == {"filecount": 1, "foldercount": 2}
    assert client.get_asset_by_pathname(f"{target.pathname}/basket/plain.txt", force=True).gid == gids["plain.txt"]


def test_bulk_move_into_nowhere_is_refused(calls, upload):
    file = upload("stays.txt")
    assert_error(calls.post("assets/bulk/move", {"parent": new_gid(), "selection": [file.gid]}), 422)
    assert_error(calls.post("assets/bulk/move", {"parent": file.gid, "selection": [file.gid]}), 422)
    assert calls.assets([file.gid])[file.gid]["path"] == file.path


def test_bulk_permanent_delete(client, calls, orchard):
    gids = orchard.gids
    run_job(client, "/assets/bulk/delete", selection=[{"children": orchard.crate.gid, "exclude": [gids["2.txt"]]}])
    info = final_info(
        run_job(
            client,
            "/assets/bulk/permanent_delete",
            selection=[{"children": orchard.crate.gid, "exclude": [gids["1.txt"]]}],
        ),
        "bulk_permanent_delete_assets",
    )
    assert info["remaining"] == 0
    left = statuses(calls, gids.values())
    assert "3.txt" not in left and f"{orchard.word} in crate.png" not in left
    assert left["1.txt"] == "deleted", "was excluded"
    assert left["2.txt"] == "published", "was not in the trash, so it failed alone"
    assert calls.assets([orchard.crate.gid])[orchard.crate.gid]["info"] == {"filecount": 2, "foldercount": 0}


def test_items_in_the_wrong_state_fail_alone(client, calls, orchard):
    gids = orchard.gids
    calls.result("assets/delete", {"asset": gids["1.txt"]})
    info = final_info(
        run_job(client, "/assets/bulk/delete", selection=[gids["1.txt"], gids["2.txt"]]), "bulk_delete_assets"
    )
    assert (info["total"], info["remaining"]) == (2, 0)
    assert statuses(calls, [gids["1.txt"], gids["2.txt"]]) == {"1.txt": "deleted", "2.txt": "deleted"}
    final_info(
        run_job(client, "/assets/bulk/undelete", selection=[gids["3.txt"], gids["2.txt"]]), "bulk_undelete_assets"
    )
    assert statuses(calls, [gids["2.txt"], gids["3.txt"]]) == {"2.txt": "published", "3.txt": "published"}


def test_a_job_with_nothing_to_do_is_done(client, folder):
    info = final_info(
        run_job(client, "/assets/bulk/delete", selection=[{"children": folder.gid}]), "bulk_delete_assets"
    )
    assert (info["total"], info["remaining"]) == (0, 0)
    run_job(client, "/assets/bulk/delete", selection=[new_gid()])
