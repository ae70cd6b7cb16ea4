# SPDX-License-Identifier: Apache-2.0
"""The stage of a chaos run: a cluster, a steady input, replicas of the aggregator, and at the end
a verdict about everything they wrote."""

import json
import os
import sys
import time
from collections import Counter
from http.client import HTTPException

import faults
import oracle
from confluent_kafka import KafkaException
from support import create_topic, wait_until
from weir_local import Kafka, Process, Service
from weir_local.service import flags

PARTITIONS = 12
WINDOW_S, GRACE_S = 2, 5
TOPICS = ("input", "output", "late", "dead")
GROUP = "chaos"
# The columns tests/tools/chaos-oracle works out, in its order.
COLUMNS = ["n=count()", "seen=count(data)", "mean=mean(data)", "low=min(data)", "high=max(data)",
           "units=sum(units:int64)", "first=first(units:int64)", "last=last(data)"]
# Options of the replicas that the audit of their work has not.
ONLY_OF_REPLICAS = ("idle", "kafka", "guarantee", "commit-linger", "commit-interval")
# How long the last of the input may take after the last fault; transactions of the dead end after
# ten seconds.
SETTLE_S = 120.0
STOP_S = 20.0


def cluster(folder, nodes=3, **more):
    """A cluster that takes the short sessions of the replicas."""
    return Kafka(folder, nodes=nodes, properties={"group.min.session.timeout.ms": 500}, **more)


def number_from_environment(name, default, least):
    text = os.environ.get(name) or str(default)
    if not text.isdigit() or int(text) < least:
        sys.exit(f"{name}: expected a number of at least {least}, got \"{text}\"")
    return int(text)


class Stage:
    """Owns replicas and producer, not the cluster.

    Threads: one, the main thread (see weir_local.Process)."""

    def __init__(self, bin_dir, run_dir, kafka, *, seed, rate, seconds, replicas=3,
                 options=None, say=print):
        self._bin, self._run_dir, self._kafka, self._say = bin_dir, run_dir, kafka, say
        self.seed, self.rate, self.seconds = seed, rate, seconds
        self.servers = kafka.bootstrap_servers
        self.options = {
            "bootstrap-servers": self.servers, "group": GROUP, "input": "input",
            "output": "output", "late": "late", "dead-letter": "dead", "key": "device_name",
            "time": "timestamp", "window": f"{WINDOW_S}s", "grace": f"{GRACE_S}s",
            "aggregate": COLUMNS,
            # By records alone, as long as the input lasts: the oracle has no clock.
            "idle": "1h",
            "kafka": [f"session.timeout.ms={int(faults.SESSION_S * 1000)}",
                      "heartbeat.interval.ms=500"],
            **(options or {})}
        self.replicas = {name: self._replica(name) for name in faults.REPLICAS[:replicas]}
        self._producer = Process(
            "producer", [bin_dir / "chaos-producer", self.servers, "input", seed, rate, seconds],
            run_dir)
        self._targets = {**self.replicas, **{node.name: node for node in kafka.nodes}}
        self._down = set()
        self.acts, self.faults = Counter(), Counter()
        self.left = Counter()      # replicas that ended by themselves, by exit code
        self.complaints = []

    def _replica(self, name, executable="aggregator", **changed):
        return Service(self._bin / executable, {**self.options, **changed}, self._run_dir,
                       name=name, stop_timeout=STOP_S)

    @property
    def producing(self):
        """The input is not over yet."""
        return self._producer.running

    def replace(self, name, executable="aggregator", **changed):
        """Stops one replica in order, if it runs, and starts it as another program, or with other
        options."""
        replica = self.replicas[name]
        if replica.running and (code := replica.stop()) != 0:
            self.complaints.append(f"{name} was asked to stop and ended with {code}")
        self.replicas[name] = self._replica(name, executable, **changed).start()
        self._tended(self.replicas[name].ready, f"readiness of {name}")

    def start(self):
        """Everything up, and the input begun."""
        for topic in TOPICS:
            create_topic(self.servers, topic, PARTITIONS, len(self._kafka.nodes))
        self.start_replicas()
        self._producer.start()
        return self

    def start_replicas(self):
        for replica in self.replicas.values():
            replica.start()
        for replica in self.replicas.values():
            replica.wait_ready(60)
        wait_until(lambda: self._gauge("weir_partitions") == PARTITIONS, "owner of each partition",
                   60, 0.1)

    def perform(self, chosen):
        """Does what faults.plan() chose."""
        began = time.monotonic()
        for act, _ in chosen:
            self.acts[act] += 1
        for when, fault, is_begin in faults.steps(chosen):
            self._tend_until(began + when)
            process = self._targets[fault.target]
            if is_begin:
                self.faults[f"{fault.kind} {fault.target.rpartition('-')[0]}"] += 1
                self._say(f"{when:7.1f} s  {fault.kind:<6} {fault.target}"
                          f" for {fault.end - fault.begin:.1f} s")
                self._down.add(fault.target)
                faults.begin(fault, process)
                continue
            code = faults.end(fault, process)
            self._down.discard(fault.target)
            if code != 0:
                self.complaints.append(f"{fault.target} was asked to stop and ended with {code}")

    def _tend_until(self, deadline):
        while (left := deadline - time.monotonic()) > 0:
            self._tend()
            time.sleep(min(left, 0.1))

    def _tend(self):
        """Does what a supervisor does, and takes no crash for a wish to be started again."""
        for name, replica in self.replicas.items():
            if name in self._down or replica.running:
                continue
            self.left[replica.exit_code] += 1
            if replica.exit_code != 1:
                self.complaints.append(f"{name} ended by itself with {replica.exit_code}\n"
                                       + replica.log_tail())
            replica.start()

    def stop_replicas(self):
        for replica in self.replicas.values():
            replica.terminate()
        for name, replica in self.replicas.items():
            if (code := replica.finish(STOP_S)) != 0:
                self.complaints.append(f"{name} was asked to stop and ended with {code}")

    def settle(self):
        """The rest of the input is read, the clock closes the last windows, and the oracle
        speaks. Returns the report."""
        for node in self._kafka.nodes:
            node.wait_ready(60)
        self._tended(lambda: not self._producer.running, "end of the producer")
        assert self._producer.exit_code == 0, self._producer.log_text()
        self._tended(self._all_is_committed, "commit of the whole input")
        self.stop_replicas()
        self.replicas = {name: self._replica(name, idle="1s") for name in self.replicas}
        self.start_replicas()
        self._tended(lambda: self._gauge("weir_partitions") == PARTITIONS
                     and self._gauge("weir_replaying_partitions") == 0
                     and self._gauge("weir_open_windows") == 0, "end of the last windows")
        self.stop_replicas()
        return self._report()

    def _tended(self, condition, what):
        def tended():
            self._tend()
            return condition()
        wait_until(tended, what, SETTLE_S, 0.2)

    def _all_is_committed(self):
        try:
            committed = oracle.committed(self.servers, GROUP, "input")
            return committed == oracle.ends(self.servers, "input")
        except KafkaException:  # an offset a transaction holds back, or a leader that moves
            return False

    def _gauge(self, name):
        """The sum over all replicas; None while one does not answer."""
        try:
            return sum(replica.metrics().get(name, 0) for replica in self.replicas.values())
        except (OSError, HTTPException):
            return None

    def judge(self):
        """(counts, sentences) of the oracle about what is in the topics now."""
        judge = Process("oracle", [self._bin / "chaos-oracle", self.servers, *TOPICS, WINDOW_S,
                                   GRACE_S], self._run_dir).start()
        code = judge.finish(600)
        assert code == 0, f"the oracle could not judge ({code})\n{judge.log_tail()}"
        *sentences, counts = judge.log_text().splitlines()
        return json.loads(counts), sentences

    def audit(self):
        """(whether it balances, what it says) of the service that proves it by the aggregators'
        own options, from the topics as they are now."""
        options = {name: value for name, value in self.options.items()
                   if name not in ONLY_OF_REPLICAS}
        audit = Process("audit", [self._bin / "audit", *flags(options)], self._run_dir).start()
        code = audit.finish(600)
        assert code in (0, 1), f"the audit could not judge ({code})\n{audit.log_tail()}"
        return code == 0, audit.log_text().rstrip()

    def _report(self):
        found, examples = self.judge()
        balanced, audited = self.audit()
        written = json.loads(self._producer.log_text().splitlines()[-1])
        if written["failed"] or written["delivered"] != found["records"]:
            self.complaints.append(f"the producer wrote {written}, the input has"
                                   f" {found['records']}")
        return {**found, "exact": found["exact"] and balanced and not self.complaints,
                "audit": audited.splitlines(), "balanced": balanced, "seed": self.seed,
                "rate": self.rate, "seconds": self.seconds, "written_in_s": written["seconds"],
                "acts": dict(self.acts), "faults": dict(self.faults),
                "ended_by_themselves": {str(code): n for code, n in self.left.items()},
                "complaints": self.complaints, "examples": examples}

    def kill(self):
        for process in [self._producer, *self.replicas.values()]:
            process.kill()


def table(report):
    """The report as text."""
    def line(what, count):
        return f"  {what:<36}{count:>12}"

    lines = [f"seed {report['seed']}, {report['rate']} records/s for {report['seconds']} s,"
             f" written in {report['written_in_s']:.0f} s"]
    lines += [line(f"act: {act}", count) for act, count in sorted(report["acts"].items())]
    lines += [line(f"fault: {kind}", count) for kind, count in sorted(report["faults"].items())]
    lines += [line(f"aggregator left by itself with {code}", count)
              for code, count in report["ended_by_themselves"].items()]
    lines += [line("records of the input", report["records"]),
              line("longest gap without results, ms", report["longest_gap_ms"])
              + f"  from {report['longest_gap_from']}"]
    columns = ("expected", "found", "missing", "duplicate", "wrong", "disordered")
    lines.append(" " * 8 + "".join(f"{column:>12}" for column in columns))
    for kind in ("rows", "late", "dead"):
        counts = (report[kind][column] for column in columns)
        lines.append(f"  {kind:<6}" + "".join(f"{count:>12}" for count in counts))
    lines += [*report["examples"], *report["complaints"], "the audit says", *report["audit"]]
    lines.append("exact" if report["exact"] else "NOT EXACT")
    return "\n".join(lines)
