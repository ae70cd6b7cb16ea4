# SPDX-License-Identifier: Apache-2.0
import itertools
import re

import pytest
from emitter_ends import Topics
from weir_local.service import Announcer

_numbers = itertools.count(1)


@pytest.fixture
def fixture_server(bin_dir, run_dir):
    """The port of a socketio-fixture of this test's own; it must end well and leave no word on
    its error output (a sanitizer's, say)."""
    name = f"socketio-fixture-{next(_numbers)}"
    command = [bin_dir / "socketio-fixture", "--listen", "127.0.0.1:0"]
    process = Announcer(name, command, run_dir, r"^listening on \d+$").start().wait_ready()
    yield int(re.search(r"listening on (\d+)", process.log_text())[1])
    process.stop()
    assert process.exit_code == 0, process.log_text()


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
