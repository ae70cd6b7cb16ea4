# SPDX-License-Identifier: Apache-2.0
"""Goal: the air-quality stack comes up with one command, scales, survives the loss and the exchange
of any container, shows exact windows all the while, and leaves nothing behind. Method: the
unmodified compose files on a real engine; real Socket.IO clients through the proxy; the oracle
over the raw input topic."""

import os
import re
import signal
import time
import urllib.request
from types import SimpleNamespace

import pytest
from clients import node_client, python_client
from exactness import PREFIX, as_cards, check_exact
from images import build_standin
from oracle import read_topic
from support import ROOT

FILE = ROOT / "deploy" / "air-quality" / "compose.yaml"
# The stack's own are 15 s each; the grace covers the few seconds a container is away.
WINDOW_S, GRACE_S = 5, 10
QUICK = {"WINDOW": f"{WINDOW_S}s", "GRACE": f"{GRACE_S}s"}


@pytest.fixture
def stack(project, ports):
    """stack({variables}) is the air-quality system with ports of this test's own."""
    return lambda name, **more: project(FILE, name, {**ports, **more})


def page(ports):
    return f"http://127.0.0.1:{ports['PAGE_PORT']}/"


def servers(ports):
    return f"127.0.0.1:{ports['KAFKA_PORT']}"


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


def connect(clients, ports, run_dir):
    url = page(ports)
    clients += [node_client("websocket", url, run_dir, transports=["websocket"]),
                node_client("upgraded", url, run_dir),
                python_client("polling", url, run_dir)]
    for client in clients:
        client.start()
    for client in clients:
        client.wait_ready()


def more_windows(clients, wait_until, what, count=2):
    """Until each client has received `count` more windows."""
    before = [len(client.received()) for client in clients]
    for client, had in zip(clients, before):
        wait_until(lambda: len(client.received()) >= had + count,
                   f"window for {client.name} after {what}", 60)


def crash(engine, container):
    """Ends its process as the kernel would, so that the restart policy applies."""
    os.kill(int(engine.out("inspect", "--format", "{{.State.Pid}}", container)), signal.SIGKILL)


def settle(running, ports, wait_until, window_s, grace_s):
    """Stops the devices, waits until the last windows have closed and checks them all."""
    running.compose("stop", "device-simulator")
    system = SimpleNamespace(bootstrap_servers=servers(ports))
    wait_until(lambda: running.metric("aggregator", "weir_open_windows") == 0,
               "end of the last window", window_s + grace_s + 30)
    return check_exact(system, window_s, grace_s)


def test_windows_are_exact_while_containers_are_scaled_killed_and_exchanged(
        engine, images, env, stack, ports, clients, run_dir, wait_until):
    running = stack("weir-short", **QUICK)
    began = time.monotonic()
    running.up(scale={"aggregator": 3, "mqtt-bridge": 2, "emitter": 2})
    live = node_client("live", page(ports) + "live", run_dir, events=("partial",))
    clients.append(live.start().wait_ready())
    wait_until(lambda: live.received("partial"), "live value", 30)
    print(f"first live value {time.monotonic() - began:.1f} s after up")
    clients.remove(live)
    live.stop()

    connect(clients, ports, run_dir)
    more_windows(clients, wait_until, "the start")

    aggregators = [c[0] for c in running.containers("aggregator")]
    assert len(aggregators) == 3
    crash(engine, aggregators[0])
    more_windows(clients, wait_until, "the crash of an aggregator")

    # The swap: another image (here the same program under its other tag) for one service.
    other = next(tag for tag in engine.out("image", "ls", "--format", "{{.Repository}}:{{.Tag}}",
                                           "weir/mqtt-bridge").splitlines()
                 if tag != images["mqtt-bridge"])
    running.environ["MQTT_BRIDGE_IMAGE"] = other
    running.up("mqtt-bridge", scale={"mqtt-bridge": 1})
    [(bridge, *_)] = running.containers("mqtt-bridge")
    assert engine.out("inspect", "--format", "{{.Config.Image}}", bridge) == other
    more_windows(clients, wait_until, "the exchange of the bridge")

    crash(engine, running.containers("emitter")[0][0])
    more_windows(clients, wait_until, "the crash of an emitter")

    averages = settle(running, ports, wait_until, WINDOW_S, GRACE_S)
    cards = as_cards(averages)
    for client in clients:
        received = client.received()
        assert all(item == cards[item["device_name"], item["window_start"]] for item in received)
    assert {device for device, _, _ in averages} == {"device1", "device2"}


@pytest.mark.whole
def test_every_service_is_rolled_while_the_windows_stay_exact(
        stack, ports, clients, run_dir, wait_until):
    running = stack("weir-roll", **QUICK)
    running.up(scale={"aggregator": 3, "mqtt-bridge": 2, "emitter": 2})
    connect(clients, ports, run_dir)
    more_windows(clients, wait_until, "the start")
    sizes = {"aggregator": 3, "mqtt-bridge": 2, "emitter": 2, "device-simulator": 1}
    for name, count in sizes.items():
        before = {c[0] for c in running.containers(name)}
        running.compose("up", "--detach", "--no-build", "--no-deps", "--force-recreate",
                        f"--scale={name}={count}", name)
        running.wait_healthy()
        assert before.isdisjoint(c[0] for c in running.containers(name))
        more_windows(clients, wait_until, f"{name} was rolled")
    # Down to one of each, and what they had is taken over.
    running.up(scale={"aggregator": 1, "mqtt-bridge": 1, "emitter": 1})
    assert [len(running.containers(name)) for name in ("aggregator", "mqtt-bridge", "emitter")] \
        == [1, 1, 1]
    more_windows(clients, wait_until, "scaling down")
    settle(running, ports, wait_until, WINDOW_S, GRACE_S)


@pytest.mark.whole
def test_a_bridge_in_another_language_takes_the_place_of_ours_and_gives_it_back(
        engine, stack, ports, clients, run_dir, wait_until):
    """As docs/your-own-service.md says; readings at QoS 1 wait at the MQTT broker meanwhile."""
    name = "weir-python"
    build_standin(engine, "python", "python-bridge")
    running = stack(name, **QUICK)
    running.up()
    connect(clients, ports, run_dir)
    more_windows(clients, wait_until, "the start")
    session = re.search(r"mqtt-bridge-[0-9a-f]{16}", running.logs("mqtt-bridge"))[0]
    assert session in (ROOT / "docs" / "your-own-service.md").read_text()

    running.compose("stop", "mqtt-bridge")
    engine.run(["run", "--detach", "--init", "--name", name, "--network", f"{name}_default",
                "--volume", f"{ROOT / 'examples/python'}:/examples:ro", "python-bridge",
                "python3", "/examples/mqtt_bridge.py", "mosquitto", "1883", "kafka:9092", session])
    try:
        more_windows(clients, wait_until, "another bridge came", 3)
        assert engine.out("inspect", "--format", "{{.State.Running}}", name) == "true"
    finally:
        engine.run(["rm", "--force", name])
    running.compose("start", "mqtt-bridge")
    more_windows(clients, wait_until, "ours came back")
    settle(running, ports, wait_until, WINDOW_S, GRACE_S)
    origins = {record.headers["weir-origin"].partition("/")[0]
               for record in read_topic(servers(ports), f"{PREFIX}-input")}
    assert origins == {"mqtt-bridge", "python-bridge"}


@pytest.mark.whole
def test_the_stack_as_it_is_shows_its_page(stack, ports, browser, wait_until):
    running = stack("weir-plain")
    began = time.monotonic()
    running.up(wait=False)
    wait_until(lambda: answers(page(ports)), "page", 60)
    browser.open(page(ports))
    for device in ("device1", "device2"):
        browser.wait(f'[data-role="device"][data-device="{device}"] [data-role="partial"]', r"\d")
    print(f"first live value in the browser {time.monotonic() - began:.1f} s after up")
    browser.wait('[data-role="window"]', timeout=60)
    browser.screenshot(ROOT / "build" / "artifacts" / "compose.png")
    assert browser.problems() == []
    # Nothing but the listed ports, and those on loopback.
    published = running.compose("ps", "--format", "{{.Publishers}}")
    assert "0.0.0.0" not in published
    settle(running, ports, wait_until, 15, 15)


@pytest.mark.whole
def test_a_broker_that_comes_back_finds_everything_going_on(
        engine, stack, ports, clients, run_dir, wait_until):
    running = stack("weir-brokers", **QUICK)
    running.up(scale={"aggregator": 2, "emitter": 2})
    connect(clients, ports, run_dir)
    more_windows(clients, wait_until, "the start")
    # While Kafka is away pages are still served, and clients stay.
    running.compose("stop", "kafka")
    wait_until(lambda: running.metric("emitter", "weir_ready") == 0, "emitters not ready", 30)
    states = [len(client.states()) for client in clients]
    late = node_client("late", page(ports), run_dir)
    clients.append(late.start().wait_ready())
    assert states == [len(client.states()) for client in clients[:-1]]
    running.compose("start", "kafka")
    more_windows(clients, wait_until, "Kafka came back")
    crash(engine, running.containers("kafka")[0][0])
    more_windows(clients, wait_until, "the crash of Kafka")
    running.compose("restart", "mosquitto")
    more_windows(clients, wait_until, "mosquitto was restarted")
