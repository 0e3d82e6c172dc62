"""Live connections, as small as they can be, so that a thousand fit into one process of Python: socket.io over a
websocket (RFC 6455, Engine.IO 4), and server-sent events.

Each function answers, once the connection is established, an asynchronous iterator over lists of items of the feed."""

import asyncio
import base64
import json
import os
from urllib.parse import urlencode, urlsplit

# How many bytes of one message are kept at most.
LIMIT = 1 << 20


async def request(project, path, headers):
    """Sends a GET; the answer's status, and the streams at the begin of its body."""
    address = urlsplit(project.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port, limit=LIMIT)
    lines = [f"GET {path} HTTP/1.1", f"Host: {address.netloc}", *(f"{name}: {headers[name]}" for name in headers)]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    head = await reader.readuntil(b"\r\n\r\n")
    return int(head.split(b" ", 2)[1]), reader, writer


# MARK: socket.io


async def socket_io(project, cursors):
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
    }
    status, reader, writer = await request(project, "/sync/io/?EIO=4&transport=websocket", headers)
    assert status == 101, f"/sync/io/: {status}"
    token = project.connection.headers["Authorization"].removeprefix("Bearer ")
    messages = text_messages(reader, writer)
    await expect(messages, "0{")
    send(writer, "40" + json.dumps({"JWT": token}))
    await expect(messages, "40")
    send(writer, "420" + json.dumps(["init", cursors]))
    [answer] = json.loads((await expect(messages, "430")).removeprefix("430"))
    assert answer["success"] is True, answer
    return sync_events(answer["result"]["sync"], messages)


async def expect(messages, start):
    message = await anext(messages)
    assert message.startswith(start), f"expected {start}: {message}"
    return message


async def sync_events(missed, messages):
    try:
        yield missed
        async for message in messages:
            if message.startswith("42"):
                name, *arguments = json.loads(message[2:])
                if name == "sync":
                    yield arguments[0]
    finally:
        await messages.aclose()


async def text_messages(reader, writer):
    """The server's messages; answers the pings of both layers. Ends when the server closes."""
    message = b""
    try:
        while True:
            first, second = await reader.readexactly(2)
            length = second & 127
            if length > 125:
                length = int.from_bytes(await reader.readexactly(2 if length == 126 else 8))
            content = await reader.readexactly(length)
            match first & 15:
                case 8:
                    return
                case 9:
                    send(writer, content, 10)
                case 0 | 1:
                    message += content
                    if first & 128:
                        text, message = message.decode(), b""
                        if text == "2":
                            send(writer, "3")
                        else:
                            yield text
    except (asyncio.IncompleteReadError, ConnectionError):
        return
    finally:
        writer.close()


def send(writer, content, kind=1):
    """A client must mask what it sends; a mask of zeros changes nothing."""
    content = content.encode() if isinstance(content, str) else content
    length = len(content)
    size = bytes([128 | length]) if length < 126 else bytes([128 | 126]) + length.to_bytes(2)
    writer.write(bytes([128 | kind]) + size + bytes(4) + content)


# MARK: Server-sent events


async def server_sent_events(project, cursors):
    path = "/sync/events?" + urlencode(cursors)
    status, reader, writer = await request(project, path, project.connection.headers)
    assert status == 200, f"{path}: {status}"
    return events(reader, writer)


async def events(reader, writer):
    """An event's data is one line; a chunk of the transfer may end anywhere, but begins with a line of its own."""
    kind = ""
    try:
        async for line in lines(reader):
            if line.startswith(b"event:"):
                kind = line[6:].strip()
            elif line.startswith(b"data:") and kind == b"sync":
                yield json.loads(line[5:])
    finally:
        writer.close()


async def lines(reader):
    rest = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        *complete, rest = (rest + await reader.readexactly(size)).split(b"\n")
        await reader.readexactly(2)
        for line in complete:
            yield line.rstrip(b"\r")


TRANSPORTS = {"socket.io": socket_io, "server-sent events": server_sent_events}
