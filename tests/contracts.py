# SPDX-License-Identifier: Apache-2.0
"""docs/asyncapi.yaml as a judge: which of its messages a record is, or what is wrong with it."""

import json
import re
import subprocess

from jsonschema import Draft7Validator
from support import ROOT

PATH = ROOT / "docs" / "asyncapi.yaml"


class Broken(Exception):
    """A record is none of its channel's messages. The sentence names each, with its objections."""


class Message:
    """A message of a channel. Its schemas are those of AsyncAPI 3, a superset of draft 7."""

    def __init__(self, name, described, default_type):
        self.name = name
        self.type = described.get("contentType", default_type)
        kafka = described.get("bindings", {}).get("kafka", {})
        self.schemas = {"headers": described.get("headers", {}), "key": kafka.get("key", {}),
                        "value": described["payload"]}
        self.examples = described.get("examples", [])
        self._validators = {part: Draft7Validator(s) for part, s in self.schemas.items()}

    def objections(self, value, key=None, headers=None):
        """What is wrong if this were the message: sentences, none if it fits. `value` is bytes, or
        what they stand for."""
        if isinstance(value, bytes):
            try:
                value = self._read(value)
            except ValueError as error:
                return [f"value: no {self.type}: {error}"]
        parts = {"headers": headers or {}, "key": key, "value": value}
        return [f"{part}{''.join(f'[{step!r}]' for step in error.absolute_path)}: {error.message}"
                for part, content in parts.items()
                for error in self._validators[part].iter_errors(content)]

    def _read(self, value):
        if self.type == "application/json":
            return json.loads(value, parse_constant=_refuse)
        return value.decode("utf-8" if self.type.startswith("text/") else "latin-1")


class Contract:
    """The document, read by AsyncAPI's own parser."""

    def __init__(self, path=PATH):
        done = subprocess.run(["node", ROOT / "tests" / "node" / "asyncapi.mjs", path],
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"reading {path}: {done.stderr}"
        read = json.loads(done.stdout)
        self.diagnostics, self.document = read["diagnostics"], read["document"]

    def channels(self, protocol):
        """The channels of the servers that speak `protocol`, by address."""
        found = {}
        for channel in self.document["channels"].values():
            if any(server["protocol"] == protocol for server in channel["servers"]):
                found[channel["address"]] = channel
        return found

    def messages(self, channel):
        default_type = self.document["defaultContentType"]
        return [Message(name, described, default_type)
                for name, described in channel["messages"].items()]


class Judge:
    """Says of every record of a protocol which message it is, and remembers what it has seen."""

    def __init__(self, contract, protocol):
        self._rooms = {_matching(address): contract.messages(channel)
                       for address, channel in contract.channels(protocol).items()}
        self.seen = set()

    def name(self, address, value, key=None, headers=None, event=None):
        """The name of the one message that fits, or of those called `event`. Errors: Broken."""
        room = next((room for form, room in self._rooms.items() if form.fullmatch(address)), None)
        if room is None:
            raise Broken(f"{address} is not in {PATH.name}")
        tried = {message.name: message.objections(value, key, headers)
                 for message in room if event in (None, message.name)}
        fitting = [name for name, objections in tried.items() if not objections]
        if len(fitting) != 1:
            raise Broken(f"{address}: {value!r:.300}, key {key!r}, headers {headers} is {fitting}, "
                         f"not one of " + "; ".join(f"{name} ({', '.join(objections[:3])})"
                                                    for name, objections in tried.items()))
        self.seen.add(fitting[0])
        return fitting[0]


def _matching(address):
    """The pattern of an address: {device} stands for one level of an MQTT topic."""
    return re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(address)))


def _refuse(word):
    raise ValueError(f"{word} is not JSON")
