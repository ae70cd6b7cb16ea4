# SPDX-License-Identifier: Apache-2.0
"""Goal: what is in Kafka reaches every client, once and in order, whatever happens to either side.
Method: the real emitter on a real Kafka; records with known values; raw WebSockets and real
clients."""

import json
import time
from datetime import datetime, timezone

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions
from emitter_ends import Live
from socketio_wire import Polling, WebSocket, request
from support import create_topic


def result(device="device1", second=45, average="863.852"):
    start = datetime(2024, 10, 7, 13, 2, second, tzinfo=timezone.utc)
    end = f"2024-10-07T13:03:{second - 45:02}.000Z"
    return (f'{{"device_name":"{device}","window":{{"start":"{start:%Y-%m-%dT%H:%M:%S}.000Z",'
            f'"end":"{end}"}},"average":{average}}}')


# Events


def test_a_plain_namespace_has_cards_and_nothing_else(emitter, topics, topic):
    out = topic("out", partitions=4)
    topics.write(out, result(average="1.0"))  # before the start: not live
    running = emitter(relay=f"{out}=emit:card", time_zone="Europe/Belgrade")
    socket = WebSocket(running.port)
    socket.open_packet()
    socket.send("40")
    assert socket.receive().startswith('40{"sid"')
    poller = Polling(running.port)
    poller.connect()
    for average in ("863.852", "1.0", "1E-7", "606.890"):
        topics.write(out, result("device2", average=average))
    events = [
        '42["emit",{"device_name":"device2","window_start":"15:02:45",'
        f'"window_end":"15:03:00","data":{average}}}]'
        for average in ("863.852", "1.0", "1E-7", "606.890")]
    assert [socket.receive() for _ in events] == events
    assert poller.packets_until(events[-1]) == events


def test_a_live_namespace_has_origin_snapshot_and_totals(emitter, topics, topic):
    out, late = topic("out"), topic("late")
    topics.write(out, result(), key="device1", weir_window="w1", weir_final="true", a="1")
    running = emitter(relay=[f"{out}=window@/live", f"{late}=late@/live"])
    live = Live(running.port)
    name, snapshot, _ = live.next()
    assert name == "snapshot"
    assert list(snapshot) == ["window"]
    (value, meta), = snapshot["window"]
    assert value == json.loads(result())
    timestamp = meta.pop("timestamp_ms")
    assert abs(timestamp / 1000 - time.time()) < 60
    assert meta == {"topic": out, "partition": 0, "offset": 0, "key": "device1",
                    "headers": {"weir-window": "w1", "weir-final": "true", "a": "1"}}
    assert live.next()[:2] == ["totals", {"window": 1, "late": 0}]

    topics.write(late, "{}", key=None, weir_late_by_ms="7")
    event = live.next()
    assert event[:2] == ["late", {}]
    assert event[2]["key"] is None
    assert event[2]["headers"] == {"weir-late-by-ms": "7"}
    live.totals(window=1, late=1)
    topics.write(late, "not JSON")
    live.totals(window=1, late=2)  # counted, not sent
    assert [event[0] for event in live.events].count("late") == 1
    topics.write(late, "8x", weir_error="not a number")  # a dead letter is sent whatever it is
    assert live.next()[:2] == ["late", "8x"]


def test_only_the_last_running_result_is_in_a_snapshot(emitter, topics, topic):
    out, part = topic("out"), topic("part")
    for n in range(20):
        topics.write(part, result(average=n), weir_window="w1", weir_final="false")
    topics.write(part, result(average=100), weir_window="w2", weir_final="false")
    running = emitter(relay=[f"{out}=window@/live", f"{part}=partial@/live"])
    snapshot = Live(running.port).snapshot()
    assert [value["average"] for value, _ in snapshot["partial"]] == [19, 100]
    topics.write(out, result(average=55), weir_window="w1", weir_final="true")
    topics.write(part, result(average=56), weir_window="w1", weir_final="false")
    live = Live(running.port)
    live.until(lambda event: event[0] == "totals" and event[1]["partial"] == 22, "all partials")
    snapshot = Live(running.port).snapshot()
    assert [value["average"] for value, _ in snapshot["window"]] == [55]
    assert [value["average"] for value, _ in snapshot["partial"]] == [100]


def test_clients_that_join_at_any_moment_miss_and_repeat_nothing(emitter, topics, topic):
    out = topic("out", partitions=4)
    running = emitter(relay=f"{out}=window@/live")
    clients, count = [], 400
    for n in range(count):
        topics.write(out, {"n": n}, key=f"k{n % 7}")
        if n % 20 == 0:
            clients.append(Live(running.port))
    for client in clients:
        snapshot = client.snapshot()["window"]
        seen = [(meta["partition"], meta["offset"], value["n"]) for value, meta in snapshot]
        while len(seen) < count:
            event = client.next()
            if event[0] == "window":
                seen.append((event[2]["partition"], event[2]["offset"], event[1]["n"]))
        for partition in range(4):
            offsets = [offset for p, offset, _ in seen if p == partition]
            assert offsets == list(range(len(offsets)))
        assert sorted(n for _, _, n in seen) == list(range(count))


def test_aborted_transactions_are_not_shown(emitter, kafka, topics, topic, unique, wait_until):
    out = topic("out")
    running = emitter(relay=f"{out}=window@/live")
    live = Live(running.port)
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers,
                         "transactional.id": unique("tx")})
    producer.init_transactions()
    for n, commit in enumerate((False, True)):
        producer.begin_transaction()
        producer.produce(out, json.dumps({"n": n}))
        producer.flush()
        wait_until(lambda: running.metrics()["weir_input_lag_records"] == 1, "the record as lag")
        producer.commit_transaction() if commit else producer.abort_transaction()
        wait_until(lambda: running.metrics()["weir_input_lag_records"] == 0, "no lag")
    assert live.until(lambda event: event[0] == "window", "window")[1] == {"n": 1}
    assert Live(running.port).snapshot()["window"][0][0] == {"n": 1}


def test_flawed_records_are_counted_and_logged_once(emitter, topics, topic, wait_until):
    out = topic("out")
    running = emitter(relay=[f"{out}=emit:card", f"{out}=window@/live"], value_max="1KiB")
    flawed = [b"", b"{", b"\xff", b"null", b"[]", b"7", b'{"a":NaN}']
    topics.write(out, *flawed, b'{"average":1}', b'{"a":"' + b"x" * 2000 + b'"}')
    topics.write(out, result())

    def counts():
        metrics = running.metrics()
        return [metrics.get(f'weir_records_flawed_total{{reason="{reason}"}}')
                for reason in ("not_an_object", "not_a_result", "too_large")]
    wait_until(lambda: counts() == [len(flawed), len(flawed) + 1, 2], f"counts {counts()}")
    live = Live(running.port)
    assert live.next()[0] == "snapshot"
    live.totals(window=len(flawed) + 3)
    lines = [line for line in running.log_text().splitlines() if "did not become events" in line]
    assert len(lines) == 3
    assert running.metrics()[f'weir_records_in_total{{topic="{out}"}}'] == len(flawed) + 3
    assert [value for value, _ in Live(running.port).snapshot()["window"]] == [
        {"average": 1}, json.loads(result())]


# Kafka comes and goes


def test_topics_and_partitions_may_come_later(emitter, kafka, topics, topic, unique, wait_until):
    there, missing = topic("there"), unique("missing")
    running = emitter(relay=[f"{there}=window@/live", f"{missing}=late@/live"], wait=False)
    wait_until(lambda: f"{missing} does not exist" in json.dumps(running.readiness()),
               "the missing topic's name in /readyz")
    create_topic(kafka.bootstrap_servers, missing)
    running.wait_ready()
    live = Live(running.port)
    topics.write(missing, {"n": 1})
    live.until(lambda event: event[:2] == ["late", {"n": 1}], "late")

    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    admin.create_partitions([NewPartitions(there, 3)])[there].result(30)
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers})
    producer.produce(there, '{"n":2}', partition=2)
    assert producer.flush(30) == 0
    live.socket.raw.settimeout(20)  # partitions are looked for every 5 s
    event = live.until(lambda event: event[0] == "window", "window")
    assert event[1:2] + [event[2]["partition"]] == [{"n": 2}, 2]


def test_a_log_that_is_cut_does_not_stop_it(emitter, kafka, topics, topic, wait_until):
    out = topic("out")
    running = emitter(relay=f"{out}=emit")
    socket = WebSocket(running.port)
    socket.raw.settimeout(20)
    socket.open_packet()
    socket.send("40")
    socket.receive()
    topics.write(out, {"n": 0})
    assert socket.receive() == '42["emit",{"n":0}]'
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    admin.delete_topics([out])[out].result(30)
    wait_until(lambda: out not in admin.list_topics(timeout=10).topics, "end of the topic")
    create_topic(kafka.bootstrap_servers, out)
    wait_until(lambda: running.ready(), "readiness after the topic was made anew", 60)
    for n in range(1, 100):
        topics.write(out, {"n": n})
        socket.raw.settimeout(1)
        try:
            assert socket.receive().startswith('42["emit",{"n":')
            break
        except TimeoutError:
            pass
    else:
        raise AssertionError("nothing after the topic was made anew")


def test_clients_are_let_in_while_kafka_is_away(emitter, free_port, wait_until):
    running = emitter(relay="t=window@/live", bootstrap_servers=f"127.0.0.1:{free_port()}",
                      wait=False)
    wait_until(lambda: " listening " in running.log_text(), "its port")
    live = Live(running.port)  # clients are let in all the same
    assert live.socket.is_open()
    assert not running.ready()
    began = time.monotonic()
    assert running.stop() == 0
    assert time.monotonic() - began < 8


# The end


def test_a_restart_gives_clients_what_they_missed(emitter, topics, topic):
    out = topic("out")
    running = emitter(relay=f"{out}=window@/live")
    topics.write(out, {"n": 1})
    first = Live(running.port)
    assert running.stop() == 0
    assert first.socket.closed() == 1005
    topics.write(out, {"n": 2})
    running.start().wait_ready()
    assert [v for v, _ in Live(running.port).snapshot()["window"]] == [{"n": 1}, {"n": 2}]


def test_a_stop_drains_and_ends_well(emitter, topics, topic):
    out = topic("out")
    running = emitter(relay=f"{out}=emit", drain="500ms")
    sockets = [WebSocket(running.port) for _ in range(50)]
    for socket in sockets:
        socket.open_packet()
        socket.send("40")
        socket.receive()
    poller = Polling(running.port)
    waiting = poller.start_get()
    began = time.monotonic()
    running.terminate()
    for socket in sockets:
        # No DISCONNECT packet: after one, clients do not come back by themselves.
        assert socket.frame()[0] == 8
        socket.close()
    # No CLOSE packet either: after one, python-socketio does not.
    assert waiting.recv(4096) == b""
    assert running.finish(5) == 0
    assert 0.3 < time.monotonic() - began < 3


# The web


def test_the_page_is_served_whole_with_its_headers(emitter, topic, tmp_path):
    page = tmp_path / "page"
    (page / "vendor").mkdir(parents=True)
    (page / "index.html").write_text("<!doctype html><title>x</title>")
    (page / "vendor" / "a.js").write_text("export const a = 1;\n")
    (page / ".hidden").write_text("no")
    (tmp_path / "secret").write_text("no")
    port = emitter(relay=f"{topic('out')}=emit", page=page).port

    index = request(port, "/")
    assert (index.status, index.text) == (200, "<!doctype html><title>x</title>")
    assert index.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'self'" in index.headers["content-security-policy"]
    assert index.headers["x-content-type-options"] == "nosniff"
    assert index.headers["cache-control"] == "no-cache"
    assert request(port, "/index.html").headers["etag"] == index.headers["etag"]
    again = request(port, "/", headers={"If-None-Match": index.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    script = request(port, "/vendor/a.js?v=1")
    assert (script.status, script.text) == (200, "export const a = 1;\n")
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    head = request(port, "/vendor/a.js", "HEAD")
    assert (head.body, head.headers["content-length"]) == (b"", str(len(script.body)))
    for path in ("/.hidden", "/../secret", "/%2e%2e/secret", "/vendor/", "/vendor", "/x", "//"):
        assert request(port, path).status == 404, path
    assert request(port, "/", "POST").status == 405


def test_pages_of_other_origins_are_let_in_only_when_listed(emitter, topic, wait_until):
    ours, theirs = "https://ours.example", "https://theirs.example"
    running = emitter(relay=f"{topic('out')}=emit", cors=ours)
    target = "/socket.io/?EIO=4&transport=polling"
    listed = request(running.port, target, headers={"Origin": ours})
    assert listed.headers["access-control-allow-origin"] == ours
    assert "origin" in listed.headers["vary"].lower()
    other = request(running.port, target, headers={"Origin": theirs})
    assert "access-control-allow-origin" not in other.headers
    for origin, status in ((ours, 101), (f"http://127.0.0.1:{running.port}", 101), (theirs, 403)):
        assert WebSocket(running.port, headers={"Origin": origin}).status == status
    refused = 'weir_client_requests_refused_total{reason="Forbidden"}'
    wait_until(lambda: running.metrics()[refused] == 1, "the refusal in the metrics")


def test_without_cors_no_origin_is_told_anything(emitter, topic):
    port = emitter(relay=f"{topic('out')}=emit").port
    target = "/socket.io/?EIO=4&transport=polling"
    answer = request(port, target, headers={"Origin": "https://theirs.example"})
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert request(port, target, "OPTIONS").json()["code"] == 2


def test_more_clients_than_the_limit_are_asked_to_come_later(emitter, topic):
    running = emitter(relay=f"{topic('out')}=emit", clients=3)
    sockets = [WebSocket(running.port) for _ in range(4)]
    assert [socket.status for socket in sockets] == [101, 101, 101, 503]
    assert request(running.port, "/socket.io/?EIO=4&transport=polling").status == 503


def test_more_clients_of_one_address_than_the_limit_come_later(emitter, topic, wait_until):
    running = emitter(relay=f"{topic('out')}=emit", clients_per_address=2)
    first, second = Polling(running.port), WebSocket(running.port)
    assert (WebSocket(running.port).status, second.status) == (429, 101)
    refused = request(running.port, "/socket.io/?EIO=4&transport=polling")
    assert (refused.status, refused.headers["retry-after"]) == (429, "5")
    assert WebSocket(running.port, source="127.0.0.2").status == 101
    wait_until(lambda: running.metrics()["weir_clients_refused_for_address_total"] == 2,
               "both refusals in the metrics")
    first.post("1")  # a farewell makes room
    assert WebSocket(running.port).status == 101


def test_who_sends_too_many_messages_is_disconnected(emitter, topic, wait_until):
    running = emitter(relay=f"{topic('out')}=emit", client_message_rate=5)
    quiet, loud, polling = WebSocket(running.port), WebSocket(running.port), Polling(running.port)
    messages = ["40"] + ['42["noise"]'] * 5
    for message in messages[:5]:
        quiet.send(message)
    for message in messages:
        loud.send(message)
    assert loud.closed()
    polling.post("\x1e".join(messages))
    assert not polling.is_known()
    wait_until(lambda: running.metrics()['weir_clients_closed_total{reason="too_fast"}'] == 2,
               "both ends in the metrics")
    assert quiet.is_open()


def test_long_polling_names_its_session_to_proxies(emitter, topic):
    """So that one before several replicas can send a session's requests where it lives."""
    port = emitter(relay=f"{topic('out')}=emit").port
    session = Polling(port)
    opened = request(port, "/socket.io/?EIO=4&transport=polling")
    assert opened.headers["engine-sid"] == json.loads(opened.text[1:])["sid"]
    session.post("40")
    assert session.get().headers["engine-sid"] == session.sid


def test_websocket_only_refuses_polling(emitter, topic):
    port = emitter(relay=f"{topic('out')}=emit", transports="websocket").port
    assert request(port, "/socket.io/?EIO=4&transport=polling").json()["code"] == 0
    assert WebSocket(port).status == 101


def test_a_client_that_does_not_read_harms_nobody_else(emitter, topics, topic, wait_until):
    out = topic("out")
    running = emitter(relay=f"{out}=emit", client_queue="256KiB", history_size="64KiB",
                      ping_interval="1h")
    stalled, lively = WebSocket(running.port), WebSocket(running.port)
    for socket in (stalled, lively):
        socket.open_packet()
        socket.send("40")
        assert socket.receive().startswith("40")
    value = json.dumps({"x": "y" * 60_000})
    closed = 'weir_clients_closed_total{reason="too_slow"}'
    for _ in range(400):  # more than the kernel's buffers for the stalled one
        topics.write(out, value)
        assert lively.receive() == f'42["emit",{value}]'
    wait_until(lambda: running.metrics()[closed] == 1, "the end of the stalled client")
    assert running.metrics()['weir_clients{transport="websocket"}'] == 1
    assert lively.is_open()


@pytest.mark.parametrize("nsp", ["/", "/live"])
def test_a_slow_client_gets_the_latest_of_each_key(emitter, topics, topic, wait_until, nsp):
    out = topic("out")
    running = emitter(relay=f"{out}=reading@{nsp}:latest", client_queue="256KiB",
                      history_size="64KiB", latest_size="128KiB", ping_interval="1h")
    prefix = "" if nsp == "/" else f"{nsp},"
    slow = WebSocket(running.port)
    slow.open_packet()
    slow.send(f"40{prefix}")
    assert slow.receive().startswith("40")
    # More than the kernel's buffers take, so that most of it finds the client busy.
    rounds, fill = 4_000, "y" * 2_000
    for n in range(rounds):
        topics.write(out, {"n": n, "key": f"k{n % 7}", "fill": fill}, key=f"k{n % 7}")
    dropped = "weir_client_volatile_dropped_total"
    wait_until(lambda: running.metrics()[f'weir_records_in_total{{topic="{out}"}}'] == rounds
               and running.metrics()[dropped] > 100, "readings that the client did without")

    got = {}
    count = 0
    while len(got) < 7 or min(last[-1] for last in got.values()) < rounds - 7:
        name, value, *_ = json.loads(slow.receive().removeprefix(f"42{prefix}"))
        if name == "reading":
            got.setdefault(value["key"], []).append(value["n"])
            count += 1
    assert {last[-1] for last in got.values()} == set(range(rounds - 7, rounds))
    assert all(numbers == sorted(numbers) for numbers in got.values())
    assert count < rounds - 100
    topics.write(out, {"n": rounds, "key": "k0"}, key="k0")  # and from here on every one
    packet = slow.receive()
    while "totals" in packet:
        packet = slow.receive()
    assert json.loads(packet.removeprefix(f"42{prefix}"))[1] == {"n": rounds, "key": "k0"}
    assert running.metrics()['weir_clients_closed_total{reason="too_slow"}'] == 0


def test_who_joins_gets_the_latest_of_each_key(emitter, topics, topic):
    out, readings = topic("out"), topic("readings")
    for n in range(20):
        topics.write(readings, {"n": n}, key=f"k{n % 3}")
    running = emitter(relay=[f"{out}=window@/live", f"{readings}=reading@/live:latest"])
    live = Live(running.port)
    live.totals(window=0, reading=20)
    assert [live.next()[1]["n"] for _ in range(3)] == [17, 18, 19]
    topics.write(readings, {"n": 20}, key="k0")
    name, value, meta = live.until(lambda event: event[0] == "reading", "reading")
    assert (value, meta["offset"]) == ({"n": 20}, 20)


def test_a_client_may_ask_for_the_time(emitter, topic):
    running = emitter(relay=f"{topic('out')}=window@/live")
    live = Live(running.port)
    live.totals(window=0)
    before = time.time()
    live.socket.send('42/live,["time"]')  # who wants no answer gets none
    live.socket.send('42/live,7["time"]')
    answer = live.socket.receive()
    assert answer.startswith("43/live,7[") and answer.endswith("]")
    [server_ms] = json.loads(answer.removeprefix("43/live,7"))
    assert int(before * 1000) <= server_ms <= time.time() * 1000


def test_a_busy_port_is_named(emitter, topic, wait_until):
    first = emitter(relay=f"{topic('out')}=emit")
    second = emitter(relay=f"{topic('out')}=emit", port=first.port, wait=False, name="second")
    wait_until(lambda: not second.running, "end of the second emitter")
    assert second.exit_code == 1
    assert f"--listen: listening on 127.0.0.1:{first.port}" in second.log_text()
    assert "Address already in use" in second.log_text()
