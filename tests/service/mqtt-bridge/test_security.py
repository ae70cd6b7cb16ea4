# SPDX-License-Identifier: Apache-2.0
"""Goal: readings pass through TLS, mutual TLS, WebSocket and passwords, and whoever is not who they
say gets nothing but a clear word. Method: a real mosquitto with certificates made by OpenSSL; the
simulator publishes and the bridge subscribes through the same kind of connection."""

import re
import subprocess

import pytest
from certificates import Authority
from support import wait_until
from weir_local import Mosquitto, free_port
from weir_local.ports import is_open

LISTENERS = {"mqtts": "", "mutual": "require_certificate true", "ws": "protocol websockets",
             "wss": "protocol websockets"}


@pytest.fixture(scope="module")
def authority(session_dir):
    return Authority(session_dir / "certificates")


@pytest.fixture(scope="module")
def stranger(session_dir):
    """Somebody else's authority."""
    return Authority(session_dir / "certificates", "strange")


@pytest.fixture
def broker(run_dir, authority):
    """broker() starts a mosquitto with a listener of each kind; `ports` says where. A certificate
    other than a good one for localhost may be given."""
    started = []

    def start(certificate=None, extra=""):
        file, key = certificate or authority.certificate("broker", "DNS:localhost,IP:127.0.0.1")
        ports, lines = {}, []
        for name, special in LISTENERS.items():
            ports[name] = free_port()
            lines += [f"listener {ports[name]} 127.0.0.1", special]
            if name != "ws":
                lines += [f"certfile {file}", f"keyfile {key}", f"cafile {authority.file}"]
        mosquitto = Mosquitto(run_dir, extra="\n".join([*lines, extra])).start().wait_ready()
        mosquitto.ports = ports
        for name, port in ports.items():
            wait_until(lambda p=port: is_open(p), f"the listener of {name}")
        started.append(mosquitto)
        return mosquitto
    yield start
    for mosquitto in started:
        mosquitto.stop()


@pytest.fixture
def url():
    def of(mosquitto, kind, host="localhost"):
        scheme = "mqtts" if kind == "mutual" else kind
        return f"{scheme}://{host}:{mosquitto.ports[kind]}"
    return of


@pytest.fixture
def credentials(authority):
    """The options that go with a kind of connection."""
    file, key = authority.certificate("client", "DNS:client")

    def of(kind):
        options = {} if kind == "ws" else {"mqtt-ca": authority.file}
        return options | ({"mqtt-cert": file, "mqtt-key": key} if kind == "mutual" else {})
    return of


@pytest.mark.parametrize("version", ["5", "3.1.1"])
@pytest.mark.parametrize("kind", LISTENERS)
def test_readings_pass(bridge, service, broker, url, credentials, records, kind, version):
    mosquitto = broker()
    options = {"mqtt": url(mosquitto, kind), "mqtt-version": version, **credentials(kind)}
    bridge({**options, "topic": "kafka-spark-integration/+"})
    service("device-simulator", {**options, "devices": 3, "interval": "100ms"})
    assert {record.key for record in records.wait(30)} == {"device1", "device2", "device3"}


def test_large_messages_pass_through_websocket_and_tls(bridge, broker, url, credentials, records):
    """More than a frame and more than a TLS record, from a client of another make."""
    mosquitto = broker()
    bridge({"mqtt": url(mosquitto, "wss"), **credentials("wss")})
    for size in (10, 20_000, 200_000):
        text = '{"data":1,"pad":"' + "x" * size + '"}'
        published = subprocess.run(["mosquitto_pub", "-p", str(mosquitto.port), "-t", "t/a", "-q",
                                    "1", "-s"], input=text, text=True)
        assert published.returncode == 0
    assert [len(r.value["pad"]) for r in records.wait(3)] == [10, 20_000, 200_000]


@pytest.mark.parametrize("kind", ["mqtts", "wss"])
def test_a_broker_that_cannot_be_trusted_gets_nothing(bridge, service, broker, authority, stranger,
                                                      url, credentials, kind):
    def refusal(certificate, **more):
        mosquitto = broker(certificate)
        options = {"mqtt": url(mosquitto, kind), **credentials(kind), **more}
        both = [bridge({**options, "admin": "127.0.0.1:0"}, wait=False, name="the-bridge"),
                service("device-simulator", {**options}, wait=False, name="the-simulator")]
        for process in both:
            wait_until(lambda p=process: "certificate" in p.log_text(), f"{process.name}'s word")
            assert process.running and not process.ready()
            process.stop()
        mosquitto.stop()
        return re.search("reason=.*", both[0].log_text())[0]

    good = authority.certificate("broker", "DNS:localhost")
    untrusted = refusal(good, **{"mqtt-ca": stranger.file})
    assert "self-signed certificate in certificate chain" in untrusted
    assert "hostname mismatch" in refusal(authority.certificate("other", "DNS:elsewhere"))
    assert "expired" in refusal(authority.certificate("old", "DNS:localhost", days=-1))


def test_a_client_without_a_certificate_is_refused(bridge, broker, url, credentials):
    mosquitto = broker()
    process = bridge({"mqtt": url(mosquitto, "mutual"), **credentials("mqtts")}, wait=False)
    # What the bridge hears of it is up to TCP: the alert, or only the end of the connection.
    wait_until(lambda: "did not return a certificate" in mosquitto.log_text(), "the refusal")
    wait_until(lambda: "cannot subscribe" in process.log_text(), "the bridge's word")
    assert not process.ready()


def test_an_address_has_to_be_in_the_certificate(bridge, broker, authority, url, credentials):
    mosquitto = broker()
    by_address = {"mqtt": url(mosquitto, "mqtts", "127.0.0.1"), **credentials("mqtts")}
    process = bridge(by_address)
    process.stop()
    mosquitto.stop()
    mosquitto = broker(authority.certificate("named", "DNS:localhost"))
    process = bridge(by_address | {"mqtt": url(mosquitto, "mqtts", "127.0.0.1")}, wait=False)
    wait_until(lambda: "IP address mismatch" in process.log_text(), "the refusal")
    assert not process.ready()


def test_a_password_comes_from_a_file_and_a_wrong_one_is_said_to_be(bridge, broker, url, run_dir,
                                                                    credentials, service):
    passwords = run_dir / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, "weir", "right"], check=True)
    passwords.chmod(0o644)
    mosquitto = broker(extra=f"password_file {passwords}\nallow_anonymous false")
    secret = run_dir / "secret"
    options = {"mqtt": url(mosquitto, "mqtts"), "mqtt-user": "weir", **credentials("mqtts")}
    secret.write_text("wrong-one\n")
    refused = bridge(options, env={"WEIR_MQTT_PASSWORD_FILE": str(secret)}, wait=False)
    wait_until(lambda: "cannot subscribe" in refused.log_text(), "the refusal")
    assert re.search("ad user name or password|ot authori[sz]ed", refused.log_text())
    assert "wrong-one" not in refused.log_text()
    refused.stop()
    secret.write_text("right\n")
    bridge(options, env={"WEIR_MQTT_PASSWORD_FILE": str(secret)}).wait_ready()


def test_mistakes_are_found_without_a_network(job, authority, tmp_path):
    file, key = authority.certificate("mine", "DNS:mine")
    _, another = authority.certificate("another", "DNS:another")
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("no certificate\n")

    def mistakes(*options):
        checked = job("mqtt-bridge", ["--check", "--topic", "t/+", *options])
        assert checked.exit_code == 2
        return checked.log_text()

    over_tls = ("--mqtt", "mqtts://localhost")
    assert "mqtts://" in mistakes("--mqtt-ca", authority.file)
    assert "both or none" in mistakes(*over_tls, "--mqtt-cert", file)
    assert str(tmp_path / "absent") in mistakes(*over_tls, "--mqtt-ca", tmp_path / "absent")
    assert str(nonsense) in mistakes(*over_tls, "--mqtt-ca", nonsense)
    assert str(another) in mistakes(*over_tls, "--mqtt-cert", file, "--mqtt-key", another)
    assert "expected tcp://" in mistakes("--mqtt", "tls://localhost")
