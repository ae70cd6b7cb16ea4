# SPDX-License-Identifier: Apache-2.0
"""The files of deploy/monitoring agree with each other. Whether they do with Docker Compose is
tested in tests/compose."""

import configparser
import re
import shutil
import subprocess

import yaml
from prometheus import MONITORING
from watched import SERVICES

COMPOSE = MONITORING / "compose.yaml"
INSIDE = "/etc/weir-monitoring"
PROVISIONING = MONITORING / "grafana" / "provisioning"


def containers():
    return yaml.safe_load(COMPOSE.read_text())["services"]


def test_containers_say_how_they_are_and_cannot_change_their_settings():
    for name, container in containers().items():
        assert container["healthcheck"]["test"][0] == "CMD", name
        [settings] = [volume for volume in container["volumes"] if isinstance(volume, dict)]
        assert settings["read_only"] and not settings["bind"]["create_host_path"], name


def test_every_variable_is_in_the_readme_with_its_default():
    used = dict(re.findall(r"\$\{([A-Z_]+):-([^}]*)\}", COMPOSE.read_text()))
    rows = re.findall(r"^\| `([A-Z_]+)` \| (?:`([^`]+)`|none) \|",
                      (MONITORING / "README.md").read_text(), re.MULTILINE)
    assert dict(rows) == used and len(used) == 11


def test_what_containers_look_for_is_in_the_folder_they_are_given():
    files = [COMPOSE, MONITORING / "grafana" / "grafana.ini", *PROVISIONING.rglob("*.yml")]
    named = {path for file in files for path in re.findall(INSIDE + r"[\w./-]*", file.read_text())}
    missing = [path for path in named if not (MONITORING / path[len(INSIDE):].lstrip("/")).exists()]
    assert len(named) >= 6 and missing == []


def test_grafana_asks_the_prometheus_beside_it_and_lets_nobody_change_anything():
    [source] = yaml.safe_load((PROVISIONING / "datasources/prometheus.yml").read_text())[
        "datasources"]
    asked = yaml.safe_load((MONITORING / "prometheus.yml").read_text())["global"]
    assert source["url"] == "http://prometheus:9090" and "prometheus" in containers()
    assert source["jsonData"]["timeInterval"] == asked["scrape_interval"]
    settings = configparser.ConfigParser()
    settings.read(MONITORING / "grafana" / "grafana.ini")
    assert settings["auth.anonymous"]["org_role"] == "Viewer"
    assert settings.getboolean("security", "disable_initial_admin_creation")


def test_the_configuration_for_a_prometheus_of_ones_own_watches_make_run(tmp_path):
    [block] = re.findall(r"```yaml\n(.*?)```", (MONITORING / "README.md").read_text(), re.DOTALL)
    shutil.copytree(MONITORING / "rules", tmp_path / "rules")
    (tmp_path / "prometheus.yml").write_text(block)
    subprocess.run(["promtool", "check", "config", tmp_path / "prometheus.yml"], check=True,
                   capture_output=True)
    scraped = {each["job_name"]: each["static_configs"][0]["targets"]
               for each in yaml.safe_load(block)["scrape_configs"]}
    page = (MONITORING.parent / "air-quality" / "README.md").read_text()
    admin = dict(re.findall(r"^\| ([\w-]+) \| (127\.0\.0\.1:\d+) \|", page, re.MULTILINE))
    assert scraped == {name: [admin[name]] for name in SERVICES}
