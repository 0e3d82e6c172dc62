"""Engine.IO by hand: polling requests one by one, and a WebSocket that can break every rule."""

import base64
import hashlib
import http.client
import json
import os
import struct
import time
from urllib.parse import urlencode, urlsplit

import raw_http

PATH = "/sync/io/"
SEPARATOR = "\x1e"
TEXT, BINARY, CLOSE, PING, PONG, CONTINUATION = 1, 2, 8, 9, 10, 0
LARGEST = 65_536


def target(transport="polling", **parameters):
    parameters = {"EIO": 4, "transport": transport, **parameters}
    return PATH + "?" + urlencode({name: value for name, value in parameters.items() if value is not None})


def connect_packet(token):
    return "40" + json.dumps({"JWT": token})


class Polling:
    """One HTTP connection, and the session that was opened over it."""

    def __init__(self, url, seconds=30):
        address = urlsplit(url)
        self.url, self.sid = url, None
        self.connection = http.client.HTTPConnection(address.hostname, address.port, timeout=seconds)

    def ask(self, method, path, body=None, headers=None):
        """(status, text) of one request."""
        self.connection.request(method, path, body, headers or {})
        answer = self.connection.getresponse()
        self.headers = answer.headers
        return answer.status, answer.read().decode()

    def open(self):
        """The handshake: the object of the OPEN packet."""
        status, text = self.ask("GET", target())
        assert status == 200 and text[0] == "0", (status, text)
        handshake = json.loads(text[1:])
        self.sid = handshake["sid"]
        return handshake

    def enter(self, token):
        self.open()
        self.post(connect_packet(token))
        (packet,) = self.poll()
        assert packet.startswith("40{"), packet
        return self

    def post(self, *packets):
        status, text = self.send(SEPARATOR.join(packets).encode())
        assert (status, text) == (200, "ok"), (status, text)

    def send(self, body):
        return self.ask("POST", target(sid=self.sid), body, {"Content-Type": "text/plain;charset=UTF-8"})

    def poll(self):
        """The packets of one answer."""
        status, text = self.ask("GET", target(sid=self.sid))
        assert status == 200 and text, (status, text)
        return text.split(SEPARATOR)

    def poll_until(self, condition):
        packets = []
        while not condition(packets):
            packets += self.poll()
        return packets

    def begin_poll(self):
        """Sends a GET on a connection of its own, which `finish_poll` reads."""
        other = Polling(self.url)
        other.sid = self.sid
        other.connection.request("GET", target(sid=self.sid))
        return other

    def finish_poll(self):
        answer = self.connection.getresponse()
        return answer.status, answer.read().decode()

    def is_gone(self):
        """Whether the server no longer knows the session."""
        other = Polling(self.url)
        other.sid = self.sid
        status, text = other.send(b"3")
        other.connection.close()
        return status == 400 and json.loads(text)["code"] == 1


class RawWebSocket:
    """A WebSocket whose frames are made here, byte by byte."""

    def __init__(self, url, path=None, connection=None, receive_buffer=None, **headers):
        self.connection, self.host = connection or raw_http.connect(url, receive_buffer)
        key = base64.b64encode(os.urandom(16)).decode()
        self.received = b""
        headers = {
            **{"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": key},
            **{"Sec-WebSocket-Version": "13", **{name.replace("_", "-"): value for name, value in headers.items()}},
        }
        headers = {name: value for name, value in headers.items() if value is not None}
        self.connection.sendall(raw_http.request_head("GET", path or target("websocket"), self.host, headers))
        self.status, self.headers = self._read_head()
        if self.status == 101:
            proof = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
            assert self.headers["sec-websocket-accept"] == base64.b64encode(proof).decode()
            assert self.headers["upgrade"].lower() == "websocket" and "upgrade" in self.headers["connection"].lower()
            assert "sec-websocket-extensions" not in self.headers
        else:
            self.text = self._read(int(self.headers.get("content-length", 0))).decode()

    def _read_head(self):
        while b"\r\n\r\n" not in self.received:
            piece = self.connection.recv(4096)
            assert piece, "the connection ended before the answer began"
            self.received += piece
        head, _, self.received = self.received.partition(b"\r\n\r\n")
        status_line, *lines = head.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        return int(status_line.split()[1]), {name.lower(): value.strip() for name, _, value in pairs}

    def _read(self, count):
        while len(self.received) < count:
            piece = self.connection.recv(65_536)
            if not piece:
                raise EOFError
            self.received += piece
        data, self.received = self.received[:count], self.received[count:]
        return data

    def enter(self, token):
        """The OPEN packet, and a connection to the namespace."""
        self.handshake()
        self.send(connect_packet(token))
        answer = self.receive()
        assert answer.startswith("40{"), answer
        return self

    def handshake(self):
        packet = self.receive()
        assert packet[0] == "0", packet
        return json.loads(packet[1:])

    def send(self, text):
        self.frame(TEXT, text.encode())

    def frame(self, opcode, payload=b"", **options):
        self.connection.sendall(frame(opcode, payload, **options))

    def receive_frame(self):
        """(opcode, payload); what the server sends is whole and not masked."""
        first, second = self._read(2)
        assert first & 0xF0 == 0x80 and second < 0x80, (first, second)
        length = second
        if second == 126:
            (length,) = struct.unpack("!H", self._read(2))
        elif second == 127:
            (length,) = struct.unpack("!Q", self._read(8))
        return first & 0xF, self._read(length)

    def receive(self):
        """The next text, past pings of either layer."""
        while True:
            opcode, payload = self.receive_frame()
            if opcode == PING:
                self.frame(PONG, payload)
            elif (opcode, payload) == (TEXT, b"2"):
                self.send("3")
            else:
                assert opcode == TEXT, (opcode, payload)
                return payload.decode()

    def until_closed(self, seconds=10):
        """(packets, code): what came before the end, and the code of the close frame, if there was one."""
        packets, code = [], None
        deadline = time.monotonic() + seconds
        try:
            while True:
                self.connection.settimeout(max(0.01, deadline - time.monotonic()))
                opcode, payload = self.receive_frame()
                if opcode == CLOSE:
                    code = struct.unpack("!H", payload[:2])[0] if payload else 1005
                elif opcode == TEXT:
                    packets.append(payload.decode())
        except (EOFError, ConnectionError):
            return packets, code
        except TimeoutError:
            raise AssertionError(f"still open after {seconds} s; got {packets}, close {code}") from None

    def answers(self, number):
        """Whether an event is still acknowledged."""
        self.send(f'42{number}["nobody knows this"]')
        while not (packet := self.receive()).startswith(f"43{number}["):
            assert not packet.startswith("43"), packet
        return json.loads(packet.removeprefix(f"43{number}"))[0]["result"]["code"] == 501

    def close(self):
        raw_http.reset(self.connection)


def frame(opcode, payload=b"", final=True, masked=True, reserved=0, length=None):
    """One frame. `length` is what its head says, when that is not the truth."""
    size = len(payload) if length is None else length
    head = bytes([(0x80 if final else 0) | reserved << 4 | opcode])
    flag = 0x80 if masked else 0
    if size < 126:
        head += bytes([flag | size])
    elif size < 65_536:
        head += bytes([flag | 126]) + struct.pack("!H", size)
    else:
        head += bytes([flag | 127]) + struct.pack("!Q", size)
    if not masked:
        return head + payload
    mask = os.urandom(4)
    repeated = mask * (len(payload) // 4 + 1)
    return head + mask + bytes(a ^ b for a, b in zip(payload, repeated))
