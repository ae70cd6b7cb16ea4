# SPDX-License-Identifier: Apache-2.0
"""Apache Kafka in KRaft mode: one node, or several as a cluster."""

import os
import re
import shutil
import signal
import socket
import struct
import sys
from pathlib import Path

from . import ports
from .process import Process

_here = Path(__file__).resolve().parent.parent
_cluster_id = "MkU3OEVBNTcwNTJENDM2Qk"


def installed():
    """The folder deploy/local/setup made for the version of kafka/pom.xml."""
    pom = (_here / "kafka" / "pom.xml").read_text()
    version = re.search(r"<kafka\.version>(.*?)</kafka\.version>", pom).group(1)
    return _here.parent.parent / ".cache" / f"kafka-{version}"


def broker_count(port, host="127.0.0.1"):
    """How many brokers the cluster says it has (a Metadata request, version 1, for no topic)."""
    request = struct.pack(">hhih4si", 3, 1, 1, 4, b"weir", 0)
    with socket.create_connection((host, port), 0.25) as link:
        link.sendall(struct.pack(">i", len(request)) + request)
        with link.makefile("rb") as answer:
            size, _correlation, count = struct.unpack(">iii", answer.read(12))
            answer.read(size - 8)
    return count


class Node(Process):
    """One broker that is also a controller. Its log is in <run_dir>/<name>/data."""

    def __init__(self, run_dir, name, node_id, port, brokers, properties, jvm):
        self.port = port
        # Alone it always obeys SIGTERM, and a broker that was killed waits for its old session to
        # end before it starts again. In a cluster the end of the others may keep it waiting.
        self.death_signal = signal.SIGTERM if brokers == 1 else signal.SIGKILL
        self._folder = Path(run_dir) / name
        self._brokers = brokers
        self._node_id = node_id
        self._properties = properties
        super().__init__(name, [*jvm, "kafka.Kafka", self._folder / "server.properties"], run_dir,
                         stop_timeout=20.0)

    def start(self):
        data = self._folder / "data"
        data.mkdir(parents=True, exist_ok=True)
        properties = {**self._properties, "log.dirs": data.resolve()}
        (self._folder / "server.properties").write_text(
            "".join(f"{key}={value}\n" for key, value in properties.items()))
        # What `kafka-storage format` writes, without half a second of Java.
        if not (data / "meta.properties").exists():
            shutil.copy(installed() / "bootstrap.checkpoint", data)
            (data / "meta.properties").write_text(
                f"version=1\nnode.id={self._node_id}\ncluster.id={_cluster_id}\n")
        return super().start()

    def ready(self):
        try:
            return self.running and broker_count(self.port) >= self._brokers
        except (OSError, struct.error):
            return False


class Kafka:
    """A Kafka cluster on loopback, small in memory and quick to start.

    `ports` is one (broker, controller) pair for each of the `nodes`, free ones by default; `nodes`
    is 1 or 3. `properties` are added to, or replace, the brokers' own. Replication is 1 of 1, or
    3 with two in sync. Topics are never created by use. Data stays in <run_dir> and is found
    again by the next start().
    """

    def __init__(self, run_dir, *, nodes=1, ports=None, properties=None, heap="192m"):
        assert nodes in (1, 3), "one node, or three, so that a majority survives the loss of one"
        pairs = ports or _free_pairs(nodes)
        voters = ",".join(f"{n}@127.0.0.1:{pair[1]}" for n, pair in enumerate(pairs, 1))
        self.nodes = []
        for node_id, (port, controller_port) in enumerate(pairs, 1):
            name = "kafka" if nodes == 1 else f"kafka-{node_id}"
            own = {**_properties(node_id, port, controller_port, voters, nodes),
                   **(properties or {})}
            self.nodes.append(Node(run_dir, name, node_id, port, nodes, own, _jvm(heap)))
        self.bootstrap_servers = ",".join(f"127.0.0.1:{port}" for port, _ in pairs)

    def start(self):
        for node in self.nodes:
            node.start()
        return self

    def wait_ready(self, timeout=60.0):
        """Errors: NotReady."""
        for node in self.nodes:
            node.wait_ready(timeout)
        return self

    def stop(self):
        """All nodes at once, because a controlled shutdown needs the other nodes alive."""
        for node in self.nodes:
            node.terminate()
        for node in self.nodes:
            node.finish(node.stop_timeout)

    def kill(self):
        for node in self.nodes:
            node.kill()

    def restart(self, timeout=60.0):
        self.stop()
        return self.start().wait_ready(timeout)


def _free_pairs(nodes):
    numbers = ports.free_ports(2 * nodes)
    return list(zip(numbers[::2], numbers[1::2]))


def _properties(node_id, port, controller_port, voters, nodes):
    replicas, in_sync = (1, 1) if nodes == 1 else (3, 2)
    return {
        "process.roles": "broker,controller",
        "node.id": node_id,
        "controller.quorum.voters": voters,
        "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "PLAINTEXT",
        "auto.create.topics.enable": "false",
        "default.replication.factor": replicas,
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": replicas,
        "offsets.topic.num.partitions": 3,
        "transaction.state.log.replication.factor": replicas,
        "transaction.state.log.min.isr": in_sync,
        "transaction.state.log.num.partitions": 3,
        "share.coordinator.state.topic.replication.factor": replicas,
        "share.coordinator.state.topic.min.isr": in_sync,
        # A group of one must not wait three seconds for company.
        "group.initial.rebalance.delay.ms": 0,
        # A transaction whose owner died is aborted soon after its timeout, not ten seconds later.
        "transaction.abort.timed.out.transaction.cleanup.interval.ms": 1000,
        # A killed broker is refused its own place until its old session ends.
        "broker.session.timeout.ms": 3000,
        "broker.heartbeat.interval.ms": 500,
        "log.cleaner.dedupe.buffer.size": 4194304,
    }


def _jvm(heap, archive="-XX:SharedArchiveFile"):
    folder = installed()
    # Quick start and little memory before peak speed. The order of the jars must not change, or
    # the class archive is not used.
    return ["java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xms64m", f"-Xmx{heap}",
            f"{archive}={folder / 'classes.jsa'}",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
            "-cp", ":".join(sorted(map(str, (folder / "lib").glob("*.jar"))))]


def prepare():
    """Completes a folder of jars: an empty formatted log, and the archive of Kafka's classes.

    Called by deploy/local/setup. The archive is what a first broker leaves when it ends; it takes
    the start from about 1.1 s to 0.6 s.
    """
    folder = installed()
    scratch = folder / "prepare"
    shutil.rmtree(scratch, ignore_errors=True)
    node = Kafka(scratch).nodes[0]
    data = scratch / "kafka" / "data"
    data.mkdir(parents=True)
    properties = {**node._properties, "log.dirs": data}
    config = scratch / "format.properties"
    config.write_text("".join(f"{key}={value}\n" for key, value in properties.items()))
    jvm = _jvm("192m", archive="-XX:ArchiveClassesAtExit")
    plain = [word for word in jvm if not word.startswith("-XX:Archive")]
    format_log = Process("format", [*plain, "kafka.tools.StorageTool", "format", "-t", _cluster_id,
                                    "-c", config], scratch).start()
    if format_log.finish(60) != 0:
        sys.exit(format_log.log_text())
    shutil.copy(data / "bootstrap.checkpoint", folder)
    node.command = [*jvm, *node.command[node.command.index("kafka.Kafka"):]]
    node.start().wait_ready(60)
    if node.stop(60) not in (0, 143):
        sys.exit(node.log_text())
    shutil.rmtree(scratch)


if __name__ == "__main__":
    os.environ.pop("CLASSPATH", None)
    prepare()
