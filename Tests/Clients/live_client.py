"""Clients of the live feed: socket.io (sync and async behind one face) and event streams."""

import asyncio
import functools
import http.client
import json
import queue
import threading
import traceback
from types import SimpleNamespace
from urllib.parse import urlencode, urlsplit

import engineio
import pytest
import socketio

from live_feed import WAIT

PATH = "/sync/io"
TRANSPORTS = {"polling": ["polling"], "websocket": ["websocket"], "upgrade": None}

# socket.io


class OrderedEngine(engineio.Client):
    """Handles messages in the order in which they came. The real one starts a thread for each, and these race."""

    _messages = None

    def _trigger_event(self, event, *args, **options):
        if not options.get("run_async"):
            return super()._trigger_event(event, *args, **options)
        if self._messages is None:
            self._messages = queue.SimpleQueue()
            threading.Thread(target=self._work, args=(self._messages,), daemon=True).start()
        self._messages.put(functools.partial(self.handlers[event], *args))

    @staticmethod
    def _work(messages):
        while message := messages.get():
            try:
                message()
            except Exception:
                traceback.print_exc()

    def end_messages(self):
        if self._messages is not None:
            self._messages.put(None)
            self._messages = None


class OrderedClient(socketio.Client):
    def _engineio_client_class(self):
        return OrderedEngine


class _Socket:
    """A socket.io client. Once started with a feed, it begins again from the feed's cursors after each reconnect."""

    kind = None

    def __init__(self, url, token=None, transport="upgrade", reconnects=False, namespace="/"):
        self.url, self.transport, self.namespace = url, transport, namespace
        self.token = token
        self.feed = None
        self.was_asked = 0  # for the token
        self.acknowledged = queue.SimpleQueue()  # answers to `init`
        self.refusals = queue.SimpleQueue()
        self.renewals = queue.SimpleQueue()
        self.disconnected = threading.Event()
        self.options = {"reconnection": reconnects, "handle_sigint": False, "request_timeout": WAIT}
        self.options |= {"reconnection_delay": 0.1, "reconnection_delay_max": 0.5, "randomization_factor": 0}
        self.client = self._make()

    def auth(self):
        self.was_asked += 1
        return {"JWT": self.token}

    def _connect_options(self):
        options = {"transports": TRANSPORTS[self.transport], "namespaces": [self.namespace], "socketio_path": PATH}
        return {**options, "auth": self.auth if self.token is not None else None, "wait_timeout": WAIT}

    def _note_ack(self, answer):
        if self.feed is not None and answer["success"]:
            self.feed.begin(answer)
        self.acknowledged.put(answer)

    def _note_sync(self, *arguments):
        if self.feed is not None and len(arguments) == 1:
            self.feed.take(arguments[0])
        elif self.feed is not None:
            self.feed.problems.append(f"sync with {len(arguments)} arguments")

    def start(self, feed):
        """Sends `init` with the feed's cursors and returns the acknowledgement."""
        self.feed = feed
        self._run(self.client.emit, "init", feed.where, callback=self._note_ack)
        answer = self.acknowledged.get(timeout=WAIT)
        assert answer["success"] is True, answer
        return answer["result"]

    def connect(self):
        self._run(self.client.connect, self.url, **self._connect_options())
        return self

    def call(self, event, data=None):
        return self._run(self.client.call, event, data, timeout=WAIT)

    @property
    def current_transport(self):
        return self.client.eio.current_transport


class SyncSocket(_Socket):
    kind = "sync"

    def _make(self):
        client = OrderedClient(**self.options)
        client.on("connect", self._on_connect, namespace=self.namespace)
        client.on("disconnect", lambda *reason: self.disconnected.set(), namespace=self.namespace)
        client.on("connect_error", lambda *data: self.refusals.put(data), namespace=self.namespace)
        client.on("sync", self._note_sync, namespace=self.namespace)
        client.on("authorization", self.renewals.put, namespace=self.namespace)
        return client

    def _on_connect(self):
        self.disconnected.clear()
        if self.feed is not None:
            self.client.emit("init", self.feed.where, callback=self._note_ack)

    @staticmethod
    def _run(function, *arguments, **options):
        return function(*arguments, **options)

    def close(self):
        self.client.shutdown()
        self.client.eio.end_messages()


class AsyncSocket(_Socket):
    kind = "async"
    _loop = None

    def _make(self):
        if AsyncSocket._loop is None:
            AsyncSocket._loop = asyncio.new_event_loop()
            threading.Thread(target=AsyncSocket._loop.run_forever, daemon=True).start()
        return self._run(self._make_there)

    async def _make_there(self):
        client = socketio.AsyncClient(**self.options)
        client.on("connect", self._on_connect, namespace=self.namespace)
        client.on("disconnect", lambda *reason: self.disconnected.set(), namespace=self.namespace)
        client.on("connect_error", lambda *data: self.refusals.put(data), namespace=self.namespace)
        client.on("sync", self._note_sync, namespace=self.namespace)
        client.on("authorization", self.renewals.put, namespace=self.namespace)
        return client

    async def _on_connect(self):
        self.disconnected.clear()
        if self.feed is not None:
            await self.client.emit("init", self.feed.where, callback=self._note_ack)

    @staticmethod
    def _run(function, *arguments, **options):
        work = asyncio.run_coroutine_threadsafe(function(*arguments, **options), AsyncSocket._loop)
        return work.result(timeout=3 * WAIT)

    def close(self):
        self._run(self.client.shutdown)


SOCKETS = [(kind, transport) for kind in (SyncSocket, AsyncSocket) for transport in TRANSPORTS]
SOCKET_NAMES = [f"{kind.kind}-{transport}" for kind, transport in SOCKETS]


@pytest.fixture
def new_socket():
    """Makes clients of a kind; none of them outlives the test."""
    sockets = []

    def make(kind, *arguments, **options):
        sockets.append(kind(*arguments, **options))
        return sockets[-1]

    yield make
    for socket in sockets:
        socket.close()


# Server-sent events


class EventStream:
    """`GET /sync/events`, read one event at a time."""

    def __init__(self, url, token, last_event_id=None, seconds=WAIT, **parameters):
        address = urlsplit(url)
        self.connection = http.client.HTTPConnection(address.hostname, address.port, timeout=seconds)
        headers = {"Accept": "text/event-stream"}
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        headers |= {"Last-Event-ID": last_event_id} if last_event_id is not None else {}
        self.connection.request("GET", "/sync/events?" + urlencode(parameters), headers=headers)
        self.answer = self.connection.getresponse()
        self.status, self.headers = self.answer.status, self.answer.headers

    def next(self):
        """The next event or comment; None at the end of the stream."""
        event = SimpleNamespace(event=None, id=None, data=None, retry=None, comment=None)
        while True:
            try:
                line = self.answer.readline()
            except (http.client.HTTPException, ConnectionError):
                return None
            if not line:
                return None
            line = line.decode().rstrip("\r\n")
            if not line:
                if event != SimpleNamespace(event=None, id=None, data=None, retry=None, comment=None):
                    event.data = None if event.data is None else json.loads(event.data)
                    return event
                continue
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "data" and event.data is not None:
                value = event.data + "\n" + value
            setattr(event, name or "comment", value)

    def next_event(self):
        """The same without comments."""
        while (event := self.next()) and event.event is None:
            pass
        return event

    def close(self):
        self.answer.close()
        self.connection.close()
