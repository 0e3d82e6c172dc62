"""Every method of the Python client that reads or changes assets: what comes back, and what a second client sees."""

from unicat.utils import gid as new_gid
from unicat.utils import maybe_gid

from every_method import covers
from project_client import assert_fails, upload_many
from sample_files import png

ASSET = "UnicatAsset: gid pathname path name is_file type childcount status is_deleted info title description"
ASSET_TOO = "UnicatAsset: transforms default_transform metadata created_on updated_on"


# Reading


@covers("Unicat: get_root_asset", ASSET, ASSET_TOO)
def test_the_root(own_project):
    root = own_project.client().get_root_asset()
    assert maybe_gid(root.gid)
    assert (root.pathname, root.path, root.name, root.is_file, root.type) == ("/", "/", "", False, None)
    assert (root.childcount, root.info) == (0, {"filecount": 0, "foldercount": 0})
    assert (root.status, root.is_deleted) == ("published", False)
    assert root.title == root.description == {"en": "", "nl": ""}
    assert root.transforms is None and root.default_transform is None and root.metadata == {}
    assert isinstance(root.created_on, float) and isinstance(root.updated_on, float)


@covers("mutate: create_asset", "Unicat: get_asset", ASSET, ASSET_TOO)
def test_a_folder(new_client, client, folder, upload):
    made = client.mutate.create_asset(folder, "Ordner mit Ü")
    assert (made.name, made.path) == ("Ordner mit Ü", folder.pathname)
    assert made.pathname == f"{folder.pathname}/Ordner mit Ü"
    assert client.get_asset(folder.gid).childcount == 1, "the answer brings the parent along"
    upload("1.txt", into=made)
    client.mutate.create_asset(made, "inner")

    seen = new_client().get_asset(made.gid)
    assert (seen.gid, seen.name, seen.path, seen.pathname) == (made.gid, made.name, made.path, made.pathname)
    assert seen.is_file is False and seen.type is None
    assert (seen.childcount, seen.info) == (2, {"filecount": 1, "foldercount": 1})
    assert seen.status == "published" and seen.is_deleted is False
    assert seen.title == seen.description == {"en": "", "nl": ""}
    assert seen.transforms is None and seen.default_transform is None and seen.metadata == {}
    assert seen.created_on == made.created_on <= seen.updated_on


@covers("mutate: upload_asset", "UnicatApi: upload", "Unicat: get_asset", ASSET, ASSET_TOO)
def test_a_file(new_client, client, folder, upload):
    made = upload("blåt felt.png", png(5, 3))
    assert client.get_asset(folder.gid).info == {"filecount": 1, "foldercount": 0}
    seen = new_client().get_asset(made.gid)
    assert seen._data == made._data
    assert maybe_gid(seen.gid) and seen.name == "blåt felt.png"
    assert (seen.path, seen.pathname) == (folder.pathname, f"{folder.pathname}/blåt felt.png")
    assert seen.is_file is True and seen.type == "png" and seen.childcount == 0
    assert seen.info["format"] == "png" and seen.info["filesize"] == len(png(5, 3))
    assert (seen.info["width"], seen.info["height"]) == (5, 3)
    assert seen.status == "published" and seen.is_deleted is False
    assert seen.title == seen.description == {"en": "", "nl": ""}
    assert seen.transforms is None and seen.default_transform is None and seen.metadata == {}
    assert type(seen._data["version"]) is int, "part of the name under which it is published"
    assert isinstance(seen.created_on, float) and isinstance(seen.updated_on, float)


@covers("Unicat: get_asset get_assets")
def test_assets_by_gid(new_client, client, folder, upload):
    b, a = upload("b.txt"), upload("a.txt", into=client.mutate.create_asset(folder, "inner"))
    reader = new_client()
    assert reader.get_asset("") is None and reader.get_assets([]) == []
    assert reader.get_asset(b.gid).name == "b.txt"
    found = reader.get_assets([b.gid, a.gid, folder.gid])
    assert {asset.gid for asset in found} == {a.gid, b.gid, folder.gid} and len(found) == 3
    assert [asset.gid for asset in reader.get_assets([b.gid, a.gid])] == [b.gid, a.gid], "from the store"
    assert [asset.gid for asset in reader.get_assets([a.gid, new_gid()], force=True)] == [a.gid]

    client.mutate.update_asset(b, title={"en": "later"})
    assert reader.get_asset(b.gid).title["en"] == "", "still from the store"
    assert reader.get_asset(b.gid, force=True).title["en"] == "later"
    assert_fails(422, reader.get_asset, new_gid())


@covers("Unicat: get_asset_by_pathname get_assets_by_pathname")
def test_assets_by_pathname(new_client, client, folder, upload):
    b, a = upload("b.txt"), upload("a (1) é.txt", into=client.mutate.create_asset(folder, "inner"))
    reader = new_client()
    assert reader.get_asset_by_pathname("") is None and reader.get_assets_by_pathname([]) == {}
    assert reader.get_asset_by_pathname("/").gid == reader.get_root_asset().gid
    assert reader.get_asset_by_pathname(folder.pathname).gid == folder.gid
    assert reader.get_asset_by_pathname(a.pathname).gid == a.gid
    for _ in range(2):  # from the server, then from the store
        found = reader.get_assets_by_pathname([b.pathname, a.pathname])
        assert {pathname: asset.gid for pathname, asset in found.items()} == {a.pathname: a.gid, b.pathname: b.gid}
    known_and_unknown = reader.get_assets_by_pathname([b.pathname, f"{b.pathname}x"], force=True)
    assert list(known_and_unknown) == [b.pathname]
    assert_fails(422, reader.get_asset_by_pathname, f"{folder.pathname}/unknown.txt")

    client.mutate.update_asset(b, title={"nl": "later"})
    assert reader.get_asset_by_pathname(b.pathname).title["nl"] == ""
    assert reader.get_asset_by_pathname(b.pathname, force=True).title["nl"] == "later"


@covers("Unicat: walk_asset_children walk_asset_tree")
def test_walking(own_project):
    client, calls = own_project.client(), own_project.calls
    root = client.get_root_asset()
    assert [asset.gid for asset in client.walk_asset_tree()] == [root.gid]
    folders = {name: client.mutate.create_asset(root, name) for name in ("b", "a", "empty")}
    inner = client.mutate.create_asset(folders["a"], "inner")
    for parent, name in ((root, "z.txt"), (folders["b"], "in b.txt"), (inner, "deep.txt")):
        calls.upload(parent.gid, name, b"x")
    many = [f"{number:03}.txt" for number in range(101)]  # more than a page
    upload_many(calls, inner.gid, many)

    reader = own_project.client()
    expected = ["/", "/a", "/a/inner", *(f"/a/inner/{name}" for name in many), "/a/inner/deep.txt"]
    expected += ["/b", "/b/in b.txt", "/empty", "/z.txt"]
    assert [asset.pathname for asset in reader.walk_asset_tree()] == expected
    assert [asset.name for asset in reader.walk_asset_children(root)] == ["a", "b", "empty", "z.txt"]
    assert [asset.name for asset in reader.walk_asset_children(inner)] == [*many, "deep.txt"]
    assert list(reader.walk_asset_children(folders["empty"])) == []


# Changing


@covers("mutate: upload_update_asset", "UnicatApi: upload")
def test_new_bytes(new_client, client, upload, tmp_path):
    file = client.mutate.update_asset(upload("kept.png", png(2, 2)), title={"en": "kept too"})
    before = dict(file._data)
    other = tmp_path / "ignored name.png"
    other.write_bytes(png(7, 4))
    updated = client.mutate.upload_update_asset(str(other), file)

    seen = new_client().get_asset(file.gid)
    assert seen._data == updated._data
    assert (seen.name, seen.pathname, seen.title) == (before["name"], before["pathname"], before["title"])
    assert (seen.info["width"], seen.info["height"]) == (7, 4) and seen.info["filesize"] == len(png(7, 4))
    assert seen._data["version"] > before["version"]
    assert seen.updated_on > before["updated_on"] and seen.created_on == before["created_on"]
    assert_fails(422, client.mutate.upload_update_asset, str(other), client.get_root_asset())


@covers("mutate: update_asset", "UnicatAsset: name path pathname")
def test_renaming(new_client, client, folder, upload):
    outer = client.mutate.create_asset(folder, "outer")
    file = upload("deep.txt", into=client.mutate.create_asset(outer, "inner"))
    beside = upload("beside.txt")

    renamed = client.mutate.update_asset(outer, name="renamed")
    assert (renamed.gid, renamed.name, renamed.pathname) == (outer.gid, "renamed", f"{folder.pathname}/renamed")
    reader = new_client()
    seen = reader.get_asset(file.gid)
    assert seen.path == f"{folder.pathname}/renamed/inner" and seen.pathname == f"{seen.path}/deep.txt"
    assert reader.get_asset_by_pathname(seen.pathname).gid == file.gid
    assert_fails(422, reader.get_asset_by_pathname, f"{folder.pathname}/outer")
    assert [asset.name for asset in reader.walk_asset_children(folder)] == ["renamed", "beside.txt"]

    taken = upload("other.txt")
    assert client.mutate.update_asset(taken, name="beside.txt").name == "beside 2.txt"
    assert client.mutate.update_asset(beside, name="beside.txt").name == "beside.txt", "its own name is not taken"
    for bad in ("", "a/b", "..", "a\0b"):
        assert_fails(400, client.mutate.update_asset, beside, name=bad)
    assert new_client().get_asset(beside.gid).name == "beside.txt"


@covers("mutate: update_asset", "UnicatAsset: title description transforms default_transform created_on updated_on")
def test_updating_title_description_and_transforms(new_client, client, folder, upload):
    file = upload("photo.png", png())
    before = dict(file._data)
    client.mutate.update_asset(file, title={"en": "A red square", "nl": "Een rood vierkant"})
    client.mutate.update_asset(file, title={"nl": "Rood"}, description={"en": "Two\nlines"})
    updated = client.mutate.update_asset(file, description={"nl": "Twee regels"})
    assert updated.title == {"en": "A red square", "nl": "Rood"}, "only the languages that were given"
    assert updated.description == {"en": "Two\nlines", "nl": "Twee regels"}
    transforms = {"_main_": {"crop": [0.5, 0.25], "hotspot": [0.6467065868263473, 0.4]}, "badge": {"crop": None}}
    client.mutate.update_asset(file, transforms=transforms)

    seen = new_client().get_asset(file.gid)
    assert seen.title == updated.title and seen.description == updated.description
    assert seen.transforms == transforms and seen.default_transform == transforms["_main_"]
    assert seen.created_on == before["created_on"] and seen.updated_on > before["updated_on"]
    assert seen._data["version"] == before["version"], "its bytes are the same"
    assert seen.name == "photo.png" and seen.info == before["info"]

    emptied = client.mutate.update_asset(file, title={"en": ""}, transforms={})
    assert emptied.title == {"en": "", "nl": "Rood"} and emptied.transforms == {} and emptied.default_transform is None
    titled = client.mutate.update_asset(folder, title={"nl": "Map"})
    assert titled.title == {"en": "", "nl": "Map"} and titled.is_file is False


@covers("mutate: update_asset")
def test_updates_that_are_refused(new_client, client, upload):
    file = client.mutate.update_asset(upload("a.txt"), title={"en": "kept"})
    assert_fails(400, client.mutate.update_asset, file)
    assert_fails(422, client.mutate.update_asset, client.get_root_asset(), title={"en": "root"})
    assert_fails(422, client.mutate.update_asset, client.get_root_asset(), name="root")
    # The client passes on whatever it is given; what is unknown is ignored.
    assert client.mutate.update_asset(file, description={"en": "new"}, colour="red").description["en"] == "new"
    seen = new_client()
    assert seen.get_asset(file.gid).title == {"en": "kept", "nl": ""}
    assert seen.get_root_asset().title == {"en": "", "nl": ""}


@covers("mutate: delete_asset undelete_asset permanent_delete_asset", "UnicatAsset: status is_deleted childcount")
def test_deleting(new_client, client, folder, upload):
    outer = client.mutate.create_asset(folder, "outer")
    file = upload("deep.txt", into=outer)

    def seen(asset):
        return new_client().get_asset(asset.gid)

    deleted = client.mutate.delete_asset(outer)
    assert (deleted.gid, deleted.status, deleted.is_deleted) == (outer.gid, "deleted", True)
    assert seen(outer).is_deleted and seen(file).is_deleted
    assert seen(folder).childcount == 1, "what lies in the trash stays in its folder"
    assert_fails(422, client.mutate.delete_asset, outer)
    assert_fails(422, client.mutate.undelete_asset, file)

    revived = client.mutate.undelete_asset(outer)
    assert (revived.status, revived.is_deleted) == ("published", False)
    assert seen(file).status == "published"
    assert_fails(422, client.mutate.undelete_asset, outer)
    assert_fails(422, client.mutate.permanent_delete_asset, outer)

    client.mutate.delete_asset(outer)
    assert client.mutate.permanent_delete_asset(outer) is True
    assert client.get_asset(folder.gid).childcount == 0, "the answer brings the parent along"
    reader = new_client()
    assert [asset.gid for asset in reader.get_assets([outer.gid, file.gid, folder.gid])] == [folder.gid]
    assert outer.gid not in reader.assets and file.gid not in reader.assets
    assert_fails(422, client.mutate.permanent_delete_asset, outer)
    assert_fails(422, client.mutate.delete_asset, client.get_root_asset())


# What other clients hear of it


@covers("Unicat: sync", "UnicatApi: sync handle_sync_data")
def test_sync(new_client, client, folder, upload, tmp_path):
    outer = client.mutate.create_asset(folder, "outer")
    file, beside = upload("file.png", png(), into=outer), upload("beside.txt", into=outer)
    gone, deleted = upload("gone.txt"), upload("deleted.txt")
    reader = new_client()
    reader.get_assets([folder.gid, outer.gid, file.gid, beside.gid, gone.gid, deleted.gid])
    assert reader.sync() is True
    assert reader.api.sync() == (True, True), "nothing more is left"
    start = reader.api.project_cursor

    client.mutate.update_asset(outer, name="renamed")
    client.mutate.update_asset(file, title={"en": "new"})
    client.mutate.update_asset_set_metadata(file, "sync.seen", value="yes")
    other = tmp_path / "other.png"
    other.write_bytes(png(9, 9))
    client.mutate.upload_update_asset(str(other), file)
    client.mutate.delete_asset(deleted)
    client.mutate.delete_asset(gone)
    client.mutate.permanent_delete_asset(gone)
    fresh = upload("fresh.txt")
    assert reader.get_asset(file.gid).title["en"] == "" and not reader.get_asset(deleted.gid).is_deleted

    assert reader.sync() is True
    assert reader.api.project_cursor > start
    assert reader.get_asset(beside.gid).pathname == f"{folder.pathname}/renamed/beside.txt", "its path has changed, too"
    seen = reader.get_asset(file.gid)
    assert seen.title["en"] == "new" and seen.metadata["sync.seen"].value == "yes" and seen.info["width"] == 9
    assert reader.get_asset(deleted.gid).is_deleted
    assert gone.gid not in reader.assets and fresh.gid not in reader.assets
    assert reader.get_asset(folder.gid).info == {"filecount": 2, "foldercount": 1}
    now = reader.api.project_cursor
    assert reader.sync() is True and reader.api.project_cursor == now
