"""`docs/deploy.md`, followed word by word on a machine of its own, and what stands in `deploy/`."""

import re
import shutil
import subprocess

import pytest

from component import program
from guide_sandbox import Sandbox
from live_feed import within
from server_process import BINARY, REPOSITORY

GUIDE = REPOSITORY / "docs" / "deploy.md"
UNITS = REPOSITORY / "deploy" / "systemd"

# What the guide promises, tried after its last command.
AFTERWARDS = r"""
echo "--- afterwards"
# nginx sends the bytes: a server only says which.
path=${url#http://127.0.0.1}
curl -sS -D - -o /dev/null "http://127.0.0.1:8081$path" | grep -i '^x-accel-redirect: /stockroom-blobs/'
! curl -sS -D - -o /dev/null "$url" | grep -i '^x-accel-redirect'
curl -sS -r 0-9 "$url" | cmp - <(head -c 10 README.md)
# One server dies: nobody notices.
kill -9 "$(cat /run/guide/stockroom@8082.pid)"
for turn in $(seq 20); do
    curl -sS --fail -o /dev/null http://127.0.0.1/readyz
    curl -sS --fail "$url" | cmp - README.md
done
# The programs that listen are those that may.
test "$(stat -c %U /proc/$(cat /run/guide/stockroom@8081.pid))" = stockroom
test "$(stat -c %a /var/lib/stockroom/shared/blobs)" = 700
echo "--- the end"
"""


def blocks(text):
    """The commands of the guide, in order."""
    return re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def script_of(text):
    """All commands, in one shell; before each block stands its number. What the last part needs is kept from before."""
    commands = blocks(text)
    assert len(commands) >= 12
    parts = []
    for number, block in enumerate(commands):
        if "rm /root/project.json" in block:
            block = block.replace("rm /root/project.json", "url=$(value url /root/sign.json)\nrm /root/project.json")
        if "pg_restore" in block:
            # There is something to restore: bytes are lost, and the database tells nonsense.
            stop, rest = block.split("\n", 1)
            assert stop.startswith("systemctl stop"), stop
            loss = "find /var/lib/stockroom/shared/blobs -type f -delete\n"
            loss += "runuser -l postgres -c \"psql -q -d stockroom -c 'TRUNCATE assets CASCADE'\""
            block = f"{stop}\n{loss}\n{rest}"
        parts.append(f"echo '--- block {number + 1}'\n{block}")
    return "\n".join(parts)


def follow(folder, text):
    code, output = Sandbox(folder, BINARY).run(f"{script_of(text)}\n{AFTERWARDS}")
    assert code == 0 and output.rstrip().endswith("--- the end"), f"exit {code}\n{output[-6000:]}"
    return output


@within(400)
def test_the_guide_is_followed(tmp_path):
    follow(tmp_path, GUIDE.read_text())


def test_each_file_that_the_guide_names_exists():
    text = GUIDE.read_text()
    for name in set(re.findall(r"deploy/[\w@./-]*\w", text)):
        assert (REPOSITORY / name).exists(), name
    for target in re.findall(r"\]\(([\w./-]+\.md)", text):
        assert (GUIDE.parent / target).exists(), target


def test_units_are_right(tmp_path):
    """By systemd's own judgement; the program that they name is not installed here."""
    text = {path.name: path.read_text() for path in UNITS.iterdir()}
    for name, content in text.items():
        (tmp_path / name.replace("@.", "@8081.")).write_text(
            content.replace("/usr/local/bin/stockroom", shutil.which("true"))
        )
    command = [program("systemd-analyze"), "verify", *sorted(map(str, tmp_path.iterdir()))]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0 and "stockroom" not in done.stderr, done.stderr
    # Both services are caged alike.
    cages = [
        content.split("# It needs its folders", 1)[1].split("[Install]")[0]
        for content in text.values()
        if "[Service]" in content
    ]
    assert len(cages) == 2 and cages[0] == cages[1]


@pytest.mark.parametrize("name", ["Dockerfile", "compose.yaml"])
def test_container_files_name_what_exists(name):
    text = (REPOSITORY / "deploy" / name).read_text()
    if name == "Dockerfile":
        for line in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE):
            assert all((REPOSITORY / part).exists() for part in line.split()), line
    else:
        import yaml

        document = yaml.safe_load(text)
        servers = {name: part for name, part in document["services"].items() if name.startswith("stockroom-")}
        nginx = (REPOSITORY / "deploy" / "nginx.conf").read_text()
        for part in servers.values():
            assert f"server 127.0.0.1:{part['environment']['STOCKROOM_PORT']} " in nginx
        assert (
            len(servers) == 3 and (REPOSITORY / "deploy" / part["build"]["dockerfile"].removeprefix("deploy/")).exists()
        )
