# SPDX-License-Identifier: Apache-2.0
import itertools
import re
import shutil

import pytest
import socketio_wire
from certificates import Authority
from emitter_ends import Topics
from otherwise import otherwise
from support import ROOT
from weir_local.service import Announcer

_numbers = itertools.count(1)


def pytest_generate_tests(metafunc):
    """The rules of the protocols are held against the reference implementation, too."""
    if metafunc.definition.get_closest_marker("rules"):
        metafunc.parametrize("fixture_server", ["weir", "reference"], indirect=True)


@pytest.hookimpl(hookwrapper=True)
def pytest_pyfunc_call(pyfuncitem):
    """What the reference does otherwise must be seen there: the rule's test fails with what the
    table says, or the table is wrong."""
    outcome = yield
    call = getattr(pyfuncitem, "callspec", None)
    if call is None or call.params.get("fixture_server") != "reference":
        return
    row = otherwise(pyfuncitem.originalname, call.id.removeprefix("reference").removeprefix("-"))
    if row is None:
        return
    if outcome.excinfo is None:
        pytest.fail(f"the reference keeps this rule, but the table says: {row.why}", False)
    if re.search(row.seen, f"{outcome.excinfo[0].__name__}: {outcome.excinfo[1]}"):
        outcome.force_result(None)
    else:
        print(f"expected of the reference: {row.seen} ({row.why})")


def announced(name, command, run_dir):
    """Starts a server that prints its port; returns the process and the port."""
    process = Announcer(name, command, run_dir, r"^listening on \d+$").start().wait_ready()
    return process, int(re.search(r"listening on (\d+)", process.log_text())[1])


@pytest.fixture(scope="session")
def reference_server(session_dir):
    """The port of the reference implementation with the same handlers, one for all tests."""
    command = [shutil.which("node"), ROOT / "tests/node/reference.mjs", "--listen", "127.0.0.1:0"]
    process, port = announced("reference", command, session_dir)
    yield port
    process.stop()
    assert process.exit_code == 0, process.log_text()


@pytest.fixture(scope="session")
def authority(session_dir):
    """Signs the certificates of the servers under test."""
    return Authority(session_dir / "certificates")


def fixture_at(bin_dir, run_dir, *how):
    command = [bin_dir / "socketio-fixture", "--listen", "127.0.0.1:0", *how]
    process, port = announced(f"socketio-fixture-{next(_numbers)}", command, run_dir)
    yield process, port
    process.stop()
    assert process.exit_code == 0, process.log_text()


@pytest.fixture
def fixture_process(bin_dir, run_dir):
    """A socketio-fixture of this test's own, and its port; it must end well and leave no word on
    its error output (a sanitizer's, say)."""
    yield from fixture_at(bin_dir, run_dir)


@pytest.fixture(scope="session")
def server_files(authority):
    """(certificate, key) for a server on this machine."""
    return authority.certificate("server", "DNS:localhost,IP:127.0.0.1")


@pytest.fixture
def tls_fixture_process(bin_dir, run_dir, server_files):
    """The same over TLS."""
    yield from fixture_at(bin_dir, run_dir, "--tls", *server_files)


@pytest.fixture
def fixture_server(request):
    """The port of a socketio-fixture, or of the reference where a test asks for it."""
    if getattr(request, "param", "weir") == "weir":
        return request.getfixturevalue("fixture_process")[1]
    # The rows of the table wait for what does not come.
    request.getfixturevalue("monkeypatch").setattr(socketio_wire, "CLOSED_S", 0.6)
    return request.getfixturevalue("reference_server")


@pytest.fixture
def topics(kafka):
    return Topics(kafka)


@pytest.fixture
def emitter(service, kafka, free_port):
    """emitter(relay=[...], **options) starts one; its port is .port."""
    def start(wait=True, name=None, **options):
        port = options.pop("port", None) or free_port()
        settings = {"bootstrap-servers": kafka.bootstrap_servers, "listen": f"127.0.0.1:{port}",
                    **{key.replace("_", "-"): value for key, value in options.items()}}
        process = service("emitter", settings, wait=wait, name=name)
        process.port = port
        return process
    return start
