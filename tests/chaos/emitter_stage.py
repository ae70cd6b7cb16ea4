# SPDX-License-Identifier: Apache-2.0
"""The stage of a crowd: a writer of numbers, two replicas of the emitter that end and start again
in turn, the crowd, and at the end a verdict about every number at every client."""

import json
import threading
import time
import uuid

from confluent_kafka import Producer
from crowd import Crowd
from support import create_topic, wait_until
from weir_local import Service, free_port

PARTITIONS = 4
PAUSE_S = 1.5  # between a replica's return and the end of the other


class Writer(threading.Thread):
    """Writes 0, 1, 2 … at a steady pace until stop(), which says how many."""

    def __init__(self, servers, topic, rate):
        super().__init__(daemon=True)
        self._producer = Producer({"bootstrap.servers": servers, "linger.ms": 0})
        self._topic, self._rate, self._over, self._count = topic, rate, threading.Event(), 0

    def run(self):
        began = time.monotonic()
        while not self._over.wait(max(0.0, began + self._count / self._rate - time.monotonic())):
            self._producer.produce(self._topic, json.dumps({"n": self._count}),
                                   key=str(self._count % 97))
            self._producer.poll(0)
            self._count += 1

    def stop(self):
        self._over.set()
        self.join()
        assert self._producer.flush(30) == 0
        return self._count


class EmitterStage:
    """Owns the replicas, the writer and the crowd, not Kafka. Threads: one."""

    def __init__(self, bin_dir, run_dir, kafka, *, clients, rate, options=None, say=print):
        self._say = say
        topic = f"numbers-{uuid.uuid4().hex[:8]}"
        create_topic(kafka.bootstrap_servers, topic, PARTITIONS)
        ports = [free_port() for _ in range(2)]
        self._replicas = [
            Service(bin_dir / "emitter", {
                "bootstrap-servers": kafka.bootstrap_servers, "relay": f"{topic}=window@/live",
                "listen": f"127.0.0.1:{port}", "drain": "500ms", **(options or {})},
                run_dir, name=f"emitter-{i}") for i, port in enumerate(ports, 1)]
        self._crowd = Crowd(ports, clients)
        self._writer = Writer(kafka.bootstrap_servers, topic, rate)
        self._ends = {"kill": 0, "stop": 0}
        self._complaints = []

    def start(self):
        for replica in self._replicas:
            replica.start().wait_ready()
        self._crowd.start()
        wait_until(lambda: all(client.joined for client in self._crowd.clients),
                   "the first connection of every client", 60)
        self._writer.start()
        return self

    def perform(self, seconds):
        """One replica after the other ends, killed and stopped by turns, and starts again."""
        until, turn = time.monotonic() + seconds, 0
        while time.monotonic() < until:
            replica, kind = self._replicas[turn % 2], ("kill", "stop")[turn // 2 % 2]
            self._say(f"{kind} {replica.name}")
            if kind == "kill":
                replica.kill()
            elif replica.stop() != 0:
                self._complaints.append(f"{replica.name} ended with {replica.exit_code}")
            self._ends[kind] += 1
            replica.start().wait_ready(30)
            time.sleep(PAUSE_S)
            turn += 1

    def settle(self, patience=30.0):
        """Waits until every client has the last number, and judges. Returns the report."""
        written = self._writer.stop()
        clients = self._crowd.clients
        until = time.monotonic() + patience
        while time.monotonic() < until and any(len(c.counts) < written or 0 in c.counts
                                               for c in clients):
            time.sleep(0.2)
        self._crowd.stop()
        for client in clients:
            client.counts.extend(bytes(max(0, written - len(client.counts))))
        report = {"clients": len(clients), "written": written, "ends": self._ends,
                  "returns": sum(client.joined - 1 for client in clients),
                  "renewed": sum(client.renewed for client in clients),
                  "missing": sum(client.counts.count(0) for client in clients),
                  "twice": sum(sum(n > 1 for n in client.counts) for client in clients),
                  "complaints": self._complaints}
        report["good"] = not (report["missing"] or report["twice"] or self._complaints)
        return report

    def kill(self):
        for replica in self._replicas:
            replica.kill()


def table(report):
    ends = ", ".join(f"{count} × {kind}" for kind, count in report["ends"].items())
    return "\n".join([
        f"clients           {report['clients']}",
        f"numbers written   {report['written']}",
        f"replicas ended    {ends}",
        f"clients back      {report['returns']}, {report['renewed']} of them with a snapshot",
        f"missing           {report['missing']}",
        f"twice             {report['twice']}",
        *report["complaints"],
        "every client has every number once" if report["good"] else "NOT GOOD"])
