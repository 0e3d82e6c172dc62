"""The calls below /dam as plain requests, and the pictures behind the URLs that they give."""

import os
from urllib.parse import quote, unquote, urlsplit

import requests

from media_files import decoded, map_colour
from project_client import TIMEOUT, ProjectCalls, assert_error
from server_process import wait_until

INSPECTION_SECONDS = 60  # within which a new file has been looked at in the background
CONTENT_TYPES = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "avif": "image/avif",
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
}


def storage_name(asset, version=None):
    """As the client makes it: `<gid>~<version>` and the extension of the name, if it has one."""
    return f"{asset['gid']}~{version or asset['version']}{os.path.splitext(asset['name'])[1]}"


def option_path(options):
    """`/width=100,50/type=png`: a pair or list is written with commas."""
    return "".join(f"/{name}={quote(_text(value), safe=',@')}" for name, value in options.items())


def _text(value):
    return ",".join(map(str, value)) if isinstance(value, (tuple, list)) else str(value)


def file_name(url):
    return unquote(os.path.basename(urlsplit(url).path))


def fetch(url, method="GET", **headers):
    """What anybody gets, without a token."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.request(method, url, headers=headers, timeout=TIMEOUT, allow_redirects=False)


def assert_gone(url):
    for method in ("GET", "HEAD"):
        answer = fetch(url, method)
        assert answer.status_code == 404, f"{method} {url}: {answer.status_code}"
    assert_error(fetch(url), 404)


class Media:
    """The /dam calls of one user in one project, and a folder to try them in."""

    def __init__(self, calls, folder=None):
        self.calls, self.url, self.gid = calls, calls.url, calls.gid
        self.folder = folder
        if folder is None:
            root = calls.result("assets/root")["root"]
            self.folder = calls.result("assets/create", {"parent": root, "name": "pictures"})["asset"]

    @classmethod
    def of_server(cls, server):
        project = server.demo["project"]
        return cls(ProjectCalls.with_key(server.url, project["gid"], project["apiKey"]))

    def as_user(self, calls):
        return Media(calls, self.folder)

    # Assets

    def upload(self, name, content):
        return self.asset(self.calls.upload(self.folder, name, content))

    def update(self, asset, content):
        """New bytes for the asset; returns it as it is then."""
        files = {"upload_file": ("new bytes", content)}
        self.calls.result("assets/upload_update", data={"asset": asset["gid"]}, files=files)
        return self.asset(asset["gid"])

    def asset(self, gid):
        return self.calls.assets([gid])[gid]

    def inspected(self, asset, condition, what):
        """Waits until the look at the whole file has brought what is expected; returns the info."""

        def current():
            info = self.result("info", asset)
            return info if condition(info) else None

        return wait_until(current, INSPECTION_SECONDS, f"{asset['name']}: {what}")

    # Calls

    def call(self, call, storage, path="", *, headers=None, **query):
        """The plain answer. `storage` is an asset, or the text that stands in its place."""
        storage = storage if isinstance(storage, str) else storage_name(storage)
        return self.calls.session.get(
            f"{self.url}/dam/p/{self.gid}/{call}/{storage}{path}",
            params=query,
            headers=headers,
            timeout=TIMEOUT,
            allow_redirects=False,
        )

    def result(self, call, storage, path="", **options):
        answer = self.call(call, storage, path, **options)
        assert answer.status_code == 200, f"{call}{path}: {answer.status_code} {answer.text}"
        assert answer.json()["success"] is True and answer.json()["data"] == {}
        assert "Authorization" not in answer.headers, "these calls renew no token"
        return answer.json()["result"]

    def publish(self, storage):
        return self.result("publish", storage)

    def try_transform(self, storage, *, headers=None, **options):
        return self.call("transform", storage, option_path(options), headers=headers)

    def transform(self, storage, *, headers=None, **options):
        return self.result("transform", storage, option_path(options), headers=headers)

    def picture(self, storage, *, headers=None, **options):
        """Transforms, downloads, and holds the answer against the file."""
        return self.downloaded(self.transform(storage, headers=headers, **options))

    def downloaded(self, result):
        assert set(result) >= {"public_url", "versioned_url", "format", "filesize", "width", "height"}
        answer = fetch(result["versioned_url"])
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"] == CONTENT_TYPES[result["format"]]
        assert fetch(result["public_url"]).content == answer.content
        picture = decoded(answer.content)
        assert (picture.size, len(answer.content)) == ((result["width"], result["height"]), result["filesize"])
        assert picture.format == {"jpg": "JPEG"}.get(result["format"], result["format"].upper())
        assert result["public_url"].endswith(f".{result['format']}")
        return picture

    def source_url(self, asset):
        """Where the file is, if it is public."""
        return f"{self.url}/media/p-{self.gid}/src/{asset['gid']}{os.path.splitext(asset['name'])[1]}"

    def renditions(self, server, asset):
        arguments = ("--project", self.gid, "--asset", asset["gid"])
        return server.command("media", "list", *arguments)["renditions"]

    # Errors

    def assert_refused(self, asset, **options):
        """The file cannot be drawn, and the answer says in which work that showed."""
        answer = self.try_transform(asset, **options)
        assert_error(answer, 1003)
        assert answer.json()["result"]["info"]["process"] == "transform"

    def assert_wrong(self, asset, parameter=None, **options):
        self.assert_wrong_path(asset, option_path(options), parameter)

    def assert_wrong_path(self, asset, path, parameter=None):
        answer = self.call("transform", asset, path)
        assert_error(answer, 400)
        if parameter:
            assert answer.json()["result"]["info"]["parameter"] == parameter, answer.text


# Colours


def near(colour, expected, tolerance):
    return all(abs(value - wanted) <= tolerance for value, wanted in zip(colour, expected, strict=True))


def assert_colour(picture, at, expected, tolerance=3):
    """`expected` has three numbers, or four with the alpha. At transparent places the colour does not count."""
    pixel = picture.convert("RGBA").getpixel(at)
    if len(expected) == 3:
        expected = (*expected, 255)
    wanted = f"{pixel} instead of {expected} at {at} of {picture.size}"
    assert abs(pixel[3] - expected[3]) <= tolerance, wanted
    assert expected[3] == 0 or near(pixel[:3], expected[:3], tolerance), wanted


def assert_placed(picture, plan, source_size, background, tolerance=2):
    """Each pixel, some away from edges, has the colour of the map at the place that the plan says."""
    assert picture.size == plan.size
    rgba = picture.convert("RGBA")
    width, height = source_size
    # One pixel of the result and one of the source, for what a program has to round.
    slack = tolerance + 255 / min(source_size) * (1 + 1 / plan.scale)
    seen = 0
    for x in plan.x.samples():
        for y in plan.y.samples():
            if min(plan.x.distance_to_edge(x), plan.y.distance_to_edge(y)) < 2.5:
                continue
            place = plan.source(x, y)
            expected = background if place is None else map_colour(place[0] / width, place[1] / height)
            assert_colour(rgba, (x, y), expected, tolerance if place is None else slack)
            seen += 1
    assert seen >= 4, f"no pixel was far enough from an edge: {plan}"
