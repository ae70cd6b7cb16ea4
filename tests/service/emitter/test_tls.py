# SPDX-License-Identifier: Apache-2.0
"""Goal: over TLS everything is as without it, certificates are replaced under connected clients,
and whoever speaks no TLS, or the wrong one, costs nothing. Method: the real emitter and
socketio-fixture with certificates made by OpenSSL; raw connections of Python's ssl and real
clients. test_clients.py has the clients people have over TLS, too."""

import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time

import pytest
from certificates import Authority
from emitter_ends import Live
from socketio_wire import BINARY, CLOSE, WebSocket
from support import ROOT

sys.path.insert(0, str(ROOT / "tests" / "system"))

from clients import node_client, python_client  # noqa: E402

DAY_S = 24 * 3600
EXPIRES = "weir_tls_certificate_expires_seconds"


def failed(reason):
    return f'weir_tls_handshakes_failed_total{{reason="{reason}"}}'


def reloads(result):
    return f'weir_tls_reloads_total{{result="{result}"}}'


@pytest.fixture
def tls(authority):
    """What a client needs to know of the server."""
    context = ssl.create_default_context(cafile=authority.file)
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF  # an end that nobody has said is an error
    return context


@pytest.fixture
def secure(emitter, topic, server_files):
    """secure(**options) starts an emitter over TLS that relays a topic to / and /live."""
    def start(files=server_files, **options):
        out = topic("out")
        running = emitter(relay=[f"{out}=emit", f"{out}=window@/live"],
                          tls_cert=files[0], tls_key=files[1], **options)
        running.topic = out
        return running
    return start


def connected(port, tls):
    raw = socket.create_connection(("127.0.0.1", port), 5)
    return tls.wrap_socket(raw, server_hostname="localhost", suppress_ragged_eofs=False)


def serial(port, tls):
    with connected(port, tls) as peer:
        return peer.getpeercert()["serialNumber"]


def joined(port, tls):
    client = WebSocket(port, tls=tls)
    client.open_packet()
    client.send("40")
    assert client.receive().startswith("40")
    return client


# As without it


def test_the_page_and_its_headers(secure, tls, tmp_path):
    (tmp_path / "index.html").write_text("<!doctype html><title>x</title>")
    running = secure(page=tmp_path)
    page = http.client.HTTPSConnection("localhost", running.port, timeout=5, context=tls)
    for _ in range(2):  # on one connection
        page.request("GET", "/")
        answer = page.getresponse()
        assert answer.read() == b"<!doctype html><title>x</title>"
        assert answer.getheader("strict-transport-security") is None
    assert page.sock.version() == "TLSv1.3"
    assert running.get("/healthz")[0] == 200  # plain


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_sessions_are_resumed(secure, tls, version):
    running = secure()
    tls.maximum_version = version
    first = WebSocket(running.port, tls=tls)
    first.open_packet()  # with TLS 1.3 tickets come after the handshake
    raw = socket.create_connection(("127.0.0.1", running.port), 5)
    again = tls.wrap_socket(raw, server_hostname="localhost", session=first.raw.session)
    assert again.session_reused


def test_real_clients_get_all_events(secure, authority, topics, clients, run_dir, wait_until):
    running = secure()
    url = f"https://127.0.0.1:{running.port}"
    trust = {**os.environ, "NODE_EXTRA_CA_CERTS": str(authority.file),
             "REQUESTS_CA_BUNDLE": str(authority.file),
             "WEBSOCKET_CLIENT_CA_BUNDLE": str(authority.file)}
    clients += [node_client("upgrading", url, run_dir),
                node_client("polling", url, run_dir, transports=["polling"]),
                node_client("websocket", url, run_dir, transports=["websocket"]),
                python_client("python-polling", url, run_dir),
                python_client("python-websocket", url, run_dir, transport="websocket")]
    for client in clients:
        client.env = trust
        client.start().wait_ready()
    wait_until(lambda: running.metrics()["weir_client_upgrades_total"] == 1, "the upgrade")
    values = [{"n": n} for n in range(50)]
    for count in range(10, 51, 10):  # python-socketio takes at most 16 packets in one poll
        topics.write(running.topic, *values[count - 10:count])
        for client in clients:
            wait_until(lambda c=client: len(c.received()) == count, f"events at {client.name}")
    for client in clients[:3]:
        assert client.received() == values
    for client in clients[3:]:  # python-socketio has a thread for each event
        assert sorted(event["n"] for event in client.received()) == list(range(50))


def test_large_events_reach_the_client(secure, tls, topics):
    running = secure(value_max="512KiB")
    client = joined(running.port, tls)
    for size in (10, 16_350, 16_384, 17_000, 200_000):
        value = json.dumps({"x": "".join(chr(97 + n % 23) for n in range(size))})
        topics.write(running.topic, value)
        assert client.receive() == f'42["emit",{value}]'


@pytest.mark.alone  # a pong has to be there within 200 ms
def test_large_messages_go_both_ways(tls_fixture_process, tls):
    _, port = tls_fixture_process
    echo = WebSocket(port, "/engine.io/", tls=tls)
    echo.open_packet()
    for size in (1, 16_384, 200_000, 999_000):
        message = os.urandom(size)
        echo.send_frame(BINARY, message)
        assert echo.receive() == message
    polling = http.client.HTTPSConnection("localhost", port, timeout=5, context=tls)
    target = "/engine.io/?EIO=4&transport=polling"
    polling.request("GET", target)
    sid = json.loads(polling.getresponse().read()[1:])["sid"]
    polling.request("POST", f"{target}&sid={sid}", "4" + "x" * 200_000)
    assert polling.getresponse().read() == b"ok"
    polling.request("GET", f"{target}&sid={sid}")
    assert polling.getresponse().read() == b"4" + b"x" * 200_000


def test_one_who_does_not_read_is_bounded_and_the_others_get_all(secure, tls, topics, wait_until):
    running = secure(client_queue="256KiB", history_size="64KiB", ping_interval="1h")
    stalled, lively = joined(running.port, tls), joined(running.port, tls)
    value = json.dumps({"x": "y" * 60_000})
    for _ in range(400):  # more than the kernel's buffers for the stalled one
        topics.write(running.topic, value)
        assert lively.receive() == f'42["emit",{value}]'
    closed = 'weir_clients_closed_total{reason="too_slow"}'
    wait_until(lambda: running.metrics()[closed] == 1, "the end of the stalled client")
    assert lively.is_open()
    seen = 0
    with pytest.raises(ssl.SSLError, match="UNEXPECTED_EOF"):  # cut off, and it looks so
        while chunk := stalled.raw.recv(1 << 20):
            seen += len(chunk)
    assert seen < 400 * len(value)


def test_a_stop_in_order_leaves_nobody_without_an_event(secure, tls, topics):
    running = secure(drain="500ms")
    crowd = [joined(running.port, tls) for _ in range(200)]
    values = [json.dumps({"n": n, "x": "y" * 2000}) for n in range(50)]
    topics.write(running.topic, *values)
    assert crowd[0].receive() == f'42["emit",{values[0]}]'
    running.terminate()
    for number, client in enumerate(crowd):
        for value in values[1 if number == 0 else 0:]:
            assert client.receive() == f'42["emit",{value}]'
        assert client.frame()[0] == CLOSE
        assert client.raw.recv(1) == b""  # the end is said, or this raises
        client.close()
    assert running.finish(10) == 0


# New certificates


def test_a_new_certificate_is_for_new_connections(secure, authority, tls, topics, tmp_path,
                                                  wait_until):
    files = [tmp_path / "cert.pem", tmp_path / "key.pem"]

    def install(name, days):
        made = authority.certificate(name, "DNS:localhost", days=days)
        for source, target in zip(made, files):
            shutil.copy(source, target)

    install("first", 30)
    running = secure(files)
    first = serial(running.port, tls)
    assert abs(running.metrics()[EXPIRES] - time.time() - 30 * DAY_S) < 600
    live, plain = Live(running.port, tls=tls), joined(running.port, tls)
    live.snapshot()

    install("second", 60)
    assert serial(running.port, tls) == first
    running.signal(signal.SIGHUP)
    wait_until(lambda: running.metrics()[reloads("loaded")] == 1, "the reload")
    second = serial(running.port, tls)
    assert second != first
    assert abs(running.metrics()[EXPIRES] - time.time() - 60 * DAY_S) < 600
    topics.write(running.topic, {"n": 1})  # those who were there are still there
    assert plain.receive() == '42["emit",{"n":1}]'
    assert live.until(lambda event: event[0] == "window", "window")[1] == {"n": 1}

    files[0].write_text("half a fi")
    running.signal(signal.SIGHUP)
    wait_until(lambda: running.metrics()[reloads("failed")] == 1, "the refusal")
    assert f"the certificate in {files[0]}, expected as PEM" in running.log_text()
    shutil.copy(authority.certificate("third", "DNS:localhost")[0], files[0])  # not the key yet
    running.signal(signal.SIGHUP)
    wait_until(lambda: running.metrics()[reloads("failed")] == 2, "the second refusal")
    assert f"the private key in {files[1]} does not belong" in running.log_text()
    assert serial(running.port, tls) == second
    assert abs(running.metrics()[EXPIRES] - time.time() - 60 * DAY_S) < 600
    install("fourth", 3)
    running.signal(signal.SIGHUP)
    wait_until(lambda: running.metrics()[reloads("loaded")] == 2, "the last reload")
    assert "the certificate ends on " in running.log_text()
    topics.write(running.topic, {"n": 2})
    assert plain.receive() == '42["emit",{"n":2}]'
    assert running.stop() == 0


def test_without_tls_sighup_means_nothing(emitter, topic, wait_until):
    running = emitter(relay=f"{topic('out')}=emit")
    client = WebSocket(running.port)
    running.signal(signal.SIGHUP)
    wait_until(lambda: "SIGHUP means nothing here" in running.log_text(), "a word about it")
    assert client.is_open() and running.metrics()[EXPIRES] == 0


# Whoever is not as they should be


def test_a_client_that_trusts_somebody_else_stays_away(secure, session_dir, wait_until):
    running = secure()
    other = ssl.create_default_context(
        cafile=Authority(session_dir / "certificates", "other").file)
    with pytest.raises(ssl.SSLCertVerificationError):
        WebSocket(running.port, tls=other)
    wait_until(lambda: running.metrics()[failed("refused")] == 1, "the refusal in the metrics")


@pytest.mark.parametrize("how", [
    ["-tls1_1", "-cipher", "ALL@SECLEVEL=0"], ["-tls1_2", "-cipher", "AES128-SHA@SECLEVEL=0"],
    ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256"], ["-alpn", "h2"]])
def test_what_is_too_old_or_not_spoken_is_refused(secure, wait_until, how):
    running = secure()
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{running.port}", *how],
                          input="", capture_output=True, text=True, timeout=20)
    assert done.returncode != 0 and "alert" in done.stderr, done.stderr
    wait_until(lambda: running.metrics()[failed("refused")] == 1, "the refusal in the metrics")


def test_a_client_that_speaks_http_is_told(secure, tls, wait_until):
    running = secure()
    plain = http.client.HTTPConnection("127.0.0.1", running.port, timeout=5)
    plain.request("GET", "/socket.io/?EIO=4&transport=polling", headers={"X": "y" * 50_000})
    answer = plain.getresponse()
    assert (answer.status, answer.read()) == (400, b"this port speaks HTTPS, not HTTP\n")
    wait_until(lambda: running.metrics()[failed("plain_http")] == 1, "it in the metrics")
    assert WebSocket(running.port, tls=tls).status == 101


@pytest.mark.parametrize("begun", [b"", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"])
def test_handshakes_that_do_not_end_are_given_up(tls_fixture_process, wait_until, tls, begun):
    process, port = tls_fixture_process
    open_files = f"/proc/{process.pid}/fd"
    before = len(os.listdir(open_files))
    crowd = [socket.create_connection(("127.0.0.1", port), 5) for _ in range(100)]
    for raw in crowd:
        raw.sendall(begun)
    assert WebSocket(port, tls=tls).status == 101
    for raw in crowd:
        assert raw.recv(1) == b""
    wait_until(lambda: len(os.listdir(open_files)) <= before + 1, "end of all of them", 5)


def test_a_scan_fills_neither_the_log_nor_memory(secure, tls, wait_until):
    running = secure()
    open_files = f"/proc/{running.pid}/fd"
    before = len(os.listdir(open_files))
    log = running.log_text()
    for number in range(300):
        with socket.create_connection(("127.0.0.1", running.port), 5) as raw:
            raw.sendall((b"", os.urandom(100), b"SSH-2.0-x\r\n", b"\x16\x03\x01")[number % 4])
    wait_until(lambda: len(os.listdir(open_files)) <= before, "end of all of them")
    wait_until(lambda: running.metrics()[failed("gone")] + running.metrics()[failed("refused")]
               == 300, "all of them in the metrics")
    assert running.log_text() == log
    assert WebSocket(running.port, tls=tls).status == 101


def test_handshakes_of_one_address_are_limited(secure, tls, wait_until):
    running = secure(clients_per_address=2)
    held = [socket.create_connection(("127.0.0.1", running.port), 5) for _ in range(2)]
    third = socket.create_connection(("127.0.0.1", running.port), 5)
    try:
        assert third.recv(1) == b""
    except ConnectionResetError:
        pass
    refused = "weir_http_refused_connections_total"
    wait_until(lambda: running.metrics()[refused] == 1, "the refusal in the metrics")
    assert WebSocket(running.port, tls=tls, source="127.0.0.2").status == 101
    held.pop().close()
    wait_until(lambda: running.metrics()[failed("gone")] == 1, "the end of one of them")
    assert WebSocket(running.port, tls=tls).status == 101  # and its handshake no longer counts
    assert WebSocket(running.port, tls=tls).status == 101


# Configuration


@pytest.mark.parametrize("given, mistake", [
    (("cert",), "--tls-cert and --tls-key: expected both or none"),
    (("key",), "--tls-cert and --tls-key: expected both or none"),
    (("cert", "other key"), "does not belong to the certificate in {cert}"),
    (("nowhere", "key"), "the certificate in {nowhere}, expected as PEM: No such file"),
    (("key", "key"), "the certificate in {key}, expected as PEM"),
    (("cert", "cert"), "the private key in {cert}, expected as PEM, not encrypted")])
def test_files_that_cannot_be_served_end_the_start(job, authority, server_files, tmp_path, given,
                                                   mistake):
    paths = {"cert": server_files[0], "key": server_files[1], "nowhere": tmp_path / "nowhere",
             "other key": authority.certificate("another", "DNS:localhost")[1]}
    files = dict(zip(("cert", "key") if len(given) == 2 else given, given))
    options = [word for option, name in files.items()
               for word in (f"--tls-{option}", paths[name])]
    checked = job("emitter", ["--check", *options])
    assert checked.exit_code == 2 and mistake.format(**paths) in checked.log_text()


@pytest.mark.parametrize("days, said", [(30, None), (13, "ends on"), (-1, "ended on")])
def test_a_certificate_that_ends_is_warned_of(job, authority, tmp_path, days, said):
    cert, key = authority.certificate("ending", "DNS:localhost", days=days)
    checked = job("emitter", ["--check", "--tls-cert", cert, "--tls-key", key])
    warning = f"emitter: warning: --tls-cert {cert}: the certificate {said}"
    assert checked.exit_code == 0 and "the configuration is valid" in checked.log_text()
    assert (warning in checked.log_text()) == (said is not None)
