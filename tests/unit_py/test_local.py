# SPDX-License-Identifier: Apache-2.0
"""Goal: what deploy/local starts is usable when it says so, and nothing outlives its parent.
Method: the real brokers."""

import os
import signal
import subprocess
import sys

import weir_local
from support import ROOT, create_topic, is_alive


def test_kafka_finds_its_log_again_after_a_stop_and_after_a_kill(run_dir):
    from confluent_kafka import Producer
    from confluent_kafka.admin import AdminClient
    kafka = weir_local.Kafka(run_dir).start().wait_ready()
    create_topic(kafka.bootstrap_servers, "kept")
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers})
    producer.produce("kept", b"value")
    assert producer.flush(10) == 0
    kafka.restart()
    kafka.kill()
    kafka.start().wait_ready()
    assert "kept" in AdminClient({"bootstrap.servers": kafka.bootstrap_servers}).list_topics(
        timeout=10).topics
    kafka.stop()


def test_three_kafka_nodes_form_one_cluster(run_dir):
    kafka = weir_local.Kafka(run_dir, nodes=3).start().wait_ready()
    create_topic(kafka.bootstrap_servers, "copied", partitions=3, replicas=3)
    kafka.stop()
    assert not any(node.running for node in kafka.nodes)


def test_mosquitto_keeps_the_queue_of_an_absent_client_over_a_restart(run_dir):
    mosquitto = weir_local.Mosquitto(run_dir).start().wait_ready()
    address = ["-h", "127.0.0.1", "-p", str(mosquitto.port), "-t", "a/b", "-q", "1"]
    subscriber = ["mosquitto_sub", *address, "-i", "absent", "-c"]
    subprocess.run([*subscriber, "-E"], check=True, timeout=10)
    subprocess.run(["mosquitto_pub", *address, "-m", "863.850"], check=True, timeout=10)
    mosquitto.restart()
    got = subprocess.run([*subscriber, "-C", "1", "-W", "10"], check=True, timeout=20,
                         capture_output=True, text=True)
    assert got.stdout == "863.850\n"
    mosquitto.stop()


def test_mosquitto_keeps_its_user_whatever_the_environment_calls_it(run_dir, monkeypatch):
    # After `su` without a dash root is still called by the name of before.
    monkeypatch.setenv("LOGNAME", "nobody")
    mosquitto = weir_local.Mosquitto(run_dir).start().wait_ready()
    owner = os.stat(f"/proc/{mosquitto.pid}").st_uid
    mosquitto.stop()
    assert owner == os.geteuid()
    assert (run_dir / "mosquitto" / "mosquitto.db").exists()


def test_children_of_a_killed_parent_are_gone(run_dir, wait_until):
    script = ("import sys, time, weir_local\n"
              "weir_local.Mosquitto(sys.argv[1]).start().wait_ready()\n"
              "weir_local.Process('sleeper', ['sleep', '60'], sys.argv[1]).start()\n"
              "print('started', flush=True)\n"
              "time.sleep(60)\n")
    with subprocess.Popen([sys.executable, "-c", script, run_dir], stdout=subprocess.PIPE,
                          env={**os.environ, "PYTHONPATH": str(ROOT / "deploy/local")}) as parent:
        assert parent.stdout.readline() == b"started\n"
        pids = [int((run_dir / f"{name}.pid").read_text()) for name in ("mosquitto", "sleeper")]
        assert all(is_alive(pid) for pid in pids)
        parent.send_signal(signal.SIGKILL)
    wait_until(lambda: not any(is_alive(pid) for pid in pids), "end of the orphans")


def test_a_free_port_is_not_given_twice(free_port):
    numbers = [free_port() for _ in range(50)]
    assert len(set(numbers)) == 50


def test_processes_that_live_at_the_same_time_share_no_free_port():
    script = "import weir_local; print(*weir_local.free_ports(150), flush=True); input()"
    asking = [subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True,
                               env={**os.environ, "PYTHONPATH": str(ROOT / "deploy/local")})
              for _ in range(3)]
    numbers = [number for process in asking for number in process.stdout.readline().split()]
    for process in asking:
        process.communicate("\n", timeout=10)
    assert len(set(numbers)) == len(numbers) == 450
