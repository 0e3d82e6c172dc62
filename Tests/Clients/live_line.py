"""A way to a server that can be cut: a port that stays the same while servers behind it come and go."""

import socket
import threading
from urllib.parse import urlsplit

import raw_http


class Line:
    """Forwards connections to `target`, the URL of a server."""

    def __init__(self, target):
        self.target = target
        self._pairs = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:  # closed
                return
            address = urlsplit(self.target)
            try:
                far = socket.create_connection((address.hostname, address.port), timeout=30)
            except OSError:
                raw_http.reset(near)
                continue
            for end in (near, far):
                end.settimeout(None)
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._pairs.add((near, far))
            for pair in ((near, far), (far, near)):
                threading.Thread(target=self._forward, args=pair, daemon=True).start()

    def _forward(self, source, sink):
        try:
            while data := source.recv(65_536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            self._cut([pair for pair in self._open_pairs() if source in pair])

    def _open_pairs(self):
        with self._lock:
            return list(self._pairs)

    def _cut(self, pairs):
        for pair in pairs:
            with self._lock:
                if pair not in self._pairs:
                    continue
                self._pairs.remove(pair)
            for end in pair:
                # A thread that reads from it must wake, or the reset is put off until it does.
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                try:
                    end.shutdown(socket.SHUT_RD)
                except OSError:
                    pass
                end.close()

    def cut(self):
        """Resets every connection, on both sides."""
        self._cut(self._open_pairs())

    def close(self):
        self._listener.close()
        self.cut()
