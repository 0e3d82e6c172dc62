"""The project dialect with the real client: connecting, uploading, reading, deleting, the change feed."""

import pytest
from unicat import Unicat, UnicatError
from unicat.utils import gid as new_gid
from unicat.utils import maybe_gid

import raw_http
from project_client import run_job, statuses, unicat_client, upload_many
from sample_files import png

ASSET_KEYS = {
    *("gid", "pathname", "path", "name", "is_file", "type", "childcount", "status", "version", "info"),
    *("transforms", "title", "description", "metadata", "created_on", "updated_on"),
}


# Connecting


def test_connect_gives_the_project_its_languages_and_members(server, client, project_gid):
    assert client.api_version == "2026.04.002"
    assert client.project.gid == project_gid
    assert client.project.languages == ["en", "nl"]
    assert client.project.default_language == "en"
    assert client.project.status == "active"
    assert client.project.owner.username == "demo"
    assert client.languages["en"] == "English" and "nl" in client.languages
    assert {member.user.username for member in client.project.members} >= {"demo", None}
    assert {member.status for member in client.project.members} == {"active"}
    assert type(client.api.cc_cursor) is int and type(client.api.project_cursor) is int
    assert client.project.default_ordering and client.project.default_fieldlist
    assert list(client.walk_queries()) == [] and list(client.walk_fields()) == []


def test_connect_with_a_wrong_key_is_false_and_raises_nothing(server, project_gid, tmp_path):
    assert Unicat(server.url, project_gid, "no such key", str(tmp_path)).connect() is False
    assert Unicat(server.url, new_gid(), server.demo["project"]["apiKey"], str(tmp_path)).connect() is False


def test_a_base_url_with_a_trailing_slash_works(server, project_gid, tmp_path):
    client = unicat_client(server.url + "/", project_gid, server.demo["project"]["apiKey"], tmp_path)
    assert client.get_root_asset().pathname == "/"
    assert client.sync() is True


def test_init_again_gives_the_same_project(client, project_gid):
    client.get_root_asset()
    success, result = client.api.init()
    assert success
    assert result["project"] == project_gid and result["user_projects"] == {project_gid: ["api"]}
    assert client.project.languages == ["en", "nl"]
    assert client.assets == {}, "assets are no part of it"


# Uploading and reading


def test_root(client):
    root = client.get_root_asset()
    assert maybe_gid(root.gid)
    assert (root.pathname, root.path, root.name, root.is_file, root.type) == ("/", "/", "", False, None)
    assert set(root._data) == ASSET_KEYS


def test_create_folder(client, folder):
    inner = client.mutate.create_asset(folder, "inner folder")
    assert maybe_gid(inner.gid)
    assert (inner.name, inner.path, inner.pathname) == (
        "inner folder",
        folder.pathname,
        f"{folder.pathname}/inner folder",
    )
    assert inner.is_file is False and inner.type is None and inner.childcount == 0
    assert inner.info == {"filecount": 0, "foldercount": 0}
    assert client.assets[folder.gid]["info"] == {"filecount": 0, "foldercount": 1}
    assert client.assets[folder.gid]["childcount"] == 1

    second = client.mutate.create_asset(folder, "inner folder")
    assert second.name == "inner folder 2" and second.gid != inner.gid


def test_create_without_a_name(calls, folder):
    gid = calls.result("assets/create", {"parent": folder.gid})["asset"]
    assert calls.assets([gid])[gid]["name"] == "new folder"


def test_upload(client, folder, upload):
    content = png(3, 2)
    asset = upload("red square.png", content)
    assert set(asset._data) == ASSET_KEYS
    assert maybe_gid(asset.gid)
    assert asset.name == "red square.png" and asset.pathname == f"{folder.pathname}/red square.png"
    assert asset.path == folder.pathname
    assert asset.is_file is True and asset.type == "png" and asset.childcount == 0
    assert asset.status == "published" and asset.is_deleted is False
    assert asset._data["version"] == 1
    assert asset.info["filesize"] == len(content) and asset.info["format"] == "png"
    assert asset.title == {"en": "", "nl": ""} and asset.description == {"en": "", "nl": ""}
    assert asset.transforms is None and asset.default_transform is None and asset.metadata == {}
    assert isinstance(asset.created_on, float) and isinstance(asset.updated_on, float)
    assert client.assets[folder.gid]["childcount"] == 1
    assert client.assets[folder.gid]["info"] == {"filecount": 1, "foldercount": 0}


def test_upload_to_a_taken_name_gets_a_number(upload):
    first, second, third = upload("photo.png", png()), upload("photo.png", png(9)), upload("photo.png", png())
    assert [first.name, second.name, third.name] == ["photo.png", "photo 2.png", "photo 3.png"]
    assert len({first.gid, second.gid, third.gid}) == 3


def test_upload_into_a_pathname_with_the_file_first(calls, folder):
    gid = calls.result(
        "assets/upload",
        files=[("upload_file", ("first.txt", b"abc")), ("pathname", (None, folder.pathname))],
    )["asset"]
    assert calls.assets([gid])[gid]["pathname"] == f"{folder.pathname}/first.txt"


@pytest.mark.parametrize(
    "sent, stored", [("a %22quoted%22 name.txt", 'a "quoted" name.txt'), ("naïve 文.txt", "naïve 文.txt")]
)
def test_upload_decodes_the_file_name(calls, folder, sent, stored):
    content_type, body = raw_http.multipart([("parent", folder.gid), ("upload_file", sent, b"abc")])
    gid = calls.result("assets/upload", data=body, headers={"Content-Type": content_type})["asset"]
    assert calls.assets([gid])[gid]["name"] == stored


def test_empty_file(upload):
    asset = upload("empty.txt", b"")
    assert asset.info["filesize"] == 0 and asset.type == "txt"


def test_walk_tree_goes_down_folders_first_then_by_name(client, folder, upload):
    b = client.mutate.create_asset(folder, "b folder")
    a = client.mutate.create_asset(folder, "a folder")
    empty = client.mutate.create_asset(a, "empty")
    upload("z.txt"), upload("y.txt"), upload("in a.txt", into=a), upload("in b.txt", into=b)

    walked = list(client.walk_asset_tree())
    assert walked[0].pathname == "/"
    assert len({asset.gid for asset in walked}) == len(walked)
    below = [asset.pathname for asset in walked if asset.pathname.startswith(folder.pathname + "/")]
    assert below == [
        folder.pathname + path
        for path in (
            "/a folder",
            "/a folder/empty",
            "/a folder/in a.txt",
            "/b folder",
            "/b folder/in b.txt",
            "/y.txt",
            "/z.txt",
        )
    ]
    assert [asset.name for asset in client.walk_asset_children(folder)] == ["a folder", "b folder", "y.txt", "z.txt"]
    assert list(client.walk_asset_children(empty)) == []


def test_children_over_more_than_one_page(client, calls, folder):
    names = [f"file {number:03d}.txt" for number in range(205)]
    upload_many(calls, folder.gid, reversed(names))
    assert [asset.name for asset in client.walk_asset_children(folder)] == names

    page = calls.result("assets/children", {"pathname": folder.pathname, "page.top": 200, "page.size": 3})
    assert page["children.size"] == 205 and len(page["children"]) == 3
    assert [asset["name"] for asset in calls.assets(page["children"]).values()] == names[200:203]
    beyond = calls.result("assets/children", {"asset": folder.gid, "page.top": 205})
    assert beyond["children"] == [] and beyond["children.size"] == 205
    assert len(calls.result("assets/children", {"asset": folder.gid})["children"]) == 100


def test_get_by_gid_and_by_pathname(new_client, folder, upload):
    one, two = upload("one.txt"), upload("two.txt")
    reader = new_client()
    assert reader.get_asset(one.gid).name == "one.txt"
    assert reader.get_asset_by_pathname(f"{folder.pathname}/two.txt").gid == two.gid
    assert reader.get_asset_by_pathname(folder.pathname).gid == folder.gid
    assert reader.get_asset_by_pathname("/").gid == reader.get_root_asset().gid

    found = reader.get_assets_by_pathname([f"{folder.pathname}/two.txt", f"{folder.pathname}/one.txt"], force=True)
    assert {pathname: asset.gid for pathname, asset in found.items()} == {one.pathname: one.gid, two.pathname: two.gid}
    both = reader.get_assets([two.gid, one.gid], force=True)
    assert [asset.name for asset in both] == ["one.txt", "two.txt"], "in the order of the tree, not of the request"


def test_unknown_assets_fail_alone_and_are_left_out_of_lists(client, folder, upload):
    file = upload("known.txt")
    for ask in (
        lambda: client.get_asset(new_gid()),
        lambda: client.get_asset_by_pathname(f"{folder.pathname}/unknown.txt"),
        lambda: client.get_asset_by_pathname(f"{file.pathname}/below a file"),
    ):
        with pytest.raises(UnicatError) as error:
            ask()
        assert error.value.code == 422
    assert [asset.gid for asset in client.get_assets([new_gid(), file.gid], force=True)] == [file.gid]
    assert client.get_assets([new_gid()], force=True) == []
    assert client.get_assets_by_pathname([f"{folder.pathname}/unknown.txt"], force=True) == {}


def test_upload_update_keeps_the_asset_and_raises_the_version(client, upload, tmp_path):
    asset = upload("logo.png", png(2))
    before = dict(asset._data)
    other = tmp_path / "other name.png"
    other.write_bytes(png(40, 40))
    updated = client.mutate.upload_update_asset(str(other), asset)

    assert updated.gid == asset.gid
    assert updated._data["version"] > before["version"]
    assert updated.info["filesize"] == len(png(40, 40)) != before["info"]["filesize"]
    assert updated.updated_on > before["updated_on"] and updated.created_on == before["created_on"]
    for kept in ("name", "pathname", "title", "description", "metadata", "transforms", "status"):
        assert updated._data[kept] == before[kept]


# Deleting one by one


def test_delete_undelete_permanent_delete(client, folder, upload):
    file = upload("short life.txt")
    deleted = client.mutate.delete_asset(file)
    assert deleted.gid == file.gid and deleted.is_deleted
    assert client.get_asset_by_pathname(file.pathname, force=True).status == "deleted"
    assert [asset.status for asset in client.walk_asset_children(folder)] == ["deleted"], "stays in the listing"

    with pytest.raises(UnicatError) as twice:
        client.mutate.delete_asset(file)
    assert twice.value.code == 422

    assert client.mutate.undelete_asset(file).status == "published"
    with pytest.raises(UnicatError) as not_deleted:
        client.mutate.undelete_asset(file)
    assert not_deleted.value.code == 422
    with pytest.raises(UnicatError) as alive:
        client.mutate.permanent_delete_asset(file)
    assert alive.value.code == 422

    client.mutate.delete_asset(file)
    assert client.mutate.permanent_delete_asset(file) is True
    assert client.assets[folder.gid]["childcount"] == 0
    with pytest.raises(UnicatError) as gone:
        client.get_asset(file.gid, force=True)
    assert gone.value.code == 422
    assert list(client.walk_asset_children(folder)) == []


def test_delete_takes_the_subtree_along(client, calls, folder, upload):
    outer = client.mutate.create_asset(folder, "outer")
    inner = client.mutate.create_asset(outer, "inner")
    file = upload("deep.txt", into=inner)
    tree = [outer.gid, inner.gid, file.gid]

    client.mutate.delete_asset(outer)
    assert statuses(calls, tree) == {"outer": "deleted", "inner": "deleted", "deep.txt": "deleted"}
    with pytest.raises(UnicatError) as below_a_deleted_folder:
        client.mutate.undelete_asset(file)
    assert below_a_deleted_folder.value.code == 422
    assert client.mutate.undelete_asset(outer).status == "published"
    assert statuses(calls, tree) == {"outer": "published", "inner": "published", "deep.txt": "published"}

    client.mutate.delete_asset(outer)
    assert client.mutate.permanent_delete_asset(outer) is True
    assert calls.assets(tree) == {}


def test_a_deleted_name_stays_taken(client, upload):
    client.mutate.delete_asset(upload("taken.txt"))
    assert upload("taken.txt").name == "taken 2.txt"


def test_the_root_cannot_be_deleted(client):
    with pytest.raises(UnicatError) as error:
        client.mutate.delete_asset(client.get_root_asset())
    assert error.value.code == 422
    assert client.get_asset(client.get_root_asset().gid, force=True).status == "published"


# The change feed


def test_sync_sees_what_a_second_client_changes(new_client, client, folder, upload, tmp_path):
    file, other = upload("file.txt", b"one"), upload("other.txt")
    reader = new_client()
    reader.get_asset(folder.gid), reader.get_asset(file.gid), reader.get_asset(other.gid)
    assert reader.sync() is True
    start = reader.api.project_cursor

    path = tmp_path / "file.txt"
    path.write_bytes(b"longer than before")
    client.mutate.upload_update_asset(str(path), file)
    client.mutate.delete_asset(other)
    added = upload("added.txt")
    assert reader.get_asset(file.gid).info["filesize"] == 3, "still the old state"

    assert reader.sync() is True
    assert reader.api.project_cursor > start
    assert reader.get_asset(file.gid).info["filesize"] == 18
    assert reader.get_asset(other.gid).status == "deleted"
    assert reader.get_asset(folder.gid).info == {"filecount": 3, "foldercount": 0}
    assert added.gid not in reader.assets, "new assets are fetched on demand"

    client.mutate.permanent_delete_asset(other)
    reader.sync()
    assert other.gid not in reader.assets
    assert reader.get_asset(folder.gid).childcount == 2


def test_the_feed_line_by_line(calls, client, folder, upload):
    cc_cursor, cursor = calls.cursors()
    file = upload("line.txt")
    client.mutate.delete_asset(file)
    client.mutate.permanent_delete_asset(file)

    items = calls.changes(cc_cursor, cursor)
    mine = [(item["action"], item["data_key"]) for item in items if item["data_key"] in (file.gid, folder.gid)]
    assert [line for line in mine if line[1] == file.gid] == [
        ("INSERT", file.gid),
        ("UPDATE", file.gid),
        ("DELETE", file.gid),
    ]
    assert mine.count(("UPDATE", folder.gid)) >= 2, "its counts changed with the upload and the last delete"
    assert all(type(item["cursor"]) is int and item["data_type"] == "assets" for item in items)
    cursors = [item["cursor"] for item in items]
    assert cursors == sorted(set(cursors)) and cursors[0] > cursor
    assert calls.changes(*calls.cursors()) == []


def test_sync_without_a_project_gives_cc_items_only(calls, client, upload):
    upload("noise.txt")
    run_job(client, "/assets/bulk/delete", selection=[upload("counted.txt").gid])
    result = calls.result("/sync/get", {"cc_cursor": 0})
    assert result["sync"] and {item["type"] for item in result["sync"]} == {"cc"}
    assert "cc.cursor" not in result and "cursor" not in result
    assert set(calls.result("/sync/cursors", {})) == {"cc.cursor"}
