"""Who may hear the live feed over socket.io: tokens, their renewal, members that go, servers that come back."""

import asyncio
import queue
import sqlite3
import time

import pytest
import socketio

import project_client
from live_client import PATH, SOCKET_NAMES, SOCKETS, TRANSPORTS, AsyncSocket, SyncSocket, new_socket  # noqa: F401
from live_feed import WAIT, feed_from_now, feed_of, new_folder, positions, time_limit, within  # noqa: F401
from live_line import Line

SOON = 5  # the server promises two seconds


@pytest.fixture
def calls(own_project):
    return own_project.calls


@pytest.fixture(params=SOCKETS, ids=SOCKET_NAMES)
def make(request, new_socket):  # noqa: F811
    """Makes clients of each kind."""
    kind, transport = request.param

    def make(url, token, **options):
        return new_socket(kind, url, token, transport, **options)

    return make


@pytest.fixture
def line():
    """A port that stays the same over restarts."""
    lines = []

    def make(target):
        lines.append(Line(target))
        return lines[-1]

    yield make
    for line in lines:
        line.close()


class Guest:
    """A member whom the test can do away with."""

    def __init__(self, server, gid):
        self.server, self.gid, self.name = server, gid, f"guest-{gid[:8]}"
        made = server.command("user", "create", "--account", server.demo["account"], "--username", self.name)
        self.add()
        self.calls = project_client.ProjectCalls.with_password(server.url, gid, self.name, made["password"])

    def add(self):
        self.server.command("member", "add", "--project", self.gid, "--user", self.name, "--role", "member")

    def remove(self):
        self.server.command("member", "remove", "--project", self.gid, "--user", self.name)

    def deactivate(self):
        """No call does this to a manager, so the row is changed, with its line in the feed."""
        database = sqlite3.connect(self.server.data / "stockroom.sqlite", timeout=30)
        with database:
            changed = database.execute("UPDATE users SET is_active = 0 WHERE username = ?", [self.name]).rowcount
            database.execute("UPDATE counters SET value = value + 1 WHERE name = 'global_cursor'")
            database.execute(
                """
                INSERT INTO global_changes (cursor, action, data_type, key, user_id)
                SELECT value, 2, 'cc.users', 'a gid', id FROM counters JOIN users
                WHERE counters.name = 'global_cursor' AND username = ?
                """,
                [self.name],
            )
        database.close()
        assert changed == 1


@pytest.fixture
def guest(server, own_project):
    return Guest(server, own_project.gid)


# Tokens


@pytest.mark.parametrize("token", ["", "wrong", "a.b.c", 5, ["x"], {}], ids=repr)
def test_a_wrong_token_is_refused(calls, new_socket, token):  # noqa: F811
    for kind in (SyncSocket, AsyncSocket):
        socket = new_socket(kind, calls.url, "some", "websocket")
        socket.token = token
        with pytest.raises(socketio.exceptions.ConnectionError):
            socket.connect()
        assert socket.refusals.get(timeout=5) == ({"message": "Permission denied"},)
        assert socket.was_asked == 1


def test_a_token_that_was_changed_is_refused(calls, make):
    head, body, signature = calls.token.split(".")
    for token in (f"{head}.{body}.{signature[::-1]}", f"{head}.{body}.", f"Bearer {calls.token}"):
        socket = make(calls.url, token)
        with pytest.raises(socketio.exceptions.ConnectionError):
            socket.connect()
        assert socket.refusals.get(timeout=5) == ({"message": "Permission denied"},)


@pytest.mark.parametrize("namespace", ["/", "/admin"])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_many_that_are_refused_at_once_do_not_wait_for_the_server(calls, transport, namespace):
    """Each is in a race of its own, between its own end of the connection and the server's."""

    async def connect():
        client = socketio.AsyncClient(reconnection=False, handle_sigint=False)
        with pytest.raises(socketio.exceptions.ConnectionError):
            await client.connect(
                calls.url, socketio_path=PATH, namespaces=[namespace], auth={"JWT": "wrong"},
                transports=TRANSPORTS[transport], wait_timeout=WAIT,
            )

    async def connect_many():
        await asyncio.wait_for(asyncio.gather(*[connect() for _ in range(60)]), WAIT - 5)

    asyncio.run(connect_many())


def test_without_authentication(calls, make):
    socket = make(calls.url, None)
    with pytest.raises(socketio.exceptions.ConnectionError):
        socket.connect()
    assert socket.refusals.get(timeout=5) == ({"message": "Permission denied"},)


def test_other_namespaces(calls, make):
    socket = make(calls.url, calls.token, namespace="/admin")
    with pytest.raises(socketio.exceptions.ConnectionError):
        socket.connect()
    assert socket.refusals.get(timeout=5) == ({"message": "Invalid namespace"},)


# Renewal of the token


def test_renewing_the_token(calls, own_project, make):
    feed = feed_from_now(calls)
    socket = make(calls.url, calls.token).connect()
    socket.start(feed)
    fresh = project_client.ProjectCalls.with_key(calls.url, calls.gid, own_project.key).token
    for token in (fresh, calls.token):
        assert socket.call("authorization", {"JWT": token}) == {"success": True, "result": {}}
    feed.wait_for_key(new_folder(calls, "heard of"), "INSERT")
    with pytest.raises(queue.Empty):
        socket.renewals.get_nowait()


def test_renewing_with_a_wrong_token(calls, owner_calls, new_socket):  # noqa: F811
    feed = feed_from_now(calls)
    socket = new_socket(SyncSocket, calls.url, calls.token, "websocket").connect()
    socket.start(feed)
    # The last is a good one, of another user.
    for body in ({"JWT": "wrong"}, {"JWT": calls.token[:-2]}, {"JWT": 5}, {}, [], None, {"JWT": owner_calls.token}):
        answer = socket.call("authorization", body)
        assert answer["success"] is False and answer["result"]["code"] == 401, (body, answer)
        assert answer["result"]["message"] and answer["result"]["info"] == {}
    feed.wait_for_key(new_folder(calls, "heard of with the old one"), "INSERT")


# Who goes


@pytest.mark.parametrize("how", ["remove", "deactivate"])
def test_whoever_is_removed_is_disconnected(calls, guest, make, how):
    feed = feed_from_now(calls)
    socket = make(guest.calls.url, guest.calls.token).connect()
    socket.start(feed)
    feed.wait_for_key(new_folder(calls, "heard of"), "INSERT")

    getattr(guest, how)()
    began = time.monotonic()
    assert socket.disconnected.wait(WAIT), "still connected"
    assert time.monotonic() - began < SOON
    cursor = feed.cursors["project"]
    new_folder(calls, "not heard of")
    again = make(guest.calls.url, guest.calls.token)
    if how == "remove":
        answer = again.connect().call("init", feed.where)
        assert answer["success"] is False and answer["result"]["code"] == 403
    else:
        with pytest.raises(socketio.exceptions.ConnectionError):
            again.connect()
        assert again.refusals.get(timeout=5) == ({"message": "Permission denied"},)
    assert feed.cursors["project"] == cursor


def test_other_members_stay(calls, guest, new_socket):  # noqa: F811
    feed = feed_from_now(calls)
    stays = new_socket(SyncSocket, calls.url, calls.token, "websocket").connect()
    stays.start(feed)
    goes = new_socket(SyncSocket, guest.calls.url, guest.calls.token, "websocket").connect()
    goes.start(feed_from_now(guest.calls))
    guest.remove()
    assert goes.disconnected.wait(SOON)

    def hears_of_it():
        return [item for item in feed.items if (item["action"], item["data_type"]) == ("DELETE", "cc.projects_members")]

    feed.wait_for(hears_of_it, "the member that has gone")
    feed.wait_for_key(new_folder(calls, "heard of"), "INSERT")
    assert not stays.disconnected.is_set()


def test_a_member_that_comes_back_hears_what_was_missed(calls, guest, new_socket):  # noqa: F811
    feed = feed_from_now(calls)
    first = new_socket(AsyncSocket, guest.calls.url, guest.calls.token).connect()
    first.start(feed)
    guest.remove()
    assert first.disconnected.wait(SOON)
    folder = new_folder(calls, "meanwhile")
    guest.add()
    new_socket(AsyncSocket, guest.calls.url, guest.calls.token).connect().start(feed)
    feed.wait_for_key(folder, "INSERT")


# Reconnecting


@within(120)
def test_clients_come_back_to_a_server_that_was_killed(new_server, new_socket, line):  # noqa: F811
    server = new_server()
    demo = server.demo["project"]
    server.start()
    way = line(server.url)
    calls = project_client.ProjectCalls.with_key(way.url, demo["gid"], demo["apiKey"])
    start = calls.cursors()
    sockets, feeds = [], []
    for kind, transport in SOCKETS:
        sockets.append(new_socket(kind, way.url, calls.token, transport, reconnects=True).connect())
        feeds.append(feed_from_now(calls))
        sockets[-1].start(feeds[-1])
    folder = new_folder(calls, "before")
    for feed in feeds:
        feed.wait_for_key(folder, "INSERT")

    for restart in ("kill", "stop"):
        asked = [socket.was_asked for socket in sockets]
        getattr(server, restart)()
        for socket in sockets:
            assert socket.disconnected.wait(WAIT), "nobody has noticed"
        server.start()
        missed = new_folder(project_client.ProjectCalls(server.url, demo["gid"], calls.token), f"missed by {restart}")
        way.target = server.url
        for socket, feed, times in zip(sockets, feeds, asked):
            feed.wait_for_key(missed, "INSERT")
            assert socket.was_asked > times, "the token is asked for again"
        live = new_folder(project_client.ProjectCalls(server.url, demo["gid"], calls.token), f"live after {restart}")
        for feed in feeds:
            feed.wait_for_key(live, "INSERT")

    calls = project_client.ProjectCalls(server.url, demo["gid"], calls.token)
    expected = positions(feed_of(calls, calls.gid, *start))["project"]
    for feed in feeds:
        feed.wait_for_cursor("project", expected[-1])
        assert positions(feed)["project"] == expected
