"""Clients that follow a project: each keeps all of its assets, and brings them up to date by what the feed tells."""

import threading
from collections import Counter

import requests
import socketio

from callers import Unavailable, answered, pause
from live_client import EventStream, SyncSocket
from live_feed import Feed

POLL_SECONDS = 5


def listing(call):
    """All assets of the project, as `assets/children` gives them: {gid: asset}. `call` gives an envelope."""
    root = call("assets/root", {})["result"]["root"]
    found = dict(call("assets/get", {"asset": root})["data"]["assets"])
    folders = [root]
    while folders:
        folder, top = folders.pop(), 0
        while True:
            page = call("assets/children", {"asset": folder, "page.top": top, "page.size": 1000})
            children = page["result"]["children"]
            for gid in children:
                found[gid] = page["data"]["assets"][gid]
                if not found[gid]["is_file"] and found[gid]["childcount"]:
                    folders.append(gid)
            top += len(children)
            if not children or top >= page["result"]["children.size"]:
                break
    return found


class CachingFeed(Feed):
    """Notes of which assets there is news, in the order of the feed."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.news = []
        self.updates = Counter()  # lines of each asset

    def _take(self, items, least):
        super()._take(items, least)
        for item in items:
            if item["data_type"] == "assets":
                self.news.append((item["action"], item["data_key"]))
                if item["action"] == "UPDATE":
                    self.updates[item["data_key"]] += 1

    def take_news(self):
        with self._changed:
            news, self.news = self.news, []
            return news


class Follower:
    """One client. It stays with a server until that fails, and then goes to another one, from its own cursors."""

    kind = None

    def __init__(self, caller, ledger):
        self.caller, self.ledger = caller, ledger
        self.stopping = threading.Event()
        self.visits = 0
        self.feed = self.cache = None
        self._applying = threading.Lock()
        self._hearing = threading.Thread(target=self._guard, args=(self._hear,), daemon=True)
        self._applier = threading.Thread(target=self._guard, args=(self._apply_all,), daemon=True)

    def start(self):
        cursors = self.caller.result("/sync/cursors", {"project": self.caller.gid})
        # First where the feed is, then what there is: what comes between is heard again.
        self.feed = CachingFeed(self.caller.gid, cursors["cc.cursor"], cursors["cursor"])
        self.cache = listing(self.caller.call)
        self._hearing.start()
        self._applier.start()
        return self

    def _guard(self, work):
        try:
            work()
        except Exception as error:  # a thread's own failure must fail the test
            self.ledger.problem(f"follower by {self.kind}: {type(error).__name__} {error}")

    def _hear(self):
        while not self.stopping.is_set():
            self.visits += 1
            try:
                self.visit(self.caller.pick())
            except (
                Unavailable,
                OSError,
                requests.RequestException,
                socketio.exceptions.SocketIOError,
                ValueError,
            ) as error:
                self.ledger.failed(f"follower by {self.kind}", type(error).__name__)
                pause(self.caller.random)
            if self.feed.problems:
                raise AssertionError(self.feed.problems[0])

    def _apply_all(self):
        while not self.stopping.is_set():
            with self.feed._changed:
                self.feed._changed.wait_for(lambda: self.feed.news, 0.5)
            self.apply()

    def apply(self):
        """Asks for what there is news of. In a retry the newest state comes, which is what the news are about."""
        with self._applying:
            if news := self.feed.take_news():
                gids = list(dict.fromkeys(gid for _, gid in news))
                found = {}
                for start in range(0, len(gids), 1000):
                    part = gids[start : start + 1000]
                    envelope = self.caller.retried(
                        lambda: self.caller.call("assets/get", {"assets": part}), self.stopping.is_set
                    )
                    if envelope is None:
                        return
                    found |= {gid: envelope["data"]["assets"][gid] for gid in envelope["result"]["assets"]}
                for gid in gids:
                    if gid in found:
                        self.cache[gid] = found[gid]
                    else:
                        self.cache.pop(gid, None)
                self.ledger.count(f"assets brought up to date by {self.kind}")

    def has_heard(self, cursors):
        return all((self.feed.cursors[kind] or 0) >= cursor for kind, cursor in cursors.items())

    def has_applied(self, cursors):
        """Whether all that the feed told up to these cursors is in the cache."""
        if not self.has_heard(cursors):
            return False
        with self._applying:
            return not self.feed.news

    def visit(self, address):
        """Hears from one server, until that fails or the follower stops."""
        raise NotImplementedError

    def stop(self):
        self.stopping.set()

    def join(self):
        self._hearing.join(60)
        self._applier.join(60)
        if self._hearing.is_alive() or self._applier.is_alive():
            self.ledger.problem(f"follower by {self.kind} does not end")


class PollFollower(Follower):
    """`/sync/get`, which waits while there is nothing."""

    kind = "long poll"

    def visit(self, address):
        calls = self.caller.project_at(address)
        while not self.stopping.is_set():
            answer = answered(lambda: calls.post("/sync/get", {**self.feed.where, "wait": POLL_SECONDS}), "sync/get")
            if answer.status_code != 200:
                raise AssertionError(f"sync/get: {answer.status_code} {answer.text}")
            if items := answer.json()["result"]["sync"]:
                self.feed.take(items)
            if self.feed.problems:
                return


class StreamFollower(Follower):
    """Server-sent events."""

    kind = "event stream"

    def visit(self, address):
        where = f"{self.feed.cursors['cc']}-{self.feed.cursors['project']}"
        # A comment comes every 15 seconds: who hears nothing for longer goes elsewhere.
        events = EventStream(address, self.caller.token, where, seconds=25, project=self.caller.gid)
        try:
            if events.status in (500, 502, 503, 504):
                raise Unavailable(f"events: {events.status}")
            assert events.status == 200, events.status
            while not self.stopping.is_set():
                event = events.next()
                if event is None:
                    raise Unavailable("events: the stream ended")
                if event.event == "sync":
                    self.feed.take(event.data)
                if self.feed.problems:
                    return
        finally:
            events.close()


class SocketFollower(Follower):
    """socket.io over WebSocket."""

    kind = "socket.io"

    def visit(self, address):
        socket = SyncSocket(address, self.caller.token, "websocket")
        try:
            socket.connect()
            socket.start(self.feed)
            while not (self.stopping.is_set() or self.feed.problems):
                if socket.disconnected.wait(0.2):
                    raise Unavailable("socket.io: disconnected")
        except Exception as error:
            if isinstance(error, AssertionError):
                # An acknowledgement with an error: the database was away.
                raise Unavailable(f"socket.io: {error}") from error
            if type(error).__name__ == "Empty":
                raise Unavailable("socket.io: no acknowledgement") from error
            raise
        finally:
            socket.feed = None
            socket.close()
