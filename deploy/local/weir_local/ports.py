# SPDX-License-Identifier: Apache-2.0
"""TCP ports on loopback: free ones, and who holds a busy one."""

import os
import socket
from pathlib import Path

# Below the range the kernel takes the ports of outgoing connections from (32768 and up), so that
# a port found free here is not taken a moment later by somebody's client.
_first, _last = 20000, 31999
_block = 100
_claims = []  # one bound socket for each block of ports that is this process's own
_unused = []  # the ports of these blocks, as far as nobody was given them yet


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
    """A port nobody listens on. Processes that ask here at the same time get different ones, also
    while the holder of one is stopped for a while; a process gets one again after all others."""
    for _ in range(_first, _last):
        if not _unused:
            _unused.extend(_claim_block())
        if is_free(port := _unused.pop(0)):
            return port
    raise RuntimeError(f"no free port between {_first} and {_last}")


def _claim_block():
    """The ports of a block that this process now has alone; of all it has, if there is none left.
    Its first port stands for it: bound until the process ends, so that nobody else can."""
    blocks = range(_first, _last, _block)
    for number in range(len(blocks)):
        first = blocks[(os.getpid() + number) % len(blocks)]
        claim = socket.socket()
        try:
            claim.bind(("127.0.0.1", first))
        except OSError:
            claim.close()
            continue
        _claims.append(claim)
        return range(first + 1, first + _block)
    assert _claims, f"others have all ports between {_first} and {_last}"
    return [claim.getsockname()[1] + n for claim in _claims for n in range(1, _block)]


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
