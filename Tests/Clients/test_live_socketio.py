"""socket.io with the real Python client, sync and async, over each transport: what is missed, and what comes live."""

import pytest
from unicat.utils import gid as new_gid

from live_client import SOCKET_NAMES, SOCKETS, SyncSocket, new_socket  # noqa: F401
from live_feed import Feed, bush, feed_from_now, feed_of, new_folder, positions, rename_often, within
from live_feed import time_limit  # noqa: F401
from project_client import upload_many


@pytest.fixture
def calls(own_project):
    return own_project.calls


@pytest.fixture(params=SOCKETS, ids=SOCKET_NAMES)
def socket(request, calls, new_socket):  # noqa: F811
    """A connected client of each kind."""
    kind, transport = request.param
    return new_socket(kind, calls.url, calls.token, transport).connect()


@pytest.fixture
def any_socket(calls, new_socket):  # noqa: F811
    """For what does not depend on client and transport."""
    return new_socket(SyncSocket, calls.url, calls.token, "websocket").connect()


def notice(action, gid, data_type="assets"):
    return (action, data_type, gid)


def run_job(calls, selection):
    return calls.result("assets/bulk/delete", {"selection": selection})["job.token"]


def wait_for_job(feed, token):
    """The job's items, once the last of them has come."""

    def steps():
        return [item for item in feed.items if item["data_key"] == token]

    feed.wait_for(lambda: any(item["data"]["status"] == "done" for item in steps()), f"the end of job {token}")
    return steps()


# Connecting and beginning


def test_connecting(socket):
    assert socket.was_asked == 1, "the token is asked for once a connection"
    assert socket.current_transport == ("polling" if socket.transport == "polling" else "websocket")
    assert not socket.disconnected.is_set()
    socket.close()
    assert socket.disconnected.wait(5)


def test_beginning_with_cursors_gives_what_was_missed(calls, socket):
    feed = feed_from_now(calls)
    start = dict(feed.cursors)
    folder = new_folder(calls, "before")
    file = calls.upload(folder, "before.txt", b"missed")
    result = socket.start(feed)
    assert "warning" not in result
    assert result["sync"] == feed_of(calls, calls.gid, start["cc"], start["project"]).items
    assert {notice("INSERT", folder), notice("INSERT", file)} <= set(feed.notices())
    assert result["cursor"] == feed.of_type("project")[-1]["cursor"]
    assert set(result) == {"sync", "cc.cursor", "cursor"}

    live = new_folder(calls, "after")
    feed.wait_for_key(live, "INSERT")
    assert positions(feed) == positions(feed_of(calls, calls.gid, start["cc"], start["project"]))


def test_beginning_without_cursors_is_from_now_on(calls, any_socket):
    new_folder(calls, "before")
    cc_cursor, cursor = calls.cursors()
    feed = Feed(calls.gid)
    result = any_socket.start(feed)
    assert result == {"sync": [], "cc.cursor": cc_cursor, "cursor": cursor}
    folder = new_folder(calls, "after")
    feed.wait_for_key(folder, "INSERT")
    assert positions(feed) == positions(feed_of(calls, calls.gid, cc_cursor, cursor))


def test_beginning_where_nothing_was_missed(calls, any_socket):
    cc_cursor, cursor = calls.cursors()
    result = any_socket.start(Feed(calls.gid, cc_cursor, cursor))
    assert result == {"sync": [], "cc.cursor": cc_cursor, "cursor": cursor}


@within(90)
def test_beginning_after_more_than_a_thousand_changes(calls, socket):
    folder = bush(calls, 100)
    feed = feed_from_now(calls)
    start = dict(feed.cursors)
    rename_often(calls, folder, 25)
    expected = feed_of(calls, calls.gid, start["cc"], start["project"])
    assert len(expected.of_type("project")) > 2000

    result = socket.start(feed)
    assert result["warning"] == "more data available"
    assert len([item for item in result["sync"] if item["type"] == "project"]) == 1000
    assert result["cursor"] == expected.of_type("project")[999]["cursor"]
    feed.wait_for_cursor("project", expected.cursors["project"])
    last = new_folder(calls, "last")
    feed.wait_for_key(last, "INSERT")
    assert positions(feed) == positions(feed_of(calls, calls.gid, start["cc"], start["project"]))


def test_beginning_at_exactly_a_thousand_changes(calls, any_socket):
    folder = bush(calls, 99)
    rename_often(calls, folder, 11)
    cursor = feed_of(calls, calls.gid).of_type("project")[-1001]["cursor"]
    cc_cursor, _ = calls.cursors()
    result = any_socket.start(Feed(calls.gid, cc_cursor, cursor))
    assert len(result["sync"]) == 1000 and "warning" not in result


# Live


def test_hearing_of_changes_in_their_order(calls, socket):
    feed = feed_from_now(calls)
    start = dict(feed.cursors)
    socket.start(feed)
    folder = new_folder(calls, "live")
    feed.wait_for_key(folder, "INSERT")
    file = calls.upload(folder, "live.txt", b"live")
    feed.wait_for_key(file, "INSERT")
    calls.result("assets/update", {"asset": file, "title": {"en": "Live"}})
    feed.wait_for_key(file, "UPDATE", count=1)
    token = run_job(calls, [file])
    steps = wait_for_job(feed, token)
    feed.wait_for_key(file, "UPDATE", count=2)
    calls.result("assets/permanent_delete", {"asset": file})
    feed.wait_for_key(file, "DELETE")

    assert [action for action, _, key in feed.notices() if key == file] == ["INSERT", "UPDATE", "UPDATE", "DELETE"]
    assert feed.notices().index(notice("INSERT", folder)) < feed.notices().index(notice("INSERT", file))
    for step in steps:
        assert (step["type"], step["action"], step["data_type"]) == ("cc", "UPDATE", "jobs")
        assert (step["data"]["job"], step["data"]["project_gid"]) == ("bulk_delete_assets", calls.gid)
    ranks = [["queued", "processing", "done"].index(step["data"]["status"]) for step in steps]
    assert ranks == sorted(ranks) and ranks.count(2) == 1
    assert (steps[-1]["data"]["info"]["total"], steps[-1]["data"]["info"]["remaining"]) == (1, 0)

    expected = feed_of(calls, calls.gid, start["cc"], start["project"])
    feed.wait_for_cursor("project", expected.cursors["project"])
    for kind in ("cc", "project"):
        assert feed.of_type(kind) == expected.of_type(kind), "the very items of /sync/get"


def test_hearing_of_a_bulk_delete(calls, socket):
    folder = new_folder(calls, "bulk")
    upload_many(calls, folder, [f"{number}.txt" for number in range(60)])
    files = {asset["gid"] for asset in calls.children(folder)}
    feed = feed_from_now(calls)
    start = dict(feed.cursors)
    socket.start(feed)
    wait_for_job(feed, run_job(calls, [{"children": folder}]))
    expected = feed_of(calls, calls.gid, start["cc"], start["project"])
    feed.wait_for_cursor("project", expected.cursors["project"])
    assert {key for action, _, key in feed.notices() if action == "UPDATE"} >= files
    assert positions(feed) == positions(expected)


def test_without_a_project_only_cc_items_are_heard(calls, socket):
    feed = Feed(None, calls.cursors()[0])
    result = socket.start(feed)
    assert set(result) == {"sync", "cc.cursor"} and result["sync"] == []
    folder = new_folder(calls, "not heard of")
    wait_for_job(feed, run_job(calls, [folder]))
    assert feed.of_type("project") == []


def test_what_happens_in_other_projects_is_not_heard(calls, owner_calls, any_socket):
    feed = feed_from_now(calls)
    any_socket.start(feed)
    gone = new_folder(owner_calls, f"elsewhere {calls.gid}")
    job = run_job(owner_calls, [gone])
    ours = run_job(calls, [new_folder(calls, "here")])
    wait_for_job(feed, ours)
    assert not {gone, job} & {item["data_key"] for item in feed.items}


def test_clients_of_all_kinds_hear_the_same(calls, new_socket):  # noqa: F811
    cursors = calls.cursors()
    feeds = [Feed(calls.gid, *cursors) for _ in SOCKETS]
    for (kind, transport), feed in zip(SOCKETS, feeds):
        new_socket(kind, calls.url, calls.token, transport).connect().start(feed)
    folders = [new_folder(calls, f"for all {number}") for number in range(20)]
    for feed in feeds:
        feed.wait_for_key(folders[-1], "INSERT")
    expected = positions(feed_of(calls, calls.gid, *cursors))["project"]
    for feed in feeds:
        feed.wait_for_cursor("project", expected[-1])
        assert positions(feed)["project"] == expected


# Beginning again


def test_a_second_init_replaces_the_first(calls, socket):
    project = feed_from_now(calls)
    socket.start(project)
    folder = new_folder(calls, "heard of")
    project.wait_for_key(folder, "INSERT")

    only_cc = Feed(None, calls.cursors()[0])
    socket.start(only_cc)
    wait_for_job(only_cc, run_job(calls, [new_folder(calls, "not heard of")]))
    assert only_cc.of_type("project") == []

    again = Feed(calls.gid, *calls.cursors())
    socket.start(again)
    folder = new_folder(calls, "heard of again")
    again.wait_for_key(folder, "INSERT")
    assert len([key for _, _, key in again.notices() if key == folder]) == 1


def test_going_back_to_an_earlier_cursor(calls, any_socket):
    cursors = calls.cursors()
    first = Feed(calls.gid, *cursors)
    any_socket.start(first)
    first.wait_for_key(new_folder(calls, "heard of twice"), "INSERT")
    expected = feed_of(calls, calls.gid, *cursors)
    second = Feed(calls.gid, *cursors)
    assert any_socket.start(second)["sync"] == expected.items


# What is refused


def test_wrong_parameters_of_init(calls, any_socket):
    cc_cursor, cursor = calls.cursors()
    right = {"cc_cursor": cc_cursor, "project": calls.gid, "cursor": cursor}
    wrong = [{**right, name: value} for name in ("cc_cursor", "cursor") for value in ("5", -1, 1.5, True, [], {})]
    wrong += [{**right, "project": value} for value in ("no gid", 5, [calls.gid], {})]
    for body in [*wrong, [right], "init", 5]:
        answer = any_socket.call("init", body)
        assert answer["success"] is False and set(answer) == {"success", "result"}, body
        result = answer["result"]
        assert result["code"] == 400 and result["message"] and isinstance(result["info"], dict), (body, result)
    assert any_socket.call("init", right)["success"] is True, "the connection has stayed"


def test_a_project_of_others(server, calls, any_socket):
    cc_cursor, cursor = calls.cursors()
    feed = feed_from_now(calls)
    any_socket.start(feed)
    for gid in (server.demo["project"]["gid"], new_gid()):
        answer = any_socket.call("init", {"cc_cursor": cc_cursor, "project": gid, "cursor": 0})
        assert answer["success"] is False and answer["result"]["code"] == 403, answer
    folder = new_folder(calls, "still heard of")
    feed.wait_for_key(folder, "INSERT")


def test_events_that_nobody_knows(calls, socket):
    events = {"subscribe": {"project": calls.gid}, "sync": [], "x" * 1000: None, "é\u2028😀": "é"}
    for event, data in events.items():
        answer = socket.call(event, data)
        assert answer["success"] is False and answer["result"]["code"] == 501, answer
    socket._run(socket.client.emit, "nobody knows this")
    feed = feed_from_now(calls)
    socket.start(feed)
    feed.wait_for_key(new_folder(calls, "after that"), "INSERT")
