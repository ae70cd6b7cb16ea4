# SPDX-License-Identifier: Apache-2.0
"""Goal: deploy/monitoring joins any stack, and finds its replicas wherever they are. Method: what
`docker compose config` makes of it, for which no engine is needed; and Prometheus in a stack on a
real engine. Grafana's image cannot be had where these tests run."""

import json
import re
import shutil
import urllib.parse
import urllib.request

import pytest
import weir_local
from engine import Project, compose_config
from images import build_standin
from support import ROOT

MONITORING = ROOT / "deploy" / "monitoring"
FLAG = "GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION"


@pytest.fixture
def tree(tmp_path):
    """A copy of deploy/monitoring beside a system, and another system elsewhere."""
    shutil.copytree(MONITORING, tmp_path / "deploy" / "monitoring")
    for folder in ("deploy/system", "elsewhere"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "compose.yaml").write_text(
            "name: mine\nservices: {emitter: {image: weir/emitter}}\n")
    return tmp_path


def config(tree, *arguments, **variables):
    """What Compose makes of the files named; each container has to find the folder it is given."""
    made = compose_config(*arguments, cwd=tree, **variables)
    for name in ("prometheus", "grafana"):
        sources = [volume["source"] for volume in made["services"][name]["volumes"]]
        assert str(tree / "deploy" / "monitoring") in sources, name
    return made


def test_it_is_added_to_a_system_beside_it_and_joins_one_that_runs(tree):
    added = config(tree, "-f", "deploy/system/compose.yaml", "-f", "deploy/monitoring/compose.yaml")
    assert added["name"] == "mine" and "emitter" in added["services"]
    joined = config(tree, "-p", "mine", "-f", "deploy/monitoring/compose.yaml")
    assert joined["networks"] == added["networks"] == {"default": {"name": "mine_default",
                                                                   "ipam": {}}}


def test_it_is_added_from_elsewhere_and_by_include(tree):
    config(tree, "-f", "elsewhere/compose.yaml", "-f", "deploy/monitoring/compose.yaml",
           MONITORING_FOLDER="../deploy/monitoring")
    (tree / "elsewhere" / "compose.yaml").write_text(
        "include: [../deploy/system/compose.yaml, ../deploy/monitoring/compose.yaml]\n")
    assert "emitter" in config(tree, "-f", "elsewhere/compose.yaml")["services"]


def test_there_is_an_administrator_only_with_a_password(tree):
    def environment(**variables):
        made = config(tree, "-f", "deploy/monitoring/compose.yaml", **variables)
        return made["services"]["grafana"]["environment"]
    assert environment()[FLAG] == ""  # Grafana takes an empty variable for none
    given = environment(GRAFANA_ADMIN_PASSWORD="secret")
    assert given[FLAG] == "false" and given["GF_SECURITY_ADMIN_PASSWORD"] == "secret"


class Watcher:
    """Prometheus by its published port."""

    def __init__(self, port):
        self._url = f"http://127.0.0.1:{port}/api/v1/"

    def ask(self, path, **parameters):
        url = self._url + path + "?" + urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(url, timeout=5) as answer:
            return json.load(answer)["data"]

    def found(self):
        """[(job, health)] of what Docker's DNS has led to."""
        return sorted((target["labels"]["job"], target["health"])
                      for target in self.ask("targets")["activeTargets"]
                      if target["labels"]["job"] != "prometheus")

    def alerts(self, job):
        """The names of the alerts about a service, also of those that wait for their time."""
        return {alert["labels"]["alertname"] for alert in self.ask("alerts")["alerts"]
                if alert["labels"].get("job") == job}

    def value(self, query):
        [sample] = self.ask("query", query=query)["result"]
        return float(sample["value"][1])


@pytest.fixture
def join(engine, project):
    """join(name) adds Prometheus to the project of that name; gone before the project's own end."""
    joined = []

    def up(name):
        tag = "prom/prometheus:" + re.search(r"PROMETHEUS_VERSION:-([\w.]+)",
                                             (MONITORING / "compose.yaml").read_text())[1]
        if not engine.has_image(tag):
            build_standin(engine, "prometheus", tag)
        port = weir_local.free_port()
        joined.append(Project(engine, MONITORING / "compose.yaml", name, {"PROMETHEUS_PORT": port}))
        joined[-1].up("prometheus")
        return Watcher(port)
    yield up
    for one in joined:
        one.down()


@pytest.mark.whole
def test_it_joins_a_stack_that_runs_and_follows_its_replicas(project, ports, join, wait_until):
    stack = project(ROOT / "deploy" / "air-quality" / "compose.yaml", "weir-watched", ports)
    stack.up("aggregator", scale={"aggregator": 2})
    watcher = join("weir-watched")
    wait_until(lambda: watcher.found() == [("aggregator", "up")] * 2, "two replicas", 60)
    wait_until(lambda: watcher.ask("query", query="sum(weir_ready)")["result"], "a scrape")
    assert watcher.value("sum(weir_ready)") == 2
    assert {group["name"] for group in watcher.ask("rules")["groups"]} >= {"weir-services"}
    stack.up("aggregator", scale={"aggregator": 3})
    wait_until(lambda: watcher.found() == [("aggregator", "up")] * 3, "a third replica", 60)
    stack.up("aggregator", scale={"aggregator": 1})
    wait_until(lambda: watcher.found() == [("aggregator", "up")], "one replica", 60)
    stack.compose("stop", "aggregator")
    # Which of the two it is depends on what the resolver behind Docker's says about the name.
    wait_until(lambda: watcher.alerts("aggregator") & {"WeirServiceDown", "WeirServiceGone"},
               "the alert that none is left", 60)
