# SPDX-License-Identifier: Apache-2.0
"""What is measured, once: each takes what the run is asked for and an empty folder, lets the
servers take turns and returns {figure: {server: value}}."""

import json
import subprocess
import time
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

from confluent_kafka import Producer
from servers import BIN, load, load_command, running
from support import create_topic
from trickle import Trickle, resident
from weir_local import Kafka, Service, free_port

EVENTS_A_SECOND = 10
# Until the kernel's buffers and the server's own queue of a client that does not read are full.
FULL_AFTER_MS = 6_000
# python-socketio's turn at 5,000 clients would take longer than all others together.
PYTHON_CLIENTS_MAX = 1_000


@dataclass(frozen=True)
class Plan:
    servers: tuple
    sizes: tuple      # clients of a flood
    burst_clients: int
    idle_clients: int
    churn_times: int
    warm_ms: int
    window_ms: int
    latency_ms: int

    def taking_turns(self, clients=0, but=()):
        for name in self.servers:
            if name not in but and (name != "python" or clients <= PYTHON_CLIENTS_MAX):
                yield name


def flood(plan, folder):
    """CPU a million deliveries, one event a round."""
    figures = {}
    for clients in plan.sizes:
        row = figures[f"flood, {clients} clients: CPU a million, s"] = {}
        for name in plan.taking_turns(clients):
            row[name] = _flood(name, plan, folder, clients=clients)["cpu_per_million"]
    return figures


def bursts(plan, folder):
    """The same with 16 events a round."""
    row = {name: _flood(name, plan, folder, clients=plan.burst_clients,
                        burst=16)["cpu_per_million"]
           for name in plan.taking_turns(but=("python",))}
    return {f"bursts of 16, {plan.burst_clients} clients: CPU a million, s": row}


def _flood(name, plan, folder, **settings):
    with running(name, folder) as (port, pid):
        return load("flood", port, pid, warm=plan.warm_ms, window=plan.window_ms, **settings)


def idle(plan, folder):
    """All connect at once and stay."""
    seconds, memory = {}, {}
    for name in plan.taking_turns(plan.idle_clients):
        with running(name, folder) as (port, pid):
            found = load("idle", port, pid, clients=plan.idle_clients)
        seconds[name], memory[name] = found["seconds"], found["bytes_per_client"] / 1024
    return {f"{plan.idle_clients} clients connect, s": seconds,
            f"{plan.idle_clients} idle clients: memory of one, KiB": memory}


def stalled(plan, folder):
    """A hundred of a thousand do not read: the others' rate while the kernel holds ever more for
    them, and once the server has let them go; then the nine hundred alone."""
    rates = {}
    for what, clients, asleep, warm in (("while 100 stalled ones fill up", 1000, 100, 0),
                                        ("after 100 stalled ones", 1000, 100, FULL_AFTER_MS),
                                        ("alone", 900, 0, FULL_AFTER_MS)):
        with running("weir", folder) as (port, pid):
            found = load("flood", port, pid, clients=clients, stalled=asleep, burst=16, size=1000,
                         warm=warm, window=plan.window_ms)
        rates[f"900 clients {what}: deliveries/s"] = {"weir": found["rate"]}
    return rates


def churn(plan, folder):
    """All connect and are dropped, again and again."""
    with running("weir", folder) as (port, pid):
        resident = load("churn", port, pid, clients=plan.idle_clients,
                        times=plan.churn_times)["resident"]
    return {"memory after two crowds, MiB": {"weir": resident[1] / 2**20},
            f"most after any of {plan.churn_times - 2} more, MiB":
                {"weir": max(resident[2:]) / 2**20}}


def kafka(plan, folder):
    """From before a record is produced until a client has it, with the real emitter."""
    with _emitter(folder, "results") as (servers, port, pid):
        found = _latency(plan, servers, "results", port, pid)
    return {"Kafka to 1000 clients, median, ms": {"weir": found["p50_ms"]},
            "Kafka to 1000 clients, p99, ms": {"weir": found["p99_ms"]}}


def trickle(plan, folder):
    """The same with events of 3 KB, first without and then with a client that reads a kilobyte a
    second of the thirty that come: what the others notice of it, and what it costs in memory."""
    p99, memory = {}, {}
    for what, slow in (("1000 clients", False), ("1000 clients and a slow one", True)):
        with _emitter(folder / what, "results") as (servers, port, pid):
            with Trickle(port) if slow else nullcontext():
                found = _latency(plan, servers, "results", port, pid, padding=3000)
                memory[what] = resident(pid) / 2**20
        p99[what] = found["p99_ms"]
    return {f"large events to {what}, p99, ms": {"weir": value} for what, value in p99.items()} | {
        f"memory with large events to {what}, MiB": {"weir": value}
        for what, value in memory.items()}


@contextmanager
def _emitter(folder, topic):
    """A real emitter of that topic as `window@/live` on a Kafka of its own: (bootstrap servers,
    port, pid)."""
    folder.mkdir(parents=True, exist_ok=True)
    broker = Kafka(folder, heap="512m").start().wait_ready()
    try:
        create_topic(broker.bootstrap_servers, topic, 1)
        port = free_port()
        emitter = Service(BIN / "emitter", {
            "bootstrap-servers": broker.bootstrap_servers, "listen": f"127.0.0.1:{port}",
            "relay": f"{topic}=window@/live"}, folder).start().wait_ready()
        try:
            yield broker.bootstrap_servers, port, emitter.pid
        finally:
            emitter.kill()
    finally:
        broker.kill()


def _latency(plan, servers, topic, port, pid, padding=0):
    producer = Producer({"bootstrap.servers": servers, "linger.ms": 0,
                         "log.connection.close": False})
    clients = subprocess.Popen(load_command("latency", port, pid, clients=1000, warm=plan.warm_ms,
                                            window=plan.latency_ms),
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        ready = clients.stdout.readline()
        while ready and clients.poll() is None:
            value = (f'{{"device_name":"device1","window":{{"start":"2024-10-07T13:02:45.000Z",'
                     f'"end":"2024-10-07T13:03:00.000Z"}},"average":863.852,'
                     f'"note":"{"x" * padding}","sent_ns":{time.time_ns()}}}')
            producer.produce(topic, value, "device1",
                             headers={"weir-window": "a/b", "weir-final": "true"})
            producer.poll(0)
            time.sleep(1 / EVENTS_A_SECOND)
        output, error = clients.communicate()
        producer.flush(10)
        assert clients.returncode == 0, error
        found = json.loads(output.splitlines()[-1])
        assert found["deliveries"] > 0.8 * 1000 * EVENTS_A_SECOND * plan.latency_ms / 1000, found
        return found
    finally:
        clients.kill()


MEASURES = {"flood": flood, "bursts": bursts, "idle": idle, "stalled": stalled, "churn": churn,
            "kafka": kafka, "trickle": trickle}
