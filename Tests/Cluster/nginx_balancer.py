"""nginx from Debian before servers, with the repository's `deploy/nginx.conf`: `with Nginx(folder, ports) as nginx`."""

import getpass
import os
import re
import signal
from pathlib import Path

from component import Process, free_port, log_tail, program
from server_process import REPOSITORY

CONFIGURATION = REPOSITORY / "deploy" / "nginx.conf"
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class Nginx:
    """Balances the servers at `ports`. `blobs` is the folder that it sends files from (`X-Accel-Redirect`)."""

    def __init__(self, folder, ports, blobs=None):
        self.folder = Path(folder) / "nginx"
        self.folder.mkdir(parents=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        (self.folder / "stockroom.conf").write_text(self.adapted(ports, blobs))
        # Only root may choose, and must, because the workers would otherwise be somebody who cannot read the files.
        user = f"user {getpass.getuser()};" if os.geteuid() == 0 else ""
        temporary = "\n".join(f"    {kind}_temp_path {self.folder}/{kind};" for kind in TEMPORARY)
        (self.folder / "nginx.conf").write_text(
            f"daemon off;\n{user}\nworker_processes auto;\npid {self.folder}/nginx.pid;\nerror_log {self.error_log} info;\n"
            f"events {{}}\nhttp {{\n{temporary}\n    include {self.folder}/stockroom.conf;\n}}\n"
        )
        command = [program("nginx"), "-e", self.error_log, "-p", self.folder, "-c", self.folder / "nginx.conf"]
        # By SIGTERM it ends its workers.
        self.process = Process(command, self.port, self.folder, parent_signal="TERM", stop_signal=signal.SIGTERM)

    @property
    def error_log(self):
        return self.folder / "error.log"

    @property
    def access_log(self):
        return self.folder / "access.log"

    def adapted(self, ports, blobs):
        """The configuration that is deployed, with the ports and folders of the test."""
        text = CONFIGURATION.read_text()
        servers = "".join(f"    server 127.0.0.1:{port} max_fails=1 fail_timeout=2s;\n" for port in ports)
        changes = [
            (r"(    server 127\.0\.0\.1:\d+ max_fails=1 fail_timeout=2s;\n)+", servers, 2),
            (r"listen 80;", f"listen 127.0.0.1:{self.port};", 1),
            (r"/var/log/nginx/stockroom\.log", str(self.access_log), 1),
            (r"alias /var/lib/stockroom/shared/blobs/;", f"alias {blobs or self.folder / 'no-blobs'}/;", 1),
        ]
        for pattern, replacement, times in changes:
            text, count = re.subn(pattern, replacement, text)
            assert count == times, f"{CONFIGURATION}: {pattern} stands there {count} times, not {times}"
        return text

    def log_tail(self):
        return f"{log_tail(self.process.log)}\n{log_tail(self.error_log)}\n{log_tail(self.access_log)}"

    def start(self):
        self.process.start()
        return self

    def stop(self):
        self.process.stop()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.process.kill()
