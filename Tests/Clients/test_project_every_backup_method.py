"""Backups with the Python client: made, renamed, restored, deleted. A restore really brings the old project back."""

import pytest
from unicat.utils import DuckObject, maybe_gid

from every_method import covers
from project_client import JOB_SECONDS, assert_fails
from sample_files import png


@pytest.fixture
def new_client(own_project):
    return own_project.client


def finish(job):
    """Follows a job in short steps (by itself, the client asks once a second). Returns what the call stands for."""
    states = list(job.track(timeout_in_seconds=JOB_SECONDS, poll_interval_in_seconds=0.02))
    assert states[-1] == "done" and "error" not in job.info, job.progress
    return job.return_value


def back_up(client, name=None):
    return finish(client.mutate.create_backup("the tests", name, return_job=True))


def restore(client, backup):
    finish(client.mutate.restore_backup(backup, return_job=True))


def listed(client):
    return {backup.version: backup.name for backup in client.project.backups}


def tree(client):
    """What a client sees that walks down from the root. Version and time may tell that there was a restore."""
    return {
        asset.pathname: {key: value for key, value in asset._data.items() if key not in ("version", "updated_on")}
        for asset in client.walk_asset_tree()
    }


@covers("mutate: create_backup", "UnicatProject: backups get_backup", "UnicatApi: init")
@covers("UnicatProjectBackup: version name created_by timestamp")
def test_creating(new_client, client):
    success, result = client.api.init()
    assert success and result["last_backed_up"] is None
    first = client.mutate.create_backup("Anna")  # waits by itself
    second = back_up(client, "before the résumé")
    assert [first.version, second.version] == sorted({first.version, second.version}) and first.version > 0
    assert first.name == f"Backup {first.version}" and first.created_by == "Anna"
    assert second.name == "before the résumé" and second.created_by == "the tests"
    assert 0 < first.timestamp <= second.timestamp

    reader = new_client()
    assert listed(reader) == {first.version: first.name, second.version: second.name}
    assert reader.project.get_backup(first.version)._data == first._data
    assert reader.project.get_backup(second.version + 1) is None
    success, result = reader.api.init()
    assert success and result["last_backed_up"] >= second.timestamp - 1
    assert_fails(400, client.mutate.create_backup, None)


@covers("UnicatJob: gid name status info created_on updated_on progress return_value track", "mutate: create_backup")
def test_following_the_job_of_a_backup(client, upload):
    for number in range(20):
        upload(f"{number}.txt", b"%d" % number)
    job = client.mutate.create_backup("Anna", "followed", return_job=True)
    assert maybe_gid(job.gid) and job.return_value.name == "followed", "it is listed from the beginning"
    assert (job.name, job.status, job.info, job.created_on, job.updated_on) == ("unknown", "untracked", {}, None, None)

    states = []
    for state in job.track(timeout_in_seconds=JOB_SECONDS, poll_interval_in_seconds=0.02):
        states.append(state)
        assert job.status == state and job.name == "backup_project" and isinstance(job.info, dict)
        assert job.progress["gid"] == job.gid and job.progress["status"] == state
        assert set(job.progress) == {"gid", "name", "status", "info", "created_on", "updated_on"}
    order = ["queued", "processing", "done"]
    assert states == sorted(states, key=order.index) and states[-1] == "done" and states.count("done") == 1
    assert job.updated_on >= job.created_on > 0 and "error" not in job.info
    assert client.project.get_backup(job.return_value.version).name == "followed"


@covers("mutate: create_backup update_backup", "UnicatProjectBackup: version name created_by timestamp")
def test_renaming(new_client, client):
    first, second = back_up(client), back_up(client, "second")
    renamed = client.mutate.update_backup(first, "before the change")
    assert (renamed.version, renamed.name) == (first.version, "before the change")
    assert (renamed.created_by, renamed.timestamp) == (first.created_by, first.timestamp)
    assert listed(new_client()) == listed(client) == {first.version: "before the change", second.version: "second"}

    # A name that looks like another version's is refused, its own is fine.
    assert_fails(422, client.mutate.update_backup, second, f"Backup {first.version}")
    assert client.mutate.update_backup(second, f"Backup {second.version}").name == f"Backup {second.version}"
    assert_fails(422, client.mutate.update_backup, DuckObject(version=second.version + 1), "x")
    assert listed(new_client()) == {first.version: "before the change", second.version: f"Backup {second.version}"}


@covers("mutate: create_backup delete_backup delete_backups restore_backup", "UnicatProject: backups gid")
def test_deleting(new_client, client):
    a, b, c, d = (back_up(client) for _ in range(4))
    assert client.mutate.delete_backup(b).gid == client.project.gid
    assert set(listed(client)) == set(listed(new_client())) == {a.version, c.version, d.version}
    unknown = DuckObject(version=d.version + 10)
    assert client.mutate.delete_backups([a, unknown, d, b]).gid == client.project.gid, "what is unknown is skipped"
    assert set(listed(client)) == set(listed(new_client())) == {c.version}
    client.mutate.delete_backup(unknown)

    for version in (b.version, unknown.version, 0):
        assert_fails(422, client.mutate.restore_backup, DuckObject(version=version))
    later = back_up(client)
    assert later.version > d.version, "no version is used twice"
    assert set(listed(new_client())) == {c.version, later.version}


@covers("mutate: create_backup restore_backup", "UnicatProject: backups", "UnicatJob: name status track")
def test_restoring_and_restoring_back(new_client, client, folder, upload, tmp_path):
    shelf = client.mutate.create_asset(folder, "shelf")
    photo = upload("photo.png", png(2, 2), into=shelf)
    trashed, purged = upload("trashed.txt", into=shelf), upload("purged.txt", b"purged", into=shelf)
    client.mutate.update_asset(photo, title={"en": "old", "nl": "oud"}, transforms={"_main_": {"hotspot": [0.5, 0.1]}})
    numbers = {"en": 1, "nl": 2}
    client.mutate.update_asset_set_metadata(photo, "a.value", type="number", is_localized=True, value=numbers)
    client.mutate.delete_asset(trashed)
    old = tree(new_client())
    names = ("photo.png", "purged.txt", "trashed.txt")
    assert list(old) == ["/", folder.pathname, shelf.pathname, *(f"{shelf.pathname}/{name}" for name in names)]
    backup = back_up(client, "old")

    other = tmp_path / "other.png"
    other.write_bytes(png(30, 30))
    client.mutate.upload_update_asset(str(other), photo)
    client.mutate.update_asset(photo, title={"en": "new"}, name="renamed.png", transforms={})
    client.mutate.update_asset_clear_metadata(photo, "a.value")
    client.mutate.update_asset(shelf, name="cupboard")
    client.mutate.undelete_asset(trashed)
    client.mutate.permanent_delete_asset(client.mutate.delete_asset(purged))
    added = upload("added.txt", into=client.mutate.create_asset(shelf, "drawer"))
    new = tree(new_client())
    assert new != old

    job = client.mutate.restore_backup(backup, return_job=True)
    finish(job)
    assert job.name == "restore_project"
    assert client.assets == {}, "the client has started over"
    assert tree(client) == tree(new_client()) == old
    assert client.get_asset_by_pathname(photo.pathname, force=True).gid == photo.gid
    assert_fails(422, client.get_asset, added.gid)
    found = list(client.walk_asset_query("en", DuckObject(q="+old", filter=[])))
    assert [asset.gid for _, asset in found] == [photo.gid], "the search knows it, too"
    assert list(client.walk_asset_query("en", DuckObject(q="+added", filter=[]))) == []

    # Before it began, the restore made a backup of what there was.
    (undo,) = set(listed(client)) - {backup.version}
    assert listed(client)[backup.version] == "old" and listed(new_client()) == listed(client)
    restore(client, client.project.get_backup(undo))
    assert tree(client) == tree(new_client()) == new
    assert set(listed(client)) > {backup.version, undo}

    # The tree works as any other.
    assert upload("after.txt", into=shelf).pathname == f"{folder.pathname}/cupboard/after.txt"
    assert new_client().get_asset(shelf.gid).info == {"filecount": 3, "foldercount": 1}


@covers("mutate: restore_backup create_query add_language create_channel", "UnicatProject: languages channels")
def test_a_restore_brings_queries_and_settings_back(new_client, client, upload):
    kept = client.mutate.create_query("asset", name="kept", q="+kept")
    client.mutate.add_language("de")
    file = upload("file.txt")
    client.mutate.update_asset(file, title={"de": "Datei"})
    channels = client.project.channels
    backup = back_up(client)

    client.mutate.delete_query(kept)
    client.mutate.create_query("asset", name="new")
    client.mutate.remove_language("de")
    client.mutate.add_language("fr")
    client.mutate.create_channel("new")
    client.mutate.restore_backup(backup)  # waits by itself

    for seen in (client, new_client()):
        assert [(query.gid, query.name, query.q) for query in seen.walk_queries()] == [(kept.gid, "kept", "+kept")]
        assert seen.project.languages == ["en", "nl", "de"]
        assert seen.project.channels == channels
        assert seen.get_asset(file.gid).title == {"en": "", "nl": "", "de": "Datei"}


@covers("mutate: restore_backup", "Unicat: sync", "UnicatApi: handle_sync_data init")
def test_other_clients_start_over_after_a_restore(new_client, client, upload):
    file = upload("file.txt")
    backup = back_up(client)
    client.mutate.update_asset(file, title={"en": "new"})
    reader = new_client()
    assert reader.get_asset(file.gid).title["en"] == "new"
    cursor = reader.api.project_cursor

    restore(client, backup)
    assert reader.sync() is True
    assert reader.get_asset(file.gid).title["en"] == "", "without being forced to ask"
    assert reader.api.project_cursor >= cursor, "cursors never go back"
    assert set(listed(reader)) > {backup.version}

    client.mutate.update_asset(client.get_asset(file.gid), title={"en": "newest"})
    assert reader.sync() is True
    assert reader.get_asset(file.gid).title["en"] == "newest"
