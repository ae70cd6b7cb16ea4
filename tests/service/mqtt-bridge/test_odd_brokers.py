# SPDX-License-Identifier: Apache-2.0
"""Goal: whatever a broker does, the bridge says what is wrong, loses nothing and goes on. Method: a
broker of the tests' own that breaks one rule at a time."""

import ssl
import struct

import pytest
from bridge_ends import TopicReader
from certificates import Authority
from scripted_broker import (CLOSE, CONNECT, DISCONNECT, PUBACK, SUBACK, SUBSCRIBE, TEXT,
                             UNSUBACK, UNSUBSCRIBE, ScriptedBroker, connack, packet, publish,
                             suback)
from support import wait_until


@pytest.fixture
def scripted():
    """scripted() starts a broker that does as it is told."""
    started = []

    def start(**options):
        started.append(ScriptedBroker(**options))
        return started[-1]
    yield start
    for broker in started:
        broker.close()


@pytest.fixture
def at(bridge):
    """at(broker) starts a bridge there."""
    def start(broker, more=None, scheme="tcp", **rest):
        return bridge({"mqtt": f"{scheme}://localhost:{broker.port}", **(more or {})}, **rest)
    return start


def test_a_broker_that_never_answers_subscribe_is_left(scripted, at):
    broker = scripted()
    broker.answers[SUBSCRIBE] = None
    process = at(broker, wait=False)
    wait_until(lambda: "the broker does not answer SUBSCRIBE" in process.log_text(), "the reason")
    wait_until(lambda: "does not answer SUBSCRIBE" in str(process.readiness()), "it at /readyz")
    wait_until(lambda: broker.connections >= 2, "another attempt")
    broker.answers[SUBSCRIBE] = suback
    process.wait_ready()


def test_topics_that_are_not_utf8_are_dead_letters_and_the_rest_flows(scripted, at, records, kafka,
                                                                      dead_letter):
    broker = scripted()
    topics = [b"t/\xff\xfe", b"t/\xc0\xaf", b"t/\xed\xa0\x80", b"t/a\xf0\x9f\x98"]
    broker.after_suback = b"".join(publish(topic, b"1", i + 1) for i, topic in enumerate(topics))
    broker.after_suback += publish("t/good", b"2", 9)
    process = at(broker)
    assert records.wait(1)[0].key == "good"
    dead = TopicReader(kafka.bootstrap_servers, dead_letter, text=False)
    letters = dead.wait(len(topics))
    assert sorted(letter.key for letter in letters) == sorted(topics)
    for letter in letters:
        assert letter.headers["weir-error"] == "the topic is not UTF-8"
        assert letter.headers["weir-mqtt-topic"].startswith('"t/') and letter.bytes == b"1"
    wait_until(lambda: len(broker.came(PUBACK)) == 5, "acknowledgements")
    assert [struct.unpack(">H", body[:2])[0] for body in broker.came(PUBACK)] == [1, 2, 3, 4, 9]
    assert broker.connections == 1 and process.ready()


@pytest.mark.parametrize("nonsense", [b"\x36\x03\x00\x01t", b"\x30\xff\xff\xff\xff\x7f",
                                      b"\x40\x02\x00\x01"], ids=["qos3", "length", "puback"])
def test_a_broker_that_sends_nonsense_is_told_so_and_tried_again(scripted, at, records, nonsense):
    broker = scripted()
    broker.after_suback = publish("t/a", b"1", 1) + nonsense
    process = at(broker, wait=False)
    wait_until(lambda: broker.came(DISCONNECT), "goodbye")
    assert broker.came(DISCONNECT)[0] in (b"\x81", b"\x82")
    broker.after_suback = publish("t/a", b"2", 2)
    process.wait_ready()
    wait_until(lambda: {record.value["data"] for record in records.poll()} == {1, 2}, "both")


@pytest.mark.parametrize("properties, more, words", [
    (b"\x28\0", {}, "no wildcard subscriptions, which t/+ is"),
    (b"\x2a\0", {"share": "weir"}, "no shared subscriptions, which $share/weir/t/+ is"),
    (b"\x27\0\0\0\x0a", {}, "takes packets of 10 bytes"),
], ids=["wildcards", "shares", "packets"])
def test_what_a_broker_says_it_cannot_do_is_not_asked_for(scripted, at, properties, more, words):
    broker = scripted()
    broker.answers[CONNECT] = connack(properties)
    process = at(broker, more, wait=False)
    wait_until(lambda: words in str(process.readiness()), "the reason")
    assert words in process.log_text()
    assert broker.came(SUBSCRIBE) == []
    broker.answers[CONNECT] = connack()
    process.wait_ready()


def test_a_broker_that_keeps_its_counts_to_itself_is_worked_with(scripted, at, records):
    broker = scripted()
    broker.answers[SUBSCRIBE] = lambda body: packet(SUBACK, body[:2] + b"\0\1\x87")
    broker.after_suback = publish("t/a", b"1", 1)
    process = at(broker, {"dropped-topic": "$SYS/broker/publish/messages/dropped"})
    assert records.wait(1)[0].key == "a"
    assert "subscribing to $SYS/broker/publish/messages/dropped: not authorized" in \
        process.log_text()


def test_a_session_that_does_not_last_is_warned_of(scripted, at):
    broker = scripted()
    broker.answers[CONNECT] = connack(b"\x11\0\0\0\x3c")
    process = at(broker)
    assert "keeps an absent client's session for 60 s only" in process.log_text()


def test_a_broker_that_does_not_take_a_filter_back_is_told_of(scripted, at):
    broker = scripted()
    broker.answers[CONNECT] = connack(session_present=1)
    broker.answers[UNSUBSCRIBE] = lambda body: packet(UNSUBACK, body[:2] + b"\0\x87")
    process = at(broker, {"unsubscribe": "old/+"})
    wait_until(lambda: "unsubscribing from old/+: not authorized" in process.log_text(), "it")


def test_a_websocket_is_closed_with_a_word(scripted, at):
    broker = scripted(subprotocol="mqtt")
    process = at(broker, scheme="ws")
    assert process.stop() == 0
    wait_until(lambda: broker.frames and broker.frames[-1] == CLOSE, "the close")
    assert broker.came(DISCONNECT) == [b""]
    assert TEXT not in broker.frames


@pytest.mark.parametrize("subprotocol, words", [("", "did not accept the subprotocol mqtt"),
                                                ("chat", "chose the subprotocol")])
def test_a_websocket_server_has_to_speak_mqtt(scripted, at, subprotocol, words):
    broker = scripted(subprotocol=subprotocol)
    process = at(broker, scheme="ws", wait=False)
    wait_until(lambda: words in process.log_text(), "the reason")
    assert broker.came(CONNECT) == []
    assert not process.ready()


def test_the_protocol_of_mqtt_alpn_is_asked_for(scripted, at, service, run_dir):
    authority = Authority(run_dir / "certificates")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.certificate("broker", "DNS:localhost"))
    context.set_alpn_protocols(["x-amzn-mqtt-ca", "mqtt"])
    broker = scripted(ssl_context=context)
    trust = {"mqtt-ca": authority.file}
    for options, agreed in [({}, None), ({"mqtt-alpn": "mqtt"}, "mqtt"),
                            ({"mqtt-alpn": "x-amzn-mqtt-ca"}, "x-amzn-mqtt-ca"),
                            ({"mqtt-alpn": "unheard-of"}, None)]:
        process = at(broker, {**trust, **options}, scheme="mqtts", name=f"bridge-{agreed}")
        assert broker.alpn[-1] == agreed
        process.stop()
    before = len(broker.alpn)
    service("device-simulator", {"mqtt": f"mqtts://localhost:{broker.port}", **trust,
                                 "mqtt-alpn": "mqtt"}, wait=False)
    wait_until(lambda: len(broker.alpn) > before, "the simulator")
    assert broker.alpn[before] == "mqtt"
