"""One tree for both dialects: a segment's files are assets of its project."""

from unicat.utils import DuckObject

from project_client import new_word, run_job
from sample_files import png
from segment_client import segment_folder
from server_process import wait_until


def test_u14_the_middle_folder_is_not_padded(server, project_assets, client):
    server.command(
        *("document", "add", "--project", server.demo["project"]["gid"], "--document", 19642),
        *("--segments", "27000005-27000005"),
    )
    wait_until(lambda: project_assets.list(27000005).ok, 5, "the new document is known to the running server")
    project_assets.upload(27000005, "a.txt", b"a")
    assert client.get_asset_by_pathname("/reference/assets/19642/5/27000005/a.txt").is_file


def test_a_segment_file_is_an_asset_of_the_project(assets, segment, client):
    word = new_word()
    assets.upload(segment, f"{word}.png", png(), locale="nl", relativePath="some/where")
    asset = client.get_asset_by_pathname(f"{segment_folder(assets, segment)}/nl/some/where/{word}.png")
    assert asset.is_file and asset.type == "png" and asset.info["filesize"] == len(png())
    assert asset.status == "published"
    found = [hit.gid for _, hit in client.walk_asset_query("en", DuckObject(q=f"+{word}", filter=[]))]
    assert found == [asset.gid], "the project's search finds it"


def test_replacing_a_segment_file_keeps_the_asset(project_assets, project_segment, client):
    project_assets.upload(project_segment, "a.txt", b"one")
    pathname = f"{segment_folder(project_assets, project_segment)}/a.txt"
    before = client.get_asset_by_pathname(pathname)
    version = before._data["version"]
    project_assets.upload(project_segment, "a.txt", b"longer")
    after = client.get_asset_by_pathname(pathname, force=True)
    assert after.gid == before.gid and after._data["version"] > version and after.info["filesize"] == 6
    assert client.get_asset_by_pathname(pathname.rpartition("/")[0], force=True).childcount == 1


def test_a_trashed_segment_file_is_absent_until_it_is_uploaded_again(project_assets, project_segment, client):
    project_assets.upload(project_segment, "a.txt", b"first", locale="en")
    project_assets.upload(project_segment, "b.txt", b"other", locale="en")
    asset = client.get_asset_by_pathname(f"{segment_folder(project_assets, project_segment)}/en/a.txt")
    run_job(client, "/assets/bulk/delete", selection=[asset.gid])

    assert project_assets.listed(project_segment) == [("en", "", "b.txt")]
    assert len(project_assets.list_many(str(project_segment)).json()) == 1
    assert project_assets.download(project_segment, "a.txt", locale="en").status_code == 404
    assert client.get_asset(asset.gid, force=True).is_deleted

    project_assets.upload(project_segment, "a.txt", b"second", locale="en")
    assert project_assets.listed(project_segment) == [("en", "", "a.txt"), ("en", "", "b.txt")]
    assert project_assets.download(project_segment, "a.txt", locale="en").content == b"second"
    revived = client.get_asset_by_pathname(asset.pathname, force=True)
    assert revived.gid == asset.gid and revived.status == "published" and revived.info["filesize"] == 6


def test_an_upload_revives_the_folders_above_and_nothing_else(project_assets, project_segment, client, calls):
    project_assets.upload(project_segment, "a.txt", b"a", relativePath="deep")
    project_assets.upload(project_segment, "b.txt", b"b", relativePath="deep")
    project_assets.upload(project_segment, "c.txt", b"c")
    path = segment_folder(project_assets, project_segment)
    gids = {
        name: client.get_asset_by_pathname(f"{path}/{name}".rstrip("/")).gid
        for name in ("", "deep", "deep/a.txt", "deep/b.txt", "c.txt")
    }
    run_job(client, "/assets/bulk/delete", selection=[gids[""]])
    assert project_assets.listed(project_segment) == []

    project_assets.upload(project_segment, "a.txt", b"new", relativePath="deep")
    assert project_assets.listed(project_segment) == [(None, "deep", "a.txt")]
    states = {name: calls.assets([gid])[gid]["status"] for name, gid in gids.items()}
    assert states == {
        **dict.fromkeys(["", "deep", "deep/a.txt"], "published"),
        **dict.fromkeys(["deep/b.txt", "c.txt"], "deleted"),
    }


def test_undelete_brings_a_segment_file_back(project_assets, project_segment, client):
    project_assets.upload(project_segment, "a.txt", b"a")
    asset = client.get_asset_by_pathname(f"{segment_folder(project_assets, project_segment)}/a.txt")
    client.mutate.delete_asset(asset)
    assert project_assets.listed(project_segment) == []
    client.mutate.undelete_asset(asset)
    assert project_assets.download(project_segment, "a.txt").content == b"a"


def test_a_file_that_the_project_dialect_put_there_is_listed(project_assets, project_segment, client, calls):
    project_assets.upload(project_segment, "a.txt", b"a")
    folder = client.get_asset_by_pathname(segment_folder(project_assets, project_segment))
    calls.upload(folder.gid, "by the project.txt", b"project")
    assert project_assets.listed(project_segment) == [(None, "", "a.txt"), (None, "", "by the project.txt")]
    assert project_assets.download(project_segment, "by the project.txt").content == b"project"


def test_deleting_the_last_file_of_a_folder_removes_the_folder(project_assets, project_segment, client):
    project_assets.upload(project_segment, "a.txt", b"a", locale="en", relativePath="deep/er")
    project_assets.upload(project_segment, "b.txt", b"b")
    assert (
        project_assets.delete(project_segment, filename="a.txt", locale="en", relativePath="deep/er").status_code == 200
    )
    folder = client.get_asset_by_pathname(segment_folder(project_assets, project_segment), force=True)
    assert [asset.name for asset in client.walk_asset_children(folder)] == ["b.txt"]
