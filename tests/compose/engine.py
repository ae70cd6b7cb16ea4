# SPDX-License-Identifier: Apache-2.0
"""A Docker engine of the tests' own: its data, socket and networks are gone when it stops."""

import json
import os
import re
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path

from weir_local import Process

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ROOT / ".cache" / "docker"
DATA = ROOT / ".cache" / "engine"  # kept from run to run: compiled libs, layers


def impossible():
    """Why no engine can be started on this machine, or None."""
    if os.geteuid() != 0:
        return "a Docker engine needs root"
    if not any("cgroup" in line.split()[2] for line in Path("/proc/mounts").open()):
        return "a Docker engine needs control groups, and none are mounted"
    if any(_name_of(process) == "dockerd" for process in Path("/proc").glob("[0-9]*")):
        return "another Docker engine runs here, and two would take each other's firewall rules"
    return None


def _name_of(process):
    try:
        return (process / "comm").read_text().strip()
    except OSError:  # it has ended
        return ""


def compose_config(*arguments, cwd=ROOT, **variables):
    """What `docker compose` makes of files, for which no engine is needed. Services' own variables
    of this shell are left out, so that the files' defaults show."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("WEIR_")}
    environ |= {"DOCKER_CONFIG": str(PLUGINS), **variables}
    done = subprocess.run(["docker", "compose", *arguments, "config", "--format", "json"],
                          cwd=cwd, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "variable is not set" not in done.stderr, done.stderr
    return json.loads(done.stdout)


class CommandFailed(Exception):
    """A docker command ended with something else than 0. The message ends with what it said."""


class Engine(Process):
    """dockerd with its data in `data`, which may be kept for the next run (compiled libs, layers).

    Its socket and its running state are in a folder of /run, because the paths of sockets are
    short. stop() undoes what the engine did to the machine: its firewall rules and bridges.
    """

    def __init__(self, data, run_dir):
        self.data = Path(data)
        self._state = Path(f"/run/weir-docker-{os.getpid()}")
        self.host = f"unix://{self._state}/docker.sock"
        dockerd = shutil.which("dockerd", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
        super().__init__("dockerd", [
            dockerd or "dockerd", "--data-root", self.data, "--exec-root", self._state / "exec",
            "--pidfile", self._state / "pid", "--host", self.host,
        ], run_dir, stop_timeout=30.0)
        self.environ = {**os.environ, "DOCKER_HOST": self.host, "DOCKER_CONFIG": str(PLUGINS),
                        "DOCKER_BUILDKIT": "1", "BUILDKIT_PROGRESS": "plain"}
        self._rules = None

    def start(self):
        self._state.mkdir(parents=True, exist_ok=True)
        self.data.mkdir(parents=True, exist_ok=True)
        self._rules = _firewall_rules()
        self._links = _bridges()
        return super().start()

    def ready(self):
        return self.running and self.run(["info"], check=False).returncode == 0

    def stop(self, timeout=None):
        code = super().stop(timeout)
        subprocess.run(["iptables-restore"], input=self._rules, text=True, check=True)
        for name in _bridges() - self._links:
            subprocess.run(["ip", "link", "delete", name], check=True)
        shutil.rmtree(self._state, ignore_errors=True)
        return code

    def run(self, arguments, *, timeout=120.0, check=True, **more):
        """`docker` with these arguments. Errors: CommandFailed."""
        command = ["docker", *map(str, arguments)]
        done = subprocess.run(command, env=self.environ, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=timeout, **more)
        if check and done.returncode != 0:
            raise CommandFailed(f"{' '.join(command)}: {done.returncode}\n"
                                + "\n".join((done.stdout + done.stderr).splitlines()[-40:]))
        return done

    def out(self, *arguments, **more):
        """What such a command prints, without the line end."""
        return self.run(arguments, **more).stdout.rstrip("\n")

    def files(self, container):
        """The paths of all files of a container."""
        export = subprocess.Popen(["docker", "export", container], env=self.environ,
                                  stdout=subprocess.PIPE)
        listing = subprocess.run(["tar", "--list"], stdin=export.stdout, check=True,
                                 capture_output=True, text=True).stdout
        assert export.wait() == 0, "docker export failed"
        return listing.splitlines()

    def has_image(self, name):
        return self.run(["image", "inspect", name], check=False).returncode == 0


class Project:
    """A compose file brought up: `up`, `down`, and questions about its containers.

    `variables` are the file's, such as ports that disturb nobody: {"PAGE_PORT": 20123}. `override`
    is a second file.
    """

    def __init__(self, engine, file, name, variables=None, override=None):
        self.engine = engine
        self._base = ["compose", "--project-name", name, "--file", file]
        if override:
            self._base += ["--file", override]
        self._name = name
        self.environ = {**engine.environ, **{k: str(v) for k, v in (variables or {}).items()}}

    def compose(self, *arguments, timeout=180.0):
        command = ["docker", *map(str, self._base), *map(str, arguments)]
        done = subprocess.run(command, env=self.environ, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=timeout)
        if done.returncode != 0:
            raise CommandFailed(f"{' '.join(command)}: {done.returncode}\n" + done.stdout[-4000:])
        return done.stdout

    def up(self, *services, scale=None, wait=True):
        """Images are never built here: the tests build them first, and once."""
        sizes = [f"--scale={name}={count}" for name, count in (scale or {}).items()]
        self.compose("up", "--detach", "--no-build", *sizes, *services)
        if wait:
            self.wait_healthy()

    def down(self):
        self.compose("down", "--volumes", "--remove-orphans", "--timeout", "20")

    def containers(self, service=None):
        """[(id, service, state, health)] of what runs or has ended."""
        wanted = [f"label=com.docker.compose.project={self._name}"]
        if service:
            wanted.append(f"label=com.docker.compose.service={service}")
        filters = [word for label in wanted for word in ("--filter", label)]
        ids = self.engine.out("ps", "--all", "--quiet", "--no-trunc", *filters).split()
        if not ids:
            return []
        found = json.loads(self.engine.out("inspect", *ids))
        return sorted((one["Id"], one["Config"]["Labels"]["com.docker.compose.service"],
                       one["State"]["Status"], one["State"].get("Health", {}).get("Status", "none"))
                      for one in found)

    def wait_healthy(self, timeout=90.0):
        """Until everything that runs is healthy, and what has ended has ended well."""
        deadline = time.monotonic() + timeout
        while True:
            states = self.containers()
            bad = [s for s in states if s[3] in ("starting", "unhealthy") or s[2] == "restarting"]
            if states and not bad:
                return
            assert time.monotonic() < deadline, f"not healthy: {bad}\n{self.logs()[-4000:]}"
            time.sleep(0.2)

    def metric(self, service, name):
        """The sum of a metric over the samples of all running containers of a service."""
        return sum(float(value) for container, _, state, _ in self.containers(service)
                   if state == "running"
                   for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", self._metrics(container),
                                           re.MULTILINE))

    def _metrics(self, container):
        address = self.engine.out(
            "inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}",
            container)
        with urllib.request.urlopen(f"http://{address}:8080/metrics", timeout=5) as answer:
            return answer.read().decode()

    def logs(self, *arguments):
        return self.compose("logs", "--no-color", *arguments)

    def keep_logs(self, folder):
        """Writes <folder>/<project>.log, every container's lines with their times."""
        folder.mkdir(exist_ok=True)
        (folder / f"{self._name}.log").write_text(self.logs("--timestamps"))

    def left(self):
        """Containers, networks and volumes of this project that are still there."""
        label = f"label=com.docker.compose.project={self._name}"
        return [line for kind in ("container", "network", "volume")
                for line in self.engine.out(kind, "ls", "--quiet", "--filter", label,
                                            *(["--all"] if kind == "container" else [])).split()]


def _firewall_rules():
    """What iptables-restore makes today's rules of, also of tables that have none yet."""
    rules = subprocess.run(["iptables-save"], check=True, capture_output=True, text=True).stdout
    chains = {"filter": ("INPUT", "FORWARD", "OUTPUT"),
              "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING")}
    for table, names in chains.items():
        if f"*{table}\n" not in rules:
            empty = "".join(f":{name} ACCEPT\n" for name in names)
            rules += f"*{table}\n{empty}COMMIT\n"
    return rules


def _bridges():
    return {link.name for link in Path("/sys/class/net").iterdir() if (link / "bridge").exists()}
