"""A way to a server that can fail: held, slow, cut in the middle, refused, or answered 503 in the server's place.

`with FaultProxy(port) as proxy: proxy.port` forwards to `port` on loopback. Everything can be set while it runs:

| | |
|---|---|
| `hold()`, `resume()` | no byte passes, and none is lost: a network that is gone for a while |
| `refuse()`, `accept()` | nobody listens, and connections that there were are reset |
| `cut()` | resets all connections, once |
| `cut_after(bytes, share)` | resets this share of new connections when so many bytes of answers have passed; `None` ends it |
| `slow(bytes_per_second)` | each connection and direction passes so many; `None` ends it |
| `fail(share)` | with `http=True`: this share of requests is answered 503, and does not reach the server |
"""

import asyncio
import contextlib
import random
import re
import socket
import struct
import threading

from component import free_port

CHUNK = 65_536
HEAD_LIMIT = 1 << 20

UNAVAILABLE_BODY = (
    b'<?xml version="1.0" encoding="UTF-8"?>'
    b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
)


class FaultProxy:
    def __init__(self, target, http=False, seed=1):
        self.target = target  # a port, which may be another one later
        self.http = http
        self.port = free_port()
        self.failed = 0  # requests that were answered 503
        self.broken = 0  # connections that were reset by `cut_after`
        self.slowed = 0  # pieces that were sent late
        self._random = random.Random(seed)
        self._share_failing = 0.0
        self._share_cut, self._cut_after = 0.0, None
        self._rate = None
        self._writers = set()

    # MARK: Controls, from any thread

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def hold(self):
        self._do(self._open_gate.clear)

    def resume(self):
        self._do(self._open_gate.set)

    def cut(self):
        self._do(self._reset_all)

    def refuse(self):
        self._do(self._close_listener)
        self.cut()

    def accept(self):
        self._await(self._listen())

    def slow(self, bytes_per_second):
        self._rate = bytes_per_second

    def cut_after(self, count, share=1.0):
        self._cut_after, self._share_cut = count, share

    def fail(self, share):
        assert self.http, "only an HTTP proxy can answer"
        self._share_failing = share

    def heal(self):
        """As at the beginning. Connections that were held go on."""
        self._rate, self._cut_after, self._share_failing = None, None, 0.0
        self.resume()
        if self._server is None:
            self.accept()

    # MARK: The loop, in a thread of its own

    def __enter__(self):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name=f"proxy {self.port}")
        self._thread.start()
        self._server = None
        self._open_gate = self._await(self._new_gate())
        self._await(self._listen())
        return self

    def __exit__(self, *_):
        self._do(self._close_listener)
        self._do(self._reset_all)
        self._await(self._end_tasks())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _await(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def _do(self, function):
        async def run():
            function()

        self._await(run())

    async def _new_gate(self):
        gate = asyncio.Event()
        gate.set()
        return gate

    async def _end_tasks(self):
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=HEAD_LIMIT, backlog=1000)

    def _close_listener(self):
        if self._server is not None:
            self._server.close()
            self._server = None

    def _reset_all(self):
        for writer in list(self._writers):
            self._reset(writer)

    def _reset(self, writer):
        self._writers.discard(writer)
        with contextlib.suppress(OSError, AttributeError):
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    # MARK: One connection

    async def _serve(self, near_reader, near):
        self._writers.add(near)
        far = None
        try:
            await self._open_gate.wait()
            far_reader, far = await asyncio.open_connection("127.0.0.1", self.target, limit=CHUNK)
            self._writers.add(far)
            for writer in (near, far):
                writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            limit = self._cut_after if self._random.random() < self._share_cut else None
            requests = self._requests(near_reader, far, near) if self.http else self._pass_on(near_reader, far)
            ends = [asyncio.ensure_future(requests), asyncio.ensure_future(self._pass_on(far_reader, near, limit))]
            try:
                # The first that fails ends the connection; one that ends in order leaves the other direction open.
                await asyncio.gather(*ends)
            finally:
                for end in ends:
                    end.cancel()
            for writer in (near, far):
                writer.close()
        except (OSError, EOFError, asyncio.CancelledError):
            for writer in (near, far):
                if writer is not None:
                    self._reset(writer)
        finally:
            self._writers -= {near, far}

    async def _pass_on(self, reader, writer, limit=None):
        passed = 0
        while data := await reader.read(CHUNK):
            if limit is not None and passed + len(data) > limit:
                await self._send(writer, data[: limit - passed])
                self.broken += 1
                raise ConnectionResetError("cut by the test")
            await self._send(writer, data)
            passed += len(data)
        await self._open_gate.wait()
        if writer.can_write_eof():
            writer.write_eof()

    async def _send(self, writer, data):
        while data:
            await self._open_gate.wait()
            rate = self._rate
            # A twentieth of a second at a time.
            piece = data if rate is None else data[: max(1, rate // 20)]
            writer.write(piece)
            await writer.drain()
            data = data[len(piece) :]
            if rate is not None:
                self.slowed += 1
                await asyncio.sleep(len(piece) / rate)

    # MARK: HTTP

    async def _requests(self, reader, far, near):
        """Passes on one request after the other, or answers it here."""
        while True:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError as error:
                if error.partial:
                    raise
                if far.can_write_eof():
                    far.write_eof()
                return
            length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
            rest = int(length[1]) if length else 0
            if self._random.random() < self._share_failing:
                await self._open_gate.wait()
                self.failed += 1
                if re.search(rb"\r\nexpect:", head, re.IGNORECASE) or b"chunked" in head.lower():
                    await self._answer_unavailable(near, closes=True)
                    raise ConnectionAbortedError("the body was not asked for")
                while rest:
                    rest -= len(await self._some(reader, rest))
                await self._answer_unavailable(near, closes=False)
                continue
            await self._send(far, head)
            if not length and b"chunked" in head.lower():
                return await self._pass_on(reader, far)  # what comes after it is not looked at
            while rest:
                data = await self._some(reader, rest)
                rest -= len(data)
                await self._send(far, data)

    @staticmethod
    async def _some(reader, most):
        data = await reader.read(min(most, CHUNK))
        if not data:
            raise EOFError
        return data

    @staticmethod
    async def _answer_unavailable(near, closes):
        head = "HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\n"
        head += f"Content-Length: {len(UNAVAILABLE_BODY)}\r\nConnection: {'close' if closes else 'keep-alive'}\r\n\r\n"
        near.write(head.encode() + UNAVAILABLE_BODY)
        await near.drain()
