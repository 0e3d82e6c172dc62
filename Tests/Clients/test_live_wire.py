"""Engine.IO and WebSocket byte by byte: polling and the upgrade, as the protocol has them."""

import json
import time

import pytest

import raw_http
from live_feed import new_folder, time_limit, within  # noqa: F401
from live_wire import PING, PONG, Polling, RawWebSocket, connect_packet, target
from server_process import wait_until

CODES = {
    0: "Transport unknown",
    1: "Session ID unknown",
    2: "Bad handshake method",
    3: "Bad request",
    5: "Unsupported protocol version",
}


@pytest.fixture
def calls(own_project):
    return own_project.calls


@pytest.fixture
def polling(calls):
    return Polling(calls.url).enter(calls.token)


@pytest.fixture
def web(calls):
    web = RawWebSocket(calls.url).enter(calls.token)
    yield web
    web.close()


def init(calls, number=0):
    cc_cursor, cursor = calls.cursors()
    body = {"cc_cursor": cc_cursor, "project": calls.gid, "cursor": cursor}
    return f'42{number}["init",{json.dumps(body)}]'


def assert_code(answer, code):
    status, text = answer
    assert status == 400, answer
    body = json.loads(text)
    assert body["code"] == code and body["message"].startswith(CODES[code]), answer


# Polling


def test_the_handshake(calls):
    polling = Polling(calls.url)
    handshake = polling.open()
    assert polling.headers["Content-Type"].startswith("text/plain")
    sid = handshake.pop("sid")
    assert isinstance(sid, str) and len(sid) >= 16
    numbers = {"pingInterval": 25_000, "pingTimeout": 20_000, "maxPayload": 65_536}
    assert handshake == {"upgrades": ["websocket"], **numbers}
    web = RawWebSocket(calls.url)
    handshake = web.handshake()
    assert handshake.pop("sid") != sid
    assert handshake == {"upgrades": [], **numbers}
    web.close()


def test_connecting_to_the_namespace(calls):
    polling = Polling(calls.url)
    polling.open()
    polling.post(connect_packet(calls.token))
    (packet,) = polling.poll()
    assert packet.startswith("40{") and set(json.loads(packet[2:])) == {"sid"}
    assert json.loads(packet[2:])["sid"] != polling.sid, "the one is a secret, the other is not"


def test_packets_are_joined(polling):
    numbers = range(20)
    polling.post(*[f'42{number}["nobody knows this"]' for number in numbers])
    answers = []
    while sum(map(len, answers)) < len(numbers):
        answers.append(polling.poll())
    packets = [packet.partition("[")[0] for answer in answers for packet in answer]
    assert packets == [f"43{number}" for number in numbers]
    assert len(answers) < len(numbers), "not one packet at a time"


def test_a_poll_waits_for_the_next_packet(calls, polling):
    polling.post(init(calls))
    (acknowledged,) = polling.poll()
    assert acknowledged.startswith("430[")
    pending = polling.begin_poll()
    time.sleep(0.3)  # so that it waits by now
    folder = new_folder(calls, "wakes the poll")
    status, text = pending.finish_poll()
    assert status == 200 and text.startswith('42["sync",')
    items = json.loads(text.split("\x1e")[0][2:])[1]
    assert {"assets"} == {item["data_type"] for item in items} and folder in {item["data_key"] for item in items}


def test_leaving(polling):
    pending = polling.begin_poll()
    polling.post("1")
    assert pending.finish_poll()[0] in (200, 400)
    wait_until(polling.is_gone, 5, "the session has ended")


def test_leaving_the_namespace(polling):
    polling.post("41")
    try:
        polling.send(b'420["nobody knows this"]')
        packets = polling.poll_until(lambda packets: packets)
    except AssertionError:
        return  # the session has ended with it
    assert not [packet for packet in packets if packet.startswith("43")]


def test_errors_of_the_handshake(calls):
    for transport in ("", "flashsocket", "POLLING", None):
        assert_code(Polling(calls.url).ask("GET", target(transport)), 0)
    for version in (3, 5, "x", "", None):
        assert_code(Polling(calls.url).ask("GET", target(EIO=version)), 5)
    for sid in ("x", "", "é", "A" * 20, "x" * 5000):
        assert_code(Polling(calls.url).ask("GET", target(sid=sid)), 1)
        assert_code(Polling(calls.url).ask("POST", target(sid=sid), b"3"), 1)
    assert_code(Polling(calls.url).ask("POST", target(), b"40"), 2)
    assert Polling(calls.url).ask("PUT", target(), b"40")[0] == 405


def test_two_polls_at_once(polling):
    first = polling.begin_poll()
    time.sleep(0.3)  # so that it waits by now
    second = polling.begin_poll()
    assert second.finish_poll()[0] == 400
    first.connection.sock.settimeout(10)
    first.finish_poll()
    assert polling.is_gone()


def test_a_poll_that_broke_loses_nothing(calls, polling):
    polling.post(init(calls))
    polling.poll()
    for _ in range(3):
        pending = polling.begin_poll()
        time.sleep(0.2)
        raw_http.reset(pending.connection.sock)
        time.sleep(0.2)
        folder = new_folder(calls, "while nobody listens")
        status, text = polling.ask("GET", target(sid=polling.sid))
        if status == 400:  # then the client comes back with its cursors
            assert polling.is_gone()
            return
        assert folder in text


def test_a_session_is_not_its_connection(calls, polling):
    other = Polling(calls.url)
    other.sid = polling.sid
    other.post('420["nobody knows this"]')
    assert polling.poll()[0].startswith("430[")
    polling.post('421["nobody knows this"]')
    assert other.poll()[0].startswith("431[")


# The upgrade


def test_the_upgrade(calls, polling):
    polling.post(init(calls))
    assert polling.poll()[0].startswith("430[")
    pending = polling.begin_poll()
    time.sleep(0.3)  # so that it waits by now
    web = RawWebSocket(calls.url, target("websocket", sid=polling.sid))
    assert web.status == 101
    web.send("2probe")
    assert web.receive() == "3probe"
    assert pending.finish_poll() == (200, "6"), "the poll is released"
    folder = new_folder(calls, "between probe and upgrade")
    web.send("5")
    heard = web.receive()
    assert heard.startswith('42["sync",') and folder in heard
    assert web.answers(1)
    assert_code(polling.ask("GET", target(sid=polling.sid)), 3)
    assert web.answers(2), "the other transport does no harm"
    web.close()
    wait_until(polling.is_gone, 5, "the session ends with its connection")


def test_packets_that_wait_come_after_the_upgrade(calls, polling):
    web = RawWebSocket(calls.url, target("websocket", sid=polling.sid))
    web.send("2probe")
    assert web.receive() == "3probe"
    polling.post('427["nobody knows this"]')
    web.send("5")
    assert web.receive().startswith("437[")
    web.close()


def test_an_upgrade_that_was_given_up(calls, polling):
    for sent in ([], ["2probe"]):
        web = RawWebSocket(calls.url, target("websocket", sid=polling.sid))
        for packet in sent:
            web.send(packet)
            assert web.receive() == "3probe"
        web.close()
        time.sleep(0.2)
        polling.post('421["nobody knows this"]')
        packets = polling.poll_until(lambda packets: [packet for packet in packets if packet != "6"])
        assert packets[-1].startswith("431["), "polling goes on"


@pytest.mark.parametrize("packet", ["2", "2prob", "5", "40", "3probe", "1", "x", ""])
def test_a_wrong_probe(calls, polling, packet):
    web = RawWebSocket(calls.url, target("websocket", sid=polling.sid))
    web.send(packet)
    packets, _ = web.until_closed(10)
    assert not [text for text in packets if text != "3"], packets


def test_a_second_upgrade(calls, polling):
    first = RawWebSocket(calls.url, target("websocket", sid=polling.sid))
    first.send("2probe")
    assert first.receive() == "3probe"
    first.send("5")
    second = RawWebSocket(calls.url, target("websocket", sid=polling.sid))
    if second.status == 101:
        second.send("2probe")
        second.until_closed(10)
    else:
        assert_code((second.status, second.text), 3)
    assert first.answers(1)
    first.close()


def test_an_upgrade_after_ordinary_requests_on_the_same_connection(calls):
    polling = Polling(calls.url).enter(calls.token)
    assert polling.ask("GET", "/nothing-is-here")[0] >= 400
    polling.ask("POST", "/sync/get", b"{}", {"Authorization": f"Bearer {calls.token}"})
    for path in (target("websocket"), target("websocket", sid=polling.sid)):
        web = RawWebSocket(calls.url, path, connection=(polling.connection.sock, "127.0.0.1"))
        assert web.status == 101
        if path == target("websocket"):
            assert web.enter(calls.token).answers(1)
            web.close()
            polling = Polling(calls.url).enter(calls.token)
            assert polling.ask("GET", "/nothing-is-here")[0] >= 400
        else:
            web.send("2probe")
            assert web.receive() == "3probe"
            web.close()


def test_wrong_upgrades(calls):
    for headers in (
        {"Sec_WebSocket_Key": None},
        {"Sec_WebSocket_Key": "short"},
        {"Sec_WebSocket_Version": None},
        {"Sec_WebSocket_Version": "8"},
        {"Upgrade": "h2c"},
        {"Upgrade": None, "Connection": None},
    ):
        answer = RawWebSocket(calls.url, **headers)
        assert answer.status in (400, 426), (headers, answer.status)
        answer.close()
    for transport, code in (("websocket", 1), ("flashsocket", 0)):
        answer = RawWebSocket(calls.url, target(transport, sid="unknown"))
        assert_code((answer.status, answer.text), code)
        answer.close()
    assert_code(Polling(calls.url).ask("GET", target("websocket")), 3)
    elsewhere = RawWebSocket(calls.url, "/health")
    assert elsewhere.status != 101
    elsewhere.close()


# Time


@within(60)
def test_pings_and_clients_that_never_come_in(calls):
    began = time.monotonic()
    idle, mute, heard = RawWebSocket(calls.url), Polling(calls.url), RawWebSocket(calls.url).enter(calls.token)
    idle.handshake(), mute.open()
    idle.until_closed(25)
    assert 15 < time.monotonic() - began < 25, "whoever has not sent CONNECT is sent away after 20 s"
    wait_until(mute.is_gone, 5, "the session over polling too")
    heard.connection.settimeout(15)
    opcode, payload = heard.receive_frame()
    assert (opcode, payload) == (1, b"2") and 24 < time.monotonic() - began < 30
    heard.send("3")
    assert heard.answers(1)
    heard.close()


def test_ping_frames(web):
    for payload in (b"", b"x", bytes(range(125))):
        web.frame(PING, payload)
        assert web.receive_frame() == (PONG, payload)
    web.frame(PONG, b"that nobody asked for")
    assert web.answers(1)


def test_pongs_that_nobody_asked_for(web, polling):
    web.send("3")
    assert web.answers(1)
    polling.post("3", "3")
    polling.post('421["nobody knows this"]')
    assert polling.poll()[0].startswith("431[")
