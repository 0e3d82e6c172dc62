"""The media store of the segment dialect.

U numbers are those of the open questions in section 11 of the dialect's reference.
"""

import re

import pytest

import raw_http
from sample_files import png
from segment_client import assert_error


def test_media_upload_and_get(manager):
    answer = manager.put_in_media("part name.png", png())
    assert answer.status_code == 200
    assert set(answer.json()) == {"result"} and set(answer.json()["result"]) == {"token", "name"}
    assert answer.json()["result"]["name"] == "part name.png"
    token = answer.json()["result"]["token"]
    assert re.fullmatch("[0-9a-f]{32}", token)
    answer = manager.call("GET", f"/api/media/get/{token}")
    assert answer.status_code == 200 and answer.content == png()
    assert answer.headers["Content-Type"] == "image/png" and answer.headers["Content-Length"] == str(len(png()))


def test_the_file_name_in_the_query_wins(manager, project_assets, project_segment):
    answer = manager.put_in_media("part.bin", b"a", filename="Büro/wanted name.txt")
    assert answer.json()["result"]["name"].replace("\\", "/").endswith("wanted name.txt")
    asset = project_assets.attach(project_segment, answer.json()["result"]["token"]).json()
    assert (asset["relativePath"], asset["name"], asset["contentType"]) == ("Büro", "wanted name.txt", "text/plain")


@pytest.mark.parametrize("part", ["file", "", "anything"])
def test_the_first_part_with_a_file_name_is_taken(manager, part):
    content_type, body = raw_http.multipart(
        [("note", "text first"), (part, "a.txt", b"first"), ("file", "b.txt", b"second")]
    )
    answer = manager.call("POST", "/api/media/upload", data=body, headers={"Content-Type": content_type})
    assert answer.status_code == 200 and answer.json()["result"]["name"] == "a.txt"
    assert manager.call("GET", f"/api/media/get/{answer.json()['result']['token']}").content == b"first"


def test_media_upload_of_several_files(manager):
    files = [("file", (f"{number}.txt", f"content {number}".encode())) for number in range(5)]
    answer = manager.call("POST", "/api/media/upload/multi", files=files)
    assert answer.status_code == 200 and set(answer.json()) == {"tokens"}
    contents = [manager.call("GET", f"/api/media/get/{token}").text for token in answer.json()["tokens"]]
    assert contents == [f"content {number}" for number in range(5)]


def test_u11_maxsize(manager):
    assert manager.put_in_media("a.bin", b"x" * 1000, maxsize=1000).status_code == 200
    assert_error(manager.put_in_media("a.bin", b"x" * 1001, maxsize=1000), 400, "file")
    for wrong in ("many", "-1", "1.5"):
        assert_error(manager.put_in_media("a.bin", b"x", maxsize=wrong), 400, "maxsize")


def test_u12_a_token_can_be_attached_more_than_once(manager, project_assets, flex_assets, project_segment, new_segment):
    token = manager.media_token("a.txt", b"same")
    flex_segment = new_segment(flex_assets)
    assert project_assets.attach(project_segment, token).status_code == 200
    assert project_assets.attach(project_segment, token, locale="en").status_code == 200
    assert flex_assets.attach(flex_segment, token).status_code == 200
    assert project_assets.delete(project_segment).status_code == 200
    assert flex_assets.download(flex_segment, "a.txt").content == b"same"
    assert manager.call("GET", f"/api/media/get/{token}").content == b"same"


def test_u13_a_token_is_its_uploader_s_alone(manager, worker, job_assets, project_segment):
    token = manager.media_token("a.txt", b"a")
    assert_error(job_assets.as_user(worker).attach(project_segment, token), 400, "filetoken")
    answer = worker.call("GET", f"/api/media/get/{token}")
    assert answer.status_code in (400, 403, 404)
    assert_error(answer, answer.status_code)
    assert job_assets.listed(project_segment) == []


def test_media_get_of_an_unknown_token(manager):
    for token in ("74fac397d6314cf4a2958f8318f3a9a4", "x", "..%2f..%2fetc%2fpasswd"):
        answer = manager.call("GET", f"/api/media/get/{token}")
        assert answer.status_code in (400, 404)
        assert_error(answer, answer.status_code)


def broken_media_forms():
    whole_type, whole = raw_http.multipart([("file", "a.txt", b"abc")])
    _, no_file = raw_http.multipart([("file", "only text")])
    return {
        "no file": (whole_type, no_file),
        "no end": (whole_type, whole[:-10]),
        "ends in a header": (whole_type, whole[:40]),
        "another boundary": ("multipart/form-data; boundary=other", whole),
        "no boundary": ("multipart/form-data", whole),
        "nothing": (whole_type, b""),
        "raw bytes": ("image/png", png()),
        "no type": ("", whole),
        "a header without an end": (whole_type, whole.replace(b"\r\n\r\n", b"; x=" + b"y" * 200_000 + b"\r\n\r\n", 1)),
    }


@pytest.mark.parametrize("endpoint", ["upload", "upload/multi"])
@pytest.mark.parametrize("kind", broken_media_forms())
def test_broken_forms(manager, endpoint, kind):
    content_type, body = broken_media_forms()[kind]
    answer = manager.call("POST", f"/api/media/{endpoint}", data=body, headers={"Content-Type": content_type})
    assert answer.status_code in (400, 413, 415)
    assert_error(answer, answer.status_code)
