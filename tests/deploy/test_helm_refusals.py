# SPDX-License-Identifier: Apache-2.0
"""What the Helm chart refuses: values that cannot be meant, and secrets among them."""

import re
import subprocess

import chart
import pytest
from cases import SECRETS
from chart import Refused, render

pytestmark = pytest.mark.skipif(not chart.installed(), reason="no Helm for this machine")

each_helm = pytest.mark.parametrize("tool", chart.HELMS)


def service(**fields):
    return {"services": {"aggregator": fields}}


WRONG = {
    "unknown key": (service(replica=2), "/services/aggregator'.*'replica' not allowed"),
    "text for a number": (service(replicas="two"), "/services/aggregator/replicas.*integer"),
    "no such kind": (service(kind="DaemonSet"), "/services/aggregator/kind"),
    "a map for an option": (service(options={"window": {"a": 1}}),
                            "/services/aggregator/options/window"),
    "no name of an option": (service(options={"WEIR_WINDOW": "1s"}), "WEIR_WINDOW"),
    "not a port": (service(ports={"web": 70000}), "/services/aggregator/ports/web.*65,535"),
    "not a quantity": (service(resources={"limits": {"memory": "1 GB"}}), "/limits/memory"),
    "two places for a file": (service(files={"a": {"secret": "s", "configMap": "c", "key": "k"}}),
                              "/services/aggregator/files/a"),
    "no partitions": ({"topics": {"t": {"partitions": 0}}}, "/topics/t/partitions"),
    "unknown pod field": (service(pod={"hostNetwork": True}), "hostNetwork' not allowed"),
    "unknown program": ({"services": {"foo": {}}}, "services.foo: no program is called foo"),
    "unknown connection": (service(connects=["redis"]), "no connection is called redis"),
    "no address": ({"connections": {"kafka": {"address": ""}}}, "connections.kafka.address"),
    "no port": ({"connections": {"kafka": {"address": "kafka"}}}, "names no port"),
    "no tag": ({"image": {"tag": "1.2:3"}}, "/image/tag"),
    "the name of the job": ({"services": {"topics": {}}}, "services.topics: the name is taken"),
    "the chart's option": (service(options={"admin": "off"}), "options.admin: the chart sets it"),
    "the chart's time": (service(options={"stop-timeout": "1s"}), "give stopSeconds"),
    "the chart's label": (service(labels={"app.kubernetes.io/name": "mine"}),
                          "labels.app.kubernetes.io/name: the chart's own"),
    "the chart's port": (service(ports={"admin": 1}), "ports.admin: the chart's own"),
    "ports that disagree": ({"services": {"emitter": {"ports": {"web": 80}}}},
                            "options.listen: 0.0.0.0:5000, and ports are 80"),
    "two bridges, one client": ({"services": {"mqtt-bridge": {"replicas": 2}}},
                                "2 replicas need options.slots"),
    "two bridges at times": ({"services": {"mqtt-bridge": {
        "options": {"group": "g", "input": "i"}, "autoscaling": {"enabled": True}}}},
        "4 replicas need options.slots"),
    "a list that parts": ({"services": {"emitter": {"options": {"cors": ["a;b"]}}}},
                          "options.cors: an item of a list"),
    "lag of what": ({"services": {"emitter": {"autoscaling": {"enabled": True}}}},
                    "options.group is not set"),
    "more than most": (service(autoscaling={"enabled": True, "min": 9}),
                       "min 9 is more than max 4"),
    "metrics behind a wall": ({"podMonitor": {"enabled": True}}, "networkPolicy.metricsFrom"),
    "a long name": ({"services": {"a" * 60: {"program": "emitter"}}}, "more than 52 characters"),
}


@each_helm
@pytest.mark.parametrize("mistake", WRONG)
def test_a_wrong_value_is_refused_and_named(mistake, tool):
    values, words = WRONG[mistake]
    with pytest.raises(Refused) as refusal:
        render("air-quality", values, tool=tool)
    assert re.search(words, str(refusal.value)), refusal.value


def secret_options(bin_dir):
    found = set()
    for executable in ("aggregator", "device-simulator", "emitter", "mqtt-bridge"):
        needed = {f"WEIR_{key}": key.lower() for key in ("INPUT", "OUTPUT", "LATE", "DEAD_LETTER",
                                                         "KEY", "TIME")}
        needed["WEIR_AGGREGATE"] = "n=count()"
        text = subprocess.run([bin_dir / executable, "--print-config"], check=True, text=True,
                              env={} if executable != "aggregator" else needed,
                              capture_output=True).stdout
        found |= set(re.findall(r"^# ([\w-]+) is .*\(secret\)$", text, re.M))
    return found


@each_helm
def test_a_secret_is_only_ever_named(tool, bin_dir):
    options = secret_options(bin_dir)
    assert {"kafka-secrets", "mqtt-password"} <= options
    inline = [{option: "hunter2"} for option in sorted(options)]
    inline += [{"kafka": ["client.id=a", "sasl.password=hunter2"]},
               {"kafka": "ssl.key.password=hunter2"}]
    for value in inline:
        with pytest.raises(Refused) as refusal:
            render("air-quality", {"services": {"mqtt-bridge": {"options": value}}}, tool=tool)
        assert "secrets: {" in str(refusal.value) and "hunter2" not in str(refusal.value)
    everything = str(render("air-quality", SECRETS, tool=tool))
    assert "secretKeyRef" not in everything and "WEIR_MQTT_PASSWORD_FILE" in everything
