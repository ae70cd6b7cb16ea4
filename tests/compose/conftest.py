# SPDX-License-Identifier: Apache-2.0
"""What the tests of images and compose files share: a Docker engine, and images built once.

`make test` runs the tests that are not marked `whole`; `make test-compose` runs all of them.
"""

import os

import pytest
import weir_local
from engine import DATA, Engine, Project, impossible
from images import build_all, settings
from support import ROOT

AIR_QUALITY = ROOT / "deploy" / "air-quality"


def pytest_collection_modifyitems(items):
    if os.environ.get("WEIR_COMPOSE") != "whole":
        items[:] = [item for item in items if not item.get_closest_marker("whole")]
    for item in items:  # the first one waits for the images
        item.add_marker(pytest.mark.timeout(1800))


@pytest.fixture(scope="session")
def engine(session_dir):
    if reason := impossible():
        pytest.skip(reason)
    running = Engine(DATA, session_dir).start().wait_ready()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def env():
    """The variables of deploy/air-quality/.env."""
    return settings(AIR_QUALITY / ".env")


@pytest.fixture(scope="session")
def images(engine, env):
    """Every image, built; names of Weir's by service."""
    standins, own = build_all(engine, env)
    print(f"stand-ins {standins:.0f} s, make images {own:.0f} s")
    names = sorted(path.parent.name for path in ROOT.glob("services/*/Dockerfile"))
    return {name: f"weir/{name}:{env['WEIR_VERSION']}" for name in names}


@pytest.fixture
def project(engine, images, run_dir):  # the folder goes last: overrides may be in it
    """project(file, name, variables, override=file) brings nothing up yet; down and checked for
    leftovers after the test."""
    made = []

    def make(file, name, variables=None, override=None):
        made.append(Project(engine, file, name, variables, override))
        return made[-1]
    yield make
    for one in reversed(made):
        one.keep_logs(run_dir / "logs")
        one.down()
        assert one.left() == [], "compose down left something behind"


@pytest.fixture
def ports():
    """Free ones for what the stacks publish, as their variables."""
    return {name: weir_local.free_port() for name in ("PAGE_PORT", "MQTT_PORT", "KAFKA_PORT")}
