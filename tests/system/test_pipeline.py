# SPDX-License-Identifier: Apache-2.0
"""From sensor to screen, all of it real: the sketch on a simulated ATmega328P as device1, the
simulator as device2, mosquitto, the bridge, Kafka, the aggregator, the emitter, and Socket.IO
clients of three makes. Every mean a client receives equals, to the last digit, what the oracle
works out from the raw input topic; and every service is replaced in the middle.
"""

import os
import time
from pathlib import Path

from clients import node_client, python_client
from exactness import PREFIX, as_cards, check_exact
from oracle import read_topic

ROOT = Path(__file__).resolve().parents[2]
CARD = '[data-role="device"]'
# Shorter than the system's own 15 s, so that many windows pass in a test; the grace covers the few
# seconds a service is away. The last test runs the system as it is.
WINDOW_S, GRACE_S = 5, 10
QUICK = {"aggregator": {"window": f"{WINDOW_S}s", "grace": f"{GRACE_S}s"}}
UTC = {**os.environ, "TZ": "UTC"}  # the emitter shows times of day in the host's zone


def check_screens(system, clients, window_s, grace_s, at_least):
    """Everything the clients received is a window of the output topic, each at most once. Returns
    the means by window. The clients are looked at first: the topic goes on growing meanwhile."""
    screens = {client.name: client.received() for client in clients}
    averages = check_exact(system, window_s, grace_s)
    cards = as_cards(averages)
    for name, received in screens.items():
        for item in received:
            assert item == cards[item["device_name"], item["window_start"]]
        keys = [(item["device_name"], item["window_start"]) for item in received]
        assert len(set(keys)) == len(keys), "a window was sent twice"
        assert len(received) >= at_least, f"{name} received {received}"
    return averages


def windows_of(client, device):
    return [item for item in client.received() if item["device_name"] == device]


def test_every_mean_on_every_screen_is_exact_while_services_are_replaced(
        system, clients, run_dir, wait_until):
    running = system(variant="firmware", environ=UTC, options=QUICK)
    url = running.url
    clients += [node_client("node-newest", url, run_dir),
                node_client("node-3.0.4", url, run_dir, version="3.0.4"),
                node_client("node-polling", url, run_dir, transports=["polling"]),
                python_client("python-polling", url, run_dir)]
    for client in clients:
        client.start()
    for client in clients:
        client.wait_ready()

    for device in ("device1", "device2"):
        wait_until(lambda: windows_of(clients[0], device), f"window of {device}", 60)

    # The swap: each service is stopped and started again while the readings go on.
    for name in ("aggregator", "mqtt-bridge", "serial-reader", "device-simulator"):
        seen = len(clients[0].received())
        running[name].restart()
        wait_until(lambda: len(clients[0].received()) > seen, f"window after {name} came back", 60)
    wait_until(lambda: len(clients[0].received()) >= 8, "eight windows", 60)

    # The emitter last: what the clients received until then is compared with the topic first.
    averages = check_screens(running, clients, WINDOW_S, GRACE_S, at_least=6)
    assert {device for device, _, _ in averages} == {"device1", "device2"}

    before = len(clients[0].received())
    running["emitter"].restart()
    for client in clients:
        wait_until(lambda: len(client.received()) > before, f"window for {client.name} again", 60)
    check_exact(running, WINDOW_S, GRACE_S)
    assert not read_topic(running.bootstrap_servers, f"{PREFIX}-dead-letter")


def test_the_system_as_it_is_shows_values_soon_and_windows_in_time(
        system, service, browser, clients, run_dir, wait_until):
    started = time.monotonic()
    running = system(environ=UTC)
    clients.append(node_client("plain", running.url, run_dir).start())
    browser.open(running.url)
    for device in ("device1", "device2"):
        browser.wait(f'{CARD}[data-device="{device}"] [data-role="partial"]', r"\d")
    first_value = time.monotonic() - started

    # A device that starts later appears by itself.
    service("device-simulator", {"mqtt": running["mosquitto"].url, "topic-prefix": PREFIX,
                                 "device": "device3"}, name="third-device")
    browser.wait(f'{CARD}[data-device="device3"] [data-role="partial"]', r"\d", timeout=10)

    browser.wait('[data-role="window"]', timeout=60)
    # At most 15 s to the window's end, then 15 s of grace.
    assert time.monotonic() - started < 15 + 15 + 15
    browser.wait('[data-role="chart"][data-lines="3"]', timeout=60)
    browser.screenshot(ROOT / "build" / "artifacts" / "pipeline.png")
    plain = clients[0]
    wait_until(lambda: len(plain.received()) >= 3, "three windows", 60)
    assert {item["window_end"][6:] for item in plain.received()} <= {"00", "15", "30", "45"}
    check_screens(running, [plain], 15, 15, at_least=3)
    assert browser.problems() == []
    print(f"first values in the page after {first_value:.1f} s")
