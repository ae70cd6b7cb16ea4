# SPDX-License-Identifier: Apache-2.0
"""Goal: the compose file of each service works alone, against brokers that are there already and
know nothing of Docker. Method: Kafka and mosquitto run natively; a container reaches this machine
as host.docker.internal."""

import json
import os
import time
import tomllib

import pytest
import weir_local
from oracle import read_topic
from support import ROOT, create_topic

pytestmark = pytest.mark.whole
PREFIX = "kafka-spark-integration"
TOPICS = [f"{PREFIX}-{name}" for name in ("input", "output", "partial", "late", "dead-letter")]


@pytest.fixture
def brokers(run_dir, engine):
    """Kafka and mosquitto for this machine and for containers, which know it by another name."""
    inside, outside, controller, mqtt = weir_local.free_ports(4)
    kafka = weir_local.Kafka(run_dir, ports=[(inside, controller)], properties={
        "listeners": f"PLAINTEXT://127.0.0.1:{inside},CONTAINERS://0.0.0.0:{outside},"
                     f"CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{inside},"
                                f"CONTAINERS://host.docker.internal:{outside}",
        "listener.security.protocol.map":
            "PLAINTEXT:PLAINTEXT,CONTAINERS:PLAINTEXT,CONTROLLER:PLAINTEXT",
    }).start()
    mosquitto = weir_local.Mosquitto(run_dir, extra=f"listener {mqtt} 0.0.0.0").start()
    kafka.wait_ready()
    mosquitto.wait_ready()
    kafka.variables = {"WEIR_BOOTSTRAP_SERVERS": f"host.docker.internal:{outside}",
                       "WEIR_MQTT": f"tcp://host.docker.internal:{mqtt}"}
    yield kafka, mosquitto
    mosquitto.stop()
    kafka.stop()


@pytest.fixture
def alone(project, brokers):
    """alone("aggregator", VARIABLE=...) brings that service up by its own file, and waits."""
    def up(service, override=None, wait=True, **variables):
        running = project(ROOT / "services" / service / "compose.yaml", f"alone-{service}",
                          {**brokers[0].variables, **variables}, override)
        running.up(wait=wait)
        return running
    return up


def test_topics_creates_the_list_and_ends(alone, brokers, wait_until):
    running = alone("topics")
    wait_until(lambda: running.containers()[0][2] == "exited", "end of the job", 60)
    listed = tomllib.loads((ROOT / "deploy/air-quality/topics.toml").read_text())["topic"]
    assert running.logs().count("created") == len(listed)
    assert read_topic(brokers[0].bootstrap_servers, TOPICS[0]) == []


def test_the_pipeline_of_single_files(alone, brokers, ports, wait_until):
    kafka, _ = brokers
    for topic in TOPICS:
        create_topic(kafka.bootstrap_servers, topic, 2)
    alone("mqtt-bridge")
    alone("aggregator", WEIR_WINDOW="2s", WEIR_GRACE="1s")
    emitter = alone("emitter", **ports)
    alone("device-simulator", WEIR_DEVICE="kitchen;garage")

    def results():
        return {json.loads(r.value)["device_name"]
                for r in read_topic(kafka.bootstrap_servers, TOPICS[1])}
    wait_until(lambda: results() == {"kitchen", "garage"}, "windows of both devices", 60)
    assert emitter.metric("emitter", "weir_ready") == 1


def test_the_serial_reader_reads_a_serial_line(alone, brokers, run_dir, wait_until):
    """A container can be given a serial port as a device, but a pseudo terminal, which is all there
    is here, only as a mount: the kernel opens one only where it was made."""
    mosquitto = brokers[1]
    board, line = os.openpty()
    os.fchmod(line, 0o660)  # as udev makes a serial port's, for its group to read and write
    override = run_dir / "pseudo-terminal.yaml"
    override.write_text("services:\n  serial-reader:\n    devices: !reset []\n    volumes:\n"
                        f"      - {os.ttyname(line)}:/dev/sensor\n")
    received = weir_local.Process("received", ["mosquitto_sub", "-p", mosquitto.port, "-t",
                                               f"{PREFIX}/sensor"], run_dir).start()
    running = alone("serial-reader", override, WEIR_DEVICE="sensor",
                    SERIAL_GROUP=os.fstat(line).st_gid, wait=False)

    def told():
        os.write(board, b"12.34\r\n")
        time.sleep(0.1)
        return '"data":12.34' in received.log_text()
    wait_until(told, "reading over MQTT", 30)
    assert running.metric("serial-reader", "weir_ready") == 1
    received.stop()
