"""What clients of the live feed hear; and a limit of time for each test."""

import signal
import threading
import traceback

import pytest

WAIT = 20  # seconds for something that comes at once, on a busy machine

# Time limits


def within(seconds):
    """A test that may take longer than the others."""

    def decorate(test):
        test.time_limit = seconds
        return test

    return decorate


@pytest.fixture(autouse=True)
def time_limit(request):
    """Imported by the tests of the live feed: each of them fails when it has not ended in time."""
    seconds = getattr(request.function, "time_limit", 60)

    def out_of_time(number, frame):
        raise TimeoutError(f"the test has not ended within {seconds} s")

    previous = signal.signal(signal.SIGALRM, out_of_time)
    signal.alarm(seconds)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, previous)


# What was heard


class Feed:
    """What one client has heard, and the cursors from which it goes on."""

    def __init__(self, project=None, cc_cursor=None, cursor=None):
        self.project = project
        self.cursors = {"cc": cc_cursor, "project": cursor}
        self.items = []
        self.lists = []  # as they came; those of acknowledgements too
        self.problems = []
        self._changed = threading.Condition()

    @property
    def where(self):
        """The body of a request for what comes next."""
        body = {"cc_cursor": self.cursors["cc"], "project": self.project}
        body |= {"cursor": self.cursors["project"]} if self.project else {}
        return {name: value for name, value in body.items() if value is not None}

    def begin(self, answer):
        """The acknowledgement of `init`."""
        result = answer["result"]
        self._note(lambda: self._begin(result))

    def take(self, items):
        self._note(lambda: self._take(items, least=1))

    def _note(self, work):
        with self._changed:
            try:
                work()
            except Exception:  # in a thread of the client, which would swallow it
                self.problems.append(traceback.format_exc())
            self._changed.notify_all()

    def _begin(self, result):
        self._take(result["sync"], least=0)
        assert ("cursor" in result) == (self.project is not None), result.keys()
        self.move("cc", result["cc.cursor"])
        if self.project:
            self.move("project", result["cursor"])

    def move(self, kind, cursor):
        assert type(cursor) is int and cursor >= (self.cursors[kind] or 0), (kind, cursor, self.cursors)
        self.cursors[kind] = cursor

    def _take(self, items, least):
        assert isinstance(items, list) and len(items) >= least, items
        for kind in ("cc", "project"):
            cursors = [item["cursor"] for item in items if item["type"] == kind]
            assert cursors == sorted(set(cursors)) and all(type(cursor) is int for cursor in cursors), cursors
            assert len(cursors) <= 1000
            if cursors:
                assert cursors[0] > (self.cursors[kind] or 0), f"heard twice: {kind} {cursors} {self.cursors}"
                self.cursors[kind] = cursors[-1]
        assert {item["type"] for item in items} <= {"cc", "project"}
        self.items += items
        self.lists.append(items)

    def of_type(self, kind):
        return [item for item in self.items if item["type"] == kind]

    def notices(self, kind="project"):
        """(action, data type, key) of each item, in order."""
        return [(item["action"], item["data_type"], item["data_key"]) for item in self.of_type(kind)]

    def wait_for(self, condition, what, seconds=WAIT):
        """Waits until `condition()` is true and returns what it gave."""
        with self._changed:
            value = self._changed.wait_for(lambda: self.problems or condition(), seconds)
            assert not self.problems, self.problems[0]
            assert value, f"not within {seconds} s: {what}; heard {len(self.items)}: {self.items[-5:]}"
            return value

    def wait_for_key(self, key, action=None, count=1):
        def found():
            items = [item for item in self.items if item["data_key"] == key and action in (None, item["action"])]
            return items[count - 1] if len(items) >= count else None

        return self.wait_for(found, f"{action or 'something'} of {key}")

    def wait_for_cursor(self, kind, cursor, seconds=WAIT):
        self.wait_for(lambda: (self.cursors[kind] or 0) >= cursor, f"{kind} {cursor}", seconds)


def feed_of(calls, project=None, cc_cursor=0, cursor=0):
    """All items after the cursors from `/sync/get`, as a feed."""
    feed = Feed(project, cc_cursor, cursor)
    while True:
        result = calls.result("/sync/get", feed.where)
        if result["sync"]:
            feed.take(result["sync"])
        assert not feed.problems, feed.problems
        if "warning" not in result:
            return feed


def feed_from_now(calls):
    return Feed(calls.gid, *calls.cursors())


def positions(feed):
    return {kind: [item["cursor"] for item in feed.of_type(kind)] for kind in ("cc", "project")}


# Changes to hear of


def new_folder(calls, name, parent=None):
    parent = parent or calls.result("assets/root")["root"]
    return calls.result("assets/create", {"parent": parent, "name": name})["asset"]


def bush(calls, children):
    """A folder with so many folders in it: renaming it is a line for each of them."""
    folder = new_folder(calls, "bush")
    for number in range(children):
        new_folder(calls, f"twig {number}", folder)
    return folder


def rename_often(calls, folder, times, word="bush"):
    for number in range(times):
        calls.result("assets/update", {"asset": folder, "name": f"{word} {number}"})
