# SPDX-License-Identifier: Apache-2.0
"""Goal: the clients people have get along with the server. Method: socket.io-client of the newest
release and of 3.0.4, python-socketio and the Java client, each over both transports, the first
three plain and over TLS, against socketio-fixture."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.alone  # a pong has to be there within 200 ms
TESTS = Path(__file__).resolve().parents[2]
NODE = TESTS / "node"
JARS = TESTS.parent / ".cache" / "socketio-java" / "lib" / "*"


@pytest.fixture(params=["http", "https"])
def url(request):
    tls = request.param == "https"
    process = request.getfixturevalue("tls_fixture_process" if tls else "fixture_process")
    return f"{request.param}://127.0.0.1:{process[1]}"


@pytest.mark.parametrize("transports", ["polling", "websocket", "polling,websocket"])
@pytest.mark.parametrize("client", ["socket.io-client", "socket.io-client-3.0.4"])
def test_node_client(url, client, transports, authority):
    done = subprocess.run(["node", "exercise.mjs", url, client, transports],
                          cwd=Path(__file__).parent, capture_output=True, text=True, timeout=60,
                          env={"NODE_PATH": str(NODE / "node_modules"), "PATH": "/usr/bin:/bin",
                               "NODE_EXTRA_CA_CERTS": str(authority.file)})
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["transport"] == transports.split(",")[-1]
    assert seen["auth"] == {"token": "123"}
    assert seen["back"] == [1, "2", {"3": [True]}, "AQID"]
    assert seen["ack"] == ["x", "AQID"]
    assert seen["answered"] == ["yes", 7]
    assert seen["broadcasted"] == [{"n": 1}]
    assert seen["refused"] == "Invalid namespace"
    assert seen["left"] == "io server disconnect"
    assert seen["closed"] == "io server disconnect"


@pytest.fixture(scope="module")
def java_classes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("classes")
    done = subprocess.run(["javac", "-cp", JARS, "-d", folder, TESTS / "java" / "Exercise.java"],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("transports", ["polling", "websocket", "polling,websocket"])
def test_java_client(fixture_server, java_classes, transports):
    done = subprocess.run(["java", "-cp", f"{java_classes}:{JARS}", "Exercise",
                           f"http://127.0.0.1:{fixture_server}", transports],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "transport": transports.split(",")[-1], "auth": {"token": "123"},
        "back": [1, "2", {"3": [True]}, "AQID"], "ack": ["x", "AQID"], "answered": ["yes", 7],
        "broadcasted": [{"n": 1}], "refused": "Invalid namespace", "left": "io server disconnect"}


@pytest.mark.parametrize("transport", ["polling", "websocket"])
def test_python_client(url, transport, authority):
    # This client reads and writes its WebSocket in two threads. Over TLS it loses the connection in
    # one of some twenty runs, in front of the reference implementation, too.
    tls_websocket = url.startswith("https") and transport == "websocket"
    for _ in range(3 if tls_websocket else 1):
        # A process of its own: the client's threads outlive it.
        done = subprocess.run([sys.executable, "-c", PYTHON_CLIENT, url, transport],
                              capture_output=True, text=True, timeout=60,
                              env={**os.environ, "REQUESTS_CA_BUNDLE": str(authority.file),
                                   "WEBSOCKET_CLIENT_CA_BUNDLE": str(authority.file)})
        if done.returncode == 0:
            break
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen == {"transport": transport, "auth": {"token": "123"}, "ack": ["x", "010203"],
                    "back": [1, {"a": [True]}, "010203"], "refused": True}


PYTHON_CLIENT = """
import json, sys, threading
import socketio

seen, back = {}, threading.Event()
client = socketio.Client(reconnection=False)

@client.on("auth", namespace="/custom")
def auth(value): seen["auth"] = value

@client.on("message-back", namespace="/custom")
def message_back(*args):
    seen["back"] = [*args[:2], args[2].hex()]
    back.set()

client.connect(sys.argv[1], transports=[sys.argv[2]], auth={"token": "123"},
               namespaces=["/custom"], wait_timeout=10)
seen["transport"] = client.transport()
client.emit("message", (1, {"a": [True]}, b"\\1\\2\\3"), namespace="/custom")
assert back.wait(10)
answer = client.call("message-with-ack", ("x", b"\\1\\2\\3"), namespace="/custom", timeout=10)
seen["ack"] = [answer[0], answer[1].hex()]
client.disconnect()

other = socketio.Client(reconnection=False)
try:
    other.connect(sys.argv[1], transports=[sys.argv[2]], namespaces=["/nope"], wait_timeout=1)
except socketio.exceptions.ConnectionError:
    seen["refused"] = True
print(json.dumps(seen))
"""
