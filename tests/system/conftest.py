# SPDX-License-Identifier: Apache-2.0
"""The whole air-quality system on free ports, as deploy/air-quality describes it."""

import sys
from pathlib import Path

import pytest
from browser import Browser

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).parent))

from weir_local.system import System  # noqa: E402


@pytest.fixture
def system(bin_dir, run_dir):
    """system(variant="firmware", options={"aggregator": {"window": "5s"}}) starts the system, with
    some options replaced, and returns it."""
    started = []

    def start(*, options=None, **settings):
        made = System(ROOT / "deploy" / "air-quality", run_dir, bin_dir, ports="free", **settings)
        for service, changes in (options or {}).items():
            for option, value in changes.items():
                command = made[service].command
                command[command.index(f"--{option}") + 1] = value
        started.append(made)
        return made.start()
    yield start
    for one in reversed(started):
        one.stop()


@pytest.fixture
def clients():
    """Stops the clients a test adds to this list."""
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
