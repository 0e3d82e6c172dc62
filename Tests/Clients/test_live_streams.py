"""The live feed over plain HTTP: server-sent events, and long polls."""

import threading
import time

import pytest
import requests

import project_client
from live_client import EventStream
from live_feed import Feed, bush, feed_from_now, feed_of, new_folder, positions, rename_often, within
from live_feed import time_limit  # noqa: F401
from project_client import assert_error
from server_process import wait_until
from test_live_rights import SOON, guest  # noqa: F401


@pytest.fixture
def calls(own_project):
    return own_project.calls


@pytest.fixture
def stream(calls):
    """Opens streams; none of them outlives the test."""
    streams = []

    def open_stream(token=calls.token, **parameters):
        streams.append(EventStream(calls.url, token, **parameters))
        return streams[-1]

    yield open_stream
    for stream in streams:
        stream.close()


def get(calls, token=None, method="GET", last_event_id=None, **parameters):
    headers = {"Authorization": f"Bearer {calls.token if token is None else token}"}
    headers |= {"Last-Event-ID": last_event_id} if last_event_id is not None else {}
    url = calls.url + "/sync/events"
    return requests.request(method, url, headers=headers, params=parameters, timeout=20, stream=True)


def follow(stream, feed, until):
    """Takes events until `until()` is true; each must say where the feed then is."""
    event = None
    while not until():
        event = stream.next_event()
        assert event is not None and event.event == "sync", event
        feed.take(event.data)
        assert not feed.problems, feed.problems[0]
        cc_cursor, cursor = map(int, event.id.split("-"))
        feed.move("cc", cc_cursor)
        if feed.project:
            feed.move("project", cursor)
        else:
            assert cursor == 0
    return event


def has(feed, gid, action="INSERT"):
    return lambda: (action, "assets", gid) in feed.notices()


def begin(stream, feed):
    event = stream.next_event()
    assert event.event == "init" and event.retry == "2000", event
    assert set(event.data) == ({"cc.cursor", "cursor"} if feed.project else {"cc.cursor"})
    feed.cursors["cc"] = event.data["cc.cursor"]
    if feed.project:
        feed.cursors["project"] = event.data["cursor"]
    assert event.id == f"{event.data['cc.cursor']}-{event.data.get('cursor', 0)}"
    return event


# Server-sent events


def test_a_stream_begins_now(calls, stream):
    new_folder(calls, "before")
    feed = Feed(calls.gid)
    events = stream(project=calls.gid)
    assert events.status == 200
    assert events.headers["Content-Type"].partition(";")[0] == "text/event-stream"
    assert events.headers["Cache-Control"] == "no-store"
    begin(events, feed)
    start = (feed.cursors["cc"], feed.cursors["project"])
    assert start == calls.cursors()
    folder = new_folder(calls, "after")
    file = calls.upload(folder, "é 😀\u2028.txt", b"live")
    follow(events, feed, has(feed, file))
    calls.result("assets/delete", {"asset": folder})
    expected = feed_of(calls, calls.gid, *start)
    follow(events, feed, lambda: feed.cursors["project"] >= expected.cursors["project"])
    assert positions(feed) == positions(expected)


def test_a_stream_begins_at_cursors(calls, stream):
    start = calls.cursors()
    folder = new_folder(calls, "missed")
    feed = Feed(calls.gid)
    events = stream(project=calls.gid, cc_cursor=start[0], cursor=start[1])
    begin(events, feed)
    assert (feed.cursors["cc"], feed.cursors["project"]) == start
    follow(events, feed, has(feed, folder))
    assert feed.items == feed_of(calls, calls.gid, *start).items


def test_a_stream_of_cc_items_only(calls, stream):
    feed = Feed()
    events = stream()
    assert begin(events, feed).data == {"cc.cursor": calls.cursors()[0]}
    token = calls.result("assets/bulk/delete", {"selection": [new_folder(calls, "gone")]})["job.token"]
    follow(events, feed, lambda: feed.items and feed.items[-1]["data"].get("status") == "done")
    assert {item["data_key"] for item in feed.items} == {token} and feed.of_type("project") == []


def test_a_stream_is_in_pages(calls, stream):
    folder = bush(calls, 100)
    start = calls.cursors()
    rename_often(calls, folder, 25)
    expected = feed_of(calls, calls.gid, *start)
    feed = Feed(calls.gid)
    events = stream(project=calls.gid, cc_cursor=start[0], cursor=start[1])
    begin(events, feed)
    follow(events, feed, lambda: feed.cursors["project"] >= expected.cursors["project"])
    assert positions(feed) == positions(expected)
    assert len(feed.lists) < 20, "not one by one"


def test_going_on_after_the_last_event(calls, stream):
    feed = Feed(calls.gid)
    events = stream(project=calls.gid)
    last = begin(events, feed)
    start = (feed.cursors["cc"], feed.cursors["project"])
    for number in range(5):
        folder = new_folder(calls, f"heard of {number}")
        last = follow(events, feed, has(feed, folder))
        events.close()
        missed = new_folder(calls, f"missed {number}")
        # The header counts, not the parameters, which a browser sends again as they were.
        events = stream(project=calls.gid, cc_cursor=start[0], cursor=start[1], last_event_id=last.id)
        began = begin(events, Feed(calls.gid))
        assert began.id == last.id
        follow(events, feed, has(feed, missed))
    assert positions(feed) == positions(feed_of(calls, calls.gid, *start))


def test_going_on_without_a_project(calls, stream):
    cc_cursor, _ = calls.cursors()
    calls.result("assets/bulk/delete", {"selection": [new_folder(calls, "gone")]})
    feed = Feed()
    events = stream(last_event_id=f"{cc_cursor}-0")
    assert begin(events, feed).id == f"{cc_cursor}-0"
    follow(events, feed, lambda: feed.items and feed.items[-1]["data"].get("status") == "done")


WRONG_CURSORS = ["", "x", "-1", "1.5", "0x1", "99999999999999999999", "1 2"]


def test_wrong_cursors_of_a_stream(calls):
    for wrong in WRONG_CURSORS:
        assert_error(get(calls, cc_cursor=wrong), 400)
        assert_error(get(calls, project=calls.gid, cc_cursor=0, cursor=wrong), 400)
    for wrong in ("no gid", "5"):
        assert_error(get(calls, project=wrong), 400)
    for wrong in ("x", "1", "1-", "-1", "1-x", "1-2-3", "1--2", "1.5-2", "99999999999999999999-1", "1 - 2"):
        assert_error(get(calls, project=calls.gid, last_event_id=wrong), 400)


def test_who_may_open_a_stream(server, calls):
    for token in ("", "wrong", calls.token[:-2]):
        assert_error(get(calls, token=token, project=calls.gid), 401)
    assert_error(get(calls, project=server.demo["project"]["gid"]), 403)
    assert_error(requests.get(calls.url + "/sync/events", timeout=20), 401)


def test_other_methods_than_get(calls):
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert_error(get(calls, method=method, project=calls.gid), 405)
    assert get(calls, method="HEAD", project=calls.gid).status_code == 405


@within(40)
def test_a_quiet_stream_is_kept_alive(calls, stream):
    events = stream(project=calls.gid, seconds=25)
    assert events.next_event().event == "init"
    began = time.monotonic()
    comment = events.next()
    assert comment.event is None and comment.comment == "keep-alive", comment
    assert 10 < time.monotonic() - began < 20
    folder = new_folder(calls, "after that")
    feed = Feed(calls.gid, 0, 0)
    follow(events, feed, has(feed, folder))


@pytest.mark.parametrize("how", ["remove", "deactivate"])
def test_a_stream_ends_with_the_membership(calls, guest, stream, how):  # noqa: F811
    feed = Feed(calls.gid)
    events = stream(token=guest.calls.token, project=calls.gid)
    begin(events, feed)
    follow(events, feed, has(feed, new_folder(calls, "heard of")))
    getattr(guest, how)()
    began = time.monotonic()
    while event := events.next_event():
        feed.take(event.data)
    assert time.monotonic() - began < SOON
    folder = new_folder(calls, "not heard of")
    assert not has(feed, folder)()
    assert_error(get(calls, token=guest.calls.token, project=calls.gid), {"remove": 403, "deactivate": 401}[how])


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_streams_and_polls_end_with_the_server(own_server, how):
    project = own_server.demo["project"]
    calls = project_client.ProjectCalls.with_key(own_server.url, project["gid"], project["apiKey"])
    streams = [EventStream(calls.url, calls.token, project=calls.gid) for _ in range(5)]
    for events in streams:
        assert events.next_event().event == "init"
    cc_cursor, _ = calls.cursors()
    ended = threading.Event()

    def poll():
        try:
            requests.post(
                f"{calls.url}/sync/get",
                json={"cc_cursor": cc_cursor, "wait": 60},
                headers={"Authorization": f"Bearer {calls.token}"},
                timeout=50,
            )
        except requests.RequestException:
            pass
        ended.set()

    threading.Thread(target=poll, daemon=True).start()
    assert not ended.wait(1)
    began = time.monotonic()
    code = getattr(own_server, how)()
    for events in streams:
        assert events.next_event() is None
        events.close()
    assert ended.wait(5)
    assert time.monotonic() - began < 15 and code in (None, 0)


# Long polls


def poll(calls, feed, wait):
    """(result, seconds that it took)."""
    began = time.monotonic()
    result = calls.result("/sync/get", {**feed.where, "wait": wait})
    return result, time.monotonic() - began


def test_a_poll_that_finds_something_is_answered_at_once(calls):
    feed = feed_from_now(calls)
    new_folder(calls, "there already")
    plain = calls.result("/sync/get", feed.where)
    result, seconds = poll(calls, feed, 30)
    assert result == plain and result["sync"] and seconds < 5


def test_a_poll_that_finds_much_is_answered_with_a_page(calls):
    folder = bush(calls, 100)
    feed = feed_from_now(calls)
    rename_often(calls, folder, 11)
    result, _ = poll(calls, feed, 30)
    assert len(result["sync"]) == 1000 and result["warning"] == "more data available"


@pytest.mark.parametrize("kind", ["project", "cc"])
def test_a_poll_wakes_with_a_change(calls, own_project, kind):
    feed = feed_from_now(calls)
    folder = new_folder(calls, "changes")
    feed = feed_from_now(calls)
    if kind == "cc":
        feed = Feed(None, feed.cursors["cc"])
    other = project_client.ProjectCalls(calls.url, calls.gid, calls.token)
    for _ in range(3):
        results = []
        thread = threading.Thread(target=lambda: results.append(poll(other, feed, 30)))
        thread.start()
        thread.join(0.5)  # so that it waits by now
        assert thread.is_alive(), results
        changed = time.monotonic()
        if kind == "cc":
            calls.result("assets/bulk/undelete", {"selection": [folder]})
        else:
            calls.result("assets/update", {"asset": folder, "title": {"en": "Changed"}})
        thread.join(20)
        assert results and time.monotonic() - changed < 5
        feed.take(results[0][0]["sync"])
        assert not feed.problems, feed.problems[0]
        if kind == "cc":  # to the end of the job
            while feed.items[-1]["data"]["status"] != "done":
                feed.take(poll(other, feed, 30)[0]["sync"])
        else:
            assert feed.notices()[-1] == ("UPDATE", "assets", folder)


def test_a_poll_does_not_wake_for_what_it_does_not_ask_for(calls, owner_calls):
    feed = Feed(None, calls.cursors()[0])
    timer = threading.Timer(0.3, lambda: new_folder(owner_calls, f"elsewhere {calls.gid}"))
    timer.start()
    result, seconds = poll(calls, feed, 2)
    timer.join()
    assert result == {"sync": []} and 1.9 < seconds < 7


def test_a_poll_that_finds_nothing(calls):
    feed = feed_from_now(calls)
    for wait, least in ((0, 0), (1, 0.9)):
        result, seconds = poll(calls, feed, wait)
        assert result == {"sync": []} and least < seconds + 0.001 and seconds < wait + 5


def test_a_wrong_wait(calls):
    feed = feed_from_now(calls)
    for wrong in (-1, 1.5, "x", True, [], {}):
        assert_error(calls.post("/sync/get", {**feed.where, "wait": wrong}), 400, mentions="wait")
    new_folder(calls, "found at once")
    for much in (60, 61, 1_000_000, 2**62):
        assert poll(calls, feed, much)[0]["sync"]


def test_who_may_poll(server, calls):
    body = {"cc_cursor": 0, "wait": 30}
    assert_error(requests.post(calls.url + "/sync/get", json=body, timeout=20), 401)
    body |= {"project": server.demo["project"]["gid"], "cursor": 0}
    assert_error(calls.post("/sync/get", body), 403)


def test_a_poll_whose_caller_has_gone_ends(calls, guest):  # noqa: F811
    feed = feed_from_now(guest.calls)
    answers = []
    thread = threading.Thread(target=lambda: answers.append(guest.calls.post("/sync/get", {**feed.where, "wait": 40})))
    thread.start()
    thread.join(0.5)
    assert thread.is_alive(), answers
    guest.remove()
    # By another process: the server knows within a second.
    wait_until(lambda: guest.calls.post("/sync/get", feed.where).status_code == 403, SOON, "the server knows")
    new_folder(calls, "not for guests")
    thread.join(SOON + 5)
    # It may hear that the membership has ended, but nothing of the project.
    (answer,) = answers
    assert answer.status_code == 403 or {item["type"] for item in answer.json()["result"]["sync"]} == {"cc"}


def test_polls_that_are_given_up_leave_nothing_behind(calls):
    feed = feed_from_now(calls)
    for _ in range(30):
        with pytest.raises(requests.exceptions.ReadTimeout):
            calls.session.post(f"{calls.url}/sync/get", json={**feed.where, "wait": 60}, timeout=0.1)
    folder = new_folder(calls, "still there")
    assert poll(calls, feed, 30)[0]["sync"][0]["data_key"] in (folder, calls.result("assets/root")["root"])
