"""Publishing: who may, where the file is then, and how long."""

import pytest
import requests
from unicat.utils import gid as new_gid

import media_files
from media_client import Media, assert_gone, fetch, storage_name
from media_files import encoded, gradient
from project_client import TIMEOUT, ProjectCalls, assert_error
from sample_files import png
from server_process import wait_until

LETTERS = b"abcdefghijklmnopqrstuvwxyz"


@pytest.fixture(scope="module")
def media(calls):
    return Media(calls)


@pytest.fixture
def photo(media):
    return media.upload("Photo.PNG", media_files.png())


# Publishing and taking back


def test_publish_and_unpublish(media, photo):
    assert_gone(media.source_url(photo))
    published = media.publish(photo)
    assert published["public_url"] == media.source_url(photo)
    assert published["public_url"].endswith(f"/src/{photo['gid']}.PNG"), "the ending as it is written in the name"
    assert published["versioned_url"] == f"{published['public_url']}?v={photo['version']}"
    assert media.publish(photo) == published, "again, the same"
    for url in published.values():
        assert fetch(url).content == media_files.png()

    assert media.result("unpublish", photo)["public_url"] is None
    assert media.result("unpublish", photo)["public_url"] is None
    for url in published.values():
        assert_gone(url)
    assert media.publish(photo) == published
    assert fetch(published["versioned_url"]).content == media_files.png()


def test_the_storage_name(media, photo):
    published = media.publish(photo)
    for storage in (f"{photo['gid']}~1", f"{photo['gid']}~1.gif", f"{photo['gid']}~1.PNG.png"):
        assert media.publish(storage) == published
    bare = media.upload("no ending", LETTERS)
    assert media.publish(bare)["public_url"].endswith(f"/src/{bare['gid']}")
    assert fetch(media.source_url(bare)).content == LETTERS


@pytest.mark.parametrize("call", ["publish", "unpublish", "info", "transform", "preview"])
def test_what_is_no_file_of_this_project(media, photo, call):
    root = media.calls.result("assets/root")["root"]
    gid = photo["gid"]
    names = [f"{new_gid()}~1.png", f"{media.folder}~1", f"{root}~1", f"{gid}~2.png", f"{gid}~0.png", f"{gid}~99.png"]
    names += ["x", gid, f"{gid}.png", f"{gid}~.png", f"{gid}~x.png", f"{gid}~-1.png", "~1.png", f"{gid}~{2**64}.png"]
    for name in names:
        assert_error(media.call(call, name), 422)
    assert_gone(media.source_url(photo))


def test_renditions_are_private_again_with_their_file(media, photo):
    media.publish(photo)
    pictures = [media.transform(photo, width=width, name="shown", key=str(width)) for width in (10, 20)]
    media.result("unpublish", photo)
    for picture in pictures:
        assert_gone(picture["public_url"])
        assert_gone(picture["versioned_url"])

    again = media.transform(photo, width=10, name="shown", key="10")
    assert again == pictures[0] and fetch(again["public_url"]).status_code == 200
    assert_gone(pictures[1]["public_url"])
    assert_gone(media.source_url(photo))


def test_a_transform_publishes_its_picture_alone(media, photo):
    picture = media.transform(photo, width=10)
    assert fetch(picture["public_url"]).status_code == 200
    assert_gone(media.source_url(photo))


def test_the_trash_is_not_public(media, photo):
    urls = [media.publish(photo)["public_url"], media.transform(photo, width=10)["public_url"]]
    media.calls.result("assets/delete", {"asset": photo["gid"]})
    for url in urls:
        assert_gone(url)
    media.calls.result("assets/permanent_delete", {"asset": photo["gid"]})
    for url in urls:
        assert_gone(url)
    for call in ("publish", "unpublish", "info", "transform", "preview"):
        assert_error(media.call(call, photo), 422)


def test_a_folder_takes_what_is_in_it_to_the_trash(media):
    folder = media.calls.result("assets/create", {"parent": media.folder, "name": "inner"})["asset"]
    asset = media.asset(media.calls.upload(folder, "a.png", media_files.png()))
    url = media.publish(asset)["public_url"]
    media.calls.result("assets/delete", {"asset": folder})
    assert_gone(url)


def test_addresses_of_nothing(media, photo, own_project):
    media.publish(photo)
    media.transform(photo, name="here", key="k")
    base, gid, other = media.url, media.gid, own_project.gid
    for path in (
        f"/media/p-{other}/src/{photo['gid']}.PNG",
        f"/media/p-{other}/t/here@k.png",
        f"/media/p-{new_gid()}/src/{photo['gid']}.PNG",
        f"/media/p-{gid}/src/{new_gid()}.png",
        f"/media/p-{gid}/src/{media.folder}",
        f"/media/p-{gid}/src/..%2f..%2f..%2fetc%2fpasswd",
        f"/media/p-{gid}/t/here@j.png",
        f"/media/p-{gid}/t/here@k.jpg",
        f"/media/p-{gid}/t/{new_gid()}/here@k.png",
        f"/media/p-{gid}/t/..%2fsrc%2f{photo['gid']}.PNG",
        f"/media/p-x/src/{photo['gid']}.PNG",
        "/media/s/nonsense/a.png",
    ):
        assert_gone(base + path)
    for path in (f"/media/p-{gid}/src/", f"/media/p-{gid}/src/{photo['gid']}.PNG/x", f"/media/p-{gid}", "/media/s/"):
        assert fetch(base + path).status_code in (404, 501)
    assert_gone(f"{media.source_url(photo)}?v=2")
    assert fetch(f"{media.source_url(photo)}?v=1").status_code == 200


# Versions


def test_new_bytes_stay_public_and_old_ones_can_be_asked_for(media, photo):
    first = media.publish(photo)
    newer = media.update(photo, png(3, 3))
    assert newer["version"] > photo["version"]
    assert fetch(first["public_url"]).content == png(3, 3)
    second = media.publish(newer)
    assert second["public_url"] == first["public_url"] and second["versioned_url"] != first["versioned_url"]
    assert fetch(second["versioned_url"]).content == png(3, 3)

    old = media.publish(photo)
    assert old["public_url"].endswith(f"/src/{photo['gid']}~{photo['version']}.PNG")
    assert fetch(old["public_url"]).content == fetch(old["versioned_url"]).content == media_files.png()
    assert fetch(first["public_url"]).content == png(3, 3)
    assert media.downloaded(media.transform(newer, key="new")).size == (3, 3)
    assert media.downloaded(media.transform(photo, key="old")).size == (240, 160)


def test_a_version_that_is_not_kept(media):
    asset = media.upload("often.png", png(1, 1))
    versions = [asset] + [media.update(asset, png(size, 1)) for size in range(2, 13)]
    for call in ("publish", "transform", "info", "preview"):
        assert_error(media.call(call, versions[0]), 422)
    old = media.publish(versions[5])
    assert fetch(old["public_url"]).content == png(6, 1)
    assert media.result("info", versions[5])["width"] == 6


# Rights


def test_without_a_token(media, photo, own_project):
    strangers = {
        401: [None, "", "nonsense"],
        403: [own_project.calls.token],
    }
    for code, tokens in strangers.items():
        for token in tokens:
            stranger = media.as_user(ProjectCalls(media.url, media.gid, token))
            for call in ("publish", "unpublish", "info", "transform", "preview"):
                answer = stranger.call(call, photo)
                assert_error(answer, code)
                assert "Authorization" not in answer.headers
    own = Media(own_project.calls)
    for call in ("publish", "unpublish", "info", "transform", "preview"):
        assert_error(own.call(call, storage_name(photo)), 422)
    assert_gone(media.source_url(photo))


@pytest.fixture(scope="module")
def viewer(server, media):
    made = server.command("user", "create", "--account", server.demo["account"], "--username", "media-viewer")
    server.command("member", "add", "--project", media.gid, "--user", "media-viewer", "--role", "viewer")
    body = {"username": made["username"], "password": made["password"]}
    path = f"{server.url}/api/p/{media.gid}/login"
    wait_until(lambda: requests.post(path, json=body, timeout=TIMEOUT).ok, 5, "the viewer can log in")
    return media.as_user(ProjectCalls.with_password(server.url, media.gid, **body))


def test_a_viewer_is_given_what_is_public_and_publishes_nothing(media, viewer, photo):
    for call in ("publish", "unpublish", "transform"):
        assert_error(viewer.call(call, photo), 403)
    assert viewer.result("info", photo) == media.result("info", photo)
    assert viewer.call("preview", photo).status_code == 200
    assert_gone(media.source_url(photo))

    published, picture = media.publish(photo), media.transform(photo, width=10)
    assert viewer.publish(photo) == published
    assert viewer.transform(photo, width=10) == picture
    assert_error(viewer.try_transform(photo, width=11), 403)
    assert_error(viewer.try_transform(photo, width=10, force="true"), 403)
    assert_error(viewer.call("unpublish", photo), 403)
    assert fetch(published["public_url"]).status_code == fetch(picture["public_url"]).status_code == 200


def test_only_get(media, photo):
    url = f"{media.url}/dam/p/{media.gid}/publish/{storage_name(photo)}"
    for method in ("POST", "PUT", "DELETE"):
        answer = media.calls.session.request(method, url, json={}, timeout=TIMEOUT)
        assert_error(answer, answer.status_code)
        assert answer.status_code in (405, 501)
    public = media.publish(photo)["public_url"]
    for method in ("POST", "PUT", "DELETE"):
        assert fetch(public, method).status_code == 405
    assert fetch(public).status_code == 200


# Limits


def test_the_oldest_renditions_make_room(new_server):
    server = new_server(environment={"STOCKROOM_KEEP_RENDITIONS": "3"})
    assert server.demo
    media = Media.of_server(server.start())
    photo, other = (media.upload(name, encoded(gradient(), "png")) for name in ("photo.png", "other.png"))
    kept = media.transform(other, width=5)
    made = [media.transform(photo, key=f"k{number}", width=10) for number in range(5)]
    rows = wait_until(
        lambda: rows if len(rows := media.renditions(server, photo)) == 3 else None, 30, "three renditions are left"
    )
    assert {row["file"] for row in rows} == {f"{photo['gid']}@k{number}.png" for number in (2, 3, 4)}
    for row in rows:
        assert set(row) >= {"asset", "file", "format", "width", "height", "filesize", "version", "public", "created_on"}
        assert (row["asset"], row["format"], row["width"], row["public"]) == (photo["gid"], "png", 10, True)
    assert [fetch(result["public_url"]).status_code for result in made] == [404, 404, 200, 200, 200]
    assert fetch(kept["public_url"]).status_code == 200
    media.result("unpublish", photo)
    assert {row["public"] for row in media.renditions(server, photo)} == {False}
