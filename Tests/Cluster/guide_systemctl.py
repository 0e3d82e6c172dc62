"""`systemctl` for where no systemd runs: starts and stops what unit files say, as the user that they name.

It knows the settings that say what runs and with which rights. Those that only cage it further are passed over; others are an
error, so that a misspelt one does not go unnoticed."""

import os
import pwd
import resource
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

UNITS = Path("/etc/systemd/system")
RUNNING = Path("/run/guide")
UNIT, INSTALL = {"Description", "Wants", "After", "StartLimitIntervalSec", "PartOf"}, {"WantedBy"}
USED = {
    *("ExecStart", "EnvironmentFile", "User", "Group", "UMask", "StateDirectory", "StateDirectoryMode"),
    *("WorkingDirectory", "TimeoutStopSec", "LimitNOFILE", "NoNewPrivileges", "CapabilityBoundingSet"),
}
PASSED_OVER = {
    *("Restart", "RestartSec", "KillMode", "OOMScoreAdjust", "AmbientCapabilities", "ProtectSystem", "ProtectHome"),
    *("ProtectProc", "PrivateTmp", "PrivateDevices", "ProtectClock", "ProtectControlGroups", "ProtectHostname"),
    *("ProtectKernelLogs", "ProtectKernelModules", "ProtectKernelTunables", "LockPersonality", "RemoveIPC"),
    *("RestrictAddressFamilies", "RestrictNamespaces", "RestrictRealtime", "RestrictSUIDSGID"),
    *("SystemCallArchitectures", "SystemCallFilter", "SystemCallErrorNumber"),
}
STATE = Path("/var/lib")


def service(name):
    """The settings of a service, with what stands behind the @ in its place."""
    name = name.removesuffix(".service")
    template, at, instance = name.partition("@")
    text = (UNITS / f"{template}{at}.service").read_text().replace("%i", instance)
    section, settings = None, {}
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line.strip() and not line.startswith("#"):
            key, _, value = line.partition("=")
            known = {"Unit": UNIT, "Service": USED | PASSED_OVER, "Install": INSTALL}[section]
            if key not in known:
                sys.exit(f"systemctl: {name}: {key} is not known here")
            if section == "Service":
                settings[key] = value
    return name, settings


def start(name):
    if name == "postgresql":
        return run("pg_ctlcluster", *cluster(), "start")
    if name == "nginx":
        return run("nginx")
    name, settings = service(name)
    user = pwd.getpwnam(settings["User"])
    os.umask(int(settings["UMask"], 8))
    for folder in settings["StateDirectory"].split():
        path = STATE / folder
        path.mkdir(exist_ok=True)
        path.chmod(int(settings["StateDirectoryMode"], 8))
        os.chown(path, user.pw_uid, user.pw_gid)
    environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": user.pw_dir}
    file = settings.get("EnvironmentFile", "")
    path = Path(file.removeprefix("-"))
    if path.exists() or not file.startswith("-"):
        lines = (line for line in path.read_text().splitlines() if line.strip() and not line.startswith("#"))
        environment |= {key: shlex.split(value)[0] for key, _, value in (line.partition("=") for line in lines)}
    assert settings["NoNewPrivileges"] == "yes" and settings["CapabilityBoundingSet"] == ""
    command = [
        # More than this machine gives cannot be given.
        *("prlimit", f"--nofile={min(int(settings['LimitNOFILE']), resource.getrlimit(resource.RLIMIT_NOFILE)[1])}"),
        *("setpriv", "--reuid", settings["User"], "--regid", settings["Group"], "--init-groups"),
        *("--no-new-privs", "--bounding-set", "-all", "--inh-caps", "-all"),
        *shlex.split(settings["ExecStart"]),
    ]
    RUNNING.mkdir(exist_ok=True)
    with open(RUNNING / f"{name}.log", "ab") as log:
        process = subprocess.Popen(
            command,
            cwd=settings["WorkingDirectory"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    (RUNNING / f"{name}.pid").write_text(str(process.pid))


def stop(name):
    if name == "postgresql":
        return run("pg_ctlcluster", *cluster(), "stop", "--mode", "fast")
    if name == "nginx":
        run("nginx", "-s", "quit")
        return wait(lambda: not Path("/run/nginx.pid").exists(), 30)
    name, settings = service(name)
    file = RUNNING / f"{name}.pid"
    number = int(file.read_text())
    signal_to(number, signal.SIGTERM)
    wait(lambda: not Path(f"/proc/{number}").exists(), int(settings["TimeoutStopSec"]))
    file.unlink()


def is_running(name):
    if name == "postgresql":
        return subprocess.run(["pg_ctlcluster", *cluster(), "status"], capture_output=True).returncode == 0
    file = Path("/run/nginx.pid") if name == "nginx" else RUNNING / f"{name}.pid"
    # `nginx -t` leaves an empty one.
    number = file.read_text().strip() if file.exists() else ""
    return number != "" and Path(f"/proc/{number}").exists()


def signal_to(number, signal_number):
    try:
        os.kill(number, signal_number)
    except ProcessLookupError:
        pass


def wait(condition, seconds):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"systemctl: not within {seconds} s")
        time.sleep(0.05)


def cluster():
    return str(max(int(path.name) for path in Path("/etc/postgresql").iterdir())), "main"


def run(*command):
    done = subprocess.run(command)
    if done.returncode != 0:
        sys.exit(f"systemctl: {shlex.join(command)}: exit {done.returncode}")


def main(verb, *names):
    names = [name for name in names if name != "--now"]
    if verb == "daemon-reload":
        return
    for name in names:
        if verb in ("stop", "restart") and is_running(name):
            stop(name)
        if verb in ("enable", "start", "restart") and not is_running(name):
            start(name)
        if verb not in ("enable", "start", "restart", "stop"):
            sys.exit(f"systemctl: {verb} is not known here")


main(*sys.argv[1:])
