"""The segment dialect, as a client of it would write it with `requests`."""

from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

import requests

TIMEOUT = 60
TOKEN_REASON = "Not authenticated - API construct session from token failed with error: Not authenticated"


def get_token(url, account, key):
    return requests.post(f"{url}/api/auth/token", json={"accountid": account, "key": key}, timeout=TIMEOUT)


class SegmentClient:
    """One user with a token."""

    def __init__(self, url, account, key):
        answer = get_token(url, account, key)
        assert answer.status_code == 200, answer.text
        self.url = url
        self.session = requests.Session()
        self.session.headers.update({"X-Auth-Token": answer.json(), "X-Auth-AccountId": account})

    @property
    def auth_headers(self):
        return {name: self.session.headers[name] for name in ("X-Auth-Token", "X-Auth-AccountId")}

    def call(self, method, path, **options):
        url = path if path.startswith("http") else self.url + path
        return self.session.request(method, url, timeout=TIMEOUT, allow_redirects=False, **options)

    def put_in_media(self, name, content, **query):
        return self.call("POST", "/api/media/upload", params=query, files={"file": (name, content)})

    def media_token(self, name, content, **query):
        answer = self.put_in_media(name, content, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]["token"]


class SegmentAssets:
    """The assets of the segments of one scope, or of one Flex document: the same calls in two spellings."""

    def __init__(self, client, *, scope=None, flex=None):
        self.client = client
        self.is_flex = flex is not None
        self.base = f"/api/apps/wbflex/documents/{flex}/assets" if self.is_flex else "/api/resources/assets"
        self.scope = {} if self.is_flex else {"scope": scope}
        self.name_key, self.size_key = ("fileName", "fileSizeInBytes") if self.is_flex else ("name", "size")

    def as_user(self, client):
        other = SegmentAssets.__new__(SegmentAssets)
        other.__dict__.update(self.__dict__, client=client)
        return other

    def attach(self, segment, token, **body):
        return self.client.call("POST", f"{self.base}/{segment}", params=self.scope, json={"filetoken": token, **body})

    def upload(self, segment, name, content, **body):
        """Both steps. Returns the asset object of the answer."""
        answer = self.attach(segment, self.client.media_token(name, content), **body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def list(self, segment):
        return self.client.call("GET", f"{self.base}/{segment}/list", params=self.scope)

    def list_many(self, segment_ids):
        return self.client.call("GET", f"{self.base}/list", params={**self.scope, "segmentIds": segment_ids})

    def listed(self, segment):
        """The names with their folders: {("en", "public\\images", "a.png"), …}."""
        answer = self.list(segment)
        assert answer.status_code == 200, answer.text
        return [(asset["locale"], asset["relativePath"], asset[self.name_key]) for asset in answer.json()]

    def download(self, segment, filename=None, *, headers=None, method="GET", **query):
        parameters = {**self.scope, "filename": filename, **query}
        return self.client.call(method, f"{self.base}/{segment}", params=parameters, headers=headers)

    def delete(self, segment, **query):
        return self.client.call("DELETE", f"{self.base}/{segment}", params={**self.scope, **query})


def assert_error(answer, status, parameter=None):
    """The error object in full: status, one message twice, and the parameter that it names."""
    assert answer.status_code == status, f"{answer.status_code}: {answer.text}"
    assert answer.headers["Content-Type"].startswith("application/json")
    body = answer.json()
    assert set(body["error"]) == {"operation", "date", "title", "details", "errorurl", "messages"}
    assert isinstance(body["error"]["title"], str) and body["error"]["title"]
    assert isinstance(body["error"]["messages"], list)
    assert isinstance(body["reason"], str) and body["reason"]
    if parameter is not None:
        assert body["reason"].startswith(f"Invalid parameter '{parameter}': "), body["reason"]
        assert body["error"]["title"] == body["reason"]


def assert_token_error(answer):
    """The error of a token that is missing, unknown, or over."""
    assert_error(answer, 401)
    body = answer.json()
    assert body["error"]["title"] == body["error"]["details"] == "Token invalid or expired."
    (child,) = body["error"]["messages"]
    assert child["title"] == "Not authenticated"
    assert child["details"] == "API construct session from token failed with error: Not authenticated"
    assert body["reason"] == TOKEN_REASON


def query_of(url):
    return parse_qsl(urlsplit(url).query, keep_blank_values=True)


def moment(text):
    """A date with up to seven digits of fraction."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    return datetime.fromisoformat(whole), fraction.ljust(7, "0")


def segment_folder(assets, segment):
    """Where the files of a segment lie in the project's tree."""
    return f"/reference/assets/{19914 if assets.is_flex else 19641}/{segment % 1000}/{segment}"
