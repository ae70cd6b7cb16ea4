# SPDX-License-Identifier: Apache-2.0
"""TCP ports on loopback: free ones, and who holds a busy one."""

import os
import socket
from pathlib import Path

# Below the range the kernel takes the ports of outgoing connections from (32768 and up), so that
# a port found free here is not taken a moment later by somebody's client.
_first, _last = 20000, 31999
_next = _first + (os.getpid() * 97) % (_last - _first)


def is_free(port, host="127.0.0.1"):
    """True if a server could listen on `port` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def is_open(port, host="127.0.0.1", timeout=0.25):
    """True if a server accepts connections on `port`."""
    try:
        socket.create_connection((host, port), timeout).close()
    except OSError:
        return False
    return True


def free_port():
    """A port nobody listens on. One process never gets the same port twice in a row."""
    global _next
    for _ in range(_first, _last):
        _next = _next + 1 if _next < _last else _first
        if is_free(_next):
            return _next
    raise RuntimeError(f"no free port between {_first} and {_last}")


def free_ports(count):
    return [free_port() for _ in range(count)]


def holder(port):
    """'name (pid N)' of the process listening on `port`, as far as this user may see, or None."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for fields in map(str.split, lines):
            listening = fields[3] == "0A"
            if listening and int(fields[1].rsplit(":", 1)[1], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if any(os.readlink(fd) in inodes for fd in (entry / "fd").iterdir()):
                return f"{(entry / 'comm').read_text().strip()} (pid {entry.name})"
        except OSError:
            continue
    return None
