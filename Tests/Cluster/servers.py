"""Several servers on one database and one store: `with Installation(folder, database=…, blobs=…) as installation`."""

import secrets
from pathlib import Path

from component import ending_with_parent, free_port, in_lasting_thread
from project_client import ProjectCalls
from segment_client import SegmentAssets, SegmentClient
from server_process import Server

__all__ = ["ClusterServer", "Installation"]


class ClusterServer(Server):
    """One of them: a data folder of its own, and a port that stays the same."""

    def __init__(self, folder, environment, port=None, cores=None):
        super().__init__(folder, environment)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = port or free_port()
        self.address = f"http://127.0.0.1:{self.port}"  # also while it does not run
        self.prefix = ending_with_parent("KILL", cores=cores)

    def start(self):
        return in_lasting_thread(super().start)

    @property
    def runs(self):
        return self.process is not None


class Installation:
    """The database's and the store's URLs, one secret, and servers that are started together.

    `databases` and `stores` give servers another way each to the same database and store, such as through proxies."""

    def __init__(self, folder, *, database, blobs, count=3, environment=None, databases=None, stores=None, cores=None):
        self.folder = Path(folder)
        secret = secrets.token_hex(32)
        self.servers = [
            ClusterServer(
                self.folder / f"server-{number + 1}",
                {
                    "STOCKROOM_DATABASE": databases[number] if databases else database,
                    "STOCKROOM_BLOBS": stores[number] if stores else blobs,
                    "STOCKROOM_SECRET": secret,
                    # The machine is shared by all servers, the database and the load.
                    "STOCKROOM_MEDIA_WORKERS": "1",
                    **(environment or {}),
                },
                cores=cores[number] if cores else None,
            )
            for number in range(count)
        ]
        # Commands go to the database itself, past the proxies.
        self.tools = Server(
            self.folder / "server-1",
            {**self.servers[0].environment, "STOCKROOM_DATABASE": database, "STOCKROOM_BLOBS": blobs},
        )

    def command(self, *arguments, **options):
        return self.tools.command(*arguments, **options)

    @property
    def demo(self):
        return self.tools.demo

    @property
    def project(self):
        return self.demo["project"]

    @property
    def ports(self):
        return [server.port for server in self.servers]

    @property
    def addresses(self):
        return [server.address for server in self.servers]

    def project_calls(self, server=0):
        """Plain calls with the project's key, to one server (a number), or to an address."""
        address = self.servers[server].address if isinstance(server, int) else server
        return ProjectCalls.with_key(address, self.project["gid"], self.project["apiKey"])

    def segment_assets(self, server=0):
        address = self.servers[server].address if isinstance(server, int) else server
        client = SegmentClient(address, self.demo["account"], self.demo["key"])
        return SegmentAssets(client, scope=f"pr{self.project['number']}")

    def fsck(self, *options):
        """What `stockroom fsck` finds: the object that it prints."""
        return self.tools.command("fsck", *options, seconds=300)

    def start(self):
        """With the demonstration's account and project."""
        assert self.demo
        for server in self.servers:
            server.start()
        return self

    def stop(self):
        """In order. The exit codes."""
        return [server.stop() for server in self.servers if server.runs]

    def kill(self):
        for server in self.servers:
            server.kill()

    def log_tail(self):
        return "\n".join(f"--- {server.log}\n{server.log_tail()}" for server in self.servers)

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.kill()
            raise

    def __exit__(self, *_):
        self.kill()
