"""A small file system in memory that can be filled: `with SmallDisk(folder, megabytes) as disk: disk.path`."""

import errno
import os
import subprocess
from pathlib import Path

from component import CannotRun, program

MB = 1_000_000


class SmallDisk:
    """Mounted on `folder`, which only root can do."""

    def __init__(self, folder, megabytes, owner=None):
        self.path = Path(folder)
        self.megabytes, self.owner = megabytes, owner

    @property
    def _filler(self):
        return self.path / "filler"

    def fill(self):
        """Takes all space that there is, also what others give back meanwhile."""
        descriptor = os.open(self._filler, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            for size in (MB, 4096):
                try:
                    while True:
                        os.write(descriptor, bytes(size))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
        finally:
            os.close(descriptor)

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
