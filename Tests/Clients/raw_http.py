"""HTTP by hand, for what a client library cannot do: half an upload, a broken body, a slow reader."""

import socket
import struct
from urllib.parse import urlsplit

BOUNDARY = "stockroom-test-boundary"


def multipart(parts, *, closed=True):
    """(content type, body) of a form. A part is (field, value) or (field, file name, bytes)."""
    body = b""
    for field, *rest in parts:
        disposition = f'form-data; name="{field}"'
        if len(rest) == 2:
            disposition += f'; filename="{rest[0]}"'
        value = rest[-1].encode() if isinstance(rest[-1], str) else rest[-1]
        body += f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n".encode() + value + b"\r\n"
    if closed:
        body += f"--{BOUNDARY}--\r\n".encode()
    return f"multipart/form-data; boundary={BOUNDARY}", body


def connect(url, receive_buffer=None):
    parts = urlsplit(url)
    connection = socket.socket()
    connection.settimeout(30)
    if receive_buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.connect((parts.hostname, parts.port))
    return connection, f"{parts.hostname}:{parts.port}"


def request_head(method, path, host, headers):
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def begin_upload(url, path, headers, parts, content_length, sent):
    """Sends the head of a multipart POST whose last part is a file, and `sent` of its `content_length` bytes.

    Returns the open socket: the server now waits for the rest.
    """
    connection, host = connect(url)
    content_type, start = multipart([*parts[:-1], (*parts[-1], b"")], closed=False)
    start = start.removesuffix(b"\r\n")
    rest = f"\r\n--{BOUNDARY}--\r\n".encode()
    headers = {
        **headers,
        "Content-Type": content_type,
        "Content-Length": len(start) + content_length + len(rest),
    }
    connection.sendall(request_head("POST", path, host, headers) + start)
    chunk = bytes(range(256)) * 256
    while sent > 0:
        connection.sendall(chunk[: min(sent, len(chunk))])
        sent -= len(chunk)
    return connection


def reset(connection):
    """Closes with a reset instead of an orderly end, as a vanished client does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def begin_download(url, path, headers):
    """Sends a GET and reads the head of the answer: (socket, status, headers, the first bytes of the body)."""
    # A small window, so that the server cannot hand the whole file to the kernel at once.
    connection, host = connect(url, receive_buffer=65_536)
    connection.sendall(request_head("GET", path, host, headers))
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(4096)
        assert piece, "the connection ended before the answer began"
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    status_line, *lines = head.decode("latin-1").split("\r\n")
    answer_headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return connection, int(status_line.split()[1]), answer_headers, body
