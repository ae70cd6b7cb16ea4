# SPDX-License-Identifier: Apache-2.0
"""Apache Kafka, mosquitto and Weir's services as processes of this machine.

`make run` (deploy/local/run) and the tests (tests/conftest.py) start everything through here, so
that what is tested is what is run. Python's standard library only.
"""

from .kafka import Kafka
from .mosquitto import Mosquitto
from .ports import free_port, free_ports
from .process import NotReady, Process
from .service import Job, Service

__all__ = ["Job", "Kafka", "Mosquitto", "NotReady", "Process", "Service", "free_port", "free_ports"]
