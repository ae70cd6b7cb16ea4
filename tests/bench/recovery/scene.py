# SPDX-License-Identifier: Apache-2.0
"""One system at work on a Kafka of its own: topics, replicas, and an eye on the results."""

import time
from pathlib import Path

import oracle
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from judge import Oracle
from rates import cpu
from support import create_topic, wait_until
from systems import DEAD, GROUP, INPUT, LATE, OUTPUT, Job
from watch import Watcher, owners
from weir_local import Kafka

PARTITIONS = 12
# How long a share, a result or an end may be waited for. Kafka Streams moves what has state in
# steps of at least a minute, and takes some minutes for the million windows.
PATIENCE_S = 1_200.0
# How often replicas may end by themselves before it is no use to go on.
ENDS_MAX = 20
# No result for this long: all that was read has been answered.
QUIET_S = 4.0


class Scene:
    """Lifetime: kill() ends everything. Threads: the main one (see weir_local.Process)."""

    def __init__(self, system, folder, *, window_ms, grace_ms, **more):
        self._system, self._folder, self._more = system, folder, more
        # Kafka Streams writes results with the time of the event, which lies in the past.
        self._kafka = Kafka(folder, heap="1g", properties={
            "log.retention.ms": -1}).start().wait_ready()
        self.servers = self._kafka.bootstrap_servers
        self._job = Job(self.servers, window_ms, grace_ms)
        for topic in (INPUT, OUTPUT, LATE, DEAD):
            create_topic(self.servers, topic, PARTITIONS)
        self._admin = AdminClient({"bootstrap.servers": self.servers,
                                   "log.connection.close": False})
        self.watcher = Watcher(self.servers, OUTPUT, PARTITIONS).start()
        self.replicas = {}
        self.ended_by_themselves = 0
        self._wanted = set()
        self._cpu_of_the_dead = 0.0

    def start(self, name):
        if name not in self.replicas:
            self.replicas[name] = self._system.replica(name, self._job, self._folder, **self._more)
        self.replicas[name].start()
        self._wanted.add(name)
        return time.monotonic()

    def kill_replica(self, name):
        """kill -9. Returns when."""
        self._cpu_of_the_dead += cpu(self.replicas[name])
        self._wanted.remove(name)
        moment = time.monotonic()
        self.replicas[name].kill()
        return moment

    def stop_replica(self, name):
        """SIGTERM, and waits for the end. Returns when it was asked."""
        self._cpu_of_the_dead += cpu(self.replicas[name])
        self._wanted.remove(name)
        moment = time.monotonic()
        code = self.replicas[name].stop()
        assert code in (0, 143), f"{name} was asked to stop and ended with {code}"
        return moment

    def cpu(self):
        """Seconds of CPU of all replicas, dead and alive."""
        return self._cpu_of_the_dead + sum(cpu(replica) for replica in self.replicas.values()
                                           if replica.running)

    def peak_bytes(self, name):
        """The most memory the replica has had."""
        status = Path(f"/proc/{self.replicas[name].pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024

    def shares(self):
        """{replica: partitions} while the group is at rest, else None."""
        self._tend()
        state, clients = owners(self._admin, GROUP)
        if state not in ("Stable", "Empty", "Dead"):
            return None
        shares = {name: set() for name in self.replicas}
        for client, partitions in clients.items():
            # A client of Kafka Streams is one of several threads: NAME-StreamThread-1-consumer.
            shares[client.split("-StreamThread")[0]] |= partitions
        return shares

    def wait_shared(self, *names):
        """Until these own all partitions in equal parts and every partition gives results.
        Returns the shares."""
        part = PARTITIONS // len(names)

        def shared():
            shares = self.shares()
            return shares and all(len(shares[name]) == part for name in names) and shares
        shares = wait_until(shared, f"equal shares of {names}", PATIENCE_S, 0.1)
        self.wait_flowing()
        return shares

    def wait_flowing(self):
        moment = time.monotonic()
        self.wait(lambda: self.watcher.first_since(moment), "result of each partition")

    def wait_group_empty(self):
        self.wait(lambda: owners(self._admin, GROUP)[0] in ("Empty", "Dead"), "empty group", 0.1)

    def wait_committed(self):
        """Until the whole input is committed and no result comes any more."""
        def committed():
            try:
                return oracle.committed(self.servers, GROUP, INPUT) \
                    == oracle.ends(self.servers, INPUT)
            except KafkaException:  # an offset a transaction holds back
                return False
        self.wait(committed, "commit of the whole input", 0.2)

    def wait_quiet(self):
        self.wait(lambda: time.monotonic() - self.watcher.last() > QUIET_S, "last result", 0.2)

    def wait(self, condition, what, interval=0.02):
        def checked():
            self._tend()
            return condition()
        return wait_until(checked, what, PATIENCE_S, interval)

    def _tend(self):
        """Does what a supervisor does: starts again what has ended by itself. Errors:
        AssertionError if that is of no use."""
        for name in self._wanted:
            replica = self.replicas[name]
            if replica.running:
                continue
            self.ended_by_themselves += 1
            assert self.ended_by_themselves <= ENDS_MAX, \
                f"{name} ended with {replica.exit_code}\n{replica.log_tail()}"
            replica.start()

    def verdict(self):
        judge = Oracle(self._job.window_ms, self._job.grace_ms)
        for message in oracle.messages(self.servers, INPUT):
            judge.take(message.partition(), message.value(), message.timestamp()[1])
        verdict = judge.compare(m.value() for m in oracle.messages(self.servers, OUTPUT))
        verdict.late = judge.late, self._count(LATE)
        verdict.dead = judge.dead, self._count(DEAD)
        return verdict

    def _count(self, topic):
        return sum(1 for _ in oracle.messages(self.servers, topic))

    def kill(self):
        self.watcher.stop()
        for replica in self.replicas.values():
            replica.kill()
        self._kafka.kill()
