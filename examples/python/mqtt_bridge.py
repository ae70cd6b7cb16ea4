#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The mqtt-bridge of the air-quality system in thirty lines of another language, at least once.

    python3 mqtt_bridge.py MQTT_HOST MQTT_PORT BOOTSTRAP_SERVERS CLIENT_ID
    python3 mqtt_bridge.py 127.0.0.1 1883 127.0.0.1:9092 mqtt-bridge

By the MQTT client id of the bridge it replaces it gets what waits in that one's session.
What it has to honour, and what it lacks of the original: docs/your-own-service.md.
"""

import json
import os
import sys
from datetime import UTC, datetime

from confluent_kafka import Producer
from paho.mqtt import subscribe

ORIGIN = f"python-bridge/{os.uname().nodename}-{os.getpid()}"
producer = Producer({"bootstrap.servers": sys.argv[3], "partitioner": "murmur2_random"})


def send(topic, key, value, **headers):
    """Returns when Kafka has the record. An error ends the program: nothing is acknowledged then,
    and the MQTT broker sends it again to the next start."""
    named = {f"weir-{name.replace('_', '-')}": str(text)
             for name, text in {"origin": ORIGIN, **headers}.items() if text}
    producer.produce(f"kafka-spark-integration-{topic}", value, key, headers=named,
                     on_delivery=lambda error, _: error and sys.exit(str(error)))
    producer.flush()


def on_message(_client, _userdata, message):
    """Passes a message on. paho acknowledges it when this has returned, and not before."""
    device, now = message.topic.split("/")[1], datetime.now(UTC).isoformat(" ", "microseconds")
    try:
        if (size := len(message.payload)) > 262_144 or not device:
            raise ValueError("the topic names no device, or the payload is larger than 256 KiB")
        text = message.payload.decode().strip()
        fields = json.loads(text) if text.startswith("{") else {"data": float(text)}
        record = {"timestamp": now[:26], "device_name": device} | fields  # the zone cut off
        value = json.dumps(record, allow_nan=False, separators=(",", ":"))
        send("input", device, value, event_time_source="timestamp" not in fields and "arrival",
             maybe_duplicate=message.dup and "true", mqtt_retained=message.retain and "true")
    except (ValueError, RecursionError) as error:
        send("dead-letter", message.topic, message.payload[:900_000], stage="map", error=error,
             mqtt_topic=message.topic, original_bytes=size * (size > 900_000))


subscribe.callback(on_message, "kafka-spark-integration/+", qos=1, hostname=sys.argv[1],
                   port=int(sys.argv[2]), client_id=sys.argv[4], clean_session=False)
