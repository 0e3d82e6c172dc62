"""While one writes without pause, clients of all kinds come and go: each has heard everything, once, and in order."""

import random
import threading
import time

import requests

import project_client
from live_client import SOCKETS, EventStream
from live_feed import WAIT, Feed, feed_of, new_folder, positions, time_limit, within  # noqa: F401
from live_line import Line

SECONDS = 15
LINES = 9_000  # above ten thousand a feed is compacted, and what is pointless need not be heard


class Listener:
    """One client behind a line of its own. It connects, is dropped after a moment, and comes back."""

    def __init__(self, name, calls, feed, seed):
        self.name, self.token, self.feed = name, calls.token, feed
        self.line = Line(calls.url)
        self.random = random.Random(seed)
        self.until = None  # the last cursors; once they are known, the client stays until it has heard them
        self.visits = 0
        self.problem = None
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        try:
            while not self.has_all():
                self.visits += 1
                self.visit(self.until is None and self.random.choice(("cut", "leave")))
        except Exception as error:  # a thread's own failure must fail the test
            self.problem = error

    def has_all(self):
        until = self.until
        return until and all((self.feed.cursors[kind] or 0) >= cursor for kind, cursor in until.items())

    def stay(self, end):
        """For a moment; for good when this is the last visit."""
        if end:
            time.sleep(self.random.uniform(0.05, 0.8))
        else:
            self.feed.wait_for(self.has_all, f"the end of what {self.name} hears")


class SocketListener(Listener):
    def __init__(self, kind, transport, *arguments):
        super().__init__(f"{kind.kind}-{transport}", *arguments)
        self.kind, self.transport = kind, transport

    def visit(self, end):
        socket = self.kind(self.line.url, self.token, self.transport)
        try:
            socket.connect()
            socket.start(self.feed)
            self.stay(end)
        finally:
            # A poll that was cut may be repeated by the HTTP library, and then an answer that was on its way is lost
            # within a session that lives on. So whoever is cut hears nothing more, as after a crash.
            socket.feed = None
            if end == "cut":
                self.line.cut()
                if self.transport != "polling":
                    assert socket.disconnected.wait(WAIT), "the cut has not been noticed"
            socket.close()


class StreamListener(Listener):
    def visit(self, end):
        feed = self.feed
        events = EventStream(
            *(self.line.url, self.token, f"{feed.cursors['cc']}-{feed.cursors['project']}"), project=feed.project
        )
        assert events.status == 200
        timer = threading.Timer(self.random.uniform(0.05, 0.8), self.line.cut) if end else None
        if timer:
            timer.start()
        try:
            while not self.has_all() and (event := events.next_event()):
                if event.event == "sync":
                    feed.take(event.data)
                if end == "leave" and self.random.random() < 0.1:
                    break
        except ValueError:
            pass  # cut amidst an event
        finally:
            if timer:
                timer.cancel()
                timer.join()
            events.close()


class PollListener(Listener):
    def visit(self, end):
        timer = threading.Timer(self.random.uniform(0.05, 0.8), self.line.cut) if end == "cut" else None
        if timer:
            timer.start()
        try:
            answer = requests.post(
                f"{self.line.url}/sync/get",
                json={**self.feed.where, "wait": 2},
                headers={"Authorization": f"Bearer {self.token}"},
                timeout=WAIT,
            )
            assert answer.status_code == 200, answer.text
            if items := answer.json()["result"]["sync"]:
                self.feed.take(items)
        except (requests.RequestException, ValueError):
            assert end == "cut"
        finally:
            if timer:
                timer.cancel()
                timer.join()


def write(calls, seconds, problems):
    """Creates, changes, deletes and purges, until the time is over or enough is written."""
    try:
        deadline = time.monotonic() + seconds
        home = new_folder(calls, "busy")
        number = 0
        while time.monotonic() < deadline and calls.cursors()[1] < LINES:
            number += 1
            folder = new_folder(calls, f"folder {number}", home)
            file = calls.upload(folder, "file.txt", b"%d" % number)
            calls.result("assets/update", {"asset": file, "title": {"en": f"title {number}"}})
            calls.result("assets/update", {"asset": folder, "name": f"renamed {number}"})
            if number % 2:
                calls.result("assets/delete", {"asset": file})
            if number % 4 == 1:
                calls.result("assets/permanent_delete", {"asset": file})
            if number % 10 == 0:
                calls.result("assets/bulk/delete", {"selection": [{"children": folder}]})
    except Exception as error:  # a thread's own failure must fail the test
        problems.append(error)


@within(150)
def test_nothing_is_lost_and_nothing_heard_twice(own_project):
    calls = own_project.calls
    start = calls.cursors()
    problems = []
    # Requests of one session must not be mixed, so each thread has calls of its own.
    threads = [
        threading.Thread(
            target=write, args=(project_client.ProjectCalls(calls.url, calls.gid, calls.token), SECONDS, problems)
        )
        for _ in range(2)
    ]
    listeners = [
        SocketListener(kind, transport, calls, Feed(calls.gid, *start), seed)
        for seed, (kind, transport) in enumerate(SOCKETS)
    ]
    listeners.append(StreamListener("stream", calls, Feed(calls.gid, *start), 6))
    listeners.append(PollListener("poll", calls, Feed(calls.gid, *start), 7))
    for thread in [*threads, *(listener.thread for listener in listeners)]:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems, problems
    # The jobs that still run come to their end.
    token = calls.result("assets/bulk/delete", {"selection": [new_folder(calls, "last")]})["job.token"]
    while True:
        expected = feed_of(calls, calls.gid, *start)
        if any(item["data_key"] == token and item["data"]["status"] == "done" for item in expected.of_type("cc")):
            break
        time.sleep(0.1)

    for listener in listeners:
        listener.until = expected.cursors
    for listener in listeners:
        listener.thread.join(2 * WAIT)
        assert not listener.thread.is_alive(), f"{listener.name} has not come to the end"
        listener.line.close()
        assert listener.problem is None, (listener.name, listener.problem)
        assert not listener.feed.problems, (listener.name, listener.feed.problems[0])
    print({listener.name: listener.visits for listener in listeners}, len(expected.items), "items")
    assert 500 < len(expected.of_type("project")) < 10_000
    for listener in listeners:
        assert listener.visits > 5, f"{listener.name} stayed too long"
        assert positions(listener.feed) == positions(expected), listener.name
        assert listener.feed.of_type("project") == expected.of_type("project"), listener.name
