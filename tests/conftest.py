# SPDX-License-Identifier: Apache-2.0
"""What service and system tests share: real brokers, real binaries, and folders that outlive a
failure.

Everything is started through deploy/local/weir_local, as `make run` does. WEIR_BIN names the
folder of executables (default: build/release/bin).
"""

import itertools
import os
import re
import shutil
import time
from pathlib import Path

import pytest
import weir_local
from browser import Browser
from support import ROOT, create_topic, wait_until
from weir_local.service import Job, Service
from weir_local.system import System

_numbers = itertools.count(1)
_outcome = pytest.StashKey()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    report = (yield).get_result()
    item.stash[_outcome] = item.stash.get(_outcome, True) and not report.failed
    item.session.stash[_outcome] = item.session.stash.get(_outcome, True) and not report.failed


@pytest.fixture(scope="session")
def bin_dir():
    """The folder of the executables under test."""
    folder = Path(os.environ.get("WEIR_BIN") or ROOT / "build" / "release" / "bin").resolve()
    assert folder.is_dir(), f"{folder} does not exist; build first (make build)"
    return folder


@pytest.fixture(scope="session")
def session_dir(request):
    """A folder of this run of the tests, kept for a day if a test failed."""
    runs = ROOT / "build" / "test-runs"
    for old in runs.glob("*"):
        if old.stat().st_mtime < time.time() - 24 * 3600:
            shutil.rmtree(old, ignore_errors=True)
    folder = runs / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
    folder.mkdir(parents=True)
    yield folder
    if request.session.stash.get(_outcome, True):
        shutil.rmtree(folder)


@pytest.fixture
def run_dir(request, session_dir):
    """A folder of this test, kept if it fails: data, and logs/ of what it started."""
    folder = session_dir / re.sub(r"[^\w.-]+", "-", request.node.name)[:80]
    folder = folder.with_name(f"{folder.name}-{next(_numbers)}")
    folder.mkdir()
    yield folder
    if request.node.stash.get(_outcome, True):
        shutil.rmtree(folder)
        return
    print(f"data and logs are kept in {folder}")
    for log in sorted(folder.glob("logs/*.log")):
        print(f"--- {log.name}, last lines\n" + "\n".join(_last_lines(log, 40)))


def _last_lines(path, count):
    return path.read_text(errors="replace").splitlines()[-count:]


@pytest.fixture(scope="session")
def kafka(session_dir):
    """One real Kafka broker for the whole run. Use `topic` for topics of a test's own. A test that
    stops or kills its Kafka starts one of its own: weir_local.Kafka(run_dir)."""
    broker = weir_local.Kafka(session_dir / "kafka").start().wait_ready()
    yield broker
    broker.stop()


@pytest.fixture
def mosquitto(run_dir):
    """A real MQTT broker of this test's own."""
    broker = weir_local.Mosquitto(run_dir).start().wait_ready()
    yield broker
    broker.stop()


@pytest.fixture
def unique(request):
    """unique("group") is a name no other test uses, legal for topics, groups and client ids."""
    stem = re.sub(r"[^\w.-]+", "-", request.node.name)[:60].strip("-")
    return lambda suffix: f"{stem}-{os.getpid()}-{next(_numbers)}-{suffix}"


@pytest.fixture
def topic(kafka, unique):
    """topic("in", partitions=4) creates a topic of this test's own and returns its name."""
    def create(suffix, partitions=1, **config):
        name = unique(suffix)
        create_topic(kafka.bootstrap_servers, name, partitions, **config)
        return name
    return create


@pytest.fixture(name="wait_until")
def wait_until_fixture():
    return wait_until


@pytest.fixture
def free_port():
    return weir_local.free_port


@pytest.fixture
def service(bin_dir, run_dir):
    """service("aggregator", {"input": "a", ...}) starts a real service, waits until /readyz says
    200 and returns it (weir_local.Service). wait=False does not wait; `name` tells two apart.
    Everything is stopped after the test, the last one first."""
    started = []

    def start(executable, options, *, wait=True, **more):
        process = Service(bin_dir / executable, options, run_dir, **more).start()
        started.append(process)
        return process.wait_ready() if wait else process
    yield start
    for process in reversed(started):
        process.stop()


@pytest.fixture
def system(bin_dir, run_dir):
    """system(options={"aggregator": {"grace": "2s"}}, variant="firmware") starts a whole system of
    deploy/ with brokers of its own on free ports and returns it (weir_local.system.System):
    system["aggregator"], system.ports["page"], system.bootstrap_servers. Everything is stopped
    after the test."""
    started = []

    def start(name="air-quality", **more):
        whole = System(ROOT / "deploy" / name, run_dir, bin_dir, ports="free", **more)
        started.append(whole)
        return whole.start()
    yield start
    for whole in started:
        whole.stop()


@pytest.fixture
def job(bin_dir, run_dir):
    """job("topics", ["--file", path]) runs an executable to its end; returns it with exit_code
    and log_text()."""
    def run(executable, arguments, *, timeout=30.0, name=None, env=None):
        command = [bin_dir / executable, *arguments]
        process = Job(name or f"{executable}-{next(_numbers)}", command, run_dir, env=env).start()
        code = process.finish(timeout)
        assert code != -9, f"{executable} did not end within {timeout} s\n{process.log_tail()}"
        return process
    yield run


@pytest.fixture
def clients():
    """Stops the Socket.IO clients a test adds to this list."""
    running = []
    yield running
    for client in reversed(running):
        client.stop()


@pytest.fixture(scope="session")
def browser():
    """One browser for all; open() gives each test a page of its own."""
    driver = Browser()
    yield driver
    driver.close()
