# SPDX-License-Identifier: Apache-2.0
"""Goal: with --jwt-key nobody sees anything without a good token, nobody more than the token says,
and nobody longer. Method: a real emitter on a real Kafka, tokens of PyJWT and forged ones, raw
WebSockets and a real client."""

import base64
import hashlib
import hmac
import json
import subprocess
import sys
import time

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from emitter_ends import Member
from socketio_wire import Polling, WebSocket
from support import ROOT

sys.path.insert(0, str(ROOT / "tests" / "system"))

from clients import node_client  # noqa: E402

SECRET = "a secret of more than thirty-two bytes"
LEEWAY_S = 30


def token(key=SECRET, algorithm="HS256", lasts=60, **claims):
    """A good token, but for what is said otherwise; a claim of None is left out."""
    claims = {"exp": time.time() + lasts, "keys": "*", **claims}
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, key,
                      algorithm)


def forged(key, header):
    """A token with any header, signed with HMAC whatever the key is meant for."""
    body = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
                    for part in (header, {"exp": time.time() + 60, "keys": "*"}))
    digest = hmac.new(key, body.encode(), hashlib.sha256).digest()
    return f"{body}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


@pytest.fixture
def key_file(tmp_path):
    file = tmp_path / "key"
    file.write_text(SECRET + "\n")
    return file


@pytest.fixture
def guarded(emitter, topics, topic, key_file):
    """(the topic, an emitter that relays it to / and to /live for those with a token)."""
    out = topic("out")
    return out, emitter(relay=[f"{out}=emit", f"{out}=window@/live"], jwt_key=key_file)


def unauthorized(reason):
    return {"message": "unauthorized", "data": {"reason": reason}}


@pytest.mark.parametrize("nsp", ["", "/live"])
def test_nobody_joins_without_a_token(guarded, topics, nsp, wait_until):
    out, running = guarded
    assert Member.refused(running.port, {}, nsp) == unauthorized("missing")
    assert Member.refused(running.port, {"token": {"a": 1}}, nsp) == unauthorized("missing")
    client = Member(running.port, nsp, first=False, token=token())
    topics.write(out, {"n": 1})
    event = client.until(lambda e: e[0] in ("emit", "window"))
    assert event[1] == {"n": 1}
    wait_until(lambda: running.metrics()['weir_clients_unauthorized_total{reason="missing"}'] == 2,
               "both refusals in the metrics")


def test_a_connection_may_try_ten_times(guarded):
    _, running = guarded
    client = WebSocket(running.port)
    client.open_packet()
    for _ in range(10):
        assert client.is_open()
        client.send('40/live,{"token":"x"}')
        assert client.receive().startswith("44/live,")
    client.closed()


@pytest.mark.parametrize("reason, bad", [
    ("malformed", lambda: "abc"),
    ("malformed", lambda: token() + ".x"),
    ("algorithm", lambda: token(algorithm="HS512", key=SECRET * 2)),
    ("algorithm", lambda: token(algorithm="none", key=None)),
    ("signature", lambda: token(key="another secret of thirty-two bytes or more")),
    ("signature", lambda: token()[:-3] + "abc"),
    ("expired", lambda: token(lasts=-LEEWAY_S - 1)),
    ("no_expiry", lambda: token(exp=None)),
    ("not_yet_valid", lambda: token(nbf=time.time() + LEEWAY_S + 5)),
    ("audience", lambda: token(aud="others")),
    ("claim", lambda: token(keys=None)),
    ("claim", lambda: token(keys="device1")),
    ("claim", lambda: token(keys=[f"k{n}" for n in range(101)])),
])
def test_a_token_that_is_not_good_is_refused_with_the_reason(guarded, reason, bad, wait_until):
    _, running = guarded
    bad = bad()
    assert Member.refused(running.port, {"token": bad}) == unauthorized(reason)
    name = f'weir_clients_unauthorized_total{{reason="{reason}"}}'
    wait_until(lambda: running.metrics()[name] == 1, "the refusal in the metrics")
    log = running.log_text()
    assert all(len(part) < 4 or part not in log for part in bad.split("."))


def test_an_rsa_key_takes_its_tokens_only(emitter, topic, tmp_path):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.public_key().public_bytes(serialization.Encoding.PEM,
                                        serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "key.pem").write_bytes(pem)
    port = emitter(relay=f"{topic('out')}=window@/live", jwt_key=tmp_path / "key.pem").port
    assert Member(port, token=token(key, "RS256")).first[0] == "snapshot"
    for bad, reason in ((forged(pem, {"alg": "HS256", "typ": "JWT"}), "algorithm"),
                        (forged(pem, {"alg": "RS256", "typ": "JWT"}), "signature"),
                        (token(key, "RS512"), "algorithm"),
                        (token(algorithm="none", key=None), "algorithm")):
        assert Member.refused(port, {"token": bad}) == unauthorized(reason)


def test_issuer_and_audience(emitter, topic, key_file):
    port = emitter(relay=f"{topic('out')}=window@/live", jwt_key=key_file, jwt_issuer="us",
                   jwt_audience="weir", jwt_keys_claim="").port
    Member(port, token=token(iss="us", aud=["x", "weir"], keys=None))
    for claims, reason in (({"aud": "weir"}, "issuer"), ({"iss": "us"}, "audience"),
                           ({"iss": "us", "aud": "x"}, "audience")):
        assert Member.refused(port, {"token": token(**claims)}) == unauthorized(reason)


def test_who_may_see_some_keys_gets_just_these(guarded, topics):
    out, running = guarded
    topics.write(out, {"n": 0}, key="a")
    topics.write(out, {"n": 1}, key="c")
    Member(running.port, token=token()).until(lambda e: e[:2] == ["totals", {"window": 2}])
    limited = token(keys=["a", "b"])
    live, plain = Member(running.port, token=limited), \
        Member(running.port, "", first=False, token=limited)
    assert live.first[1:3] == [{"window": [live.first[1]["window"][0]]}, ["a", "b"]]
    assert live.first[1]["window"][0][0] == {"n": 0}
    for n, key in enumerate("abcdabc"):
        topics.write(out, {"n": n}, key=key)
    assert [live.next_event()[1]["n"] for _ in range(4)] == [0, 1, 4, 5]
    assert [plain.next() for _ in range(4)] == [["emit", {"n": n}] for n in (0, 1, 4, 5)]

    # It may choose among them, and nothing else.
    assert live.ask("unsubscribe", ["a"])[1] == {
        "error": "expected a subscribe first: this client gets all keys it may see"}
    assert live.ask("subscribe", ["a", "c"])[1] == {
        "error": 'the token does not let this client see the key "c"'}
    assert live.ask("subscribe", ["b"]) == ([], {"keys": ["b"]})
    topics.write(out, {"n": 7}, key="a")
    topics.write(out, {"n": 8}, key="b")
    assert live.next_event()[1] == {"n": 8}
    chosen = Member(running.port, token=limited, keys=["a"])
    assert chosen.first[2] == ["a"]
    assert Member.refused(running.port, {"token": limited, "keys": ["a", "c"]}) == {
        "message": 'auth.keys: the token does not let this client see the key "c"'}
    assert Member(running.port, token=token(keys=[])).first[1:3] == [{"window": []}, []]


def test_who_comes_back_with_less_gets_less(guarded, topics):
    """Its past is its own, but what it may see is what the token says now."""
    out, running = guarded
    first = Member(running.port, token=token())
    first.socket.close()
    for n, key in enumerate("abc"):
        topics.write(out, {"n": n}, key=key)
    Member(running.port, token=token()).until(lambda e: e[:2] == ["totals", {"window": 3}])
    again = Member(running.port, token=token(keys=["b"]), **first.past(first.first))
    assert again.joined == first.joined and [e[1]["n"] for e in again.resent] == [1]
    assert Member.refused(running.port, first.past(first.first)) == unauthorized("missing")


@pytest.mark.parametrize("nsp", ["", "/live"])
def test_a_token_that_expires_ends_the_connection(guarded, nsp, wait_until):
    _, running = guarded
    lasts = 2
    client = Member(running.port, nsp, first=False, token=token(lasts=lasts - LEEWAY_S))
    poller = Polling(running.port)
    poller.post(f"40{nsp}{',' if nsp else ''}"
                + json.dumps({"token": token(lasts=lasts - LEEWAY_S)}))
    poller.packets()
    other = Member(running.port, nsp, first=False, token=token())
    began = time.monotonic()
    client.socket.raw.settimeout(10)
    # No DISCONNECT packet: after one, clients do not come back by themselves.
    while (opcode_payload := client.socket.frame())[0] != 8:
        assert not opcode_payload[1].startswith(b"41")
    assert 0.5 < time.monotonic() - began < 6
    wait_until(lambda: not poller.is_known(), "the end of the poller")
    wait_until(lambda: running.metrics()["weir_clients_expired_total"] == 2, "both in the metrics")
    assert other.socket.is_open()


def test_a_real_client_comes_back_with_a_new_token(guarded, topics, tmp_path, run_dir, clients,
                                                   wait_until):
    out, running = guarded
    auth = tmp_path / "auth.json"
    auth.write_text(json.dumps({"token": token(lasts=3 - LEEWAY_S)}))
    client = node_client("client", f"http://127.0.0.1:{running.port}/live", run_dir,
                         transports=("websocket",), events=("window", "snapshot"), auth=auth)
    clients.append(client.start())
    client.wait_ready()
    auth.write_text(json.dumps({"token": token()}))
    count = 0
    while len(connects := [s for s in client.states() if s["state"] == "connect"]) < 2:
        topics.write(out, {"n": count})
        count += 1
        time.sleep(0.02)
        assert count < 1_000, client.states()
    topics.write(out, {"n": count})
    wait_until(lambda: len(client.received("window")) > count, "all events")
    assert [value["n"] for value in client.received("window")] == list(range(count + 1))
    assert connects[1]["recovered"]
    assert [s["reason"] for s in client.states() if s["state"] == "disconnect"] == \
        ["transport close"]


@pytest.mark.parametrize("content, word", [
    (b"short\n", "at least 32 bytes, got 5"), (None, "cannot be read"),
    (b"-----BEGIN CERTIFICATE-----\n", "expected an RSA public key in PEM")])
def test_a_key_that_does_not_do_is_found_before_the_start(bin_dir, tmp_path, content, word):
    key = tmp_path / "key"
    if content is not None:
        key.write_bytes(content)
    checked = subprocess.run([bin_dir / "emitter", "--relay=a=b", "--bootstrap-servers=x:1",
                              f"--jwt-key={key}", "--check"], capture_output=True, text=True)
    assert checked.returncode == 2
    assert "--jwt-key" in checked.stderr and word in checked.stderr


def test_rules_for_tokens_need_a_key(bin_dir):
    checked = subprocess.run([bin_dir / "emitter", "--relay=a=b", "--bootstrap-servers=x:1",
                              "--jwt-issuer=us", "--check"], capture_output=True, text=True)
    assert checked.returncode == 2
    assert "--jwt-issuer and --jwt-audience need --jwt-key" in checked.stderr
