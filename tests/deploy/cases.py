# SPDX-License-Identifier: Apache-2.0
"""What the chart can be asked for, as values laid over a system's own."""

import chart
import yaml

MONITORING = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]
SECRETS = {"connections": {
    "kafka": {"options": {"kafka": ["security.protocol=SASL_SSL",
                                    "ssl.ca.location=/etc/weir/kafka-ca.pem"]},
              "secrets": {"kafka-secrets": {"name": "kafka", "key": "lines"}},
              "files": {"kafka-ca.pem": {"configMap": "kafka-ca", "key": "ca.crt"}}},
    "mqtt": {"options": {"mqtt-user": "weir"},
             "secrets": {"mqtt-password": {"name": "mqtt", "key": "password"}}}}}
METRICS = {"networkPolicy": {"metricsFrom": MONITORING},
           "podMonitor": {"enabled": True, "labels": {"release": "prometheus"}}}
AUTOSCALING = {"autoscaling": {"enabled": True, "max": 8, "lag": 1000000,
                               "triggerAuthentication": "kafka"}}
OPEN = {"networkPolicy": {"enabled": False}, "disruptionBudget": {"enabled": False}}
NODES = {"image": {"repository": "registry.example.org/weir", "tag": "1.2.3@sha256:" + "0a" * 32,
                   "pullSecrets": ["registry"]},
         "defaults": {"labels": {"team": "air"}, "annotations": {"note": "yes"},
                      "files": {"notes.txt": {"text": "two\nlines \n"}},
                      "service": {"type": "LoadBalancer"}, "from": MONITORING,
                      "pod": {"nodeSelector": {"disk": "ssd"},
                              "tolerations": [{"key": "weir", "operator": "Exists"}]}},
         "topics": {"one-more": {"partitions": 1, "replication": 3,
                                 "config": {"cleanup.policy": "compact", "segment.ms": 1e7}}}}


def scaled(system):
    """Autoscaling for every service that reads in a group."""
    services = yaml.safe_load(chart.values_files()[system].read_text())["services"]
    return {"services": {service: AUTOSCALING for service, values in services.items()
                         if {"group", "input"} <= values.get("options", {}).keys()}}


CASES = {"plain": [], "secrets": [SECRETS], "metrics": [METRICS], "scaled": [scaled],
         "open": [OPEN], "nodes": [NODES], "all": [SECRETS, METRICS, scaled, NODES]}


def render_case(system, case, tool="helm-4"):
    parts = (part(system) if callable(part) else part for part in CASES[case])
    return chart.render(system, *parts, tool=tool)
