# SPDX-License-Identifier: Apache-2.0
"""A system of services as its system.toml describes it: deploy/air-quality, for one."""

import time
import tomllib
from pathlib import Path

from . import ports
from .kafka import Kafka
from .mosquitto import Mosquitto
from .process import NotReady
from .service import Announcer, Job, Service, flags

tree = Path(__file__).resolve().parents[3]
_top_keys = {"name", "url", "variant", "ports", "service"}
_service_keys = {"name", "variant", "needs", "command", "options", "admin", "listens", "job",
                 "ready"}


class DescriptionError(Exception):
    """The description, or what was asked of it, cannot work. The message says why."""


class Part:
    """One process of a system, and what it waits for."""

    def __init__(self, process, needs, port_names=()):
        self.name = process.name
        self.process = process
        self.needs = needs
        self.port_names = port_names  # the ports it listens on
        self.level = 0  # how many starts come before its own
        self.state = "waiting"  # then starting, then ready or ended


class System:
    """The parts of a system, started in parallel as far as their needs allow.

    `ports` replaces some of the description's by name; "free" replaces all of them by free ones.
    `bootstrap_servers` names a Kafka to use in place of an own one. `variant` as in the file.
    `options` replaces and adds some: {"aggregator": {"window": "2s"}}; None leaves one out.
    `environ` is the environment of the services.
    Threads: start(), advance() and stop() belong to one long-lived thread (see Process).
    """

    def __init__(self, folder, run_dir, bin_dir, *, ports=None, bootstrap_servers=None,
                 variant=None, options=None, environ=None):
        self.folder = Path(folder)
        self.run_dir = Path(run_dir)
        self._bin = Path(bin_dir)
        self._options = options or {}
        self._environ = environ
        description = tomllib.loads((self.folder / "system.toml").read_text())
        _check_keys("system.toml", description, _top_keys)
        self.name = description["name"]
        variant = variant or description.get("variant")
        every = description["service"]
        services = [service for service in every if service.get("variant", variant) == variant]
        self.ports = self._choose_ports(description["ports"], every, ports or {})
        self.bootstrap_servers = bootstrap_servers or f"127.0.0.1:{self.ports['kafka']}"
        self.parts = self._brokers(own_kafka=bootstrap_servers is None)
        provided = {part.name for part in self.parts} | {"kafka"}
        for service in services:
            _check_keys(f"service {service.get('name')}", service, _service_keys)
            missing = set(service.get("needs", [])) - provided
            if missing:
                raise DescriptionError(f"{service['name']} needs {', '.join(sorted(missing))},"
                                   " which no earlier service is called")
            self.parts.append(self._part(service))
            provided.add(service["name"])
        self.url = self._fill(description.get("url", ""))

    def __getitem__(self, name):
        """The process of that name."""
        return self._find(name).process

    def start(self, timeout=60.0):
        """Starts everything and waits until all is ready. Errors: NotReady, with what ended."""
        deadline = time.monotonic() + timeout
        try:
            while True:
                for part in self.advance():
                    if part.state == "ended":
                        raise NotReady(f"{part.name} ended with {part.process.exit_code}\n"
                                       + part.process.log_tail())
                waiting = [part.name for part in self.parts if part.state != "ready"]
                if not waiting:
                    return self
                if time.monotonic() > deadline:
                    raise NotReady(f"not ready after {timeout} s: {', '.join(waiting)}")
                time.sleep(0.02)
        except BaseException:
            self.stop()
            raise

    def advance(self):
        """One round of the start: starts what may start, looks at what has been started.

        Returns the parts whose state has changed to ready or ended. A part that ended stays so
        until retry().
        """
        changed = []
        for part in self.parts:
            before = part.state
            if part.state == "waiting" and all(self._is_ready(need) for need in part.needs):
                part.process.start()
                part.state = "starting"
            if part.state == "starting" and part.process.ready():
                part.state = "ready"
            elif part.state in ("starting", "ready") and self._has_ended(part):
                part.process.kill()
                part.state = "ended"
            if part.state != before and part.state in ("ready", "ended"):
                changed.append(part)
        return changed

    def retry(self, part):
        """Has a part that ended started again by the next advance()."""
        part.state = "waiting"

    def stop(self, on_killed=lambda part: None, hurry=lambda: False):
        """Stops everything in the reverse order of the start, what may stop together together.

        A part that does not stop in time is killed, and at once when hurry() says so.
        """
        for level in sorted({part.level for part in self.parts}, reverse=True):
            running = [part for part in self.parts if part.level == level and part.process.running]
            for part in running:
                part.process.terminate()
            for part in running:
                if part.process.finish(part.process.stop_timeout, hurry) == -9:
                    on_killed(part)

    def busy_ports(self):
        """[(name, port)] of the ports it needs that somebody else listens on."""
        names = [name for part in self.parts for name in part.port_names]
        return [(name, self.ports[name]) for name in names if not ports.is_free(self.ports[name])]

    def _is_ready(self, name):
        return self._find(name).state == "ready"

    @staticmethod
    def _has_ended(part):
        done = isinstance(part.process, Job) and part.process.exit_code == 0
        return not part.process.running and not done

    def _find(self, name):
        return next(part for part in self.parts if part.name == name)

    def _choose_ports(self, described, services, wanted):
        numbers = dict(described)
        for service in services:
            if "admin" in service:
                numbers[_admin_name(service["name"])] = service["admin"]
        if wanted == "free":
            return {name: ports.free_port() for name in numbers}
        unknown = set(wanted) - set(numbers)
        if unknown:
            raise DescriptionError(f"{self.name} has no port called {', '.join(sorted(unknown))};"
                               f" it has {', '.join(sorted(numbers))}")
        return numbers | wanted

    def _brokers(self, own_kafka):
        parts = [Part(Mosquitto(self.run_dir, port=self.ports["mqtt"]), [], ["mqtt"])]
        if own_kafka:
            pair = (self.ports["kafka"], self.ports["kafka_controller"])
            node = Kafka(self.run_dir, ports=[pair]).nodes[0]
            parts.append(Part(node, [], ["kafka", "kafka_controller"]))
        return parts

    def _part(self, service):
        name = service["name"]
        options = service.get("options", {}) | self._options.get(name, {})
        options = {key: self._fill(value) for key, value in options.items()}
        command = [self._fill(word) for word in service.get("command", [str(self._bin / name)])]
        port_names = list(service.get("listens", []))
        if "admin" in service:
            admin = _admin_name(name)
            port_names.append(admin)
            process = Service(command[0], options, self.run_dir, name=name, env=self._environ,
                              admin_port=self.ports[admin])
        elif "ready" in service:
            process = Announcer(name, command + flags(options), self.run_dir, service["ready"])
        else:
            process = Job(name, command + flags(options), self.run_dir, env=self._environ)
        present = {part.name for part in self.parts}
        part = Part(process, [need for need in service.get("needs", []) if need in present],
                    port_names)
        part.level = 1 + max((self._find(need).level for need in part.needs), default=0)
        return part

    def _fill(self, value):
        if isinstance(value, list):
            return [self._fill(item) for item in value]
        if not isinstance(value, str):
            return value
        return value.format(**self.ports, bootstrap_servers=self.bootstrap_servers, bin=self._bin,
                            build=self._bin.parent, here=self.folder, root=tree,
                            run=self.run_dir)


def _admin_name(service):
    return service.replace("-", "_") + "_admin"


def _check_keys(where, table, known):
    unknown = set(table) - known
    if unknown:
        raise DescriptionError(f"{where}: unknown {', '.join(sorted(unknown))};"
                           f" known are {', '.join(sorted(known))}")
