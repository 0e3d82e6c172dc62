"""Clients of a thread, which go to any of several servers, and tell apart what failed for a while from what is wrong."""

import random
import time
from urllib.parse import urlsplit

import requests

from project_client import TIMEOUT, ProjectCalls
from segment_client import SegmentAssets, SegmentClient


class Unavailable(Exception):
    """The call was not answered, or with an error of the server's: it may have been carried out or not."""


class Wrong(AssertionError):
    """An answer that is never right, whatever happens to the servers."""


class Caller:
    """For one thread: each call goes to a server that is picked by chance. The tokens are those of a log-in before."""

    def __init__(self, addresses, project, segment, seed):
        self.addresses = list(addresses)
        self.random = random.Random(seed)
        self._project, self._segment = project, segment
        self._projects, self._segments = {}, {}

    @property
    def token(self):
        return self._project.token

    @property
    def gid(self):
        return self._project.gid

    def pick(self):
        return self.random.choice(self.addresses)

    def project_at(self, address):
        if address not in self._projects:
            self._projects[address] = ProjectCalls(address, self._project.gid, self._project.token)
        return self._projects[address]

    def segment_at(self, address):
        if address not in self._segments:
            client = SegmentClient.__new__(SegmentClient)
            client.url, client.session = address, requests.Session()
            client.session.headers.update(self._segment.client.auth_headers)
            self._segments[address] = SegmentAssets(client, scope=self._segment.scope["scope"])
        return self._segments[address]

    # The project dialect

    def call(self, path, body=None, **options):
        """The whole envelope of an answer."""
        calls = self.project_at(self.pick())
        answer = answered(lambda: calls.post(path, body, **options), path)
        if answer.status_code != 200:
            raise Wrong(f"{path}: {answer.status_code} {answer.text[:300]}")
        return answer.json()

    def result(self, path, body=None, **options):
        return self.call(path, body, **options)["result"]

    def upload(self, folder, name, content):
        """The gid of the asset."""
        files = {"upload_file": (name, content)}
        return self.result("assets/upload", None, data={"parent": folder}, files=files)["asset"]

    def download(self, gid):
        """The bytes of a file, or None when there is no such file."""
        url = urlsplit(self.result("assets/sign", {"asset": gid})["url"])
        address = f"{self.pick()}{url.path}?{url.query}"
        return body_of(answered(lambda: requests.get(address, timeout=TIMEOUT), "signed address"))

    # The segment dialect

    def attach(self, segment, name, content):
        assets = self.segment_at(self.pick())
        answer = answered(lambda: assets.client.put_in_media(name, content), "media/upload")
        if answer.status_code != 200:
            raise Wrong(f"media/upload: {answer.status_code} {answer.text[:300]}")
        token = answer.json()["result"]["token"]
        # Another server, perhaps: what the one has taken, the other one knows.
        assets = self.segment_at(self.pick())
        answer = answered(lambda: assets.attach(segment, token), "attach")
        if answer.status_code != 200:
            raise Wrong(f"attach: {answer.status_code} {answer.text[:300]}")

    def download_of_segment(self, segment, name):
        assets = self.segment_at(self.pick())
        return body_of(answered(lambda: assets.download(segment, name), "segment download"))

    def retried(self, function, is_over):
        """What `function()` gives, as often as it takes; None when `is_over()` says that nobody waits any more."""
        while not is_over():
            try:
                return function()
            except Unavailable:
                pause(self.random)
        return None


def answered(call, what):
    try:
        answer = call()
        answer.content  # a body that breaks off is no answer
    except requests.RequestException as error:
        raise Unavailable(f"{what}: {type(error).__name__}") from error
    if answer.status_code in (429, 500, 502, 503, 504, 507):
        raise Unavailable(f"{what}: {answer.status_code}")
    return answer


def body_of(answer):
    if answer.status_code == 404:
        return None
    if answer.status_code != 200:
        raise Wrong(f"download: {answer.status_code} {answer.text[:300]}")
    return answer.content


def pause(source):
    """Before trying again: a moment that differs from client to client."""
    time.sleep(source.uniform(0.05, 0.3))
