# SPDX-License-Identifier: Apache-2.0
"""Functions that tests share. Import them from here: a folder may have a conftest of its own."""

import os
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOT_OURS = {"build", ".git", ".cache", ".run", "node_modules", "__pycache__", ".pytest_cache"}


def all_files():
    """What git tracks or would track; every file of an unpacked archive, which has no git."""
    if (ROOT / ".git").exists():
        command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
        listing = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        yield from (ROOT / line for line in listing.stdout.splitlines())
        return
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [f for f in folders if f not in NOT_OURS]
        yield from (Path(folder) / file for file in files)


def create_topic(bootstrap_servers, name, partitions=1, replicas=1, **config):
    """Creates a topic and waits until each partition has a leader. In the names of its settings an
    underscore stands for a dot: retention_ms=1000."""
    from confluent_kafka.admin import AdminClient, NewTopic
    admin = AdminClient({"bootstrap.servers": bootstrap_servers})
    settings = {key.replace("_", "."): str(value) for key, value in config.items()}
    wanted = NewTopic(name, num_partitions=partitions, replication_factor=replicas, config=settings)
    admin.create_topics([wanted])[name].result(timeout=30)

    def has_leaders():
        found = admin.list_topics(name, timeout=10).topics[name].partitions
        return len(found) == partitions and all(p.leader >= 0 for p in found.values())
    wait_until(has_leaders, f"leaders of {name}")


def wait_until(condition, what, timeout=30.0, interval=0.02):
    """The first true value of condition(); AssertionError naming `what` after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"no {what} within {timeout} s"
        time.sleep(interval)


def is_alive(pid):
    """True while the process runs; a zombie has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rsplit(")", 1)[1].split()[0] != "Z"
