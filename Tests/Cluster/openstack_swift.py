"""OpenStack Swift on one node, with its S3 API: `with OpenStackSwift(folder) as s3: s3.blobs("bucket")`.

One copy of everything, in plain folders whose file system must support extended attributes. Objects are written through to the
disk, as in service. The three storage servers keep names and bytes, the proxy speaks S3 (`s3api`), checks signatures against the
users of its configuration (`tempauth`), and makes one object of the parts of an upload (`slo`)."""

import errno
import getpass
import os
import subprocess
import sys
from pathlib import Path

from component import CannotRun, Process, free_port, program
from s3_component import S3Server

SERVERS = ("account", "container", "object")
SECONDS = 60

SWIFT_CONF = """
[swift-hash]
swift_hash_path_suffix = stockroom
swift_hash_path_prefix = tests

[storage-policy:0]
name = one
default = yes
"""

DEFAULT = """
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
user = {user}
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
fallocate_reserve = 0
disable_fallocate = true
log_address = {folder}/no-log
log_level = WARNING
workers = 0
"""

STORAGE = """
[pipeline:main]
pipeline = {name}-server

[app:{name}-server]
use = egg:swift#{name}
"""

# `bulk` deletes many objects in one request. Copies, quotas and temporary addresses are not needed.
PROXY = """
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck cache bulk s3api tempauth slo proxy-server

[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
# Storage servers that answer late, on a busy machine, are not left out afterwards.
error_suppression_limit = 1000000
conn_timeout = 10
node_timeout = 60

[filter:catch_errors]
use = egg:swift#catch_errors

[filter:gatekeeper]
use = egg:swift#gatekeeper

[filter:healthcheck]
use = egg:swift#healthcheck

[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:{no_port}

[filter:bulk]
use = egg:swift#bulk

[filter:s3api]
use = egg:swift#s3api
location = {region}
# Their check wants an account of the same name to exist.
s3_acl = false
dns_compliant_bucket_names = true

[filter:tempauth]
use = egg:swift#tempauth
user_test_stockroom = {secret} .admin

[filter:slo]
use = egg:swift#slo
# Parts may be as small as S3 lets the last one be.
rate_limit_after_segment = 10000
"""


class OpenStackSwift(S3Server):
    access_key, secret_key, region = "test:stockroom", "stockroom-secret", "eu-west-1"

    def __init__(self, folder):
        self.folder = Path(folder) / "swift"
        self.ports = {name: free_port() for name in (*SERVERS, "proxy")}
        self.port = self.ports["proxy"]
        self.storage = []

    def start(self):
        if not self.folder.exists():
            self._make()
        self.storage = [self._server(name) for name in SERVERS]
        self.process = self._server("proxy")
        for server in (*self.storage, self.process):
            server.start()
        return self

    def stop(self):
        for server in (self.process, *self.storage):
            server.stop()

    def kill(self):
        for server in (self.process, *self.storage):
            if server is not None:
                server.kill()

    def _server(self, name):
        configuration = self.folder / f"{name}-server.conf"
        # In a process group of its own already; it would otherwise leave it.
        program_path = program(f"swift-{name}-server", first_in=[Path(sys.executable).parent])
        return Process([program_path, configuration, "verbose"], self.ports[name], self.folder)

    def _make(self):
        (self.folder / "devices" / "one").mkdir(parents=True)
        self._check_attributes(self.folder)
        (self.folder / "swift.conf").write_text(SWIFT_CONF)
        facts = {
            "folder": self.folder,
            "user": getpass.getuser(),
            "region": self.region,
            "secret": self.secret_key,
            "no_port": free_port(),
        }
        for name in (*SERVERS, "proxy"):
            text = (DEFAULT + (PROXY if name == "proxy" else STORAGE)).format(name=name, port=self.ports[name], **facts)
            (self.folder / f"{name}-server.conf").write_text(text)
        for name in SERVERS:
            # 2⁴ partitions, one copy, no wait between moves.
            self._ring(name, "create", 4, 1, 0)
            self._ring(name, "add", f"r1z1-127.0.0.1:{self.ports[name]}/one", 1)
            self._ring(name, "rebalance")

    def _ring(self, name, *arguments):
        builder = program("swift-ring-builder", first_in=[Path(sys.executable).parent])
        command = [sys.executable, builder, self.folder / f"{name}.builder", *arguments]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=SECONDS)
        # 1 is a warning, such as that one device is few.
        assert done.returncode in (0, 1), f"{command}: {done.stdout}{done.stderr}"

    @staticmethod
    def _check_attributes(folder):
        try:
            os.setxattr(folder, "user.stockroom", b"1")
        except OSError as error:
            if error.errno in (errno.ENOTSUP, errno.EPERM):
                raise CannotRun(
                    f"{folder}: the file system has no extended attributes, which Swift needs: set TMPDIR"
                ) from None
            raise
