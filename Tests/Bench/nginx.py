"""nginx as a peer: it serves files, and takes files by PUT (its DAV module)."""

import getpass
import os
import shutil
from contextlib import contextmanager

from peer import free_port, listening
from report import program
from server import BENCH


@contextmanager
def nginx(files):
    """Serves the folder `files` with as many workers as there are processors, and no log; gives its URL.

    What is PUT below `/put/` is written to `files/put/`, and not synchronised."""
    folder = BENCH / "nginx"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    port = free_port()
    # Only root may choose, and must, because the workers would otherwise run as somebody who cannot read the files.
    user = f"user {getpass.getuser()};" if os.geteuid() == 0 else ""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "\n".join(f"    {kind}_temp_path {folder}/{kind};" for kind in kinds)
    (folder / "nginx.conf").write_text(f"""
daemon off;
{user}
worker_processes auto;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    client_max_body_size 0;
{temporary}
    server {{
        listen 127.0.0.1:{port};
        root {files};
        location /put/ {{ dav_methods PUT; create_full_put_path on; }}
    }}
}}
""")
    log = folder / "error.log"
    with listening([program("nginx"), "-e", log, "-p", folder, "-c", folder / "nginx.conf"], port, log):
        yield f"http://127.0.0.1:{port}"
    shutil.rmtree(folder)
