# SPDX-License-Identifier: Apache-2.0
"""plain_bridge.py MQTT-PORT BOOTSTRAP-SERVERS TOPIC: the bridge one writes in an afternoon, with
paho-mqtt and confluent-kafka, one message at a time.

It acknowledges a message to the MQTT broker when it has handed it to the Kafka client, because paho
knows no other moment: what is on its way is lost when it dies.
"""

import sys

import paho.mqtt.client as mqtt
from confluent_kafka import Producer


def main(port, servers, topic):
    producer = Producer({"bootstrap.servers": servers, "enable.idempotence": True})

    def on_message(_client, _data, message):
        key = message.topic.rpartition("/")[2]
        while True:
            try:
                producer.produce(topic, message.payload, key)
                break
            except BufferError:
                producer.poll(0.01)
        producer.poll(0)

    client = mqtt.Client("plain-bridge", clean_session=False)
    client.on_connect = lambda *_: client.subscribe("bench/+", 1)
    client.on_subscribe = lambda *_: print("subscribed", flush=True)
    client.on_message = on_message
    client.connect("127.0.0.1", int(port))
    client.loop_forever()


if __name__ == "__main__":
    main(*sys.argv[1:4])
