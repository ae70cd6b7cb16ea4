# SPDX-License-Identifier: Apache-2.0
"""The devices' side of a system, with mosquitto's own clients."""

import re
import subprocess

from weir_local import Process


def publish(port, topic, *payloads, retain=False):
    """Publishes at QoS 1 and returns when the broker has everything."""
    command = ["mosquitto_pub", "-p", str(port), "-q", "1", "-t", topic] + ["-r"] * retain
    for payload in payloads:
        content = payload if isinstance(payload, bytes) else payload.encode()
        subprocess.run([*command, "-s" if content else "-n"], input=content, check=True, timeout=20)


class Listener(Process):
    """Hears every message whose topic begins with `prefix`."""

    def __init__(self, port, prefix, run_dir):
        super().__init__("listener", ["mosquitto_sub", "-d", "-p", port, "-q", "1",
                                      "-t", f"{prefix}/#", "-F", "heard %t %x"], run_dir)

    def ready(self):
        return self.running and "Subscribed" in self.log_text()

    def heard(self):
        """[(topic, payload)], whole messages only."""
        lines = re.findall(r"^heard (\S+) ([0-9a-f]*)\n", self.log_text(), re.MULTILINE)
        return [(topic, bytes.fromhex(payload)) for topic, payload in lines]
