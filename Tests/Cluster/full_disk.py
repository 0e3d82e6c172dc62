"""A small file system in memory that can be filled: `with SmallDisk(folder, megabytes) as disk: disk.path`."""

import os
import subprocess
from pathlib import Path

from component import CannotRun, program


class SmallDisk:
    """Mounted on `folder`, which only root can do."""

    def __init__(self, folder, megabytes, owner=None):
        self.path = Path(folder)
        self.megabytes, self.owner = megabytes, owner

    @property
    def _filler(self):
        return self.path / "filler"

    def fill(self, left=0):
        """Takes all space but so many bytes."""
        with open(self._filler, "ab") as file:
            free = os.statvfs(self.path)
            file.write(bytes(max(0, free.f_bavail * free.f_frsize - left)))

    def relieve(self):
        self._filler.unlink(missing_ok=True)

    @property
    def free(self):
        free = os.statvfs(self.path)
        return free.f_bavail * free.f_frsize

    def __enter__(self):
        self.path.mkdir(parents=True, exist_ok=True)
        owner = f",uid={self.owner},gid={self.owner},mode=0700" if self.owner is not None else ""
        options = f"size={self.megabytes}m{owner}"
        command = [program("mount"), "-t", "tmpfs", "-o", options, "stockroom-test", str(self.path)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise CannotRun(
                f"a full disk cannot be tried here, because mounting one is not permitted: {done.stderr.strip()}; "
                "the tests of the cluster run as root"
            )
        return self

    def __exit__(self, *_):
        # Also when somebody still has a file open: it goes when that ends.
        subprocess.run([program("umount"), "--lazy", str(self.path)], check=True)
