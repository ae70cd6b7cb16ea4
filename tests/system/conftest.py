# SPDX-License-Identifier: Apache-2.0
"""What the system tests add to tests/conftest.py: screens."""

import pytest
from browser import Browser


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
