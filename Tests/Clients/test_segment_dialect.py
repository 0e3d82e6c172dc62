"""The behaviour list of the segment dialect: `test_NN_…` is item NN of section 10 of its reference.

Item 3 (30 minutes of inactivity) is tested where a clock can be passed in, not here.
"""

import re

import pytest
import requests
from unicat import UnicatError

from sample_files import png
from segment_client import (
    TIMEOUT,
    SegmentAssets,
    SegmentClient,
    assert_error,
    assert_token_error,
    get_token,
    moment,
    query_of,
    segment_folder,
)

MONTH = "max-age=2592000"
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?Z")


def version_of(asset):
    return dict(query_of(asset["downloadUrl"]))["v"]


def test_01_the_token_is_a_quoted_string_and_a_wrong_key_is_400(server):
    answer = get_token(server.url, server.demo["account"], server.demo["key"])
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("application/json")
    assert answer.text.startswith('"') and answer.text.endswith('"') and isinstance(answer.json(), str)
    assert len(answer.json()) >= 32

    answer = get_token(server.url, server.demo["account"], "wrong")
    assert_error(answer, 400)
    assert answer.json()["reason"] == answer.json()["error"]["title"] == "Invalid private key."


@pytest.mark.parametrize(
    "headers",
    [{}, {"X-Auth-Token": "61094c3a-0000-4000-8000-000000000000", "X-Auth-AccountId": "demo"}],
    ids=["none", "unknown"],
)
def test_02_without_a_valid_token(server, headers):
    for method, path in [
        ("GET", "/api/resources/assets/27665601/list?scope=pr7214"),
        ("GET", "/api/resources/assets/27665601?scope=pr7214&filename=a.jpg"),
        ("DELETE", "/api/resources/assets/27665601?scope=pr7214"),
        ("POST", "/api/resources/assets/27665601?scope=pr7214"),
        ("GET", "/api/apps/wbflex/documents/19914/assets/27667801/list"),
        ("POST", "/api/media/upload"),
        ("GET", "/api/media/get/74fac397d6314cf4a2958f8318f3a9a4"),
        ("DELETE", "/api/auth/token"),
    ]:
        assert_token_error(requests.request(method, server.url + path, headers=headers, timeout=TIMEOUT))


def test_04_upload_in_two_steps_and_list(server, assets, segment):
    content = png()
    token = assets.client.media_token("screen-01.png", content)
    assert re.fullmatch("[0-9a-f]{32}", token)
    assert assets.listed(segment) == [], "the file is in the media store only"
    answer = assets.attach(segment, token, locale="en")
    assert answer.status_code == 200, answer.text
    asset = answer.json()

    assert set(asset) == {
        *("projectId", "documentId", "segmentId", "locale", "relativePath"),
        *(assets.name_key, assets.size_key, "contentType", "createdDate", "modifiedDate", "downloadUrl"),
    }
    assert asset["projectId"] == server.demo["project"]["number"] and asset["segmentId"] == segment
    assert asset["documentId"] == ("19914" if assets.is_flex else 19641)
    assert asset["locale"] == "en" and asset["relativePath"] == ""
    assert asset[assets.name_key] == "screen-01.png" and asset[assets.size_key] == len(content)
    assert asset["contentType"] == "image/png"
    assert DATE.fullmatch(asset["createdDate"]) and asset["modifiedDate"] == asset["createdDate"]
    assert assets.list(segment).json() == [asset]
    assert assets.list_many(str(segment)).json() == [asset]


def test_05_at_the_root_and_without_language(assets, segment):
    asset = assets.upload(segment, "a.txt", b"a")
    assert asset["relativePath"] == "" and asset["locale"] is None
    assert assets.list(segment).json() == [asset]


def test_06_the_relative_path_wins_over_a_folder_in_the_file_name(assets, segment):
    asset = assets.upload(segment, "subfolder/image.png", png(), relativePath="/public/images")
    assert (asset["relativePath"], asset[assets.name_key]) == ("public\\images", "image.png")
    assert assets.listed(segment) == [(None, "public\\images", "image.png")]

    other = assets.upload(segment, "subfolder/image.png", png(5))
    assert (other["relativePath"], other[assets.name_key]) == ("subfolder", "image.png")
    assert assets.download(segment, "other/image.png", relativePath="public/images").content == png()
    assert assets.download(segment, "subfolder/image.png").content == png(5)


def test_07_with_and_without_locale_are_two_assets(assets, segment):
    assets.upload(segment, "a.txt", b"neutral")
    assets.upload(segment, "a.txt", b"english", locale="en")
    assert assets.listed(segment) == [(None, "", "a.txt"), ("en", "", "a.txt")]
    assert assets.download(segment, "a.txt").content == b"neutral"
    assert assets.download(segment, "a.txt", locale="en").content == b"english"
    assert assets.download(segment, "a.txt", locale="nl").status_code == 404

    assert assets.delete(segment, filename="a.txt").status_code == 200
    assert assets.listed(segment) == [("en", "", "a.txt")]
    assert assets.download(segment, "a.txt").status_code == 404, "no fallback to a language (U37)"
    assert assets.download(segment, "a.txt", locale="en").content == b"english"


def test_08_what_is_missing(assets, segment):
    answer = assets.download(segment, "nothing.txt")
    assert_error(answer, 404)
    assert answer.json()["reason"] == "The requested file does not exist."
    assert assets.download(segment, "nothing.txt", method="HEAD").status_code == 404
    for delete in (
        lambda: assets.delete(segment, filename="nothing.txt"),
        lambda: assets.delete(segment, filename="nothing.txt", locale="en", relativePath="no/such"),
        lambda: assets.delete(segment),
        lambda: assets.delete(segment),
    ):
        answer = delete()
        assert (answer.status_code, answer.content) == (200, b"")


def test_09_delete_all_removes_everything_and_the_segment_folder(assets, segment, client):
    assets.upload(segment, "a.txt", b"1")
    assets.upload(segment, "a.txt", b"2", locale="en")
    assets.upload(segment, "a.txt", b"3", locale="nl", relativePath="deep/er")
    urls = [asset["downloadUrl"] for asset in assets.list(segment).json()]
    folder = client.get_asset_by_pathname(segment_folder(assets, segment))
    inner = client.get_asset_by_pathname(f"{segment_folder(assets, segment)}/nl/deep/er/a.txt")

    answer = assets.delete(segment)
    assert (answer.status_code, answer.content) == (200, b"")
    assert assets.listed(segment) == []
    assert [assets.client.call("GET", url).status_code for url in urls] == [404, 404, 404]
    for gone in (folder, inner):
        with pytest.raises(UnicatError) as error:
            client.get_asset(gone.gid, force=True)
        assert error.value.code == 422, "not in the trash: deleted for good"
    assert client.get_assets_by_pathname([segment_folder(assets, segment)], force=True) == {}


def test_10_bulk_list_with_both_commas_and_repeated_ids(assets, new_segment):
    one, two = new_segment(assets), new_segment(assets)
    first, second = assets.upload(one, "a.txt", b"1"), assets.upload(one, "b.txt", b"2")
    third = assets.upload(two, "a.txt", b"3")
    scope = f"scope={assets.scope['scope']}&" if assets.scope else ""
    for comma in (",", "%2C", "%20,%20"):
        ids = comma.join(map(str, (two, one, two)))
        answer = assets.client.call("GET", f"{assets.base}/list?{scope}segmentIds={ids}")
        assert answer.status_code == 200, answer.text
        assert answer.json() == [third, first, second]


def test_11_list_is_no_segment_id(assets, segment):
    answer = assets.list_many(str(segment))
    assert answer.status_code == 200 and answer.json() == []


def test_12_the_download_url_works_and_its_version_changes(server, assets, segment):
    first = assets.upload(segment, "a picture.png", png(), locale="en", relativePath="some/where")
    assert first["downloadUrl"].startswith(server.url + "/api/")
    assert assets.client.call("GET", first["downloadUrl"]).content == png()

    second = assets.upload(segment, "a picture.png", png(9), locale="en", relativePath="some/where")
    assert second["createdDate"] == first["createdDate"]
    assert moment(second["modifiedDate"]) > moment(first["modifiedDate"])
    assert assets.list(segment).json() == [second]
    assert assets.client.call("GET", second["downloadUrl"]).content == png(9)
    assert assets.client.call("GET", first["downloadUrl"]).content == png(9), "the old URL gives the new bytes"
    if assets.is_flex:
        assert second["downloadUrl"] == first["downloadUrl"]
    else:
        assert version_of(second) != version_of(first)
    assert requests.get(second["downloadUrl"], timeout=TIMEOUT).status_code == 401


def test_13_flex_downloads_are_cached_for_30_days(flex_assets, new_segment):
    segment = new_segment(flex_assets)
    flex_assets.upload(segment, "a.png", png())
    for method in ("GET", "HEAD"):
        answer = flex_assets.download(segment, "a.png", method=method)
        assert answer.headers["Cache-Control"] == MONTH and answer.headers["ETag"]


@pytest.fixture
def throttled(new_server):
    server = new_server(environment={"STOCKROOM_RATE_LIMIT": "5"})
    assert server.demo
    return server.start()


def test_14_throttling(throttled):
    demo = throttled.demo
    for _ in range(7):
        assert get_token(throttled.url, demo["account"], demo["key"]).status_code == 200
    manager = SegmentClient(throttled.url, demo["account"], demo["key"])
    assets = SegmentAssets(manager, scope="pr7214")
    assert [assets.list(27665601).status_code for _ in range(5)] == [200] * 5
    again = SegmentClient(throttled.url, demo["account"], demo["key"])
    for client in (manager, again):
        answer = assets.as_user(client).list(27665601)
        message = "Requests throttled. Maximum allowed 5 per 01:00:00."
        assert answer.status_code == 429
        assert answer.json() == {"error": {"type": "Throttling error", "message": message}, "reason": message}
        assert "Retry-After" not in answer.headers
    assert get_token(throttled.url, demo["account"], demo["key"]).status_code == 200
    worker = SegmentClient(throttled.url, demo["account"], demo["worker"]["key"])
    assert SegmentAssets(worker, scope="jbs773").list(27665601).status_code == 200, "an allowance of its own"


def test_15_the_layout_of_the_folders(project_assets, client):
    project_assets.upload(27665601, "a.jpg", b"jpeg", locale="en")
    project_assets.upload(27665601, "b.jpg", b"jpeg", locale="en", relativePath="public/images")
    project_assets.upload(27665601, "c.jpg", b"jpeg")
    folder = client.get_asset_by_pathname("/reference/assets/19641/601/27665601")
    assert [asset.name for asset in client.walk_asset_children(folder)] == ["en", "c.jpg"]
    for name in ("en/a.jpg", "en/public/images/b.jpg", "c.jpg"):
        asset = client.get_asset_by_pathname(f"{folder.pathname}/{name}")
        assert asset.is_file and asset.info["filesize"] == 4 and asset.status == "published"


@pytest.mark.parametrize(
    "method, path, options",
    [
        ("GET", "/api/resources/nothing", {}),
        ("GET", "/api/resources/assets", {}),
        ("GET", "/api/resources/assets/27665601/nothing?scope=pr7214", {}),
        ("PUT", "/api/resources/assets/27665601?scope=pr7214", {}),
        ("PATCH", "/api/auth/token", {}),
        ("GET", "/api/media/nothing", {}),
        ("GET", "/api/media/upload", {}),
        ("GET", "/api/apps/wbflex/documents/19914/nothing", {}),
        ("POST", "/api/auth/token", {"data": b"{"}),
        ("POST", "/api/auth/token", {"json": []}),
        ("POST", "/api/resources/assets/27665601?scope=pr7214", {"data": b"\xff\xfe"}),
        ("POST", "/api/resources/assets/27665601?scope=pr7214", {"data": b""}),
        ("POST", "/api/media/upload", {"json": {"a": 1}}),
        ("GET", "/api/resources/assets/27665601?scope=pr7214&filename=%ff%fe", {}),
        ("GET", "/api/resources/assets/27665601%2f..%2f27665602?scope=pr7214&filename=a", {}),
        ("GET", "/api/resources/assets/" + "9" * 400 + "/list?scope=pr7214", {}),
    ],
    ids=lambda value: value[:60] if isinstance(value, str) else "",
)
def test_16_every_failure_has_a_reason(manager, method, path, options):
    answer = manager.call(method, path, **options)
    assert 400 <= answer.status_code < 500, answer.status_code
    assert_error(answer, answer.status_code)
