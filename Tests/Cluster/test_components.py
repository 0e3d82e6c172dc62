"""The components themselves: that they start, fail as they are told, and end with the tests."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests

from component import is_listening
from fault_proxy import FaultProxy
from full_disk import SmallDisk
from live_feed import within
from moto_s3 import MotoS3
from nginx_balancer import Nginx
from openstack_swift import OpenStackSwift
from postgres import Postgres
from server_process import wait_until
from servers import Installation

CLUSTER = Path(__file__).resolve().parent
MB = 1_000_000


@within(120)
def test_postgres_keeps_what_was_committed(tmp_path):
    with Postgres(tmp_path) as postgres:
        postgres.sql("CREATE TABLE t (n INT)")
        postgres.sql("INSERT INTO t VALUES (1)")
        postgres.kill()
        assert not is_listening(postgres.port)
        postgres.start()
        postgres.sql("INSERT INTO t VALUES (2)")
        postgres.restart()
        assert postgres.sql("SELECT n FROM t ORDER BY n") == [["1"], ["2"]]
        assert postgres.sql("SHOW fsync") == [["on"]]
        postgres.empty()
        assert postgres.sql("SELECT 1 FROM pg_tables WHERE tablename = 't'") == []


@within(120)
def test_a_paused_database_answers_later(tmp_path):
    with Postgres(tmp_path) as postgres:
        postgres.pause()
        asked = subprocess.Popen(
            ["psql", "-h", "127.0.0.1", "-p", str(postgres.port), "-U", "stockroom", "-c", "SELECT 1"]
        )
        with pytest.raises(subprocess.TimeoutExpired):
            asked.wait(1)
        postgres.resume()
        assert asked.wait(30) == 0


@within(120)
@pytest.mark.parametrize("kind", [MotoS3, OpenStackSwift])
def test_s3(tmp_path, kind):
    with kind(tmp_path) as s3:
        s3.make_bucket("blobs")
        client, content = s3.client(), os.urandom(11 * MB)
        client.put_object(Bucket="blobs", Key="a/b", Body=content[:1000])
        assert client.get_object(Bucket="blobs", Key="a/b", Range="bytes=5-9")["Body"].read() == content[5:10]
        upload = {"Bucket": "blobs", "Key": "large"}
        upload["UploadId"] = client.create_multipart_upload(**upload)["UploadId"]
        parts = [
            {"PartNumber": number, "ETag": client.upload_part(**upload, PartNumber=number, Body=body)["ETag"]}
            for number, body in ((1, content[: 6 * MB]), (2, content[6 * MB :]))
        ]
        assert len(s3.unfinished("blobs")) == 1
        client.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
        assert client.get_object(Bucket="blobs", Key="large")["Body"].read() == content
        assert s3.keys("blobs") == {"a/b": 1000, "large": len(content)} and s3.unfinished("blobs") == []
        client.delete_object(Bucket="blobs", Key="a/b")
        assert s3.keys("blobs", "a/") == {}
        if kind is OpenStackSwift:
            s3.kill()
            s3.start()
            assert s3.keys("blobs") == {"large": len(content)}, "what was acknowledged survives"


@within(120)
def test_everything_ends_when_the_tests_are_killed(tmp_path):
    script = f"""
import sys, threading, time
sys.path[:0] = [{str(CLUSTER)!r}, {str(CLUSTER.parent / "Clients")!r}]
from pathlib import Path
from moto_s3 import MotoS3
from nginx_balancer import Nginx
from postgres import Postgres
from servers import Installation
folder = Path({str(tmp_path)!r})
installation = Installation(folder, database="sqlite:" + str(folder / "db"), blobs="file:" + str(folder), count=1)
made = [MotoS3(folder), Postgres(folder), installation]
# By a thread that ends before: what it started lives on.
thread = threading.Thread(target=lambda: [one.start() for one in made])
thread.start()
thread.join()
ports = [made[0].port, made[1].port, *made[2].ports]
nginx = Nginx(folder, made[2].ports).start()
print(*ports, nginx.port, flush=True)
time.sleep(1000)
"""
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    try:
        ports = [int(port) for port in child.stdout.readline().split()]
        assert len(ports) == 4 and all(map(is_listening, ports))
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    wait_until(lambda: not any(map(is_listening, ports)), 30, "all have ended")


@within(120)
def test_nginx_balances_and_leaves_out_who_is_away(tmp_path):
    # Two servers that know nothing of each other.
    pair = [
        Installation(tmp_path / name, database=f"sqlite:{tmp_path}/{name}.db", blobs=f"file:{tmp_path}/{name}", count=1)
        for name in ("a", "b")
    ]
    with pair[0], pair[1], Nginx(tmp_path, pair[0].ports + pair[1].ports) as nginx:
        for _ in range(20):
            assert requests.get(f"{nginx.url}/readyz", timeout=30).status_code == 200
        text = nginx.access_log.read_text()
        assert all(f"server=127.0.0.1:{one.ports[0]}" in text for one in pair), text
        pair[0].kill()
        for _ in range(20):
            assert requests.get(f"{nginx.url}/readyz", timeout=30).status_code == 200
        assert requests.get(f"{nginx.url}/stockroom-blobs/x", timeout=30).status_code == 404, "internal"


# The proxy, before an S3 server or a plain one


class Echo:
    """Sends back what it gets."""

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection):
        try:
            while data := connection.recv(65_536):
                connection.sendall(data)
        except OSError:
            pass
        connection.close()

    def __exit__(self, *_):
        self.listener.close()


def call(port):
    connection = socket.create_connection(("127.0.0.1", port), 10)
    connection.settimeout(10)
    return connection


def exchange(connection, data=b"hello"):
    connection.sendall(data)
    return received(connection, len(data))


def received(connection, count):
    data = b""
    while len(data) < count:
        piece = connection.recv(65_536)
        if not piece:
            raise ConnectionResetError("the end")
        data += piece
    return data


def test_the_proxy_passes_on():
    with Echo() as echo, FaultProxy(echo.port) as proxy:
        data = os.urandom(300_000)
        connection = call(proxy.port)
        sender = threading.Thread(target=connection.sendall, args=(data,))
        sender.start()
        assert received(connection, len(data)) == data
        sender.join()
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""


def test_the_proxy_holds_and_loses_nothing():
    with Echo() as echo, FaultProxy(echo.port) as proxy:
        old = call(proxy.port)
        assert exchange(old) == b"hello"
        proxy.hold()
        new = call(proxy.port)
        for connection in (old, new):
            connection.sendall(b"later")
            connection.settimeout(0.3)
            with pytest.raises(TimeoutError):
                connection.recv(1)
            connection.settimeout(10)
        proxy.resume()
        assert old.recv(5) == new.recv(5) == b"later"


def test_the_proxy_cuts_and_refuses():
    with Echo() as echo, FaultProxy(echo.port) as proxy:
        connection = call(proxy.port)
        assert exchange(connection) == b"hello"
        proxy.cut()
        with pytest.raises(ConnectionResetError):
            exchange(connection)
        assert exchange(call(proxy.port)) == b"hello"
        proxy.refuse()
        with pytest.raises(ConnectionRefusedError):
            call(proxy.port)
        proxy.heal()
        assert exchange(call(proxy.port)) == b"hello"
        proxy.cut_after(1000)
        with pytest.raises(ConnectionResetError):
            exchange(call(proxy.port), bytes(2000))
        assert proxy.broken == 1
        proxy.heal()
        assert exchange(call(proxy.port), bytes(2000)) == bytes(2000)


def test_the_proxy_is_slow():
    with Echo() as echo, FaultProxy(echo.port) as proxy:
        proxy.slow(20_000)
        began = time.monotonic()
        exchange(call(proxy.port), bytes(10_000))
        # Half a second each way, of which some is at the same time.
        assert time.monotonic() - began > 0.4


@within(120)
def test_the_proxy_answers_503(tmp_path):
    with MotoS3(tmp_path) as s3, FaultProxy(s3.port, http=True) as proxy:
        s3.make_bucket("blobs")
        client = s3.client(proxy.port)
        client.put_object(Bucket="blobs", Key="a", Body=b"before")
        proxy.fail(1)
        for body in (b"", bytes(3 * MB)):
            with pytest.raises(client.exceptions.ClientError) as error:
                client.put_object(Bucket="blobs", Key="a", Body=body)
            assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
        with pytest.raises(client.exceptions.ClientError):
            client.get_object(Bucket="blobs", Key="a")
        assert proxy.failed == 3
        proxy.fail(0.5)
        outcomes = set()
        for _ in range(40):
            try:
                outcomes.add(client.get_object(Bucket="blobs", Key="a")["Body"].read())
            except client.exceptions.ClientError as error:
                outcomes.add(error.response["Error"]["Code"])
        assert outcomes == {b"before", "SlowDown"}
        proxy.heal()
        assert client.get_object(Bucket="blobs", Key="a")["Body"].read() == b"before"


def test_a_full_disk(tmp_path):
    with SmallDisk(tmp_path / "small", 8) as disk:
        disk.fill()
        with pytest.raises(OSError, match="No space left"):
            (disk.path / "file").write_bytes(bytes(8192))
        disk.relieve()
        (disk.path / "file").write_bytes(bytes(8192))
        assert disk.free > 7 * MB
    assert not os.path.ismount(tmp_path / "small")
