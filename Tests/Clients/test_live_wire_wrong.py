"""Engine.IO and WebSocket byte by byte: what breaks the rules, what is too much, and who does not read."""

import json
import struct
import time
from pathlib import Path

import pytest

import project_client
import raw_http
from live_client import EventStream
from live_feed import bush, feed_of, new_folder, rename_often, time_limit, within  # noqa: F401
from live_wire import BINARY, CLOSE, CONTINUATION, LARGEST, PING, PONG, TEXT, Polling, RawWebSocket, frame, target
from project_client import assert_error
from server_process import wait_until
from test_live_wire import calls, init, polling, web  # noqa: F401

EVENT = b'427["nobody knows this"]'


def event_of(size):
    """An event that is so many bytes long."""
    start, end = b'427["', b'"]'
    return start + b"x" * (size - len(start) - len(end)) + end


@pytest.fixture(autouse=True)
def witness(calls):  # noqa: F811
    """Another client, which the test's wrongs must not touch."""
    began = time.monotonic()
    other = RawWebSocket(calls.url).enter(calls.token)
    yield
    # It answers no pings, so that after a long test it has rightly been cut off.
    if time.monotonic() - began < 20:
        assert other.answers(99)
    other.close()


# Frames


@pytest.mark.parametrize(
    "data",
    [
        frame(TEXT, EVENT, masked=False),
        frame(TEXT, EVENT, reserved=4),
        frame(TEXT, EVENT, reserved=1),
        *[frame(opcode, EVENT) for opcode in (3, 7, 11, 15)],
        frame(CONTINUATION, EVENT),
        frame(TEXT, b"42", final=False) + frame(TEXT, EVENT),
        frame(PING, b"", final=False),
        frame(PING, b"x" * 126),
        frame(CLOSE, b"x"),
        frame(CLOSE, struct.pack("!H", 999)),
        frame(CLOSE, struct.pack("!H", 1000) + b"\xff"),
        frame(TEXT, b'427["\xff"]'),
        frame(TEXT, b'427["\xc3', final=False) + frame(CONTINUATION, b'"]'),
        frame(TEXT, event_of(LARGEST + 1)),
        frame(TEXT, b"", length=2**62),
        frame(TEXT, b"", length=2**63 + 1),
        frame(BINARY, b"4" + EVENT),
        frame(BINARY, b""),
    ],
    ids=lambda data: data[:4].hex(),
)
def test_a_wrong_frame_ends_the_connection(web, data):  # noqa: F811
    web.connection.sendall(data)
    packets, code = web.until_closed()
    assert packets == [] and code not in (1005, 1006)


def test_many_fragments_that_are_too_much_together(web):  # noqa: F811
    try:
        web.frame(TEXT, b'427["', final=False)
        for _ in range(70):
            web.frame(CONTINUATION, b"x" * 1000, final=False)
    except ConnectionError:
        pass
    assert web.until_closed()[0] == []


def test_endless_empty_fragments_do_no_harm(web):  # noqa: F811
    web.frame(TEXT, EVENT[:5], final=False)
    web.connection.sendall(frame(CONTINUATION, b"", final=False) * 10_000)
    try:
        web.frame(CONTINUATION, EVENT[5:])
        assert web.receive().startswith("437[")
    except (EOFError, ConnectionError, AssertionError):
        pass  # refused, which is as good


def test_fragments(web):  # noqa: F811
    for pieces in ([EVENT[:1], EVENT[1:]], [b"", EVENT, b""], [bytes([byte]) for byte in EVENT]):
        for index, piece in enumerate(pieces):
            opcode = TEXT if index == 0 else CONTINUATION
            web.frame(opcode, piece, final=index == len(pieces) - 1)
            if index == 0:  # a control frame may come in between
                web.frame(PING, b"between")
                assert web.receive_frame() == (PONG, b"between")
        assert web.receive().startswith("437[")
    text = '427["é😀"]'.encode()
    web.frame(TEXT, text[:6], final=False)  # amidst a character
    web.frame(CONTINUATION, text[6:])
    assert web.receive().startswith("437[")


def test_frames_byte_by_byte_and_many_at_once(web):  # noqa: F811
    for byte in frame(TEXT, EVENT):
        web.connection.sendall(bytes([byte]))
    assert web.receive().startswith("437[")
    web.connection.sendall(b"".join(frame(TEXT, b'42%d["x"]' % number) for number in range(300)))
    assert [web.receive().partition("[")[0] for _ in range(300)] == [f"43{number}" for number in range(300)]


def test_the_largest_message(web, polling):  # noqa: F811
    for size in (125, 126, 65_535, LARGEST):
        web.frame(TEXT, event_of(size))
        assert web.receive().startswith("437["), size
    assert polling.send(event_of(LARGEST)) == (200, "ok")
    assert polling.poll()[0].startswith("437[")


@pytest.mark.parametrize("code", [1000, 1001, 3000, None])
def test_a_close_frame_is_echoed(web, code):  # noqa: F811
    web.frame(CLOSE, struct.pack("!H", code) + b"bye" if code else b"")
    packets, answered = web.until_closed()
    assert packets == [] and answered == (code or 1005) or answered == 1000


# Packets

GARBAGE = [
    *("9", "x", "7", "6", "5", "0", "0{}", "2probe", "2", "3", "3probe", "\0", "é", " 42[]", "4", "45", "49", "4x"),
    *("46[]", "42", "42{", "42{}", "42[]", "42[5]", "42[null]", '42"x"', '42["x"', '42["x"]]', '42["x"] x', "42x"),
    *("42[[[[[[", '42["init"]', '42["init",', '42["\\ud800"]', '42["x",1e999999]', "42" + "[" * 20_000),
    *('42["x",' + "[" * 9000, '42-1["x"]', '421.5["x"]', "429" * 100, "42" + "9" * 19 + '["x"]'),
    *("42" + "9" * 5000 + '["x"]', '4200["x"]', "40", "40{", "40[]", '40{"JWT":5}', "40x", "40/", "40/x", "40/x,{"),
    *("40/" + "x" * 9000, "40/,", "41/x", "41/x,", '42/x,["x"]', '42/["x"]', "42/", "43", '43["x"]', '435["x"]'),
    *('439999999999999999999["x"]', "44", '44{"message":"x"}', "45-1[]", "45999999999-[]"),
    *('451-["x",{"_placeholder":true,"num":0}]', '461-1["x",{"_placeholder":true,"num":0}]'),
]


@pytest.mark.parametrize("number", range(0, len(GARBAGE), 12))
def test_garbage_is_ignored_or_ends_the_connection(calls, number):  # noqa: F811
    for packet in GARBAGE[number : number + 12]:
        connection = RawWebSocket(calls.url).enter(calls.token)
        try:
            connection.send(packet)
            connection.send('42123["nobody knows this"]')
            while not (answer := connection.receive()).startswith("43123["):
                assert answer == "1" or answer[:1] in "36" or answer[:2] in ("40", "41", "43", "44"), (packet, answer)
                assert not answer.startswith("42"), (packet, answer)
        except (EOFError, ConnectionError):
            pass
        except AssertionError as error:
            assert error.args[0][0] == CLOSE, (packet, error)
        connection.close()

        session = Polling(calls.url).enter(calls.token)
        status, text = session.send(packet.encode())
        assert (status, text) == (200, "ok") or status == 400, (packet, status, text)


@pytest.mark.parametrize("body", [b"", b"\x1e", b"\x1e\x1e\x1e", b"\xff", b"42\x1e\xff", b"bAAAA", b"b" + EVENT, b"b!"])
def test_garbage_over_polling(polling, body):  # noqa: F811
    status, text = polling.send(body)
    assert (status, text) == (200, "ok") or status == 400, (status, text)
    if body[:1] == b"b":
        wait_until(polling.is_gone, 5, "binary is refused, and the session has ended")


def test_binary_events_are_refused(web):  # noqa: F811
    web.send('451-["init",{"_placeholder":true,"num":0}]')
    assert web.until_closed()[0] == []


def test_ack_ids(web):  # noqa: F811
    for number in (0, 1, 2**31, 2**53 - 1):
        web.send(f'42{number}["nobody knows this"]')
        assert web.receive().startswith(f"43{number}[")


def test_other_namespaces(web):  # noqa: F811
    for name in ("/admin", "/é", "/x" * 20):
        web.send(f"40{name},{{}}")
        answer = web.receive()
        assert answer.startswith(f"44{name},{{"), answer
        assert json.loads(answer.partition(",")[2]) == {"message": "Invalid namespace"}
    assert web.answers(1)


def test_nothing_is_answered_before_connect(calls):  # noqa: F811
    for body in ("40", '40{"JWT":"wrong"}', f'40/other,{{"JWT":"{calls.token}"}}', None):
        stranger = RawWebSocket(calls.url)
        stranger.handshake()
        try:
            if body:
                stranger.send(body)
                assert stranger.receive().startswith("44")
            stranger.send(init(calls))
            stranger.send('421["nobody knows this"]')
            new_folder(calls, "not for strangers")
            stranger.connection.settimeout(1)
            answer = stranger.receive()
        except (EOFError, ConnectionError, TimeoutError):
            pass
        except AssertionError as error:
            assert error.args[0][0] == CLOSE, error
        else:
            assert answer in ("1", "41") or answer.startswith("44"), answer
        stranger.close()


def test_a_body_that_is_too_large(calls, polling):  # noqa: F811
    for size in (LARGEST + 1, 10 * LARGEST, 2**40):
        connection, host = raw_http.connect(calls.url)
        headers = {"Content-Type": "text/plain", "Content-Length": size}
        connection.sendall(raw_http.request_head("POST", target(sid=polling.sid), host, headers))
        try:
            connection.sendall(event_of(min(size, LARGEST + 1)))
            received = connection.recv(100)
        except ConnectionError:
            received = b""
        assert received == b"" or received.split()[1] == b"413", received
        connection.close()


# Too many, too slow


def live_server(new_server, connections):
    server = new_server(environment={"STOCKROOM_LIVE_CONNECTIONS": str(connections)})
    project = server.demo["project"]
    server.start()
    return server, project_client.ProjectCalls.with_key(server.url, project["gid"], project["apiKey"])


def free_places(calls):  # noqa: F811
    """How many connections are taken until one is refused; they are left again."""
    sessions = []
    while True:
        session = Polling(calls.url)
        status, text = session.ask("GET", target())
        if status != 200:
            break
        session.sid = json.loads(text[1:])["sid"]
        sessions.append(session)
    assert (status, json.loads(text)) == (503, {"code": 4, "message": "Too many connections"})
    for session in sessions:
        session.post("1")
        wait_until(session.is_gone, 5, "the session has ended")
    return len(sessions)


def test_too_many_connections(new_server):
    server, calls = live_server(new_server, 3)
    kinds = [
        lambda: RawWebSocket(calls.url).enter(calls.token),
        lambda: Polling(calls.url).enter(calls.token),
        lambda: EventStream(calls.url, calls.token, project=calls.gid),
    ]
    leaves = [lambda socket: socket.close(), lambda session: session.post("1"), lambda stream: stream.close()]
    for first in range(3):
        socket, session, stream = connections = [make() for make in kinds]
        assert stream.status == 200 and stream.next_event().event == "init"
        assert free_places(calls) == 0
        refused = RawWebSocket(calls.url)
        assert (refused.status, json.loads(refused.text)["code"]) == (503, 4)
        refused.close()
        another = EventStream(calls.url, calls.token, project=calls.gid)
        assert another.status == 503
        another.close()
        assert calls.result("/sync/get", {"cc_cursor": 0, "project": calls.gid, "cursor": 0, "wait": 5})["sync"]
        assert socket.answers(1), "those that are in go on"

        leaves[first](connections[first])
        wait_until(lambda: free_places(calls) == 1, 10, "its place is free")
        for index in {0, 1, 2} - {first}:
            leaves[index](connections[index])
        wait_until(lambda: free_places(calls) == 3, 10, "all places are free")


def test_no_live_feed(new_server):
    server, calls = live_server(new_server, 0)
    assert free_places(calls) == 0
    assert EventStream(calls.url, calls.token).status == 503
    cc_cursor, cursor = calls.cursors()
    assert calls.result("/sync/get", {"cc_cursor": cc_cursor}) == {"sync": []}
    assert_error(calls.post("/sync/get", {"cc_cursor": cc_cursor, "wait": 1}), 503)


def memory(server):
    """In MiB."""
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) // 1024


def flood(connection, data, seconds=10):
    """Sends until the server takes no more, or for so long."""
    connection.setblocking(False)
    deadline, last = time.monotonic() + seconds, time.monotonic()
    sent = 0
    while time.monotonic() < min(deadline, last + 2):
        try:
            sent += connection.send(data[sent % len(data) :])
            last = time.monotonic()
        except BlockingIOError:
            time.sleep(0.01)
        except ConnectionError:
            return


@within(240)
def test_who_does_not_read_is_cut_off(new_server):
    server, calls = live_server(new_server, 5)
    folder = bush(calls, 500)
    before = memory(server)
    from_zero = json.dumps({"cc_cursor": 0, "project": calls.gid, "cursor": 0})
    sockets = [RawWebSocket(calls.url, receive_buffer=4096).enter(calls.token) for _ in range(4)]
    asks, pings, knocks, quiet = sockets
    quiet.send(init(calls))
    assert quiet.receive().startswith("430[")
    path = f"/sync/events?project={calls.gid}&cc_cursor=0&cursor=0"
    stream = raw_http.begin_download(calls.url, path, {"Authorization": f"Bearer {calls.token}"})
    assert stream[1] == 200

    flood(asks.connection, b"".join(frame(TEXT, f'42{n}["init",{from_zero}]'.encode()) for n in range(1000)))
    flood(pings.connection, frame(PING, b"x" * 125) * 1000)
    flood(knocks.connection, frame(TEXT, b'427["nobody knows this"]') * 1000)
    highest = memory(server)
    for number in range(100):  # some 7 MB for each listener, more than a socket takes
        rename_often(calls, folder, 1, f"noise {number}")
        highest = max(highest, memory(server))

    gone = 0
    deadline = time.monotonic() + 90
    while gone < 5 and time.monotonic() < deadline:
        time.sleep(0.5)
        highest = max(highest, memory(server))
        gone = free_places(calls)
    assert gone == 5, f"{5 - gone} of 5 are still there, though they read nothing"
    assert highest - before < 150, f"{before} MiB before, {highest} MiB at most"
    for socket in sockets:
        socket.connection.setblocking(True)
        socket.until_closed(40)
    stream[0].close()
    assert calls.cursors() and feed_of(calls, calls.gid).items
