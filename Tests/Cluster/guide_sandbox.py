"""A machine of its own for the commands of a guide: the same files, of which nothing that is changed stays; a network of its own,
in which all ports are free; processes that all end with it. Only root can make one.

    sandbox = Sandbox(folder, binary)
    sandbox.run(script)   → what it printed

What is not the real thing there: `apt-get` only says whether packages are installed, `swift build` finds the program that is
being tested, and `systemctl` starts what the unit files say, as the user that they name, but without systemd's own cage."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from component import CannotRun, ending_with_parent, in_lasting_thread, program
from server_process import REPOSITORY

CLONE = "/root/stockroom"
SHIMS = "/usr/local/guide"
# What the guide uses of the repository, besides the program.
PARTS = ("deploy", "docs", "scripts", "Makefile", "Package.swift", "README.md")

APT_GET = """#!/bin/bash
# Says whether what should be installed is.
[[ $1 == update ]] && exit 0
[[ $1 == install ]] || { echo "apt-get: $*" >&2; exit 1; }
shift
for package; do
    [[ $package == -* ]] && continue
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed && continue
    echo "apt-get: $package is not installed (scripts/bootstrap --cluster)" >&2
    exit 1
done
"""

SWIFT = f"""#!/bin/bash
# The program is built already.
if [[ $1 == build ]]; then
    [[ " $* " == *" --show-bin-path "* ]] && echo {CLONE}/.build/release
    exit 0
fi
if [[ $1 == --version ]]; then
    echo "Swift version 6.3"
    exit 0
fi
exit 1
"""

# As after the installation of the packages: a cluster without a database, and nothing runs.
FRESH = f"""
trap 'code=$?; ((code == 0)) || tail -n 20 /run/guide/*.log /var/log/nginx/*.log /var/log/postgresql/*.log; exit $code' EXIT
ip link set lo up
rm -rf /var/lib/postgresql/* /etc/postgresql/*
pg_createcluster "$(ls /usr/lib/postgresql | sort -n | tail -1)" main > /dev/null
rm -rf /etc/stockroom /var/lib/stockroom /usr/local/bin/stockroom
mkdir -p /etc/nginx/sites-enabled /run/postgresql
chown postgres:postgres /run/postgresql
chmod 2775 /run/postgresql
cd {CLONE}
"""


class Sandbox:
    def __init__(self, folder, binary):
        if os.geteuid() != 0:
            raise CannotRun("a machine for the guide can be made by root only")
        self.folder, self.binary = Path(folder), Path(binary)
        self.upper = self.folder / "changes"

    def run(self, script, seconds=300):
        """Runs a script of bash, which ends at its first error. Returns (exit code, what it printed)."""
        for name in ("changes", "work", "root"):
            (self.folder / name).mkdir(parents=True)
        self._lay_out()
        (self.upper / SHIMS.lstrip("/") / "script").write_text(f"set -euo pipefail\n{FRESH}\n{script}")
        command = [
            *ending_with_parent(),
            *(program("unshare"), "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"),
            *(sys.executable, __file__, str(self.folder)),
        ]
        output = self.folder / "output.log"

        def run():
            with open(output, "wb") as file:
                return subprocess.run(
                    command,
                    env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    timeout=seconds,
                ).returncode

        code = in_lasting_thread(run)
        return code, output.read_text(errors="replace")

    def _lay_out(self):
        """What is there besides the files of this machine."""
        clone = self.upper / CLONE.lstrip("/")
        (clone / ".build" / "release").mkdir(parents=True)
        for part in PARTS:
            source = REPOSITORY / part
            (shutil.copytree if source.is_dir() else shutil.copy)(source, clone / part)
        shutil.copy(self.binary, clone / ".build" / "release" / "stockroom")
        shims = self.upper / SHIMS.lstrip("/")
        shims.mkdir(parents=True)
        units = "#!/usr/bin/env python3\n" + (Path(__file__).parent / "guide_systemctl.py").read_text()
        for name, text in (("apt-get", APT_GET), ("swift", SWIFT), ("systemctl", units)):
            (shims / name).write_text(text)
            (shims / name).chmod(0o755)
        # Of a folder that is shown twice, the rights of the upper one count.
        (self.upper / "root").chmod(0o700)


def inside(folder):
    """The first process of the sandbox: puts the files together, runs the script, and waits for what others leave behind."""
    root = folder / "root"
    layers = f"lowerdir=/,upperdir={folder / 'changes'},workdir={folder / 'work'}"
    mount("-t", "overlay", "-o", layers, "stockroom-guide", root)
    mount("--rbind", "/dev", root / "dev")
    mount("-t", "proc", "proc", root / "proc")
    for name in ("run", "tmp"):
        mount("-t", "tmpfs", "-o", f"mode={'1777' if name == 'tmp' else '755'}", "stockroom-guide", root / name)
    os.chroot(root)
    os.chdir("/root")
    environment = {
        "PATH": f"{SHIMS}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        **{"HOME": "/root", "LANG": "C.UTF-8", "TERM": "dumb"},
    }
    script = subprocess.Popen(["/bin/bash", f"{SHIMS}/script"], env=environment)
    while True:
        ended, status = os.wait()
        if ended == script.pid:
            return os.waitstatus_to_exitcode(status)


def mount(*arguments):
    command = ["mount", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"a machine for the guide cannot be made: {shlex.join(command)}: {done.stderr}")


if __name__ == "__main__":
    sys.exit(inside(Path(sys.argv[1])))
