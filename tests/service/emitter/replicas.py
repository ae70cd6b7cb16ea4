# SPDX-License-Identifier: Apache-2.0
"""A balancer in front of replicas of a server, of which one takes all connections."""

import contextlib
import socket
import threading


class Switch:
    """Passes TCP connections on to the replica that is chosen. Choosing another one cuts all
    connections, as the end of a replica would.

    Threads: some of its own, until stop()."""

    def __init__(self, port):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._target, self._lock, self._open = port, threading.Lock(), set()
        threading.Thread(target=self._accept, daemon=True).start()

    def choose(self, port):
        with self._lock:
            self._target = port
        self.cut()

    def cut(self):
        with self._lock:
            for end in self._open:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            self._open.clear()

    def stop(self):
        self._listener.close()
        self.cut()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._join, args=(client,), daemon=True).start()

    def _join(self, client):
        with self._lock:
            target = self._target
        try:
            server = socket.create_connection(("127.0.0.1", target), 5)
        except OSError:  # that replica is away
            client.close()
            return
        with self._lock:
            if target != self._target:  # another one was chosen meanwhile
                client.close()
                server.close()
                return
            self._open |= {client, server}
        back = threading.Thread(target=self._pump, args=(server, client), daemon=True)
        back.start()
        self._pump(client, server)
        back.join()
        with self._lock:
            self._open -= {client, server}
        client.close()
        server.close()

    @staticmethod
    def _pump(source, sink):
        with contextlib.suppress(OSError):
            source.settimeout(None)
            while data := source.recv(65536):
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
