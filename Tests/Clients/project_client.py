"""The project dialect: helpers around the real client, and plain calls for what it never sends."""

import http.client
import itertools
import threading
from urllib.parse import urlsplit

import pytest
import requests
from unicat import Unicat, UnicatError

import raw_http

TIMEOUT = 60
JOB_SECONDS = 120  # more than a lease that a killed server left behind


def unicat_client(url, gid, key, folder):
    client = Unicat(url, gid, key, str(folder))
    assert client.connect() is True
    return client


def run_job(client, endpoint, **body):
    """Starts a job and follows it with the client's own tracker. Returns what it reported, one by one."""
    cursor = client.api.prepare_for_job()
    success, result = client.api.call(endpoint, body)
    assert success, result
    return follow_job(client, cursor, result["job.token"])


def follow_job(client, cursor, token, **options):
    options = {"timeout_in_seconds": JOB_SECONDS, "poll_interval_in_seconds": 0.02, **options}
    reports = list(client.api.track_job(cursor, token, **options))
    assert reports and reports[-1]["status"] == "done", f"no end of the job: {reports[-3:]}"
    order = ["queued", "processing", "rejected", "done"]
    ranks = [order.index(report["status"]) for report in reports]
    assert ranks == sorted(ranks) and ranks.count(3) == 1, [report["status"] for report in reports]
    assert all(isinstance(report["info"], dict) for report in reports)
    remaining = [report["info"]["remaining"] for report in reports if "remaining" in report["info"]]
    assert remaining == sorted(remaining, reverse=True), remaining
    return reports


class ProjectCalls:
    """The dialect without the client: one token, plain requests."""

    def __init__(self, url, gid, token=None):
        self.url, self.gid = url, gid
        self.session = requests.Session()
        self.token = token
        if token:
            self.session.headers["Authorization"] = f"Bearer {token}"

    @classmethod
    def with_key(cls, url, gid, key):
        return cls._entered(url, gid, "auth", {"api_key": key})

    @classmethod
    def with_password(cls, url, gid, username, password):
        return cls._entered(url, gid, "login", {"username": username, "password": password})

    @classmethod
    def _entered(cls, url, gid, endpoint, body):
        answer = requests.post(f"{url}/api/p/{gid}/{endpoint}", json=body, timeout=TIMEOUT)
        assert answer.status_code == 200, answer.text
        return cls(url, gid, answer.headers["Authorization"])

    def post(self, path, body=None, **options):
        """`assets/get` in this project, or a path from the root when it starts with a slash."""
        url = self.url + (path if path.startswith("/") else f"/api/p/{self.gid}/{path}")
        if not options:
            options = {"json": {} if body is None else body}
        return self.session.post(url, timeout=TIMEOUT, **options)

    def result(self, path, body=None, **options):
        answer = self.post(path, body, **options)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        envelope = answer.json()
        assert envelope["success"] is True and isinstance(envelope["data"], dict)
        return envelope["result"]

    def upload(self, folder_gid, name, content):
        return self.result("assets/upload", data={"parent": folder_gid}, files={"upload_file": (name, content)})[
            "asset"
        ]

    def assets(self, gids):
        """The asset objects of those gids that exist, keyed by gid."""
        answer = self.post("assets/get", {"assets": list(gids)})
        assert answer.status_code == 200, answer.text
        wanted = answer.json()["result"]["assets"]
        return {gid: answer.json()["data"]["assets"][gid] for gid in wanted}

    def children(self, folder_gid):
        """All direct children, in order, over as many pages as it takes."""
        assets = []
        while True:
            answer = self.post(
                "assets/children", {"asset": folder_gid, "page.top": len(assets), "page.size": 1000}
            ).json()
            assets += [answer["data"]["assets"][gid] for gid in answer["result"]["children"]]
            if not answer["result"]["children"] or len(assets) >= answer["result"]["children.size"]:
                return assets

    def tree(self, gid):
        """All assets below, as the dialect shows them."""
        assets = []
        for asset in self.children(gid):
            assets.append(asset)
            if asset["childcount"]:
                assets += self.tree(asset["gid"])
        return assets

    def cursors(self):
        result = self.result("/sync/cursors", {"project": self.gid})
        return result["cc.cursor"], result["cursor"]

    def changes(self, cc_cursor, cursor):
        """All project changes after the cursor, over as many calls as it takes."""
        items = []
        while True:
            result = self.result("/sync/get", {"cc_cursor": cc_cursor, "project": self.gid, "cursor": cursor})
            for item in result["sync"]:
                if item["type"] == "cc":
                    cc_cursor = item["cursor"]
                else:
                    cursor = item["cursor"]
                    items.append(item)
            if "warning" not in result:
                return items


class OwnProject:
    """A project that one test has for itself."""

    def __init__(self, url, gid, key, new_folder):
        self.url, self.gid, self.key = url, gid, key
        self._new_folder = new_folder
        self.calls = ProjectCalls.with_key(url, gid, key)

    def client(self):
        """A connected client, with a store of its own."""
        return unicat_client(self.url, self.gid, self.key, self._new_folder())


def assert_error(answer, code, mentions=None):
    """The envelope of a failure. Codes from 1000 travel with HTTP 422."""
    assert answer.status_code == (code if code < 1000 else 422), f"{answer.status_code}: {answer.text}"
    envelope = answer.json()
    assert envelope["success"] is False
    assert envelope["data"] == {}
    assert envelope["result"]["code"] == code, envelope
    assert isinstance(envelope["result"]["message"], str) and envelope["result"]["message"]
    assert isinstance(envelope["result"]["info"], dict)
    assert ("WWW-Authenticate" in answer.headers) == (code == 401)
    if mentions is not None:
        assert mentions in envelope["result"]["message"] + str(envelope["result"]["info"]), envelope


def assert_fails(codes, call, *arguments, **options):
    """A call of the real client that the server refuses, with the code or one of the codes."""
    with pytest.raises(UnicatError) as error:
        call(*arguments, **options)
    assert error.value.code in (codes if isinstance(codes, tuple) else (codes,)), error.value.args


def upload_many(calls, folder_gid, names, content=b"x", threads=4):
    """Many small uploads over a few connections that stay open."""
    next_name = iter(names)
    lock = threading.Lock()
    problems = []
    address = urlsplit(calls.url)

    def work():
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=TIMEOUT)
        try:
            while not problems:
                with lock:
                    name = next(next_name, None)
                if name is None:
                    return
                content_type, body = raw_http.multipart([("parent", folder_gid), ("upload_file", name, content)])
                headers = {"Content-Type": content_type, "Authorization": f"Bearer {calls.token}"}
                connection.request("POST", f"/api/p/{calls.gid}/assets/upload", body, headers)
                answer = connection.getresponse()
                text = answer.read()
                if answer.status != 200:
                    problems.append((name, answer.status, text))
        except Exception as error:  # a thread's own failure must fail the test
            problems.append(error)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not problems, problems[:3]


def statuses(calls, gids):
    """The state of each asset, by name."""
    return {asset["name"]: asset["status"] for asset in calls.assets(gids).values()}


_numbers = itertools.count(1)


def new_word():
    """A word that no other test uses, so that a search finds only this test's files."""
    return f"quince{next(_numbers):04d}"
